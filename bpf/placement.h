/* SPDX-License-Identifier: GPL-2.0-only */
/* What was placed and is no dialog yet, so that a request sent again, its CANCEL and its answers
 * meet the backend it went to although the pool has changed; and where a client was placed last. */
#ifndef BPF_PLACEMENT_H
#define BPF_PLACEMENT_H

#include "packet.h"
#include <sipxdp/hash.h>

/* Sides of a call are apart, as in `dialogs`. Never 0. */
static __always_inline __u64 placement_key_call(__u64 call_id_hash, __u32 side)
{
	__u64 key = call_id_hash ^ (side + 1) * 0x9e3779b97f4a7c15ULL;

	return key ? key : 1;
}

static __always_inline __u64 placement_key_peer(const struct settings *cfg,
						const struct sipxdp_peer *peer, __u32 service)
{
	__u64 hash = hash_addr(&peer->addr, cfg->hash_key + 3);

	hash = hash_mix(hash + ((__u64)peer->port << 16 | service) * (cfg->hash_key[8] | 1));
	return hash ? hash : 1;
}

static __always_inline struct placement_set *placement_set_of(__u64 key)
{
	__u32 index = key & (PLACEMENT_SETS - 1);

	return bpf_map_lookup_elem(&placements, &index);
}

static __always_inline struct placement *placement_find(__u64 key)
{
	struct placement_set *set = placement_set_of(key);
	struct placement *p;

	if (!set)
		return NULL;
	p = &set->way[0];
	if (p->key == key)
		return p;
	p = &set->way[1];
	if (p->key == key)
		return p;
	p = &set->way[2];
	if (p->key == key)
		return p;
	p = &set->way[3];
	return p->key == key ? p : NULL;
}

/* Enter one, in the place of an older one of its key, or of that used least lately. `peer` is the
 * far side's mark. Two CPUs that enter into one set at once may lose one of the two. */
static __always_inline void placement_put(const struct facts *f, __u64 key, __u32 peer_mark)
{
	struct placement_set *set = placement_set_of(key);
	struct placement *old, *p;

	if (!set)
		return;
	old = placement_find(key);
	if (!old) {
		old = &set->way[0];
		p = &set->way[1];
		if (p->used_ns < old->used_ns)
			old = p;
		p = &set->way[2];
		if (p->used_ns < old->used_ns)
			old = p;
		p = &set->way[3];
		if (p->used_ns < old->used_ns)
			old = p;
	}
	*(volatile __u64 *)&old->key = 0;
	old->placed_ns = f->now;
	old->used_ns = f->now;
	old->vip = f->vip;
	old->backend = f->backend;
	old->service = f->service;
	old->peer_mark = peer_mark;
	*(volatile __u64 *)&old->key = key;
}

#endif
