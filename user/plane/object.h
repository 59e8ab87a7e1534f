/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one BPF object: its programs and maps, opened and loaded. Maps are made here and handed to
 * the object before it is loaded, so that they can be filled before a program sees them, and so
 * that adopted ones and new ones take the same way. Used by plane.c and run.c.
 */
#ifndef SIPXDP_PLANE_OBJECT_H
#define SIPXDP_PLANE_OBJECT_H

#include <linux/types.h>
#include <stdbool.h>

#include "plane/maps.h"
#include "policy/config.h"

struct bpf_object;
struct object;

#define OBJECT_INGRESS "sipxdp_ingress"

struct object_programs {
	int ingress; /* file descriptors that belong to the object */
	int egress;
};

/* mock_clock: the programs' time is what object_set_time() says. 0 and *out, or -errno. */
int object_open(bool mock_clock, struct object **out);

/* May be NULL. Frees programs that are not attached and maps that are held nowhere else. */
void object_close(struct object *object);

/* Entries that the map is to have: what cfg says, else what the object says; bytes for `tap`. */
__u32 object_entries(const struct object *object, const struct config *cfg, enum map_id id);

/* Makes an empty map of so many entries, with its types. A file descriptor or -errno. */
int object_make_map(struct object *object, enum map_id id, __u32 entries);

/* Hands a map to the object, which duplicates fd. 0 or -errno. */
int object_use_map(struct object *object, enum map_id id, int fd);

/* Loads the programs; all maps have been handed over. 0 or -errno. */
int object_load(struct object *object);

/* For libxdp, which loads by itself when it chains programs. */
struct bpf_object *object_bpf(struct object *object);

/* Before the object is loaded by libxdp: as an extension of its dispatcher the ingress program cannot go
 * on in others, so what balances is left out. */
void object_without_balance(struct object *object);

/* After loading, by whomever. */
struct object_programs object_programs(const struct object *object);

/* The clock of an object opened with mock_clock, once loaded. */
void object_set_time(struct object *object, __u64 now_ns);

/*
 * The program that reads both of the kernel's clocks, alone and without maps. A file descriptor
 * to be closed by the caller, or -errno.
 */
int object_load_clock(void);

#endif
