// SPDX-License-Identifier: GPL-2.0-only
/* Timer wheel. Level n has 64 slots of 64^n ticks each; a timer stands in the level that its
 * distance needs, and moves inward as its slot is visited. */
#include "track/wheel.h"

#include <string.h>

#define SLOT_MASK (WHEEL_SLOTS - 1)

/* Messages seen on several CPUs come a little out of order: a clock that is behind by no more than
 * this stands still; one that is further behind was set back. */
#define DISORDER_MAX_NS (8 * WHEEL_TICK_NS)

/* A clock that leaps further than this counts as having leapt so far: it bounds the work. */
#define JUMP_MAX_NS (WHEEL_SPAN_TICKS * WHEEL_TICK_NS)

static inline struct wheel_timer *timer_of(const struct wheel *w, uint32_t index)
{
	return (void *)(w->timers + index * w->stride);
}

void wheel_init(struct wheel *w, uint64_t now_ns, void *timers, size_t stride)
{
	*w = (struct wheel){
		.base_ns = now_ns,
		.now_ns = now_ns,
		.timers = timers,
		.stride = stride,
	};
}

static void link_timer(struct wheel *w, uint32_t index, uint32_t level, uint32_t slot)
{
	struct wheel_timer *timer = timer_of(w, index);
	uint32_t *head = &w->slot[level * WHEEL_SLOTS + slot];

	timer->slot = 1 + level * WHEEL_SLOTS + slot;
	timer->previous = 0;
	timer->next = *head;
	if (*head)
		timer_of(w, *head)->previous = index;
	*head = index;
	w->occupied[level] |= 1ull << slot;
}

static void unlink_timer(struct wheel *w, uint32_t index)
{
	struct wheel_timer *timer = timer_of(w, index);
	uint32_t slot = timer->slot - 1;

	if (timer->next)
		timer_of(w, timer->next)->previous = timer->previous;
	if (timer->previous)
		timer_of(w, timer->previous)->next = timer->next;
	else
		w->slot[slot] = timer->next;
	if (!w->slot[slot])
		w->occupied[slot / WHEEL_SLOTS] &= ~(1ull << (slot & SLOT_MASK));
	timer->slot = 0;
}

/* Puts a timer where its deadline, which lies ahead, belongs as seen from now. A deadline beyond
 * the wheel's span waits in the furthest slot and is looked at again from there. */
static void place_timer(struct wheel *w, uint32_t index)
{
	struct wheel_timer *timer = timer_of(w, index);
	uint32_t distance = timer->deadline - w->tick;
	uint32_t level = 0, shift = 0;

	if (distance >= WHEEL_SPAN_TICKS)
		distance = WHEEL_SPAN_TICKS - 1;
	while (distance >> (shift + WHEEL_SLOT_BITS)) {
		level++;
		shift += WHEEL_SLOT_BITS;
	}
	timer->visit = (w->tick + distance) >> shift << shift;
	link_timer(w, index, level, timer->visit >> shift & SLOT_MASK);
}

void wheel_set(struct wheel *w, uint32_t index, uint64_t after_ns)
{
	struct wheel_timer *timer = timer_of(w, index);
	uint64_t elapsed_ns = w->now_ns - w->base_ns;
	uint64_t furthest_ns = (uint64_t)UINT32_MAX / 2 * WHEEL_TICK_NS;

	if (after_ns > furthest_ns)
		after_ns = furthest_ns;
	/* Never the current tick: its slot may be the one that is being emptied. */
	timer->deadline = (uint32_t)((elapsed_ns + after_ns + WHEEL_TICK_NS - 1) / WHEEL_TICK_NS);
	if ((int32_t)(timer->deadline - w->tick) <= 0)
		timer->deadline = w->tick + 1;
	if (timer->slot) {
		if ((int32_t)(timer->deadline - timer->visit) >= 0)
			return;
		unlink_timer(w, index);
	}
	place_timer(w, index);
}

void wheel_clear(struct wheel *w, uint32_t index)
{
	if (timer_of(w, index)->slot)
		unlink_timer(w, index);
}

/* Empties one slot whose time has come: what has run out is reported, the rest moves inward or
 * onward. */
static void visit_slot(struct wheel *w, uint32_t level, uint32_t slot, wheel_expire *expire,
		       void *context)
{
	uint32_t *head = &w->slot[level * WHEEL_SLOTS + slot];

	while (*head) {
		uint32_t index = *head;

		unlink_timer(w, index);
		if ((int32_t)(timer_of(w, index)->deadline - w->tick) <= 0)
			expire(context, index);
		else
			place_timer(w, index);
	}
}

/* One tick: the outer levels first, for they may hand timers inward to this very tick. */
static void visit_tick(struct wheel *w, wheel_expire *expire, void *context)
{
	for (uint32_t level = WHEEL_LEVELS; level-- > 0;) {
		uint32_t shift = level * WHEEL_SLOT_BITS;

		if (w->tick & ((1u << shift) - 1))
			continue;
		visit_slot(w, level, w->tick >> shift & SLOT_MASK, expire, context);
	}
}

/* The next tick at which anything can happen: an occupied slot of level 0, or the end of the
 * level's round, when the outer levels are looked at. */
static uint32_t next_tick(const struct wheel *w)
{
	uint32_t slot = w->tick & SLOT_MASK;
	uint64_t ahead = slot == SLOT_MASK ? 0 : w->occupied[0] >> (slot + 1);
	uint32_t round_end = (w->tick | SLOT_MASK) + 1;

	return ahead ? w->tick + 1 + (uint32_t)__builtin_ctzll(ahead) : round_end;
}

void wheel_advance(struct wheel *w, uint64_t now_ns, wheel_expire *expire, void *context)
{
	uint32_t target, next;

	if (now_ns < w->now_ns) {
		if (w->now_ns - now_ns <= DISORDER_MAX_NS)
			return;
		w->base_ns -= w->now_ns - now_ns;
	} else if (now_ns - w->now_ns > JUMP_MAX_NS) {
		w->base_ns += now_ns - w->now_ns - JUMP_MAX_NS;
	}
	w->now_ns = now_ns;
	target = (uint32_t)((now_ns - w->base_ns) / WHEEL_TICK_NS);
	while ((int32_t)(target - w->tick) > 0) {
		next = next_tick(w);
		if ((int32_t)(next - target) > 0) {
			w->tick = target;
			return;
		}
		w->tick = next;
		visit_tick(w, expire, context);
	}
}
