/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the tracker's records go in its benchmark: a table in memory, or a map of the kernel's as
 * the daemon has it. */
#ifndef BENCH_TRACK_SINK_H
#define BENCH_TRACK_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "track/track.h"

struct track_store;

/* Room for so many calls. in_kernel: as in bpf/maps.h, which needs root. 0 or -errno. */
int track_store_open(uint32_t calls, bool in_kernel, struct track_store **out);
void track_store_close(struct track_store *store);

struct track_sink track_store_sink(struct track_store *store);

/* To be called after track_flush(). */
void track_store_flush(struct track_store *store);

/* What the kernel says its map takes, in octets; 0: not told, or it is not in the kernel. */
size_t track_store_kernel_bytes(const struct track_store *store);

#endif
