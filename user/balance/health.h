/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a backend lives, by what its probes say: `fall` failures in a row take it down, `rise`
 * successes in a row bring it up. A backend that keeps falling is held down for longer each time.
 * No sockets, no clock: outcomes and times (CLOCK_MONOTONIC) are passed in.
 */
#ifndef SIPXDP_BALANCE_HEALTH_H
#define SIPXDP_BALANCE_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include <sipxdp/time.h>

struct health_rules {
	uint64_t interval_ns;
	uint64_t timeout_ns; /* below interval_ns */
	uint32_t rise;
	uint32_t fall;
};

/* Who falls again within HEALTH_SETTLED_NS of coming up is held down for HEALTH_HOLD_MIN_NS, and
 * each time twice as long, up to HEALTH_HOLD_MAX_NS. Who stays up for so long starts afresh. */
#define HEALTH_SETTLED_NS  (60 * NSEC_PER_SEC)
#define HEALTH_HOLD_MIN_NS (2 * NSEC_PER_SEC)
#define HEALTH_HOLD_MAX_NS (60 * NSEC_PER_SEC)

/* How fast a newcomer is asked until it is known. */
#define HEALTH_JOIN_NS NSEC_PER_SEC

struct health {
	bool up;
	bool proven;	   /* it has answered, ever; until then one answer suffices */
	uint32_t good;	   /* in a row */
	uint32_t bad;	   /* in a row */
	uint64_t since_ns; /* up or down since */
	uint64_t hold_ns;  /* how long it was last held down; 0: not */
	uint64_t held_until_ns;
};

/* up: what it is taken to be until probes say otherwise. */
void health_begin(struct health *health, bool up, uint64_t now_ns);

/* One outcome. Whether `up` has changed. */
bool health_take(struct health *health, const struct health_rules *rules, bool good,
		 uint64_t now_ns);

/* By order of an operator: up now, and probes decide from here on. */
void health_restore(struct health *health, uint64_t now_ns);

/*
 * From the beginning of one probe to that of the next. After a failure it is a little less than the
 * interval, so that a backend that dies right after a good probe is down within fall intervals
 * (where fall is 1, a timeout later).
 */
uint64_t health_pause_ns(const struct health *health, const struct health_rules *rules);

/* Is it held down, though it answers? */
bool health_is_held(const struct health *health, uint64_t now_ns);

#endif
