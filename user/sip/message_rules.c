/* SPDX-License-Identifier: GPL-2.0-only */
/* What is read from each header while a message is parsed: its place in struct sip_message, or, for
 * those that have none, whether its form is right. */
#include "sip/message_rules.h"

#include "sip/call_id.h"
#include "sip/content.h"
#include "sip/date.h"
#include "sip/event.h"
#include "sip/number.h"
#include "sip/session_timer.h"

#define MAX_FORWARDS_MAX 255

/* Between the elements of a comma-separated list, and at its end. */
static inline bool next_element(struct sip_cursor *c)
{
	return sip_take_separator(c, ',');
}

static inline bool list_end(struct sip_cursor *c)
{
	return sip_expect_end(c, "RFC 3261 7.3.1", "octet that fits neither the value nor a comma");
}

static bool take_vias(struct sip_message *msg, struct sip_cursor *c)
{
	do {
		if (sip_unlikely(msg->via_count == SIP_VIAS_MAX))
			return sip_fail(c, c->at, "RFC 3261 20.42", "more than 64 Via");
		if (!sip_take_via(c, &msg->via[msg->via_count]))
			return false;
		msg->via_count++;
	} while (next_element(c));
	return list_end(c);
}

/* Contact = STAR / (contact-param *(COMMA contact-param)) */
static bool take_contacts(struct sip_message *msg, struct sip_cursor *c)
{
	if (sip_unlikely(sip_peek(c) == '*' && c->at + 1 == c->end)) {
		msg->contact_is_star = true;
		return true;
	}
	do {
		if (sip_unlikely(msg->contact_count == SIP_CONTACTS_MAX))
			return sip_fail(c, c->at, "RFC 3261 20.10", "more than 64 Contact");
		if (!sip_take_contact(c, &msg->contact[msg->contact_count]))
			return false;
		msg->contact_count++;
	} while (next_element(c));
	return list_end(c);
}

static bool take_route_list(struct sip_cursor *c, struct sip_address *routes, uint32_t *count)
{
	do {
		if (sip_unlikely(*count == SIP_ROUTES_MAX))
			return sip_fail(c, c->at, "RFC 3261 20.34", "more than 32 routes");
		if (!sip_take_route(c, &routes[*count]))
			return false;
		++*count;
	} while (next_element(c));
	return list_end(c);
}

static bool take_route(struct sip_message *msg, struct sip_cursor *c)
{
	return take_route_list(c, msg->route, &msg->route_count);
}

static bool take_record_route(struct sip_message *msg, struct sip_cursor *c)
{
	return take_route_list(c, msg->record_route, &msg->record_route_count);
}

static bool take_from(struct sip_message *msg, struct sip_cursor *c)
{
	return sip_take_tagged(c, &msg->from) &&
	       sip_expect_end(c, "RFC 3261 20.20", "octet that From cannot hold");
}

static bool take_to(struct sip_message *msg, struct sip_cursor *c)
{
	return sip_take_tagged(c, &msg->to) &&
	       sip_expect_end(c, "RFC 3261 20.39", "octet that To cannot hold");
}

static bool take_call_id(struct sip_message *msg, struct sip_cursor *c)
{
	return sip_take_call_id(c, &msg->call_id);
}

static bool take_cseq(struct sip_message *msg, struct sip_cursor *c)
{
	return sip_take_cseq(c, &msg->cseq);
}

/* A number that is the whole value; no digits if it is none. */
static inline struct sip_number take_only_number(struct sip_cursor *c)
{
	struct sip_number n = sip_take_number(c);

	return sip_likely(sip_at_end(c)) ? n : (struct sip_number){ 0 };
}

static bool take_content_length(struct sip_message *msg, struct sip_cursor *c)
{
	uint32_t from = c->at;
	struct sip_number length = take_only_number(c);

	if (sip_unlikely(!length.digits || length.value > UINT32_MAX))
		return sip_fail(c, from, "RFC 3261 20.14", "Content-Length is not a number");
	msg->content_length = (uint32_t)length.value;
	msg->has_content_length = true;
	return true;
}

static bool take_max_forwards(struct sip_message *msg, struct sip_cursor *c)
{
	uint32_t from = c->at;
	struct sip_number hops = take_only_number(c);

	if (sip_unlikely(!hops.digits || hops.value > MAX_FORWARDS_MAX))
		return sip_fail(c, from, "RFC 3261 20.22",
				"Max-Forwards is not a number from 0 to 255");
	msg->max_forwards = (uint8_t)hops.value;
	msg->has_max_forwards = true;
	return true;
}

/* Out of range, it counts as an hour, as a malformed one of a Contact does. */
static bool take_expires(struct sip_message *msg, struct sip_cursor *c)
{
	uint32_t from = c->at;
	struct sip_number seconds = take_only_number(c);

	if (sip_unlikely(!seconds.digits))
		return sip_fail(c, from, "RFC 3261 20.19", "Expires is not a number of seconds");
	if (sip_unlikely(seconds.value > UINT32_MAX)) {
		c->warnings |= SIP_WARN_EXPIRES_RANGE;
		seconds.value = SIP_EXPIRES_DEFAULT;
	}
	msg->expires = (uint32_t)seconds.value;
	msg->has_expires = true;
	return true;
}

/* Of several the first counts. */
static bool take_user_agent(struct sip_message *msg, struct sip_cursor *c)
{
	if (!msg->user_agent.length)
		msg->user_agent = sip_slice_of(c->at, c->end);
	return true;
}

static bool take_content_type(struct sip_message *msg, struct sip_cursor *c)
{
	struct sip_content_type type;

	msg->content_type = sip_slice_of(c->at, c->end);
	return sip_take_content_type(c, &type);
}

/* The rest have no place in the message; who wants them reads them again with the same readers. */

static bool check_date(struct sip_message *msg, struct sip_cursor *c)
{
	struct sip_date date;

	(void)msg;
	return sip_take_date(c, &date);
}

static bool check_event(struct sip_message *msg, struct sip_cursor *c)
{
	struct sip_event event;

	(void)msg;
	return sip_take_event(c, &event);
}

static bool check_subscription_state(struct sip_message *msg, struct sip_cursor *c)
{
	struct sip_subscription_state state;

	(void)msg;
	return sip_take_subscription_state(c, &state);
}

static bool check_session_expires(struct sip_message *msg, struct sip_cursor *c)
{
	struct sip_session_timer timer;

	(void)msg;
	return sip_take_session_timer(c, &timer);
}

static bool check_rack(struct sip_message *msg, struct sip_cursor *c)
{
	struct sip_rack rack;

	(void)msg;
	return sip_take_rack(c, &rack);
}

static bool check_rseq(struct sip_message *msg, struct sip_cursor *c)
{
	uint32_t from = c->at;
	struct sip_number number = take_only_number(c);

	(void)msg;
	if (number.digits && number.value != 0 && number.value <= UINT32_MAX)
		return true;
	return sip_fail(c, from, "RFC 3262 7.1", "RSeq is not a number from 1 to 2^32-1");
}

static bool check_min_expires(struct sip_message *msg, struct sip_cursor *c)
{
	uint32_t from = c->at;
	struct sip_number number = take_only_number(c);

	(void)msg;
	if (number.digits && number.value <= UINT32_MAX)
		return true;
	return sip_fail(c, from, "RFC 3261 20.23", "Min-Expires is not a number below 2^32");
}

sip_message_rule *const sip_message_rules[SIP_HEADER_COUNT] = {
	[SIP_HEADER_VIA] = take_vias,
	[SIP_HEADER_FROM] = take_from,
	[SIP_HEADER_TO] = take_to,
	[SIP_HEADER_CALL_ID] = take_call_id,
	[SIP_HEADER_CSEQ] = take_cseq,
	[SIP_HEADER_CONTACT] = take_contacts,
	[SIP_HEADER_ROUTE] = take_route,
	[SIP_HEADER_RECORD_ROUTE] = take_record_route,
	[SIP_HEADER_MAX_FORWARDS] = take_max_forwards,
	[SIP_HEADER_EXPIRES] = take_expires,
	[SIP_HEADER_CONTENT_LENGTH] = take_content_length,
	[SIP_HEADER_CONTENT_TYPE] = take_content_type,
	[SIP_HEADER_USER_AGENT] = take_user_agent,
	[SIP_HEADER_SERVER] = take_user_agent,
	[SIP_HEADER_DATE] = check_date,
	[SIP_HEADER_EVENT] = check_event,
	[SIP_HEADER_SUBSCRIPTION_STATE] = check_subscription_state,
	[SIP_HEADER_SESSION_EXPIRES] = check_session_expires,
	[SIP_HEADER_MIN_SE] = check_session_expires,
	[SIP_HEADER_MIN_EXPIRES] = check_min_expires,
	[SIP_HEADER_RSEQ] = check_rseq,
	[SIP_HEADER_RACK] = check_rack,
};
