/* SPDX-License-Identifier: GPL-2.0-only */
/* IP in IP towards a backend: RFC 2003 (IPv4 in IPv4), RFC 4213 (IPv6 in IPv4), RFC 2473 (either in
 * IPv6). The packet inside stays as the client sent it, less a hop. */
#ifndef BPF_TUNNEL_H
#define BPF_TUNNEL_H

#include "icmp.h"

#define TUNNEL_HOPS 64

static __always_inline bool addr_is_set(const struct sipxdp_addr *addr)
{
	return addr->word[0] | addr->word[1] | addr->word[2] | addr->word[3];
}

/* The outer source: our own address towards the backend, or else the service's. */
static __always_inline bool tunnel_source(const struct facts *f, const struct backend *b,
					  struct sipxdp_addr *source)
{
	*source = addr_is_set(&b->source) ? b->source : f->daddr;
	return addr_is_ipv4(source) == addr_is_ipv4(&b->peer.addr);
}

/* Type of service, ECN included, and whether it may be fragmented, of the packet inside. */
static __always_inline bool tunnel_inner(struct xdp_md *ctx, const struct facts *f, __u8 *class,
					 bool *whole)
{
	if (f->family == 4) {
		const struct iphdr *ip = forward_ipv4(ctx, f);

		if (!ip)
			return false;
		*class = ip->tos;
		*whole = ip->frag_off & bpf_htons(0x4000);
	} else {
		const struct ipv6hdr *ip = forward_ipv6(ctx, f);

		if (!ip)
			return false;
		*class = ip->priority << 4 | ip->flow_lbl[0] >> 4;
		*whole = true;
	}
	return true;
}

static __always_inline bool tunnel_write_ipv4(struct xdp_md *ctx, const struct facts *f,
					      const struct sipxdp_addr *from,
					      const struct sipxdp_addr *to, __u32 length,
					      __u8 class, bool whole)
{
	struct iphdr *ip = forward_ipv4(ctx, f);
	__u64 sum = 0;
	__u32 i;

	if (!ip)
		return false;
	ip->version = 4;
	ip->ihl = 5;
	ip->tos = class;
	ip->tot_len = bpf_htons(sizeof(*ip) + length);
	ip->id = whole ? 0 : bpf_get_prandom_u32(); /* of no use to who is whole (RFC 6864) */
	ip->frag_off = whole ? bpf_htons(0x4000) : 0;
	ip->ttl = TUNNEL_HOPS;
	ip->protocol = f->family == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	ip->check = 0;
	ip->saddr = from->word[3];
	ip->daddr = to->word[3];
	for (i = 0; i < sizeof(*ip) / 2; i++)
		sum += ((__u16 *)ip)[i];
	ip->check = ~checksum_fold(sum);
	return true;
}

static __always_inline bool tunnel_write_ipv6(struct xdp_md *ctx, const struct facts *f,
					      const struct sipxdp_addr *from,
					      const struct sipxdp_addr *to, __u32 length,
					      __u8 class)
{
	struct ipv6hdr *ip = forward_ipv6(ctx, f);

	if (!ip)
		return false;
	ip->version = 6;
	ip->priority = class >> 4;
	ip->flow_lbl[0] = class << 4;
	ip->flow_lbl[1] = 0;
	ip->flow_lbl[2] = 0;
	ip->payload_len = bpf_htons(length);
	ip->nexthdr = f->family == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	ip->hop_limit = TUNNEL_HOPS;
	__builtin_memcpy(&ip->saddr, from, sizeof(*from));
	__builtin_memcpy(&ip->daddr, to, sizeof(*to));
	return true;
}

/* The type behind link header and VLAN tags. */
static __always_inline bool tunnel_set_type(struct xdp_md *ctx, const struct facts *f, bool ipv4)
{
	__u64 at = f->network_offset;
	__be16 *type;

	at -= sizeof(*type);
	SCAN_MASK(at, 0x1f);
	type = (void *)(long)ctx->data + at;
	if ((void *)(type + 1) > (void *)(long)ctx->data_end)
		return false;
	*type = ipv4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	return true;
}

/* Put the packet of `length` octets into another one from `from` to `to`. */
static __always_inline bool tunnel_wrap(struct xdp_md *ctx, struct facts *f,
					const struct sipxdp_addr *from,
					const struct sipxdp_addr *to, __u32 length)
{
	const bool ipv4 = addr_is_ipv4(to);
	bool whole, written;
	__u8 class;

	if (!tunnel_inner(ctx, f, &class, &whole))
		return false;
	forward_take_hop(ctx, f);
	if (ipv4)
		written = icmp_make_room(ctx, f, sizeof(struct iphdr), 0) &&
			  tunnel_write_ipv4(ctx, f, from, to, length, class, whole);
	else
		written = icmp_make_room(ctx, f, sizeof(struct ipv6hdr), 0) &&
			  tunnel_write_ipv6(ctx, f, from, to, length, class);
	if (!written || !tunnel_set_type(ctx, f, ipv4))
		return false;
	/* what is still to be read of the message lies further on */
	f->text_offset += ipv4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	f->payload_offset += ipv4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	return true;
}

/* Send the packet to the backend in a tunnel. What is too long for the way is the sender's to know,
 * or, where it may be fragmented, the stack's to fragment. A packet that the stack is to route must
 * not come from an address of this host's, or it takes it for a forgery: it comes from the client. */
static __always_inline enum verdict tunnel_send(struct xdp_md *ctx, const struct settings *cfg,
						struct facts *f, const struct backend *b,
						enum hop route, const struct next_hop *hop)
{
	const __u32 outer = addr_is_ipv4(&b->peer.addr) ? sizeof(struct iphdr)
							: sizeof(struct ipv6hdr);
	__u32 hops = 0, length = forward_length(ctx, f, &hops);
	bool by_stack = route != HOP_FOUND || f->tagged;
	struct sipxdp_addr source;
	bool whole;
	__u8 class;

	f->reason = DROP_UNREACHABLE;
	if (!length || route == HOP_NOWHERE || !tunnel_source(f, b, &source) ||
	    !tunnel_inner(ctx, f, &class, &whole))
		return VERDICT_DROP;
	if (hops <= 1) {
		f->reason = DROP_HOP_LIMIT;
		return VERDICT_DROP;
	}
	if (route == HOP_FOUND && length + outer > hop->mtu) {
		/* on its way an IPv6 packet is not fragmented, whatever is in it */
		if (whole || outer == sizeof(struct ipv6hdr))
			return icmp_too_big(ctx, cfg, f, length, hop->mtu - outer);
		by_stack = true;
	}
	if (by_stack && addr_is_ipv4(&f->saddr) && outer == sizeof(struct iphdr))
		source = f->saddr;
	if (!tunnel_wrap(ctx, f, &source, &b->peer.addr, length))
		return VERDICT_DROP;
	if (!by_stack)
		f->action = XDP_PASS ^ forward_send(ctx, hop);
	return VERDICT_PASS;
}

#endif
