/* SPDX-License-Identifier: GPL-2.0-only */
/* Is the packet for a configured listener? One load answers no. */
#ifndef BPF_SERVICE_H
#define BPF_SERVICE_H

#include <linux/in.h>
#include "clock.h"
#include "packet.h"

static __always_inline bool listener_matches(const struct listener *l,
					     const struct sipxdp_addr *addr, __u8 family)
{
	if (l->wildcard)
		return l->wildcard == family || l->wildcard == 46;
	return l->addr.word[3] == addr->word[3] && l->addr.word[2] == addr->word[2] &&
	       l->addr.word[1] == addr->word[1] && l->addr.word[0] == addr->word[0];
}

/* Look up what is set for the packet's service, and what it remembers. */
static __always_inline bool service_rows(struct packet *pkt, __u32 bank)
{
	__u32 key = bank * SERVICE_MAX + pkt->f->service;

	pkt->conf = bpf_map_lookup_elem(&services, &key);
	key = pkt->f->service;
	pkt->state = bpf_map_lookup_elem(&service_state, &key);
	return pkt->conf && pkt->state;
}

/* Settings and listeners in force; false: the daemon has not written them yet. */
static __always_inline bool service_begin(struct packet *pkt)
{
	__u32 zero = 0, bank;

	pkt->cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!pkt->cfg || pkt->cfg->layout != SIPXDP_LAYOUT)
		return false;
	bank = pkt->cfg->bank & 1;
	pkt->listeners = bpf_map_lookup_elem(&listeners, &bank);
	return pkt->listeners;
}

/* In another function: the service is known, its rows are looked up again. */
static __always_inline bool service_again(struct packet *pkt)
{
	__u32 zero = 0;

	pkt->cfg = bpf_map_lookup_elem(&settings, &zero);
	return pkt->cfg && service_rows(pkt, pkt->cfg->bank & 1);
}

/* The side of its call that the packet is on. After service_find or the like. */
static __always_inline __u32 service_dialog_side(const struct packet *pkt)
{
	return dialog_side(&pkt->conf->balance, pkt->f->service, pkt->f->family == 6);
}

enum service_side { SERVICE_AT_DESTINATION, SERVICE_AT_SOURCE };

/* The first listener on a port, at whatever address; 0: there is none. */
static __always_inline __u8 service_head(const struct listener_table *table, __u8 protocol,
					 __be16 port)
{
	__u64 index = bpf_ntohs(port);

	SCAN_MASK(index, 0xffff); /* kernels before 6.13 do not know the range of a byte swap */
	return table->head[protocol == IPPROTO_TCP][index];
}

/* Find the service that listens on the packet's destination, or its source. After service_begin. */
static __always_inline bool service_find(struct packet *pkt, const enum service_side side)
{
	const struct sipxdp_addr *addr = side == SERVICE_AT_SOURCE ? &pkt->f->saddr
								   : &pkt->f->daddr;
	__be16 port = side == SERVICE_AT_SOURCE ? pkt->f->sport : pkt->f->dport;
	const struct listener_table *table = pkt->listeners;
	const struct listener *l;
	__u32 i;
	__u8 at;

	at = service_head(table, pkt->f->protocol, port);
	if (likely(!at))
		return false;
	packet_addresses(pkt);
	packet_renew(pkt);
	for (i = 0; i < LISTENER_CHAIN; i++) {
		l = &table->entry[at];
		if (likely(listener_matches(l, addr, pkt->f->family)))
			break;
		at = l->next;
		if (!at)
			return false;
	}
	if (i == LISTENER_CHAIN)
		return false;
	pkt->f->service = l->service & (SERVICE_MAX - 1);
	pkt->f->tls = l->tls;
	if (!service_rows(pkt, pkt->cfg->bank & 1))
		return false;
	pkt->f->now = clock_now(pkt->cfg);
	return true;
}

#endif
