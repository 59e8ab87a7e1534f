// SPDX-License-Identifier: GPL-2.0-only
/* Room for a call that was answered, in a full table: a flood of INVITEs may fill it, and is not to
 * hide the calls that there are. The search goes round, a few entries at a time. */
#include "track/call.h"

#define ROOM_STEPS 64 /* entries looked at */

/* How little is lost with a call; 0: it stays. */
static unsigned int worth_leaving(const struct call *call)
{
	if (call_is_over(call))
		return 3;
	if (call->flags & CALL_CHALLENGED ||
	    (call->state == CALL_TRYING && !(call->flags & CALL_PROCEEDING)))
		return 2;
	return call_is_setup(call);
}

bool call_make_room(struct track *t)
{
	const struct table *table = &t->calls.table;
	unsigned int best_worth = 0;
	uint32_t best = 0;

	/* In a full table, every entry is a call. */
	if (table->count < table->capacity)
		return true;
	for (uint32_t i = 0; i < ROOM_STEPS && best_worth < 2; i++) {
		unsigned int worth;

		t->hand = t->hand % table->capacity + 1;
		worth = worth_leaving(call_at(t, t->hand));
		if (worth > best_worth) {
			best_worth = worth;
			best = t->hand;
		}
	}
	if (!best)
		return false;
	t->stats.calls_evicted++;
	call_delete(t, best);
	return true;
}
