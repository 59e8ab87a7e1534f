/* SPDX-License-Identifier: GPL-2.0-only */
/* What the daemon alone knows of itself, for the control socket. */
#ifndef SIPXDP_DAEMON_STATUS_H
#define SIPXDP_DAEMON_STATUS_H

#include <jansson.h>

#include "daemon/daemon.h"

/* A new reference to the reply, or NULL without memory. */
json_t *status_reply(const struct daemon *daemon);

#endif
