/* SPDX-License-Identifier: GPL-2.0-only */
/* IP fragments: only the first one shows ports and a start line; its verdict is remembered and
 * holds for the later ones. Those that come before it have a budget of their own. */
#ifndef BPF_FRAGMENT_H
#define BPF_FRAGMENT_H

#include "limit.h"
#include "packet.h"
#include "source.h"

#define FRAGMENT_LATER_MAX 128		  /* of one datagram: 64 KB over the smallest usual MTU */
#define FRAGMENT_HOLD_NS   30000000000ULL /* as long as reassembly waits (net.ipv4.ipfrag_time) */

static __always_inline void fragment_key(const struct packet *pkt, struct fragment_key *key)
{
	key->saddr = pkt->f->saddr;
	key->daddr = pkt->f->daddr;
	key->id = pkt->f->fragment_id;
	key->protocol = pkt->f->protocol;
}

/* Remember what became of a first fragment. */
static __always_inline void fragment_remember(const struct packet *pkt, bool pass, bool ours)
{
	struct work *w = work_scratch();
	struct fragment_key key;

	if (!w)
		return;
	w->row.fragment = (struct fragment){
		.until_ns = pkt->f->now + FRAGMENT_HOLD_NS,
		.pass = pass,
		.reason = pkt->f->reason,
		.service = pkt->f->service,
		.ours = ours,
		.backend = ours ? pkt->f->backend : 0,
	};
	fragment_key(pkt, &key);
	bpf_map_update_elem(&fragments, &key, &w->row.fragment, BPF_ANY);
}

/* A first fragment that a backend sent: the later ones get the same source. */
static __always_inline void fragment_remember_outbound(const struct packet *pkt, struct work *w)
{
	w->row.fragment = (struct fragment){
		.until_ns = pkt->f->now + FRAGMENT_HOLD_NS,
		.pass = 1,
		.reason = PASS_FRAGMENT,
		.service = pkt->f->service,
		.ours = 1,
		.backend = pkt->f->backend,
		.from_backend = 1,
		.addr = pkt->f->vip.addr,
	};
	fragment_key(pkt, &w->fragment_key);
	bpf_map_update_elem(&fragments, &w->fragment_key, &w->row.fragment, BPF_ANY);
}

/* Is nobody known at the address? A fragment without ports shows no more than that. */
static __always_inline bool fragment_is_strange(const struct packet *pkt)
{
	struct sipxdp_prefix key = { .prefix_len = 128, .addr = pkt->f->saddr };
	const struct network *network;

	if (trust_filter_has(pkt->cfg, &key.addr))
		return false;
	if (!pkt->cfg->has_networks)
		return true;
	network = bpf_map_lookup_elem(&networks, &key);
	return !network || network->policy != POLICY_EXEMPT;
}

/* One that came before its first one, or whose first one is forgotten. */
static __always_inline bool fragment_take_unordered(const struct packet *pkt)
{
	__u32 zero = 0;
	struct host_state *host = bpf_map_lookup_elem(&host_state, &zero);

	if (!host)
		return true;
	if (fragment_is_strange(pkt))
		return limit_take_strange(&pkt->cfg->unordered, &host->strange_tat, pkt->f->now);
	return limit_take(&pkt->cfg->unordered, &host->unordered_tat, pkt->f->now);
}

/* A later fragment. VERDICT_COUNT: of a datagram that was not ours. */
static __always_inline enum verdict fragment_later(struct packet *pkt)
{
	struct fragment_key key;
	struct fragment *first;
	__u32 key_of_service;

	fragment_key(pkt, &key);
	first = bpf_map_lookup_elem(&fragments, &key);
	if (first && first->until_ns > pkt->f->now) {
		if (!first->ours)
			return VERDICT_COUNT;
		pkt->f->service = first->service & (SERVICE_MAX - 1);
		key_of_service = (pkt->cfg->bank & 1) * SERVICE_MAX + pkt->f->service;
		pkt->conf = bpf_map_lookup_elem(&services, &key_of_service);
		if (first->later >= FRAGMENT_LATER_MAX) {
			pkt->f->reason = DROP_UNORDERED_LIMIT;
			return VERDICT_DROP;
		}
		first->later++;
		pkt->f->backend = first->backend;
		pkt->f->outbound = first->from_backend;
		pkt->f->vip.addr = first->addr;
		pkt->f->reason = first->pass ? PASS_FRAGMENT : DROP_FRAGMENT;
		return first->pass ? VERDICT_PASS : VERDICT_DROP;
	}
	if (pkt->f->unlike)
		return VERDICT_COUNT;
	pkt->f->service = SERVICE_HOST;
	if (fragment_take_unordered(pkt)) {
		pkt->f->reason = PASS_UNORDERED;
		return VERDICT_PASS;
	}
	pkt->f->reason = DROP_UNORDERED_LIMIT;
	return VERDICT_DROP;
}

#endif
