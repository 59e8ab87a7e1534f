// SPDX-License-Identifier: GPL-2.0-only
/* Calls of an earlier daemon: records become calls again, as they were, and what the kernel has seen
 * of them meanwhile is made up for. */
#include "track/call.h"

#include <errno.h>

#include "track/record.h"

static int refuse_record(struct track *t, const struct call_key *key, int err)
{
	t->sink.call_delete(t->sink.context, key);
	return err;
}

/* What is left of the time that the record's state allows. */
static uint64_t time_left(uint64_t from_ns, uint64_t allowed_ns, uint64_t now_ns)
{
	uint64_t spent_ns = now_ns > from_ns ? now_ns - from_ns : 0;

	return spent_ns < allowed_ns ? allowed_ns - spent_ns : 0;
}

static uint64_t record_time_left(const struct track *t, const struct call_record *r)
{
	uint64_t now_ns = t->calls.wheel.now_ns;

	switch (r->state) {
	case CALL_TRYING:
	case CALL_RINGING: return time_left(r->updated_unix_ns, TRACK_TIMER_C_NS, now_ns);
	case CALL_CONFIRMED: return time_left(r->updated_unix_ns, t->config.idle_ns, now_ns);
	case CALL_ANSWERED: return time_left(r->answered_unix_ns, TRACK_64_T1_NS, now_ns);
	case CALL_CANCELLING: return time_left(r->updated_unix_ns, TRACK_64_T1_NS, now_ns);
	case CALL_ENDED:
	case CALL_FAILED: return time_left(r->ended_unix_ns, TRACK_LINGER_NS, now_ns);
	}
	return 0; /* no state that we know */
}

/* The far side of the primary hop, which the record has as text. */
static void read_peer(struct call *call, const struct call_record *r)
{
	bool from_server = call->flags & CALL_FROM_SERVER;
	const char *text = from_server ? r->destination : r->source;

	if (!record_peer_read(text, RECORD_PEER, &call->peer))
		call->peer = (struct sipxdp_peer){ .port = 0 };
}

static void read_session_timer(const struct track *t, struct call *call,
			       const struct call_record *r)
{
	uint64_t now_s = t->calls.wheel.now_ns / TRACK_SECOND_NS;
	uint64_t left_s = r->session_end_unix_s > now_s ? r->session_end_unix_s - now_s : 0;

	if (!r->session_end_unix_s)
		return;
	call_set(call, CALL_SESSION_TIMER);
	call->session_end_tick = wheel_now(&t->calls.wheel) +
				 (uint32_t)(left_s * TRACK_SECOND_NS / WHEEL_TICK_NS);
}

static void read_dialogs(struct call *call, const struct call_record *r)
{
	for (int i = 0; i < FORKS_MAX; i++) {
		call->forks.tag[i] = r->dialog_tag[i];
		call->forks.state[i] = r->dialog_state[i] <= FORK_TERMINATED ? r->dialog_state[i]
									     : FORK_UNUSED;
	}
	call->forks_seen = r->forks;
}

static void read_counts(struct call *call, const struct call_record *r)
{
	call->messages = r->messages;
	call->retransmissions = r->retransmissions;
	call->reinvites = r->reinvites;
	call->updates = r->updates;
	call->pracks = r->pracks;
	call->refers = r->refers;
	call->holds = r->holds;
	call->codec_changes = r->codec_changes;
}

static void read_record(const struct track *t, struct call *call, const struct call_record *r)
{
	uint64_t idle_ns = 0;

	call->flags = r->flags & ~(uint32_t)CALL_OF_TRACKER;
	call->started_ns = r->started_unix_ns;
	call->answered_ns = r->answered_unix_ns;
	call->ended_ns = r->ended_unix_ns;
	call->updated_ns = r->updated_unix_ns;
	call->state = (uint8_t)r->state;
	call->service = (uint8_t)r->service;
	call->ring_ms = r->ring_ms;
	call->final_status = r->final_status;
	call->caller_tag = r->caller_tag;
	call->transaction = r->transaction;
	call->invite_cseq = r->invite_cseq;
	if (r->codec[0])
		call->codec = (uint32_t)siphash_of(&t->key, r->codec, sizeof(r->codec)) | 1;
	if (t->calls.wheel.now_ns > r->updated_unix_ns)
		idle_ns = t->calls.wheel.now_ns - r->updated_unix_ns;
	call->seen_tick = wheel_now(&t->calls.wheel) - (uint32_t)(idle_ns / WHEEL_TICK_NS);
	read_counts(call, r);
	read_dialogs(call, r);
	read_peer(call, r);
	read_session_timer(t, call, r);
}

/* The kernel has seen something since the 2xx, the ACK in all likelihood. */
static void confirm_if_heard_of(struct track *t, uint32_t index, uint64_t updated_ns)
{
	const struct call *call = call_at(t, index);

	if (call->state == CALL_ANSWERED && call->updated_ns > updated_ns)
		call_enter(t, index, CALL_CONFIRMED);
}

/* Is there nothing new of the call, while its record's time has run out? */
static bool is_stale(struct track *t, uint32_t index, const struct call_record *r)
{
	bool news = call_ask_kernel(t, index);

	confirm_if_heard_of(t, index, r->updated_unix_ns);
	news |= call_at(t, index)->updated_ns > r->updated_unix_ns;
	if (news)
		call_touch(t, index);
	return !news && !record_time_left(t, r);
}

static void drop(struct track *t, uint32_t index)
{
	wheel_clear(&t->calls.wheel, index);
	table_remove(&t->calls.table, index);
}

/* What was no more than an INVITE is given its seconds anew, and so is a confirmed call, or one whose
 * state has just changed; the others go on where they were. */
static void set_timer(struct track *t, uint32_t index, const struct call_record *r)
{
	const struct call *call = call_at(t, index);
	bool begins = call->state == CALL_TRYING &&
		      (call->flags & CALL_CHALLENGED || !(call->flags & CALL_PROCEEDING));

	if (begins || call->state == CALL_CONFIRMED || call->state != r->state)
		call_arm(t, index);
	else
		wheel_set(&t->calls.wheel, index, record_time_left(t, r));
}

int track_adopt_call(struct track *t, const struct call_key *key, const struct call_record *r)
{
	uint32_t index;

	if (table_find(&t->calls.table, key->call_id_hash))
		return -EEXIST;
	if (r->state > CALL_FAILED)
		return refuse_record(t, key, -ESTALE);
	index = table_add(&t->calls.table, key->call_id_hash);
	if (!index) {
		t->stats.calls_full++;
		return refuse_record(t, key, -ENOSPC);
	}
	read_record(t, call_at(t, index), r);
	if (is_stale(t, index, r)) {
		drop(t, index);
		return refuse_record(t, key, -ESTALE);
	}
	set_timer(t, index, r);
	return 0;
}
