/* SPDX-License-Identifier: GPL-2.0-only */
/* ICMP that a router between the clients and the backends owes: a packet that does not fit into the
 * tunnel is answered by "fragmentation needed" (RFC 792, RFC 1191) or "packet too big" (RFC 4443
 * section 3.2), in the name of the address it was sent to. */
#ifndef BPF_ICMP_H
#define BPF_ICMP_H

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include "checksum.h"
#include "forward.h"
#include "limit.h"

/* Octets of the packet that are quoted: its headers and the start of the message. */
#define ICMP_QUOTE_IPV4 128
#define ICMP_QUOTE_IPV6 440 /* bpf_csum_diff takes 512 at once on old kernels */
#define ICMP_HOPS	64

struct icmp_too_big_ipv4 {
	struct iphdr ip;
	struct icmphdr icmp;
};

struct icmp_too_big_ipv6 {
	struct ipv6hdr ip;
	struct icmp6hdr icmp;
};

/* Move the link header of `length` octets to the front; what is behind it stays. */
static __always_inline bool icmp_move_link(struct xdp_md *ctx, const __u32 room, const __u32 length)
{
	void *to = (void *)(long)ctx->data, *from = to + room;

	if (from + length > (void *)(long)ctx->data_end)
		return false;
	__builtin_memcpy(to, from, length);
	return true;
}

/* Open `room` octets between the link header and the IP header, and cut the frame behind `keep`
 * octets of what was the IP packet (0: nothing). */
static __always_inline bool icmp_make_room(struct xdp_md *ctx, const struct facts *f,
					   const __u32 room, __u32 keep)
{
	if (keep && bpf_xdp_adjust_tail(ctx, (int)(f->network_offset + keep) -
						     (int)bpf_xdp_get_buff_len(ctx)))
		return false;
	if (bpf_xdp_adjust_head(ctx, -(int)room))
		return false;
	if (likely(!f->tagged))
		return icmp_move_link(ctx, room, ETH_HLEN);
	if (f->tagged == 1)
		return icmp_move_link(ctx, room, ETH_HLEN + sizeof(struct vlan_tag));
	return icmp_move_link(ctx, room, ETH_HLEN + 2 * sizeof(struct vlan_tag));
}

/* Back to where the frame came from. */
static __always_inline bool icmp_turn_link(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	__u8 mac[ETH_ALEN];

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return false;
	__builtin_memcpy(mac, eth->h_dest, sizeof(mac));
	__builtin_memcpy(eth->h_dest, eth->h_source, sizeof(mac));
	__builtin_memcpy(eth->h_source, mac, sizeof(mac));
	return true;
}

static __always_inline bool icmp_write_ipv4(struct xdp_md *ctx, const struct facts *f, __u32 mtu)
{
	const __u32 length = sizeof(struct icmphdr) + ICMP_QUOTE_IPV4;
	__u64 at = f->network_offset, sum = 0;
	struct icmp_too_big_ipv4 *h;
	__u32 i;

	SCAN_MASK(at, 0x1f);
	h = (void *)(long)ctx->data + at;
	if ((void *)(h + 1) + ICMP_QUOTE_IPV4 > (void *)(long)ctx->data_end)
		return false;
	__builtin_memset(h, 0, sizeof(*h));
	h->ip.version = 4;
	h->ip.ihl = 5;
	h->ip.tot_len = bpf_htons(sizeof(h->ip) + length);
	h->ip.ttl = ICMP_HOPS;
	h->ip.protocol = IPPROTO_ICMP;
	h->ip.saddr = f->daddr.word[3];
	h->ip.daddr = f->saddr.word[3];
	for (i = 0; i < sizeof(h->ip) / 2; i++)
		sum += ((__u16 *)&h->ip)[i];
	h->ip.check = ~checksum_fold(sum);
	h->icmp.type = ICMP_DEST_UNREACH;
	h->icmp.code = ICMP_FRAG_NEEDED;
	h->icmp.un.frag.mtu = bpf_htons(mtu);
	sum = bpf_csum_diff(NULL, 0, (void *)&h->icmp, length, 0);
	h->icmp.checksum = ~checksum_fold(sum);
	return true;
}

static __always_inline bool icmp_write_ipv6(struct xdp_md *ctx, const struct facts *f, __u32 mtu)
{
	const __u32 length = sizeof(struct icmp6hdr) + ICMP_QUOTE_IPV6;
	__u64 at = f->network_offset, sum;
	struct icmp_too_big_ipv6 *h;

	SCAN_MASK(at, 0x1f);
	h = (void *)(long)ctx->data + at;
	if ((void *)(h + 1) + ICMP_QUOTE_IPV6 > (void *)(long)ctx->data_end)
		return false;
	__builtin_memset(h, 0, sizeof(*h));
	h->ip.version = 6;
	h->ip.payload_len = bpf_htons(length);
	h->ip.nexthdr = IPPROTO_ICMPV6;
	h->ip.hop_limit = ICMP_HOPS;
	__builtin_memcpy(&h->ip.saddr, &f->daddr, sizeof(f->daddr));
	__builtin_memcpy(&h->ip.daddr, &f->saddr, sizeof(f->saddr));
	h->icmp.icmp6_type = ICMPV6_PKT_TOOBIG;
	h->icmp.icmp6_mtu = bpf_htonl(mtu);
	sum = bpf_csum_diff(NULL, 0, (void *)&h->icmp, length, 0);
	sum += checksum_of_addr(&f->daddr, 6) + checksum_of_addr(&f->saddr, 6) +
	       (__u64)bpf_htonl(length) + bpf_htonl(IPPROTO_ICMPV6);
	h->icmp.icmp6_cksum = ~checksum_fold(sum);
	return true;
}

/* Answer a packet of `length` octets that is longer than `mtu`. The verdict is VERDICT_TX, or a drop
 * where the budget of such answers is spent. */
static __always_inline enum verdict icmp_too_big(struct xdp_md *ctx, const struct settings *cfg,
						 struct facts *f, __u32 length, __u32 mtu)
{
	const bool ipv4 = f->family == 4;
	__u32 zero = 0;
	struct host_state *host = bpf_map_lookup_elem(&host_state, &zero);
	bool written;

	f->reason = DROP_TOO_BIG;
	if (!host || !limit_take(&cfg->icmp, &host->icmp_tat, f->now) ||
	    length < (ipv4 ? ICMP_QUOTE_IPV4 : ICMP_QUOTE_IPV6))
		return VERDICT_DROP;
	if (ipv4)
		written = icmp_make_room(ctx, f, sizeof(struct icmp_too_big_ipv4),
					 ICMP_QUOTE_IPV4) &&
			  icmp_write_ipv4(ctx, f, mtu);
	else
		written = icmp_make_room(ctx, f, sizeof(struct icmp_too_big_ipv6),
					 ICMP_QUOTE_IPV6) &&
			  icmp_write_ipv6(ctx, f, mtu);
	if (!written || !icmp_turn_link(ctx))
		return VERDICT_DROP;
	f->action = XDP_PASS ^ XDP_TX;
	return VERDICT_TX;
}

#endif
