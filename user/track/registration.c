// SPDX-License-Identifier: GPL-2.0-only
/* Bindings, kept in step with what the registrar answers. */
#include "track/registration.h"

#include <errno.h>
#include <string.h>

#include "track/aor.h"
#include "track/fact.h"
#include "track/record.h"

/* The registrar tells the time left in whole seconds: less of a difference is no news. */
#define EXPIRES_SLACK_NS (2 * TRACK_SECOND_NS)

static struct registration *at(const struct track *t, uint32_t index)
{
	return table_entry(&t->registrations.table, index);
}

static struct aor *aor_at(const struct track *t, uint32_t index)
{
	return table_entry(&t->aors, index);
}

static struct registration_key key_of(const struct registration *r)
{
	return (struct registration_key){ .binding_hash = r->key };
}

/* ---- AoRs ---- */

/* There are as many AoRs as bindings at most, so there is always room. */
static void bind_to_aor(struct track *t, uint32_t index, uint64_t aor_key)
{
	struct registration *r = at(t, index);
	struct aor *aor;

	r->aor = table_find(&t->aors, aor_key);
	if (!r->aor)
		r->aor = table_add(&t->aors, aor_key);
	if (!r->aor)
		return;
	aor = aor_at(t, r->aor);
	r->previous = 0;
	r->next = aor->first;
	if (aor->first)
		at(t, aor->first)->previous = index;
	aor->first = index;
}

static void unbind_from_aor(struct track *t, uint32_t index)
{
	struct registration *r = at(t, index);
	struct aor *aor;

	if (!r->aor)
		return;
	aor = aor_at(t, r->aor);
	if (r->next)
		at(t, r->next)->previous = r->previous;
	if (r->previous)
		at(t, r->previous)->next = r->next;
	else
		aor->first = r->next;
	if (!aor->first)
		table_remove(&t->aors, r->aor);
	r->aor = 0;
}

/* ---- records ---- */

static void fill_numbers(struct registration_record *record, const struct registration *r)
{
	record->registered_unix_ns = r->registered_ns;
	record->refreshed_unix_ns = r->refreshed_ns;
	record->expires_unix_ns = r->expires_ns;
	record->service = r->service;
	record->refreshes = r->refreshes;
	record->expires_s = r->expires_s;
	record->q_thousandths = r->q_thousandths;
}

static void put(struct track *t, const struct registration *r,
		const struct registration_record *record)
{
	struct registration_key key = key_of(r);

	if (t->sink.registration_put(t->sink.context, &key, record))
		t->stats.put_failed++;
}

/* Texts that every answer of the registrar has. */
static void fill_binding(struct registration_record *record, const struct sip_message *m,
			 const struct sip_address *contact)
{
	aor_print(record->aor, sizeof(record->aor), m->text, &m->to.uri);
	record_text(record->contact, sizeof(record->contact),
		    sip_message_text(m, contact->uri.text), contact->uri.text.length);
	record->reg_id = contact->instance.length ? contact->reg_id : 0;
}

/* The way from the registrar to the device (RFC 3327): the first URI of it. */
static void fill_path(struct registration_record *record, const struct sip_message *m)
{
	const struct sip_header *header = sip_message_header(m, SIP_HEADER_PATH, NULL);
	struct sip_address first;
	struct sip_cursor cursor;

	memset(record->path, 0, sizeof(record->path));
	if (!header)
		return;
	cursor = sip_message_cursor(m, header);
	if (sip_take_route(&cursor, &first))
		record_text(record->path, sizeof(record->path), sip_message_text(m, first.uri.text),
			    first.uri.text.length);
}

/* Texts that only the answer to its own REGISTER has. */
static void fill_device(struct registration_record *record, const struct event *e,
			const struct transaction *tx)
{
	const struct sip_message *m = e->message;

	record_peer(record->source, sizeof(record->source), tx ? &tx->peer : &e->arrival->peer);
	record_text(record->call_id, sizeof(record->call_id), sip_message_text(m, m->call_id),
		    m->call_id.length);
	fill_path(record, m);
	if (tx)
		memcpy(record->user_agent, tx->user_agent, sizeof(record->user_agent));
}

static void write_record(struct track *t, const struct registration *r, const struct event *e,
			 const struct sip_address *contact, const struct transaction *tx, bool ours)
{
	struct registration_key key = key_of(r);
	struct registration_record record;

	if (t->sink.registration_get(t->sink.context, &key, &record))
		memset(&record, 0, sizeof(record));
	fill_binding(&record, e->message, contact);
	if (ours)
		fill_device(&record, e, tx);
	fill_numbers(&record, r);
	put(t, r, &record);
}

/* ---- bindings ---- */

static void drop(struct track *t, uint32_t index)
{
	struct registration_key key = key_of(at(t, index));

	t->sink.registration_delete(t->sink.context, &key);
	unbind_from_aor(t, index);
	wheel_clear(&t->registrations.wheel, index);
	table_remove(&t->registrations.table, index);
}

void registration_expired(struct track *t, uint32_t index)
{
	drop(t, index);
}

/* A 200 to an older REGISTER of the same device, come late (section 10.3 step 7). */
static bool is_outdated(const struct registration *r, const struct event *e)
{
	return r->call_id && r->call_id == e->arrival->call_id_hash && e->cseq < r->cseq;
}

/* What the registrar grants over what was asked for over what the RFC recommends. */
static uint32_t granted_seconds(const struct event *e, const struct sip_address *contact,
				const struct transaction *tx)
{
	if (contact->expires != SIP_EXPIRES_NONE)
		return contact->expires;
	if (e->message->has_expires)
		return e->message->expires;
	if (tx && tx->expires != SIP_EXPIRES_NONE)
		return tx->expires;
	return SIP_EXPIRES_DEFAULT;
}

/* Is it the contact of the device that sent this REGISTER? When the request was not seen, an answer
 * with a single contact leaves no doubt. */
static bool is_ours(const struct track *t, const struct transaction *tx,
		    const struct sip_message *m, uint64_t aor_key,
		    const struct sip_address *contact)
{
	uint64_t key;

	if (!tx)
		return m->contact_count == 1;
	key = aor_binding_hash(&t->key, aor_key, m->text, &contact->uri);
	for (int i = 0; i < tx->contact_count; i++)
		if (tx->contact[i] == key)
			return true;
	return false;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static void refresh(struct registration *r, const struct event *e, bool is_new)
{
	r->refreshed_ns = e->now_ns;
	r->call_id = e->arrival->call_id_hash;
	r->cseq = e->cseq;
	if (!is_new)
		r->refreshes++;
}

static uint32_t find_or_add(struct track *t, uint64_t key, bool *is_new)
{
	uint32_t index = table_find(&t->registrations.table, key);

	*is_new = !index;
	if (!index)
		index = table_add(&t->registrations.table, key);
	if (!index)
		t->stats.registrations_full++;
	return index;
}

/* One contact of the 200, that is bound for so many seconds. */
static void bound(struct track *t, const struct event *e, const struct sip_address *contact,
		  const struct transaction *tx, uint64_t aor_key, bool ours, uint32_t seconds)
{
	uint64_t key = aor_flow_hash(&t->key, aor_key, e->message->text, contact);
	bool is_new, moved;
	uint32_t index = find_or_add(t, key, &is_new);
	uint64_t expires_ns = e->now_ns + seconds * TRACK_SECOND_NS;
	struct registration *r;

	if (!index)
		return;
	r = at(t, index);
	/* An older contact of the same flow, that the registrar still names, is not it. */
	if (r->round == t->registration_round && !ours)
		return;
	r->round = t->registration_round;
	if (!is_new && is_outdated(r, e))
		return;
	if (!r->aor)
		bind_to_aor(t, index, aor_key);
	if (is_new) {
		r->registered_ns = e->now_ns;
		r->refreshed_ns = e->now_ns;
	}
	if (ours)
		refresh(r, e, is_new);
	moved = distance(expires_ns, r->expires_ns) > EXPIRES_SLACK_NS;
	r->service = (uint8_t)e->arrival->service;
	r->q_thousandths = contact->q == SIP_Q_NONE ? 0 : contact->q;
	if (ours || moved) {
		r->expires_ns = expires_ns;
		r->expires_s = seconds;
		wheel_set(&t->registrations.wheel, index, seconds * TRACK_SECOND_NS);
	}
	if (is_new || ours || moved)
		write_record(t, r, e, contact, tx, ours);
}

/* Bindings of the AoR that this 200 did not name are no more. */
static void drop_unnamed(struct track *t, const struct event *e, uint64_t aor_key)
{
	uint32_t aor = table_find(&t->aors, aor_key);
	uint32_t next = aor ? aor_at(t, aor)->first : 0;

	while (next) {
		struct registration *r = at(t, next);
		uint32_t index = next;

		next = r->next;
		if (r->round != t->registration_round && !is_outdated(r, e))
			drop(t, index);
	}
}

/* A query (section 10.2.3) neither grants nor takes anything. */
static void tell_registered(struct track *t, const struct event *e, const struct transaction *tx,
			    uint64_t aor_key, uint32_t seconds)
{
	struct track_fact fact = fact_of(e, TRACK_REGISTERED, tx ? &tx->peer : &e->arrival->peer,
					 aor_key);

	if (!seconds && !(tx && (tx->contact_count || tx->star)))
		return;
	fact.seconds = seconds;
	fact_tell(t, &fact);
}

void registration_granted(struct track *t, const struct event *e, const struct transaction *tx)
{
	const struct sip_message *m = e->message;
	uint64_t aor_key = aor_hash(&t->key, m->text, &m->to.uri);
	uint32_t longest = 0;

	t->registration_round++;
	for (uint32_t i = 0; i < m->contact_count; i++) {
		const struct sip_address *contact = &m->contact[i];
		bool ours = is_ours(t, tx, m, aor_key, contact);
		uint32_t seconds = granted_seconds(e, contact, tx);

		if (!seconds)
			continue;
		bound(t, e, contact, tx, aor_key, ours, seconds);
		if (seconds > longest && ours)
			longest = seconds;
	}
	drop_unnamed(t, e, aor_key);
	tell_registered(t, e, tx, aor_key, longest);
}

/* ---- what an earlier daemon knew ---- */

/* The AoR of a record, if its text is whole. */
static bool record_aor(const struct track *t, const struct registration_record *record,
		       uint64_t *aor_key)
{
	size_t length = strnlen(record->aor, sizeof(record->aor));
	struct sip_uri uri;

	/* A text that fills its room may have been cut. */
	if (length >= sizeof(record->aor) - 4 || sip_uri_parse(record->aor, length, &uri, NULL))
		return false;
	*aor_key = aor_hash(&t->key, record->aor, &uri);
	return true;
}

static int refuse_record(struct track *t, const struct registration_key *key, int err)
{
	t->sink.registration_delete(t->sink.context, key);
	return err;
}

int track_adopt_registration(struct track *t, const struct registration_key *key,
			     const struct registration_record *record)
{
	uint64_t now_ns = t->registrations.wheel.now_ns, aor_key;
	struct registration *r;
	uint32_t index;

	if (table_find(&t->registrations.table, key->binding_hash))
		return -EEXIST;
	if (record->expires_unix_ns <= now_ns)
		return refuse_record(t, key, -ESTALE);
	index = table_add(&t->registrations.table, key->binding_hash);
	if (!index) {
		t->stats.registrations_full++;
		return refuse_record(t, key, -ENOSPC);
	}
	r = at(t, index);
	r->registered_ns = record->registered_unix_ns;
	r->refreshed_ns = record->refreshed_unix_ns;
	r->expires_ns = record->expires_unix_ns;
	r->refreshes = record->refreshes;
	r->expires_s = record->expires_s;
	r->q_thousandths = record->q_thousandths;
	r->service = (uint8_t)record->service;
	if (record_aor(t, record, &aor_key))
		bind_to_aor(t, index, aor_key);
	wheel_set(&t->registrations.wheel, index, record->expires_unix_ns - now_ns);
	return 0;
}
