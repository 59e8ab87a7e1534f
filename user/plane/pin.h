/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where an instance is pinned. bpffs allows no dot in a name, so what belongs to an interface is
 * named by its index:
 *
 *	/sys/fs/bpf/sipxdp/INSTANCE/MAP           the maps
 *	    …/links/xdp-IFINDEX-NETNS             link that holds the ingress program
 *	    …/links/dispatcher-IFINDEX-NETNS      ingress program in libxdp's dispatcher
 *	    …/links/tcx-IFINDEX-NETNS             link that holds the egress program
 *	    …/links/clsact-IFINDEX-NETNS          egress program in a clsact filter
 */
#ifndef SIPXDP_PLANE_PIN_H
#define SIPXDP_PLANE_PIN_H

#include <stdbool.h>
#include <stdint.h>

#define PIN_PATH_SIZE 160
#define PIN_GROUP     "sipxdp" /* may read and write the maps, if the host has it */

struct pin_interface {
	unsigned int ifindex;
	uint32_t netns; /* inode of /proc/PID/ns/net */
};

enum pin_kind { PIN_XDP, PIN_DISPATCHER, PIN_TCX, PIN_CLSACT, PIN_KINDS };

/* MAPS_ROOT/INSTANCE/NAME, or the directory itself (name NULL). 0; -EINVAL: not a usable name. */
int pin_path(const char *instance, const char *name, char out[PIN_PATH_SIZE]);

/* Under links/, as above. 0 or -EINVAL. */
int pin_link_path(const char *instance, enum pin_kind kind, const struct pin_interface *interface,
		  char out[PIN_PATH_SIZE]);

/* The caller's own network namespace; 0 if /proc does not tell. */
uint32_t pin_netns(void);

/*
 * Makes sure that bpffs is mounted, makes the instance's directories (0750 root:sipxdp; 0700
 * where there is no such group) and takes its lock, which lives as long as *lock is open, also after
 * an error. *lock: -1, or what an earlier call took; it is kept, or closed for another one if the
 * directory was removed meanwhile. 0 or -errno, logged: -EBUSY if another process holds the instance.
 */
int pin_begin(const char *instance, int *lock);

/* The lock alone, of an instance that is there. 0, -ENOENT, -EBUSY, -EPERM or other -errno. */
int pin_lock(const char *instance, int *lock);

/* Pins an object, which must not be pinned there yet, with the mode that maps have. 0 or -errno. */
int pin_object(int fd, const char *path);

/* The open object, or -errno: -ENOENT if there is none, -EPERM. */
int pin_open(const char *path);

/* Puts the pin at from in the place of that at to. 0 or -errno. */
int pin_move(const char *from, const char *to);

/* 0 or -errno; -ENOENT is 0. */
int pin_remove(const char *path);

/* Calls fn for every pin under links/; a value other than 0 ends it and is returned. */
typedef int (*pin_walk_fn)(enum pin_kind kind, const struct pin_interface *interface,
			   const char *path, void *ctx);
int pin_walk(const char *instance, pin_walk_fn fn, void *ctx);

/* Removes the instance's directories if nothing is pinned in them. */
void pin_tidy(const char *instance);

/* Removes every pin of the instance and its directories. What links held is detached by that. */
int pin_remove_all(const char *instance);

#endif
