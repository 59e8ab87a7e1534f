/* SPDX-License-Identifier: GPL-2.0-only */
/* What xdp.bpf.c and bench_xdp.c agree on: the prepared frames, and which of them come next. */
#ifndef BENCH_FEED_H
#define BENCH_FEED_H

#include <linux/types.h>

#define FEED_FRAMES    256 /* of one path, taken in random order */
#define FEED_PATHS     64
#define FEED_FRAME_MAX 1514
#define FEED_FRAME_MIN 60

/* Where the octets that tell sources apart stand, without VLAN: an IPv4 source address, or the
 * second quarter of an IPv6 one. */
#define FEED_SOURCE 26

struct feed_frame {
	__u32 length;
	__u8 data[FEED_FRAME_MAX + 6]; /* a multiple of eight with `length` */
};

struct feed {
	__u64 random;
	__u32 first;	   /* index of the path's first frame */
	__u32 source;	   /* as in the frame */
	__u32 source_vary; /* bits of it that change from packet to packet; 0: frames stay as they
			      are */
	__u32 zero;
};

#endif
