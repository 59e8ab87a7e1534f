/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The very programs of the packet path, run over frames with BPF_PROG_RUN: private maps that are
 * not pinned, nothing attached, and a clock that the caller sets. For `sipxdpctl replay`, the
 * tests and the benchmarks. Needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON.
 */
#ifndef SIPXDP_PLANE_RUN_H
#define SIPXDP_PLANE_RUN_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include <sipxdp/time.h>

#include "plane/maps.h"
#include "policy/config.h"

struct run;

#define RUN_FRAME_MIN 14    /* an Ethernet header */
#define RUN_FRAME_MAX 65536 /* beyond a page the frame comes in several buffers */
#define RUN_OUT_MAX   (RUN_FRAME_MAX + 256)

enum run_program {
	RUN_INGRESS, /* XDP: action is XDP_* */
	RUN_EGRESS,  /* tc: action is TC_ACT_* */
};

struct run_options {
	bool real_clock; /* the kernel's clock as in production, instead of run_at() */
};

struct run_result {
	__u32 action;
	size_t length; /* of the frame as it came out */
};

/* cfg is applied and not kept; options may be NULL. Interfaces of cfg are not looked at. The hash
 * key comes from cfg's hash_seed, and without one from a fixed seed, so that runs repeat.
 * 0 and *out, or -errno (logged). */
int run_open(const struct config *cfg, const struct run_options *options, struct run **out);

/* May be NULL. */
void run_close(struct run *run);

/* Applies another configuration as a reload would. 0 or -errno. */
int run_apply(struct run *run, const struct config *cfg);

/* Sets the clock that the programs read (CLOCK_MONOTONIC of the run). It begins at RUN_START_NS. */
#define RUN_START_NS (3600 * NSEC_PER_SEC)
void run_at(struct run *run, __u64 now_ns);

/*
 * Runs one frame (RUN_FRAME_MIN..RUN_FRAME_MAX bytes from the Ethernet header on). out (may be
 * NULL) receives the frame as the program left it, up to out_size bytes. 0; -EINVAL: length;
 * -ENOSPC: out is too small; other -errno.
 */
int run_frame(struct run *run, enum run_program program, const void *frame, size_t length,
	      void *out, size_t out_size, struct run_result *result);

/* The private maps; valid until run_close(). ban_add() and trust_add() reckon with the real clock:
 * under a mock one give them until_ns 0, or use maps_put(). */
struct maps *run_maps(struct run *run);

/* As plane_service(). */
unsigned int run_service(const struct run *run, size_t index);

/* Empties every table and zeroes counters and states; configuration and clock stay. 0 or -errno. */
int run_clear(struct run *run);

/* The program itself, for a live-frames run or a program array of the caller. Not to be closed. */
int run_program_fd(const struct run *run, enum run_program program);

#endif
