/* SPDX-License-Identifier: GPL-2.0-only */
/* The `balance` section of a configuration to the maps: how a service balances, and its pool. */
#ifndef SIPXDP_POLICY_APPLY_POOL_H
#define SIPXDP_POLICY_APPLY_POOL_H

#include "balance/pool.h"
#include "plane/maps.h"
#include "policy/config.h"

/* What the packet path is to know of how a service balances; all zero if it does not. */
void apply_balance(const struct config_service *cfg, struct balance *out);

/*
 * The members that a service's pool is to have: those of the file, and of the import those that the
 * file does not have; in order of address. *out is to be freed. 0 or -ENOMEM.
 */
int apply_members(const struct config_balance *cfg, struct pool_member **out, size_t *count);

/* Whether there are places for the backends that cfg has and the pools do not; number[i] is that of
 * cfg->services[i], and with fresh[i] what another service has there goes first. 0; -EOVERFLOW; other
 * -errno. */
int apply_pools_fit(const struct config *cfg, const struct maps *maps, const unsigned char *number,
		    const bool *fresh);

/* Makes the pool of every balanced service what cfg says, tables included. They fit. 0 or -errno. */
int apply_pools(const struct config *cfg, struct maps *maps, const unsigned char *number);

/* Makes one pool what cfg says, and leaves its table to the caller. As pool_set(). */
int apply_pool_change(const struct config_balance *cfg, struct maps *maps, unsigned int service,
		      struct pool_change *change);

/* Takes out the pools of all other services. 0 or the first -errno. */
int apply_pools_finish(const struct config *cfg, struct maps *maps, const unsigned char *number);

#endif
