// SPDX-License-Identifier: GPL-2.0-only
/* Reads what the state machines need out of a parsed message. */
#include "track/event.h"

#include "sip/digest.h"
#include "track/aor.h"
#include "track/transaction.h"

#define SESSION_EXPIRES_MIN 90 /* RFC 4028 section 5 */

static uint64_t tag_hash(const struct track *t, const struct sip_message *m, struct sip_slice tag)
{
	if (!tag.length)
		return t->no_tag;
	return siphash_of(&t->key, sip_message_text(m, tag), tag.length);
}

void event_read(struct event *e, const struct track *t, const struct track_arrival *arrival,
		const struct sip_message *m)
{
	*e = (struct event){
		.arrival = arrival,
		.message = m,
		.transaction = transaction_id(t, m),
		.from_tag = tag_hash(t, m, m->from.tag),
		.to_tag = tag_hash(t, m, m->to.tag),
		.now_ns = arrival->now_ns,
		.cseq = m->cseq.number,
		.status = m->kind == SIP_RESPONSE ? m->start.status : 0,
		.method = m->cseq.method,
		.from_server = arrival->direction == TRACK_FROM_SERVER,
		.has_to_tag = m->to.tag.length != 0,
		.credentials = sip_message_has(m, SIP_HEADER_AUTHORIZATION) ||
			       sip_message_has(m, SIP_HEADER_PROXY_AUTHORIZATION),
	};
}

static bool says_stale(const struct sip_message *m, enum sip_header_id id)
{
	const struct sip_header *header = NULL;
	struct sip_challenge challenge;
	struct sip_cursor cursor;

	while ((header = sip_message_header(m, id, header))) {
		cursor = sip_message_cursor(m, header);
		if (sip_take_challenge(&cursor, &challenge) && challenge.stale)
			return true;
	}
	return false;
}

bool event_is_stale(const struct event *e)
{
	return says_stale(e->message, SIP_HEADER_WWW_AUTHENTICATE) ||
	       says_stale(e->message, SIP_HEADER_PROXY_AUTHENTICATE);
}

/* The digits at the start of text as a number, no larger than 2^32-1. */
static uint32_t leading_number(const char *text, size_t length)
{
	uint64_t n = 0;

	for (size_t i = 0; i < length && text[i] >= '0' && text[i] <= '9'; i++) {
		n = n * 10 + (uint64_t)(text[i] - '0');
		if (n > UINT32_MAX)
			n = UINT32_MAX;
	}
	return (uint32_t)n;
}

uint32_t event_session_expires(const struct event *e)
{
	const struct sip_message *m = e->message;
	const struct sip_header *header;
	uint32_t seconds;

	if (!sip_message_has(m, SIP_HEADER_SESSION_EXPIRES))
		return 0;
	header = sip_message_header(m, SIP_HEADER_SESSION_EXPIRES, NULL);
	seconds = leading_number(sip_message_text(m, header->value), header->value.length);
	return seconds > SESSION_EXPIRES_MIN ? seconds : SESSION_EXPIRES_MIN;
}

uint64_t event_target(const struct track *t, const struct event *e)
{
	const struct sip_message *m = e->message;

	if (event_is_request(e) && e->method != SIP_REGISTER)
		return aor_hash(&t->key, m->text, &m->start.request_uri);
	return aor_hash(&t->key, m->text, &m->to.uri);
}
