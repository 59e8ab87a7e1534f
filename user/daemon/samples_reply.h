/* SPDX-License-Identifier: GPL-2.0-only */
/* Drop samples as the control socket gives them. */
#ifndef SIPXDP_DAEMON_SAMPLES_REPLY_H
#define SIPXDP_DAEMON_SAMPLES_REPLY_H

#include <jansson.h>

#include "daemon/daemon.h"

/* The newest `last` samples, oldest first. A new reference, or NULL without memory. */
json_t *samples_reply(const struct daemon *daemon, size_t last);

#endif
