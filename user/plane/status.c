// SPDX-License-Identifier: GPL-2.0-only
/* What is attached where. The pins under links/ say where to look, the kernel says what is there.
 */
#include "plane/status.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "plane/clock.h"
#include "plane/clsact.h"
#include "plane/dispatcher.h"
#include "plane/hook.h"
#include "plane/log_library.h"
#include "plane/maps.h"
#include "plane/pin.h"

const char *status_ingress_name(enum status_ingress ingress)
{
	switch (ingress) {
	case STATUS_INGRESS_NONE: return "none";
	case STATUS_INGRESS_NATIVE: return "native";
	case STATUS_INGRESS_GENERIC: return "generic";
	case STATUS_INGRESS_OFFLOAD: return "offload";
	case STATUS_INGRESS_UNKNOWN: break;
	}
	return "unknown";
}

const char *status_holder_name(enum status_holder holder)
{
	return holder == STATUS_HOLDER_DISPATCHER ? "dispatcher" : "link";
}

const char *status_egress_name(enum status_egress egress)
{
	switch (egress) {
	case STATUS_EGRESS_TCX: return "tcx";
	case STATUS_EGRESS_CLSACT: return "clsact";
	case STATUS_EGRESS_NONE: break;
	}
	return "none";
}

static struct status_interface *find_or_add(struct status *status,
					    const struct pin_interface *interface)
{
	bool here = interface->netns == pin_netns();
	struct status_interface *at;

	for (size_t i = 0; i < status->interface_count; i++) {
		at = &status->interface[i];
		if (at->ifindex == interface->ifindex && at->here == here)
			return at;
	}
	if (status->interface_count == STATUS_INTERFACES_MAX)
		return NULL;
	at = &status->interface[status->interface_count++];
	memset(at, 0, sizeof(*at));
	at->ifindex = interface->ifindex;
	at->here = here;
	return at;
}

/* ---- one hook ---- */

static bool link_alive(const struct hook *hook)
{
	struct bpf_link_info info;
	__u32 size = sizeof(info);

	memset(&info, 0, sizeof(info));
	/* The index leads what an XDP and a tcx link tell of themselves; 0: the device is gone. */
	return !bpf_obj_get_info_by_fd(hook->fd, &info, &size) && info.xdp.ifindex != 0;
}

static enum status_ingress ingress_mode(__u8 attach_mode)
{
	switch (attach_mode) {
	case XDP_ATTACHED_DRV: return STATUS_INGRESS_NATIVE;
	case XDP_ATTACHED_SKB: return STATUS_INGRESS_GENERIC;
	case XDP_ATTACHED_HW: return STATUS_INGRESS_OFFLOAD;
	default: return STATUS_INGRESS_UNKNOWN;
	}
}

static void read_xdp(const struct hook *hook, struct status_interface *out)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	__u32 id = hook_program_id(hook);

	out->holder = STATUS_HOLDER_LINK;
	out->ingress_program = id;
	if (!link_alive(hook))
		return;
	out->ingress = STATUS_INGRESS_UNKNOWN;
	if (out->here && bpf_xdp_query((int)hook->ifindex, 0, &query) == 0 && query.prog_id == id)
		out->ingress = ingress_mode(query.attach_mode);
}

static void read_dispatcher(const struct hook *hook, struct status_interface *out)
{
	__u32 id = hook_program_id(hook);
	struct dispatcher_state state;

	out->holder = STATUS_HOLDER_DISPATCHER;
	out->ingress_program = id;
	out->ingress = STATUS_INGRESS_UNKNOWN;
	if (!id || !out->here || dispatcher_look(hook->ifindex, id, &state))
		return;
	out->ingress = !state.ours     ? STATUS_INGRESS_NONE
		       : state.generic ? STATUS_INGRESS_GENERIC
				       : STATUS_INGRESS_NATIVE;
	out->other_programs = state.others;
}

static void read_tcx(const struct hook *hook, struct status_interface *out)
{
	__u32 id = hook_program_id(hook);

	out->egress_program = id;
	if (!link_alive(hook))
		return;
	out->egress = STATUS_EGRESS_TCX;
}

static void read_clsact(const struct hook *hook, struct status_interface *out)
{
	__u32 id = hook_program_id(hook);

	out->egress_program = id;
	if (out->here && clsact_attached(hook->ifindex, id))
		out->egress = STATUS_EGRESS_CLSACT;
}

static int read_one(enum pin_kind kind, const struct pin_interface *interface, const char *path,
		    void *ctx)
{
	struct status_interface *at = find_or_add(ctx, interface);
	struct hook hook;
	int err;

	if (!at)
		return 0;
	err = hook_open(kind, interface, path, &hook);
	if (err == -EPERM && (kind == PIN_XDP || kind == PIN_DISPATCHER))
		at->ingress = STATUS_INGRESS_UNKNOWN;
	if (err)
		return err == -ENOENT || err == -EPERM ? 0 : err;
	switch (kind) {
	case PIN_XDP: read_xdp(&hook, at); break;
	case PIN_DISPATCHER: read_dispatcher(&hook, at); break;
	case PIN_TCX: read_tcx(&hook, at); break;
	case PIN_CLSACT: read_clsact(&hook, at); break;
	case PIN_KINDS: break;
	}
	hook_forget(&hook);
	return 0;
}

/* ---- the interface itself ---- */

static void read_interface(struct status_interface *out)
{
	struct ifreq request;
	int fd;

	if (!out->here || !if_indextoname(out->ifindex, out->name)) {
		out->here = false;
		out->name[0] = '\0';
		return;
	}
	memset(&request, 0, sizeof(request));
	memcpy(request.ifr_name, out->name, sizeof(request.ifr_name));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (!ioctl(fd, SIOCGIFFLAGS, &request))
		out->up = (request.ifr_flags & IFF_UP) && (request.ifr_flags & IFF_RUNNING);
	if (!ioctl(fd, SIOCGIFMTU, &request))
		out->mtu = (unsigned int)request.ifr_mtu;
	close(fd);
}

/* The program's load time is on CLOCK_BOOTTIME; by its id it can be opened by root only. */
static __u64 loaded_unix_ns(const struct status *status)
{
	struct bpf_prog_info info;
	__u32 size = sizeof(info);
	struct timespec boot;
	__u64 now, at = 0;
	int fd;

	if (!status->interface_count || !status->interface[0].ingress_program)
		return 0;
	fd = bpf_prog_get_fd_by_id(status->interface[0].ingress_program);
	if (fd < 0)
		return 0;
	memset(&info, 0, sizeof(info));
	if (!bpf_obj_get_info_by_fd(fd, &info, &size) && !clock_gettime(CLOCK_BOOTTIME, &boot)) {
		now = (__u64)boot.tv_sec * NSEC_PER_SEC + (__u64)boot.tv_nsec;
		at = clock_realtime_ns() - (now - info.load_time);
	}
	close(fd);
	return at;
}

static int interface_compare(const void *a, const void *b)
{
	const struct status_interface *left = a, *right = b;

	return left->ifindex < right->ifindex ? -1 : left->ifindex > right->ifindex;
}

int status_read(const char *instance, struct status *out)
{
	struct status status = { .interface_count = 0 };
	char path[PIN_PATH_SIZE];
	int err = pin_path(instance, maps_name(MAP_SETTINGS), path);

	if (err)
		return err;
	if (access(path, F_OK))
		return errno == EACCES ? -EPERM : -errno;
	log_libraries();
	err = maps_daemon_alive(instance);
	if (err < 0)
		return err;
	status.daemon_alive = err;
	err = pin_walk(instance, read_one, &status);
	if (err)
		return err;
	qsort(status.interface, status.interface_count, sizeof(status.interface[0]),
	      interface_compare);
	for (size_t i = 0; i < status.interface_count; i++)
		read_interface(&status.interface[i]);
	status.loaded_unix_ns = loaded_unix_ns(&status);
	*out = status;
	return 0;
}
