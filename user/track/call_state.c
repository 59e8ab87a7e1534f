// SPDX-License-Identifier: GPL-2.0-only
/* The state machine of a call (RFC 3261 sections 9, 12, 13, 14, 15 and 17). Every transition bears
 * being missed, repeated and late: what a message says is held against what is known, never against
 * what should have come before. */
#include "track/call.h"
#include "track/fact.h"
#include "track/transaction.h"

#define NSEC_PER_MSEC 1000000ull

static bool is_setup(const struct call *call)
{
	return call->state == CALL_TRYING || call->state == CALL_RINGING ||
	       call->state == CALL_CANCELLING;
}

static bool is_up(const struct call *call)
{
	return call->state == CALL_ANSWERED || call->state == CALL_CONFIRMED;
}

static void set_flags(struct call *call, uint16_t flags)
{
	call->flags |= flags;
}

static void clear_flags(struct call *call, uint16_t flags)
{
	call->flags &= (uint16_t)~flags;
}

/* Did the message travel as the first INVITE did? */
static bool goes_forward(const struct call *call, const struct event *e)
{
	return e->from_server == !!(call->flags & CALL_FROM_SERVER);
}

/* Who sent the request, or the request that was answered: its From says. */
static enum call_side side_of(const struct call *call, const struct event *e)
{
	return e->from_tag == call->caller_tag ? CALL_CALLER : CALL_CALLEE;
}

/* The tag that the callee gave the dialog; a callee of RFC 2543 may have given none. */
static uint64_t dialog_tag(const struct call *call, const struct event *e)
{
	return side_of(call, e) == CALL_CALLER ? e->to_tag : e->from_tag;
}

void call_arm(struct track *t, uint32_t index)
{
	struct call *call = call_at(t, index);
	uint64_t after_ns = TRACK_64_T1_NS;

	switch (call->state) {
	case CALL_TRYING:
	case CALL_RINGING:
		if (!(call->flags & CALL_CHALLENGED))
			after_ns = TRACK_TIMER_C_NS;
		break;
	case CALL_CONFIRMED:
		after_ns = call->session_s ? call->session_s * TRACK_SECOND_NS + TRACK_64_T1_NS
					   : t->config.idle_ns;
		break;
	case CALL_ENDED:
	case CALL_FAILED: after_ns = TRACK_LINGER_NS; break;
	case CALL_ANSWERED:
	case CALL_CANCELLING: break;
	}
	wheel_set(&t->calls.wheel, index, after_ns);
}

static void enter(struct track *t, uint32_t index, enum call_state state)
{
	call_at(t, index)->state = (uint8_t)state;
	call_arm(t, index);
}

void call_end(struct track *t, uint32_t index, enum call_state state, uint64_t now_ns)
{
	call_at(t, index)->ended_ns = now_ns;
	enter(t, index, state);
}

/* ---- INVITE outside of a dialog ---- */

/* Takes the INVITE as the one whose responses count: the first, or a new attempt. */
static void set_out(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	call->transaction = e->transaction;
	call->invite_cseq = e->cseq;
	call->target = event_target(t, e);
	call->final_status = 0;
	call->ended_ns = 0;
	clear_flags(call, CALL_CREDENTIALS | CALL_CHALLENGED | CALL_ACK_SEEN | CALL_BYE_SEEN);
	if (e->credentials)
		set_flags(call, CALL_CREDENTIALS);
	enter(t, index, CALL_TRYING);
}

void call_start(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);
	bool request = event_is_request(e);

	call->caller_tag = e->from_tag;
	call->peer = e->arrival->peer;
	call->service = (uint8_t)e->arrival->service;
	call->started_ns = e->now_ns;
	call->updated_ns = e->now_ns;
	call->messages = 1;
	call->recent[call->recent_next++] = transaction_fingerprint(e);
	if (request == e->from_server)
		set_flags(call, CALL_FROM_SERVER);
	set_out(t, index, e);
	if (!request)
		set_flags(call, CALL_LATE);
}

/* The same caller tries again: with credentials after a challenge, elsewhere after a redirection,
 * with another session timer after a 422 (a higher CSeq, section 8.1.3.5); or a proxy before us
 * tries its next branch (the same CSeq, another transaction). What the caller sends through other
 * hops, or what comes late, changes nothing. */
static void invite(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);
	bool later = e->cseq > call->invite_cseq;
	bool next_branch = e->cseq == call->invite_cseq && call->state == CALL_FAILED;

	if (!goes_forward(call, e) || side_of(call, e) != CALL_CALLER ||
	    e->transaction == call->transaction)
		return;
	if ((is_setup(call) && later) || (call->state == CALL_FAILED && (later || next_branch)))
		set_out(t, index, e);
}

/* ---- re-INVITE, section 14 ---- */

static void reinvite(struct call *call, const struct event *e)
{
	enum call_side side = side_of(call, e);

	if (!is_up(call) || fork_state(&call->forks, dialog_tag(call, e)) != FORK_CONFIRMED ||
	    e->cseq <= call->reinvite_cseq[side] ||
	    (side == CALL_CALLER && e->cseq <= call->invite_cseq))
		return;
	call->reinvite_cseq[side] = e->cseq;
	call->reinvites++;
	set_flags(call, CALL_REINVITE);
}

/* A challenged re-INVITE comes again, and is then counted. */
static void reinvite_answered(struct call *call, const struct event *e)
{
	if (!(call->flags & CALL_REINVITE) || e->cseq != call->reinvite_cseq[side_of(call, e)])
		return;
	clear_flags(call, CALL_REINVITE);
	if (event_is_challenge(e))
		call->reinvites--;
}

/* A 2xx to an INVITE or UPDATE starts the session timer anew, or does without one (RFC 4028
 * section 7.2). */
static void session_refreshed(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (!is_up(call))
		return;
	call->session_s = event_session_expires(e);
	if (call->state == CALL_CONFIRMED)
		call_arm(t, index);
}

/* ---- responses to the INVITE ---- */

static void know_dialog(struct track *t, struct call *call, const struct event *e,
			enum fork_state state)
{
	if (!fork_set(&call->forks, dialog_tag(call, e), state))
		t->stats.forks_lost++;
}

static void ringing(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (!is_setup(call))
		return;
	if (e->has_to_tag && fork_state(&call->forks, e->to_tag) == FORK_UNUSED)
		know_dialog(t, call, e, FORK_EARLY);
	if (call->state == CALL_TRYING && e->status > 100)
		enter(t, index, CALL_RINGING);
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

static void note_answer_time(struct call *call, const struct event *e)
{
	uint64_t setup_ms = 0;

	call->answered_ns = e->now_ns;
	if (call->flags & CALL_LATE)
		return;
	if (e->now_ns > call->started_ns)
		setup_ms = (e->now_ns - call->started_ns) / NSEC_PER_MSEC;
	if (!setup_ms)
		setup_ms = 1; /* 0 would mean: not answered */
	call->setup_ms = setup_ms < UINT32_MAX ? (uint32_t)setup_ms : UINT32_MAX;
}

/* A 2xx wins over a CANCEL under way (section 9.1) and over whatever failed on another branch. If
 * the BYE of its dialog came by first, the call is over already. */
static void answered(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);
	bool over = fork_state(&call->forks, dialog_tag(call, e)) == FORK_TERMINATED;

	if (!over)
		know_dialog(t, call, e, FORK_CONFIRMED);
	if (!is_setup(call) && call->state != CALL_FAILED)
		return;
	note_answer_time(call, e);
	call->final_status = e->status;
	call->ended_ns = 0;
	tell_answered(t, call, e);
	if (e->from_server)
		transaction_report(t, e, call->flags & CALL_CREDENTIALS, &call->peer, call->target);
	if (over)
		call_end(t, index, CALL_ENDED, e->now_ns);
	else
		enter(t, index, call->flags & CALL_ACK_SEEN ? CALL_CONFIRMED : CALL_ANSWERED);
}

/* A failure counts when it answers the very INVITE that set out: those of a proxy's branches are
 * the proxy's affair. After a challenge the caller is given the time to try again. */
static void failed(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (!is_setup(call) || e->transaction != call->transaction ||
	    (call->flags & CALL_CHALLENGED))
		return;
	call->final_status = e->status;
	if (e->from_server)
		transaction_report(t, e, call->flags & CALL_CREDENTIALS, &call->peer, call->target);
	if (event_is_challenge(e) && call->state != CALL_CANCELLING) {
		set_flags(call, CALL_CHALLENGED);
		call_arm(t, index);
	} else {
		call_end(t, index, CALL_FAILED, e->now_ns);
	}
}

/* The INVITE of a later attempt was missed: its response stands for it. */
static bool answers_missed_attempt(const struct call *call, const struct event *e)
{
	return side_of(call, e) == CALL_CALLER && !goes_forward(call, e) &&
	       e->cseq > call->invite_cseq && (is_setup(call) || call->state == CALL_FAILED);
}

static void invite_response(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (answers_missed_attempt(call, e))
		set_out(t, index, e);
	if (side_of(call, e) != CALL_CALLER || e->cseq != call->invite_cseq) {
		if (e->status >= 200)
			reinvite_answered(call, e);
		if (event_is_success(e))
			session_refreshed(t, index, e);
		return;
	}
	if (goes_forward(call, e))
		return; /* on another hop */
	if (e->status < 200)
		ringing(t, index, e);
	else if (event_is_success(e))
		answered(t, index, e);
	else
		failed(t, index, e);
	if (event_is_success(e))
		session_refreshed(t, index, e);
}

/* ---- ACK, CANCEL ---- */

/* The ACK to a 2xx is a transaction of its own, that to a failure is the INVITE's (section 17). */
static void ack(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (!goes_forward(call, e))
		return;
	if (call->flags & CALL_ADOPTED) {
		if (call->state == CALL_ANSWERED)
			enter(t, index, CALL_CONFIRMED);
		return;
	}
	if (side_of(call, e) != CALL_CALLER || e->cseq != call->invite_cseq)
		return;
	if (call->state == CALL_ANSWERED)
		enter(t, index, CALL_CONFIRMED);
	else if (is_setup(call) && e->transaction != call->transaction)
		set_flags(call, CALL_ACK_SEEN);
}

static void cancel(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (goes_forward(call, e) && e->transaction == call->transaction &&
	    (call->state == CALL_TRYING || call->state == CALL_RINGING))
		enter(t, index, CALL_CANCELLING);
}

/* ---- BYE, section 15 ---- */

/* One dialog of the call is over. The call is, when no other one is up. A BYE in an early dialog
 * leaves the INVITE to be answered, by 487 as a rule (section 15.1.2). */
static void dialog_over(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);
	uint64_t tag = dialog_tag(call, e);
	bool was_known = fork_state(&call->forks, tag) != FORK_UNUSED;

	fork_set(&call->forks, tag, FORK_TERMINATED);
	if (is_up(call)) {
		if (!fork_any(&call->forks, FORK_CONFIRMED))
			call_end(t, index, CALL_ENDED, e->now_ns);
	} else if (is_setup(call) && (was_known || !event_is_request(e))) {
		set_flags(call, CALL_BYE_SEEN);
		if (call->state != CALL_CANCELLING)
			enter(t, index, CALL_CANCELLING);
	}
}

static void bye(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (call->flags & CALL_ADOPTED) {
		if (e->from_server && is_up(call))
			call_end(t, index, CALL_ENDED, e->now_ns);
		return;
	}
	call->bye_cseq = e->cseq;
	dialog_over(t, index, e);
}

/* A BYE that was challenged has ended nothing yet. */
static void bye_refused(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (e->cseq != call->bye_cseq || !call->answered_ns || call->state != CALL_ENDED ||
	    fork_state(&call->forks, dialog_tag(call, e)) != FORK_TERMINATED)
		return;
	fork_set(&call->forks, dialog_tag(call, e), FORK_CONFIRMED);
	call->bye_cseq = 0;
	call->ended_ns = 0;
	enter(t, index, CALL_CONFIRMED);
}

static void bye_response(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (call->flags & CALL_ADOPTED) {
		if (e->from_server && event_is_success(e) && is_up(call))
			call_end(t, index, CALL_ENDED, e->now_ns);
		return;
	}
	if (event_is_success(e))
		dialog_over(t, index, e);
	else if (event_is_challenge(e))
		bye_refused(t, index, e);
}

/* ---- calls of an earlier daemon ---- */

/* The record that a call was adopted from knows neither tags nor CSeq. The first answer to an
 * INVITE on the primary hop brings them. Of what the far side says alone, nothing is learned. */
static void learn(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (call_record_is_from(t, call, &e->arrival->server))
		set_flags(call, CALL_FROM_SERVER);
	if (event_is_request(e) || e->method != SIP_INVITE || goes_forward(call, e) ||
	    !e->has_to_tag)
		return;
	call->peer = e->arrival->peer;
	call->caller_tag = e->from_tag;
	call->transaction = e->transaction;
	call->invite_cseq = e->cseq;
	call->target = event_target(t, e);
	clear_flags(call, CALL_ADOPTED);
	if (is_up(call) && e->status < 300)
		know_dialog(t, call, e, FORK_CONFIRMED);
}

/* ---- all together ---- */

static void request(struct track *t, uint32_t index, const struct event *e)
{
	switch (e->method) {
	case SIP_INVITE:
		if (e->has_to_tag)
			reinvite(call_at(t, index), e);
		else
			invite(t, index, e);
		break;
	case SIP_ACK: ack(t, index, e); break;
	case SIP_CANCEL: cancel(t, index, e); break;
	case SIP_BYE: bye(t, index, e); break;
	default: break; /* INFO, PRACK, REFER …: a sign of life */
	}
}

static void response(struct track *t, uint32_t index, const struct event *e)
{
	switch (e->method) {
	case SIP_INVITE: invite_response(t, index, e); break;
	case SIP_BYE: bye_response(t, index, e); break;
	case SIP_UPDATE:
		if (event_is_success(e))
			session_refreshed(t, index, e);
		break;
	default: break;
	}
}

void call_handle(struct track *t, uint32_t index, const struct event *e)
{
	if (call_at(t, index)->flags & CALL_ADOPTED)
		learn(t, index, e);
	if (event_is_request(e))
		request(t, index, e);
	else
		response(t, index, e);
}
