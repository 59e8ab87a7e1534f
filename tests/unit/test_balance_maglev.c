/* SPDX-License-Identifier: GPL-2.0-only */
/* The Maglev table: shares, what moves when a pool changes, and that only the pool decides. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balance/maglev.h"
#include "plane/hash_key.h"

#define MEMBERS_MAX 1024
#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))

/* Members by seed: the same seed, the same ids. Places are 1, 2, 3 ... */
static void fill(struct maglev_member *members, size_t count, unsigned int seed)
{
	unsigned char bytes[HASH_SEED_SIZE] = { 0 };
	__u64 key[HASH_KEY_WORDS];

	memcpy(bytes, &seed, sizeof(seed));
	hash_key_derive(bytes, key);
	for (size_t i = 0; i < count; i++) {
		struct sipxdp_peer peer = { .port = htons(5060) };

		peer.addr.word[2] = htonl(0xffff);
		peer.addr.word[3] = htonl(0x0a000001 + (unsigned int)i);
		members[i] = (struct maglev_member){ .id = maglev_id(&peer, key),
						     .weight = 1,
						     .place = (__u32)i + 1 };
	}
}

static void count_slots(const struct maglev_table *table, unsigned int slots[MEMBERS_MAX + 1])
{
	memset(slots, 0, (MEMBERS_MAX + 1) * sizeof(*slots));
	for (size_t i = 0; i < MAGLEV_SLOTS; i++) {
		cr_assert_leq(table->backend[i], MEMBERS_MAX);
		slots[table->backend[i]]++;
	}
}

static size_t moved(const struct maglev_table *a, const struct maglev_table *b)
{
	size_t n = 0;

	for (size_t i = 0; i < MAGLEV_SLOTS; i++)
		n += a->backend[i] != b->backend[i];
	return n;
}

static __u64 sum_of_weights(const struct maglev_member *members, size_t count)
{
	__u64 sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += members[i].weight;
	return sum;
}

/* ---- shares ---- */

static const struct {
	const char *name;
	size_t count;
	unsigned int weights[8]; /* in turn, up to the first 0 */
} pools[] = {
	{ "one", 1, { 1 } },
	{ "two", 2, { 1 } },
	{ "three", 3, { 1 } },
	{ "three, 1:2:3", 3, { 1, 2, 3 } },
	{ "four, one of ten times the weight", 4, { 10, 1, 1, 1 } },
	{ "five, 100:50:50:25:25", 5, { 100, 50, 50, 25, 25 } },
	{ "eight", 8, { 1 } },
	{ "sixteen, 3:1", 16, { 3, 1 } },
	{ "thirty", 30, { 1 } },
};

static size_t take_pool(size_t row, struct maglev_member *members, unsigned int seed)
{
	size_t weights = 0;

	while (weights < COUNT(pools[row].weights) && pools[row].weights[weights])
		weights++;
	fill(members, pools[row].count, seed);
	for (size_t i = 0; i < pools[row].count; i++)
		members[i].weight = pools[row].weights[i % weights];
	return pools[row].count;
}

Test(maglev, shares_are_within_five_percent_of_the_weights)
{
	static struct maglev_member members[MEMBERS_MAX];
	static struct maglev_table table;
	unsigned int slots[MEMBERS_MAX + 1];

	for (size_t row = 0; row < COUNT(pools); row++) {
		for (unsigned int seed = 0; seed < 5; seed++) {
			size_t count = take_pool(row, members, seed);
			__u64 all = sum_of_weights(members, count);

			cr_assert_eq(maglev_build(members, count, &table), 0);
			count_slots(&table, slots);
			cr_assert_eq(slots[0], 0, "%s: every slot is somebody's", pools[row].name);
			for (size_t i = 0; i < count; i++) {
				double due = (double)MAGLEV_SLOTS * members[i].weight / (double)all;
				double share = slots[i + 1] / due;

				cr_assert(share > 0.95 && share < 1.05,
					  "%s, seed %u: member %zu has %.3f of its share",
					  pools[row].name, seed, i, share);
			}
		}
	}
}

Test(maglev, no_share_is_above_its_limit_however_many_there_are)
{
	static const size_t counts[] = { 40, 100, 300, 1000 };
	static struct maglev_member members[MEMBERS_MAX];
	static struct maglev_table table;
	unsigned int slots[MEMBERS_MAX + 1];

	for (size_t row = 0; row < COUNT(counts); row++) {
		__u32 limit = maglev_limit(1, counts[row]);

		fill(members, counts[row], 1);
		cr_assert_eq(maglev_build(members, counts[row], &table), 0);
		count_slots(&table, slots);
		for (size_t i = 0; i < counts[row]; i++) {
			cr_assert_leq(slots[i + 1], limit, "%zu members: %u of at most %u slots",
				      counts[row], slots[i + 1], limit);
			cr_assert_gt(slots[i + 1], 0, "%zu members: one without a slot",
				     counts[row]);
		}
	}
}

/* ---- what moves ---- */

/* Takes member `which` out; the fraction of all keys that moved, by that of the one that left. */
static void leave_and_check(const struct maglev_member *members, size_t count, size_t which,
			    const struct maglev_table *before, const char *what)
{
	static struct maglev_member rest[MEMBERS_MAX];
	static struct maglev_table after;
	__u64 all = sum_of_weights(members, count);
	double allowed = 1.2 * MAGLEV_SLOTS * members[which].weight / (double)all;
	size_t left = 0, keys;

	for (size_t i = 0; i < count; i++) {
		if (i != which)
			rest[left++] = members[i];
	}
	cr_assert_eq(maglev_build(rest, left, &after), 0);
	/* Adding is the same the other way round. */
	keys = moved(before, &after);
	cr_assert_leq((double)keys, allowed, "%s: member %zu of %zu: %zu keys moved, allowed %.0f",
		      what, which, count, keys, allowed);
	for (size_t i = 0; i < MAGLEV_SLOTS; i++)
		cr_assert_neq(after.backend[i], members[which].place, "who left has a slot");
}

Test(maglev, who_comes_or_goes_moves_at_most_1_2_times_its_share)
{
	static const size_t counts[] = { 2, 3, 4, 5, 7, 10, 16, 25, 40, 64, 100, 150, 200 };
	static struct maglev_member members[MEMBERS_MAX];
	static struct maglev_table before;
	char what[32];

	for (size_t row = 0; row < COUNT(counts); row++) {
		for (unsigned int seed = 0; seed < 3; seed++) {
			size_t count = counts[row];

			fill(members, count, seed + 100);
			cr_assert_eq(maglev_build(members, count, &before), 0);
			snprintf(what, sizeof(what), "seed %u", seed);
			leave_and_check(members, count, 0, &before, what);
			leave_and_check(members, count, count / 2, &before, what);
			leave_and_check(members, count, count - 1, &before, what);
		}
	}
}

Test(maglev, so_it_is_with_weights)
{
	static struct maglev_member members[MEMBERS_MAX];
	static struct maglev_table before;

	for (size_t row = 1; row < COUNT(pools); row++) {
		for (unsigned int seed = 0; seed < 3; seed++) {
			size_t count = take_pool(row, members, seed);

			cr_assert_eq(maglev_build(members, count, &before), 0);
			for (size_t i = 0; i < count; i += 3)
				leave_and_check(members, count, i, &before, pools[row].name);
		}
	}
}

Test(maglev, a_changed_weight_moves_little_more_than_the_change)
{
	static struct maglev_member members[MEMBERS_MAX];
	static struct maglev_table before, after;
	size_t keys;

	fill(members, 4, 5);
	for (size_t i = 0; i < 4; i++)
		members[i].weight = 10;
	cr_assert_eq(maglev_build(members, 4, &before), 0);
	members[2].weight = 11; /* 10/40 to 11/41 of the keys: 1.83 % */
	cr_assert_eq(maglev_build(members, 4, &after), 0);
	keys = moved(&before, &after);
	cr_assert(keys > 0.013 * MAGLEV_SLOTS && keys < 0.025 * MAGLEV_SLOTS, "%zu keys moved",
		  keys);
}

/* ---- what decides ---- */

Test(maglev, the_order_of_members_does_not_matter)
{
	static struct maglev_member members[MEMBERS_MAX], turned[MEMBERS_MAX];
	static struct maglev_table one, other;

	for (size_t row = 0; row < COUNT(pools); row++) {
		size_t count = take_pool(row, members, 9);

		for (size_t i = 0; i < count; i++)
			turned[i] = members[count - 1 - i];
		cr_assert_eq(maglev_build(members, count, &one), 0);
		cr_assert_eq(maglev_build(turned, count, &other), 0);
		cr_assert_arr_eq(one.backend, other.backend, sizeof(one.backend), "%s",
				 pools[row].name);
	}
}

/* The places of two hosts may differ; who gets a slot may not. */
Test(maglev, another_key_makes_another_table)
{
	static struct maglev_member members[MEMBERS_MAX];
	static struct maglev_table one, other;

	fill(members, 3, 1);
	cr_assert_eq(maglev_build(members, 3, &one), 0);
	fill(members, 3, 2);
	cr_assert_eq(maglev_build(members, 3, &other), 0);
	cr_assert_gt(moved(&one, &other), MAGLEV_SLOTS / 2);
}

Test(maglev, a_port_makes_another_member)
{
	__u64 key[HASH_KEY_WORDS] = { 1, 2, 3, 4 };
	struct sipxdp_peer a = { .port = htons(5060) }, b = { .port = htons(5062) };

	cr_assert_neq(maglev_id(&a, key), maglev_id(&b, key));
	b.port = a.port;
	cr_assert_eq(maglev_id(&a, key), maglev_id(&b, key));
}

Test(maglev, bad_pools)
{
	static struct maglev_member members[2];
	static struct maglev_table table;

	memset(&table, 0xff, sizeof(table));
	cr_assert_eq(maglev_build(NULL, 0, &table), 0);
	for (size_t i = 0; i < MAGLEV_SLOTS; i++)
		cr_assert_eq(table.backend[i], 0, "nobody's");
	fill(members, 2, 1);
	members[1].weight = 0;
	cr_assert_eq(maglev_build(members, 2, &table), -EINVAL);
	members[1].weight = MAGLEV_WEIGHT_MAX + 1;
	cr_assert_eq(maglev_build(members, 2, &table), -EINVAL);
	cr_assert_eq(maglev_build(members, BACKEND_MAX + 1, &table), -EINVAL);
	members[0].weight = 1;
	members[1].weight = MAGLEV_WEIGHT_MAX;
	cr_assert_eq(maglev_build(members, 2, &table), 0, "a weight that leaves another nothing");
}

/* A slot is what the upper half of a hash says: all are reached, evenly. */
Test(maglev, every_slot_can_be_met)
{
	cr_assert_eq(maglev_slot(0), 0);
	cr_assert_eq(maglev_slot(~0ULL), MAGLEV_SLOTS - 1);
	cr_assert_eq(maglev_slot(1ULL << 63), MAGLEV_SLOTS / 2);
}
