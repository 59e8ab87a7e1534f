/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel side could not do for want of room, told in the log as it happens. */
#ifndef SIPXDP_DAEMON_LOSSES_H
#define SIPXDP_DAEMON_LOSSES_H

#include <stdint.h>

#include <sipxdp/map.h>

struct losses {
	struct host_state begun; /* as of losses_begin() */
	struct host_state told;	 /* as of the last look */
	uint64_t tap_unix_ns;	 /* when records of the tap were last lost; 0: never since begun */
};

/* Begins with what is there: it was told by an earlier daemon, or nobody was there to be told. */
void losses_begin(struct losses *losses, const struct host_state *state);

/* Logs what has been added since the last look; to be called every second. */
void losses_report(struct losses *losses, const struct host_state *state);

/* Calls that were under way then may be incomplete: CLOCK_REALTIME of the look that found records of
 * the tap lost; 0: none were since losses_begin(). */
uint64_t losses_of_tap_at(const struct losses *losses);

/* Records that the tap's ring has refused since losses_begin(), as of the last look. */
__u64 losses_of_tap(const struct losses *losses);

#endif
