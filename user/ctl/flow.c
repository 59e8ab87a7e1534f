/* SPDX-License-Identifier: GPL-2.0-only */
/* The messages of one call: see flow.h. */
#include "ctl/flow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/ctl.h"
#include "sip/message.h"
#include "track/media.h"
#include "track/record.h"

/* ---- from the reply ---- */

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Hexadecimal digits into message->data, which is the message's then. */
static bool read_data(const json_t *text, struct flow_message *message)
{
	const char *digits = json_string_value(text);
	size_t length = json_string_length(text) / 2;

	if (!digits || json_string_length(text) % 2 || length > message->length)
		return false;
	message->data = malloc(length + 1);
	if (!message->data)
		return false;
	for (size_t i = 0; i < length; i++) {
		int high = digit_value(digits[2 * i]), low = digit_value(digits[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		message->data[i] = (char)(high << 4 | low);
	}
	message->captured = (uint32_t)length;
	return true;
}

static bool read_endpoint(const json_t *text, struct endpoint *out)
{
	return json_is_string(text) &&
	       !endpoint_parse(json_string_value(text), json_string_length(text), out);
}

static bool read_message(const json_t *object, struct flow_message *message)
{
	json_int_t length = json_integer_value(json_object_get(object, "length"));

	if (length < 0 || length > UINT16_MAX ||
	    !read_endpoint(json_object_get(object, "source"), &message->source) ||
	    !read_endpoint(json_object_get(object, "destination"), &message->destination))
		return false;
	message->length = (uint32_t)length;
	message->time_unix_ns =
		(uint64_t)json_integer_value(json_object_get(object, "time_unix_ns"));
	message->from_server = json_is_true(json_object_get(object, "from_server"));
	message->again = json_is_true(json_object_get(object, "retransmission"));
	return read_data(json_object_get(object, "data"), message);
}

/* ---- what a message says ---- */

static void name_message(const struct sip_message *m, struct flow_message *out)
{
	const struct sip_start_line *start = &m->start;
	char reason[FLOW_NAME_SIZE - 8];

	record_text(out->method, sizeof(out->method), sip_message_text(m, m->cseq.method_name),
		    m->cseq.method_name.length);
	out->cseq = m->cseq.number;
	if (m->kind == SIP_REQUEST) {
		record_text(out->name, sizeof(out->name), sip_message_text(m, start->method_name),
			    start->method_name.length);
		return;
	}
	record_text(reason, sizeof(reason), sip_message_text(m, start->reason),
		    start->reason.length);
	snprintf(out->name, sizeof(out->name), "%u%s%s", start->status % 1000u, *reason ? " " : "",
		 reason);
}

static void name_media(const struct sip_message *m, struct flow_message *out)
{
	static struct sip_sdp sdp;
	struct media media;

	if (!media_read(m, &sdp, &media))
		return;
	snprintf(out->media, sizeof(out->media), "%s%s%s", media.codec,
		 media.held && *media.codec ? " " : "", media.held ? "hold" : "");
}

/* Blanks stand for the part of a body that was not captured. */
static void understand(struct flow_message *message)
{
	static struct sip_message parsed;
	static char text[UINT16_MAX + 2];

	memset(text, ' ', message->length);
	memcpy(text, message->data, message->captured);
	message->cut = message->captured < message->length;
	snprintf(message->name, sizeof(message->name), "?");
	if (sip_message_read(text, message->length, &parsed, NULL) &&
	    (!message->cut ||
	     sip_message_read_start(message->data, message->captured, text, &parsed, NULL)))
		return;
	name_message(&parsed, message);
	name_media(&parsed, message);
}

static int read_reply(const json_t *reply, struct flow *out)
{
	const json_t *list = json_object_get(reply, "messages");
	struct flow flow = {
		.omitted = (uint64_t)json_integer_value(json_object_get(reply, "omitted")),
	};

	flow.messages = calloc(json_array_size(list) + 1, sizeof(*flow.messages));
	if (!flow.messages)
		return ctl_fail(CTL_NO, "out of memory");
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct flow_message *message = &flow.messages[flow.count++];

		if (!read_message(json_array_get(list, i), message)) {
			flow_free(&flow);
			return ctl_fail(CTL_NO, "the daemon's answer is not understood");
		}
		understand(message);
	}
	*out = flow;
	return CTL_DONE;
}

int flow_ask(const char *call_id, bool quiet, struct flow *out)
{
	json_t *request = json_pack("{s:s, s:s}", "command", "history", "call_id", call_id);
	json_t *reply = NULL;
	int code;

	if (!request)
		return ctl_fail(CTL_NO, "a Call-ID that is not UTF-8 cannot be asked for");
	if (!quiet) {
		code = client_command_json(request, &reply);
	} else {
		code = client_ask_json(request, &reply) ? CTL_UNREACHABLE : CTL_DONE;
		if (!code && !json_is_true(json_object_get(reply, "ok")))
			code = CTL_NO;
	}
	if (!code)
		code = read_reply(reply, out);
	json_decref(reply);
	json_decref(request);
	return code;
}

void flow_free(struct flow *flow)
{
	for (size_t i = 0; i < flow->count; i++)
		free(flow->messages[i].data);
	free(flow->messages);
	*flow = (struct flow){ .count = 0 };
}

/* ---- as rows ---- */

static const struct report_column columns[] = {
	{ .title = "TIME", .key = "time_unix_ns" },
	{ .title = "SOURCE", .key = "source" },
	{ .title = "DESTINATION", .key = "destination" },
	{ .title = "MESSAGE", .key = "message" },
	{ .title = "CSEQ", .key = "cseq", .align = ALIGN_RIGHT },
	{ .title = "METHOD", .key = "cseq_method" },
	{ .title = "MEDIA", .key = "media" },
	{ .title = "AGAIN", .key = "retransmission" },
	{ .title = "OCTETS", .key = "length", .align = ALIGN_RIGHT },
	{ .title = "FROM SERVER", .key = "from_server", .where = SHOWN_JSON },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void report_endpoint(struct report *report, const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_SIZE];

	report_string(report, endpoint_print(endpoint, text));
}

void flow_report(struct report *report, const struct flow *flow)
{
	report_next(report, "messages", columns, COLUMNS);
	for (size_t i = 0; i < flow->count; i++) {
		const struct flow_message *m = &flow->messages[i];

		report_moment_ms(report, m->time_unix_ns);
		report_endpoint(report, &m->source);
		report_endpoint(report, &m->destination);
		report_text(report, m->name, sizeof(m->name));
		report_number(report, m->cseq);
		report_text(report, m->method, sizeof(m->method));
		report_string(report, *m->media ? m->media : NULL);
		report_flag(report, m->again);
		report_number(report, m->length);
		report_flag(report, m->from_server);
	}
}
