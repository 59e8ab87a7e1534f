/* SPDX-License-Identifier: GPL-2.0-only */
/* Bans: a prefix, until when, and why. */
#ifndef SIPXDP_PLANE_BAN_H
#define SIPXDP_PLANE_BAN_H

#include <sipxdp/map.h>

#include "plane/maps.h"

enum ban_conflict_kind {
	BAN_NO_CONFLICT,
	BAN_INSIDE_EXEMPT, /* all of it is in an exempt network: it would have no effect */
	BAN_COVERS_EXEMPT, /* part of it is exempt, and stays so */
};

struct ban_conflict {
	enum ban_conflict_kind kind;
	struct sipxdp_prefix network; /* the exempt one */
};

/*
 * Bans a prefix, or replaces its ban (hits are kept). since_ns and hits of *ban are not read;
 * until_ns is CLOCK_MONOTONIC, 0 for ever; reason is NUL-terminated. conflict (may be NULL) says
 * what exempt network stands against it. 0, or:
 *   -EACCES  refused: it is inside an exempt network, or it covers one and was not ordered by
 *            hand (BAN_HAND: done, with conflict->kind BAN_COVERS_EXEMPT);
 *   -EINVAL  until_ns is past, or prefix_len is over 128, or host bits are set;
 *   -ENOSPC  the table is full;  other -errno.
 */
int ban_add(struct maps *maps, const struct sipxdp_prefix *prefix, const struct ban *ban,
	    struct ban_conflict *conflict);

/* 0; -ENOENT: that very prefix is not banned. */
int ban_delete(struct maps *maps, const struct sipxdp_prefix *prefix);

/*
 * Every ban in force at now_ns, in order of address. hits has those added that `sources` has not
 * handed over yet. fn as for maps_walk(). 0, fn's value, or -errno.
 */
typedef int (*ban_walk_fn)(const struct sipxdp_prefix *prefix, const struct ban *ban, void *ctx);
int ban_walk(const struct maps *maps, __u64 now_ns, ban_walk_fn fn, void *ctx);

/*
 * Sets settings.has_bans to what the table says, whatever the kernel adds meanwhile, and has every
 * source looked up afresh. 0 or -errno.
 */
int ban_refresh(struct maps *maps);

/* If the kernel has put in a ban, has every source looked up afresh. To be called now and then. */
void ban_notice(struct maps *maps);

#endif
