/* SPDX-License-Identifier: GPL-2.0-only */
/* The time of a packet: CLOCK_MONOTONIC in nanoseconds, by the tick. bpf_jiffies64 is two
 * instructions where bpf_ktime_get_ns is a call and a device register; limits are exact all the
 * same, as a bucket's tolerance is never below a tick. */
#ifndef BPF_CLOCK_H
#define BPF_CLOCK_H

#include "maps.h"

/* Tests and replays drive the clock: in production this is 0 and the verifier removes the test. */
const volatile __u32 mock_clock = 0;
__u64 mock_now_ns = 0;

static __always_inline __u64 clock_now(const struct settings *cfg)
{
	if (mock_clock)
		return mock_now_ns;
	return bpf_jiffies64() * cfg->tick_ns + cfg->tick_offset_ns;
}

#endif
