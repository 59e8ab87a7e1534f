// SPDX-License-Identifier: GPL-2.0-only
/* Which call a message belongs to, and how calls come and go. */
#include "track/call.h"

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

/* A place for the call that the message starts; 0: none. In a full table, there is one only for
 * what the server has answered. */
static uint32_t place_for(struct track *t, const struct event *e)
{
	struct table *table = &t->calls.table;
	uint64_t key = e->arrival->call_id_hash;
	uint32_t index = table_add(table, key);

	if (!index && e->from_server && event_is_success(e) && call_make_room(t))
		index = table_add(table, key);
	if (!index)
		t->stats.calls_full++;
	return index;
}

static const struct track_outcome not_of_call = { .of_call = false };

static struct track_outcome outcome_of(const struct call *call, bool again)
{
	return (struct track_outcome){
		.of_call = true,
		.again = again,
		.answered = call->answered_ns != 0,
	};
}

static struct track_outcome open_call(struct track *t, const struct event *e)
{
	uint32_t index;

	if (!starts_call(e))
		return not_of_call;
	index = place_for(t, e);
	if (!index)
		return not_of_call;
	call_start(t, index, e);
	call_write(t, index, e);
	if (!event_is_request(e)) {
		call_handle(t, index, e);
		call_touch(t, index);
	}
	return outcome_of(call_at(t, index), false);
}

/* A call that is over makes room for another one under the same Call-ID: section 8.1.1.4 forbids
 * it, test tools and some gateways do it. */
static bool reuses_call_id(const struct call *call, const struct event *e)
{
	return call_is_over(call) && event_is_request(e) && e->method == SIP_INVITE &&
	       !e->has_to_tag && e->from_tag != call->caller_tag;
}

/* The caller's tag is in every message of a call, in From or in To (section 12). */
static bool belongs(const struct call *call, const struct event *e)
{
	return e->from_tag == call->caller_tag || e->to_tag == call->caller_tag;
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

/* What of a call that is being set up shows that it goes on: a response, for Timer C; of one that
 * was challenged, anything but the ACK, which starts its last seconds. */
static bool puts_off_end(const struct call *call, const struct event *e)
{
	if (call->state != CALL_TRYING && call->state != CALL_RINGING)
		return false;
	if (call->flags & CALL_CHALLENGED)
		return !(call->flags & CALL_FAILURE_ACKED);
	return !event_is_request(e);
}

static struct track_outcome take_in(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);
	bool again = is_retransmission(call, e);

	call->messages++;
	call->seen_tick = wheel_now(&t->calls.wheel);
	call->updated_ns = e->now_ns;
	if (again) {
		call->retransmissions++;
		t->stats.retransmissions++;
	}
	/* An ACK may have come before what it acknowledges, and comes again for that. */
	if (!again || e->method == SIP_ACK)
		call_handle(t, index, e);
	if (puts_off_end(call, e))
		call_arm(t, index);
	if (call->flags & CALL_UNWRITTEN)
		call_write(t, index, e);
	else
		call_touch(t, index);
	return outcome_of(call_at(t, index), again);
}

/* The moments of a call go forward, though the wall clock may be set back between two of them: by
 * an administrator, or by the few nanoseconds that reading it twice leaves open. */
struct track_outcome call_event(struct track *t, const struct event *e)
{
	uint32_t index = table_find(&t->calls.table, e->arrival->call_id_hash);
	struct event in_order;
	struct call *call;

	if (!index)
		return open_call(t, e);
	call = call_at(t, index);
	if (reuses_call_id(call, e)) {
		call_delete(t, index);
		return open_call(t, e);
	}
	if (!belongs(call, e))
		return not_of_call;
	in_order = *e;
	if (in_order.now_ns < call->updated_ns)
		in_order.now_ns = call->updated_ns;
	return take_in(t, index, &in_order);
}
