/* SPDX-License-Identifier: GPL-2.0-only */
/* The messages of one call as the control socket gives them. */
#ifndef SIPXDP_DAEMON_HISTORY_REPLY_H
#define SIPXDP_DAEMON_HISTORY_REPLY_H

#include <jansson.h>

#include "daemon/daemon.h"

/* See commands.h. */
json_t *history_reply(const struct daemon *daemon, const char *call_id, size_t length);

#endif
