/* SPDX-License-Identifier: GPL-2.0-only */
/* From nothing to a running daemon, and back. */
#ifndef SIPXDP_DAEMON_START_H
#define SIPXDP_DAEMON_START_H

#include "daemon/daemon.h"

/* Goes through the steps; each logs what is wrong. DAEMON_DONE, or an exit code and everything that
 * was done is undone. */
int start(struct daemon *daemon);

/* Undoes all steps, from the last. */
void stop(struct daemon *daemon);

/* Tells the service manager that the daemon runs, and what is guarded. */
void start_notify_ready(const struct daemon *daemon);

#endif
