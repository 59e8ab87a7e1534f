/* SPDX-License-Identifier: GPL-2.0-only */
/* Captures: pcap and pcapng files, read frame by frame, every frame given as Ethernet. */
#ifndef SIPXDP_CTL_CAPTURE_H
#define SIPXDP_CTL_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAPTURE_FRAME_MAX 65536 /* longer ones are skipped */

/* Why a frame is given with length 0. */
enum capture_skip {
	CAPTURE_WHOLE,	   /* it is not: here is the frame */
	CAPTURE_CUT,	   /* the capture kept only its beginning */
	CAPTURE_SHORT,	   /* shorter than its link-layer header */
	CAPTURE_TOO_LONG,  /* than CAPTURE_FRAME_MAX */
	CAPTURE_NO_PACKET, /* of another kind of network: neither IPv4 nor IPv6 nor Ethernet */
	CAPTURE_SKIP_COUNT,
};

/* What the link type says of the direction (Linux "cooked" captures do). */
enum capture_direction { CAPTURE_UNKNOWN, CAPTURE_TO_HOST, CAPTURE_FROM_HOST, CAPTURE_OTHER };

struct capture_frame {
	uint64_t number; /* from 1, as wireshark counts */
	uint64_t unix_ns;
	enum capture_skip skip;
	enum capture_direction direction;
	const uint8_t *data; /* from the Ethernet header on; valid until the next frame */
	size_t length;
};

struct capture;

#define CAPTURE_MESSAGE_SIZE 512

/*
 * Opens a file ("-" is standard input). 0 and *out; or -EINVAL or -errno, and message says in one
 * line what is wrong, without the file's name.
 */
int capture_open(const char *path, struct capture **out, char message[CAPTURE_MESSAGE_SIZE]);

/* 1: *frame is the next one; 0: the end; -EINVAL: broken from here on, and message says how. */
int capture_next(struct capture *capture, struct capture_frame *frame,
		 char message[CAPTURE_MESSAGE_SIZE]);

/* May be NULL. */
void capture_close(struct capture *capture);

/* "cut", "short", … for CAPTURE_CUT and the like. Static text. */
const char *capture_skip_name(enum capture_skip skip);

#endif
