/* SPDX-License-Identifier: GPL-2.0-only */
/* Who sent it: what bans and networks say of the address, and what the address and port have
 * earned. Kept cheap for floods: one look-up for a source that has a row, and one bit that says
 * whether any port of an address may be trusted. */
#ifndef BPF_SOURCE_H
#define BPF_SOURCE_H

#include "limit.h"
#include "packet.h"

static __always_inline void source_key(const struct packet *pkt, struct source_key *key)
{
	key->net[0] = pkt->f->family == 4 ? pkt->f->saddr.word[3] : pkt->f->saddr.word[0];
	key->net[1] = pkt->f->saddr.word[1];
	key->family = pkt->f->family;
	key->service = pkt->f->service;
	key->zero = 0;
}

static __always_inline void source_peer(const struct packet *pkt, struct sipxdp_peer *peer)
{
	peer->addr = pkt->f->saddr;
	peer->port = pkt->f->sport;
	peer->zero = 0;
}

/* The unit of bans: a whole IPv4 address, an IPv6 /64. */
static __always_inline void source_prefix(const struct packet *pkt, struct sipxdp_prefix *prefix)
{
	prefix->addr = pkt->f->saddr;
	prefix->prefix_len = 128;
	if (pkt->f->family == 6) {
		prefix->prefix_len = 64;
		prefix->addr.word[2] = 0;
		prefix->addr.word[3] = 0;
	}
}

#define BAN_DEPTH 4 /* expired bans behind one another that are passed over */

/* Ask the maps what they say of the address. Bans that have run out go. */
static __always_inline void source_ask(struct packet *pkt)
{
	struct sipxdp_prefix key = { .prefix_len = 128, .addr = pkt->f->saddr };
	const struct network *network;
	const struct ban *ban;
	__u32 i;

	pkt->f->policy = POLICY_NONE;
	pkt->f->ban_until = 0;
	if (pkt->cfg->has_networks) {
		network = bpf_map_lookup_elem(&networks, &key);
		if (network)
			pkt->f->policy = network->policy;
		if (pkt->f->policy == POLICY_DENY || pkt->f->policy == POLICY_EXEMPT)
			return;
	}
	if (!pkt->cfg->has_bans)
		return;
	for (i = 0; i < BAN_DEPTH; i++) { /* behind a ban that has run out may be a wider one */
		struct sipxdp_prefix old = key;

		ban = bpf_map_lookup_elem(&bans, &key);
		if (!ban)
			return;
		if (!ban->until_ns || ban->until_ns > pkt->f->now) {
			pkt->f->policy = POLICY_BANNED;
			pkt->f->ban_until = ban->until_ns;
			return;
		}
		old.prefix_len = ban->prefix_len;
		if (bpf_map_delete_elem(&bans, &old))
			return;
	}
}

/* Find the source's row and what is known of the address. */
static __always_inline void source_find(struct packet *pkt)
{
	struct source_key key;
	struct source *row;

	source_key(pkt, &key);
	row = bpf_map_lookup_elem(&sources, &key);
	pkt->source = row;
	if (!row) {
		if (unlikely(pkt->cfg->has_bans | pkt->cfg->has_networks))
			source_ask(pkt);
		return;
	}
	/* a row stands for a /64, whose hosts bans and networks may tell apart */
	if (unlikely(row->generation != pkt->cfg->generation ||
		     (pkt->f->family == 6 && pkt->cfg->has_hosts6))) {
		row->generation = pkt->cfg->generation;
		source_ask(pkt);
		row->ban_until_ns = pkt->f->ban_until;
		row->policy = pkt->f->policy;
		return;
	}
	pkt->f->policy = row->policy;
	pkt->f->ban_until = row->ban_until_ns;
	if (pkt->f->policy == POLICY_BANNED && row->ban_until_ns &&
	    row->ban_until_ns <= pkt->f->now) {
		source_ask(pkt);
		row->ban_until_ns = pkt->f->ban_until;
		row->policy = pkt->f->policy;
	}
}

/* Make a row for a source that has none. */
static __always_inline void source_create(struct packet *pkt)
{
	struct work *w = work_scratch();
	struct source_key key;

	if (!w)
		return;
	w->row.source = (struct source){
		.first_seen_ns = pkt->f->now,
		.generation = pkt->cfg->generation,
		.policy = pkt->f->policy,
		.ban_until_ns = pkt->f->ban_until,
	};
	source_key(pkt, &key);
	bpf_map_update_elem(&sources, &key, &w->row.source, BPF_NOEXIST);
	pkt->source = bpf_map_lookup_elem(&sources, &key);
}

static __always_inline __u64 trust_filter_place(const struct settings *cfg,
						const struct sipxdp_addr *addr)
{
	return hash_addr(addr, cfg->hash_key) & (TRUST_FILTER_BITS - 1);
}

/* Set the address's bit, in both banks while the daemon rebuilds one. */
static __always_inline void trust_filter_set(const struct settings *cfg,
					     const struct sipxdp_addr *addr)
{
	__u64 place = trust_filter_place(cfg, addr);
	__u32 bank = cfg->filter_bank & 1;
	struct trust_filter *filter = bpf_map_lookup_elem(&trust_filter, &bank);

	if (filter &&
	    !(__sync_fetch_and_or(&filter->word[place / 64], 1ULL << (place % 64)) >> (place % 64) &
	      1))
		__sync_fetch_and_add(&((struct settings *)cfg)->trust_epoch, 1);
	if (!cfg->filter_both)
		return;
	bank ^= 1;
	filter = bpf_map_lookup_elem(&trust_filter, &bank);
	if (filter)
		__sync_fetch_and_or(&filter->word[place / 64], 1ULL << (place % 64));
}

static __always_inline bool trust_filter_has(const struct settings *cfg,
					     const struct sipxdp_addr *addr)
{
	__u64 place = trust_filter_place(cfg, addr);
	__u32 bank = cfg->filter_bank & 1;
	const struct trust_filter *filter = bpf_map_lookup_elem(&trust_filter, &bank);

	return filter && filter->word[place / 64] >> (place % 64) & 1;
}

/* What have address and port earned? */
static __always_inline void source_trust(struct packet *pkt)
{
	struct sipxdp_peer peer;

	pkt->f->tier = TIER_UNKNOWN;
	pkt->f->trust_epoch = *(const volatile __u32 *)&pkt->cfg->trust_epoch;
	source_peer(pkt, &peer);
	if (likely(!trust_filter_has(pkt->cfg, &peer.addr)))
		return;
	pkt->f->neighbour = 1;
	pkt->trusted = bpf_map_lookup_elem(&trusted, &peer);
	if (pkt->trusted && (!pkt->trusted->until_ns || pkt->trusted->until_ns > pkt->f->now)) {
		pkt->f->tier = TIER_TRUSTED;
		return;
	}
	pkt->trusted = NULL;
	pkt->provisional = bpf_map_lookup_elem(&provisional, &peer);
	if (pkt->provisional && pkt->provisional->until_ns > pkt->f->now)
		pkt->f->tier = TIER_PROVISIONAL;
	else
		pkt->provisional = NULL;
}

#define BAN_HITS_FLUSH 64

/* A drop that a ban caused: counted in the row, and now and then in the ban itself. */
static __always_inline void source_ban_hit(struct packet *pkt)
{
	struct sipxdp_prefix key;
	struct ban *ban;
	__u32 hits = 1;

	if (pkt->source) {
		hits = ++pkt->source->ban_hits;
		if (hits < BAN_HITS_FLUSH)
			return;
		pkt->source->ban_hits = 0;
	}
	key.addr = pkt->f->saddr;
	key.prefix_len = 128;
	ban = bpf_map_lookup_elem(&bans, &key);
	if (ban)
		__sync_fetch_and_add(&ban->hits, hits);
}

#endif
