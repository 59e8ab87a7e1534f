/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which system calls a running daemon may make. What no part of it ever needs (to run programs,
 * look into processes, mount, load modules …) is refused with EPERM; what is neither on that list
 * nor on that of the allowed ones fails with ENOSYS, as on an older kernel, which is what every C
 * library can live with. Refused calls show in the kernel's audit log.
 */
#ifndef SIPXDP_DAEMON_SANDBOX_H
#define SIPXDP_DAEMON_SANDBOX_H

/* 0; -ENOTSUP: built with sanitizers, which need more than is allowed here; or -errno. */
int sandbox_enter(void);

#endif
