/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the tap to the maps: records are told apart, messages handed on to a collector, parsed and
 * tracked, samples kept, and what follows from them put in force.
 */
#ifndef SIPXDP_DAEMON_TRACKING_H
#define SIPXDP_DAEMON_TRACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/facts.h"
#include "export/hep_sender.h"
#include "export/samples.h"
#include "plane/plane.h"
#include "policy/config.h"
#include "track/history.h"
#include "track/track.h"

/* Numbers since tracking_open(). */
struct tracking_stats {
	uint64_t records;  /* taken from the tap */
	uint64_t messages; /* of them let through, and whole enough to be parsed */
	uint64_t faulty;   /* of them not SIP by the strict grammar or cut, and read all the same */
	uint64_t parse_errors; /* of them not SIP by any grammar: not tracked */
	uint64_t cut_short;    /* of them with headers beyond what the tap holds: not tracked */
	uint64_t samples;
	uint64_t damaged;      /* records that contradict themselves */
	uint64_t lost;	       /* records that the full ring refused */
	uint64_t lost_unix_ns; /* when that happened last; calls of then may be incomplete */
	struct track_stats track;
	struct facts_stats facts;
	struct history_stats history;
	struct hep_stats hep;
};

struct tracking;

/*
 * Adopts what is in the maps and opens the tap. samples receives the drop samples; it and plane
 * must outlive the tracking. 0 and *out, to be given to tracking_close(); or -errno, logged.
 */
int tracking_open(const struct config *config, struct plane *plane, struct samples *samples,
		  struct tracking **out);
void tracking_close(struct tracking *tracking);

/* New rules after a reload. */
void tracking_reconfigure(struct tracking *tracking, const struct config *config);

/* To be polled for input. */
int tracking_fd(const struct tracking *tracking);

/* Takes in a bounded number of records. Returned is when it is to be called again, in ms, for records come
 * often and nobody tells of the next ones; -1: when there is input. */
int tracking_drain(struct tracking *tracking);

/* To be called every second; now_ns is CLOCK_MONOTONIC. */
void tracking_tick(struct tracking *tracking, uint64_t now_ns);

/* Begins a walk over the messages of a call; false: none are remembered. It is good until records
 * are taken in. */
bool tracking_history(const struct tracking *tracking, const char *call_id, size_t length,
		      struct history_walk *out);

/* What was counted of a service since tracking_open(); NULL: there is no such number. */
const struct track_quality *tracking_quality(const struct tracking *tracking, uint32_t service);

void tracking_stats(const struct tracking *tracking, struct tracking_stats *out);

#endif
