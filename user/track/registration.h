/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registrations (RFC 3261 section 10): which contacts are bound to an address-of-record. The
 * registrar's 200 names all current bindings of the AoR (section 10.3 step 8), so it, and not the
 * request, is believed: what it names is bound, what it does not name is not.
 */
#ifndef SIPXDP_TRACK_REGISTRATION_H
#define SIPXDP_TRACK_REGISTRATION_H

#include "track/event.h"
#include "track/transaction.h"

/* A binding of one contact to one AoR. */
struct registration {
	uint64_t key;					  /* aor_flow_hash() */
	uint64_t registered_ns, refreshed_ns, expires_ns; /* CLOCK_REALTIME */
	uint64_t call_id; /* hash of the Call-ID of the last refresh; 0: not known */
	struct wheel_timer timer;
	uint32_t cseq; /* of the last refresh */
	struct group_link link[GROUP_KINDS];
	uint32_t refreshes;
	uint32_t expires_s;
	uint32_t round; /* the latest 200 that named it */
	uint16_t q_thousandths;
	uint8_t service;
	uint8_t pad;
};
_Static_assert(sizeof(struct registration) == 104, "registration size");

/* Takes in a 2xx to a REGISTER; tx is the request, NULL if it was not seen. */
void registration_granted(struct track *t, const struct event *e, const struct transaction *tx);

/* It was sent again: nothing is bound anew, but whoever counts from it when trust ends is told. */
void registration_repeated(struct track *t, const struct event *e, const struct transaction *tx);

/* Timer of a binding ran out. */
void registration_expired(struct track *t, uint32_t index);

#endif
