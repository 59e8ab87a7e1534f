/* SPDX-License-Identifier: GPL-2.0-only */
/* Which way a captured frame went, seen from the host of the services: a capture holds both. */
#ifndef SIPXDP_CTL_DIRECTION_H
#define SIPXDP_CTL_DIRECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"
#include "policy/config.h"

/*
 * Whether a service of cfg sent this Ethernet frame: its source is a listener. A listener that was
 * named by address decides before a wildcard one, and of two wildcard matches (a phone that sends
 * from port 5060 as well) the destination decides; local (may be NULL) says which addresses a
 * wildcard can mean. A later IP fragment, which has no ports, is judged by address.
 */
bool direction_is_from_service(const struct config *cfg, const struct prefix *local,
			       const uint8_t *frame, size_t length);

#endif
