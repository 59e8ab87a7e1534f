// SPDX-License-Identifier: GPL-2.0-only
/* What happens within a dialog: re-INVITE and UPDATE, PRACK, REFER, and the BYE that ends it (RFC
 * 3261 sections 14 and 15, RFC 3262, 3311, 3515, 4028). */
#include "track/call.h"

/* ---- re-INVITE, UPDATE ---- */

void call_reinvite(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);
	enum call_side side = call_side_of(call, e);

	if (!call_is_up(call) || call_fork_state(call, e) != FORK_CONFIRMED ||
	    e->cseq <= call->reinvite_cseq[side] ||
	    (side == CALL_CALLER && e->cseq <= call->invite_cseq))
		return;
	call->reinvite_cseq[side] = e->cseq;
	call_count(&call->reinvites);
	call_set(call, CALL_REINVITE << side);
	call_offer(t, call, e);
}

/* One that was challenged, or met one from the other side (491, section 14.1), comes again, and is
 * then counted. */
static bool comes_again(const struct event *e)
{
	return event_is_challenge(e) || e->status == 491;
}

void call_reinvite_response(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);
	enum call_side side = call_side_of(call, e);

	if (e->status < 200 || e->cseq != call->reinvite_cseq[side])
		return;
	if (event_is_success(e)) {
		call_answer(t, index, e);
		call_session_refreshed(t, index, e);
	} else {
		call_offer_refused(call, e);
	}
	if (call->flags & CALL_REINVITE << side && comes_again(e))
		call->reinvites--;
	call_clear(call, CALL_REINVITE << side);
}

/* Within a known dialog, early or not, and seen where it comes by once. */
static bool counts(const struct call *call, const struct event *e)
{
	enum fork_state state = call_fork_state(call, e);

	return (state == FORK_EARLY || state == FORK_CONFIRMED) && call_on_primary_hop(call, e);
}

void call_update(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (!counts(call, e))
		return;
	call_count(&call->updates);
	call_offer(t, call, e);
}

void call_update_response(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (event_is_success(e)) {
		if (counts(call, e))
			call_answer(t, index, e);
		call_session_refreshed(t, index, e);
	} else if (e->status >= 300) {
		call_offer_refused(call, e);
	}
}

void call_session_refreshed(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);
	uint64_t seconds;

	if (!call_is_up(call))
		return;
	seconds = event_session_expires(e);
	call_clear(call, CALL_SESSION_TIMER);
	if (seconds) {
		uint64_t ticks = (seconds * TRACK_SECOND_NS + TRACK_64_T1_NS) / WHEEL_TICK_NS;

		if (ticks > INT32_MAX / 2)
			ticks = INT32_MAX / 2;
		call->session_end_tick = wheel_now(&t->calls.wheel) + (uint32_t)ticks;
		call_set(call, CALL_SESSION_TIMER);
	}
	if (call->state == CALL_CONFIRMED)
		call_arm(t, index);
}

/* ---- PRACK, REFER ---- */

void call_prack(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (!counts(call, e))
		return;
	call_count(&call->pracks);
	call_answer(t, index, e); /* to the offer of a reliable response */
}

void call_refer(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (counts(call, e))
		call_count(&call->refers);
}

/* ---- BYE ---- */

static void hung_up(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	quality_completed(call_quality(t, call), call->answered_ns, e->now_ns, 1);
	call_end(t, index, CALL_ENDED, e->now_ns);
}

/* One dialog of the call is over. The call is, when no other one is up. A BYE in an early dialog
 * leaves the INVITE to be answered, by 487 as a rule (section 15.1.2). */
static void dialog_over(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);
	bool was_known = call_fork_state(call, e) != FORK_UNUSED;

	fork_set(&call->forks, call_dialog_tag(call, e), FORK_TERMINATED);
	if (call_is_up(call)) {
		if (!fork_any(&call->forks, FORK_CONFIRMED))
			hung_up(t, index, e);
	} else if (call_is_setup(call) && (was_known || !event_is_request(e))) {
		call_set(call, CALL_BYE_SEEN);
		if (call->state != CALL_CANCELLING)
			call_enter(t, index, CALL_CANCELLING);
	}
}

void call_bye(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	call->bye_cseq = e->cseq;
	dialog_over(t, index, e);
}

/* A BYE that was challenged has ended nothing yet. */
static void bye_refused(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (e->cseq != call->bye_cseq || !call->answered_ns || call->state != CALL_ENDED ||
	    call_fork_state(call, e) != FORK_TERMINATED)
		return;
	quality_completed(call_quality(t, call), call->answered_ns, call->ended_ns, -1);
	fork_set(&call->forks, call_dialog_tag(call, e), FORK_CONFIRMED);
	call->bye_cseq = 0;
	call->ended_ns = 0;
	call_enter(t, index, CALL_CONFIRMED);
}

/* How long the end took, from the first BYE that was seen (RFC 6076 section 4.4). */
static void bye_answered(struct track *t, struct call *call, const struct event *e)
{
	if (call->state != CALL_ENDED || call->flags & CALL_BYE_ANSWERED ||
	    e->cseq != call->bye_cseq)
		return;
	call_set(call, CALL_BYE_ANSWERED);
	quality_delay_add(&call_quality(t, call)->ending, call->ended_ns, e->now_ns);
}

void call_bye_response(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);

	if (event_is_success(e)) {
		bye_answered(t, call, e);
		dialog_over(t, index, e);
	} else if (event_is_challenge(e)) {
		bye_refused(t, index, e);
	}
}
