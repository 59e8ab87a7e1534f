/* SPDX-License-Identifier: GPL-2.0-only */
/* libxdp's dispatcher: several XDP programs on one interface. */
#ifndef SIPXDP_PLANE_DISPATCHER_H
#define SIPXDP_PLANE_DISPATCHER_H

#include <linux/types.h>
#include <stdbool.h>

struct bpf_object;
struct xdp_program;

/*
 * Whether this kernel lets us chain programs at all (the freplace programs that the dispatcher is
 * made of are refused on some hosts). true does not promise that a dispatcher will load.
 */
bool dispatcher_possible(void);

/* What is on an interface. */
struct dispatcher_state {
	bool present; /* a dispatcher, not a single program */
	bool generic;
	bool ours;	     /* the program asked about is in it */
	unsigned int others; /* programs in it beside that */
};
int dispatcher_look(unsigned int ifindex, __u32 program_id, struct dispatcher_state *out);

/* A handle on the object's ingress program, not loaded yet. NULL on error, logged. */
struct xdp_program *dispatcher_program(struct bpf_object *object, const char *name);
void dispatcher_program_close(struct xdp_program *program);

/*
 * Adds the program (loading its object the first time). 0; -EOPNOTSUPP: no dispatcher can be had
 * here (nothing stays attached, and the object is loaded in the plain way); -ENOEXEC: the kernel
 * does not take the program in a dispatcher (nothing has changed, and the object is spent: it cannot
 * be loaded again); or other -errno.
 */
int dispatcher_add(struct xdp_program *program, unsigned int ifindex, bool *generic);

/* Takes a program out, by a descriptor of it. 0 or -errno. */
int dispatcher_remove(int program_fd, unsigned int ifindex, bool generic);

/* A descriptor of the loaded program that belongs to it. */
int dispatcher_program_fd(const struct xdp_program *program);

#endif
