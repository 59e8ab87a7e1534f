/* SPDX-License-Identifier: GPL-2.0-only */
/* tcx links (Linux 6.6), which the headers and libbpf of older systems do not know. */
#ifndef SIPXDP_PLANE_TCX_H
#define SIPXDP_PLANE_TCX_H

#include <bpf/bpf.h>
#include <stdbool.h>

#define TCX_EGRESS ((enum bpf_attach_type)47) /* BPF_TCX_EGRESS */
/* BPF_F_BEFORE without a relative: in front of all, where no other program's verdict hides packets
 * (ours always lets the next one have its say). */
#define TCX_FIRST  (1U << 3)

#define TCX_PROGRAMS_MAX 64 /* the kernel's own limit a hook */

/* Whether the tcx egress hook of an interface here runs the program with that id. */
static inline bool tcx_attached(unsigned int ifindex, __u32 id)
{
	__u32 ids[TCX_PROGRAMS_MAX];
	__u32 count = TCX_PROGRAMS_MAX;

	if (!id || bpf_prog_query((int)ifindex, TCX_EGRESS, 0, NULL, ids, &count))
		return false;
	for (__u32 i = 0; i < count && i < TCX_PROGRAMS_MAX; i++) {
		if (ids[i] == id)
			return true;
	}
	return false;
}

#endif
