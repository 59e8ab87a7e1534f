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

/* So many bindings of one peer are looked at: a phone has a few, a gateway that registers for others may
 * have all there are. */
#define PEER_BINDINGS 64

/* A 2xx that is being taken in. */
struct grant {
	const struct event *e;
	const struct transaction *tx; /* NULL: the request was not seen */
	const struct sipxdp_peer *peer;
	uint64_t aor_key, peer_key;
	uint64_t no_room_ns; /* when what found no room of it runs out; 0: all did */
	bool renamed;	     /* it names none of the contacts as the request did */
	bool found;	     /* a binding that this peer has made is among what it names */
};

static struct registration *at(const struct track *t, uint32_t index)
{
	return table_entry(&t->registrations.table, index);
}

static struct registration_key key_of(const struct registration *r)
{
	return (struct registration_key){ .binding_hash = r->key };
}

static uint64_t key_of_peer(const struct track *t, const struct sipxdp_peer *peer)
{
	return siphash_of(&t->key, peer, sizeof(*peer));
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
	for (int kind = 0; kind < GROUP_KINDS; kind++)
		group_leave(t, kind, index);
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
static bool is_ours(const struct track *t, const struct grant *g, const struct sip_address *contact)
{
	const struct sip_message *m = g->e->message;
	uint64_t key;

	if (!g->tx)
		return m->contact_count == 1;
	key = aor_binding_hash(&t->key, g->aor_key, m->text, &contact->uri);
	for (int i = 0; i < g->tx->contact_count; i++)
		if (g->tx->contact[i] == key)
			return true;
	return false;
}

/* Registrars that know of NATs may write the contact anew, with the address that the REGISTER came from. */
static bool is_renamed(const struct track *t, const struct grant *g)
{
	const struct sip_message *m = g->e->message;

	if (!g->tx || !g->tx->binds)
		return false;
	for (uint32_t i = 0; i < m->contact_count; i++)
		if (is_ours(t, g, &m->contact[i]))
			return false;
	return true;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static void refresh(struct track *t, uint32_t index, const struct grant *g, bool is_new)
{
	struct registration *r = at(t, index);

	r->refreshed_ns = g->e->now_ns;
	r->call_id = g->e->arrival->call_id_hash;
	r->cseq = g->e->cseq;
	if (!is_new)
		r->refreshes++;
	group_join(t, GROUP_PEER, index, g->peer_key);
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

/* Whether a binding that the answer names is of who asked. Where none is named as it was asked for, it is
 * what this answer makes or prolongs: it does neither to those of others. */
static bool takes_part(const struct track *t, struct grant *g, uint32_t index, bool named,
		       uint64_t expires_ns)
{
	bool ours = named ||
		    (g->renamed && expires_ns > at(t, index)->expires_ns + EXPIRES_SLACK_NS);

	if (ours || group_of(t, GROUP_PEER, index) == g->peer_key)
		g->found = true;
	return ours;
}

/* One contact of the 200, that is bound for so many seconds. */
static void bound(struct track *t, struct grant *g, const struct sip_address *contact,
		  uint32_t seconds)
{
	const struct event *e = g->e;
	uint64_t key = aor_flow_hash(&t->key, g->aor_key, e->message->text, contact);
	uint64_t expires_ns = e->now_ns + seconds * TRACK_SECOND_NS;
	bool is_new, moved, ours = is_ours(t, g, contact);
	uint32_t index = find_or_add(t, key, &is_new);
	struct registration *r;

	if (!index) {
		if ((ours || g->renamed) && expires_ns > g->no_room_ns)
			g->no_room_ns = expires_ns;
		return;
	}
	r = at(t, index);
	ours = takes_part(t, g, index, ours, expires_ns);
	/* An older contact of the same flow, that the registrar still names, is not it. */
	if (r->round == t->registration_round && !ours)
		return;
	r->round = t->registration_round;
	if (!is_new && is_outdated(r, e))
		return;
	if (!group_of(t, GROUP_AOR, index))
		group_join(t, GROUP_AOR, index, g->aor_key);
	if (is_new) {
		r->registered_ns = e->now_ns;
		r->refreshed_ns = e->now_ns;
	}
	if (ours)
		refresh(t, index, g, is_new);
	moved = distance(expires_ns, r->expires_ns) > EXPIRES_SLACK_NS;
	r->service = (uint8_t)e->arrival->service;
	r->q_thousandths = contact->q == SIP_Q_NONE ? 0 : contact->q;
	if (ours || moved) {
		r->expires_ns = expires_ns;
		r->expires_s = seconds;
		wheel_set(&t->registrations.wheel, index, seconds * TRACK_SECOND_NS);
	}
	if (is_new || ours || moved)
		write_record(t, r, e, contact, g->tx, ours);
}

/* Bindings of the AoR that this 200 did not name are no more. */
static void drop_unnamed(struct track *t, const struct grant *g)
{
	uint32_t next = group_first(t, GROUP_AOR, g->aor_key);

	while (next) {
		const struct registration *r = at(t, next);
		uint32_t index = next;

		next = group_next(t, GROUP_AOR, next);
		if (r->round != t->registration_round && !is_outdated(r, g->e))
			drop(t, index);
	}
}

/* ---- what is told of the peer ---- */

/* When the last of its bindings runs out, 0: it has none; of the PEER_BINDINGS that it refreshed last. */
static uint64_t peer_expires_ns(const struct track *t, uint64_t peer_key, bool *all)
{
	uint32_t index = group_first(t, GROUP_PEER, peer_key);
	uint64_t latest_ns = 0;

	for (int i = 0; index && i < PEER_BINDINGS; i++) {
		const struct registration *r = at(t, index);

		if (r->expires_ns > latest_ns)
			latest_ns = r->expires_ns;
		index = group_next(t, GROUP_PEER, index);
	}
	*all = !index;
	return latest_ns;
}

static uint32_t seconds_until(uint64_t then_ns, uint64_t now_ns)
{
	uint64_t seconds = 0;

	if (then_ns > now_ns)
		seconds = (then_ns - now_ns + TRACK_SECOND_NS - 1) / TRACK_SECOND_NS;
	return seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

static struct grant grant_of(const struct track *t, const struct event *e,
			     const struct transaction *tx)
{
	const struct sip_message *m = e->message;
	struct grant g = {
		.e = e,
		.tx = tx,
		.peer = tx ? &tx->peer : &e->arrival->peer,
		.aor_key = aor_hash(&t->key, m->text, &m->to.uri),
	};

	g.peer_key = key_of_peer(t, g.peer);
	g.renamed = is_renamed(t, &g);
	return g;
}

/* A query (section 10.2.3) neither grants nor takes anything: whoever has no binding is not told of. */
static void tell_registered(struct track *t, const struct grant *g)
{
	struct track_fact fact = fact_of(g->e, TRACK_REGISTERED, g->peer, g->aor_key);
	uint64_t now_ns = g->e->now_ns;
	uint64_t until_ns;
	bool all;

	until_ns = peer_expires_ns(t, g->peer_key, &all);
	if (until_ns < g->no_room_ns)
		until_ns = g->no_room_ns;
	fact.seconds = seconds_until(until_ns, now_ns);
	fact.more = !all;
	fact.untracked = g->no_room_ns || (g->tx && g->tx->binds && !g->found);
	if (fact.seconds || (g->tx && (g->tx->contact_count || g->tx->star)))
		fact_tell(t, &fact);
}

void registration_granted(struct track *t, const struct event *e, const struct transaction *tx)
{
	const struct sip_message *m = e->message;
	struct grant g = grant_of(t, e, tx);

	t->registration_round++;
	for (uint32_t i = 0; i < m->contact_count; i++) {
		uint32_t seconds = granted_seconds(e, &m->contact[i], tx);

		if (seconds)
			bound(t, &g, &m->contact[i], seconds);
	}
	drop_unnamed(t, &g);
	tell_registered(t, &g);
}

void registration_repeated(struct track *t, const struct event *e, const struct transaction *tx)
{
	struct grant g = grant_of(t, e, tx);

	g.found = true;
	tell_registered(t, &g);
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

/* The peer of a record, if it is known. */
static bool record_peer_key(const struct track *t, const struct registration_record *record,
			    uint64_t *peer_key)
{
	struct sipxdp_peer peer;

	if (!record_peer_read(record->source, sizeof(record->source), &peer))
		return false;
	*peer_key = key_of_peer(t, &peer);
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
	uint64_t now_ns = t->registrations.wheel.now_ns, key_of_group;
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
	if (record_aor(t, record, &key_of_group))
		group_join(t, GROUP_AOR, index, key_of_group);
	if (record_peer_key(t, record, &key_of_group))
		group_join(t, GROUP_PEER, index, key_of_group);
	wheel_set(&t->registrations.wheel, index, record->expires_unix_ns - now_ns);
	return 0;
}
