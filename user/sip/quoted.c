/* SPDX-License-Identifier: GPL-2.0-only */
/* quoted-string = SWS DQUOTE *(qdtext / quoted-pair ) DQUOTE (RFC 3261 section 25.1). */
#include "sip/quoted.h"

#define RFC "RFC 3261 25.1"

/* High bits of the octets of `v` that equal `octet`; exact for the lowest one found. */
static inline uint64_t octets_equal(uint64_t v, uint8_t octet)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t diff = v ^ ones * octet;

	return (diff - ones) & ~diff & ones << 7;
}

/* Where the next quote or backslash stands, or `end`. */
static uint32_t find_quote_or_backslash(const struct sip_cursor *c, uint32_t at)
{
	for (; at + 8 <= c->end; at += 8) {
		uint64_t v = sip_load64(c->text + at);
		uint64_t hits = octets_equal(v, '"') | octets_equal(v, '\\');

		if (hits)
			return at + (uint32_t)__builtin_ctzll(hits) / 8;
	}
	while (at < c->end && c->text[at] != '"' && c->text[at] != '\\')
		at++;
	return at;
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
