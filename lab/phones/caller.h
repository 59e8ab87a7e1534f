/* SPDX-License-Identifier: GPL-2.0-only */
/* Outgoing calls: INVITE, 407, ACK, INVITE, 180, 200, ACK, a pause, BYE, 200. */
#ifndef LAB_PHONES_CALLER_H
#define LAB_PHONES_CALLER_H

#include "tally.h"
#include "transaction.h"

#define CALLS_MAX 8192 /* at the same time */

#define TAG_MAX	  64
#define URI_MAX	  128
#define ROUTE_MAX 512

enum call_state { CALL_FREE, CALL_INVITING, CALL_TALKING, CALL_HANGING_UP };

struct call {
	enum call_state state;
	const struct phone *phone;
	struct transaction transaction;
	uint32_t serial;   /* of the Call-ID; the other part is the slot */
	uint16_t position; /* in caller.order */
	int64_t started;
	int64_t hang_up_at;
	bool answered_challenge;
	char request_uri[URI_MAX];
	char to_tag[TAG_MAX];
	char target[URI_MAX];  /* remote target */
	char route[ROUTE_MAX]; /* route set, as Route lines */
	uint32_t invite_cseq;
};

struct call_tally {
	unsigned long tried;
	unsigned long set_up;	     /* INVITE answered with 200 */
	unsigned long completed;     /* and BYE with 200 */
	unsigned long refused_start; /* CALLS_MAX were in progress */
	unsigned long sent_again;
	unsigned long answers_again; /* retransmitted 200s */
	struct failures failures;
	struct durations setup;
};

struct caller {
	const struct site *site;
	struct call *calls;	   /* CALLS_MAX */
	uint16_t order[CALLS_MAX]; /* slots of calls: those in progress, then the free ones */
	size_t in_progress;
	uint32_t serial;
	int64_t hold;
	struct call_tally tally;
};

/* 0 or -ENOMEM */
int caller_init(struct caller *c, const struct site *site, int64_t hold);
void caller_free(struct caller *c);
/* Starts a call from a phone to a user of the site's domain. */
void caller_call(struct caller *c, const struct phone *from, const char *to_user, int64_t now);
/* Takes a response to an INVITE or a BYE that came to a phone; others are none of its business. */
void caller_response(struct caller *c, const struct phone *p, struct text response, int64_t now);
void caller_tick(struct caller *c, int64_t now);

#endif
