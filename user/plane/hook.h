/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One program on one hook of one interface: how it is held there, and how it is put there, replaced
 * without a gap, and taken away. ingress.c does it for XDP, egress.c for what the host sends.
 */
#ifndef SIPXDP_PLANE_HOOK_H
#define SIPXDP_PLANE_HOOK_H

#include <linux/types.h>
#include <stdbool.h>

#include "plane/pin.h"

struct object;
struct xdp_program;

/* What is to be attached. With chained, libxdp loads the object when it first attaches it. */
struct hook_programs {
	const struct object *object;
	struct xdp_program *chained; /* for libxdp's dispatcher; NULL: links of our own */
};

struct hook {
	bool held;
	enum pin_kind kind;
	unsigned int ifindex;
	uint32_t netns; /* where ifindex counts */
	int fd;		/* the link, or the program where there is no link */
	bool pinned;	/* at its pin_link_path() */
	bool generic;	/* XDP only: not in the driver */
};

#define HOOK_NONE ((struct hook){ .fd = -1 })

/* What was just attached to an interface here. */
static inline struct hook hook_held(enum pin_kind kind, unsigned int ifindex, int fd, bool generic)
{
	return (struct hook){ .held = true,
			      .kind = kind,
			      .ifindex = ifindex,
			      .netns = pin_netns(),
			      .fd = fd,
			      .generic = generic };
}

/*
 * Attach to an interface that has nothing of ours; *out is filled and not pinned yet. Native mode
 * failing is no error: generic is tried. Errors are logged with the interface's name. 0; -EBUSY: a
 * program of somebody else's is there; -EOPNOTSUPP (not logged): libxdp cannot chain programs
 * here, and has loaded the object for links of our own; -ENOEXEC (not logged): nor can it, but the
 * object is spent; other -errno.
 */
int ingress_attach(const struct hook_programs *programs, const char *name, unsigned int ifindex,
		   struct hook *out);
int egress_attach(const struct hook_programs *programs, const char *name, unsigned int ifindex,
		  struct hook *out);

/*
 * Puts the new program where the old one is, atomically (through the dispatcher: the new one beside
 * the old, then the old one out). *old receives the old program, to be closed by the caller, or -1
 * if it cannot be had. 0 or -errno, and the old one is still there.
 */
int hook_replace(const struct hook_programs *programs, struct hook *hook, int *old);

/* Goes back to the old one. 0 or -errno: then the new one stays, which guards as well. */
int hook_restore(int old, struct hook *hook);

/* Pins it. 0 or -errno. */
int hook_pin(const char *instance, struct hook *hook);

/* Pins it if its pin was taken away. 0 or -errno. */
int hook_pin_again(const char *instance, struct hook *hook);

/*
 * Detaches, and unpins if hook->pinned (instance is read only then). Harmless on HOOK_NONE. 0;
 * -EXDEV: it can be detached in its own network namespace only; other -errno. On an error it is
 * still held.
 */
int hook_release(const char *instance, struct hook *hook);

/* Lets go of file descriptors; what is pinned stays attached. */
void hook_forget(struct hook *hook);

/* Opens what is pinned, wherever it is attached; hook->pinned is false. 0 or -errno. */
int hook_open(enum pin_kind kind, const struct pin_interface *interface, const char *path,
	      struct hook *out);

/*
 * Opens what is pinned, to go on with it. 0; -ENOENT: the interface it was on is gone (the pin is
 * removed); -EXDEV: it is on an interface of another network namespace; other -errno.
 */
int hook_adopt(enum pin_kind kind, const struct pin_interface *interface, const char *path,
	       struct hook *out);

/* Id of the program that a hook runs; 0 if it cannot be told. */
__u32 hook_program_id(const struct hook *hook);

#endif
