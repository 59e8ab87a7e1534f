/* SPDX-License-Identifier: GPL-2.0-only */
/* Rate limits as the kernel holds them: GCRA, the virtual scheduling form (ITU-T I.371 annex A),
 * one 64-bit word of state a bucket: the theoretical arrival time (TAT) of the next message. */
#ifndef SIPXDP_RATE_H
#define SIPXDP_RATE_H

#include <linux/types.h>

/* cost_ns: nanoseconds a message costs (1e9 / rate), 0 = no limit.
 * tolerance_ns: how far TAT may run ahead of now: (burst - 1) * cost_ns, and never less than a
 * clock tick, as time advances in ticks (see settings.tick_ns). */
struct sipxdp_rate {
	__u64 cost_ns;
	__u64 tolerance_ns;
};

#define SIPXDP_RATE_MAX                                                                            \
	10000000ULL /* messages a second: cost stays within 1 % of the exact one                   \
		     */

#endif
