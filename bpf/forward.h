/* SPDX-License-Identifier: GPL-2.0-only */
/* A packet on its way to a backend, or from it to the far side: addresses, checksums, hop limit and
 * link header are changed here, and it is said how it leaves. What the kernel's stack can do better
 * (resolve a neighbour, fragment, send by a VLAN device) is left to it: the packet is changed and
 * passed on, and the stack routes it. */
#ifndef BPF_FORWARD_H
#define BPF_FORWARD_H

#include "checksum.h"
#include "frame.h"
#include "next_hop.h"

enum forward_side { FORWARD_DESTINATION, FORWARD_SOURCE }; /* which end of the packet is changed */

/* ---- where things are ---- */

/* clang 14 keeps the address of ctx->data_end for later where many look at it, and the verifier wants
 * loads from ctx itself: so that it forgets. */
#define FORWARD_FORGET(ctx) asm volatile("" : "+r"(ctx))

static __always_inline struct iphdr *forward_ipv4(struct xdp_md *ctx, const struct facts *f)
{
	__u64 at = f->network_offset;
	struct iphdr *ip;

	FORWARD_FORGET(ctx);
	SCAN_MASK(at, 0x1f);
	ip = (void *)(long)ctx->data + at;
	return (void *)(ip + 1) <= (void *)(long)ctx->data_end ? ip : NULL;
}

static __always_inline struct ipv6hdr *forward_ipv6(struct xdp_md *ctx, const struct facts *f)
{
	__u64 at = f->network_offset;
	struct ipv6hdr *ip;

	FORWARD_FORGET(ctx);
	SCAN_MASK(at, 0x1f);
	ip = (void *)(long)ctx->data + at;
	return (void *)(ip + 1) <= (void *)(long)ctx->data_end ? ip : NULL;
}

/* Octets of the packet from its IP header on, and the hops it has left. 0: cannot be read. */
static __always_inline __u32 forward_length(struct xdp_md *ctx, const struct facts *f, __u32 *hops)
{
	if (f->family == 4) {
		const struct iphdr *ip = forward_ipv4(ctx, f);

		if (!ip)
			return 0;
		*hops = ip->ttl;
		return bpf_ntohs(ip->tot_len);
	} else {
		const struct ipv6hdr *ip = forward_ipv6(ctx, f);

		if (!ip)
			return 0;
		*hops = ip->hop_limit;
		return bpf_ntohs(ip->payload_len) + sizeof(*ip);
	}
}

/* ---- network address translation ---- */

/* The UDP or TCP header: one port, and the checksum for that and the address. */
static __always_inline bool forward_ports(struct xdp_md *ctx, const struct facts *f, __be16 port,
					  enum forward_side side, __u64 was, __u64 is)
{
	__u64 at = f->payload_offset;
	__be16 *old;

	if (f->protocol == IPPROTO_UDP) {
		struct udphdr *udp;

		at -= sizeof(*udp);
		SCAN_MASK(at, 0x3ff);
		udp = (void *)(long)ctx->data + at;
		if ((void *)(udp + 1) > (void *)(long)ctx->data_end)
			return false;
		old = side == FORWARD_DESTINATION ? &udp->dest : &udp->source;
		udp->check = checksum_change_udp(udp->check, was + *old, is + port);
		*old = port;
	} else {
		struct tcphdr *tcp;

		SCAN_MASK(at, 0x3ff);
		tcp = (void *)(long)ctx->data + at;
		if ((void *)(tcp + 1) > (void *)(long)ctx->data_end)
			return false;
		old = side == FORWARD_DESTINATION ? &tcp->dest : &tcp->source;
		tcp->check = checksum_change(tcp->check, was + *old, is + port);
		*old = port;
	}
	return true;
}

/* Put `peer` in the place of one end. The header checksum of IPv4 covers the addresses, that of UDP
 * and TCP addresses and ports; it lies in the first fragment. */
static __always_inline bool forward_translate(struct xdp_md *ctx, const struct facts *f,
					      const struct sipxdp_peer *peer,
					      enum forward_side side)
{
	__u64 is = checksum_of_addr(&peer->addr, f->family), was;

	if (f->family == 4) {
		struct iphdr *ip = forward_ipv4(ctx, f);
		__be32 *old;

		if (!ip)
			return false;
		old = side == FORWARD_DESTINATION ? &ip->daddr : &ip->saddr;
		was = *old;
		ip->check = checksum_change(ip->check, was, is);
		*old = peer->addr.word[3];
	} else {
		struct ipv6hdr *ip = forward_ipv6(ctx, f);
		struct sipxdp_addr *old;

		if (!ip)
			return false;
		old = (void *)(side == FORWARD_DESTINATION ? &ip->daddr : &ip->saddr);
		was = checksum_of_addr(old, 6);
		*old = peer->addr;
	}
	if (f->fragment == FRAGMENT_LATER)
		return true;
	return forward_ports(ctx, f, peer->port, side, was, is);
}

/* ---- leaving ---- */

/* One hop less (RFC 791, RFC 8200 section 3). There is one: the caller has looked. */
static __always_inline void forward_take_hop(struct xdp_md *ctx, const struct facts *f)
{
	if (f->family == 4) {
		struct iphdr *ip = forward_ipv4(ctx, f);
		__be16 *word, was;

		if (!ip)
			return;
		word = (__be16 *)&ip->ttl; /* and the protocol beside it */
		was = *word;
		ip->ttl--;
		ip->check = checksum_change(ip->check, was, *word);
	} else {
		struct ipv6hdr *ip = forward_ipv6(ctx, f);

		if (ip)
			ip->hop_limit--;
	}
}

/* Address the frame to the next hop, and send it there. */
static __always_inline __u32 forward_send(struct xdp_md *ctx, const struct next_hop *hop)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	__builtin_memcpy(eth->h_dest, hop->dmac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, hop->smac, ETH_ALEN);
	if (hop->ifindex == ctx->ingress_ifindex)
		return XDP_TX;
	return bpf_redirect(hop->ifindex, 0);
}

/* Translate and send, or leave the rest to the stack: it has the route to anything it is given, takes
 * its own hop off, and tells the sender if there is none left. */
static __always_inline bool forward_nat(struct xdp_md *ctx, struct work *w,
					const struct sipxdp_peer *peer, enum forward_side side,
					enum hop route, const struct next_hop *hop)
{
	struct facts *f = &w->facts;
	__u32 hops = 0, length = forward_length(ctx, f, &hops);

	if (!length || !forward_translate(ctx, f, peer, side))
		return false;
	if (route != HOP_FOUND || f->tagged || hops <= 1 || length > hop->mtu)
		return true;
	forward_take_hop(ctx, f);
	f->action = XDP_PASS ^ forward_send(ctx, hop);
	return true;
}

#endif
