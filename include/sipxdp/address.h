/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses as the maps hold them: 16 octets in network order, IPv4 as ::ffff:a.b.c.d
 * (RFC 4291 section 2.5.5.2), so that one key type serves both families. */
#ifndef SIPXDP_ADDRESS_H
#define SIPXDP_ADDRESS_H

#include <asm/byteorder.h>
#include <linux/types.h>

struct sipxdp_addr {
	__be32 word[4];
};
_Static_assert(sizeof(struct sipxdp_addr) == 16, "address layout");

static inline __attribute__((always_inline)) _Bool addr_is_ipv4(const struct sipxdp_addr *addr)
{
	return !(addr->word[0] | addr->word[1]) && addr->word[2] == __cpu_to_be32(0xffff);
}

/* A transport address: what earns trust, and what a dialog's peer is. */
struct sipxdp_peer {
	struct sipxdp_addr addr;
	__be16 port;
	__u16 zero;
};
_Static_assert(sizeof(struct sipxdp_peer) == 20, "peer layout");

/* Key of the LPM tries: prefix_len counts from the first bit of the 128 (IPv4 /24 is 120). The
 * kernel wants prefix_len first and in host order. */
struct sipxdp_prefix {
	__u32 prefix_len;
	struct sipxdp_addr addr;
};
_Static_assert(sizeof(struct sipxdp_prefix) == 20, "prefix layout");

#endif
