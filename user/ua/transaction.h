/* SPDX-License-Identifier: GPL-2.0-only */
/* The states and timers of a client transaction (RFC 3261 section 17.1, RFC 6026 section 8.4), and
 * nothing else: no message, no socket. Times are nanoseconds of any clock that does not jump. */
#ifndef SIPXDP_UA_TRANSACTION_H
#define SIPXDP_UA_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

/* RFC 3261, table 4 */
#define UA_T1_NS      UINT64_C(500000000)
#define UA_T2_NS      UINT64_C(4000000000)
#define UA_T4_NS      UINT64_C(5000000000)
#define UA_TIMEOUT_NS (64 * UA_T1_NS) /* timers B and F unless another patience is given; M */
#define UA_D_NS	      UINT64_C(32000000000)
#define UA_NEVER      UINT64_MAX

enum ua_state {
	UA_TERMINATED, /* also: not started */
	UA_TRYING,     /* sent, nothing heard (INVITE: "Calling") */
	UA_PROCEEDING, /* a provisional response came */
	UA_ACCEPTED,   /* INVITE: a 2xx came, others may (RFC 6026) */
	UA_COMPLETED,  /* a final response came that may come again */
};

enum ua_timer {
	UA_NO_TIMER,
	UA_TIMER_A, /* INVITE: send again */
	UA_TIMER_B, /* INVITE: nobody answers */
	UA_TIMER_D, /* INVITE: no more copies of the final response are to be expected */
	UA_TIMER_E, /* other requests: send again */
	UA_TIMER_F, /* other requests: no final response */
	UA_TIMER_K, /* as D, for other requests */
	UA_TIMER_M, /* as D, for 2xx to INVITE */
};

struct ua_transaction {
	enum ua_state state;
	bool invite;
	bool reliable;	   /* TCP: nothing is sent again, and nothing comes twice */
	uint64_t interval; /* of timer A or E */
	uint64_t again_at; /* A, E; UA_NEVER: stopped */
	uint64_t give_up;  /* B, F */
	uint64_t over_at;  /* D, K, M */
};

/* What a response is to its transaction. */
enum ua_response {
	UA_RESPONSE_STRAY, /* it came when none could: ignore it */
	UA_RESPONSE_PROVISIONAL,
	UA_RESPONSE_FINAL, /* the first final one */
	UA_RESPONSE_AGAIN, /* a later final one. INVITE, 300 to 699: send the ACK again; INVITE, 2xx:
			    * a copy, or the answer of another branch */
};

/* The request is sent now. patience: of timer B or F. */
void ua_transaction_start(struct ua_transaction *t, bool invite, bool reliable, uint64_t patience,
			  uint64_t now);

/* A timer that has run out at `now`, or UA_NO_TIMER. Ask until there is none. After A and E the
 * caller sends the request again; after the others the transaction is terminated. However late
 * it is asked, a request is sent again once, not for every interval missed. */
enum ua_timer ua_transaction_timer(struct ua_transaction *t, uint64_t now);

/* A response with that status (100 to 699) arrived. */
enum ua_response ua_transaction_response(struct ua_transaction *t, unsigned int status,
					 uint64_t now);

/* When ua_transaction_timer() is to be asked next; UA_NEVER: not at all. */
uint64_t ua_transaction_next(const struct ua_transaction *t);

/* Waits for its final response. */
static inline bool ua_transaction_waits(const struct ua_transaction *t)
{
	return t->state == UA_TRYING || t->state == UA_PROCEEDING;
}

/* "A" … "M"; "" for UA_NO_TIMER. */
const char *ua_timer_name(enum ua_timer timer);

#endif
