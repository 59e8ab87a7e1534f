/* SPDX-License-Identifier: GPL-2.0-only */
/* Trusted transport addresses: who may spend from the larger budgets. */
#ifndef SIPXDP_PLANE_TRUST_H
#define SIPXDP_PLANE_TRUST_H

#include <sipxdp/map.h>

#include "plane/maps.h"

/*
 * Trusts a peer until until_ns (CLOCK_MONOTONIC; 0 for ever). One that is trusted already keeps
 * what it has spent and since when it is trusted; what was ordered by hand is changed by
 * TRUST_HAND only (0 is returned all the same). 0; -EINVAL: until_ns is past; other -errno. A
 * full table makes room by dropping the entry used least lately.
 */
int trust_add(struct maps *maps, const struct sipxdp_peer *peer, __u64 until_ns,
	      enum trust_origin origin);

/* Ends it, and the provisional standing of that peer with it. 0, or -ENOENT: was not trusted. */
int trust_delete(struct maps *maps, const struct sipxdp_peer *peer);

/*
 * Lets a peer that is not trusted have nothing until until_ns: as if it had spent all of the budget
 * that the server's challenges give. 0 or -errno.
 */
int trust_withhold(struct maps *maps, const struct sipxdp_peer *peer, __u64 until_ns);

/* How many peers other than `peer` are trusted at now_ns within a network. Goes over the whole table.
 * 0 or -errno. */
int trust_count_others(const struct maps *maps, const struct sipxdp_prefix *network,
		       const struct sipxdp_peer *peer, __u64 now_ns, __u32 *count);

/* Every peer trusted at now_ns, in no order. fn as for maps_walk(). 0, fn's value, or -errno. */
typedef int (*trust_walk_fn)(const struct sipxdp_peer *peer, const struct trusted *trusted,
			     void *ctx);
int trust_walk(const struct maps *maps, __u64 now_ns, trust_walk_fn fn, void *ctx);

/*
 * Marks the address in trust_filter, as the kernel does: without the mark no look-up in `trusted`
 * or `provisional` is made.
 */
void trust_mark(struct maps *maps, const struct sipxdp_addr *addr);

#endif
