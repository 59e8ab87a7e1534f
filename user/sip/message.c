/* SPDX-License-Identifier: GPL-2.0-only */
/* A datagram into a message: index, start line, header lines one after the other, body; then what
 * can only be said of the whole. */
#include "sip/message.h"

#include <errno.h>

#include "sip/header_lookup.h"
#include "sip/lenient.h"
#include "sip/message_octets.h"
#include "sip/message_rules.h"

#define RFC_FORMAT  "RFC 3261 7"
#define RFC_HEADERS "RFC 3261 7.3.1"

/* What every request and response has (RFC 3261 section 8.1.1, 8.2.6.2). */
static const struct {
	enum sip_header_id id;
	const char *rfc, *what;
} mandatory[] = {
	{ SIP_HEADER_VIA, "RFC 3261 20.42", "no Via" },
	{ SIP_HEADER_FROM, "RFC 3261 20.20", "no From" },
	{ SIP_HEADER_TO, "RFC 3261 20.39", "no To" },
	{ SIP_HEADER_CALL_ID, "RFC 3261 20.8", "no Call-ID" },
	{ SIP_HEADER_CSEQ, "RFC 3261 20.16", "no CSeq" },
};

#define MANDATORY (sizeof(mandatory) / sizeof(mandatory[0]))

/* CRLF before the start line is to be ignored (RFC 3261 section 7.5). */
static size_t leading_crlf(const char *data, size_t len)
{
	size_t at = 0;

	while (at + 2 <= len && data[at] == '\r' && data[at + 1] == '\n')
		at += 2;
	return at;
}

/* In halves, which compilers do with a few stores where they would call or loop for the whole. */
static inline void clear_seen(uint8_t seen[SIP_HEADERS_KNOWN_MAX])
{
	memset(seen, 0, SIP_HEADERS_KNOWN_MAX / 2);
	memset(seen + SIP_HEADERS_KNOWN_MAX / 2, 0, SIP_HEADERS_KNOWN_MAX / 2);
}

static void start_message(struct sip_message *msg, const char *data, size_t len)
{
	msg->lead = (uint32_t)leading_crlf(data, len);
	msg->text = data + msg->lead;
	msg->size = (uint32_t)len - msg->lead;
	msg->via_count = msg->contact_count = 0;
	msg->route_count = msg->record_route_count = msg->header_count = 0;
	msg->contact_is_star = msg->faulty = false;
	msg->has_expires = msg->has_max_forwards = msg->has_content_length = false;
	msg->expires = msg->content_length = 0;
	msg->max_forwards = 0;
	msg->user_agent = msg->content_type = sip_slice_of(0, 0);
	clear_seen(msg->seen);
}

static bool index_message(struct sip_message *msg, struct sip_cursor *c)
{
	enum sip_framing framing = sip_index_build(&msg->index, c->text, msg->size);
	uint32_t bare;

	if (sip_likely(framing == SIP_FRAMING_WHOLE))
		return true;
	if (framing == SIP_FRAMING_TOO_MANY_LINES)
		return sip_fail(c, msg->size, RFC_FORMAT, "more than 512 lines of headers");
	bare = sip_find_bare_cr_lf(c->text, msg->size);
	if (framing == SIP_FRAMING_BARE_CR_LF && bare < msg->size)
		return sip_fail(c, bare, RFC_FORMAT, "CR or LF that is not half of a CRLF");
	return sip_fail(c, msg->size, RFC_FORMAT, "no blank line ends the headers");
}

/* There is a fault. True: it is to be passed over. */
static __attribute__((cold, noinline)) bool is_passed_over(struct sip_message *msg,
							   struct sip_cursor *c)
{
	if (!msg->lenient)
		return false;
	msg->faulty = true;
	c->fault.what = NULL;
	return true;
}

static bool take_start_line(struct sip_message *msg, struct sip_cursor *c)
{
	c->at = 0;
	c->end = msg->index.line_end[0] - 1u;
	if (!sip_take_start_line(c, &msg->start)) {
		struct sip_fault fault = c->fault;

		if (!is_passed_over(msg, c))
			return false;
		if (!sip_lenient_start_line(c, &msg->start)) {
			c->fault = fault;
			return false;
		}
	}
	msg->kind = msg->start.status ? SIP_RESPONSE : SIP_REQUEST;
	return true;
}

/* A header of a name that was seen before. False, with a fault, if that must not be. */
static bool pass_repeated(struct sip_message *msg, struct sip_cursor *c, enum sip_header_id id)
{
	c->warnings |= SIP_WARN_REPEATED;
	if (sip_header_repeat(id) != SIP_REPEAT_ONCE)
		return true;
	if (!sip_lenient_needs(id) && is_passed_over(msg, c))
		return true;
	return sip_fail(c, c->at, RFC_HEADERS, "second header of a name that may stand only once");
}

/* Notes that a header of that name was seen. False if one was seen before. */
static inline bool note_seen(struct sip_message *msg, enum sip_header_id id)
{
	bool before = msg->seen[id];

	msg->seen[id] = true;
	return !before;
}

/* The colon of HCOLON where it does not follow the name text[from..name_end) at once:
 * *( SP / HTAB ) ":". Where it is; 0, with a fault, if there is none. */
static __attribute__((noinline)) uint32_t find_colon(struct sip_cursor *c, uint32_t from,
						     uint32_t name_end)
{
	uint32_t at = name_end;

	if (at == from) {
		sip_fail(c, at, RFC_HEADERS, "header line does not begin with a name");
		return 0;
	}
	while (c->text[at] == ' ' || c->text[at] == '\t')
		at++;
	if (c->text[at] == ':')
		return at;
	sip_fail(c, at, RFC_HEADERS, "header name is not followed by a colon");
	return 0;
}

/* Puts the cursor around the value without the white space at its ends. */
static __attribute__((noinline)) void trim_spaces(struct sip_cursor *c, uint32_t from, uint32_t end)
{
	while (from < end && sip_is_space(c->text[from]))
		from++;
	while (end > from && sip_is_space(c->text[end - 1]))
		end--;
	c->at = from;
	c->end = end;
}

/* The same for a value behind `colon`; nearly always there is one space before it and none behind.
 */
static inline void trim_value(struct sip_cursor *c, uint32_t colon, uint32_t end)
{
	const uint8_t *text = c->text, *p = text + colon;

	c->at = colon + 2;
	c->end = end;
	if (sip_unlikely(p[1] != ' ' || sip_is_space(p[2]) || sip_is_space(text[end - 1])))
		trim_spaces(c, colon + 1, end);
}

/* The value of a header is not as the grammar has it. */
static __attribute__((cold, noinline)) bool take_faulty_header(struct sip_message *msg,
							       struct sip_cursor *c,
							       const struct sip_header *header)
{
	struct sip_fault fault = c->fault;

	if (!is_passed_over(msg, c))
		return false;
	c->at = header->value.offset;
	c->end = sip_slice_end(header->value);
	if (!sip_lenient_header(msg, c, (enum sip_header_id)header->id)) {
		c->fault = fault;
		return false;
	}
	c->fault.what = NULL; /* of a second try within it */
	return true;
}

/* message-header = name HCOLON value, which starts at `from`; the CRLF is at `end`. */
static inline bool take_header(struct sip_message *msg, struct sip_cursor *c,
			       struct sip_header *header, uint32_t from, uint32_t end)
{
	uint32_t name_end = sip_run(msg->index.not_token, from), colon = name_end;
	const uint8_t *text = c->text;
	enum sip_header_id id;
	sip_message_rule *rule;

	if (sip_unlikely(text[name_end] != ':' || name_end == from)) {
		colon = find_colon(c, from, name_end);
		if (!colon)
			return false;
	}
	id = sip_header_lookup(text + from, name_end - from);
	trim_value(c, colon, end);
	header->name = sip_slice_of(from, name_end);
	header->id = (uint8_t)id;
	if (sip_unlikely(!note_seen(msg, id)) && sip_header_repeat(id) != SIP_REPEAT_LIST &&
	    !pass_repeated(msg, c, id))
		return false;
	header->value = sip_slice_of(c->at, c->end);
	rule = sip_message_rules[id];
	return !rule || rule(msg, c) || take_faulty_header(msg, c, header);
}

/* Does the line behind the LF at `line_end` continue the one it ends? It starts with SP or HTAB
 * then; a CR starts the blank line. */
static inline bool is_folded(const struct sip_cursor *c, uint32_t line_end)
{
	uint8_t next = c->text[line_end + 1];

	return sip_unlikely(sip_is_space(next)) && next != '\r';
}

/* There are no more of them than lines, for which there is room. */
static bool take_headers(struct sip_message *msg, struct sip_cursor *c)
{
	const uint16_t *line = msg->index.line_end, *last = line + msg->index.lines - 1;
	struct sip_header *header = msg->headers;

	for (; line < last; header++) {
		uint32_t from = *line++ + 1u;

		while (is_folded(c, *line))
			line++;
		if (!take_header(msg, c, header, from, *line - 1u))
			return false;
	}
	msg->header_count = (uint32_t)(header - msg->headers);
	return true;
}

static __attribute__((cold)) bool fail_mandatory(const struct sip_message *msg,
						 struct sip_cursor *c)
{
	for (size_t i = 0; i < MANDATORY; i++) {
		if (!sip_message_has(msg, mandatory[i].id))
			return sip_fail(c, msg->index.size, mandatory[i].rfc, mandatory[i].what);
	}
	return false;
}

static bool check_mandatory(const struct sip_message *msg, struct sip_cursor *c)
{
	uint8_t all = msg->seen[SIP_HEADER_VIA] & msg->seen[SIP_HEADER_FROM] &
		      msg->seen[SIP_HEADER_TO] & msg->seen[SIP_HEADER_CALL_ID] &
		      msg->seen[SIP_HEADER_CSEQ];

	return sip_likely(all) || fail_mandatory(msg, c);
}

/* The method of a request is that of its CSeq (RFC 3261 section 8.1.1.5). */
static bool check_method(struct sip_message *msg, struct sip_cursor *c)
{
	const struct sip_start_line *start = &msg->start;

	if (msg->kind == SIP_RESPONSE)
		return true;
	if (sip_likely(start->method == msg->cseq.method) &&
	    (sip_likely(start->method != SIP_OTHER) ||
	     sip_slice_equal(msg->text, start->method_name, msg->text, msg->cseq.method_name)))
		return true;
	return sip_fail(c, msg->cseq.method_name.offset, "RFC 3261 8.1.1.5",
			"method of the CSeq is not that of the request");
}

static bool check_star(const struct sip_message *msg, struct sip_cursor *c)
{
	if (sip_likely(!msg->contact_is_star))
		return true;
	if (msg->contact_count)
		return sip_fail(c, msg->contact[0].uri.text.offset, "RFC 3261 10.2.2",
				"Contact: * beside another Contact");
	return true;
}

/* Over UDP the body is what Content-Length says, which may not be more than there is, or all the
 * rest (RFC 3261 section 18.3). */
static bool take_body(struct sip_message *msg, struct sip_cursor *c)
{
	uint32_t from = msg->index.size, available = msg->size - from;

	if (!msg->has_content_length) {
		msg->body = sip_slice_of(from, msg->size);
		return true;
	}
	if (sip_unlikely(msg->content_length > available) && is_passed_over(msg, c))
		msg->content_length = available;
	if (sip_unlikely(msg->content_length > available))
		return sip_fail(c, from, "RFC 3261 18.3",
				"Content-Length is larger than what is left of the datagram");
	if (sip_unlikely(msg->content_length < available))
		c->warnings |= SIP_WARN_OCTETS_AFTER_BODY;
	msg->body = sip_slice_of(from, from + msg->content_length);
	return true;
}

/* What is missing or odd, and no reason to refuse the message. */
static uint32_t omissions(const struct sip_message *msg)
{
	uint32_t warnings = 0;

	if (!msg->has_max_forwards && msg->kind == SIP_REQUEST)
		warnings |= SIP_WARN_NO_MAX_FORWARDS;
	if (!msg->from.tag.length)
		warnings |= SIP_WARN_NO_FROM_TAG;
	if (!msg->via[0].has_cookie)
		warnings |= SIP_WARN_NO_BRANCH;
	if (msg->start.method == SIP_INVITE && !msg->contact_count)
		warnings |= SIP_WARN_NO_CONTACT;
	if (msg->body.length && !msg->content_type.length)
		warnings |= SIP_WARN_NO_CONTENT_TYPE;
	return warnings;
}

static bool parse(struct sip_message *msg, struct sip_cursor *c)
{
	if (!msg->size)
		return sip_fail(c, 0, RFC_FORMAT, "no message");
	return index_message(msg, c) && take_start_line(msg, c) && take_headers(msg, c) &&
	       (sip_likely(msg->index.plain_text) || sip_check_octets(msg, c) ||
		is_passed_over(msg, c)) &&
	       check_mandatory(msg, c) && check_method(msg, c) && check_star(msg, c) &&
	       take_body(msg, c);
}

static uint32_t count_lines(const char *text, uint32_t offset)
{
	uint32_t lines = 1;

	for (uint32_t i = 0; i < offset; i++)
		lines += text[i] == '\n';
	return lines;
}

void sip_message_error(const struct sip_message *msg, const struct sip_cursor *c,
		       struct sip_error *err)
{
	const char *data = msg->text - msg->lead;
	uint32_t offset = msg->lead + c->fault.offset;
	bool response = msg->size >= 4 && strncasecmp(msg->text, "SIP/", 4) == 0;

	/* A response is never answered, nor is what has no start line to say so (section 18.1.2).
	 */
	*err = (struct sip_error){ .offset = offset,
				   .line = count_lines(data, offset),
				   .response = response || !msg->size ? 0 : c->fault.response,
				   .rfc = c->fault.rfc,
				   .what = c->fault.what };
}

static int read_message(const char *data, size_t len, bool lenient, struct sip_message *msg,
			struct sip_error *err)
{
	struct sip_cursor c = { .index = &msg->index };

	if (len > SIP_MESSAGE_MAX) {
		if (err)
			*err = (struct sip_error){ .line = 1,
						   .response = 513,
						   .rfc = "RFC 3261 18.1.1",
						   .what = "message larger than 65535 octets" };
		return -EINVAL;
	}
	start_message(msg, data, len);
	msg->lenient = lenient;
	c.text = (const uint8_t *)msg->text;
	if (!parse(msg, &c)) {
		if (err)
			sip_message_error(msg, &c, err);
		return -EINVAL;
	}
	msg->warnings = c.warnings | omissions(msg);
	return 0;
}

int sip_message_parse(const char *data, size_t len, struct sip_message *msg, struct sip_error *err)
{
	return read_message(data, len, false, msg, err);
}

int sip_message_read(const char *data, size_t len, struct sip_message *msg, struct sip_error *err)
{
	return read_message(data, len, true, msg, err);
}

int sip_message_read_start(const char *data, size_t len, char *room, struct sip_message *msg,
			   struct sip_error *err)
{
	size_t whole = len;

	while (whole && !(whole >= 2 && data[whole - 2] == '\r' && data[whole - 1] == '\n'))
		whole--;
	memcpy(room, data, whole);
	memcpy(room + whole, "\r\n", 2);
	return read_message(room, whole + 2, true, msg, err);
}

const struct sip_header *sip_message_header(const struct sip_message *msg, enum sip_header_id id,
					    const struct sip_header *after)
{
	const struct sip_header *end = msg->headers + msg->header_count;

	if (!sip_message_has(msg, id))
		return NULL;
	for (const struct sip_header *h = after ? after + 1 : msg->headers; h < end; h++) {
		if (h->id == id)
			return h;
	}
	return NULL;
}

const struct sip_header *sip_message_header_named(const struct sip_message *msg, const char *name,
						  const struct sip_header *after)
{
	const struct sip_header *end = msg->headers + msg->header_count;

	for (const struct sip_header *h = after ? after + 1 : msg->headers; h < end; h++) {
		if (sip_slice_is_nocase(msg->text, h->name, name))
			return h;
	}
	return NULL;
}

struct sip_cursor sip_message_cursor(const struct sip_message *msg, const struct sip_header *header)
{
	return (struct sip_cursor){ .text = (const uint8_t *)msg->text,
				    .index = &msg->index,
				    .at = header->value.offset,
				    .end = sip_slice_end(header->value) };
}
