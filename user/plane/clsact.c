// SPDX-License-Identifier: GPL-2.0-only
/* The clsact egress hook, for kernels before 6.6. */
#include "plane/clsact.h"

#include <bpf/libbpf.h>
#include <errno.h>

#include "plane/log_library.h"

/*
 * Filters are named by priority and handle. Ours come early, so that no other's verdict hides
 * packets from them; the handle tells them from most others, the program's id from all.
 */
#define FILTER_HANDLE	  0x736970 /* "sip" */
#define FILTER_PRIORITIES 8

static struct bpf_tc_hook egress_hook(unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_EGRESS);

	return hook;
}

/* Id of the program at that priority under our handle; 0: none. */
static __u32 filter_program(unsigned int ifindex, __u32 priority)
{
	const struct bpf_tc_hook hook = egress_hook(ifindex);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = priority);
	int err;

	log_library_quiet(true);
	err = bpf_tc_query(&hook, &opts);
	log_library_quiet(false);
	return err ? 0 : opts.prog_id;
}

/* Priority of the filter that runs that program; 0: none. */
static __u32 filter_find(unsigned int ifindex, __u32 id)
{
	for (__u32 priority = 1; id && priority <= FILTER_PRIORITIES; priority++) {
		if (filter_program(ifindex, priority) == id)
			return priority;
	}
	return 0;
}

static int filter_put(int program, unsigned int ifindex, __u32 priority, __u32 flags)
{
	const struct bpf_tc_hook hook = egress_hook(ifindex);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program, .flags = flags, .handle = FILTER_HANDLE,
		    .priority = priority);
	int err;

	log_library_quiet(true);
	err = bpf_tc_attach(&hook, &opts);
	log_library_quiet(false);
	return err;
}

int clsact_attach(int program, unsigned int ifindex)
{
	struct bpf_tc_hook hook = egress_hook(ifindex);
	int err;

	log_library_quiet(true);
	err = bpf_tc_hook_create(&hook);
	log_library_quiet(false);
	if (err && err != -EEXIST)
		return err;
	err = -EBUSY;
	for (__u32 priority = 1; err && priority <= FILTER_PRIORITIES; priority++) {
		if (!filter_program(ifindex, priority))
			err = filter_put(program, ifindex, priority, 0);
	}
	return err;
}

int clsact_replace(int program, unsigned int ifindex, __u32 old_id)
{
	__u32 priority = filter_find(ifindex, old_id);

	return priority ? filter_put(program, ifindex, priority, BPF_TC_F_REPLACE) : -ENOENT;
}

int clsact_detach(unsigned int ifindex, __u32 id)
{
	const struct bpf_tc_hook hook = egress_hook(ifindex);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE);
	int err;

	opts.priority = filter_find(ifindex, id);
	if (!opts.priority)
		return -ENOENT;
	log_library_quiet(true);
	err = bpf_tc_detach(&hook, &opts);
	log_library_quiet(false);
	return err;
}

bool clsact_attached(unsigned int ifindex, __u32 id)
{
	return filter_find(ifindex, id) != 0;
}
