/* SPDX-License-Identifier: GPL-2.0-only */
/* The event loop: signals, the tap, interfaces, and what is done every second. */
#ifndef SIPXDP_DAEMON_LOOP_H
#define SIPXDP_DAEMON_LOOP_H

#include "daemon/daemon.h"

/* To be called before anything else: from here on the signals wait for the loop. 0 or -errno. */
int loop_block_signals(void);

/* Adds its events to daemon->event. 0 or -errno. */
int loop_prepare(struct daemon *daemon);

/* Runs until a signal or a command ends it. 0 or -errno. */
int loop_run(struct daemon *daemon);

#endif
