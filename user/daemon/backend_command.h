/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes of pools by hand, as the control socket takes them: see commands.h. */
#ifndef SIPXDP_DAEMON_BACKEND_COMMAND_H
#define SIPXDP_DAEMON_BACKEND_COMMAND_H

#include <jansson.h>

#include "daemon/daemon.h"

/* A new reference to the reply, or NULL without memory. */
json_t *backend_command(struct daemon *daemon, const json_t *request);

#endif
