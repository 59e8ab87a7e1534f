/* SPDX-License-Identifier: GPL-2.0-only */
/* Client transactions: figures 5 and 6 of RFC 3261, with the Accepted state of RFC 6026. */
#include "ua/transaction.h"

static uint64_t minimum(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void ua_transaction_start(struct ua_transaction *t, bool invite, bool reliable, uint64_t patience,
			  uint64_t now)
{
	*t = (struct ua_transaction){
		.state = UA_TRYING,
		.invite = invite,
		.reliable = reliable,
		.interval = UA_T1_NS,
		.again_at = reliable ? UA_NEVER : now + UA_T1_NS,
		.give_up = now + patience,
		.over_at = UA_NEVER,
	};
}

static enum ua_timer end_by(struct ua_transaction *t, enum ua_timer timer)
{
	t->state = UA_TERMINATED;
	t->again_at = t->give_up = t->over_at = UA_NEVER;
	return timer;
}

static enum ua_timer over_timer(const struct ua_transaction *t)
{
	if (!t->invite)
		return UA_TIMER_K;
	return t->state == UA_ACCEPTED ? UA_TIMER_M : UA_TIMER_D;
}

/* Timer A doubles without end (section 17.1.1.2); timer E up to T2, and is T2 once a provisional
 * response has come (section 17.1.2.2). */
static void send_again(struct ua_transaction *t, uint64_t now)
{
	t->interval *= 2;
	if (!t->invite)
		t->interval = t->state == UA_PROCEEDING ? UA_T2_NS : minimum(t->interval, UA_T2_NS);
	t->again_at = now + t->interval;
}

enum ua_timer ua_transaction_timer(struct ua_transaction *t, uint64_t now)
{
	if (t->state == UA_TERMINATED)
		return UA_NO_TIMER;
	if (now >= t->give_up)
		return end_by(t, t->invite ? UA_TIMER_B : UA_TIMER_F);
	if (now >= t->over_at)
		return end_by(t, over_timer(t));
	if (now < t->again_at)
		return UA_NO_TIMER;
	send_again(t, now);
	return t->invite ? UA_TIMER_A : UA_TIMER_E;
}

static enum ua_response take_provisional(struct ua_transaction *t)
{
	if (t->state == UA_TRYING && t->invite)
		t->again_at = t->give_up = UA_NEVER; /* it may ring for long */
	t->state = UA_PROCEEDING;
	return UA_RESPONSE_PROVISIONAL;
}

static enum ua_response take_final(struct ua_transaction *t, unsigned int status, uint64_t now)
{
	bool accepted = t->invite && status < 300;

	t->again_at = t->give_up = UA_NEVER;
	t->state = accepted ? UA_ACCEPTED : UA_COMPLETED;
	if (accepted)
		t->over_at = now + UA_TIMEOUT_NS;
	else if (t->reliable)
		t->over_at = now;
	else
		t->over_at = now + (t->invite ? UA_D_NS : UA_T4_NS);
	return UA_RESPONSE_FINAL;
}

enum ua_response ua_transaction_response(struct ua_transaction *t, unsigned int status,
					 uint64_t now)
{
	if (ua_transaction_waits(t))
		return status < 200 ? take_provisional(t) : take_final(t, status, now);
	if (t->state == UA_ACCEPTED)
		return status >= 200 && status < 300 ? UA_RESPONSE_AGAIN : UA_RESPONSE_STRAY;
	/* Of an INVITE that has failed a 2xx is no copy. */
	if (t->state == UA_COMPLETED && status >= (t->invite ? 300 : 200))
		return UA_RESPONSE_AGAIN;
	return UA_RESPONSE_STRAY;
}

uint64_t ua_transaction_next(const struct ua_transaction *t)
{
	if (t->state == UA_TERMINATED)
		return UA_NEVER;
	return minimum(t->again_at, minimum(t->give_up, t->over_at));
}

const char *ua_timer_name(enum ua_timer timer)
{
	static const char *const names[] = {
		[UA_NO_TIMER] = "", [UA_TIMER_A] = "A", [UA_TIMER_B] = "B", [UA_TIMER_D] = "D",
		[UA_TIMER_E] = "E", [UA_TIMER_F] = "F", [UA_TIMER_K] = "K", [UA_TIMER_M] = "M",
	};

	return names[timer];
}
