/* SPDX-License-Identifier: GPL-2.0-only */
/* Putting a changed configuration in force while running. */
#ifndef SIPXDP_DAEMON_RELOAD_H
#define SIPXDP_DAEMON_RELOAD_H

#include <jansson.h>

#include "daemon/daemon.h"

/*
 * Reads the file again and puts it in force, or leaves everything as it was. All is logged. A new
 * reference to the reply for who asked; NULL if there is no memory for one.
 */
json_t *reload(struct daemon *daemon);

#endif
