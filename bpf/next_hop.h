/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a packet leaves this host and for whom on the link: the kernel's own routes and neighbours,
 * remembered for a tenth of a second, as asking for them costs more than all the rest. */
#ifndef BPF_NEXT_HOP_H
#define BPF_NEXT_HOP_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include "packet.h"

#define FAMILY_IPV4 2  /* AF_INET */
#define FAMILY_IPV6 10 /* AF_INET6 */

enum hop {
	HOP_FOUND,
	HOP_STACK,  /* the kernel can do it, XDP cannot: no neighbour yet, a tunnel, and so on */
	HOP_NOWHERE /* this host's own address, or no route to it */
};

/* Ask the kernel. Routing by policy sees the packet's source, where it is of the same family. */
static __always_inline enum hop next_hop_ask(struct xdp_md *ctx, struct work *w,
					     const struct sipxdp_addr *from,
					     const struct sipxdp_addr *to, struct next_hop *hop)
{
	struct bpf_fib_lookup *fib = &w->fib;
	long result;

	__builtin_memset(fib, 0, sizeof(*fib));
	fib->l4_protocol = IPPROTO_UDP;
	fib->ifindex = ctx->ingress_ifindex;
	if (addr_is_ipv4(to)) {
		fib->family = FAMILY_IPV4;
		fib->ipv4_dst = to->word[3];
		if (addr_is_ipv4(from))
			fib->ipv4_src = from->word[3];
	} else {
		fib->family = FAMILY_IPV6;
		__builtin_memcpy(fib->ipv6_dst, to, sizeof(*to));
		if (!addr_is_ipv4(from))
			__builtin_memcpy(fib->ipv6_src, from, sizeof(*from));
	}
	result = bpf_fib_lookup(ctx, fib, sizeof(*fib), 0);
	if (result == BPF_FIB_LKUP_RET_NOT_FWDED || result == BPF_FIB_LKUP_RET_BLACKHOLE ||
	    result == BPF_FIB_LKUP_RET_UNREACHABLE || result == BPF_FIB_LKUP_RET_PROHIBIT)
		return HOP_NOWHERE;
	if (result != BPF_FIB_LKUP_RET_SUCCESS)
		return HOP_STACK;
	hop->until_ns = 0;
	hop->to = *to;
	hop->ingress = ctx->ingress_ifindex;
	hop->ifindex = fib->ifindex;
	hop->mtu = fib->mtu_result;
	if (fib->family == FAMILY_IPV4)
		hop->on_link = fib->ipv4_dst == to->word[3];
	else
		hop->on_link = fib->ipv6_dst[0] == to->word[0] && fib->ipv6_dst[1] == to->word[1] &&
			       fib->ipv6_dst[2] == to->word[2] && fib->ipv6_dst[3] == to->word[3];
	__builtin_memcpy(hop->dmac, fib->dmac, sizeof(hop->dmac));
	__builtin_memcpy(hop->smac, fib->smac, sizeof(hop->smac));
	hop->until_ns = w->facts.now + NEXT_HOP_HOLD_NS;
	return HOP_FOUND;
}

/* The next hop to `to`. With HOP_FOUND *found is it, until the end of the run. */
static __always_inline enum hop next_hop_find(struct xdp_md *ctx, struct work *w,
					      const struct sipxdp_addr *from,
					      const struct sipxdp_addr *to, struct next_hop **found)
{
	__u32 zero = 0;
	struct next_hops *all = bpf_map_lookup_elem(&next_hops, &zero);
	struct next_hop *hop;
	__u64 hash = (((__u64)to->word[2] << 32 | to->word[3]) ^ to->word[1]) *
		     0x9e3779b97f4a7c15ULL;

	if (!all)
		return HOP_STACK;
	hop = &all->cell[hash >> 56];
	*found = hop;
	if (likely(hop->until_ns > w->facts.now && hop->ingress == ctx->ingress_ifindex &&
		   addr_is_equal(&hop->to, to)))
		return HOP_FOUND;
	return next_hop_ask(ctx, w, from, to, hop);
}
_Static_assert(NEXT_HOP_CELLS == 1 << (64 - 56), "the hash's top bits number the cells");

#endif
