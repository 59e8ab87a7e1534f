// SPDX-License-Identifier: GPL-2.0-only
/* What all four ways of holding a program on an interface have in common, and where they differ. */
#include "plane/hook.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>

#include "plane/clsact.h"
#include "plane/dispatcher.h"
#include "plane/object.h"
#include "plane/tcx.h"

static bool is_link(enum pin_kind kind)
{
	return kind == PIN_XDP || kind == PIN_TCX;
}

static int link_info(int fd, struct bpf_link_info *info)
{
	__u32 size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(fd, info, &size) ? -errno : 0;
}

static __u32 program_id(int fd)
{
	struct bpf_prog_info info;
	__u32 size = sizeof(info);

	memset(&info, 0, sizeof(info));
	return bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.id;
}

__u32 hook_program_id(const struct hook *hook)
{
	struct bpf_link_info info;

	if (!hook->held)
		return 0;
	if (!is_link(hook->kind))
		return program_id(hook->fd);
	return link_info(hook->fd, &info) ? 0 : info.prog_id;
}

/* ---- replace ---- */

static int replace_link(int program, struct hook *hook, int *old)
{
	__u32 id = hook_program_id(hook);
	int before = id ? bpf_prog_get_fd_by_id(id) : -1;

	if (bpf_link_update(hook->fd, program, NULL)) {
		int err = -errno;

		if (before >= 0)
			close(before);
		return err;
	}
	*old = before;
	return 0;
}

/* Beside the old one first, so that no packet passes without either. */
static int replace_chained(struct xdp_program *chained, struct hook *hook)
{
	int err, fresh;

	if (!chained)
		return -EOPNOTSUPP;
	err = dispatcher_add(chained, hook->ifindex, &hook->generic);
	if (err)
		return err;
	fresh = dispatcher_program_fd(chained);
	err = dispatcher_remove(hook->fd, hook->ifindex, hook->generic);
	if (err)
		dispatcher_remove(fresh, hook->ifindex, hook->generic);
	return err;
}

/* hook->fd goes from the old program to the new one; its pin is renewed by hook_pin(). */
static int replace_program(const struct hook_programs *programs, struct hook *hook, int *old)
{
	bool ingress = hook->kind == PIN_DISPATCHER;
	struct object_programs loaded;
	int fd, err;

	if (ingress)
		err = replace_chained(programs->chained, hook);
	else
		err = clsact_replace(object_programs(programs->object).egress, hook->ifindex,
				     program_id(hook->fd));
	if (err)
		return err;
	loaded = object_programs(programs->object);
	fd = fcntl(ingress ? loaded.ingress : loaded.egress, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	*old = hook->fd;
	hook->fd = fd;
	return 0;
}

int hook_replace(const struct hook_programs *programs, struct hook *hook, int *old)
{
	struct object_programs loaded;
	int err, before = -1;

	if (is_link(hook->kind)) {
		loaded = object_programs(programs->object);
		err = replace_link(hook->kind == PIN_XDP ? loaded.ingress : loaded.egress, hook,
				   &before);
	} else {
		err = replace_program(programs, hook, &before);
	}
	if (!err)
		*old = before;
	return err;
}

int hook_restore(int old, struct hook *hook)
{
	__u32 id = hook_program_id(hook);
	int fd, err;

	if (old < 0)
		return -ENOENT;
	if (is_link(hook->kind))
		return bpf_link_update(hook->fd, old, NULL) ? -errno : 0;
	if (hook->kind == PIN_DISPATCHER)
		return -EOPNOTSUPP;
	fd = fcntl(old, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = clsact_replace(old, hook->ifindex, id);
	if (err) {
		close(fd);
		return err;
	}
	close(hook->fd);
	hook->fd = fd;
	return 0;
}

/* ---- pins ---- */

static int hook_path(const char *instance, const struct hook *hook, char out[PIN_PATH_SIZE])
{
	struct pin_interface interface = { .ifindex = hook->ifindex, .netns = hook->netns };

	return pin_link_path(instance, hook->kind, &interface, out);
}

/* A link is at hand wherever it is attached; by index an interface is found in its own place. */
static bool hook_here(const struct hook *hook)
{
	return hook->netns == pin_netns();
}

int hook_pin(const char *instance, struct hook *hook)
{
	char path[PIN_PATH_SIZE], next[PIN_PATH_SIZE];
	int err = hook_path(instance, hook, path);

	if (err || (hook->pinned && is_link(hook->kind)))
		return err;
	if (!hook->pinned) {
		err = pin_object(hook->fd, path);
	} else {
		/* A program took the place of another: so does its pin. */
		err = pin_path(instance, "replacement", next);
		if (!err)
			err = pin_remove(next);
		if (!err)
			err = pin_object(hook->fd, next);
		if (!err)
			err = pin_move(next, path);
	}
	if (!err)
		hook->pinned = true;
	return err;
}

int hook_pin_again(const char *instance, struct hook *hook)
{
	char path[PIN_PATH_SIZE];
	int err = hook_path(instance, hook, path);

	if (err || !access(path, F_OK))
		return err;
	hook->pinned = false;
	return hook_pin(instance, hook);
}

void hook_forget(struct hook *hook)
{
	if (hook->fd >= 0)
		close(hook->fd);
	*hook = HOOK_NONE;
}

int hook_release(const char *instance, struct hook *hook)
{
	char path[PIN_PATH_SIZE];
	int err = 0;

	if (!hook->held)
		return 0;
	if (!is_link(hook->kind) && !hook_here(hook))
		return -EXDEV;
	switch (hook->kind) {
	case PIN_XDP:
	case PIN_TCX: err = bpf_link_detach(hook->fd) ? -errno : 0; break;
	case PIN_DISPATCHER: err = dispatcher_remove(hook->fd, hook->ifindex, hook->generic); break;
	case PIN_CLSACT: err = clsact_detach(hook->ifindex, program_id(hook->fd)); break;
	case PIN_KINDS: break;
	}
	if (err == -ENOENT || err == -ENOLINK || err == -ENODEV)
		err = 0; /* it, or its interface, has gone before us */
	if (hook->pinned && !err) {
		err = hook_path(instance, hook, path);
		if (!err)
			err = pin_remove(path);
	}
	if (!err)
		hook_forget(hook);
	return err;
}

/* ---- adoption ---- */

/* The first member of a link's own information is the interface's index, for XDP and tcx alike. */
static int adopt_link(struct hook *hook)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct bpf_link_info info;
	int err = link_info(hook->fd, &info);

	if (err)
		return err;
	if (info.xdp.ifindex == 0)
		return -ENOENT;
	if (!hook_here(hook) || info.xdp.ifindex != hook->ifindex)
		return -EXDEV;
	/* The inode of a namespace that is gone may be another's now: ask the interface as well. */
	if (hook->kind == PIN_TCX)
		return tcx_attached(hook->ifindex, info.prog_id) ? 0 : -EXDEV;
	if (bpf_xdp_query((int)hook->ifindex, 0, &query))
		return -EXDEV;
	hook->generic = query.attach_mode == XDP_ATTACHED_SKB;
	return query.prog_id == info.prog_id ? 0 : -EXDEV;
}

static int adopt_program(struct hook *hook)
{
	__u32 id = program_id(hook->fd);
	struct dispatcher_state state;
	int err;

	if (!id)
		return -EPERM;
	if (!hook_here(hook))
		return -EXDEV;
	if (hook->kind == PIN_CLSACT)
		return clsact_attached(hook->ifindex, id) ? 0 : -ENOENT;
	err = dispatcher_look(hook->ifindex, id, &state);
	if (err)
		return err == -ENODEV ? -ENOENT : err;
	hook->generic = state.generic;
	return state.ours ? 0 : -ENOENT;
}

int hook_open(enum pin_kind kind, const struct pin_interface *interface, const char *path,
	      struct hook *out)
{
	struct hook hook = {
		.held = true, .kind = kind, .ifindex = interface->ifindex, .netns = interface->netns
	};
	struct dispatcher_state state;

	hook.fd = pin_open(path);
	if (hook.fd < 0)
		return hook.fd;
	if (kind == PIN_DISPATCHER && hook_here(&hook) && !dispatcher_look(hook.ifindex, 0, &state))
		hook.generic = state.generic;
	*out = hook;
	return 0;
}

int hook_adopt(enum pin_kind kind, const struct pin_interface *interface, const char *path,
	       struct hook *out)
{
	struct hook hook;
	int err = hook_open(kind, interface, path, &hook);

	if (err)
		return err;
	err = is_link(kind) ? adopt_link(&hook) : adopt_program(&hook);
	if (err) {
		close(hook.fd);
		if (err == -ENOENT)
			pin_remove(path);
		return err;
	}
	hook.pinned = true;
	*out = hook;
	return 0;
}
