/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How well a service does, by RFC 6076: counted from what is seen on the primary hop of each call
 * (call.h) and of each REGISTER. Numbers only grow; ratios and means are made of them:
 *
 *	SER  answered / (attempts - challenged - redirected)		section 4.6
 *	SEER (answered + declined) / (attempts - challenged - redirected)	section 4.7
 *	ISA  ineffective / attempts					section 4.8
 *	IRA  registers_failed / (registers - registers_challenged)	section 4.2
 *	RRD, SRD, SDD: total_us / count of the delays			sections 4.1, 4.3, 4.4
 */
#ifndef SIPXDP_TRACK_QUALITY_H
#define SIPXDP_TRACK_QUALITY_H

#include <stdint.h>

#define QUALITY_SHORT_CALL_S 6 /* who talks less has reached nobody, as a rule */

/* How long something took. */
struct quality_delay {
	uint64_t count;
	uint64_t total_us;
	uint64_t longest_us;
};

struct track_quality {
	/* INVITEs that set out to start a call; a retry after a challenge, a redirection or a
	 * failure is another one. What became of each is counted once. */
	uint64_t attempts;
	uint64_t challenged; /* 401, 407 */
	uint64_t answered;   /* 2xx */
	uint64_t redirected; /* 3xx */
	uint64_t failed_4xx; /* but for challenges */
	uint64_t failed_5xx;
	uint64_t failed_6xx;
	uint64_t declined;    /* of the failed: 480, 486, 600, 603: the other side was reached */
	uint64_t ineffective; /* 408, 500, 503, 504 (of the failed), and no final response at all */
	uint64_t cancelled;   /* of the failed: 487 */
	uint64_t unanswered;  /* no final response at all */
	uint64_t completed;   /* answered calls that a BYE ended */
	uint64_t short_calls; /* of them, over within QUALITY_SHORT_CALL_S */
	uint64_t lost_byes;   /* answered calls that ended by a timer */
	uint64_t talked_ms;   /* of the completed */
	struct quality_delay ringing;	 /* SRD: INVITE to 101..199 or 2xx */
	struct quality_delay failing;	 /* SRD of the failed: INVITE to the failure */
	struct quality_delay connecting; /* INVITE to 2xx */
	struct quality_delay ending;	 /* SDD: BYE to its 2xx */

	uint64_t registers; /* REGISTERs, a retry after a challenge is another one */
	uint64_t registers_challenged;
	uint64_t registers_granted;
	uint64_t registers_failed;	  /* another final response than these, or none */
	struct quality_delay registering; /* RRD: REGISTER to its 2xx */
};

/* From one clock reading to another; a clock that went back makes it 0. */
void quality_delay_add(struct quality_delay *delay, uint64_t from_ns, uint64_t to_ns);

/* An attempt was answered by a failure of 300 to 699 that is no challenge. delta: 1, or -1: it was
 * not after all. */
void quality_failure(struct track_quality *quality, uint16_t status, int delta);

/* A call that was answered is over by a BYE; delta as above. */
void quality_completed(struct track_quality *quality, uint64_t answered_ns, uint64_t ended_ns,
		       int delta);

#endif
