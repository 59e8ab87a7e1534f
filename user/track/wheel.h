/* SPDX-License-Identifier: GPL-2.0-only */
/* A hierarchical timer wheel (Varghese, Lauck 1987) over the entries of a table: one timer an
 * entry, set and moved in constant time. The clock is passed in. Putting a deadline off, as nearly
 * every message does, is one store: the timer moves when its old slot comes round. */
#ifndef SIPXDP_TRACK_WHEEL_H
#define SIPXDP_TRACK_WHEEL_H

#include <stddef.h>
#include <stdint.h>

#define WHEEL_TICK_NS	 250000000ull /* a quarter of a second: the finest deadline */
#define WHEEL_LEVELS	 4
#define WHEEL_SLOT_BITS	 6
#define WHEEL_SLOTS	 (1u << WHEEL_SLOT_BITS)
#define WHEEL_SPAN_TICKS (1u << (WHEEL_LEVELS * WHEEL_SLOT_BITS)) /* 48 days */

/* In each entry. Zero: not set. */
struct wheel_timer {
	uint32_t next, previous; /* entries in the same slot; 0: none */
	uint32_t deadline;	 /* tick at which it expires */
	uint32_t visit;		 /* tick at which its slot is looked at, <= deadline */
	uint32_t slot;		 /* 1 + level * WHEEL_SLOTS + slot; 0: not set */
};

struct wheel {
	uint32_t slot[WHEEL_LEVELS * WHEEL_SLOTS]; /* first entry */
	uint64_t occupied[WHEEL_LEVELS];	   /* a bit a slot */
	uint32_t tick;				   /* everything up to here has expired */
	uint64_t base_ns;			   /* the clock at tick 0 */
	uint64_t now_ns;			   /* latest clock seen */
	char *timers;				   /* the timer of entry 0 */
	size_t stride; /* octets from one entry's timer to the next one's */
};

/* Told of an entry whose timer has run out; the timer is not set any more. It may set and clear
 * timers, its own and others'. */
typedef void wheel_expire(void *context, uint32_t index);

/* timers: where the struct wheel_timer of entry 0 would be. */
void wheel_init(struct wheel *w, uint64_t now_ns, void *timers, size_t stride);

/* Sets the timer of an entry to now_ns of the latest wheel_advance() plus after_ns, rounded up to a
 * tick, in place of what it was set to. */
void wheel_set(struct wheel *w, uint32_t index, uint64_t after_ns);

void wheel_clear(struct wheel *w, uint32_t index);

/* The tick of the latest clock seen. While wheel_advance() reports, `tick` may be behind it. */
static inline uint32_t wheel_now(const struct wheel *w)
{
	return (uint32_t)((w->now_ns - w->base_ns) / WHEEL_TICK_NS);
}

/* Moves the clock on and reports what has run out, in order of ticks. Up to two seconds back, as
 * messages that come out of order are, the wheel stands still. A clock that was set back further
 * goes on from there: deadlines keep their distance. */
void wheel_advance(struct wheel *w, uint64_t now_ns, wheel_expire *expire, void *context);

#endif
