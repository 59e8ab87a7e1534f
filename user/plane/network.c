// SPDX-License-Identifier: GPL-2.0-only
/* Networks: the difference between the table and a list is what is written. */
#include "plane/network.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plane/key.h"

struct gone_entry {
	struct sipxdp_prefix key;
	struct network value;
};

struct difference {
	struct maps *maps;
	const struct network_entry *list;
	size_t count;
	/* What the table held for list[i]: POLICY_NONE for nothing. */
	unsigned char *before;
	struct gone_entry *gone;
	size_t gone_count;
	size_t gone_room;
	size_t held;  /* in the table */
	size_t added; /* in the list, not in the table */
	/* How far the writing has come, to be undone. */
	size_t put_done;
	size_t gone_done;
};

static int compare(const struct sipxdp_prefix *a, const struct sipxdp_prefix *b)
{
	struct prefix left = key_to_prefix(a), right = key_to_prefix(b);

	return prefix_compare(&left, &right);
}

static int search_compare(const void *key, const void *entry)
{
	const struct network_entry *network = entry;

	return compare(key, &network->prefix);
}

static int gone_add(struct difference *diff, const struct sipxdp_prefix *key,
		    const struct network *value)
{
	if (diff->gone_count == diff->gone_room) {
		size_t room = diff->gone_room ? diff->gone_room * 2 : 256;
		struct gone_entry *more = realloc(diff->gone, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		diff->gone = more;
		diff->gone_room = room;
	}
	diff->gone[diff->gone_count++] = (struct gone_entry){ .key = *key, .value = *value };
	return 0;
}

static int compare_one(const void *key, const void *value, void *ctx)
{
	struct difference *diff = ctx;
	const struct network *network = value;
	const struct network_entry *wanted = NULL;

	diff->held++;
	if (diff->count)
		wanted = bsearch(key, diff->list, diff->count, sizeof(*diff->list), search_compare);
	if (!wanted)
		return gone_add(diff, key, network);
	diff->before[wanted - diff->list] = (unsigned char)network->policy;
	return 0;
}

static int put_one(const struct difference *diff, const struct sipxdp_prefix *key,
		   enum source_policy policy)
{
	struct network value = { .policy = policy };

	if (key_tells_hosts_apart(key))
		__atomic_store_n(&diff->maps->settings->has_hosts6, 1, __ATOMIC_SEQ_CST);
	return maps_put(diff->maps, MAP_NETWORKS, key, &value, BPF_ANY);
}

static int put_wanted(struct difference *diff)
{
	for (; diff->put_done < diff->count; diff->put_done++) {
		const struct network_entry *entry = &diff->list[diff->put_done];
		int err;

		if (diff->before[diff->put_done] == entry->policy)
			continue;
		err = put_one(diff, &entry->prefix, entry->policy);
		if (err)
			return err == -E2BIG ? -ENOSPC : err;
	}
	return 0;
}

static int delete_gone(struct difference *diff)
{
	for (; diff->gone_done < diff->gone_count; diff->gone_done++) {
		int err = maps_delete(diff->maps, MAP_NETWORKS, &diff->gone[diff->gone_done].key);

		if (err && err != -ENOENT)
			return err;
	}
	return 0;
}

static void undo(struct difference *diff)
{
	while (diff->put_done-- > 0) {
		const struct network_entry *entry = &diff->list[diff->put_done];
		enum source_policy before = (enum source_policy)diff->before[diff->put_done];

		if (before == entry->policy)
			continue;
		if (before == POLICY_NONE)
			maps_delete(diff->maps, MAP_NETWORKS, &entry->prefix);
		else
			put_one(diff, &entry->prefix, before);
	}
	while (diff->gone_done-- > 0)
		put_one(diff, &diff->gone[diff->gone_done].key,
			diff->gone[diff->gone_done].value.policy);
}

static int list_check(const struct network_entry *list, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (compare(&list[i - 1].prefix, &list[i].prefix) >= 0)
			return -EINVAL;
	}
	return 0;
}

static void set_has_networks(struct maps *maps, bool has)
{
	__atomic_store_n(&maps->settings->has_networks, has, __ATOMIC_SEQ_CST);
}

static int write_difference(struct difference *diff, __u32 room)
{
	int err;

	/* Before there is an entry to be found, it is to be looked for. */
	set_has_networks(diff->maps, diff->count || diff->held);
	if (diff->held + diff->added > room) {
		err = delete_gone(diff); /* no room for old and new side by side */
		if (!err)
			err = put_wanted(diff);
	} else {
		err = put_wanted(diff);
		if (!err)
			err = delete_gone(diff);
	}
	if (err)
		undo(diff);
	else
		set_has_networks(diff->maps, diff->count);
	maps_raise_generation(diff->maps);
	return err;
}

int network_replace(struct maps *maps, const struct network_entry *list, size_t count)
{
	struct difference diff = { .maps = maps, .list = list, .count = count };
	__u32 room = maps_room(maps, MAP_NETWORKS);
	int err = list_check(list, count);

	if (err)
		return err;
	if (count > room)
		return -ENOSPC;
	diff.before = calloc(count + 1, 1);
	if (!diff.before)
		return -ENOMEM;
	err = maps_walk(maps, MAP_NETWORKS, compare_one, &diff);
	for (size_t i = 0; i < count; i++)
		diff.added += diff.before[i] == POLICY_NONE;
	if (!err)
		err = write_difference(&diff, room);
	free(diff.before);
	free(diff.gone);
	return err;
}
