/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /run/sipxdp: who may enter it, and the lock that keeps one daemon to an instance. The lock is an
 * flock(2), so that it goes with its holder however that dies.
 */
#ifndef SIPXDP_DAEMON_RUNDIR_H
#define SIPXDP_DAEMON_RUNDIR_H

#include <sys/types.h>

#ifndef RUNDIR_PATH
#define RUNDIR_PATH "/run/sipxdp" /* unit tests have one of their own */
#endif
#define RUNDIR_GROUP "sipxdp"

/* GID of RUNDIR_GROUP, or (gid_t)-1 if this host has no such group: then root alone may enter. */
gid_t rundir_group(void);

/*
 * Makes RUNDIR_PATH unless it is there, and hands it to the group (0750), if there is one.
 * 0; -EPERM: others than its owner may write into it, or it is no directory; or -errno.
 */
int rundir_make(gid_t group);

/*
 * Takes the lock of an instance, *fd is to be kept open. 0; -EALREADY: another process has it, and
 * *holder is its pid (0 where that could not be read); or -errno.
 */
int rundir_lock(const char *instance, int *fd, pid_t *holder);

/* Takes the lock's file away and lets go of it. */
void rundir_unlock(const char *instance, int fd);

#endif
