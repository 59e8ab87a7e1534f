/* SPDX-License-Identifier: GPL-2.0-only */
/* Transactions (RFC 3261 section 17, RFC 6026): which request a response answers, which message is
 * a retransmission. INVITEs that set up a call are kept with the call (call.h); the requests
 * outside of calls (REGISTER, OPTIONS, MESSAGE …) are kept here until they are answered. */
#ifndef SIPXDP_TRACK_TRANSACTION_H
#define SIPXDP_TRACK_TRANSACTION_H

#include "track/event.h"

#define TRANSACTION_CONTACTS 6 /* of a REGISTER, told apart from those of other devices */

struct transaction {
	uint64_t key;				/* transaction_id() */
	uint64_t target;			/* AoR asked for */
	uint64_t started_ns;			/* CLOCK_REALTIME */
	uint64_t contact[TRANSACTION_CONTACTS]; /* REGISTER: binding hashes */
	struct wheel_timer timer;
	struct sipxdp_peer peer;
	uint32_t expires; /* REGISTER: Expires header, or SIP_EXPIRES_NONE */
	uint8_t method;
	uint8_t contact_count;
	uint8_t credentials;
	uint8_t star;		       /* REGISTER: Contact: * */
	uint8_t answered;	       /* a final response was seen */
	char user_agent[RECORD_AGENT]; /* REGISTER */
	uint8_t service;
	uint8_t binds; /* REGISTER: it does more than ask and take back */
	uint8_t pad;
};
_Static_assert(sizeof(struct transaction) == 176, "transaction size");

/*
 * What the messages of one transaction on one hop have in common, requests and responses alike, by
 * sections 17.1.3 and 17.2.3: the top Via's branch and sent-by and the method, ACK's (to a non-2xx)
 * and CANCEL's being those of the INVITE. Without the magic cookie a branch says nothing, and
 * Call-ID, From tag and CSeq number are taken in as well. Never 0.
 */
uint64_t transaction_id(const struct track *t, const struct sip_message *message);

/* What tells a message from all others of its call, but not from its retransmissions. */
uint32_t transaction_fingerprint(const struct event *e);

/* Takes in a request or a response that belongs to no call. */
void transaction_event(struct track *t, const struct event *e);

/* Timer of a transaction ran out. */
void transaction_expired(struct track *t, uint32_t index);

/* Tells the sink what a final response from the server says of the peer that sent the request. */
void transaction_report(struct track *t, const struct event *response, bool credentials,
			const struct sipxdp_peer *peer, uint64_t target);

#endif
