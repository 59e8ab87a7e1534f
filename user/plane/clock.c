// SPDX-License-Identifier: GPL-2.0-only
/* CLOCK_MONOTONIC and CLOCK_REALTIME, and the way from the first to the second. */
#include "plane/clock.h"

#include <time.h>

static __u64 clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (__u64)t.tv_sec * NSEC_PER_SEC + (__u64)t.tv_nsec;
}

__u64 clock_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

__u64 clock_realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

__u64 clock_monotonic_to_realtime(__u64 monotonic_ns)
{
	__u64 from = clock_monotonic_ns(), to = clock_realtime_ns();

	if (monotonic_ns == 0)
		return 0;
	if (monotonic_ns >= from)
		return to + (monotonic_ns - from);
	return from - monotonic_ns < to ? to - (from - monotonic_ns) : 1;
}
