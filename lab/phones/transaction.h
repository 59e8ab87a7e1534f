/* SPDX-License-Identifier: GPL-2.0-only */
/* A client transaction over UDP (RFC 3261 section 17.1): a request, sent again until answered. */
#ifndef LAB_PHONES_TRANSACTION_H
#define LAB_PHONES_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>
#include "phone.h"

#define BRANCH_MAX 48

struct transaction {
	char message[MESSAGE_MAX];
	size_t length;
	char branch[BRANCH_MAX];
	uint32_t cseq;
	bool invite;
	bool active;	  /* no final response yet */
	bool provisional; /* a 1xx has come */
	int64_t resend_at;
	int64_t interval;
	int64_t give_up_at;
};

enum transaction_event { TRANSACTION_WAITS, TRANSACTION_SENT_AGAIN, TRANSACTION_TIMED_OUT };

/* A new branch, for a request that is to be written into t->message. */
void transaction_new(struct transaction *t, const struct site *site, uint32_t cseq, bool invite);
/* Sends t->message for the first time. */
void transaction_send(struct transaction *t, const struct phone *p, int64_t give_up, int64_t now);
/* Sends it again when that is due (timers A, B, E and F). */
enum transaction_event transaction_tick(struct transaction *t, const struct phone *p, int64_t now);
/* Whether a response belongs to it: same branch and CSeq (section 17.1.3). Its progress is noted.
 */
bool transaction_takes(struct transaction *t, struct text response);
/* Acknowledges a final response other than 2xx to an INVITE, within its transaction, which may be
 * over and forgotten (section 17.1.1.3). */
void acknowledge_failure(const struct phone *p, struct text response);

#endif
