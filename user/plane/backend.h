/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The balancer's maps: rows of backends, which user space writes through memory so that what the
 * packet path adds to `calls` meanwhile is kept; what went to a backend; the tables in force.
 */
#ifndef SIPXDP_PLANE_BACKEND_H
#define SIPXDP_PLANE_BACKEND_H

#include <stdbool.h>

#include <sipxdp/map.h>

#include "plane/maps.h"

/* The state of a row, as the packet path may change what it finds at any moment. */
static inline enum backend_state backend_state(const struct backend *row)
{
	return __atomic_load_n(&row->state, __ATOMIC_ACQUIRE);
}

/* Puts a row into another state, after everything else in it. */
static inline void backend_set_state(struct backend *row, enum backend_state state)
{
	__atomic_store_n(&row->state, state, __ATOMIC_RELEASE);
}

/* Calls pinned to it; a count that has run below zero is none. */
__u64 backend_calls(const struct backend *row);

/*
 * Makes a backend known by its address and port, under which the packet path finds packets that it
 * sends: to be called before its row is in use. Several services may have the same. 0; -ENOSPC; other
 * -errno.
 */
int backend_list(struct maps *maps, __u32 place);

/* Takes it out again. Ports stay marked: that costs the packet path a look-up only. */
void backend_unlist(struct maps *maps, __u32 place);

/* The pin of a call that was not over is gone: one call less, never below none. Place 0 and places beyond
 * the table are nobody's. */
void backend_unpin(const struct maps *maps, __u32 place);

/* What went to a backend and came from it, over all CPUs; times are the latest. 0 or -errno. */
int backend_load_sum(const struct maps *maps, __u32 place, struct backend_load *out);

/* All zero, for a place's next owner. 0 or -errno. */
int backend_load_clear(const struct maps *maps, __u32 place);

/* The table of a service that is in force for packets of a family. 0 or -errno. */
int backend_table(const struct maps *maps, unsigned int service, bool ipv6,
		  struct maglev_table *out);

/*
 * Puts the tables for IPv4 and IPv6 packets in force: into the bank that is not, then switches, so
 * that a packet reads an old one or a new one. up: how many backends they hold. 0 or -errno, and
 * the old ones are in force.
 */
int backend_switch_tables(const struct maps *maps, unsigned int service,
			  const struct maglev_table *const tables[2], __u32 up);

#endif
