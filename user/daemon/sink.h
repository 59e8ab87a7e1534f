/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the tracker's records go: the pinned maps `calls` and `registrations`. */
#ifndef SIPXDP_DAEMON_SINK_H
#define SIPXDP_DAEMON_SINK_H

#include "plane/maps.h"
#include "track/track.h"

struct sink {
	struct maps *maps;
	void (*fact)(void *context, const struct track_fact *fact);
	void *fact_context;
};

/* The callbacks; sink must outlive the tracker that has them. */
struct track_sink sink_callbacks(struct sink *sink);

/* How many records were taken over, and how many were too old or too many. */
struct sink_adopted {
	uint64_t calls, registrations, left_out;
};

/* Gives the tracker what an earlier daemon left in the maps. 0 or -errno. */
int sink_adopt(struct maps *maps, struct track *track, struct sink_adopted *out);

#endif
