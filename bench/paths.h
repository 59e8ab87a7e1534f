/* SPDX-License-Identifier: GPL-2.0-only */
/* The ways a packet can take, as the benchmark measures them: what it is, whence it comes, what the
 * maps say, and what must become of it. */
#ifndef BENCH_PATHS_H
#define BENCH_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sipxdp/reason.h>

#include "harness.h"

enum path_payload {
	PAYLOAD_INVITE,
	PAYLOAD_SAME_INVITE, /* 256 times the same: what prediction makes of it */
	PAYLOAD_OPTIONS,
	PAYLOAD_BYE,
	PAYLOAD_SAME_BYE,
	PAYLOAD_OK_INVITE, /* what the server sends */
	PAYLOAD_RTP,
	PAYLOAD_GARBAGE,
	PAYLOAD_CRLF,
	PAYLOAD_TAIL, /* the second fragment of an INVITE */
};

enum path_sources {
	FROM_ONE,
	FROM_256, /* a source each message */
	FROM_65536,
	FROM_ANYWHERE, /* as good as no two packets from the same */
	FROM_BANNED,
	FROM_TRUSTED, /* 256 phones */
	FROM_CALLERS, /* 256 phones in a call each */
	FROM_SERVER,
	FROM_BACKENDS, /* what backends send to the callers */
};

/* Services of path_config, by their place in it. */
enum path_service {
	SERVICE_OPEN,	  /* limits that are never reached, but kept account of */
	SERVICE_TIGHT,	  /* one message an hour of a source */
	SERVICE_FULL,	  /* one message an hour of all unknown sources */
	SERVICE_MONITOR,  /* as SERVICE_TIGHT, in monitor mode */
	SERVICE_TRUSTING, /* as SERVICE_FULL, without proof of source */
	SERVICE_NAT,	  /* as SERVICE_OPEN, balanced over four backends */
	SERVICE_IPIP,
	SERVICE_COUNT,
	SERVICE_NONE = SERVICE_COUNT, /* not ours */
};

enum path_tap { TAP_OFF, TAP_FULL, TAP_DRAINED };

struct path {
	const char *name;
	double goal; /* times the null program; 0: none */
	enum path_payload payload;
	enum path_sources sources;
	enum path_service service;
	bool ipv6;
	bool networks; /* networks are configured */
	bool calls;    /* of each message 256 calls are made: 65,536 in all */
	enum path_tap tap;
	bool inserts;	      /* turns the table of sources over: to be measured by itself */
	enum verdict verdict; /* VERDICT_COUNT: nothing is counted */
	enum reason reason;
};

extern const struct path paths[];
extern const size_t path_count;

/* The configuration that all of them need. */
extern const char path_config[];

/* The index in paths[] of the path whose stages are shown. */
size_t path_of_stages(void);

/* Puts the frames of paths[index] and what the maps must know of their sources. 0 or -errno. */
int path_make(struct harness *h, size_t index, struct harness_feed *feed);

/* What has to be done again before each measurement. 0 or -errno. */
int path_prepare(struct harness *h, size_t index);

/* Packets counted with the reason and verdict that the path is to have. 0 or -errno. */
int path_counted(struct harness *h, size_t index, uint64_t *packets);

#endif
