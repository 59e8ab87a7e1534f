/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits of whole networks (/24, /48), in a sketch: two rows of buckets under independent hashes; a
 * network is over its limit when both of its buckets are. */
#ifndef BPF_PREFIX_H
#define BPF_PREFIX_H

#include "limit.h"

struct prefix_buckets {
	__u64 *tat[PREFIX_ROWS];
};

static __always_inline bool prefix_find(const struct packet *pkt, __u32 class,
					struct prefix_buckets *at)
{
	__u32 zero = 0;
	struct prefix_limits *sketch = bpf_map_lookup_elem(&prefix_limits, &zero);
	const __u64 *key = pkt->cfg->hash_key;
	__u64 net, hash;

	if (!sketch)
		return false;
	if (pkt->f->family == 4)
		net = pkt->f->saddr.word[3] & bpf_htonl(0xffffff00);
	else
		net = (__u64)pkt->f->saddr.word[0] << 32 |
		      (pkt->f->saddr.word[1] & bpf_htonl(0xffff0000));
	hash = hash_mix(hash_nh(net, key[3]) + hash_nh(net, key[4]) * 0x9e3779b97f4a7c15ULL +
			(class + 8 * pkt->f->service + 1024 * pkt->f->family) * (key[5] | 1));
	at->tat[0] = &sketch->tat[0][hash & (PREFIX_CELLS - 1)];
	at->tat[1] = &sketch->tat[1][hash >> 32 & (PREFIX_CELLS - 1)];
	return true;
}

static __always_inline bool prefix_conforms(const struct sipxdp_rate *rate,
					    const struct prefix_buckets *at, __u64 now)
{
	return limit_conforms(rate, at->tat[0], now) || limit_conforms(rate, at->tat[1], now);
}

static __always_inline void prefix_spend(const struct sipxdp_rate *rate,
					 const struct prefix_buckets *at, __u64 now)
{
	limit_spend(rate, at->tat[0], now);
	limit_spend(rate, at->tat[1], now);
}

#endif
