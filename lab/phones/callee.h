/* SPDX-License-Identifier: GPL-2.0-only */
/* Incoming calls: INVITE is answered with 180 and 200, BYE with 200. */
#ifndef LAB_PHONES_CALLEE_H
#define LAB_PHONES_CALLEE_H

#include "tally.h"
#include "phone.h"

#define ANSWERS_MAX    8192 /* calls at the same time */
#define ANSWER_MAX     4096 /* octets of a 200 */
#define ANSWER_CALL_ID 96
#define ANSWER_BUCKETS 4096 /* a power of two */

/* A call that was answered, until its BYE. */
struct answer {
	struct answer *next;
	const struct phone *phone;
	char call_id[ANSWER_CALL_ID];
	uint32_t cseq;
	bool acknowledged;
	int64_t resend_at;
	int64_t interval;
	int64_t acknowledge_by;
	int64_t forget_at;
	size_t length;
	char ok[ANSWER_MAX];
};

struct callee_tally {
	unsigned long invites; /* without those that came again */
	unsigned long invites_again;
	unsigned long acknowledged;
	unsigned long ended; /* by BYE */
	unsigned long sent_again;
	unsigned long never_acknowledged;
	unsigned long refused; /* answered with 503: ANSWERS_MAX */
	unsigned long keepalives;
};

struct callee {
	const struct site *site;
	struct answer *bucket[ANSWER_BUCKETS];
	size_t in_progress;
	int64_t longest; /* a call without a BYE is forgotten after so long */
	struct callee_tally tally;
};

void callee_init(struct callee *c, const struct site *site);
void callee_free(struct callee *c);
/* Takes a request that came to a phone. */
void callee_request(struct callee *c, const struct phone *p, struct text request, int64_t now);
void callee_tick(struct callee *c, int64_t now);

#endif
