// SPDX-License-Identifier: GPL-2.0-only
/* Transaction matching, and the requests outside of calls. */
#include "track/transaction.h"

#include "track/aor.h"
#include "track/fact.h"
#include "track/record.h"
#include "track/registration.h"

/* ACK to a non-2xx and CANCEL belong, for matching, to the INVITE that they follow. */
static uint8_t matched_method(uint8_t method)
{
	return method == SIP_ACK || method == SIP_CANCEL ? SIP_INVITE : method;
}

uint64_t transaction_id(const struct track *t, const struct sip_message *m)
{
	const struct sip_via *via = &m->via[0];
	struct siphash h;

	siphash_start(&h, &t->key);
	siphash_add(&h, sip_message_text(m, via->branch), via->branch.length);
	siphash_add_nocase(&h, sip_message_text(m, via->sent_by.name), via->sent_by.name.length);
	siphash_add_u64(&h, (uint64_t)via->sent_by.port << 8 | matched_method(m->cseq.method));
	if (m->cseq.method == SIP_OTHER)
		siphash_add(&h, sip_message_text(m, m->cseq.method_name),
			    m->cseq.method_name.length);
	if (!via->has_cookie) {
		siphash_add(&h, sip_message_text(m, m->call_id), m->call_id.length);
		siphash_add(&h, sip_message_text(m, m->from.tag), m->from.tag.length);
		siphash_add_u64(&h, m->cseq.number);
	}
	return siphash_end(&h);
}

uint32_t transaction_fingerprint(const struct event *e)
{
	uint64_t kind = (uint64_t)e->status << 16 | (uint64_t)e->method << 8 | e->from_server;
	uint64_t mix = (e->transaction ^ e->to_tag * 3) + kind * 0x9e3779b97f4a7c15ULL;

	mix = (mix ^ mix >> 32) * 0xd6e8feb86659fd93ULL;
	return (uint32_t)(mix >> 32) | 1;
}

/* Does it ask for a binding (RFC 3261 section 10.2.1.1), or only to take some back (section 10.2.2)? */
static bool asks_for(const struct transaction *tx, const struct sip_address *contact)
{
	return contact->expires == SIP_EXPIRES_NONE ? tx->expires != 0 : contact->expires != 0;
}

/* Which contacts a REGISTER is about (RFC 3261 section 10.3). */
static void note_contacts(const struct track *t, const struct event *e, struct transaction *tx)
{
	const struct sip_message *m = e->message;

	tx->star = m->contact_is_star;
	tx->expires = m->has_expires ? m->expires : SIP_EXPIRES_NONE;
	for (uint32_t i = 0; i < m->contact_count && i < TRANSACTION_CONTACTS; i++) {
		const struct sip_address *contact = &m->contact[i];

		tx->contact[i] = aor_binding_hash(&t->key, tx->target, m->text, &contact->uri);
		tx->contact_count++;
		tx->binds |= asks_for(tx, contact);
	}
	record_text(tx->user_agent, sizeof(tx->user_agent), sip_message_text(m, m->user_agent),
		    m->user_agent.length);
}

/* Requests that only mean something within a call. */
static bool needs_call(uint8_t method)
{
	switch (method) {
	case SIP_ACK:
	case SIP_BYE:
	case SIP_CANCEL:
	case SIP_INFO:
	case SIP_PRACK:
	case SIP_UPDATE: return true;
	default: return false;
	}
}

/* Requests that the server sends on its own are none of an AoR's or a peer's doing. */
static void request(struct track *t, const struct event *e)
{
	struct table *table = &t->transactions.table;
	struct transaction *tx;
	uint32_t index;

	if (e->from_server || needs_call(e->method)) {
		t->stats.strays++;
		return;
	}
	if (table_find(table, e->transaction)) {
		t->stats.retransmissions++;
		return;
	}
	index = table_add(table, e->transaction);
	if (!index) {
		t->stats.transactions_full++;
		return;
	}
	tx = table_entry(table, index);
	tx->target = event_target(t, e);
	tx->peer = e->arrival->peer;
	tx->method = e->method;
	tx->started_ns = e->now_ns;
	tx->service = (uint8_t)e->arrival->service;
	tx->credentials = e->credentials;
	if (e->method == SIP_REGISTER) {
		note_contacts(t, e, tx);
		quality_of(t, tx->service)->registers++;
	}
	wheel_set(&t->transactions.wheel, index, TRACK_64_T1_NS);
}

static void count_registration(struct track *t, const struct event *e, const struct transaction *tx)
{
	struct track_quality *quality = quality_of(t, tx->service);

	if (event_is_success(e)) {
		quality->registers_granted++;
		quality_delay_add(&quality->registering, tx->started_ns, e->now_ns);
	} else if (event_is_challenge(e)) {
		quality->registers_challenged++;
	} else {
		quality->registers_failed++;
	}
}

/* A final response stays known until no retransmission of its request can be under way. */
static void answer(struct track *t, const struct event *e, uint32_t index)
{
	struct transaction *tx = table_entry(&t->transactions.table, index);

	if (tx->answered) {
		t->stats.retransmissions++;
		if (e->method == SIP_REGISTER && event_is_success(e))
			registration_repeated(t, e, tx);
		return;
	}
	tx->answered = 1;
	wheel_set(&t->transactions.wheel, index, TRACK_T4_NS);
	transaction_report(t, e, tx->credentials, &tx->peer, tx->target);
	if (e->method != SIP_REGISTER)
		return;
	count_registration(t, e, tx);
	if (event_is_success(e))
		registration_granted(t, e, tx);
}

static void response(struct track *t, const struct event *e)
{
	uint32_t index = table_find(&t->transactions.table, e->transaction);

	if (!e->from_server || e->status < 200)
		return;
	if (index)
		answer(t, e, index);
	else if (e->method == SIP_REGISTER && event_is_success(e))
		registration_granted(t, e, NULL);
	else
		t->stats.strays++;
}

void transaction_event(struct track *t, const struct event *e)
{
	if (event_is_request(e))
		request(t, e);
	else
		response(t, e);
}

void transaction_expired(struct track *t, uint32_t index)
{
	const struct transaction *tx = table_entry(&t->transactions.table, index);

	if (tx->method == SIP_REGISTER && !tx->answered)
		quality_of(t, tx->service)->registers_failed++;
	table_remove(&t->transactions.table, index);
}

/* Answers that only one who exists can have caused. */
static bool shows_aor_exists(uint16_t status)
{
	switch (status) {
	case 410: /* Gone */
	case 480: /* Temporarily Unavailable */
	case 486: /* Busy Here */
	case 487: /* Request Terminated */
	case 488: /* Not Acceptable Here */
	case 600: /* Busy Everywhere */
	case 603: /* Decline */
	case 606: /* Not Acceptable */ return true;
	default: return status / 100 == 2 || status / 100 == 3;
	}
}

void transaction_report(struct track *t, const struct event *e, bool credentials,
			const struct sipxdp_peer *peer, uint64_t target)
{
	struct track_fact fact = fact_of(e, TRACK_FOUND, peer, target);

	if (event_is_challenge(e) || e->status == 403) {
		if (!credentials)
			return; /* a bare challenge is no offence, nor is a closed door */
		if (event_is_stale(e))
			return;
		fact.kind = TRACK_REFUSED;
	} else if (e->status == 404 || e->status == 604) {
		fact.kind = TRACK_UNKNOWN;
	} else if (!shows_aor_exists(e->status)) {
		return;
	}
	fact_tell(t, &fact);
}
