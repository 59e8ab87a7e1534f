/* SPDX-License-Identifier: GPL-2.0-only */
/* Token buckets (GCRA): one word of state each, shared by all CPUs, changed only by what is
 * admitted, so that a flood over the limit only reads. */
#ifndef BPF_LIMIT_H
#define BPF_LIMIT_H

#include "packet.h"

/* How far the bucket's TAT runs ahead of now; a TAT in the past is now. */
static __always_inline __u64 limit_ahead(const __u64 *tat, __u64 now)
{
	__s64 ahead = *(const volatile __u64 *)tat - now;

	return ahead > 0 ? ahead : 0;
}

/* Would one more message conform? `keep`: eighths of the burst to be left for more urgent ones. */
static __always_inline bool limit_conforms_keeping(const struct sipxdp_rate *rate, const __u64 *tat,
						   __u64 now, __u32 keep)
{
	__u64 tolerance = rate->tolerance_ns;

	if (!rate->cost_ns)
		return true;
	tolerance -= tolerance / 8 * keep;
	return limit_ahead(tat, now) <= tolerance;
}

static __always_inline bool limit_conforms(const struct sipxdp_rate *rate, const __u64 *tat,
					   __u64 now)
{
	return !rate->cost_ns || limit_ahead(tat, now) <= rate->tolerance_ns;
}

/* Account for one message. Every admitted message costs exactly once, also when CPUs race: who
 * comes second finds a TAT that is not in the past, and adds to it. A bucket may then be overdrawn
 * by a message, which the next ones wait for. */
static __always_inline void limit_spend(const struct sipxdp_rate *rate, __u64 *tat, __u64 now)
{
	__u64 cost = rate->cost_ns;
	__u64 old = *(volatile __u64 *)tat;
	__u64 base = (__s64)(old - now) > 0 ? old : now;

	if (cost && __sync_val_compare_and_swap(tat, old, base + cost) != old)
		__sync_fetch_and_add(tat, cost);
}

static __always_inline bool limit_take(const struct sipxdp_rate *rate, __u64 *tat, __u64 now)
{
	if (!limit_conforms(rate, tat, now))
		return false;
	limit_spend(rate, tat, now);
	return true;
}

/* The kernel keeps what it cannot reassemble for 30 s, in a few MiB for all
 * (net.ipv4.ipfrag_high_thresh). When those are full nobody's fragments are put together, so addresses
 * at which nobody is known have a small part of settings.unordered, with a larger burst. */
#define STRANGE_RATE  100 /* they have one of so many */
#define STRANGE_BURST 20  /* and their bucket takes so many times as long to fill */

static __always_inline bool limit_take_strange(const struct sipxdp_rate *rate, __u64 *tat,
					       __u64 now)
{
	const struct sipxdp_rate share = {
		.cost_ns = rate->cost_ns * STRANGE_RATE,
		.tolerance_ns = rate->tolerance_ns * STRANGE_BURST,
	};

	return limit_take(&share, tat, now);
}

#endif
