/* SPDX-License-Identifier: GPL-2.0-only */
/* The instance that a command talks about: its maps, and the names of its services. */
#ifndef SIPXDP_CTL_INSTANCE_H
#define SIPXDP_CTL_INSTANCE_H

#include "plane/maps.h"

/* From here on, what user/plane logs is one line of ours on standard error for each error, and
 * nothing for the rest (a verifier's log is for developers: sipxdpd shows it). */
void instance_log_errors(void);

/* Opens the maps of --instance, or complains. Returns an exit code, and *maps with CTL_DONE only,
 * to be closed by maps_close(). */
int instance_open(struct maps *maps);

/* Complains about an -errno that a walk or a look-up came back with. Returns the exit code. */
int instance_fail(const char *what, int err);

#define SERVICE_NAME_HOST "(host)" /* counters of what belongs to no one service */

struct service_names {
	char name[SERVICE_MAX + 1][NAME_SIZE];
};

/* A service that has no name in the maps is called by its number, "#3". */
void service_names_read(const struct maps *maps, struct service_names *out);

/* service may be any number. */
const char *service_name(const struct service_names *names, unsigned int service);

#endif
