/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames for the tests of the packet path, from a description in which all that is left out is as
 * it is in a plain SIP packet: Ethernet, IPv4 or IPv6 by the form of `from`, UDP, port 5060 both
 * ways.
 *
 *	struct frame f;
 *	frame_build(&f, &(struct frame_spec){ .from = "198.51.100.1", .text = "\r\n\r\n" });
 */
#ifndef TEST_BPF_FRAME_H
#define TEST_BPF_FRAME_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define FRAME_ROOM	 10000
#define FRAME_EXTENSIONS 12

struct frame {
	size_t length;
	unsigned char octets[FRAME_ROOM];
};

/* One IPv6 extension header, of (1 + words) * 8 octets (AH: (2 + words) * 4). */
struct frame_extension {
	__u8 kind; /* IPPROTO_HOPOPTS …; 0 is IPPROTO_HOPOPTS too: `there` says that it is one */
	__u8 words;
	bool there;
};

struct frame_spec {
	/* link */
	unsigned int vlans; /* tags in front */
	__u16 vlan_type;    /* of the outer one; 0: 802.1Q */
	__u16 ethertype;    /* 0: the right one */

	/* network: source and destination as text */
	const char *from;	   /* NULL: 198.51.100.1, or 2001:db8:1::1 if `to` is IPv6 */
	const char *to;		   /* NULL: the service's, 192.0.2.10 or 2001:db8::10 */
	__u8 protocol;		   /* 0: UDP */
	unsigned int option_words; /* IPv4: of four octets each */
	struct frame_extension extension[FRAME_EXTENSIONS];

	/* transport */
	__u16 sport, dport; /* 0: 5060 */
	__u8 tcp_flags;	    /* of a TCP segment; 0: ACK */
	__u32 tcp_sequence; /* its number, and what it acknowledges; 0: 1 */
	__u32 tcp_acknowledged;
	const void *text; /* NULL: nothing */
	size_t length;	  /* of text; 0: up to its NUL */

	/* A fragment: `room` octets (0: all that follow) of the datagram from `offset` on; UDP
	 * header included, multiples of eight. */
	bool fragment;
	bool more;
	__u16 offset;
	size_t room;
	__u32 id;

	/* what is wrong with it */
	__u8 version;	    /* of IP; 0: right */
	__u8 ihl;	    /* IPv4; 0: right */
	int ip_length_off;  /* what the IP header says too much, or too little */
	int udp_length_off; /* the same of the UDP header */
	size_t trailer;	    /* octets behind the IP datagram, as Ethernet pads */
	size_t cut;	    /* octets that the end of the frame lacks */

	/* Checksums that are right: of the IPv4 header, UDP and TCP (over a whole datagram, which the
	 * fragments are parts of). Without it they are zero. */
	bool sums;
	bool no_udp_sum; /* with it: but UDP has none (IPv4) */
	__u8 hops;	 /* 0: 64 */
	bool dont_fragment;
};

void frame_build(struct frame *frame, const struct frame_spec *spec);

/* The Internet checksum over octets, and what was summed up so far (0 at first): 0 over what
 * includes a right one. */
__u16 frame_sum(const void *octets, size_t length, __u32 so_far);

/* The sum over an IPv4-mapped or IPv6 pseudo header, to go on from. */
struct in6_addr;
__u32 frame_sum_pseudo(const struct in6_addr *from, const struct in6_addr *to, size_t length,
		       __u8 protocol);

#endif
