/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes of a pool that were made at run time, kept in the configuration in force until it is read
 * from its file again. */
#ifndef SIPXDP_POLICY_CONFIG_POOL_H
#define SIPXDP_POLICY_CONFIG_POOL_H

#include "policy/config.h"

/* 0 or -ENOMEM. */
int config_pool_add(struct config_balance *balance, const char *name,
		    const struct endpoint *endpoint, uint32_t weight);

/* Of the file's and of the import's; nothing happens if it is in neither. */
void config_pool_remove(struct config_balance *balance, const struct endpoint *endpoint);
void config_pool_weight(struct config_balance *balance, const struct endpoint *endpoint,
			uint32_t weight);

#endif
