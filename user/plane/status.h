/* SPDX-License-Identifier: GPL-2.0-only */
/* What is attached where, as the kernel itself says. Needs no daemon. */
#ifndef SIPXDP_PLANE_STATUS_H
#define SIPXDP_PLANE_STATUS_H

#include <linux/types.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

enum status_ingress {
	STATUS_INGRESS_NONE,	/* nothing of ours is attached: the interface is unguarded */
	STATUS_INGRESS_NATIVE,	/* in the driver */
	STATUS_INGRESS_GENERIC, /* after the sk_buff was made: works everywhere, costs more */
	STATUS_INGRESS_OFFLOAD,
	STATUS_INGRESS_UNKNOWN, /* ours is in force, but the mode cannot be asked for */
};

enum status_holder {
	STATUS_HOLDER_LINK,	  /* a pinned bpf_link of our own */
	STATUS_HOLDER_DISPATCHER, /* libxdp's dispatcher, beside programs of others */
};

enum status_egress {
	STATUS_EGRESS_NONE, /* blind to the server's replies: no trust is earned */
	STATUS_EGRESS_TCX,
	STATUS_EGRESS_CLSACT,
};

#define STATUS_INTERFACES_MAX 32

struct status_interface {
	char name[IF_NAMESIZE]; /* "" if the interface is gone, or is in another namespace */
	unsigned int ifindex;
	bool here; /* the interface exists in the caller's network namespace */
	bool up;   /* IFF_UP and IFF_RUNNING */
	unsigned int mtu;
	enum status_ingress ingress;
	enum status_holder holder;
	enum status_egress egress;
	__u32 ingress_program; /* program ids, as in `bpftool prog show id`; 0: none, not known */
	__u32 egress_program;
	unsigned int other_programs; /* of others in the same dispatcher */
};

struct status {
	struct status_interface interface[STATUS_INTERFACES_MAX]; /* by ifindex */
	size_t interface_count;
	bool daemon_alive;
	__u64 loaded_unix_ns; /* when the ingress program was loaded; 0: not known */
};

/*
 * 0; -ENOENT: no such instance is pinned; -EPERM; other -errno. What the caller may not ask the
 * kernel for is left "unknown" or 0.
 */
int status_read(const char *instance, struct status *out);

/* "native", "generic", …; "link", "dispatcher"; "tcx", "clsact", "none". */
const char *status_ingress_name(enum status_ingress ingress);
const char *status_holder_name(enum status_holder holder);
const char *status_egress_name(enum status_egress egress);

#endif
