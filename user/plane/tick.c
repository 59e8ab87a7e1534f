// SPDX-License-Identifier: GPL-2.0-only
/* Calibration of the packet path's clock against CLOCK_MONOTONIC. */
#include "plane/tick.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <time.h>

#include "plane/clock.h"

#define TICK_SPAN  8  /* ticks that a measurement lasts */
#define TICK_LOOKS 48 /* spread over it */

/* The context of the program sipxdp_clock. */
struct clock_reading {
	__u64 jiffies;
	__u64 ktime_ns;
};

static int read_clocks(int clock_fd, struct clock_reading *out)
{
	struct clock_reading reading = { 0, 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &reading, .ctx_size_in = sizeof(reading));

	if (bpf_prog_test_run_opts(clock_fd, &opts))
		return -errno;
	if (!reading.ktime_ns)
		return -EPROTO;
	*out = reading;
	return 0;
}

int tick_measure(int clock_fd, struct tick *out)
{
	struct tick tick = { 0, 0 };
	struct timespec resolution, pause;

	/* The coarse clock advances by ticks, and says so. */
	if (clock_getres(CLOCK_MONOTONIC_COARSE, &resolution))
		return -errno;
	tick.tick_ns = (__u64)resolution.tv_sec * NSEC_PER_SEC + (__u64)resolution.tv_nsec;
	if (tick.tick_ns == 0 || tick.tick_ns > NSEC_PER_SEC / 10)
		return -ERANGE;
	pause = (struct timespec){ .tv_nsec = (long)(tick.tick_ns * TICK_SPAN / TICK_LOOKS) };
	for (int i = 0; i < TICK_LOOKS; i++) {
		struct clock_reading reading;
		int err = read_clocks(clock_fd, &reading);
		__u64 offset;

		if (err)
			return err;
		/* Too large by the time since the last tick: the smallest one is the best one. */
		offset = reading.ktime_ns - reading.jiffies * tick.tick_ns;
		if (i == 0 || (__s64)(offset - tick.offset_ns) < 0)
			tick.offset_ns = offset;
		nanosleep(&pause, NULL);
	}
	*out = tick;
	return 0;
}

int tick_error(int clock_fd, const struct tick *tick, __s64 *behind_ns)
{
	struct clock_reading reading;
	int err = read_clocks(clock_fd, &reading);

	if (!err)
		*behind_ns = (__s64)(reading.ktime_ns -
				     (reading.jiffies * tick->tick_ns + tick->offset_ns));
	return err;
}
