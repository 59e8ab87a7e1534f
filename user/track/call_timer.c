// SPDX-License-Identifier: GPL-2.0-only
/* How long a call may stay as it is: see track.h for the times. A confirmed call is looked at every
 * now and then; whether it is over is told by when it was last heard of, so that its messages need
 * not move a timer, and where messages were lost by the kernel, which may have seen them. */
#include "track/call.h"

#define LOOK_AGAIN_NS (60 * TRACK_SECOND_NS)
#define TICKS_MAX     (1u << 30) /* more than eight years */

static uint32_t ticks_of(uint64_t ns)
{
	uint64_t ticks = ns / WHEEL_TICK_NS;

	return ticks < TICKS_MAX ? (uint32_t)ticks : TICKS_MAX;
}

/* Of a confirmed call: 0, its time is over. */
static uint64_t time_left(const struct track *t, const struct call *call)
{
	uint32_t end = call->seen_tick + ticks_of(t->config.idle_ns);
	int32_t left;

	if (call->flags & CALL_SESSION_TIMER)
		end = call->session_end_tick;
	left = (int32_t)(end - wheel_now(&t->calls.wheel));
	return left > 0 ? (uint64_t)left * WHEEL_TICK_NS : 0;
}

/* An INVITE without a final response. */
static uint64_t setup_time(const struct call *call)
{
	if (call->flags & CALL_CHALLENGED)
		return call->flags & CALL_FAILURE_ACKED ? TRACK_CHALLENGED_NS
							: TRACK_CHALLENGING_NS;
	return call->flags & CALL_PROCEEDING ? TRACK_TIMER_C_NS : TRACK_64_T1_NS;
}

void call_arm(struct track *t, uint32_t index)
{
	const struct call *call = call_at(t, index);
	uint64_t after_ns = TRACK_64_T1_NS;

	switch (call->state) {
	case CALL_TRYING:
	case CALL_RINGING: after_ns = setup_time(call); break;
	case CALL_CONFIRMED:
		after_ns = time_left(t, call);
		if (t->sink.call_dialog && after_ns > LOOK_AGAIN_NS)
			after_ns = LOOK_AGAIN_NS;
		break;
	case CALL_ENDED:
	case CALL_FAILED: after_ns = TRACK_LINGER_NS; break;
	case CALL_ANSWERED:
	case CALL_CANCELLING: break;
	}
	wheel_set(&t->calls.wheel, index, after_ns);
}

void call_enter(struct track *t, uint32_t index, enum call_state state)
{
	call_at(t, index)->state = (uint8_t)state;
	call_arm(t, index);
}

void call_end(struct track *t, uint32_t index, enum call_state state, uint64_t now_ns)
{
	call_at(t, index)->ended_ns = now_ns;
	call_enter(t, index, state);
}

/* ---- what the kernel knows ---- */

/* A message that the kernel has seen, and we have not. */
static void heard_of(struct track *t, struct call *call, uint64_t seen_ns)
{
	uint64_t now_ns = t->calls.wheel.now_ns;
	uint32_t seen_tick = wheel_now(&t->calls.wheel) -
			     ticks_of(now_ns > seen_ns ? now_ns - seen_ns : 0);

	if ((int32_t)(seen_tick - call->seen_tick) > 0)
		call->seen_tick = seen_tick;
	if (seen_ns > call->updated_ns && seen_ns <= now_ns)
		call->updated_ns = seen_ns;
}

/* The answer was not seen: when it came can only be guessed at. */
static void found_answered(struct track *t, uint32_t index, uint64_t seen_ns)
{
	struct call *call = call_at(t, index);

	call->answered_ns = seen_ns ? seen_ns : t->calls.wheel.now_ns;
	call->final_status = 200;
	call_set(call, CALL_LATE);
	call_quality(t, call)->answered++;
	heard_of(t, call, seen_ns);
	call_enter(t, index, CALL_CONFIRMED);
}

static void found_over(struct track *t, uint32_t index, uint64_t seen_ns)
{
	struct call *call = call_at(t, index);
	bool answered = call->answered_ns != 0;

	t->stats.calls_found_over++;
	if (answered && seen_ns > call->answered_ns)
		quality_completed(call_quality(t, call), call->answered_ns, seen_ns, 1);
	call_end(t, index, answered ? CALL_ENDED : CALL_FAILED,
		 seen_ns ? seen_ns : t->calls.wheel.now_ns);
}

/* The kernel keeps one state for a Call-ID: where a fork was hung up, it is that fork's. */
static bool kernel_knows_better(const struct call *call)
{
	return !fork_any(&call->forks, FORK_TERMINATED);
}

bool call_ask_kernel(struct track *t, uint32_t index)
{
	struct call *call = call_at(t, index);
	struct call_key key = { .call_id_hash = call->key };
	uint64_t seen_ns = 0;
	enum track_dialog dialog;

	if (!t->sink.call_dialog || call_is_over(call))
		return false;
	dialog = t->sink.call_dialog(t->sink.context, &key, &seen_ns);
	switch (dialog) {
	case TRACK_DIALOG_UNKNOWN: return false;
	case TRACK_DIALOG_EARLY: heard_of(t, call, seen_ns); return false;
	case TRACK_DIALOG_CONFIRMED:
		if (call_is_setup(call)) {
			found_answered(t, index, seen_ns);
			return true;
		}
		heard_of(t, call, seen_ns);
		return false;
	case TRACK_DIALOG_OVER: break;
	}
	if (!call->answered_ns || !kernel_knows_better(call))
		return false;
	found_over(t, index, seen_ns);
	return true;
}

/* ---- when the time is over ---- */

/* What never was more than an INVITE is not shown any longer. */
static void forget(struct track *t, uint32_t index)
{
	t->stats.calls_forgotten++;
	call_delete(t, index);
}

static void unanswered(struct track *t, const struct call *call)
{
	struct track_quality *quality = call_quality(t, call);

	quality->unanswered++;
	quality->ineffective++;
}

static void setup_expired(struct track *t, uint32_t index)
{
	const struct call *call = call_at(t, index);

	if (call->flags & CALL_CHALLENGED && call->state != CALL_CANCELLING) {
		forget(t, index);
		return;
	}
	unanswered(t, call);
	if (call->state == CALL_TRYING && !(call->flags & CALL_PROCEEDING)) {
		forget(t, index);
		return;
	}
	call_end(t, index, call->flags & CALL_BYE_SEEN ? CALL_ENDED : CALL_FAILED,
		 t->calls.wheel.now_ns);
	call_touch(t, index);
}

static void confirmed_expired(struct track *t, uint32_t index)
{
	const struct call *call = call_at(t, index);

	if (time_left(t, call)) {
		call_arm(t, index);
		return;
	}
	call_quality(t, call)->lost_byes++;
	call_end(t, index, CALL_ENDED, t->calls.wheel.now_ns);
	call_touch(t, index);
}

/* Might a message of the call have been lost? What is heard shortly after may be late. */
static bool is_in_doubt(const struct track *t, const struct call *call)
{
	uint32_t until = t->lost_tick + ticks_of(TRACK_64_T1_NS);

	return t->lost && (int32_t)(until - call->seen_tick) > 0;
}

/* A BYE that was answered by 481, as by a server that was started anew, or not at all, has ended its
 * call by its tags all the same (RFC 3261 section 15.1.1); the kernel knows no tags. */
static bool is_abandoned(const struct call *call)
{
	return call->state == CALL_ENDED && call->bye_cseq && !(call->flags & CALL_BYE_ANSWERED);
}

static void over_expired(struct track *t, uint32_t index)
{
	const struct call *call = call_at(t, index);
	const struct call_key key = { .call_id_hash = call->key };

	if (t->sink.call_abandoned && is_abandoned(call))
		t->sink.call_abandoned(t->sink.context, &key);
	call_delete(t, index);
}

void call_expired(struct track *t, uint32_t index)
{
	if (is_in_doubt(t, call_at(t, index)) && call_ask_kernel(t, index)) {
		call_touch(t, index);
		return;
	}
	switch (call_at(t, index)->state) {
	case CALL_ENDED:
	case CALL_FAILED: over_expired(t, index); break;
	case CALL_ANSWERED: /* no ACK: the callee hangs up (RFC 3261 section 13.3.1.4) */
		call_quality(t, call_at(t, index))->lost_byes++;
		call_end(t, index, CALL_ENDED, t->calls.wheel.now_ns);
		call_touch(t, index);
		break;
	case CALL_CONFIRMED: confirmed_expired(t, index); break;
	default: setup_expired(t, index);
	}
}
