/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The backends of a service, as rows of `backends`: who is in, in which place, and the table that
 * follows. A backend is its address and port: it keeps its place for as long as it is in the pool,
 * and while calls are pinned to it. Nothing here waits or measures: the clock is passed in.
 */
#ifndef SIPXDP_BALANCE_POOL_H
#define SIPXDP_BALANCE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include <sipxdp/map.h>

#include "plane/maps.h"

/* A backend as it is wanted. */
struct pool_member {
	char name[BACKEND_NAME];
	struct sipxdp_peer peer;
	__u32 weight; /* 0: no new calls */
};

/* What pool_set() has done. */
struct pool_change {
	size_t joined;
	size_t left;	 /* of these, some with calls that are not over */
	size_t weighted; /* got another weight */
};

/* Order of members: address, then port. */
int pool_compare(const struct sipxdp_peer *a, const struct sipxdp_peer *b);

/* Place of a member of that name, or 0. */
__u32 pool_find_name(const struct maps *maps, unsigned int service, const char *name);

/* Members that are new to a service, places that a service has, and places that nobody has. */
size_t pool_newcomers(const struct maps *maps, unsigned int service,
		      const struct pool_member *wanted, size_t count);
size_t pool_places(const struct maps *maps, unsigned int service);
size_t pool_free_places(const struct maps *maps);

/*
 * Makes the pool of a service what is wanted (sorted by pool_compare, unique). Who stays keeps
 * place, state and orders. Who is new is up, or, with prove, down until a probe was answered where
 * others are up. Who is gone gets no new calls, and goes with pool_release(); at once if it never had
 * any. The table stays as
 * it is: see pool_rebuild(). change may be NULL. 0; -ENOSPC: not enough places, nothing is done;
 * -EINVAL: not sorted; other -errno.
 */
int pool_set(struct maps *maps, unsigned int service, const struct pool_member *wanted,
	     size_t count, bool prove, __u64 now_unix_ns, struct pool_change *change);

/* The same for one backend. *place is where it is; -EEXIST: it is in the pool. */
int pool_add(struct maps *maps, unsigned int service, const struct pool_member *member, bool prove,
	     __u64 now_unix_ns, __u32 *place);
int pool_remove(struct maps *maps, __u32 place, __u64 now_unix_ns);

/* Puts a backend into the state that its health and its orders call for. Whether that is another
 * than before. */
bool pool_set_state(struct maps *maps, __u32 place, bool healthy, __u64 now_unix_ns);

/*
 * Frees the place of one that has left, once it has no calls and has been sent no request or segment for
 * PLACEMENT_HOLD_NS: what is not a call yet, or is one that the packet path does not see the answers
 * of (dsr, ipip), is to find it until then. now_ns is CLOCK_MONOTONIC. Whether it did.
 */
bool pool_release(struct maps *maps, __u32 place, __u64 now_ns, __u64 now_unix_ns);

/* Takes all backends of a service out at once, with their calls, and empties its tables. 0 or
 * -errno. */
int pool_clear(struct maps *maps, unsigned int service, __u64 now_unix_ns);

/*
 * Makes the tables of who is up now, and puts them in force. With tunnel a packet of either family
 * may go to every backend, else to those of its own. 0 or -errno: then the old ones are in force.
 */
int pool_rebuild(struct maps *maps, unsigned int service, bool tunnel);

#endif
