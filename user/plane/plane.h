/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel side of one instance: loaded, attached, pinned; adopted by the next start; changed
 * without a gap; taken away. Every failure is logged (plane/log.h) and leaves what was in force.
 *
 * plane_up() wants CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON (verifier), and CAP_SYS_ADMIN as well
 * where libxdp's dispatcher is used or programs of others are to be named. Afterwards CAP_BPF,
 * CAP_NET_ADMIN and CAP_PERFMON do for reload, expiry and stop (the dispatcher excepted).
 */
#ifndef SIPXDP_PLANE_PLANE_H
#define SIPXDP_PLANE_PLANE_H

#include <linux/types.h>
#include <stdbool.h>

#include "plane/maps.h"
#include "policy/config.h"

struct plane;

struct plane_options {
	bool fresh; /* begin with empty maps, whatever is pinned (another layout, say) */
};

/*
 * Brings the instance up as cfg says (cfg is not kept). What is pinned under its name is adopted:
 * bans, trust, dialogs, calls, counters and the hash key stay, tables whose size has changed are
 * copied, and the new programs take the place of the old without a packet between them.
 * 0 and *out, or:
 *   -EPERM   rights are missing;          -ENODEV   an interface does not exist;
 *   -EBUSY   another daemon holds the instance, or a foreign XDP program the interface;
 *   -EPROTO  pinned maps have another layout (see fresh);
 *   -EMEDIUMTYPE  not an Ethernet-like interface;  other -errno.
 */
int plane_up(const struct config *cfg, const struct plane_options *options, struct plane **out);

/*
 * Puts another configuration in force: services, limits and networks at once and without a lost
 * packet; interfaces that are new are attached, those no longer named are detached (one that cannot be
 * is logged, and tried again by the next reload). The instance's
 * name, table sizes and hash seed are read at the next start only (a warning says so). 0 or
 * -errno; on an error the old configuration is in force.
 */
int plane_reload(struct plane *plane, const struct config *cfg);

/*
 * Lets go of the instance. keep: programs stay attached and enforce what the maps say; else
 * everything is detached and unpinned. plane is freed in either case. 0 or -errno (the first).
 */
int plane_down(struct plane *plane, bool keep);

/* The open maps; valid until plane_down(). */
struct maps *plane_maps(struct plane *plane);

/* The number in maps, counters and tap records of the service that is services[index] of the
 * configuration in force; a service keeps it as long as its name lives. */
unsigned int plane_service(const struct plane *plane, size_t index);

/* Whether libxdp's dispatcher is used: then reload and stop need CAP_SYS_ADMIN. */
bool plane_dispatched(const struct plane *plane);

/*
 * Housekeeping, to be called about every second; one call goes over a bounded piece of each table.
 * Takes out bans, trust and provisional entries past their time and dialogs past theirs, renews
 * trust_filter every ten minutes, holds the packet path's clock to the real one, and pins again what
 * somebody has unpinned.
 * now_ns is CLOCK_MONOTONIC. 0 or -errno (logged).
 */
int plane_expire(struct plane *plane, __u64 now_ns);

/*
 * Detaches and unpins an instance that no daemon holds. 0; -ENOENT: nothing of it is there;
 * -EBUSY: a daemon holds it (ask the daemon); -EPERM; -EXDEV: it is attached in another network
 * namespace, and not by links; other -errno (the first, logged; the rest is detached all the same).
 */
int plane_detach(const char *instance);

#endif
