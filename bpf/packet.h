/* SPDX-License-Identifier: GPL-2.0-only */
/* What the stages know of one packet, in the order in which they learn it. */
#ifndef BPF_PACKET_H
#define BPF_PACKET_H

#include <bpf/bpf_endian.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>
#include "maps.h"
#include <sipxdp/scan.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

struct packet {
	/* from the hook: one of the two contexts */
	struct xdp_md *xdp;
	struct __sk_buff *skb;
	void *data;
	void *data_end;
	struct facts *f;

	const __be32 *addresses; /* source and destination in the IP header, until they are taken */

	/* service.h */
	const struct settings *cfg;
	const struct listener_table *listeners;
	const struct service *conf;
	struct service_state *state;

	/* source.h: rows, or NULL */
	struct source *source;
	struct trusted *trusted;
	struct provisional *provisional;
};

/* Is a drop for that reason withheld? conf may be NULL: what belongs to no one service. */
static __always_inline bool packet_monitored(const struct packet *pkt, __u32 reason)
{
	__u32 monitor = pkt->cfg->monitor;

	if (pkt->conf)
		monitor |= pkt->conf->monitor;
	return monitor >> (reason & (REASON_DROP_BASE - 1)) & 1;
}

static __always_inline struct work *work_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&work, &zero);
}

/* The kernel wants the context passed to every global function; compilers from clang 16 on leave it out
 * where the function has no use for it. */
static __always_inline void packet_context(void *context)
{
	asm volatile("" : : "r"(context));
}

enum fragment_part { FRAGMENT_NONE, FRAGMENT_FIRST, FRAGMENT_LATER };

static __always_inline bool addr_is_equal(const struct sipxdp_addr *a, const struct sipxdp_addr *b)
{
	return a->word[3] == b->word[3] && a->word[2] == b->word[2] && a->word[1] == b->word[1] &&
	       a->word[0] == b->word[0];
}

static __always_inline bool peer_is_equal(const struct sipxdp_peer *a, const struct sipxdp_peer *b)
{
	return a->port == b->port && addr_is_equal(&a->addr, &b->addr);
}

/* Load the bounds of the packet afresh, so that the verifier forgets how far each way of parsing has
 * looked into it: the ways become one. */
static __always_inline void packet_renew(struct packet *pkt)
{
	if (pkt->xdp) {
		pkt->data = (void *)(long)pkt->xdp->data;
		pkt->data_end = (void *)(long)pkt->xdp->data_end;
	} else if (pkt->skb) {
		pkt->data = (void *)(long)pkt->skb->data;
		pkt->data_end = (void *)(long)pkt->skb->data_end;
	}
}

/* Take the addresses out of the IP header. */
static __always_inline void packet_addresses(struct packet *pkt)
{
	const __be32 *word = pkt->addresses;

	if (!word)
		return;
	__builtin_memset(&pkt->f->now, 0, sizeof(*pkt->f) - __builtin_offsetof(struct facts, now));
	if (pkt->f->family == 4 && (const void *)(word + 2) <= pkt->data_end) {
		pkt->f->saddr.word[0] = 0;
		pkt->f->saddr.word[1] = 0;
		pkt->f->saddr.word[2] = bpf_htonl(0xffff);
		pkt->f->saddr.word[3] = word[0];
		pkt->f->daddr.word[0] = 0;
		pkt->f->daddr.word[1] = 0;
		pkt->f->daddr.word[2] = bpf_htonl(0xffff);
		pkt->f->daddr.word[3] = word[1];
	} else if ((const void *)(word + 8) <= pkt->data_end) {
		pkt->f->saddr.word[0] = word[0];
		pkt->f->saddr.word[1] = word[1];
		pkt->f->saddr.word[2] = word[2];
		pkt->f->saddr.word[3] = word[3];
		pkt->f->daddr.word[0] = word[4];
		pkt->f->daddr.word[1] = word[5];
		pkt->f->daddr.word[2] = word[6];
		pkt->f->daddr.word[3] = word[7];
	}
	pkt->addresses = NULL;
}

#endif
