/* SPDX-License-Identifier: GPL-2.0-only */
/* multipart-body = [preamble CRLF] dash-boundary CRLF body-part *(…) close-delimiter [epilogue] */
#include "sip/multipart.h"

#include <string.h>

/* A delimiter line: "--", the boundary, and for the last one "--" again. */
struct delimiter {
	uint32_t at;   /* its first hyphen */
	uint32_t next; /* past its CRLF */
	bool last;
};

bool sip_multipart_start(struct sip_multipart *m, const char *text, struct sip_slice body,
			 struct sip_slice boundary)
{
	*m = (struct sip_multipart){
		.text = text, .boundary = boundary, .at = body.offset, .end = sip_slice_end(body)
	};
	return boundary.length > 0 && boundary.length <= SIP_BOUNDARY_MAX;
}

static uint32_t past_line(const struct sip_multipart *m, uint32_t at)
{
	const char *lf = memchr(m->text + at, '\n', m->end - at);

	return lf ? (uint32_t)(lf - m->text) + 1 : m->end;
}

static bool starts_with(const struct sip_multipart *m, uint32_t at, const char *octets,
			uint32_t length)
{
	return m->end - at >= length && memcmp(m->text + at, octets, length) == 0;
}

static bool is_delimiter(const struct sip_multipart *m, uint32_t at, struct delimiter *d)
{
	uint32_t behind = at + 2 + m->boundary.length;

	if (!starts_with(m, at, "--", 2) ||
	    !starts_with(m, at + 2, m->text + m->boundary.offset, m->boundary.length))
		return false;
	*d = (struct delimiter){ .at = at, .last = starts_with(m, behind, "--", 2) };
	d->next = past_line(m, behind);
	/* Nothing but white space may follow on the line: it may be the start of a longer boundary.
	 */
	for (uint32_t i = behind + (d->last ? 2 : 0); i < d->next; i++) {
		if (!strchr(" \t\r\n", m->text[i]) || !m->text[i])
			return false;
	}
	return true;
}

/* The next delimiter at the start of a line. */
static bool find_delimiter(const struct sip_multipart *m, uint32_t at, struct delimiter *d)
{
	for (; at < m->end; at = past_line(m, at)) {
		if (is_delimiter(m, at, d))
			return true;
	}
	return false;
}

/* The value of a part's header, unfolded ones only; empty if it is not there. */
static struct sip_slice find_header(const struct sip_multipart *m, struct sip_slice headers,
				    const char *name)
{
	uint32_t length = (uint32_t)strlen(name), end = sip_slice_end(headers);

	for (uint32_t at = headers.offset; at < end; at = past_line(m, at)) {
		uint32_t from = at + length, to = past_line(m, at);

		if (end - at <= length || strncasecmp(m->text + at, name, length) != 0 ||
		    m->text[from] != ':')
			continue;
		for (from++; from < to && strchr(" \t", m->text[from]) && m->text[from]; from++)
			;
		while (to > from && (uint8_t)m->text[to - 1] <= ' ')
			to--;
		return sip_slice_of(from, to);
	}
	return sip_slice_of(headers.offset, headers.offset);
}

/* Where the blank line that ends a part's headers starts; `end` if there is none. */
static uint32_t find_blank_line(const struct sip_multipart *m, uint32_t at, uint32_t end)
{
	for (; at < end; at = past_line(m, at)) {
		if (starts_with(m, at, "\r\n", 2) || m->text[at] == '\n')
			return at;
	}
	return end;
}

/* The CRLF before a delimiter belongs to it (RFC 2046 section 5.1.1). */
static uint32_t without_line_end(const struct sip_multipart *m, uint32_t from, uint32_t to)
{
	if (to > from && m->text[to - 1] == '\n')
		to--;
	if (to > from && m->text[to - 1] == '\r')
		to--;
	return to;
}

bool sip_multipart_next(struct sip_multipart *m, struct sip_part *part)
{
	struct delimiter opening, closing;
	uint32_t blank, body;

	if (!find_delimiter(m, m->at, &opening) || opening.last ||
	    !find_delimiter(m, opening.next, &closing))
		return false;
	m->at = closing.at;
	blank = find_blank_line(m, opening.next, closing.at);
	body = blank < closing.at ? past_line(m, blank) : closing.at;
	part->headers = sip_slice_of(opening.next, blank);
	part->content_type = find_header(m, part->headers, "Content-Type");
	if (!part->content_type.length)
		part->content_type = find_header(m, part->headers, "c");
	part->body = sip_slice_of(body, without_line_end(m, body, closing.at));
	return true;
}
