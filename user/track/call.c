// SPDX-License-Identifier: GPL-2.0-only
/* Which call a message belongs to, and how calls come and go. */
#include "track/call.h"

#include <errno.h>

#include "track/transaction.h"

/* An INVITE outside of a dialog starts a call. If the INVITE was missed (the daemon started later,
 * the tap was full), the server's own word that there is a call does, too. */
static bool starts_call(const struct event *e)
{
	if (e->method != SIP_INVITE)
		return false;
	if (event_is_request(e))
		return !e->has_to_tag;
	return e->from_server && e->status > 100 && e->status < 300;
}

static bool open_call(struct track *t, const struct event *e)
{
	uint32_t index;

	if (!starts_call(e))
		return false;
	index = table_add(&t->calls.table, e->arrival->call_id_hash);
	if (!index) {
		t->stats.calls_full++;
		return false;
	}
	call_start(t, index, e);
	call_handle(t, index, e);
	call_write(t, index, e);
	return true;
}

/* A call that is over makes room for another one under the same Call-ID: section 8.1.1.4 forbids
 * it, test tools and some gateways do it. */
static bool reuses_call_id(const struct call *call, const struct event *e)
{
	return (call->state == CALL_ENDED || call->state == CALL_FAILED) && event_is_request(e) &&
	       e->method == SIP_INVITE && !e->has_to_tag && e->from_tag != call->caller_tag;
}

/* The caller's tag is in every message of a call, in From or in To (section 12). */
static bool belongs(const struct call *call, const struct event *e)
{
	return call->flags & CALL_ADOPTED || e->from_tag == call->caller_tag ||
	       e->to_tag == call->caller_tag;
}

/* True: the message was seen before. */
static bool is_retransmission(struct call *call, const struct event *e)
{
	uint32_t print = transaction_fingerprint(e);

	for (int i = 0; i < CALL_RECENT; i++)
		if (call->recent[i] == print)
			return true;
	call->recent[call->recent_next] = print;
	call->recent_next = (uint8_t)((call->recent_next + 1) % CALL_RECENT);
	return false;
}

/* A message of the setup puts off Timer C; a message of an answered call, the end by idleness. A
 * session timer is put off by refreshes alone (call_state.c). */
static bool puts_off_end(const struct call *call)
{
	switch (call->state) {
	case CALL_TRYING:
	case CALL_RINGING: return !(call->flags & CALL_CHALLENGED);
	case CALL_CONFIRMED: return !call->session_s;
	default: return false;
	}
}

static void take_in(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);
	bool again = is_retransmission(call, e);

	call->messages++;
	if (e->now_ns > call->updated_ns)
		call->updated_ns = e->now_ns;
	if (again) {
		call->retransmissions++;
		t->stats.retransmissions++;
	}
	/* An ACK may have come before what it acknowledges, and comes again for that. */
	if (!again || e->method == SIP_ACK)
		call_handle(t, index, e);
	if (puts_off_end(call))
		call_arm(t, index);
	if (call->flags & CALL_UNWRITTEN)
		call_write(t, index, e);
	else
		call_touch(t, index);
}

bool call_event(struct track *t, const struct event *e)
{
	uint32_t index = table_find(&t->calls.table, e->arrival->call_id_hash);
	struct call *call;

	if (!index)
		return open_call(t, e);
	call = call_at(t, index);
	if (reuses_call_id(call, e)) {
		call_delete(t, index);
		return open_call(t, e);
	}
	if (!belongs(call, e))
		return false;
	take_in(t, index, e);
	return true;
}

void call_expired(struct track *t, uint32_t index)
{
	struct call *call = call_at(t, index);
	uint64_t now_ns = t->calls.wheel.now_ns;

	switch (call->state) {
	case CALL_ENDED:
	case CALL_FAILED: call_delete(t, index); return;
	case CALL_ANSWERED:
	case CALL_CONFIRMED: call_end(t, index, CALL_ENDED, now_ns); break;
	default: call_end(t, index, call->flags & CALL_BYE_SEEN ? CALL_ENDED : CALL_FAILED, now_ns);
	}
	call_touch(t, index);
}

static int refuse_record(struct track *t, const struct call_key *key, int err)
{
	t->sink.call_delete(t->sink.context, key);
	return err;
}

/* What is left of the time that the record's state allows. */
static uint64_t time_left(uint64_t from_ns, uint64_t allowed_ns, uint64_t now_ns)
{
	uint64_t spent_ns = now_ns > from_ns ? now_ns - from_ns : 0;

	return spent_ns < allowed_ns ? allowed_ns - spent_ns : 0;
}

static uint64_t adopted_time_left(const struct track *t, const struct call_record *r)
{
	uint64_t now_ns = t->calls.wheel.now_ns;

	switch (r->state) {
	case CALL_TRYING:
	case CALL_RINGING: return time_left(r->updated_unix_ns, TRACK_TIMER_C_NS, now_ns);
	case CALL_CONFIRMED: return time_left(r->updated_unix_ns, t->config.idle_ns, now_ns);
	case CALL_ANSWERED: return time_left(r->answered_unix_ns, TRACK_64_T1_NS, now_ns);
	case CALL_CANCELLING: return time_left(r->updated_unix_ns, TRACK_64_T1_NS, now_ns);
	case CALL_ENDED:
	case CALL_FAILED: return time_left(r->ended_unix_ns, TRACK_LINGER_NS, now_ns);
	}
	return 0; /* no state that we know */
}

int track_adopt_call(struct track *t, const struct call_key *key, const struct call_record *r)
{
	uint64_t left_ns = adopted_time_left(t, r);
	struct call *call;
	uint32_t index;

	if (table_find(&t->calls.table, key->call_id_hash))
		return -EEXIST;
	if (!left_ns)
		return refuse_record(t, key, -ESTALE);
	index = table_add(&t->calls.table, key->call_id_hash);
	if (!index) {
		t->stats.calls_full++;
		return refuse_record(t, key, -ENOSPC);
	}
	call = call_at(t, index);
	call->flags = CALL_ADOPTED;
	call->started_ns = r->started_unix_ns;
	call->answered_ns = r->answered_unix_ns;
	call->ended_ns = r->ended_unix_ns;
	call->updated_ns = r->updated_unix_ns;
	call->state = (uint8_t)r->state;
	call->service = (uint8_t)r->service;
	call->setup_ms = r->setup_ms;
	call->messages = r->messages;
	call->retransmissions = r->retransmissions;
	call->reinvites = r->reinvites;
	call->final_status = r->final_status;
	wheel_set(&t->calls.wheel, index, left_ns);
	return 0;
}
