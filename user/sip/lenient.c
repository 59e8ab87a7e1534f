/* SPDX-License-Identifier: GPL-2.0-only */
/* Start line, Via, From, To, Contact, Call-ID and CSeq by their outlines only; what stands in other headers is not
 * needed to know whose message it is. */
#include "sip/lenient.h"

#include "sip/method.h"
#include "sip/number.h"

#define VERSION	       " SIP/2.0"
#define VERSION_LENGTH (sizeof(VERSION) - 1)

/* The first octet from `at` on that is one of `stops`, or the end of the value. */
static uint32_t find_any(const struct sip_cursor *c, uint32_t at, const char *stops)
{
	while (at < c->end && (!c->text[at] || !strchr(stops, c->text[at])))
		at++;
	return at;
}

/* Behind ";NAME=" from `at` on, in any case; the end of the value if it is not there. */
static uint32_t find_param(const struct sip_cursor *c, uint32_t at, const char *name)
{
	const size_t length = strlen(name);

	for (at = find_any(c, at, ";"); at < c->end; at = find_any(c, at + 1, ";")) {
		uint32_t from = sip_skip_spaces(c, at + 1);

		if (c->end - from > length && c->text[from + length] == '=' &&
		    !strncasecmp((const char *)c->text + from, name, length))
			return from + (uint32_t)length + 1;
	}
	return c->end;
}

static struct sip_slice param_value(const struct sip_cursor *c, uint32_t at, const char *name)
{
	uint32_t from = find_param(c, at, name);

	return sip_slice_of(from, find_any(c, from, ";,> \t\r\n"));
}

/* A URI as it stands, without its parts. */
static void set_other_uri(struct sip_uri *uri, uint32_t from, uint32_t to)
{
	*uri = (struct sip_uri){ .scheme = SIP_SCHEME_OTHER, .text = sip_slice_of(from, to) };
}

/* Method SP anything SP SIP-Version */
bool sip_lenient_start_line(struct sip_cursor *c, struct sip_start_line *line)
{
	uint32_t method_end = sip_run(c->index->not_token, 0), uri_end;

	if (!method_end || c->text[method_end] != ' ' || c->end < method_end + 2 + VERSION_LENGTH)
		return false;
	uri_end = c->end - (uint32_t)VERSION_LENGTH;
	if (strncasecmp((const char *)c->text + uri_end, VERSION, VERSION_LENGTH) != 0)
		return false;
	line->status = 0;
	line->method_name = sip_slice_of(0, method_end);
	line->method = (uint8_t)sip_method_of((const char *)c->text, line->method_name);
	set_other_uri(&line->request_uri, method_end + 1, uri_end);
	return true;
}

/* SIP/2.0/transport sent-by;branch=value, of the first of a list. */
static bool take_via(struct sip_message *msg, struct sip_cursor *c)
{
	struct sip_via via = { 0 };
	uint32_t from, to;

	/* The topmost one tells the transaction; it is in this header unless there was one before. */
	if (msg->via_count && msg->via[0].transport.offset < c->at)
		return true;
	from = find_any(c, c->at, " \t");
	via.transport = sip_slice_of(c->at, from);
	from = sip_skip_spaces(c, from);
	to = find_any(c, from, ";, \t\r\n");
	if (from == to)
		return false;
	via.sent_by.name = sip_slice_of(from, to);
	via.sent_by.kind = SIP_HOST_NAME;
	c->end = find_any(c, to, ",");
	via.branch = param_value(c, to, "branch");
	via.has_cookie = via.branch.length >= sizeof(SIP_MAGIC_COOKIE) - 1 &&
			 !memcmp(c->text + via.branch.offset, SIP_MAGIC_COOKIE,
				 sizeof(SIP_MAGIC_COOKIE) - 1);
	msg->via[0] = via;
	msg->via_count = 1;
	return true;
}

/* The last "<" of the value, as a display-name may hold others; its end if there is none. */
static uint32_t find_angle(const struct sip_cursor *c)
{
	for (uint32_t at = c->end; at > c->at; at--) {
		if (c->text[at - 1] == '<')
			return at - 1;
	}
	return c->end;
}

/* display-name <URI>;tag=value, or URI;tag=value */
static bool take_address(struct sip_cursor *c, struct sip_address *address)
{
	uint32_t from = find_angle(c), to;
	bool angled = from < c->end;

	from = angled ? from + 1 : c->at;
	to = find_any(c, from, angled ? ">" : ";");
	if (from >= to)
		return false;
	*address = (struct sip_address){ .expires = SIP_EXPIRES_NONE, .q = SIP_Q_NONE };
	address->angled = angled;
	address->tag = param_value(c, to, "tag");
	c->at = from;
	if (!sip_take_uri(c, angled ? SIP_URI_ANGLED : SIP_URI_BARE, &address->uri) || c->at != to)
		set_other_uri(&address->uri, from, to);
	return true;
}

/* Where an element of a comma-separated list ends, whose commas may also stand in quotes or <>. */
static uint32_t element_end(const struct sip_cursor *c, uint32_t at)
{
	bool quoted = false, angled = false;

	for (; at < c->end; at++) {
		uint8_t octet = c->text[at];

		if (octet == '"' && !angled)
			quoted = !quoted;
		else if (!quoted && (octet == '<' || octet == '>'))
			angled = octet == '<';
		else if (octet == ',' && !quoted && !angled)
			break;
	}
	return at;
}

/* "60", or what is not given. */
static uint32_t expires_of(const struct sip_cursor *c, struct sip_slice value)
{
	struct sip_number seconds;

	if (!value.length)
		return SIP_EXPIRES_NONE;
	seconds = sip_number_at(c->text + value.offset);
	return seconds.digits && seconds.value < SIP_EXPIRES_NONE ? (uint32_t)seconds.value
								  : SIP_EXPIRES_DEFAULT;
}

/* Every contact of the header, those that were read of it before the fault as well. */
static bool take_contacts(struct sip_message *msg, const struct sip_cursor *c)
{
	uint32_t from = c->at, to;

	while (msg->contact_count && msg->contact[msg->contact_count - 1].uri.text.offset >= from)
		msg->contact_count--;
	for (; from < c->end && msg->contact_count < SIP_CONTACTS_MAX; from = to + 1) {
		struct sip_address *contact = &msg->contact[msg->contact_count];
		struct sip_cursor element = *c;

		to = element_end(c, from);
		element.at = sip_skip_spaces(c, from);
		element.end = to;
		if (!take_address(&element, contact))
			continue;
		contact->expires = expires_of(
			c, param_value(&element, sip_slice_end(contact->uri.text), "expires"));
		msg->contact_count++;
	}
	return true;
}

static bool take_call_id(struct sip_message *msg, const struct sip_cursor *c)
{
	msg->call_id = sip_slice_of(c->at, c->end);
	return msg->call_id.length != 0;
}

/* A number of any size, of which 32 bits tell one from the next, and a method. */
static bool take_cseq(struct sip_message *msg, struct sip_cursor *c)
{
	struct sip_number number = sip_take_number(c);

	if (!number.digits || !sip_take_space(c) || !sip_take_token(c, &msg->cseq.method_name))
		return false;
	msg->cseq.number = (uint32_t)number.value;
	msg->cseq.method = (uint8_t)sip_method_of((const char *)c->text, msg->cseq.method_name);
	return true;
}

bool sip_lenient_needs(enum sip_header_id id)
{
	switch (id) {
	case SIP_HEADER_VIA:
	case SIP_HEADER_FROM:
	case SIP_HEADER_TO:
	case SIP_HEADER_CALL_ID:
	case SIP_HEADER_CSEQ:
	case SIP_HEADER_CONTENT_LENGTH: return true;
	default: return false;
	}
}

bool sip_lenient_header(struct sip_message *msg, struct sip_cursor *c, enum sip_header_id id)
{
	switch (id) {
	case SIP_HEADER_VIA: return take_via(msg, c);
	case SIP_HEADER_FROM: return take_address(c, &msg->from);
	case SIP_HEADER_TO: return take_address(c, &msg->to);
	case SIP_HEADER_CALL_ID: return take_call_id(msg, c);
	case SIP_HEADER_CSEQ: return take_cseq(msg, c);
	case SIP_HEADER_CONTACT: return take_contacts(msg, c);
	case SIP_HEADER_CONTENT_LENGTH: return false;
	default: return true;
	}
}
