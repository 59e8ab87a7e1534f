// SPDX-License-Identifier: GPL-2.0-only
/* Records of calls. The texts are written once, from the first message; later writes read the
 * record back from the sink and change its numbers, some of them at a time. */
#include <string.h>

#include "track/aor.h"
#include "track/call.h"
#include "track/record.h"

static struct call_key key_of(const struct call *call)
{
	return (struct call_key){ .call_id_hash = call->key };
}

static void fill_numbers(struct call_record *r, const struct call *call)
{
	r->started_unix_ns = call->started_ns;
	r->answered_unix_ns = call->answered_ns;
	r->ended_unix_ns = call->ended_ns;
	r->updated_unix_ns = call->updated_ns;
	r->state = call->state;
	r->service = call->service;
	r->setup_ms = call->setup_ms;
	r->messages = call->messages;
	r->retransmissions = call->retransmissions;
	r->reinvites = call->reinvites;
	r->final_status = call->final_status;
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

	call->flags &= (uint16_t)~CALL_UNWRITTEN;
	if (t->sink.call_put(t->sink.context, &key, record)) {
		call->flags |= CALL_UNWRITTEN;
		t->stats.put_failed++;
	}
}

void call_write(struct track *t, uint32_t index, const struct event *e)
{
	struct call *call = call_at(t, index);
	struct call_record record;

	memset(&record, 0, sizeof(record));
	fill_texts(&record, call, e);
	fill_numbers(&record, call);
	put(t, call, &record);
}

void call_touch(struct track *t, uint32_t index)
{
	struct call *call = call_at(t, index);

	if (call->flags & CALL_DIRTY)
		return;
	call->flags |= CALL_DIRTY;
	call->next_dirty = t->dirty;
	t->dirty = index;
}

static void flush_one(struct track *t, struct call *call)
{
	struct call_key key = key_of(call);
	struct call_record record;

	call->flags &= (uint16_t)~CALL_DIRTY;
	if (call->flags & CALL_UNWRITTEN)
		return; /* the texts come with the next message */
	if (t->sink.call_get(t->sink.context, &key, &record)) {
		call->flags |= CALL_UNWRITTEN;
		return;
	}
	fill_numbers(&record, call);
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

bool call_record_is_from(const struct track *t, const struct call *call,
			 const struct sipxdp_peer *server)
{
	struct call_key key = key_of(call);
	struct call_record record;
	char text[RECORD_PEER];

	if (t->sink.call_get(t->sink.context, &key, &record))
		return false;
	record_peer(text, sizeof(text), server);
	return !strncmp(text, record.source, sizeof(text));
}
