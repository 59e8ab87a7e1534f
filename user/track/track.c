// SPDX-License-Identifier: GPL-2.0-only
/* The tracker as a whole: its tables, its clock, and which of its parts a message is for. */
#include "track/track.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "track/call.h"
#include "track/registration.h"
#include "track/transaction.h"

static int timed_table_init(struct timed_table *t, uint32_t capacity, size_t entry_size,
			    size_t timer_offset, uint64_t now_ns)
{
	int err = table_init(&t->table, capacity, entry_size);

	if (err)
		return err;
	wheel_init(&t->wheel, now_ns, (char *)table_entry(&t->table, 0) + timer_offset, entry_size);
	return 0;
}

static int init_tables(struct track *t, uint64_t now_ns)
{
	int err = timed_table_init(&t->calls, t->config.calls, sizeof(struct call),
				   offsetof(struct call, timer), now_ns);

	if (!err)
		err = timed_table_init(&t->registrations, t->config.registrations,
				       sizeof(struct registration),
				       offsetof(struct registration, timer), now_ns);
	if (!err)
		err = timed_table_init(&t->transactions, t->config.transactions,
				       sizeof(struct transaction),
				       offsetof(struct transaction, timer), now_ns);
	for (int kind = 0; !err && kind < GROUP_KINDS; kind++)
		err = table_init(&t->groups[kind], t->config.registrations, sizeof(struct group));
	return err;
}

static bool is_complete(const struct track_sink *sink)
{
	return sink->call_put && sink->call_get && sink->call_delete && sink->registration_put &&
	       sink->registration_get && sink->registration_delete;
}

void track_set_idle(struct track *t, uint64_t idle_ns)
{
	t->config.idle_ns = idle_ns ? idle_ns : TRACK_IDLE_DEFAULT_NS;
}

int track_new(const struct track_config *config, const struct track_sink *sink, uint64_t now_ns,
	      struct track **out)
{
	struct track *t;
	int err;

	if (!is_complete(sink))
		return -EINVAL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->config = *config;
	t->sink = *sink;
	t->key = (struct siphash_key){ { config->seed[0], config->seed[1] } };
	t->no_tag = siphash_of(&t->key, "", 0);
	track_set_idle(t, config->idle_ns);
	err = init_tables(t, now_ns);
	if (err) {
		track_free(t);
		return err;
	}
	*out = t;
	return 0;
}

void track_free(struct track *t)
{
	if (!t)
		return;
	table_free(&t->calls.table);
	table_free(&t->registrations.table);
	table_free(&t->transactions.table);
	for (int kind = 0; kind < GROUP_KINDS; kind++)
		table_free(&t->groups[kind]);
	free(t);
}

/* Methods that never belong to a call, and those that only do within its dialog. The rest of the
 * messages are looked for among the calls first. */
static bool is_of_call(const struct event *e)
{
	switch (e->method) {
	case SIP_REGISTER:
	case SIP_PUBLISH: return false;
	case SIP_MESSAGE:
	case SIP_OPTIONS:
	case SIP_SUBSCRIBE: return e->has_to_tag;
	default: return true;
	}
}

struct track_outcome track_message(struct track *t, const struct track_arrival *arrival,
				   const struct sip_message *message)
{
	struct track_outcome outcome = { .of_call = false };
	struct event e;

	track_advance(t, arrival->now_ns);
	t->stats.messages++;
	event_read(&e, t, arrival, message);
	if (is_of_call(&e) && !arrival->call_id_hash) {
		t->stats.unhashed++;
		return outcome;
	}
	if (is_of_call(&e))
		outcome = call_event(t, &e);
	if (!outcome.of_call)
		transaction_event(t, &e);
	return outcome;
}

static void expire_call(void *t, uint32_t index)
{
	call_expired(t, index);
}

static void expire_registration(void *t, uint32_t index)
{
	registration_expired(t, index);
}

static void expire_transaction(void *t, uint32_t index)
{
	transaction_expired(t, index);
}

void track_advance(struct track *t, uint64_t now_ns)
{
	wheel_advance(&t->calls.wheel, now_ns, expire_call, t);
	wheel_advance(&t->registrations.wheel, now_ns, expire_registration, t);
	wheel_advance(&t->transactions.wheel, now_ns, expire_transaction, t);
}

void track_messages_lost(struct track *t)
{
	t->lost = true;
	t->lost_tick = wheel_now(&t->calls.wheel);
}

void track_ask_kernel(struct track *t)
{
	const struct table *calls = &t->calls.table;

	for (uint32_t index = 1; index <= calls->touched; index++)
		if (table_find(calls, call_at(t, index)->key) == index && call_ask_kernel(t, index))
			call_touch(t, index);
}

void track_flush(struct track *t)
{
	call_flush(t);
}

void track_prefetch(const struct track *t, uint64_t call_id_hash)
{
	table_prefetch(&t->calls.table, call_id_hash);
}

void track_stats(const struct track *t, struct track_stats *out)
{
	*out = t->stats;
	out->calls = t->calls.table.count;
	out->registrations = t->registrations.table.count;
	out->transactions = t->transactions.table.count;
}

const struct track_quality *track_quality(const struct track *t, uint32_t service)
{
	return service < TRACK_SERVICES ? &t->quality[service] : NULL;
}
