/* SPDX-License-Identifier: GPL-2.0-only */
/* Exempt, deny and feed networks: kept equal to a list by changing only what differs. */
#ifndef SIPXDP_PLANE_NETWORK_H
#define SIPXDP_PLANE_NETWORK_H

#include <stddef.h>

#include <sipxdp/map.h>

#include "plane/maps.h"

struct network_entry {
	struct sipxdp_prefix prefix;
	enum source_policy policy; /* POLICY_EXEMPT, POLICY_DENY or POLICY_FEED */
};

/*
 * Makes `networks` equal to list (sorted by address, then the shorter prefix
 * first; unique). New prefixes first, then
 * changed ones, then those that went, so that no packet meets a half-empty table. 0; -EINVAL: not
 * sorted; -ENOSPC: more than the table holds; other -errno. On an error while prefixes are added
 * those are taken out again.
 */
int network_replace(struct maps *maps, const struct network_entry *list, size_t count);

#endif
