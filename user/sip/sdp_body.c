/* SPDX-License-Identifier: GPL-2.0-only */
/* The session description in the body of a message. */
#include "sip/sdp_body.h"

#include "sip/content.h"
#include "sip/multipart.h"

/* application/sdp, with or without parameters? */
static bool is_sdp(const char *text, struct sip_slice type)
{
	static const char sdp[] = "application/sdp";
	const size_t length = sizeof(sdp) - 1;
	char next;

	if (type.length < length || strncasecmp(text + type.offset, sdp, length) != 0)
		return false;
	next = type.length > length ? text[type.offset + length] : ';';
	return next == ';' || sip_is_space((uint8_t)next);
}

static bool find_part(const struct sip_message *msg, struct sip_slice boundary,
		      struct sip_slice *sdp)
{
	struct sip_multipart parts;
	struct sip_part part;

	if (!boundary.length || !sip_multipart_start(&parts, msg->text, msg->body, boundary))
		return false;
	for (int i = 0; i < SIP_SDP_PARTS_MAX && sip_multipart_next(&parts, &part); i++) {
		if (is_sdp(msg->text, part.content_type)) {
			*sdp = part.body;
			return true;
		}
	}
	return false;
}

bool sip_find_sdp(const struct sip_message *msg, struct sip_slice *sdp)
{
	const struct sip_header *header = sip_message_header(msg, SIP_HEADER_CONTENT_TYPE, NULL);
	struct sip_content_type type;
	struct sip_cursor c;

	if (!header || !msg->body.length)
		return false;
	if (is_sdp(msg->text, msg->content_type)) {
		*sdp = msg->body;
		return true;
	}
	c = sip_message_cursor(msg, header);
	return sip_take_content_type(&c, &type) &&
	       sip_slice_is_nocase(msg->text, type.type, "multipart") &&
	       find_part(msg, type.boundary, sdp);
}
