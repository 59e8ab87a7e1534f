/* SPDX-License-Identifier: GPL-2.0-only */
/* A direct-action filter on an interface's clsact egress hook, where the kernel has no tcx. */
#ifndef SIPXDP_PLANE_CLSACT_H
#define SIPXDP_PLANE_CLSACT_H

#include <linux/types.h>
#include <stdbool.h>

/* Makes the clsact qdisc unless it is there, and adds a filter beside those of others. 0, -errno.
 */
int clsact_attach(int program, unsigned int ifindex);

/* Atomically puts program where the one with that id is. 0; -ENOENT: it is not there; -errno. */
int clsact_replace(int program, unsigned int ifindex, __u32 old_id);

/* Takes out the filter of that program; the qdisc stays, others may use it. As clsact_replace(). */
int clsact_detach(unsigned int ifindex, __u32 id);

bool clsact_attached(unsigned int ifindex, __u32 id);

#endif
