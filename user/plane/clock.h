/* SPDX-License-Identifier: GPL-2.0-only */
/* The clocks of the maps: CLOCK_MONOTONIC inside, CLOCK_REALTIME for people. */
#ifndef SIPXDP_PLANE_CLOCK_H
#define SIPXDP_PLANE_CLOCK_H

#include <linux/types.h>

#include <sipxdp/time.h>

/* CLOCK_MONOTONIC and CLOCK_REALTIME in nanoseconds. */
__u64 clock_monotonic_ns(void);
__u64 clock_realtime_ns(void);

/*
 * The same moment on CLOCK_REALTIME, as the two stand to each other now, in nanoseconds; 0 ("for
 * ever", "never") stays 0. A time from before the epoch (a wrong wall clock) gives 1.
 */
__u64 clock_monotonic_to_realtime(__u64 monotonic_ns);

#endif
