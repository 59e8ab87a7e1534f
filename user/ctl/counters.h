/* SPDX-License-Identifier: GPL-2.0-only */
/* The counters of an instance (or of a dry run) at one moment, and the report made of them. */
#ifndef SIPXDP_CTL_COUNTERS_H
#define SIPXDP_CTL_COUNTERS_H

#include "ctl/report.h"
#include "plane/maps.h"

/* Over a megabyte: on the heap only. */
struct counters {
	__u64 time_ns; /* CLOCK_MONOTONIC, when it was read */
	union counter_row row[COUNTER_ROWS];
};

/* Reads all of them. Returns an exit code, after a complaint unless it is CTL_DONE. */
int counters_read(const struct maps *maps, struct counters *out);

/*
 * Opens a report with the array of that name (every cell that is not zero) and "totals" (by
 * verdict), to be closed by report_close(). With last, read some time before now, there are rates
 * as well, and the order stays from one report to the next; without (NULL), a service's most
 * frequent rows come first. NULL after a complaint.
 */
struct report *counters_report(const char *name, const struct maps *maps,
			       const struct counters *now, const struct counters *last);

/* Packets of one reason, over all services and classes. */
__u64 counters_of_reason(const struct counters *counters, unsigned int reason);

/* All packets, whatever became of them. */
__u64 counters_sum(const struct counters *counters);

#endif
