/* SPDX-License-Identifier: GPL-2.0-only */
/* What `top` shows at one moment: read from the maps now and a moment before, as figures that need
 * no more than to be drawn (top_frame.h). */
#ifndef SIPXDP_CTL_TOP_H
#define SIPXDP_CTL_TOP_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/counters.h"
#include "ctl/instance.h"
#include "ctl/talkers.h"

#define TOP_REASONS_MAX 32
#define TOP_TALKERS_MAX 64
#define TOP_CALLS_MAX	32
#define TOP_STATES	(CALL_FAILED + 1)

/* How many calls are looked at for each frame: of a larger table, a piece at a time. */
#define TOP_CALLS_A_LOOK 50000

struct top_service {
	char name[NAME_SIZE];
	bool under_attack, monitor;
	double rate[VERDICT_COUNT]; /* packets a second */
};

struct top_reason {
	enum verdict verdict;
	unsigned int reason;
	double rate; /* packets a second */
	__u64 packets;
};

struct top_talker {
	struct talker talker;
	const char *tier;
	double packet_rate, drop_rate; /* a second */
};

struct top_view {
	char instance[NAME_SIZE];
	__u64 unix_ns;
	bool daemon_alive, monitor;
	double seconds; /* that the rates are of; 0: there are none yet */
	double rate[VERDICT_COUNT], bytes_rate;

	struct top_service services[SERVICE_MAX + 1];
	size_t service_count;
	struct top_reason reasons[TOP_REASONS_MAX]; /* most frequent now first */
	size_t reason_count;
	struct top_talker talkers[TOP_TALKERS_MAX]; /* by packets or drops now, then ever */
	size_t talker_count;
	size_t talkers_known, trusted_known;

	__u64 calls_in_state[TOP_STATES];
	struct call_record calls[TOP_CALLS_MAX]; /* live ones, newest first */
	size_t call_count;
};

struct top;

/* 0 or -ENOMEM. The maps must stay open. */
int top_new(const struct maps *maps, bool by_drops, struct top **out);
void top_free(struct top *top); /* may be NULL */

/* Which talkers come first from now on. */
void top_order(struct top *top, bool by_drops);

/* Reads the maps. Returns an exit code, after a complaint unless it is CTL_DONE. */
int top_look(struct top *top);

/* What the last look found. */
const struct top_view *top_view(const struct top *top);

#endif
