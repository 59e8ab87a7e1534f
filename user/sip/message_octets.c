/* SPDX-License-Identifier: GPL-2.0-only */
/* Control octets and UTF-8 in the header block (RFC 3261 sections 7 and 25.1). */
#include "sip/message_octets.h"

#define RFC_TEXT "RFC 3261 25.1"

uint32_t sip_find_bare_cr_lf(const uint8_t *text, uint32_t size)
{
	for (uint32_t at = 0; at < size; at++) {
		if (text[at] == '\n')
			return at;
		if (text[at] == '\r' && at + 1 < size && text[++at] != '\n')
			return at - 1;
	}
	return size;
}

static bool is_control(uint8_t octet)
{
	return octet < 0x80 && !sip_octet_is(octet, SIP_TEXT);
}

/* How many octets the UTF-8 sequence at `p` has, 0 if it is none (RFC 3629 section 4): its second
 * octet's range keeps out overlong forms, surrogates and what is beyond U+10FFFF. */
static uint32_t utf8_length(const uint8_t *p, uint32_t left)
{
	uint8_t low = 0x80, high = 0xbf;
	uint32_t length;

	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (left < length)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (uint32_t i = 2; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return length;
}

/* Free text, and whatever the unknown headers hold, has no quoted-pair. */
static bool has_quoting(const struct sip_header *header)
{
	return header->id != SIP_HEADER_OTHER && sip_header_repeat(header->id) != SIP_REPEAT_TEXT;
}

/* A value in which quotes have a meaning: behind a backslash between them any ASCII may stand. */
static bool check_quoting_value(struct sip_cursor *c, struct sip_slice value)
{
	uint32_t end = sip_slice_end(value);
	bool quoted = false;

	for (uint32_t at = value.offset; at < end; at++) {
		if (c->text[at] == '"')
			quoted = !quoted;
		else if (quoted && c->text[at] == '\\')
			at++;
		else if (is_control(c->text[at]))
			return sip_fail(c, at, RFC_TEXT, "control octet");
	}
	return true;
}

/* Checks the header in whose value the control octet at `at` stands, all of it at once: *next is
 * set behind it. Outside of such values no control octet is allowed. */
static bool check_control(const struct sip_message *msg, struct sip_cursor *c, uint32_t at,
			  uint32_t *next)
{
	for (uint32_t i = 0; i < msg->header_count; i++) {
		const struct sip_header *h = &msg->headers[i];

		if (at < h->value.offset || at >= sip_slice_end(h->value) || !has_quoting(h))
			continue;
		*next = sip_slice_end(h->value);
		return check_quoting_value(c, h->value);
	}
	return sip_fail(c, at, RFC_TEXT, "control octet");
}

/* The next octet from `at` on that is not SIP_TEXT; the end of the header block if there is none.
 */
static uint32_t next_odd(const struct sip_message *msg, uint32_t at)
{
	at = sip_run(msg->index.not_text, at);
	return at < msg->index.size ? at : msg->index.size;
}

static bool check_controls(const struct sip_message *msg, struct sip_cursor *c)
{
	uint32_t next;

	for (uint32_t at = next_odd(msg, 0); at < msg->index.size; at = next_odd(msg, next)) {
		next = at + 1;
		if (is_control(c->text[at]) && !check_control(msg, c, at, &next))
			return false;
	}
	return true;
}

/* What is odd and no control octet must be UTF-8. *controls tells whether there are any of those.
 */
static bool check_utf8(const struct sip_message *msg, struct sip_cursor *c, bool *controls)
{
	uint32_t length;

	*controls = false;
	for (uint32_t at = next_odd(msg, 0); at < msg->index.size;
	     at = next_odd(msg, at + length)) {
		length = 1;
		if (c->text[at] < 0x80)
			*controls = true;
		else
			length = utf8_length(c->text + at, msg->index.size - at);
		if (!length)
			return sip_fail(c, at, RFC_TEXT, "octet that is not UTF-8");
	}
	return true;
}

bool sip_check_octets(const struct sip_message *msg, struct sip_cursor *c)
{
	bool controls;

	return check_utf8(msg, c, &controls) && (!controls || check_controls(msg, c));
}
