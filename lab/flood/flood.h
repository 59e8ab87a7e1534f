/* SPDX-License-Identifier: GPL-2.0-only */
/* What the packet generator's two halves agree on: flood.c fills these maps, flood.bpf.c reads
 * them for every packet and counts what it sent. */
#ifndef LAB_FLOOD_H
#define LAB_FLOOD_H

#include <linux/types.h>

#define FLOOD_FRAME_MIN	 60
#define FLOOD_FRAME_MAX	 1514
#define FLOOD_FRAME_ROOM 1520 /* FLOOD_FRAME_MAX rounded up to eight octets */
#define FLOOD_MARKS	 6
#define FLOOD_MARK_SIZE	 8 /* hexadecimal digits written over each mark */
#define FLOOD_KINDS	 8
#define FLOOD_ORDER	 256 /* packets after which the mix of kinds repeats; a power of two */

/* One kind of packet: a whole frame, and where it changes from packet to packet. */
struct flood_template {
	__u32 length;
	/* Ones' complement sum, in the order the octets lie in memory, of all that does not change:
	 * IPv4: of the IP header; IPv6: of the UDP datagram with its pseudo-header. */
	__u32 sum;
	__u16 mark[FLOOD_MARKS]; /* offsets in the frame, 0 ends the list */
	__u16 pad[2];
	__u8 frame[FLOOD_FRAME_ROOM];
};

/* Addresses as in the frame; a bit set in source_vary is random in each packet. An IPv4 address is
 * the first four octets. */
struct flood_settings {
	__u64 seed;
	__u64 source[2];
	__u64 source_vary[2];
	__u32 ifindex; /* out of which the packets go */
	__u32 ipv6;
	__u16 port;	 /* host order */
	__u16 port_vary; /* bits that are random in each packet */
	__u32 pad;
	__u8 order[FLOOD_ORDER]; /* kind of the packet number n modulo FLOOD_ORDER */
};

/* Written by the BPF half alone, on the one CPU it runs on: exact. */
struct flood_count {
	__u64 sequence;
	__u64 packets[FLOOD_KINDS];
	__u64 bytes;
	__u64 failed; /* could not be made or sent */
};

#endif
