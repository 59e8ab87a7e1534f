// SPDX-License-Identifier: GPL-2.0-only
/* Filling of the table: see maglev.h. Whole numbers only: every host must get the same. */
#include "balance/maglev.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <sipxdp/hash.h>

/* Permutations are of 2^16 positions, which take slots 0..65535; the one slot more is drawn. */
#define POSITIONS     65536
#define LOG_FRACTION  26 /* bits behind the point of -log2(position) */
#define LIMIT_PERCENT 4	 /* that a share may be above what the weight says ... */
#define LIMIT_ROOTS   6	 /* ... or so many fifths of its square root */

/* A member as it is asked about slots. */
struct bidder {
	__u64 id;
	__u64 weight_inverse; /* 2^32 / weight */
	__u32 key[3];	      /* of the permutation: odd factors */
	__u32 add[2];
};

/* How much a member wants a slot: the less, the more. Two never want one the same. */
struct bid {
	__u64 cost;
	__u64 id;
};

/* A slot that a member holds, and its bid for it. */
struct holding {
	struct bid bid;
	__u32 slot;
};

/* What a member holds: a heap with the slot it wants least on top. */
struct hand {
	struct holding *slots;
	__u32 count;
	__u32 limit;
};

struct filling {
	const struct maglev_member *members;
	size_t count;
	struct bidder *bidders;
	struct hand *hands;
	struct holding *holdings; /* of all hands */
	__u32 *logs;		  /* POSITIONS */
};

__u64 maglev_id(const struct sipxdp_peer *peer, const __u64 key[HASH_KEY_WORDS])
{
	__u64 port = (__u64)peer->port << 32 | peer->port;

	return hash_mix(hash_addr(&peer->addr, key) + hash_nh(port, key[3]));
}

/* ---- numbers ---- */

/* -log2((position + 1/2) / POSITIONS), in units of 2^-LOG_FRACTION: digit by digit, by squaring. */
static __u32 minus_log(__u32 position)
{
	__u64 x = 2 * (__u64)position + 1; /* / 2^17 */
	__u32 whole = 0, fraction = 0;

	while (x < 1ULL << 17) {
		x <<= 1;
		whole++;
	}
	x <<= 14; /* 2^31 is 1 */
	for (int i = 0; i < LOG_FRACTION; i++) {
		x = x * x >> 31;
		fraction <<= 1;
		if (x >> 32) {
			x >>= 1;
			fraction |= 1;
		}
	}
	return (whole << LOG_FRACTION) - fraction;
}

static __u64 square_root(__u64 n)
{
	__u64 root = 0;

	for (__u64 bit = 1ULL << 31; bit; bit >>= 1) {
		if ((root | bit) * (root | bit) <= n)
			root |= bit;
	}
	return root;
}

__u32 maglev_limit(__u32 weight, __u64 all_weights)
{
	__u64 share = ((__u64)MAGLEV_SLOTS * weight + all_weights - 1) / all_weights;
	__u64 percent = share * LIMIT_PERCENT / 100;
	__u64 roots = square_root(share * LIMIT_ROOTS * LIMIT_ROOTS / 25);
	__u64 limit = share + (percent > roots ? percent : roots);

	return limit < MAGLEV_SLOTS ? (__u32)limit : MAGLEV_SLOTS;
}

/* ---- bids ---- */

static void bidder_init(const struct maglev_member *member, struct bidder *out)
{
	__u64 low = hash_mix(member->id ^ 0x9e3779b97f4a7c15ULL);
	__u64 high = hash_mix(low + member->id);

	out->id = member->id;
	out->weight_inverse = (1ULL << 32) / member->weight;
	out->key[0] = (__u32)low | 1;
	out->key[1] = (__u32)(low >> 16) | 1;
	out->key[2] = (__u32)(low >> 32) | 1;
	out->add[0] = (__u32)high;
	out->add[1] = (__u32)(high >> 16);
}

/* A permutation of the numbers below 2^16: every step can be undone. */
static inline __u32 permute(const struct bidder *bidder, __u32 x)
{
	x = (x ^ bidder->add[0]) & 0xffff;
	x = x * bidder->key[0] & 0xffff;
	x ^= x >> 7;
	x = (x * bidder->key[1] + bidder->add[1]) & 0xffff;
	x ^= x >> 9;
	x = x * bidder->key[2] & 0xffff;
	x ^= x >> 8;
	x = x * bidder->key[0] & 0xffff;
	return x ^ x >> 7;
}

static inline __u32 position(const struct bidder *bidder, __u32 slot)
{
	if (slot < POSITIONS)
		return permute(bidder, slot);
	return (__u32)hash_mix(bidder->id + slot) & 0xffff;
}

static inline __u64 cost(const struct filling *filling, const struct bidder *bidder, __u32 slot)
{
	return filling->logs[position(bidder, slot)] * bidder->weight_inverse;
}

/* Equal costs are common, as positions are few: then a hash of slot and member decides. */
static bool bid_before(const struct bid *a, const struct bid *b, __u32 slot)
{
	__u64 tie_a, tie_b;

	if (a->cost != b->cost)
		return a->cost < b->cost;
	tie_a = hash_mix(a->id ^ (slot + 1) * 0xd6e8feb86659fd93ULL);
	tie_b = hash_mix(b->id ^ (slot + 1) * 0xd6e8feb86659fd93ULL);
	return tie_a != tie_b ? tie_a < tie_b : a->id < b->id;
}

/* Of two slots of one member. */
static bool holding_before(const struct holding *a, const struct holding *b)
{
	return a->bid.cost != b->bid.cost ? a->bid.cost < b->bid.cost : a->slot < b->slot;
}

/* The best bid for a slot, or the best of those behind `behind`. The member's index; count: none. */
static size_t best_bidder(const struct filling *filling, __u32 slot, const struct bid *behind,
			  struct bid *out)
{
	size_t best = filling->count;

	for (size_t i = 0; i < filling->count; i++) {
		struct bid bid = { cost(filling, &filling->bidders[i], slot),
				   filling->bidders[i].id };

		if (behind && (bid.cost < behind->cost || !bid_before(behind, &bid, slot)))
			continue;
		if (best < filling->count && !bid_before(&bid, out, slot))
			continue;
		*out = bid;
		best = i;
	}
	return best;
}

/* ---- hands ---- */

static void hand_push(struct hand *hand, struct holding holding)
{
	__u32 i = hand->count++;

	while (i) {
		__u32 parent = (i - 1) / 2;

		if (!holding_before(&hand->slots[parent], &holding))
			break;
		hand->slots[i] = hand->slots[parent];
		i = parent;
	}
	hand->slots[i] = holding;
}

static struct holding hand_pop(struct hand *hand)
{
	struct holding top = hand->slots[0], last = hand->slots[--hand->count];
	__u32 i = 0;

	for (;;) {
		__u32 child = 2 * i + 1;

		if (child >= hand->count)
			break;
		if (child + 1 < hand->count &&
		    holding_before(&hand->slots[child], &hand->slots[child + 1]))
			child++;
		if (!holding_before(&last, &hand->slots[child]))
			break;
		hand->slots[i] = hand->slots[child];
		i = child;
	}
	hand->slots[i] = last;
	return top;
}

/*
 * Gives a slot to the best bidder; who has more than its limit then gives back the one it wants
 * least, which goes to the best bidder behind that. This is the deferred acceptance of Gale and
 * Shapley (1962), whose outcome does not depend on the order of the slots. It ends: each round goes
 * one bidder further for some slot, and the limits together are more than the slots.
 */
static void give(const struct filling *filling, __u32 slot)
{
	struct holding holding = { .slot = slot };
	const struct bid *behind = NULL;
	struct bid refused;

	for (;;) {
		size_t i = best_bidder(filling, holding.slot, behind, &holding.bid);
		struct hand *hand = &filling->hands[i];

		hand_push(hand, holding);
		if (hand->count <= hand->limit)
			return;
		holding = hand_pop(hand);
		refused = holding.bid;
		behind = &refused;
	}
}

/* ---- the whole ---- */

static void filling_free(struct filling *filling)
{
	free(filling->bidders);
	free(filling->hands);
	free(filling->holdings);
	free(filling->logs);
}

/* A hand holds one more than its limit for a moment. */
static int deal_hands(struct filling *filling, __u64 all_weights)
{
	size_t room = 0;
	struct holding *next;

	for (size_t i = 0; i < filling->count; i++) {
		filling->hands[i].limit = maglev_limit(filling->members[i].weight, all_weights);
		room += filling->hands[i].limit + 1;
	}
	filling->holdings = malloc(room * sizeof(*filling->holdings));
	if (!filling->holdings)
		return -ENOMEM;
	next = filling->holdings;
	for (size_t i = 0; i < filling->count; i++) {
		filling->hands[i].slots = next;
		next += filling->hands[i].limit + 1;
	}
	return 0;
}

static int filling_begin(struct filling *filling)
{
	__u64 all_weights = 0;

	filling->bidders = calloc(filling->count, sizeof(*filling->bidders));
	filling->hands = calloc(filling->count, sizeof(*filling->hands));
	filling->logs = malloc(POSITIONS * sizeof(*filling->logs));
	if (!filling->bidders || !filling->hands || !filling->logs)
		return -ENOMEM;
	for (size_t i = 0; i < filling->count; i++) {
		const struct maglev_member *member = &filling->members[i];

		if (!member->weight || member->weight > MAGLEV_WEIGHT_MAX)
			return -EINVAL;
		all_weights += member->weight;
		bidder_init(member, &filling->bidders[i]);
	}
	for (__u32 i = 0; i < POSITIONS; i++)
		filling->logs[i] = minus_log(i);
	return deal_hands(filling, all_weights);
}

static void write_table(const struct filling *filling, struct maglev_table *out)
{
	for (size_t i = 0; i < filling->count; i++) {
		const struct hand *hand = &filling->hands[i];

		for (__u32 n = 0; n < hand->count; n++)
			out->backend[hand->slots[n].slot] = (__u16)filling->members[i].place;
	}
}

int maglev_build(const struct maglev_member *members, size_t count, struct maglev_table *out)
{
	struct filling filling = { .members = members, .count = count };
	int err;

	if (count > BACKEND_MAX)
		return -EINVAL;
	if (!count) {
		memset(out, 0, sizeof(*out));
		return 0;
	}
	err = filling_begin(&filling);
	if (!err) {
		for (__u32 slot = 0; slot < MAGLEV_SLOTS; slot++)
			give(&filling, slot);
		memset(out, 0, sizeof(*out));
		write_table(&filling, out);
	}
	filling_free(&filling);
	return err;
}
