/* SPDX-License-Identifier: GPL-2.0-only */
/* Internet checksums (RFC 1071): changed by what changed (RFC 1624), never computed anew over a
 * packet, so that a packet that was damaged on its way stays damaged. */
#ifndef BPF_CHECKSUM_H
#define BPF_CHECKSUM_H

#include "packet.h"

/* Sums are kept in 64 bits and folded once. Octets stay in network order: a one's complement sum
 * does not care which end comes first, as long as all agree. */
static __always_inline __u16 checksum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* The part of an address that is in the packet: all of it, or the last word of an IPv4 one. */
static __always_inline __u64 checksum_of_addr(const struct sipxdp_addr *addr, __u32 family)
{
	__u64 sum = addr->word[3];

	if (family == 6)
		sum += (__u64)addr->word[0] + addr->word[1] + addr->word[2];
	return sum;
}

/* RFC 1624, equation 3: HC' = ~(~HC + ~m + m'). */
static __always_inline __u16 checksum_change(__u16 check, __u64 was, __u64 is)
{
	__u64 sum = (__u16)~check + (__u64)(__u16)~checksum_fold(was) + checksum_fold(is);

	return ~checksum_fold(sum);
}

/* A UDP checksum of zero says that there is none (RFC 768); one that comes out as zero is sent as
 * all ones. */
static __always_inline __u16 checksum_change_udp(__u16 check, __u64 was, __u64 is)
{
	if (!check)
		return 0;
	check = checksum_change(check, was, is);
	return check ? check : 0xffff;
}

#endif
