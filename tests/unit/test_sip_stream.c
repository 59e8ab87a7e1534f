/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages cut out of a stream, however it arrives. */
#include "test_sip_fixture.h"

#include "sip/stream.h"

#define HEAD "OPTIONS sip:a@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n"

Test(stream, pieces_are_told_apart)
{
	static const struct {
		char name[40], text[256];
		enum sip_stream_piece piece;
		int size; /* -1: all of it */
	} rows[] = {
		{ "nothing", "", SIP_STREAM_PARTIAL, 0 },
		{ "half a line", "OPTIONS sip:", SIP_STREAM_PARTIAL, 0 },
		{ "a header block without its end", HEAD "Content-Length: 0\r\n",
		  SIP_STREAM_PARTIAL, 0 },
		{ "a CR", "\r", SIP_STREAM_PARTIAL, 0 },
		{ "a ping", "\r\n\r\nOPTIONS", SIP_STREAM_CRLF, 4 },
		{ "a pong", "\r\n", SIP_STREAM_CRLF, 2 },
		{ "no body", HEAD "Content-Length: 0\r\n\r\nNEXT", SIP_STREAM_MESSAGE,
		  sizeof(HEAD "Content-Length: 0\r\n\r\n") - 1 },
		{ "a body", HEAD "Content-Length: 3\r\n\r\nabcNEXT", SIP_STREAM_MESSAGE,
		  sizeof(HEAD "Content-Length: 3\r\n\r\nabc") - 1 },
		{ "part of a body", HEAD "Content-Length: 3\r\n\r\nab", SIP_STREAM_PARTIAL, 0 },
		{ "compact, spaced", HEAD "l \t:  3 \r\n\r\nabc", SIP_STREAM_MESSAGE, -1 },
		{ "folded", HEAD "CONTENT-LENGTH:\r\n 3\r\n\r\nabc", SIP_STREAM_MESSAGE, -1 },
		{ "a length in another header", HEAD "X: a\r\n Content-Length: 9\r\nl: 0\r\n\r\n",
		  SIP_STREAM_MESSAGE, -1 },
		{ "no length", HEAD "\r\n", SIP_STREAM_BROKEN, 0 },
		{ "no number", HEAD "Content-Length: x\r\n\r\n", SIP_STREAM_BROKEN, 0 },
		{ "more than a number", HEAD "Content-Length: 1 2\r\n\r\n", SIP_STREAM_BROKEN, 0 },
		{ "negative", HEAD "Content-Length: -1\r\n\r\n", SIP_STREAM_BROKEN, 0 },
		{ "2^32 + 1", HEAD "Content-Length: 4294967297\r\n\r\na", SIP_STREAM_BROKEN, 0 },
		{ "too large", HEAD "Content-Length: 65535\r\n\r\n", SIP_STREAM_BROKEN, 0 },
		{ "two that differ", HEAD "l: 0\r\nContent-Length: 1\r\n\r\na", SIP_STREAM_BROKEN,
		  0 },
		{ "a bare LF", HEAD "X: a\nContent-Length: 0\r\n\r\n", SIP_STREAM_BROKEN, 0 },
		{ "a first line of one octet", "a\r\nl:0\r\n\r\n", SIP_STREAM_BROKEN, 0 },
		{ "no colon", HEAD "Content-Length 0\r\n\r\n", SIP_STREAM_BROKEN, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t length = strlen(rows[i].text), size = 0;
		size_t wanted = rows[i].size < 0 ? length : (size_t)rows[i].size;
		char *text = guarded(rows[i].text, length);
		struct sip_error error = { 0 };
		enum sip_stream_piece piece = sip_stream_next(text, length, &size, &error);

		cr_assert_eq(piece, rows[i].piece, "%s: %d", rows[i].name, piece);
		cr_assert_eq(size, wanted, "%s: %zu", rows[i].name, size);
		cr_assert_eq(error.what != NULL, piece == SIP_STREAM_BROKEN, "%s", rows[i].name);
	}
}

Test(stream, octet_by_octet_the_same_messages_come_out)
{
	static const char text[] = "\r\n" HEAD "l: 2\r\n\r\n\r\n\r\n" HEAD "l: 0\r\n\r\n";
	size_t from = 0, messages = 0, size;

	for (size_t have = 1; have < sizeof(text); have++) {
		enum sip_stream_piece piece;

		while (from < have && (piece = sip_stream_next(text + from, have - from, &size,
							       NULL)) != SIP_STREAM_PARTIAL) {
			cr_assert_neq(piece, SIP_STREAM_BROKEN);
			messages += piece == SIP_STREAM_MESSAGE;
			from += size;
		}
	}
	cr_assert_eq(messages, 2);
	cr_assert_eq(from, sizeof(text) - 1);
}

Test(stream, headers_without_end_are_given_up)
{
	static char text[SIP_MESSAGE_MAX];
	size_t size;

	memset(text, 'a', sizeof(text));
	cr_assert_eq(sip_stream_next(text, sizeof(text) - 1, &size, NULL), SIP_STREAM_PARTIAL);
	cr_assert_eq(sip_stream_next(text, sizeof(text), &size, NULL), SIP_STREAM_BROKEN);
}
