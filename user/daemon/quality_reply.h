/* SPDX-License-Identifier: GPL-2.0-only */
/* The counters of RFC 6076 as the control socket gives them. */
#ifndef SIPXDP_DAEMON_QUALITY_REPLY_H
#define SIPXDP_DAEMON_QUALITY_REPLY_H

#include <jansson.h>

#include "daemon/daemon.h"

/*
 * An array with an object for each service in use: "service" (its name), and the members of struct
 * track_quality by their names; delays are objects of "count", "total_us" and "longest_us". Ratios
 * are left to who reads it.
 */
json_t *quality_json(const struct daemon *daemon);

#endif
