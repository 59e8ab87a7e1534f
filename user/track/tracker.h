/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tracker's files share: the tracker itself and the times of RFC 3261. */
#ifndef SIPXDP_TRACK_TRACKER_H
#define SIPXDP_TRACK_TRACKER_H

#include "track/siphash.h"
#include "track/table.h"
#include "track/track.h"
#include "track/wheel.h"

#define TRACK_SECOND_NS 1000000000ull

/* RFC 3261 table 4, for the default T1 of 500 ms. */
#define TRACK_64_T1_NS	 (32 * TRACK_SECOND_NS) /* Timers B, F, H, J: the end of a transaction */
#define TRACK_T4_NS	 (5 * TRACK_SECOND_NS)	/* a message does not stay in the network longer */
#define TRACK_TIMER_C_NS (180 * TRACK_SECOND_NS)

#define TRACK_LINGER_NS TRACK_64_T1_NS /* a call that is over is still shown for so long */

/* A hash table and the timers of its entries. */
struct timed_table {
	struct table table;
	struct wheel wheel;
};

struct track {
	struct track_config config;
	struct track_sink sink;
	struct siphash_key key;
	uint64_t no_tag; /* hash of a tag that is not there */
	struct timed_table calls, registrations, transactions;
	struct table aors;
	uint32_t dirty;		     /* calls whose record is to be written, first of a chain */
	uint32_t registration_round; /* number of the REGISTER answer under way */
	struct track_stats stats;
};

#endif
