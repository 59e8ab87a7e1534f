/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tracker's files share: the tracker itself and the times of RFC 3261. */
#ifndef SIPXDP_TRACK_TRACKER_H
#define SIPXDP_TRACK_TRACKER_H

#include "sip/sdp.h"
#include "track/group.h"
#include "track/siphash.h"
#include "track/table.h"
#include "track/track.h"
#include "track/wheel.h"

#define TRACK_SECOND_NS 1000000000ull

/* RFC 3261 table 4, for the default T1 of 500 ms. */
#define TRACK_64_T1_NS	 (32 * TRACK_SECOND_NS) /* Timers B, F, H, J: the end of a transaction */
#define TRACK_T4_NS	 (5 * TRACK_SECOND_NS)	/* a message does not stay in the network longer */
#define TRACK_TIMER_C_NS (180 * TRACK_SECOND_NS)

/* How long a challenged INVITE may wait for the next one: once the ACK has come, its transaction
 * is over after T4 (Timer I, section 17.2.1); an ACK may be lost, and then comes again with the next
 * retransmission of the challenge. */
#define TRACK_CHALLENGED_NS  TRACK_T4_NS
#define TRACK_CHALLENGING_NS (2 * TRACK_T4_NS)

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
	struct table groups[GROUP_KINDS];
	bool lost;		     /* messages were, at lost_tick the last time */
	uint32_t lost_tick;	     /* of the wheel of calls */
	uint32_t hand;		     /* where room for a call was last looked for */
	uint32_t dirty;		     /* calls whose record is to be written, first of a chain */
	uint32_t registration_round; /* number of the REGISTER answer under way */
	struct track_stats stats;
	struct track_quality quality[TRACK_SERVICES];
	struct sip_sdp sdp; /* of the message at hand */
};

/* The counters of an event's or a call's service. */
static inline struct track_quality *quality_of(struct track *t, uint32_t service)
{
	return &t->quality[service < TRACK_SERVICES ? service : TRACK_SERVICES - 1];
}

#endif
