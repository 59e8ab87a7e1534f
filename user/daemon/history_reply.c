/* SPDX-License-Identifier: GPL-2.0-only */
/* The messages of one call for the control socket: see history_reply.h. What a message says is left
 * to the other end to read; its octets go there as hexadecimal digits. */
#include <stdlib.h>

#include "daemon/history_reply.h"
#include "daemon/peer_reply.h"

static json_t *data_json(const char *data, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * length + 1);
	json_t *string;

	if (!text)
		return NULL;
	for (size_t i = 0; i < length; i++) {
		text[2 * i] = digits[(unsigned char)data[i] >> 4];
		text[2 * i + 1] = digits[(unsigned char)data[i] & 15];
	}
	string = json_stringn(text, 2 * length);
	free(text);
	return string;
}

static json_t *message_json(const struct history_message *message)
{
	json_t *object = json_object();

	json_object_set_new(object, "time_unix_ns",
			    json_integer((json_int_t)message->time_unix_ns));
	json_object_set_new(object, "source", peer_reply(&message->source));
	json_object_set_new(object, "destination", peer_reply(&message->destination));
	json_object_set_new(object, "from_server", json_boolean(message->from_server));
	json_object_set_new(object, "retransmission", json_boolean(message->again));
	json_object_set_new(object, "length", json_integer(message->length));
	json_object_set_new(object, "data", data_json(message->data, message->captured));
	return object;
}

json_t *history_reply(const struct daemon *daemon, const char *call_id, size_t length)
{
	struct history_message message;
	struct history_walk walk;
	json_t *reply, *list;

	if (!tracking_history(daemon->tracking, call_id, length, &walk))
		return control_error("not_found", "no messages of a call with that Call-ID are "
						  "remembered");
	reply = control_ok();
	list = json_array();
	while (history_next(&walk, &message))
		json_array_append_new(list, message_json(&message));
	json_object_set_new(reply, "omitted", json_integer(walk.omitted));
	json_object_set_new(reply, "messages", list);
	return reply;
}
