/* SPDX-License-Identifier: GPL-2.0-only */
/* Ethernet frames that the benchmarks feed to the packet path. */
#ifndef BENCH_DATAGRAM_H
#define BENCH_DATAGRAM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed.h"

/* From where to where; addresses as in user/policy/address.h, ports in host byte order. */
struct datagram_way {
	struct in6_addr from, to;
	uint16_t from_port, to_port;
	bool ipv6;
};

/* Puts UDP, IP and Ethernet headers in front of a payload. 0, or -EMSGSIZE. */
int datagram_frame(struct feed_frame *frame, const struct datagram_way *way, const void *payload,
		   size_t length);

/*
 * One of the two fragments of a UDP datagram in IPv4: the first DATAGRAM_FIRST octets of what
 * follows the IP header, or the rest. 0; -EINVAL: IPv6, or too short to be cut; -EMSGSIZE.
 */
#define DATAGRAM_FIRST 512
int datagram_fragment(struct feed_frame *frame, const struct datagram_way *way, const void *payload,
		      size_t length, uint16_t id, bool later);

#endif
