// SPDX-License-Identifier: GPL-2.0-only
/* What a backend behind `forward: ipip` does with what it gets: takes the outer header off (RFC 2003,
 * RFC 2473). For labs on kernels without tunnel devices; a real backend has an ipip or ip6tnl one. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Cuts `length` octets out behind the Ethernet header. */
static __always_inline int cut(struct xdp_md *ctx, int length, __be16 ethertype)
{
	struct ethhdr old, *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	old = *eth;
	if (bpf_xdp_adjust_head(ctx, length))
		return XDP_DROP;
	eth = (void *)(long)ctx->data;
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	*eth = old;
	eth->h_proto = ethertype;
	return XDP_PASS;
}

static __always_inline int inner(struct xdp_md *ctx, int length, __u8 protocol)
{
	if (protocol == IPPROTO_IPIP)
		return cut(ctx, length, bpf_htons(ETH_P_IP));
	if (protocol == IPPROTO_IPV6)
		return cut(ctx, length, bpf_htons(ETH_P_IPV6));
	return XDP_PASS;
}

SEC("xdp")
int decap(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	struct ipv6hdr *ip6 = (void *)(eth + 1);

	if ((void *)(ip6 + 1) > end) /* shorter than any tunnelled packet, of either family */
		return XDP_PASS;
	if (eth->h_proto == bpf_htons(ETH_P_IP) && ip->ihl == 5)
		return inner(ctx, sizeof(*ip), ip->protocol);
	if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		return inner(ctx, sizeof(*ip6), ip6->nexthdr);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
