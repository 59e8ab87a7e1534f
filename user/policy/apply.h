/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configuration to maps: what struct config says, in the form in which the packet path reads it.
 * The functions that fill structs do no I/O.
 */
#ifndef SIPXDP_POLICY_APPLY_H
#define SIPXDP_POLICY_APPLY_H

#include <stddef.h>

#include <sipxdp/map.h>

#include "plane/maps.h"
#include "plane/network.h"
#include "policy/config.h"

/* cost_ns is rounded; tolerance_ns is (burst - 1) * cost_ns, never less than a tick. */
struct sipxdp_rate apply_rate(const struct config_rate *rate, __u64 tick_ns);

/*
 * Gives every configured service its number: the one that its name has in old (a bank of
 * SERVICE_MAX), else one that was never used, else one whose service is no longer configured.
 * number[i] belongs to cfg->services[i]. fresh[i] is set where the number had another owner, whose
 * counters and state are to be cleared. There is always room: CONFIG_SERVICES_MAX is SERVICE_MAX.
 */
void apply_numbers(const struct config *cfg, const struct service *old,
		   unsigned char number[CONFIG_SERVICES_MAX], bool fresh[CONFIG_SERVICES_MAX]);

/* Fills a bank of SERVICE_MAX services. Those of old that are not configured keep their name, with
 * in_use 0. */
void apply_services(const struct config *cfg, const unsigned char *number,
		    const struct service *old, __u64 tick_ns, struct service *out);

/* Fills the listener table. 0; -E2BIG: more listeners than entries, or more on a port than
 * LISTENER_CHAIN. */
int apply_listeners(const struct config *cfg, const unsigned char *number,
		    struct listener_table *out);

/* Sets the members that come from the configuration, and leaves the others alone. */
void apply_settings(const struct config *cfg, struct settings *settings);

/*
 * Writes it all to the maps: the banks that are not in force, then networks and scanner names,
 * then the switch of banks. settings->tick_ns must be set. number receives apply_numbers()'s
 * answer. 0 or -errno; on an error the old configuration is in force.
 */
int apply_config(const struct config *cfg, struct maps *maps,
		 unsigned char number[CONFIG_SERVICES_MAX]);

#endif
