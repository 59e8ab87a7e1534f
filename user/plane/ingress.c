// SPDX-License-Identifier: GPL-2.0-only
/* The ingress program on an interface: through the dispatcher, or by a link of our own; in the
 * driver, or after it. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>

#include "plane/dispatcher.h"
#include "plane/hook.h"
#include "plane/log.h"
#include "plane/log_library.h"
#include "plane/object.h"

/* Says whose program it is that is in the way. */
static void log_foreign(const char *name, __u32 id)
{
	struct bpf_prog_info info;
	__u32 size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	memset(&info, 0, sizeof(info));
	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size))
		plane_log(PLANE_LOG_ERROR,
			  "%s: the XDP program '%s' (id %u) is attached already, and not through "
			  "libxdp's dispatcher, so that ours cannot join it; take it away first",
			  name, info.name, id);
	else
		plane_log(PLANE_LOG_ERROR,
			  "%s: an XDP program (id %u) is attached already; take it away first",
			  name, id);
	if (fd >= 0)
		close(fd);
}

/* 0, or -EBUSY if a program is there that ours cannot stand beside. */
static int check_free(const char *name, unsigned int ifindex, bool chained)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct dispatcher_state state;
	int err;
	__u32 id;

	log_library_quiet(true);
	err = bpf_xdp_query((int)ifindex, 0, &query);
	log_library_quiet(false);
	if (err) {
		plane_log(PLANE_LOG_ERROR, "%s: XDP cannot be queried: %s", name, strerror(-err));
		return err;
	}
	if (query.attach_mode == XDP_ATTACHED_NONE)
		return 0;
	if (chained && !dispatcher_look(ifindex, 0, &state) && state.present)
		return 0;
	id = query.prog_id	 ? query.prog_id
	     : query.drv_prog_id ? query.drv_prog_id
	     : query.skb_prog_id ? query.skb_prog_id
				 : query.hw_prog_id;
	log_foreign(name, id);
	return -EBUSY;
}

static int link_in_mode(int program, unsigned int ifindex, __u32 mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = mode);
	int fd = bpf_link_create(program, (int)ifindex, BPF_XDP, &opts);

	return fd < 0 ? -errno : fd;
}

/* Errors that generic mode would meet as well. */
static bool final_error(int err)
{
	return err == -EBUSY || err == -EEXIST || err == -EPERM || err == -ENODEV;
}

static int attach_link(int program, const char *name, unsigned int ifindex, struct hook *out)
{
	int fd = link_in_mode(program, ifindex, XDP_FLAGS_DRV_MODE);
	bool generic = false;

	if (fd < 0 && !final_error(fd)) {
		int native = fd;

		fd = link_in_mode(program, ifindex, XDP_FLAGS_SKB_MODE);
		generic = true;
		if (fd >= 0)
			plane_log(PLANE_LOG_WARNING,
				  "%s: the driver does not take XDP programs (%s): generic mode, "
				  "which drops more slowly",
				  name, strerror(-native));
	}
	if (fd < 0) {
		plane_log(PLANE_LOG_ERROR, "%s: XDP program cannot be attached: %s", name,
			  strerror(-fd));
		return fd;
	}
	*out = hook_held(PIN_XDP, ifindex, fd, generic);
	return 0;
}

static int attach_chained(struct xdp_program *chained, const char *name, unsigned int ifindex,
			  struct hook *out)
{
	struct dispatcher_state state;
	bool generic;
	int fd, err = dispatcher_add(chained, ifindex, &generic);

	if (err == -ENOEXEC && !dispatcher_look(ifindex, 0, &state) && state.present) {
		plane_log(
			PLANE_LOG_ERROR,
			"%s: there are programs in libxdp's dispatcher already, and this kernel "
			"takes none that changes packets, as ours does, into that of this libxdp; "
			"take them away first",
			name);
		return -EBUSY;
	}
	if (err == -EOPNOTSUPP || err == -ENOEXEC)
		return err; /* the caller goes on without a dispatcher */
	if (err) {
		plane_log(PLANE_LOG_ERROR, "%s: libxdp cannot attach the XDP program: %s", name,
			  strerror(-err));
		return err;
	}
	fd = fcntl(dispatcher_program_fd(chained), F_DUPFD_CLOEXEC, 0);
	if (fd < 0) {
		err = -errno;
		dispatcher_remove(dispatcher_program_fd(chained), ifindex, generic);
		return err;
	}
	if (generic)
		plane_log(PLANE_LOG_WARNING,
			  "%s: the driver does not take XDP programs: generic mode, which drops "
			  "more slowly",
			  name);
	*out = hook_held(PIN_DISPATCHER, ifindex, fd, generic);
	return 0;
}

int ingress_attach(const struct hook_programs *programs, const char *name, unsigned int ifindex,
		   struct hook *out)
{
	int err = check_free(name, ifindex, programs->chained != NULL);

	if (err)
		return err;
	if (programs->chained)
		return attach_chained(programs->chained, name, ifindex, out);
	return attach_link(object_programs(programs->object).ingress, name, ifindex, out);
}
