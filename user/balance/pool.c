// SPDX-License-Identifier: GPL-2.0-only
/* Who is in a pool, and where: see pool.h. */
#include "balance/pool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "balance/maglev.h"
#include "plane/backend.h"
#include "plane/key.h"

int pool_compare(const struct sipxdp_peer *a, const struct sipxdp_peer *b)
{
	int order = memcmp(&a->addr, &b->addr, sizeof(a->addr));

	return order ? order : (int)ntohs(a->port) - (int)ntohs(b->port);
}

/* Is it in the pool, and not only there until its calls are over? */
static bool is_member(const struct backend *row)
{
	return backend_state(row) != BACKEND_FREE && row->order != ORDER_LEAVE;
}

static bool is_of(const struct backend *row, unsigned int service)
{
	return backend_state(row) != BACKEND_FREE && row->service == service;
}

/* Place of a backend, or 0. */
static __u32 find(const struct maps *maps, unsigned int service, const struct sipxdp_peer *peer)
{
	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		const struct backend *row = &maps->backends[place];

		if (is_of(row, service) && !pool_compare(&row->peer, peer))
			return place;
	}
	return 0;
}

__u32 pool_find_name(const struct maps *maps, unsigned int service, const char *name)
{
	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		const struct backend *row = &maps->backends[place];

		if (is_of(row, service) && is_member(row) &&
		    !strncmp(row->name, name, sizeof(row->name)))
			return place;
	}
	return 0;
}

/* ---- places ---- */

size_t pool_free_places(const struct maps *maps)
{
	size_t places = 0;

	for (__u32 place = 1; place < BACKEND_MAX; place++)
		places += backend_state(&maps->backends[place]) == BACKEND_FREE;
	return places;
}

size_t pool_places(const struct maps *maps, unsigned int service)
{
	size_t places = 0;

	for (__u32 place = 1; place < BACKEND_MAX; place++)
		places += is_of(&maps->backends[place], service);
	return places;
}

size_t pool_newcomers(const struct maps *maps, unsigned int service,
		      const struct pool_member *wanted, size_t count)
{
	size_t newcomers = 0;

	for (size_t i = 0; i < count; i++)
		newcomers += find(maps, service, &wanted[i].peer) == 0;
	return newcomers;
}

/* The one that has been free for longest: what the packet path remembers of its last owner is
 * forgotten by then. 0: none. */
static __u32 longest_free(const struct maps *maps)
{
	__u32 found = 0;

	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		const struct backend *row = &maps->backends[place];

		if (backend_state(row) == BACKEND_FREE &&
		    (!found || row->since_unix_ns < maps->backends[found].since_unix_ns))
			found = place;
	}
	return found;
}

static void enter(struct backend *row, enum backend_state state, __u64 now_unix_ns)
{
	row->since_unix_ns = now_unix_ns;
	backend_set_state(row, state);
}

static void free_place(struct maps *maps, __u32 place, __u64 now_unix_ns)
{
	struct backend *row = &maps->backends[place];

	backend_unlist(maps, place); /* first: services that share it are found behind it */
	enter(row, BACKEND_FREE, now_unix_ns);
	__atomic_store_n(&row->calls, 0, __ATOMIC_RELAXED);
	row->share = 0;
}

static int take_place(struct maps *maps, unsigned int service, const struct pool_member *member,
		      enum backend_state state, __u64 now_unix_ns, __u32 *out)
{
	__u32 place = longest_free(maps);
	struct backend *row = &maps->backends[place];
	int err;

	if (!place)
		return -ENOSPC;
	memset(row, 0, sizeof(*row)); /* BACKEND_FREE is 0: still nobody's */
	memcpy(row->name, member->name, sizeof(row->name));
	row->peer = member->peer;
	row->service = service;
	row->weight = member->weight;
	err = backend_load_clear(maps, place);
	if (!err)
		err = backend_list(maps, place);
	if (err)
		return err;
	enter(row, state, now_unix_ns);
	*out = place;
	return 0;
}

/* ---- members ---- */

static enum backend_state state_for(const struct backend *row, bool healthy)
{
	if (!healthy || row->order == ORDER_DOWN)
		return BACKEND_DOWN;
	return row->order == ORDER_NONE ? BACKEND_UP : BACKEND_DRAIN;
}

bool pool_set_state(struct maps *maps, __u32 place, bool healthy, __u64 now_unix_ns)
{
	struct backend *row = &maps->backends[place];
	enum backend_state was = backend_state(row), is = state_for(row, healthy);

	if (was == BACKEND_FREE || was == is)
		return false;
	enter(row, is, now_unix_ns);
	return true;
}

static bool any_is_up(const struct maps *maps, unsigned int service)
{
	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		const struct backend *row = &maps->backends[place];

		if (is_of(row, service) && backend_state(row) == BACKEND_UP)
			return true;
	}
	return false;
}

/* It had been taken out and had calls left; it is as healthy as it was. */
static void come_back(struct maps *maps, __u32 place, __u64 now_unix_ns)
{
	struct backend *row = &maps->backends[place];

	row->order = ORDER_NONE;
	pool_set_state(maps, place, backend_state(row) != BACKEND_DOWN, now_unix_ns);
}

/* Might a message come that it was asked for before? */
static bool is_wanted(const struct maps *maps, __u32 place, __u64 now_ns)
{
	const struct backend *row = &maps->backends[place];
	struct backend_load load;

	if (backend_calls(row))
		return true;
	if (backend_state(row) == BACKEND_DOWN || backend_load_sum(maps, place, &load))
		return false;
	return load.packets && now_ns < load.last_request_ns + PLACEMENT_HOLD_NS;
}

bool pool_release(struct maps *maps, __u32 place, __u64 now_ns, __u64 now_unix_ns)
{
	const struct backend *row = &maps->backends[place];

	if (backend_state(row) == BACKEND_FREE || row->order != ORDER_LEAVE ||
	    is_wanted(maps, place, now_ns))
		return false;
	free_place(maps, place, now_unix_ns);
	return true;
}

int pool_remove(struct maps *maps, __u32 place, __u64 now_unix_ns)
{
	struct backend *row;

	if (!place || place >= BACKEND_MAX)
		return -EINVAL;
	row = &maps->backends[place];
	if (!is_member(row))
		return -ENOENT;
	row->order = ORDER_LEAVE;
	row->weight = 0;
	pool_set_state(maps, place, backend_state(row) != BACKEND_DOWN, now_unix_ns);
	pool_release(maps, place, 0, now_unix_ns); /* who was never sent anything */
	return 0;
}

static int join(struct maps *maps, unsigned int service, const struct pool_member *member,
		bool prove, __u64 now_unix_ns, __u32 *place, struct pool_change *change)
{
	struct backend *row;

	*place = find(maps, service, &member->peer);
	if (!*place) {
		change->joined++;
		return take_place(maps, service, member, prove ? BACKEND_DOWN : BACKEND_UP,
				  now_unix_ns, place);
	}
	row = &maps->backends[*place];
	memcpy(row->name, member->name, sizeof(row->name));
	if (row->order == ORDER_LEAVE) {
		change->joined++;
		come_back(maps, *place, now_unix_ns);
	} else {
		change->weighted += row->weight != member->weight;
	}
	row->weight = member->weight;
	return 0;
}

int pool_add(struct maps *maps, unsigned int service, const struct pool_member *member, bool prove,
	     __u64 now_unix_ns, __u32 *place)
{
	struct pool_change change = { 0 };
	__u32 found = find(maps, service, &member->peer);

	if (found && is_member(&maps->backends[found]))
		return -EEXIST;
	if (!found && !pool_free_places(maps))
		return -ENOSPC;
	return join(maps, service, member, prove && any_is_up(maps, service), now_unix_ns, place,
		    &change);
}

static int by_peer(const void *key, const void *member)
{
	return pool_compare(key, &((const struct pool_member *)member)->peer);
}

static void remove_others(struct maps *maps, unsigned int service, const struct pool_member *wanted,
			  size_t count, __u64 now_unix_ns, struct pool_change *change)
{
	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		const struct backend *row = &maps->backends[place];

		if (!is_of(row, service) || !is_member(row) ||
		    bsearch(&row->peer, wanted, count, sizeof(*wanted), by_peer))
			continue;
		pool_remove(maps, place, now_unix_ns);
		change->left++;
	}
}

int pool_set(struct maps *maps, unsigned int service, const struct pool_member *wanted,
	     size_t count, bool prove, __u64 now_unix_ns, struct pool_change *change)
{
	struct pool_change done = { 0 };
	int err = 0;

	if (service >= SERVICE_MAX)
		return -EINVAL;
	for (size_t i = 1; i < count; i++) {
		if (pool_compare(&wanted[i - 1].peer, &wanted[i].peer) >= 0)
			return -EINVAL;
	}
	if (pool_newcomers(maps, service, wanted, count) > pool_free_places(maps))
		return -ENOSPC;
	prove = prove && any_is_up(maps, service);
	for (size_t i = 0; i < count && !err; i++) {
		__u32 place;

		err = join(maps, service, &wanted[i], prove, now_unix_ns, &place, &done);
	}
	if (err)
		return err;
	remove_others(maps, service, wanted, count, now_unix_ns, &done);
	if (change)
		*change = done;
	return 0;
}

/* ---- the tables ---- */

enum family { FAMILY_IPV4, FAMILY_IPV6, FAMILIES };

static enum family family_of(const struct backend *row)
{
	struct in6_addr address = key_to_address(&row->peer.addr);

	return address_is_ipv4(&address) ? FAMILY_IPV4 : FAMILY_IPV6;
}

static size_t collect(const struct maps *maps, unsigned int service, const enum family *only,
		      struct maglev_member *members)
{
	size_t count = 0;

	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		const struct backend *row = &maps->backends[place];

		if (!is_of(row, service) || backend_state(row) != BACKEND_UP || !row->weight ||
		    (only && family_of(row) != *only))
			continue;
		members[count++] = (struct maglev_member){
			.id = maglev_id(&row->peer, maps->settings->hash_key),
			.weight = row->weight,
			.place = place,
		};
	}
	return count;
}

/* Of the packets of its own family. */
static void write_shares(struct maps *maps, unsigned int service,
			 const struct maglev_table *const tables[FAMILIES])
{
	__u32 slots[FAMILIES][BACKEND_MAX] = { { 0 } };

	for (size_t i = 0; i < MAGLEV_SLOTS; i++) {
		for (int family = 0; family < FAMILIES; family++)
			slots[family][tables[family]->backend[i] % BACKEND_MAX]++;
	}
	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		struct backend *row = &maps->backends[place];

		if (is_of(row, service))
			row->share = slots[family_of(row)][place];
	}
}

struct tables {
	struct maglev_member members[BACKEND_MAX];
	struct maglev_table table[FAMILIES];
};

static int build(const struct maps *maps, unsigned int service, bool tunnel, struct tables *tables,
		 __u32 *up)
{
	size_t count = 0;
	int err = 0;

	if (tunnel) {
		count = collect(maps, service, NULL, tables->members);
		err = maglev_build(tables->members, count, &tables->table[FAMILY_IPV4]);
		if (!err)
			tables->table[FAMILY_IPV6] = tables->table[FAMILY_IPV4];
	}
	for (enum family family = 0; family < FAMILIES && !tunnel && !err; family++) {
		size_t members = collect(maps, service, &family, tables->members);

		err = maglev_build(tables->members, members, &tables->table[family]);
		count += members;
	}
	*up = (__u32)count;
	return err;
}

int pool_rebuild(struct maps *maps, unsigned int service, bool tunnel)
{
	struct tables *tables = malloc(sizeof(*tables));
	const struct maglev_table *both[FAMILIES];
	__u32 up;
	int err;

	if (!tables)
		return -ENOMEM;
	both[FAMILY_IPV4] = &tables->table[FAMILY_IPV4];
	both[FAMILY_IPV6] = &tables->table[FAMILY_IPV6];
	err = build(maps, service, tunnel, tables, &up);
	if (!err)
		err = backend_switch_tables(maps, service, both, up);
	if (!err)
		write_shares(maps, service, both);
	free(tables);
	return err;
}

int pool_clear(struct maps *maps, unsigned int service, __u64 now_unix_ns)
{
	bool had = false;

	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		if (!is_of(&maps->backends[place], service))
			continue;
		free_place(maps, place, now_unix_ns);
		had = true;
	}
	return had ? pool_rebuild(maps, service, false) : 0;
}
