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

#include <sipxdp/time.h>

#include "track/event.h"
#include "track/fork.h"

#define CALL_RECENT 8 /* messages that a retransmission is recognised among */

/* Those of the first line are the tracker's own; the others are kept in the record, where their
 * numbers must not change. */
enum call_flag {
	CALL_DIRTY = 1 << 0,	 /* the record is behind, and the call in the chain of such */
	CALL_UNWRITTEN = 1 << 1, /* there is no record: the sink refused it or lost it */
	CALL_OF_TRACKER = CALL_DIRTY | CALL_UNWRITTEN,

	CALL_FROM_SERVER = 1 << 2,   /* the INVITE was the server's */
	CALL_CREDENTIALS = 1 << 3,   /* the INVITE had some */
	CALL_PROCEEDING = 1 << 4,    /* and was answered by a 1xx */
	CALL_CHALLENGED = 1 << 5,    /* or by 401 or 407 */
	CALL_ACK_SEEN = 1 << 6,	     /* ACK to a 2xx that has not come by yet */
	CALL_FAILURE_ACKED = 1 << 7, /* ACK to a failure, which may not have come by yet */
	CALL_BYE_SEEN = 1 << 8,
	CALL_BYE_ANSWERED = 1 << 9,
	CALL_LATE = 1 << 10,	      /* the INVITE was not seen: no setup time */
	CALL_SESSION_TIMER = 1 << 11, /* RFC 4028 */
	CALL_HELD = 3 << 12,	      /* CALL_HELD_BY_… of record.h, shifted */

	/* By side: a re-INVITE is unanswered; an offer is; that offer puts the call on hold. The
	 * callee's is the next bit. */
	CALL_REINVITE = 1 << 14,
	CALL_OFFER = 1 << 16,
	CALL_OFFER_HOLDS = 1 << 18,
};
#define CALL_HELD_SHIFT 12

/* Who sent a request, or the request that a response answers. */
enum call_side { CALL_CALLER, CALL_CALLEE, CALL_SIDES };

struct call {
	uint64_t key;	      /* hash of the Call-ID */
	uint64_t caller_tag;  /* hash of the caller's tag */
	uint64_t transaction; /* of the latest INVITE that set out to start the call */
	uint64_t target;      /* AoR that it asked for; 0: not known */
	uint64_t started_ns, answered_ns, ended_ns, updated_ns; /* CLOCK_REALTIME; 0: not yet */
	struct forks forks;
	struct wheel_timer timer;
	struct sipxdp_peer peer; /* the far side of the primary hop */
	uint32_t next_dirty;
	uint32_t flags; /* enum call_flag */
	uint32_t invite_cseq;
	uint32_t reinvite_cseq[CALL_SIDES];
	uint32_t bye_cseq;
	uint32_t attempt_ms; /* the latest INVITE after the first one */
	uint32_t ring_ms;
	uint32_t seen_tick;	   /* of the wheel: the latest message */
	uint32_t session_end_tick; /* with CALL_SESSION_TIMER */
	uint32_t codec;		   /* hash of its name, 0: none was seen */
	uint32_t messages, retransmissions;
	uint32_t recent[CALL_RECENT]; /* fingerprints, in a ring */
	uint16_t final_status;
	uint16_t reinvites, updates, pracks, refers, holds, codec_changes, forks_seen;
	uint8_t recent_next;
	uint8_t state; /* enum call_state */
	uint8_t service;
	uint8_t pad;
};
_Static_assert(sizeof(struct call) == 232,
	       "with its share of the index, a call is below 256 octets");

static inline struct call *call_at(const struct track *t, uint32_t index)
{
	return table_entry(&t->calls.table, index);
}

static inline bool call_is_setup(const struct call *call)
{
	return call->state == CALL_TRYING || call->state == CALL_RINGING ||
	       call->state == CALL_CANCELLING;
}

static inline bool call_is_up(const struct call *call)
{
	return call->state == CALL_ANSWERED || call->state == CALL_CONFIRMED;
}

static inline bool call_is_over(const struct call *call)
{
	return call->state == CALL_ENDED || call->state == CALL_FAILED;
}

static inline void call_set(struct call *call, uint32_t flags)
{
	call->flags |= flags;
}

static inline void call_clear(struct call *call, uint32_t flags)
{
	call->flags &= ~flags;
}

static inline void call_count(uint16_t *counter)
{
	if (*counter < UINT16_MAX)
		(*counter)++;
}

/* Did the message travel as the first INVITE did? */
static inline bool call_goes_forward(const struct call *call, const struct event *e)
{
	return e->from_server == !!(call->flags & CALL_FROM_SERVER);
}

/* Who sent the request, or the request that was answered: its From says. */
static inline enum call_side call_side_of(const struct call *call, const struct event *e)
{
	return e->from_tag == call->caller_tag ? CALL_CALLER : CALL_CALLEE;
}

/* Is it between the caller and us? What the caller asks and is asked comes by there just once. */
static inline bool call_on_primary_hop(const struct call *call, const struct event *e)
{
	bool of_caller = event_is_request(e) == (call_side_of(call, e) == CALL_CALLER);

	return call_goes_forward(call, e) == of_caller;
}

/* The tag that the callee gave the dialog; a callee of RFC 2543 may have given none. */
static inline uint64_t call_dialog_tag(const struct call *call, const struct event *e)
{
	return call_side_of(call, e) == CALL_CALLER ? e->to_tag : e->from_tag;
}

static inline enum fork_state call_fork_state(const struct call *call, const struct event *e)
{
	return fork_state(&call->forks, call_dialog_tag(call, e));
}

/* From the first INVITE to the answer, at least 1; 0: not answered, or not known. */
static inline uint32_t call_setup_ms(const struct call *call)
{
	uint64_t ms = 0;

	if (!call->answered_ns || call->flags & CALL_LATE)
		return 0;
	if (call->answered_ns > call->started_ns)
		ms = (call->answered_ns - call->started_ns) / NSEC_PER_MSEC;
	if (ms > UINT32_MAX)
		return UINT32_MAX;
	return ms ? (uint32_t)ms : 1;
}

static inline struct track_quality *call_quality(struct track *t, const struct call *call)
{
	return quality_of(t, call->service);
}

/* Takes in a message, if it belongs to a call or starts one. */
struct track_outcome call_event(struct track *t, const struct event *e);

/* ---- call_state.c: what a message does to the call it belongs to ---- */

void call_handle(struct track *t, uint32_t index, const struct event *e);

/* ---- call_setup.c: from the INVITE to the ACK ---- */

/* Makes the call that of this INVITE, whatever it was before. */
void call_start(struct track *t, uint32_t index, const struct event *e);

void call_invite(struct track *t, uint32_t index, const struct event *e);
void call_invite_response(struct track *t, uint32_t index, const struct event *e);
void call_ack(struct track *t, uint32_t index, const struct event *e);
void call_cancel(struct track *t, uint32_t index, const struct event *e);

/* ---- call_dialog.c: what happens within a dialog ---- */

void call_reinvite(struct track *t, uint32_t index, const struct event *e);
void call_reinvite_response(struct track *t, uint32_t index, const struct event *e);
void call_update(struct track *t, uint32_t index, const struct event *e);
void call_update_response(struct track *t, uint32_t index, const struct event *e);
void call_prack(struct track *t, uint32_t index, const struct event *e);
void call_refer(struct track *t, uint32_t index, const struct event *e);
void call_bye(struct track *t, uint32_t index, const struct event *e);
void call_bye_response(struct track *t, uint32_t index, const struct event *e);

/* A 2xx to an INVITE or UPDATE starts the session timer anew, or does without one (RFC 4028
 * section 7.2). */
void call_session_refreshed(struct track *t, uint32_t index, const struct event *e);

/* ---- call_media.c: what its session descriptions say ---- */

/* A request within a dialog, which may offer another session (RFC 3264 section 8). */
void call_offer(struct track *t, struct call *call, const struct event *e);

/* A message that may have the answer to an offer: 1xx, 2xx, ACK. */
void call_answer(struct track *t, uint32_t index, const struct event *e);

/* The offer was refused. */
void call_offer_refused(struct call *call, const struct event *e);

/* ---- call_timer.c: how long it may stay as it is ---- */

/* Enters a state, and sets the timer that it asks for. */
void call_enter(struct track *t, uint32_t index, enum call_state state);

/* Enters a state that ends the call, which stays to be seen for a while. */
void call_end(struct track *t, uint32_t index, enum call_state state, uint64_t now_ns);

/* Sets the timer that the call's state asks for, from now. */
void call_arm(struct track *t, uint32_t index);

/* Timer of a call ran out. */
void call_expired(struct track *t, uint32_t index);

/* Holds the call against what the kernel knows of it. True: it has changed its state for that. */
bool call_ask_kernel(struct track *t, uint32_t index);

/* ---- call_room.c: when the table is full ---- */

/* Forgets a call that is over or not answered, if there is one near at hand. */
bool call_make_room(struct track *t);

/* ---- call_record.c: the call as a record ---- */

/* Writes the whole record, texts from a message of the call. */
void call_write(struct track *t, uint32_t index, const struct event *e);

/* Writes the record with the name of the codec that was agreed on. */
void call_write_codec(struct track *t, uint32_t index, const char codec[RECORD_CODEC]);

/* Has the numbers of the record written with the next flush. */
void call_touch(struct track *t, uint32_t index);

/* Writes the records of all touched calls. */
void call_flush(struct track *t);

/* Deletes record and call. */
void call_delete(struct track *t, uint32_t index);

#endif
