/* SPDX-License-Identifier: GPL-2.0-only */
/* ICMP errors about balanced packets. One about an answer comes in for the service's address, and is
 * for the backend that sent the answer. One about a request comes from the backend's side for the
 * client, and quotes the backend's address, which the client does not know. What cannot be told is
 * passed on as it is. */
#ifndef BPF_ICMP_ERROR_H
#define BPF_ICMP_ERROR_H

#include "balance.h"
#include "icmp.h"
#include "outbound.h"

#define ICMP_HEADER 8 /* of an error: type, code, checksum, and a word */

/* Errors that quote a packet: RFC 792, RFC 4443. */
static __always_inline bool icmp_is_error(const struct facts *f, __u8 type)
{
	if (f->family == 4)
		return type == ICMP_DEST_UNREACH || type == ICMP_TIME_EXCEEDED ||
		       type == ICMP_PARAMETERPROB;
	return type == ICMPV6_DEST_UNREACH || type == ICMPV6_PKT_TOOBIG ||
	       type == ICMPV6_TIME_EXCEED || type == ICMPV6_PARAMPROB;
}

static __always_inline void icmp_addr_ipv4(struct sipxdp_addr *addr, __be32 word)
{
	addr->word[0] = 0;
	addr->word[1] = 0;
	addr->word[2] = bpf_htonl(0xffff);
	addr->word[3] = word;
}

/* The quoted packet: both ends into `quote`, where its header is, and that of UDP or TCP. */
static __always_inline bool icmp_read_ipv4(struct xdp_md *ctx, const struct facts *f,
					   struct icmp_quote *quote)
{
	const struct iphdr *ip;
	const struct ports *ports;
	__u64 at = f->network_offset;

	at += sizeof(*ip) + ICMP_HEADER;
	FORWARD_FORGET(ctx);
	SCAN_MASK(at, 0x7f);
	ip = (void *)(long)ctx->data + at;
	if ((void *)(ip + 1) > (void *)(long)ctx->data_end || ip->version != 4 || ip->ihl < 5 ||
	    ip->frag_off & bpf_htons(IP_OFFSET))
		return false;
	quote->protocol = ip->protocol;
	quote->network = at;
	icmp_addr_ipv4(&quote->source.addr, ip->saddr);
	icmp_addr_ipv4(&quote->destination.addr, ip->daddr);
	at += ip->ihl * 4;
	FORWARD_FORGET(ctx);
	SCAN_MASK(at, 0xff);
	ports = (void *)(long)ctx->data + at;
	if ((void *)ports + 8 > (void *)(long)ctx->data_end)
		return false;
	quote->transport = at;
	quote->source.port = ports->source;
	quote->destination.port = ports->dest;
	return true;
}

/* The quoted packet is a fragment: what is behind its header. The first one has the ports, and is the
 * one of which a router says that it is too big. */
static __always_inline bool icmp_skip_fragment(struct xdp_md *ctx, struct icmp_quote *quote)
{
	const struct ipv6_fragment *fragment;
	__u64 at = quote->transport;

	FORWARD_FORGET(ctx);
	SCAN_MASK(at, 0x7f);
	fragment = (void *)(long)ctx->data + at;
	if ((void *)(fragment + 1) > (void *)(long)ctx->data_end ||
	    fragment->offset_flags & bpf_htons(~7))
		return false;
	quote->protocol = fragment->next_header;
	quote->transport += sizeof(*fragment);
	return true;
}

static __always_inline bool icmp_read_ipv6(struct xdp_md *ctx, const struct facts *f,
					   struct icmp_quote *quote)
{
	const struct ipv6hdr *ip;
	const struct ports *ports;
	__u64 at = f->network_offset;

	at += sizeof(*ip) + ICMP_HEADER;
	FORWARD_FORGET(ctx);
	SCAN_MASK(at, 0x7f);
	ip = (void *)(long)ctx->data + at;
	if ((void *)(ip + 1) > (void *)(long)ctx->data_end || ip->version != 6)
		return false;
	quote->protocol = ip->nexthdr;
	quote->network = at;
	quote->transport = at + sizeof(*ip);
	__builtin_memcpy(&quote->source.addr, &ip->saddr, sizeof(quote->source.addr));
	__builtin_memcpy(&quote->destination.addr, &ip->daddr, sizeof(quote->destination.addr));
	if (quote->protocol == IPPROTO_FRAGMENT && !icmp_skip_fragment(ctx, quote))
		return false;
	at = quote->transport;
	FORWARD_FORGET(ctx);
	SCAN_MASK(at, 0xff);
	ports = (void *)(long)ctx->data + at;
	if ((void *)ports + 8 > (void *)(long)ctx->data_end)
		return false;
	quote->source.port = ports->source;
	quote->destination.port = ports->dest;
	return true;
}

/* The error in `work`: its own addresses, and what it quotes. */
static __always_inline bool icmp_read(struct xdp_md *ctx, struct facts *f, struct icmp_quote *quote)
{
	const struct icmphdr *icmp;
	__u64 at = f->network_offset;

	quote->source.zero = 0;
	quote->destination.zero = 0;
	if (f->family == 4) {
		const struct iphdr *ip = forward_ipv4(ctx, f);

		if (!ip || ip->ihl != 5 || ip->frag_off & bpf_htons(IP_OFFSET | IP_MORE_FRAGMENTS))
			return false;
		icmp_addr_ipv4(&f->saddr, ip->saddr);
		icmp_addr_ipv4(&f->daddr, ip->daddr);
		at += sizeof(*ip);
	} else {
		const struct ipv6hdr *ip = forward_ipv6(ctx, f);

		if (!ip)
			return false;
		__builtin_memcpy(&f->saddr, &ip->saddr, sizeof(f->saddr));
		__builtin_memcpy(&f->daddr, &ip->daddr, sizeof(f->daddr));
		at += sizeof(*ip);
	}
	FORWARD_FORGET(ctx);
	SCAN_MASK(at, 0x7f);
	icmp = (void *)(long)ctx->data + at;
	if ((void *)(icmp + 1) > (void *)(long)ctx->data_end || !icmp_is_error(f, icmp->type))
		return false;
	return f->family == 4 ? icmp_read_ipv4(ctx, f, quote) : icmp_read_ipv6(ctx, f, quote);
}

/* ---- changing it ---- */

/* What was in the places that are changed, and is now: for the checksum over them. */
struct icmp_change {
	__u64 was;
	__u64 is;
};

static __always_inline bool icmp_quote_addr(struct xdp_md *ctx, const struct facts *f,
					    const struct icmp_quote *quote,
					    const struct sipxdp_addr *addr, enum forward_side side,
					    struct icmp_change *change)
{
	__u64 at = quote->network;

	FORWARD_FORGET(ctx);
	SCAN_MASK(at, 0x7f);
	if (f->family == 4) {
		struct iphdr *ip = (void *)(long)ctx->data + at;
		__be32 *old;

		if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
			return false;
		old = side == FORWARD_DESTINATION ? &ip->daddr : &ip->saddr;
		change->was += (__u64)*old + ip->check;
		ip->check = checksum_change(ip->check, *old, addr->word[3]);
		*old = addr->word[3];
		change->is += (__u64)*old + ip->check;
	} else {
		struct ipv6hdr *ip = (void *)(long)ctx->data + at;
		struct sipxdp_addr *old;

		if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
			return false;
		old = (void *)(side == FORWARD_DESTINATION ? &ip->daddr : &ip->saddr);
		change->was += checksum_of_addr(old, 6);
		*old = *addr;
		change->is += checksum_of_addr(old, 6);
	}
	return true;
}

/* One end of the quoted packet becomes `peer`, as whoever sent it knows it. Its own checksum is left
 * as it is: nobody can check it on a packet that was cut. */
static __always_inline bool icmp_quote_peer(struct xdp_md *ctx, const struct facts *f,
					    const struct icmp_quote *quote,
					    const struct sipxdp_peer *peer, enum forward_side side,
					    struct icmp_change *change)
{
	__u64 at = quote->transport;
	struct ports *ports;
	__be16 *old;

	if (!icmp_quote_addr(ctx, f, quote, &peer->addr, side, change))
		return false;
	FORWARD_FORGET(ctx);
	SCAN_MASK(at, 0xff);
	ports = (void *)(long)ctx->data + at;
	if ((void *)(ports + 1) > (void *)(long)ctx->data_end)
		return false;
	old = side == FORWARD_DESTINATION ? &ports->dest : &ports->source;
	change->was += *old;
	*old = peer->port;
	change->is += *old;
	return true;
}

/* One end of the error itself, which the checksum of ICMPv6 covers. */
static __always_inline bool icmp_own_addr(struct xdp_md *ctx, const struct facts *f,
					  const struct sipxdp_addr *addr, enum forward_side side,
					  struct icmp_change *change)
{
	if (f->family == 4) {
		struct iphdr *ip = forward_ipv4(ctx, f);
		__be32 *old;

		if (!ip)
			return false;
		old = side == FORWARD_DESTINATION ? &ip->daddr : &ip->saddr;
		ip->check = checksum_change(ip->check, *old, addr->word[3]);
		*old = addr->word[3];
	} else {
		struct ipv6hdr *ip = forward_ipv6(ctx, f);
		struct sipxdp_addr *old;

		if (!ip)
			return false;
		old = (void *)(side == FORWARD_DESTINATION ? &ip->daddr : &ip->saddr);
		change->was += checksum_of_addr(old, 6);
		*old = *addr;
		change->is += checksum_of_addr(old, 6);
	}
	return true;
}

static __always_inline bool icmp_own_sum(struct xdp_md *ctx, const struct facts *f,
					 const struct icmp_change *change)
{
	__u64 at = f->network_offset;
	struct icmphdr *icmp;

	at += f->family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	FORWARD_FORGET(ctx);
	SCAN_MASK(at, 0x7f);
	icmp = (void *)(long)ctx->data + at;
	if ((void *)(icmp + 1) > (void *)(long)ctx->data_end)
		return false;
	icmp->checksum = checksum_change(icmp->checksum, change->was, change->is);
	return true;
}

/* ---- whose it is ---- */

/* About an answer: who sent it is known by where the client was placed last. */
static __always_inline __u32 icmp_about_answer(struct packet *pkt, struct work *w)
{
	struct icmp_quote *quote = &w->quote;
	const struct placement *p;
	const struct backend *b;
	enum verdict sent;

	p = placement_find(placement_key_peer(pkt->cfg, &quote->destination, pkt->f->service));
	b = p ? backend_at(p->backend) : NULL;
	if (!b || !backend_holds(b, pkt->f->service))
		return 0;
	pkt->f->backend = p->backend;
	if (pkt->conf->balance.forward == FORWARD_NAT) {
		struct icmp_change change = {};
		struct next_hop *hop = NULL;
		__u32 hops = 0, length = forward_length(pkt->xdp, pkt->f, &hops);
		enum hop route = next_hop_find(pkt->xdp, w, &pkt->f->saddr, &b->peer.addr, &hop);

		if (!icmp_quote_peer(pkt->xdp, pkt->f, quote, &b->peer, FORWARD_SOURCE, &change) ||
		    !icmp_own_addr(pkt->xdp, pkt->f, &b->peer.addr, FORWARD_DESTINATION, &change) ||
		    !icmp_own_sum(pkt->xdp, pkt->f, &change))
			return XDP_PASS ^ XDP_DROP;
		if (route != HOP_FOUND || pkt->f->tagged || hops <= 1 || length > hop->mtu)
			return 0;
		forward_take_hop(pkt->xdp, pkt->f);
		return XDP_PASS ^ forward_send(pkt->xdp, hop);
	}
	sent = balance_send(pkt->xdp, pkt, w, b);
	return sent == VERDICT_PASS ? pkt->f->action : XDP_PASS ^ XDP_DROP;
}

/* About a request that nat has sent to a backend: on to the client, which knows the service. */
static __always_inline __u32 icmp_about_request(struct packet *pkt, struct work *w, __u32 place)
{
	struct icmp_quote *quote = &w->quote;
	const struct backend *b = backend_at(place);
	struct icmp_change change = {};
	const struct placement *p;
	struct backend_load *load;
	struct next_hop *hop = NULL;
	__u32 hops = 0, length, key;

	if (!b || b->state == BACKEND_FREE)
		return 0;
	pkt->f->service = b->service & (SERVICE_MAX - 1);
	key = (pkt->cfg->bank & 1) * SERVICE_MAX + pkt->f->service;
	pkt->conf = bpf_map_lookup_elem(&services, &key);
	if (!pkt->conf || pkt->conf->balance.forward != FORWARD_NAT)
		return 0;
	load = bpf_map_lookup_elem(&backend_load, &place);
	if (load)
		load->icmp_errors++;
	pkt->f->vip = pkt->conf->balance.vip[pkt->f->family == 6];
	p = placement_find(placement_key_peer(pkt->cfg, &quote->source, pkt->f->service));
	if (p && p->vip.port)
		pkt->f->vip = p->vip;
	length = forward_length(pkt->xdp, pkt->f, &hops);
	if (!pkt->f->vip.port || hops <= 1 || pkt->f->tagged ||
	    next_hop_find(pkt->xdp, w, &pkt->f->saddr, &pkt->f->daddr, &hop) != HOP_FOUND ||
	    length > hop->mtu)
		return 0;
	if (!icmp_quote_peer(pkt->xdp, pkt->f, quote, &pkt->f->vip, FORWARD_DESTINATION, &change))
		return 0;
	if (addr_is_equal(&pkt->f->saddr, &b->peer.addr) &&
	    !icmp_own_addr(pkt->xdp, pkt->f, &pkt->f->vip.addr, FORWARD_SOURCE, &change))
		return XDP_PASS ^ XDP_DROP;
	if (!icmp_own_sum(pkt->xdp, pkt->f, &change))
		return XDP_PASS ^ XDP_DROP;
	forward_take_hop(pkt->xdp, pkt->f);
	return XDP_PASS ^ forward_send(pkt->xdp, hop);
}

/* An ICMP packet on a host that balances. Returned is XDP_PASS ^ the action: 0 if it is passed. */
__noinline int icmp_error(struct xdp_md *ctx)
{
	struct packet pkt = { .xdp = ctx };
	struct work *w = work_scratch();
	struct host_state *host;
	__u32 zero = 0, *place;
	bool answer;

	host = bpf_map_lookup_elem(&host_state, &zero);
	if (!w || !host || !service_begin(&pkt) || !pkt.cfg->balanced)
		return 0;
	pkt.f = &w->facts;
	if (!icmp_read(ctx, pkt.f, &w->quote))
		return 0;
	pkt.f->now = clock_now(pkt.cfg);
	pkt.f->action = 0;
	pkt.f->fragment = FRAGMENT_NONE;
	/* the listener that the quoted packet came from */
	pkt.f->protocol = w->quote.protocol;
	answer = addr_is_equal(&pkt.f->daddr, &w->quote.source.addr);
	pkt.f->dport = w->quote.source.port;
	if (answer && service_find(&pkt, SERVICE_AT_DESTINATION)) {
		if (!pkt.conf->balance.forward ||
		    !limit_take(&pkt.cfg->icmp, &host->icmp_tat, pkt.f->now))
			return 0;
		return icmp_about_answer(&pkt, w);
	}
	place = bpf_map_lookup_elem(&backend_peers, &w->quote.destination);
	if (!place || !answer || !limit_take(&pkt.cfg->icmp, &host->icmp_tat, pkt.f->now))
		return 0;
	return icmp_about_request(&pkt, w, *place);
}

#endif
