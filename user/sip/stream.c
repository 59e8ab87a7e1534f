/* SPDX-License-Identifier: GPL-2.0-only */
/* Cuts messages out of a stream: the header block by its blank line, the body by Content-Length. */
#include "sip/stream.h"

#include <string.h>

#include "sip/header.h"
#include "sip/message.h"
#include "sip/number.h"

#define RFC_FRAMING    "RFC 3261 18.3"
#define START_LINE_MIN 8 /* octets; a real one is longer */

static size_t count_crlf(const char *data, size_t len)
{
	size_t at = 0;

	while (at + 2 <= len && data[at] == '\r' && data[at + 1] == '\n')
		at += 2;
	return at;
}

static enum sip_stream_piece broken(struct sip_error *error, const char *what)
{
	if (error)
		*error = (struct sip_error){
			.line = 1, .response = 400, .rfc = RFC_FRAMING, .what = what
		};
	return SIP_STREAM_BROKEN;
}

/* The header line in [from, end), folding included: is it Content-Length, and is that a number?
 * False if it is one and is not. */
static bool take_length(struct sip_cursor *c, uint32_t from, uint32_t end, int64_t *length)
{
	uint32_t name_end = sip_run(c->index->not_token, from);
	struct sip_number number;

	if (sip_header_of(c->text, from, name_end - from) != SIP_HEADER_CONTENT_LENGTH)
		return true;
	c->at = name_end;
	c->end = end;
	if (!sip_take_separator(c, ':'))
		return false;
	number = sip_take_number(c);
	if (!number.digits || number.value > SIP_MESSAGE_MAX || sip_skip_spaces(c, c->at) != end)
		return false;
	/* Two that differ are two ends for one message. */
	if (*length >= 0 && *length != (int64_t)number.value)
		return false;
	*length = (int64_t)number.value;
	return true;
}

/* Finds the body's length in a header block; -1: none is given. False if it cannot be told. */
static bool find_length(const char *block, size_t len, int64_t *length)
{
	struct sip_index index;
	struct sip_cursor c = { .text = (const uint8_t *)block, .index = &index };

	*length = -1;
	if (sip_index_build(&index, c.text, len) != SIP_FRAMING_WHOLE)
		return false;
	if (index.line_end[0] < START_LINE_MIN) /* sip_header_of() looks back that far */
		return false;
	for (uint32_t line = 1; line < index.lines; line++) {
		uint32_t from = index.line_end[line - 1] + 1u;

		while (line + 1 < index.lines && (block[index.line_end[line] + 1] == ' ' ||
						  block[index.line_end[line] + 1] == '\t'))
			line++;
		if (!take_length(&c, from, index.line_end[line] - 1u, length))
			return false;
	}
	return true;
}

enum sip_stream_piece sip_stream_next(const char *data, size_t len, size_t *size,
				      struct sip_error *error)
{
	size_t crlf = count_crlf(data, len), block;
	const char *blank;
	int64_t length;

	if (crlf) {
		*size = crlf < SIP_MESSAGE_MAX ? crlf : SIP_MESSAGE_MAX - 1;
		return SIP_STREAM_CRLF;
	}
	if (len > SIP_MESSAGE_MAX)
		len = SIP_MESSAGE_MAX;
	blank = memmem(data, len, "\r\n\r\n", 4);
	if (!blank)
		return len < SIP_MESSAGE_MAX ? SIP_STREAM_PARTIAL
					     : broken(error, "no blank line within 65535 octets");
	block = (size_t)(blank - data) + 4;
	if (!find_length(data, block, &length))
		return broken(error, "the length of a message cannot be told from its headers");
	if (length < 0)
		return broken(error, "no Content-Length, which a stream needs");
	if (block + (size_t)length > SIP_MESSAGE_MAX)
		return broken(error, "message larger than 65535 octets");
	if (block + (size_t)length > len)
		return SIP_STREAM_PARTIAL;
	*size = block + (size_t)length;
	return SIP_STREAM_MESSAGE;
}
