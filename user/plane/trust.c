// SPDX-License-Identifier: GPL-2.0-only
/* Trusted peers: added, taken out, listed; the filter in front of the table. */
#include "plane/trust.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <sipxdp/hash.h>

#include "plane/clock.h"

/* The bit of an address in trust_filter, as the packet path reckons it. */
static __u64 filter_bit(const struct settings *settings, const struct sipxdp_addr *addr)
{
	return hash_addr(addr, settings->hash_key) & (TRUST_FILTER_BITS - 1);
}

void trust_mark(struct maps *maps, const struct sipxdp_addr *addr)
{
	struct settings *settings = maps->settings;
	__u64 place = filter_bit(settings, addr), bit = 1ULL << place % 64;
	__u32 bank = __atomic_load_n(&settings->filter_bank, __ATOMIC_ACQUIRE) & 1;
	bool both = __atomic_load_n(&settings->filter_both, __ATOMIC_ACQUIRE);

	if (!(__atomic_fetch_or(&maps->trust_filter[bank].word[place / 64], bit, __ATOMIC_RELEASE) &
	      bit))
		__atomic_add_fetch(&settings->trust_epoch, 1, __ATOMIC_RELEASE);
	if (both)
		__atomic_or_fetch(&maps->trust_filter[bank ^ 1].word[place / 64], bit,
				  __ATOMIC_RELEASE);
}

int trust_add(struct maps *maps, const struct sipxdp_peer *peer, __u64 until_ns,
	      enum trust_origin origin)
{
	__u64 now = clock_monotonic_ns();
	struct trusted entry;
	int err;

	if (until_ns && until_ns <= now)
		return -EINVAL;
	err = maps_get(maps, MAP_TRUSTED, peer, &entry);
	if (err && err != -ENOENT)
		return err;
	if (!err && entry.until_ns && entry.until_ns <= now)
		err = -ENOENT; /* over, only not yet swept up */
	if (!err && entry.origin == TRUST_HAND && origin != TRUST_HAND)
		return 0;
	if (err) {
		memset(&entry, 0, sizeof(entry));
		entry.since_ns = now;
		entry.last_seen_ns = now;
		if (origin == TRUST_INVITE || origin == TRUST_ANSWER)
			entry.called_s = (__u32)(now / TRUST_CALLED_NS);
	}
	entry.until_ns = until_ns;
	entry.origin = origin;
	err = maps_put(maps, MAP_TRUSTED, peer, &entry, BPF_ANY);
	if (!err)
		trust_mark(maps, &peer->addr);
	return err;
}

int trust_delete(struct maps *maps, const struct sipxdp_peer *peer)
{
	int err = maps_delete(maps, MAP_TRUSTED, peer);

	maps_delete(maps, MAP_PROVISIONAL, peer); /* usually it has none */
	return err;
}

int trust_withhold(struct maps *maps, const struct sipxdp_peer *peer, __u64 until_ns)
{
	struct provisional entry;
	int err = maps_get(maps, MAP_PROVISIONAL, peer, &entry);

	if (err && err != -ENOENT)
		return err;
	if (err) {
		memset(&entry, 0, sizeof(entry));
		entry.since_ns = clock_monotonic_ns();
	}
	entry.tat = until_ns;
	if (entry.until_ns < until_ns)
		entry.until_ns = until_ns;
	err = maps_put(maps, MAP_PROVISIONAL, peer, &entry, BPF_ANY);
	if (!err)
		trust_mark(maps, &peer->addr);
	return err;
}

struct trust_list {
	__u64 now_ns;
	trust_walk_fn fn;
	void *ctx;
};

static int list_one(const void *key, const void *value, void *ctx)
{
	const struct trust_list *list = ctx;
	const struct trusted *trusted = value;

	if (trusted->until_ns && trusted->until_ns <= list->now_ns)
		return 0;
	return list->fn(key, trusted, list->ctx);
}

int trust_walk(const struct maps *maps, __u64 now_ns, trust_walk_fn fn, void *ctx)
{
	struct trust_list list = { .now_ns = now_ns, .fn = fn, .ctx = ctx };

	return maps_walk(maps, MAP_TRUSTED, list_one, &list);
}

struct trust_others {
	const struct sipxdp_prefix *network;
	const struct sipxdp_peer *peer;
	__u32 count;
};

static bool is_within(const struct sipxdp_addr *addr, const struct sipxdp_prefix *network)
{
	__u32 bits = network->prefix_len;

	for (size_t i = 0; i < 4 && bits; i++) {
		__u32 here = bits < 32 ? bits : 32;
		__u32 mask = htonl(UINT32_MAX << (32 - here));

		if ((addr->word[i] ^ network->addr.word[i]) & mask)
			return false;
		bits -= here;
	}
	return true;
}

static int count_other(const struct sipxdp_peer *peer, const struct trusted *trusted, void *ctx)
{
	struct trust_others *others = ctx;

	(void)trusted;
	if (is_within(&peer->addr, others->network) &&
	    memcmp(peer, others->peer, sizeof(*peer)) != 0)
		others->count++;
	return 0;
}

int trust_count_others(const struct maps *maps, const struct sipxdp_prefix *network,
		       const struct sipxdp_peer *peer, __u64 now_ns, __u32 *count)
{
	struct trust_others others = { .network = network, .peer = peer };
	int err = trust_walk(maps, now_ns, count_other, &others);

	if (!err)
		*count = others.count;
	return err;
}
