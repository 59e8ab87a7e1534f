// SPDX-License-Identifier: GPL-2.0-only
/* Bans: added, taken out, listed with the hits that `sources` still holds back. */
#include "plane/ban.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plane/clock.h"
#include "plane/key.h"

/* ---- exempt networks ---- */

struct exempt_search {
	struct prefix ban;
	struct sipxdp_prefix found;
	bool inside; /* looking for a network around the ban; else for one within it */
	bool hit;
};

static int exempt_look(const void *key, const void *value, void *ctx)
{
	struct exempt_search *search = ctx;
	const struct sipxdp_prefix *network_key = key;
	const struct network *network = value;
	struct prefix prefix = key_to_prefix(network_key);

	if (network->policy != POLICY_EXEMPT)
		return 0;
	search->hit = search->inside ? prefix_covers(&prefix, &search->ban)
				     : prefix_covers(&search->ban, &prefix);
	if (search->hit)
		search->found = *network_key;
	return search->hit;
}

static int exempt_conflict(const struct maps *maps, const struct sipxdp_prefix *key,
			   struct ban_conflict *out)
{
	struct exempt_search search = { .ban = key_to_prefix(key) };
	struct ban_conflict conflict = { .kind = BAN_NO_CONFLICT };
	struct network network;
	int err = maps_get(maps, MAP_NETWORKS, key, &network); /* the longest match around it */

	if (err && err != -ENOENT)
		return err;
	search.inside = !err && network.policy == POLICY_EXEMPT;
	/* Only a host can cover no network; for the others, and to name one, all are gone over. */
	if (search.inside || key->prefix_len < ADDRESS_BITS) {
		err = maps_walk(maps, MAP_NETWORKS, exempt_look, &search);
		if (err < 0)
			return err;
	}
	if (search.hit) {
		conflict.kind = search.inside ? BAN_INSIDE_EXEMPT : BAN_COVERS_EXEMPT;
		conflict.network = search.found;
	}
	*out = conflict;
	return 0;
}

/* ---- changes ---- */

struct exact_search {
	const struct sipxdp_prefix *key;
	struct ban ban;
};

static int exact_look(const void *key, const void *value, void *ctx)
{
	struct exact_search *search = ctx;

	if (memcmp(key, search->key, sizeof(*search->key)))
		return 0;
	memcpy(&search->ban, value, sizeof(search->ban));
	return 1;
}

/* The table's look-up answers with the longest match, not with this very prefix. */
static __u64 hits_so_far(const struct maps *maps, const struct sipxdp_prefix *key)
{
	struct exact_search search = { .key = key };

	if (maps_get(maps, MAP_BANS, key, &search.ban))
		return 0;
	return maps_walk(maps, MAP_BANS, exact_look, &search) == 1 ? search.ban.hits : 0;
}

static bool prefix_clean(const struct sipxdp_prefix *key)
{
	struct prefix prefix, clean;

	if (key->prefix_len > ADDRESS_BITS)
		return false;
	prefix = key_to_prefix(key);
	clean = prefix_of(&prefix.address, prefix.length);
	return !memcmp(&clean.address, &prefix.address, sizeof(clean.address));
}

int ban_add(struct maps *maps, const struct sipxdp_prefix *prefix, const struct ban *ban,
	    struct ban_conflict *conflict)
{
	struct ban_conflict found;
	struct ban entry = *ban;
	int err;

	entry.since_ns = clock_monotonic_ns();
	entry.reason[BAN_TEXT - 1] = '\0';
	if (!prefix_clean(prefix) || (entry.until_ns && entry.until_ns <= entry.since_ns))
		return -EINVAL;
	err = exempt_conflict(maps, prefix, &found);
	if (err)
		return err;
	if (conflict)
		*conflict = found;
	if (found.kind == BAN_INSIDE_EXEMPT ||
	    (found.kind == BAN_COVERS_EXEMPT && entry.origin != BAN_HAND))
		return -EACCES;
	entry.hits = hits_so_far(maps, prefix);
	entry.prefix_len = prefix->prefix_len;
	if (key_tells_hosts_apart(prefix))
		__atomic_store_n(&maps->settings->has_hosts6, 1, __ATOMIC_SEQ_CST);
	err = maps_put(maps, MAP_BANS, prefix, &entry, BPF_ANY);
	if (err)
		return err == -E2BIG ? -ENOSPC : err;
	__atomic_store_n(&maps->settings->has_bans, 1, __ATOMIC_SEQ_CST);
	maps_raise_generation(maps);
	return 0;
}

static int any_entry(const void *key __attribute__((unused)),
		     const void *value __attribute__((unused)), void *ctx __attribute__((unused)))
{
	return 1;
}

int ban_refresh(struct maps *maps)
{
	struct maps_cursor cursor = { .started = false };
	int found;

	/*
	 * The kernel puts a ban in and then sets has_bans. With the table looked at after the
	 * flag was cleared, a ban that it puts in meanwhile is seen here, or sets the flag itself.
	 */
	__atomic_store_n(&maps->settings->has_bans, 0, __ATOMIC_SEQ_CST);
	found = maps_walk_some(maps, MAP_BANS, &cursor, 1, any_entry, NULL);
	if (found != 0) /* when in doubt, look */
		__atomic_store_n(&maps->settings->has_bans, 1, __ATOMIC_SEQ_CST);
	maps_raise_generation(maps);
	return found < 0 ? found : 0;
}

void ban_notice(struct maps *maps)
{
	__u32 expected = BANS_NEW;

	if (__atomic_compare_exchange_n(&maps->settings->has_bans, &expected, 1, false,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		maps_raise_generation(maps);
}

int ban_delete(struct maps *maps, const struct sipxdp_prefix *prefix)
{
	int err = maps_delete(maps, MAP_BANS, prefix);

	return err ? err : ban_refresh(maps);
}

/* ---- list ---- */

struct ban_entry {
	struct sipxdp_prefix key;
	struct ban ban;
};

struct ban_list {
	struct ban_entry *entry;
	size_t count;
	size_t room;
	__u64 now_ns;
	bool length_used[ADDRESS_BITS + 1];
};

static int key_compare(const struct sipxdp_prefix *a, const struct sipxdp_prefix *b)
{
	struct prefix left = key_to_prefix(a), right = key_to_prefix(b);

	return prefix_compare(&left, &right);
}

static int entry_compare(const void *a, const void *b)
{
	const struct ban_entry *left = a, *right = b;

	return key_compare(&left->key, &right->key);
}

static int list_add(const void *key, const void *value, void *ctx)
{
	struct ban_list *list = ctx;
	struct ban_entry entry;

	memcpy(&entry.key, key, sizeof(entry.key));
	memcpy(&entry.ban, value, sizeof(entry.ban));
	if (entry.key.prefix_len > ADDRESS_BITS)
		return 0;
	if (entry.ban.until_ns && entry.ban.until_ns <= list->now_ns)
		return 0;
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 256;
		struct ban_entry *more = realloc(list->entry, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		list->entry = more;
		list->room = room;
	}
	list->entry[list->count++] = entry;
	list->length_used[entry.key.prefix_len] = true;
	return 0;
}

/* The first entry that is not before key, or list->count. */
static size_t list_at(const struct ban_list *list, const struct sipxdp_prefix *key)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (key_compare(&list->entry[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The longest ban around a source; for an IPv6 /64 without one, a ban within it. */
static struct ban_entry *list_match(struct ban_list *list, const struct prefix *source)
{
	struct sipxdp_prefix key = key_from_prefix(source);
	size_t at;

	for (int length = source->length; length >= 0; length--) {
		struct prefix around;

		if (!list->length_used[length])
			continue;
		around = prefix_of(&source->address, (uint8_t)length);
		key = key_from_prefix(&around);
		at = list_at(list, &key);
		if (at < list->count && !key_compare(&list->entry[at].key, &key))
			return &list->entry[at];
	}
	key = key_from_prefix(source);
	at = list_at(list, &key);
	if (at < list->count) {
		struct prefix inside = key_to_prefix(&list->entry[at].key);

		if (prefix_covers(source, &inside))
			return &list->entry[at];
	}
	return NULL;
}

static int pending_add(const void *key, const void *value, void *ctx)
{
	const struct source *source = value;
	struct prefix prefix;
	struct ban_entry *entry;

	if (!source->ban_hits)
		return 0;
	prefix = key_source_prefix(key);
	entry = list_match(ctx, &prefix);
	if (entry)
		entry->ban.hits += source->ban_hits;
	return 0;
}

int ban_walk(const struct maps *maps, __u64 now_ns, ban_walk_fn fn, void *ctx)
{
	struct ban_list list = { .now_ns = now_ns };
	int err = maps_walk(maps, MAP_BANS, list_add, &list);

	if (!err && list.count) {
		size_t kept = 1;

		qsort(list.entry, list.count, sizeof(*list.entry), entry_compare);
		/* A walk that was disturbed may have seen one twice. */
		for (size_t i = 1; i < list.count; i++) {
			if (key_compare(&list.entry[i].key, &list.entry[kept - 1].key))
				list.entry[kept++] = list.entry[i];
		}
		list.count = kept;
		err = maps_walk(maps, MAP_SOURCES, pending_add, &list);
	}
	for (size_t i = 0; i < list.count && !err; i++)
		err = fn(&list.entry[i].key, &list.entry[i].ban, ctx);
	free(list.entry);
	return err;
}
