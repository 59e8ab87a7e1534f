/* SPDX-License-Identifier: GPL-2.0-only */
/* A frame as it came out, taken apart for tests: addresses, hops, and whether its checksums are right
 * by themselves (computed anew over all of it, not changed by what changed). */
#ifndef TEST_BPF_SEEN_H
#define TEST_BPF_SEEN_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct seen {
	__u8 dmac[6], smac[6];
	unsigned int vlans;
	/* the outer IP header */
	unsigned int family; /* 4, 6; 0: none */
	char from[48], to[48];
	__u8 protocol; /* behind extension headers */
	unsigned int hops;
	bool more, dont_fragment;
	unsigned int fragment_offset; /* octets */
	__u32 id;
	size_t length;	    /* of the packet, by its header */
	bool header_sum_ok; /* IPv6: true */
	/* UDP and TCP, of a first fragment too */
	__u16 sport, dport, sum;
	bool sum_ok;		      /* a whole datagram only */
	const unsigned char *payload; /* behind the IP header, or that of UDP */
	size_t payload_length;
};

/* The test fails where the frame cannot be read. */
void seen_frame(struct seen *seen, const unsigned char *frame, size_t length);

/* From the IP header on: what is in a tunnel, or quoted by an ICMP error (then it may be cut). */
void seen_packet(struct seen *seen, const unsigned char *packet, size_t length);

#endif
