/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The packet path under BPF_PROG_RUN with varied packets: the very programs, on private maps and
 * with the kernel's clock, behind a feeder (xdp.bpf.c) that makes each packet; and the null
 * programs that everything is compared with. Nothing is attached or pinned. Needs root.
 */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include <stddef.h>
#include <stdint.h>

#include "feed.h"
#include "plane/run.h"

struct harness;

enum harness_program {
	HARNESS_NULL_XDP,
	HARNESS_INGRESS,
	HARNESS_NULL_TC,
	HARNESS_EGRESS,
	HARNESS_PROGRAMS,
};

/* What a path wants to be fed with. */
struct harness_feed {
	uint32_t path;	 /* which FEED_FRAMES frames */
	uint32_t length; /* of the longest of them */
	uint32_t source; /* network byte order, with source_vary: see feed.h */
	uint32_t source_vary;
	bool call_vary;
};

/* directory: where xdp.bpf.o and stages.bpf.o are. 0 and *out, or -errno (said on stderr). */
int harness_open(const char *directory, const struct config *cfg, struct harness **out);

/* May be NULL. */
void harness_close(struct harness *h);

/* The maps behind the programs. */
struct run *harness_run(struct harness *h);

/* One frame of a path, index < FEED_FRAMES. 0 or -errno. */
int harness_put_frame(struct harness *h, uint32_t path, uint32_t index,
		      const struct feed_frame *frame);

/* File descriptor of one of the programs above, or of the program of stages.bpf.o with that name;
 * -ENOENT. It belongs to the harness. */
int harness_program(const struct harness *h, enum harness_program program);
int harness_stage(const struct harness *h, const char *name);

/* Bare: the program alone, over the packet it is given. 0 or -errno. */
int harness_bare(int program, unsigned int repeat, double *ns);

/*
 * Fed: the feeder and then the program, for `repeat` packets; *ns is the mean time of one, *action
 * what the last one came to. tc: the program is a tc one. 0 or -errno.
 */
int harness_fed(struct harness *h, const struct harness_feed *feed, int program, bool tc,
		unsigned int repeat, double *ns, uint32_t *action);

struct harness_info {
	uint32_t verified_insns; /* instructions that the verifier went through */
	uint32_t insns;
	uint32_t jited_bytes;
};

/* Of any program above. 0 or -errno. */
int harness_info(int program, struct harness_info *out);

#endif
