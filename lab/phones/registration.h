/* SPDX-License-Identifier: GPL-2.0-only */
/* A phone's registration (RFC 3261 section 10), with digest authentication. */
#ifndef LAB_PHONES_REGISTRATION_H
#define LAB_PHONES_REGISTRATION_H

#include "tally.h"
#include "transaction.h"

struct registration {
	struct transaction transaction;
	int64_t started; /* 0: not yet */
	bool answered;	 /* the challenge has been */
	bool registered;
};

struct registration_tally {
	unsigned long tried;
	unsigned long registered;
	unsigned long sent_again;
	struct failures failures;
	struct durations took;
};

void registration_start(struct registration *r, const struct phone *p, const struct site *site,
			struct registration_tally *tally, int64_t now);
void registration_tick(struct registration *r, const struct phone *p,
		       struct registration_tally *tally, int64_t now);
/* Takes a response to REGISTER; others are none of its business. */
void registration_response(struct registration *r, const struct phone *p, const struct site *site,
			   struct registration_tally *tally, struct text response, int64_t now);

#endif
