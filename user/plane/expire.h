/* SPDX-License-Identifier: GPL-2.0-only */
/* What is over is taken out of the tables, a piece at a time; trust_filter is made anew. */
#ifndef SIPXDP_PLANE_EXPIRE_H
#define SIPXDP_PLANE_EXPIRE_H

#include <linux/types.h>

#include <sipxdp/time.h>

#include "plane/maps.h"

#define EXPIRE_PIECE 4096 /* entries of each table gone over in a step */

/* Kept this long after it is over: an entry that is being renewed just now is not to be lost. */
#define EXPIRE_GRACE_NS (10 * NSEC_PER_SEC)

/* RFC 3261 section 17: 64*T1, for how long a message of an ended dialog may be retransmitted. */
#define EXPIRE_TERMINATED_NS (32 * NSEC_PER_SEC)

/* RFC 3261 section 13.3.1.1: a pending INVITE is answered by a 1xx at least every minute. */
#define EXPIRE_EARLY_NS (5 * 60 * NSEC_PER_SEC)

/* RFC 3261 section 13.3.1.4: 64*T1, after which the server gives up on a call that it has accepted and
 * nobody acknowledges. */
#define EXPIRE_UNACKNOWLEDGED_NS (32 * NSEC_PER_SEC)

/* A call that is over by its messages alone is so only if the packet path has heard nothing since. */
#define EXPIRE_ABANDONED_NS (16 * NSEC_PER_SEC)

#define EXPIRE_FILTER_NS (10 * 60 * NSEC_PER_SEC) /* a filter is renewed so often */
#define EXPIRE_SETTLE_NS NSEC_PER_SEC /* by then no packet is under way that began before */
#define EXPIRE_CLOCK_NS	 (60 * NSEC_PER_SEC)

/* Where a rebuild of trust_filter stands. */
enum filter_stage {
	FILTER_IDLE,
	FILTER_SETTLE,	    /* the kernel marks both halves; wait for those that began before */
	FILTER_TRUSTED,	    /* marking what is in `trusted` in the other half */
	FILTER_PROVISIONAL, /* and what is in `provisional` */
	FILTER_SWITCHED,    /* the other half is read; wait, then mark only that one */
};

/* All zero to begin with. */
struct expiry {
	struct maps_cursor bans;
	struct maps_cursor trusted;
	struct maps_cursor provisional;
	struct maps_cursor dialogs;
	enum filter_stage stage;
	__u64 stage_ns;	 /* when it was entered */
	__u64 filter_ns; /* when the filter was last renewed */
	struct maps_cursor filter;
	__u64 clock_ns; /* when the clock was last looked at */
};

/* One piece of everything. 0 or the first -errno, logged; the others are done all the same. */
int expire_step(struct expiry *expiry, struct maps *maps, __u64 now_ns);

/* Takes a call out of `dialogs` that messages have ended, by their tags, which the packet path does not
 * know: if it has not heard of it for EXPIRE_ABANDONED_NS, and has it as answered. */
void expire_abandoned(struct maps *maps, __u64 call_id_hash, __u64 now_ns);

/* Every EXPIRE_CLOCK_NS: compares the packet path's clock to the real one and sets it right. */
int expire_hold_clock(struct expiry *expiry, struct maps *maps, int clock_fd, __u64 now_ns);

#endif
