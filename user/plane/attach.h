/* SPDX-License-Identifier: GPL-2.0-only */
/* Which interfaces an instance is attached to, and changes of that which can be undone. */
#ifndef SIPXDP_PLANE_ATTACH_H
#define SIPXDP_PLANE_ATTACH_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "plane/hook.h"
#include "policy/config.h"

#define ATTACH_MAX                                                                                 \
	(2 *                                                                                       \
	 CONFIG_INTERFACES_MAX) /* those of the last configuration and of the next             \
				     */

struct attachment {
	unsigned int ifindex;
	char name[IF_NAMESIZE]; /* as configured; "" for one adopted and not wanted */
	struct hook ingress;
	struct hook egress;
	bool wanted;
};

struct attachments {
	struct attachment list[ATTACH_MAX];
	size_t count;
};

/* One thing done to one hook. */
struct attach_step {
	struct hook *hook;
	bool fresh; /* attached; else a program was replaced */
	int old;    /* the program before, or -1 */
};

struct attach_change {
	struct attach_step step[2 * ATTACH_MAX];
	size_t count;
};

/*
 * Index of an interface that programs can be attached to. 0; -ENODEV: there is no such interface;
 * -EMEDIUMTYPE: its frames have no Ethernet header. Logged.
 */
int attach_interface(const char *name, unsigned int *ifindex);

/*
 * Opens what is pinned under links/. 0; -EBUSY: the instance is attached in another network
 * namespace (logged); other -errno, logged.
 */
int attach_adopt(const char *instance, struct attachments *out);

/* Whether something is held, and whether that is by libxdp's dispatcher. */
bool attach_holds(const struct attachments *set, enum pin_kind kind);

/*
 * Attaches to every interface of cfg that set does not have, with replace puts the new programs in
 * the place of the old ones in set, and pins. Interfaces no longer wanted are only marked. 0;
 * -EOPNOTSUPP, -ENOEXEC as ingress_attach(), nothing was done; other -errno, logged, everything undone.
 */
int attach_begin(const char *instance, const struct hook_programs *programs,
		 const struct config *cfg, bool replace, struct attachments *set,
		 struct attach_change *change);

/* Goes back to what was before attach_begin(). */
void attach_undo(const char *instance, struct attachments *set, struct attach_change *change);

/* Makes it final, and detaches what is not wanted any more. What cannot be is logged, and tried again
 * by the next one. */
void attach_commit(const char *instance, struct attachments *set, struct attach_change *change);

/* Pins again what was unpinned behind our back. 0 or the first -errno. */
int attach_pin_again(const char *instance, struct attachments *set);

/* Detaches everything. 0 or the first -errno, logged. */
int attach_release(const char *instance, struct attachments *set);

/* Closes everything and leaves it attached. */
void attach_forget(struct attachments *set);

#endif
