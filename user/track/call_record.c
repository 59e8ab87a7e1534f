// SPDX-License-Identifier: GPL-2.0-only
/* Records of calls. The texts are written once, from the first message; later writes read the
 * record back from the sink and change its numbers, some of them at a time. */
#include <string.h>

#include "sip/session_id.h"
#include "track/aor.h"
#include "track/call.h"
#include "track/record.h"

static struct call_key key_of(const struct call *call)
{
	return (struct call_key){ .call_id_hash = call->key };
}

/* CLOCK_REALTIME seconds at which the session timer runs out; 0: there is none. */
static uint32_t session_end(const struct track *t, const struct call *call)
{
	int32_t ticks = (int32_t)(call->session_end_tick - wheel_now(&t->calls.wheel));
	uint64_t left_ns = ticks > 0 ? (uint64_t)ticks * WHEEL_TICK_NS : 0;
	uint64_t end_s = (t->calls.wheel.now_ns + left_ns) / TRACK_SECOND_NS;

	if (!(call->flags & CALL_SESSION_TIMER) || !call_is_up(call))
		return 0;
	return end_s < UINT32_MAX ? (uint32_t)end_s : UINT32_MAX;
}

static void fill_counts(struct call_record *r, const struct call *call)
{
	r->messages = call->messages;
	r->retransmissions = call->retransmissions;
	r->reinvites = call->reinvites;
	r->updates = call->updates;
	r->pracks = call->pracks;
	r->refers = call->refers;
	r->holds = call->holds;
	r->codec_changes = call->codec_changes;
	r->forks = call->forks_seen;
}

/* What another daemon needs to go on with the call. */
static void fill_state(const struct track *t, struct call_record *r, const struct call *call)
{
	r->caller_tag = call->caller_tag;
	r->transaction = call->transaction;
	r->invite_cseq = call->invite_cseq;
	r->session_end_unix_s = session_end(t, call);
	r->flags = call->flags & ~(uint32_t)CALL_OF_TRACKER;
	for (int i = 0; i < FORKS_MAX; i++) {
		r->dialog_tag[i] = call->forks.tag[i];
		r->dialog_state[i] = call->forks.state[i];
	}
}

static void fill_numbers(const struct track *t, struct call_record *r, const struct call *call)
{
	r->started_unix_ns = call->started_ns;
	r->answered_unix_ns = call->answered_ns;
	r->ended_unix_ns = call->ended_ns;
	r->updated_unix_ns = call->updated_ns;
	r->state = call->state;
	r->service = call->service;
	r->ring_ms = call->ring_ms;
	r->setup_ms = call_setup_ms(call);
	r->final_status = call->final_status;
	r->held = (call->flags & CALL_HELD) >> CALL_HELD_SHIFT;
	fill_counts(r, call);
	fill_state(t, r, call);
}

/* The caller's UUID: that of who sent the message, or the other one (RFC 7989 section 5). */
static uint64_t session_hash(const struct track *t, const struct call *call, const struct event *e)
{
	const struct sip_message *m = e->message;
	const struct sip_header *header = sip_message_header(m, SIP_HEADER_SESSION_ID, NULL);
	bool sent_by_caller = event_is_request(e) == (call_side_of(call, e) == CALL_CALLER);
	struct sip_session_id id;
	struct sip_cursor cursor;
	struct sip_slice uuid;

	if (!header)
		return 0;
	cursor = sip_message_cursor(m, header);
	if (!sip_take_session_id(&cursor, &id))
		return 0;
	uuid = sent_by_caller ? id.local : id.remote;
	return uuid.length ? siphash_of(&t->key, sip_message_text(m, uuid), uuid.length) : 0;
}

/* From and To of a message that the callee sent are the call's the other way round. */
static void fill_texts(struct call_record *r, const struct call *call, const struct event *e)
{
	const struct sip_message *m = e->message;
	bool by_callee = e->from_tag != call->caller_tag && e->to_tag == call->caller_tag;
	const struct sip_address *caller = by_callee ? &m->to : &m->from;
	const struct sip_address *callee = by_callee ? &m->from : &m->to;
	bool from_server = call->flags & CALL_FROM_SERVER;
	const struct sipxdp_peer *server = &e->arrival->server;

	record_text(r->call_id, sizeof(r->call_id), sip_message_text(m, m->call_id),
		    m->call_id.length);
	aor_print(r->from, sizeof(r->from), m->text, &caller->uri);
	aor_print(r->to, sizeof(r->to), m->text, &callee->uri);
	record_peer(r->source, sizeof(r->source), from_server ? server : &call->peer);
	record_peer(r->destination, sizeof(r->destination), from_server ? &call->peer : server);
}

static void put(struct track *t, struct call *call, const struct call_record *record)
{
	struct call_key key = key_of(call);

	call_clear(call, CALL_UNWRITTEN);
	if (t->sink.call_put(t->sink.context, &key, record)) {
		call_set(call, CALL_UNWRITTEN);
		t->stats.put_failed++;
	}
}

void call_write(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);
	struct call_record record;

	memset(&record, 0, sizeof(record));
	fill_texts(&record, call, e);
	fill_numbers(t, &record, call);
	record.session_hash = session_hash(t, call, e);
	put(t, call, &record);
}

/* Texts are the record's alone: they cannot wait for the flush. A record that is not there yet, or
 * no more, gets its codec with the next answer. */
void call_write_codec(struct track *t, uint32_t index, const char codec[RECORD_CODEC])
{
	struct call *call = call_at(t, index);
	struct call_key key = key_of(call);
	struct call_record record;

	if (call->flags & CALL_UNWRITTEN || t->sink.call_get(t->sink.context, &key, &record)) {
		call->codec = 0;
		return;
	}
	memcpy(record.codec, codec, sizeof(record.codec));
	fill_numbers(t, &record, call);
	put(t, call, &record);
}

void call_touch(struct track *t, uint32_t index)
{
	struct call *call = call_at(t, index);

	if (call->flags & CALL_DIRTY)
		return;
	call_set(call, CALL_DIRTY);
	call->next_dirty = t->dirty;
	t->dirty = index;
}

static void flush_one(struct track *t, struct call *call)
{
	struct call_key key = key_of(call);
	struct call_record record;

	call_clear(call, CALL_DIRTY);
	if (call->flags & CALL_UNWRITTEN)
		return; /* the texts come with the next message */
	if (t->sink.call_get(t->sink.context, &key, &record)) {
		call_set(call, CALL_UNWRITTEN);
		return;
	}
	fill_numbers(t, &record, call);
	put(t, call, &record);
}

void call_flush(struct track *t)
{
	while (t->dirty) {
		struct call *call = call_at(t, t->dirty);

		t->dirty = call->next_dirty;
		flush_one(t, call);
	}
}

void call_delete(struct track *t, uint32_t index)
{
	struct call *call = call_at(t, index);
	struct call_key key = key_of(call);

	if (call->flags & CALL_DIRTY)
		call_flush(t); /* takes it out of the chain */
	t->sink.call_delete(t->sink.context, &key);
	wheel_clear(&t->calls.wheel, index);
	table_remove(&t->calls.table, index);
}
