/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages are cut out of a stream where they end, at whatever octet the reading stopped; what has
 * no end that two readers would agree about is refused. */
#include "test_sip_fixture.h"

#include "sip/stream.h"

#define START "OPTIONS sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n"

static enum sip_stream_piece next_piece(const char *text, size_t len, size_t *size,
					struct sip_error *err)
{
	char *copy = guarded(text, len);
	enum sip_stream_piece piece;

	*err = (struct sip_error){ .what = NULL };
	*size = 0;
	piece = sip_stream_next(copy, len, size, err);
	unguard(copy, len);
	return piece;
}

Test(sip_stream, pieces)
{
	static const struct {
		const char *name, *text;
		enum sip_stream_piece piece;
		const char *rest; /* what is left behind the piece */
	} rows[] = {
		{ "nothing", "", SIP_STREAM_PARTIAL, NULL },
		{ "half a CRLF", "\r", SIP_STREAM_PARTIAL, NULL },
		{ "ping", "\r\n\r\n", SIP_STREAM_CRLF, "" },
		{ "pong before a message", "\r\n" START, SIP_STREAM_CRLF, START },
		{ "half a header", START, SIP_STREAM_PARTIAL, NULL },
		{ "no body", START "Content-Length: 0\r\n\r\n", SIP_STREAM_MESSAGE, "" },
		{ "a body and another message", START "l:3\r\n\r\nabcBYE ", SIP_STREAM_MESSAGE,
		  "BYE " },
		{ "a folded length", START "Content-Length\t:\r\n  0003 \r\n \r\n\r\nabc",
		  SIP_STREAM_MESSAGE, "" },
		{ "half a body", START "Content-Length: 4\r\n\r\nabc", SIP_STREAM_PARTIAL, NULL },
		{ "the same length twice", START "l: 1\r\nContent-Length: 1\r\n\r\na",
		  SIP_STREAM_MESSAGE, "" },
		{ "a name that ends alike", START "X-Content-Length: 9\r\nl: 1\r\n\r\na",
		  SIP_STREAM_MESSAGE, "" },
		{ "two lengths", START "l: 1\r\nContent-Length: 2\r\n\r\nab", SIP_STREAM_BROKEN,
		  NULL },
		{ "no length", START "\r\n", SIP_STREAM_BROKEN, NULL },
		{ "an empty length", START "l:\r\n\r\n", SIP_STREAM_BROKEN, NULL },
		{ "a negative length", START "l: -1\r\n\r\n", SIP_STREAM_BROKEN, NULL },
		{ "letters", START "l: a\r\n\r\n", SIP_STREAM_BROKEN, NULL },
		{ "a list", START "l: 1, 1\r\n\r\na", SIP_STREAM_BROKEN, NULL },
		{ "no colon", START "Content-Length 1\r\n\r\na", SIP_STREAM_BROKEN, NULL },
		{ "larger than a message", START "l: 65536\r\n\r\n", SIP_STREAM_BROKEN, NULL },
		{ "with its headers larger", START "l: 65500\r\n\r\n", SIP_STREAM_BROKEN, NULL },
		{ "2^64", START "l: 18446744073709551616\r\n\r\n", SIP_STREAM_BROKEN, NULL },
		{ "a bare LF", START "X: a\nl: 0\r\nl: 0\r\n\r\n", SIP_STREAM_BROKEN, NULL },
		{ "no start line", "a\r\nl: 0\r\n\r\n", SIP_STREAM_BROKEN, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_error err;
		size_t size, len = strlen(rows[i].text);
		enum sip_stream_piece piece = next_piece(rows[i].text, len, &size, &err);

		cr_expect_eq(piece, rows[i].piece, "%s: %d: %s", rows[i].name, piece,
			     err.what ? err.what : "");
		if (rows[i].rest)
			cr_expect_str_eq(rows[i].text + size, rows[i].rest, "%s", rows[i].name);
		cr_expect_eq(err.what != NULL, piece == SIP_STREAM_BROKEN, "%s", rows[i].name);
	}
}

/* A message that comes octet by octet is partial until its last octet is there. */
Test(sip_stream, every_part)
{
	static const char text[] = START "Content-Length: 5\r\n\r\nv=0\r\n";
	struct sip_error err;
	size_t size;

	for (size_t len = 0; len < sizeof(text) - 1; len++)
		cr_assert_eq(next_piece(text, len, &size, &err), SIP_STREAM_PARTIAL, "%zu", len);
	cr_assert_eq(next_piece(text, sizeof(text) - 1, &size, &err), SIP_STREAM_MESSAGE);
	cr_assert_eq(size, sizeof(text) - 1);
}

/* Who never sends a blank line is given up; so many CRLFs are taken off in pieces. */
Test(sip_stream, bounds)
{
	static char text[SIP_MESSAGE_MAX + 2];
	struct sip_error err;
	size_t size;

	memset(text, 'a', sizeof(text));
	cr_assert_eq(next_piece(text, SIP_MESSAGE_MAX - 1, &size, &err), SIP_STREAM_PARTIAL);
	cr_assert_eq(next_piece(text, SIP_MESSAGE_MAX, &size, &err), SIP_STREAM_BROKEN);
	for (size_t i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\r\n", 2);
	cr_assert_eq(next_piece(text, sizeof(text) - 1, &size, &err), SIP_STREAM_CRLF);
	cr_assert(size && size % 2 == 0 && size < SIP_MESSAGE_MAX);
}
