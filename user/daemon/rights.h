/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the process may do: enough to load and attach at the start, and as little as possible from
 * then on. sipxdpd(8) lists what is kept, and what for.
 */
#ifndef SIPXDP_DAEMON_RIGHTS_H
#define SIPXDP_DAEMON_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#define RIGHTS_TEXT_SIZE 128

/* 0; -EPERM: capabilities that the start needs are missing, their names are written to missing. */
int rights_check(char missing[RIGHTS_TEXT_SIZE]);

/*
 * Drops every capability that running does not need, from all sets, for good, and forbids to gain
 * any by an exec. keep_sys_admin: programs were chained by libxdp's dispatcher, and detaching them
 * looks programs up by id. 0 or -errno.
 */
int rights_drop(bool keep_sys_admin);

#endif
