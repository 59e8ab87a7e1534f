/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the running daemon share. Nothing here is needed for enforcing: the kernel
 * side goes on without it. */
#ifndef SIPXDP_DAEMON_DAEMON_H
#define SIPXDP_DAEMON_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "daemon/balancing.h"
#include "daemon/control.h"
#include "daemon/options.h"
#include "daemon/tracking.h"
#include "export/samples.h"
#include "plane/plane.h"
#include "policy/config.h"

/* Exit codes, as those of sipxdpctl. */
enum daemon_exit {
	DAEMON_DONE = 0,
	DAEMON_INVALID = 1,	  /* the configuration is bad, or the instance is running already */
	DAEMON_USAGE = 2,	  /* wrong usage */
	DAEMON_UNREACHABLE = 3,	  /* the kernel side could not be brought up */
	DAEMON_NOT_PERMITTED = 4, /* rights are missing */
};

struct daemon {
	struct options options;
	struct config *config; /* in force */
	gid_t group;	       /* of the control socket; (gid_t)-1: none */
	int lock_fd;
	sd_event *event;
	struct control *control;
	struct samples *samples;
	struct plane *plane; /* NULL, as tracking and balancing, when a command has detached it */
	struct tracking *tracking;
	struct balancing *balancing;
	int links_fd;		     /* news of interfaces */
	sd_event_source *poll_timer; /* runs while messages come often; the loop's */
	bool links_changed;	     /* to be looked at within a second */
	uint64_t watchdog_us;	     /* between words to the service manager; 0: it wants none */
	uint64_t started_unix_ns;
	uint64_t reloaded_unix_ns; /* 0: never */
	bool no_control;	   /* the disk is full: there is no control socket */
	bool adopted;		   /* the kernel side was there before this start */
	bool sandboxed;		   /* system calls are filtered */
	bool running;		   /* the start is over */
};

#endif
