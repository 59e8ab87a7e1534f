/* SPDX-License-Identifier: GPL-2.0-only */
/* Text from the wire on its way to people and programs. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "ctl/text.h"

static size_t put_escaped(unsigned char octet, char *out, size_t room)
{
	if (room < sizeof("\\xNN"))
		return 0;
	snprintf(out, room, "\\x%02x", octet);
	return sizeof("\\xNN") - 1;
}

const char *text_escape(const char *in, size_t len, char *out, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < len && in[i]; i++) {
		unsigned char octet = (unsigned char)in[i];
		size_t put;

		if (octet >= 0x20 && octet < 0x7f) {
			if (at + 1 >= size)
				break;
			out[at++] = in[i];
			continue;
		}
		put = put_escaped(octet, out + at, size - at);
		if (!put)
			break;
		at += put;
	}
	out[at] = '\0';
	return out;
}

/* Length of the well-formed UTF-8 character at p, RFC 3629 section 4; 0 if there is none. */
static size_t utf8_length(const unsigned char *p, size_t len)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t want;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		want = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		want = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		want = 4;
	else
		return 0;
	if (len < want)
		return 0;
	switch (p[0]) {
	case 0xe0: low = 0xa0; break;  /* no overlong forms */
	case 0xed: high = 0x9f; break; /* no surrogates */
	case 0xf0: low = 0x90; break;
	case 0xf4: high = 0x8f; break; /* nothing beyond U+10FFFF */
	}
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < want; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return want;
}

const char *text_utf8(const char *in, size_t len, char *out, size_t size)
{
	size_t at = 0;

	len = strnlen(in, len);
	for (size_t i = 0; i < len;) {
		const unsigned char *p = (const unsigned char *)in + i;
		size_t good = utf8_length(p, len - i);
		size_t put = good;

		if (!good)
			put = put_escaped(*p, out + at, size - at);
		else if (at + good >= size)
			put = 0;
		else
			memcpy(out + at, p, good);
		if (!put)
			break;
		at += put;
		i += good ? good : 1;
	}
	out[at] = '\0';
	return out;
}
