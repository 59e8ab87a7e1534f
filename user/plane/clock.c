// SPDX-License-Identifier: GPL-2.0-only
/* CLOCK_MONOTONIC and CLOCK_REALTIME, and the way from one to the other. */
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

/* from is now on the clock that t is on, to is now on the other one. */
static __u64 clock_move(__u64 t, __u64 from, __u64 to)
{
	if (t == 0)
		return 0;
	if (t >= from)
		return to + (t - from);
	return from - t < to ? to - (from - t) : 1;
}

__u64 clock_monotonic_to_realtime(__u64 monotonic_ns)
{
	return clock_move(monotonic_ns, clock_monotonic_ns(), clock_realtime_ns());
}

__u64 clock_realtime_to_monotonic(__u64 realtime_ns)
{
	return clock_move(realtime_ns, clock_realtime_ns(), clock_monotonic_ns());
}
