/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The packet path's clock. Reading jiffies costs it a twentieth of reading CLOCK_MONOTONIC, so it
 * reckons monotonic = jiffies * tick_ns + tick_offset_ns, and this file finds the two numbers.
 */
#ifndef SIPXDP_PLANE_TICK_H
#define SIPXDP_PLANE_TICK_H

#include <linux/types.h>

struct tick {
	__u64 tick_ns;
	__u64 offset_ns; /* modulo 2^64 */
};

/*
 * Measures; clock_fd is object_load_clock()'s program. Takes some ticks (about 40 ms at 250 Hz).
 * The clock so made is ahead of CLOCK_MONOTONIC by a fraction of a tick at most (where ticks come
 * late, as in a busy virtual machine), and behind it by little more than one. 0 or -errno.
 */
int tick_measure(int clock_fd, struct tick *out);

/*
 * One look: how far the reckoned clock is behind CLOCK_MONOTONIC (negative: ahead), in
 * nanoseconds. 0 or -errno.
 */
int tick_error(int clock_fd, const struct tick *tick, __s64 *behind_ns);

#endif
