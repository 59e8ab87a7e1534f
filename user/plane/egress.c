// SPDX-License-Identifier: GPL-2.0-only
/* The egress program on an interface: a tcx link where the kernel has it (6.6), else clsact. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "plane/clsact.h"
#include "plane/hook.h"
#include "plane/log.h"
#include "plane/object.h"
#include "plane/tcx.h"

static int attach_tcx(int program, unsigned int ifindex, struct hook *out)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = TCX_FIRST);
	int fd = bpf_link_create(program, (int)ifindex, TCX_EGRESS, &opts);

	if (fd < 0)
		return -errno;
	*out = hook_held(PIN_TCX, ifindex, fd, false);
	return 0;
}

static int attach_clsact(int program, unsigned int ifindex, struct hook *out)
{
	int fd = fcntl(program, F_DUPFD_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = clsact_attach(program, ifindex);
	if (err) {
		close(fd);
		return err;
	}
	*out = hook_held(PIN_CLSACT, ifindex, fd, false);
	return 0;
}

int egress_attach(const struct hook_programs *programs, const char *name, unsigned int ifindex,
		  struct hook *out)
{
	int program = object_programs(programs->object).egress;
	int err = attach_tcx(program, ifindex, out);

	if (err)
		err = attach_clsact(program, ifindex, out);
	if (err)
		plane_log(PLANE_LOG_ERROR, "%s: egress program cannot be attached: %s", name,
			  strerror(-err));
	return err;
}
