/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls, one for each Call-ID: what an INVITE starts and a failure or a BYE ends.
 *
 * A proxy shows us each message twice, on the caller's side and on the callee's, and forks show us
 * several INVITEs. The call's state is what its caller sees: the first INVITE's hop is the primary
 * one; requests in its direction and responses in the other move the call on. What passes on the
 * other hops is counted.
 */
#ifndef SIPXDP_TRACK_CALL_H
#define SIPXDP_TRACK_CALL_H

#include "track/event.h"
#include "track/fork.h"

#define CALL_RECENT 9 /* messages that a retransmission is recognised among */

enum call_flag {
	CALL_FROM_SERVER = 1 << 0, /* the INVITE was the server's */
	CALL_CREDENTIALS = 1 << 1, /* the INVITE had some */
	CALL_CHALLENGED = 1 << 2,  /* and was answered by 401 or 407 */
	CALL_ACK_SEEN = 1 << 3,	   /* ACK to a 2xx that has not come by yet */
	CALL_BYE_SEEN = 1 << 4,
	CALL_ADOPTED = 1 << 5,	 /* from an earlier daemon's record: tags and CSeq are not known */
	CALL_LATE = 1 << 6,	 /* the INVITE was not seen: no setup time */
	CALL_DIRTY = 1 << 7,	 /* the record is behind, and the call in the chain of such */
	CALL_UNWRITTEN = 1 << 8, /* there is no record: the sink refused it or lost it */
	CALL_REINVITE = 1 << 9,	 /* a re-INVITE is unanswered */
};

/* Who sent a request, or the request that a response answers. */
enum call_side { CALL_CALLER, CALL_CALLEE, CALL_SIDES };

struct call {
	uint64_t key;	      /* hash of the Call-ID */
	uint64_t caller_tag;  /* hash of the caller's tag */
	uint64_t transaction; /* of the latest INVITE that set out to start the call */
	uint64_t target;      /* AoR that it asked for */
	uint64_t started_ns, answered_ns, ended_ns, updated_ns; /* CLOCK_REALTIME; 0: not yet */
	struct forks forks;
	struct wheel_timer timer;
	struct sipxdp_peer peer; /* the far side of the primary hop */
	uint32_t next_dirty;
	uint32_t invite_cseq;
	uint32_t reinvite_cseq[CALL_SIDES];
	uint32_t bye_cseq;
	uint32_t setup_ms;
	uint32_t session_s; /* session timer, 0: none */
	uint32_t messages, retransmissions;
	uint32_t recent[CALL_RECENT]; /* fingerprints, in a ring */
	uint16_t reinvites;
	uint16_t final_status;
	uint16_t flags; /* enum call_flag */
	uint8_t recent_next;
	uint8_t state; /* enum call_state */
	uint8_t service;
	uint8_t pad[3];
};
_Static_assert(sizeof(struct call) <= 240, "a call with its share of the index is 256 octets");

static inline struct call *call_at(const struct track *t, uint32_t index)
{
	return table_entry(&t->calls.table, index);
}

/* Takes in a message; false: it belongs to no call and starts none. */
bool call_event(struct track *t, const struct event *e);

/* Timer of a call ran out. */
void call_expired(struct track *t, uint32_t index);

/* ---- call_state.c: what a message does to the call it belongs to ---- */

void call_handle(struct track *t, uint32_t index, const struct event *e);

/* Makes the call that of this INVITE, whatever it was before. */
void call_start(struct track *t, uint32_t index, const struct event *e);

/* Enters a state that ends the call, which stays to be seen for a while. */
void call_end(struct track *t, uint32_t index, enum call_state state, uint64_t now_ns);

/* Sets the timer that the call's state asks for. */
void call_arm(struct track *t, uint32_t index);

/* ---- call_record.c: the call as a record ---- */

/* Writes the whole record, texts from a message of the call. */
void call_write(struct track *t, uint32_t index, const struct event *e);

/* Has the numbers of the record written with the next flush. */
void call_touch(struct track *t, uint32_t index);

/* Writes the records of all touched calls. */
void call_flush(struct track *t);

/* Deletes record and call. */
void call_delete(struct track *t, uint32_t index);

/* Was the INVITE of an adopted call sent by the server, whose address is given? */
bool call_record_is_from(const struct track *t, const struct call *call,
			 const struct sipxdp_peer *server);

#endif
