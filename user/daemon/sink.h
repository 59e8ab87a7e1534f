/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the tracker's records go: the pinned maps `calls` and `registrations`, many at a time. */
#ifndef SIPXDP_DAEMON_SINK_H
#define SIPXDP_DAEMON_SINK_H

#include "plane/maps.h"
#include "plane/record_store.h"
#include "track/track.h"

struct sink {
	struct maps *maps;
	struct record_store *calls, *registrations;
	void (*fact)(void *context, const struct track_fact *fact);
	void *fact_context;
};

/* Opens the stores of sink->maps. 0 or -errno; sink_close() may follow in either case. */
int sink_open(struct sink *sink);

/* Flushes and closes them; harmless on a sink that was not opened. */
void sink_close(struct sink *sink);

/* Brings the maps up to date: to be called after track_flush(). What a map refuses, the tracker
 * learns when it next asks for it. 0 or -errno of the first such record. */
int sink_flush(struct sink *sink);

/* The callbacks; sink must outlive the tracker that has them. */
struct track_sink sink_callbacks(struct sink *sink);

/* How many records were taken over, and how many were too old or too many. */
struct sink_adopted {
	uint64_t calls, registrations, left_out;
};

/* Gives the tracker what an earlier daemon left in the maps. 0 or -errno. */
int sink_adopt(struct sink *sink, struct track *track, struct sink_adopted *out);

#endif
