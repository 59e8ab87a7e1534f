/* SPDX-License-Identifier: GPL-2.0-only */
/* quoted-string = SWS DQUOTE *(qdtext / quoted-pair ) DQUOTE (RFC 3261 section 25.1). */
#include "sip/quoted.h"

#define RFC "RFC 3261 25.1"

/* Where the next quote or backslash stands, neither of which a token can hold; or where the value
 * ends, if there is none. */
static uint32_t find_quote_or_backslash(const struct sip_cursor *c, uint32_t at)
{
	for (;; at++) {
		at = sip_run(c->index->not_token, at);
		if (at >= c->end || c->text[at] == '"' || c->text[at] == '\\')
			return at;
	}
}

/* quoted-pair = "\" (%x00-09 / %x0B-0C / %x0E-7F) */
static bool is_quoted_pair(const struct sip_cursor *c, uint32_t at)
{
	uint8_t escaped = c->text[at + 1];

	return at + 1 < c->end && escaped < 0x80 && escaped != '\r' && escaped != '\n';
}

bool sip_take_quoted(struct sip_cursor *c, struct sip_slice *content)
{
	uint32_t from = c->at + 1, at = from;

	for (;;) {
		at = find_quote_or_backslash(c, at);
		if (at >= c->end)
			return sip_fail(c, c->at, RFC, "quoted-string without its closing quote");
		if (sip_likely(c->text[at] == '"'))
			break;
		if (!is_quoted_pair(c, at))
			return sip_fail(c, at, RFC, "backslash before what cannot be escaped");
		at += 2;
	}
	*content = sip_slice_of(from, at);
	c->at = at + 1;
	return true;
}

size_t sip_unquote(const char *text, struct sip_slice content, char *out, size_t size)
{
	const char *p = text + content.offset, *end = p + content.length;
	size_t length = 0;

	for (; p < end; p++, length++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		if (length + 1 < size)
			out[length] = *p;
	}
	if (size)
		out[length < size ? length : size - 1] = '\0';
	return length;
}
