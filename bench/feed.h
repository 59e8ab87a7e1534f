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
	__u32 call; /* where two octets of its Call-ID stand; 0: not looked for */
	__u8 data[FEED_FRAME_MAX + 6]; /* a multiple of eight with the rest */
};

struct feed {
	__u64 random;
	__u32 first;	   /* index of the path's first frame */
	__u32 source;	   /* as in the frame */
	__u32 source_vary; /* bits of it that change from packet to packet; 0: frames stay as they
			      are */
	__u32 call_vary;   /* 1: of each frame 256 calls are made */
	__u32 length;	   /* of the frame before, less what the program put in front of it */
	__u32 zero;
};

/* The two octets of one of them. */
static inline __u16 feed_call(__u8 number)
{
	return (__u16)('a' + (number & 15)) | (__u16)(('a' + (number >> 4)) << 8);
}

#endif
