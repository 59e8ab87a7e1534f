/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the host lets packets through between interfaces: the balancer's routes are looked up as
 * the kernel's forwarding would, which refuses where it is off. */
#ifndef SIPXDP_DAEMON_FORWARDING_H
#define SIPXDP_DAEMON_FORWARDING_H

#include <stdbool.h>

#include "policy/config.h"

#define FORWARDING_TEXT_SIZE 160

/*
 * Looks at every interface of a configuration in which something is balanced. Whether forwarding is
 * off somewhere for a family that a balanced service listens on; text says where, and what to do.
 */
bool forwarding_missing(const struct config *config, char text[FORWARDING_TEXT_SIZE]);

#endif
