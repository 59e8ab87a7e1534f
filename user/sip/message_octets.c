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

/* Does the control octet at `at` stand behind the backslash of a quoted-pair of the value? */
static bool is_quoted(const struct sip_cursor *c, const struct sip_header *header, uint32_t at)
{
	bool quoted = false;

	for (uint32_t i = header->value.offset; i < at; i++) {
		if (c->text[i] == '"')
			quoted = !quoted;
		else if (quoted && c->text[i] == '\\' && ++i == at)
			return true;
	}
	return false;
}

static bool check_control(const struct sip_message *msg, struct sip_cursor *c, uint32_t at)
{
	for (uint32_t i = 0; i < msg->header_count; i++) {
		const struct sip_header *h = &msg->headers[i];

		if (at >= h->value.offset && at < sip_slice_end(h->value) && has_quoting(h) &&
		    is_quoted(c, h, at))
			return true;
	}
	return sip_fail(c, at, RFC_TEXT, "control octet");
}

/* Looks at the odd octet at `at`; *next is set to the one behind it, or behind its sequence. */
static bool check_odd(const struct sip_message *msg, struct sip_cursor *c, uint32_t at,
		      uint32_t *next)
{
	uint32_t length;

	*next = at + 1;
	if (c->text[at] < 0x80)
		return check_control(msg, c, at);
	length = utf8_length(c->text + at, msg->index.size - at);
	if (!length)
		return sip_fail(c, at, RFC_TEXT, "octet that is not UTF-8");
	*next = at + length;
	return true;
}

bool sip_check_octets(const struct sip_message *msg, struct sip_cursor *c)
{
	uint32_t at = 0;

	for (;;) {
		at = sip_run(msg->index.not_text, at);
		if (at >= msg->index.size)
			return true;
		if (!check_odd(msg, c, at, &at))
			return false;
	}
}
