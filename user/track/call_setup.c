// SPDX-License-Identifier: GPL-2.0-only
/* From the INVITE to the ACK (RFC 3261 sections 9, 13 and 17). */
#include "track/call.h"

#include <sipxdp/time.h>
#include "track/fact.h"
#include "track/transaction.h"

/* Since the call was started; at least 1, as 0 means: not yet. */
static uint32_t ms_since_start(const struct call *call, uint64_t now_ns)
{
	uint64_t ms = 0;

	if (now_ns > call->started_ns)
		ms = (now_ns - call->started_ns) / NSEC_PER_MSEC;
	if (ms > UINT32_MAX)
		return UINT32_MAX;
	return ms ? (uint32_t)ms : 1;
}

static uint64_t attempt_ns(const struct call *call)
{
	return call->started_ns + call->attempt_ms * NSEC_PER_MSEC;
}

/* ---- INVITE outside of a dialog ---- */

/* Takes the INVITE as the one whose responses count: the first, or a new attempt. */
static void set_out(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);
	bool first = call->messages == 1;

	call->transaction = e->transaction;
	call->invite_cseq = e->cseq;
	call->target = event_target(t, e);
	call->attempt_ms = first ? 0 : ms_since_start(call, e->now_ns);
	call->ring_ms = 0;
	call->final_status = 0;
	call->ended_ns = 0;
	call_clear(call, CALL_CREDENTIALS | CALL_PROCEEDING | CALL_CHALLENGED | CALL_ACK_SEEN |
				 CALL_FAILURE_ACKED | CALL_BYE_SEEN | CALL_LATE);
	if (e->credentials)
		call_set(call, CALL_CREDENTIALS);
	if (!event_is_request(e))
		call_set(call, CALL_LATE);
	call_quality(t, call)->attempts++;
	call_enter(t, index, CALL_TRYING);
}

void call_start(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	call->caller_tag = e->from_tag;
	call->peer = e->arrival->peer;
	call->service = (uint8_t)e->arrival->service;
	call->started_ns = e->now_ns;
	call->updated_ns = e->now_ns;
	call->seen_tick = wheel_now(&t->calls.wheel);
	call->messages = 1;
	call->recent[call->recent_next++] = transaction_fingerprint(e);
	if (event_is_request(e) == e->from_server)
		call_set(call, CALL_FROM_SERVER);
	set_out(t, index, e);
}

/* The same caller tries again: with credentials after a challenge, elsewhere after a redirection,
 * with another session timer after a 422 (a higher CSeq, section 8.1.3.5); or a proxy before us
 * tries its next branch (the same CSeq, another transaction). What the caller sends through other
 * hops, or what comes late, changes nothing. */
void call_invite(struct track *t, uint32_t index, const struct event *e)
{
	const struct call *call = call_at(t, index);
	bool later = e->cseq > call->invite_cseq;
	bool next_branch = e->cseq == call->invite_cseq && call->state == CALL_FAILED;

	if (!call_goes_forward(call, e) || call_side_of(call, e) != CALL_CALLER ||
	    e->transaction == call->transaction)
		return;
	if ((call_is_setup(call) && later) ||
	    (call->state == CALL_FAILED && (later || next_branch)))
		set_out(t, index, e);
}

/* ---- responses ---- */

static void know_dialog(struct track *t, struct call *call, const struct event *e,
			enum fork_state state)
{
	if (call_fork_state(call, e) == FORK_UNUSED)
		call_count(&call->forks_seen);
	if (!fork_set(&call->forks, call_dialog_tag(call, e), state))
		t->stats.forks_lost++;
}

static void note_ringing(struct track *t, struct call *call, const struct event *e)
{
	if (call->ring_ms || call->flags & CALL_LATE)
		return;
	call->ring_ms = ms_since_start(call, e->now_ns);
	quality_delay_add(&call_quality(t, call)->ringing, attempt_ns(call), e->now_ns);
}

static void provisional(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (!call_is_setup(call))
		return;
	call_set(call, CALL_PROCEEDING);
	if (e->status > 100)
		note_ringing(t, call, e);
	if (e->has_to_tag && call_fork_state(call, e) == FORK_UNUSED)
		know_dialog(t, call, e, FORK_EARLY);
	if (call->state == CALL_TRYING && e->status > 100)
		call_enter(t, index, CALL_RINGING);
}

/* The AoR was reached. The word of the far side counts only where it is the one that was asked, in
 * the transaction that asked it: anyone can send a 200. */
static void tell_answered(struct track *t, const struct call *call, const struct event *e)
{
	struct track_fact fact = fact_of(e, TRACK_ANSWERED, &call->peer, call->target);

	if (!e->from_server && (e->transaction != call->transaction ||
				memcmp(&e->arrival->peer, &call->peer, sizeof(call->peer)) != 0))
		return;
	fact_tell(t, &fact);
}

static void note_answer(struct track *t, struct call *call, const struct event *e)
{
	struct track_quality *quality = call_quality(t, call);

	if (call->state == CALL_FAILED && call->final_status)
		quality_failure(quality, call->final_status, -1);
	quality->answered++;
	call->answered_ns = e->now_ns;
	call->final_status = e->status;
	call->ended_ns = 0;
	if (call->flags & CALL_LATE)
		return;
	quality_delay_add(&quality->connecting, attempt_ns(call), e->now_ns);
	note_ringing(t, call, e);
}

/* A 2xx wins over a CANCEL under way (section 9.1) and over whatever failed on another branch. If
 * the BYE of its dialog came by first, the call is over already. */
static void answered(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);
	bool over = call_fork_state(call, e) == FORK_TERMINATED;

	if (!over)
		know_dialog(t, call, e, FORK_CONFIRMED);
	if (!call_is_setup(call) && call->state != CALL_FAILED)
		return;
	note_answer(t, call, e);
	tell_answered(t, call, e);
	if (e->from_server)
		transaction_report(t, e, call->flags & CALL_CREDENTIALS, &call->peer, call->target);
	if (over) {
		quality_completed(call_quality(t, call), e->now_ns, e->now_ns, 1);
		call_end(t, index, CALL_ENDED, e->now_ns);
	} else {
		call_enter(t, index, call->flags & CALL_ACK_SEEN ? CALL_CONFIRMED : CALL_ANSWERED);
	}
}

/* A failure counts when it answers the very INVITE that set out: those of a proxy's branches are
 * the proxy's affair. After a challenge the caller is given the time to try again. */
static void failed(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);
	struct track_quality *quality = call_quality(t, call);

	if (!call_is_setup(call) || e->transaction != call->transaction ||
	    call->flags & CALL_CHALLENGED)
		return;
	call->final_status = e->status;
	if (e->from_server)
		transaction_report(t, e, call->flags & CALL_CREDENTIALS, &call->peer, call->target);
	if (event_is_challenge(e) && call->state != CALL_CANCELLING) {
		quality->challenged++;
		call_set(call, CALL_CHALLENGED);
		call_arm(t, index);
		return;
	}
	quality_failure(quality, e->status, 1);
	if (!(call->flags & CALL_LATE))
		quality_delay_add(&quality->failing, attempt_ns(call), e->now_ns);
	call_end(t, index, CALL_FAILED, e->now_ns);
}

/* The INVITE of a later attempt was missed: its response stands for it. */
static bool answers_missed_attempt(const struct call *call, const struct event *e)
{
	return call_side_of(call, e) == CALL_CALLER && !call_goes_forward(call, e) &&
	       e->cseq > call->invite_cseq && (call_is_setup(call) || call->state == CALL_FAILED);
}

/* The answer is in the response that the caller gets (RFC 3264 section 5); of several early ones,
 * the latest counts. */
static void take_response(struct track *t, uint32_t index, const struct event *e)
{
	if (call_goes_forward(call_at(t, index), e))
		return; /* on another hop */
	if (!call_at(t, index)->target)
		call_at(t, index)->target = event_target(t, e);
	if (e->status < 300)
		call_answer(t, index, e);
	if (e->status < 200)
		provisional(t, index, e);
	else if (event_is_success(e))
		answered(t, index, e);
	else
		failed(t, index, e);
	if (event_is_success(e))
		call_session_refreshed(t, index, e);
}

void call_invite_response(struct track *t, uint32_t index, const struct event *e)
{
	const struct call *call = call_at(t, index);

	if (answers_missed_attempt(call, e))
		set_out(t, index, e);
	if (call_side_of(call, e) == CALL_CALLER && e->cseq == call->invite_cseq)
		take_response(t, index, e);
	else
		call_reinvite_response(t, index, e);
}

/* ---- ACK, CANCEL ---- */

/* The ACK to a 2xx is a transaction of its own, that to a failure is the INVITE's (section 17). */
void call_ack(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);
	bool of_failure = e->transaction == call->transaction;

	if (!call_goes_forward(call, e) || call_side_of(call, e) != CALL_CALLER ||
	    e->cseq != call->invite_cseq)
		return;
	if (call->state == CALL_ANSWERED) {
		call_answer(t, index, e);
		call_enter(t, index, CALL_CONFIRMED);
	} else if (call_is_setup(call) && !of_failure) {
		call_set(call, CALL_ACK_SEEN);
	} else if (call_is_setup(call) && !(call->flags & CALL_FAILURE_ACKED)) {
		call_set(call, CALL_FAILURE_ACKED);
		if (call->flags & CALL_CHALLENGED)
			call_arm(t, index);
	}
}

void call_cancel(struct track *t, uint32_t index, const struct event *e)
{
	const struct call *call = call_at(t, index);

	if (call_goes_forward(call, e) && e->transaction == call->transaction &&
	    (call->state == CALL_TRYING || call->state == CALL_RINGING))
		call_enter(t, index, CALL_CANCELLING);
}
