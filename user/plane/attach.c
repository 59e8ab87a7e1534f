// SPDX-License-Identifier: GPL-2.0-only
/* Attaching to the interfaces of a configuration, as one change that happens or does not. */
#include "plane/attach.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plane/log.h"

int attach_interface(const char *name, unsigned int *ifindex)
{
	struct ifreq request;
	int fd, err = 0;

	*ifindex = if_nametoindex(name);
	if (!*ifindex) {
		plane_log(PLANE_LOG_ERROR, "interface %s does not exist", name);
		return -ENODEV;
	}
	memset(&request, 0, sizeof(request));
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request))
		err = -errno;
	if (fd >= 0)
		close(fd);
	if (err) {
		plane_log(PLANE_LOG_ERROR, "%s: %s", name, strerror(-err));
		return err;
	}
	/* The loopback interface frames as Ethernet does. */
	if (request.ifr_hwaddr.sa_family == ARPHRD_ETHER ||
	    request.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK)
		return 0;
	plane_log(PLANE_LOG_ERROR,
		  "%s: frames of this kind of interface (ARPHRD %u: a tunnel, PPP, …) have no "
		  "Ethernet header; name the interface that carries it",
		  name, request.ifr_hwaddr.sa_family);
	return -EMEDIUMTYPE;
}

/* ---- the set ---- */

static struct attachment *find(struct attachments *set, unsigned int ifindex)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->list[i].ifindex == ifindex)
			return &set->list[i];
	}
	return NULL;
}

static struct attachment *find_or_add(struct attachments *set, unsigned int ifindex)
{
	struct attachment *at = find(set, ifindex);

	if (at || set->count == ATTACH_MAX)
		return at;
	at = &set->list[set->count++];
	*at = (struct attachment){ .ifindex = ifindex, .ingress = HOOK_NONE, .egress = HOOK_NONE };
	return at;
}

/* Takes out what holds nothing. */
static void compact(struct attachments *set)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (set->list[i].ingress.held || set->list[i].egress.held)
			set->list[kept++] = set->list[i];
	}
	set->count = kept;
}

bool attach_holds(const struct attachments *set, enum pin_kind kind)
{
	for (size_t i = 0; i < set->count; i++) {
		if ((set->list[i].ingress.held && set->list[i].ingress.kind == kind) ||
		    (set->list[i].egress.held && set->list[i].egress.kind == kind))
			return true;
	}
	return false;
}

/* ---- adoption ---- */

struct adoption {
	const char *instance;
	struct attachments *set;
};

static int adopt_one(enum pin_kind kind, const struct pin_interface *interface, const char *path,
		     void *ctx)
{
	const struct adoption *adoption = ctx;
	struct attachment *at;
	struct hook hook;
	int err = hook_adopt(kind, interface, path, &hook);

	if (err == -ENOENT)
		return 0;
	if (err == -EXDEV) {
		plane_log(PLANE_LOG_ERROR,
			  "instance '%s' is attached in another network namespace (%s); give this "
			  "one another name (instance: NAME), or detach it there first",
			  adoption->instance, path);
		return -EBUSY;
	}
	if (err) {
		plane_log(PLANE_LOG_ERROR, "%s: %s", path, strerror(-err));
		return err;
	}
	at = find_or_add(adoption->set, interface->ifindex);
	if (!at) {
		hook_forget(&hook);
		return -E2BIG;
	}
	if (kind == PIN_XDP || kind == PIN_DISPATCHER)
		at->ingress = hook;
	else
		at->egress = hook;
	return 0;
}

int attach_adopt(const char *instance, struct attachments *out)
{
	struct attachments set = { .count = 0 };
	struct adoption adoption = { .instance = instance, .set = &set };
	int err = pin_walk(instance, adopt_one, &adoption);

	if (err) {
		attach_forget(&set);
		return err;
	}
	*out = set;
	return 0;
}

/* ---- changes ---- */

typedef int (*attach_fn)(const struct hook_programs *programs, const char *name,
			 unsigned int ifindex, struct hook *out);

static void note_step(struct attach_change *change, struct hook *hook, bool fresh, int old)
{
	change->step[change->count++] =
		(struct attach_step){ .hook = hook, .fresh = fresh, .old = old };
}

static int attach_hook(const char *instance, const struct hook_programs *programs, attach_fn fn,
		       const struct attachment *at, struct hook *hook, struct attach_change *change)
{
	int err;

	if (hook->held)
		return 0;
	err = fn(programs, at->name, at->ifindex, hook);
	if (err)
		return err;
	note_step(change, hook, true, -1);
	err = hook_pin(instance, hook);
	if (err)
		plane_log(PLANE_LOG_ERROR, "%s: cannot be pinned: %s", at->name, strerror(-err));
	return err;
}

static int replace_hook(const char *instance, const struct hook_programs *programs,
			const struct attachment *at, struct hook *hook,
			struct attach_change *change)
{
	int old, err = hook_replace(programs, hook, &old);

	if (!err) {
		note_step(change, hook, false, old);
		err = hook_pin(instance, hook);
	}
	if (err)
		plane_log(PLANE_LOG_ERROR, "%s: the running program cannot be replaced: %s",
			  at->name, strerror(-err));
	return err;
}

/* Marks which interfaces are wanted, new ones among them. */
static int mark_wanted(const struct config *cfg, struct attachments *set)
{
	unsigned int ifindex[CONFIG_INTERFACES_MAX];

	for (size_t i = 0; i < cfg->interface_count; i++) {
		int err = attach_interface(cfg->interfaces[i].name, &ifindex[i]);

		if (err)
			return err;
	}
	for (size_t i = 0; i < set->count; i++)
		set->list[i].wanted = false;
	for (size_t i = 0; i < cfg->interface_count; i++) {
		struct attachment *at = find_or_add(set, ifindex[i]);

		if (!at)
			return -E2BIG;
		at->wanted = true;
		snprintf(at->name, sizeof(at->name), "%s", cfg->interfaces[i].name);
	}
	return 0;
}

static int attach_wanted(const char *instance, const struct hook_programs *programs,
			 struct attachments *set, struct attach_change *change)
{
	for (size_t i = 0; i < set->count; i++) {
		struct attachment *at = &set->list[i];
		int err;

		if (!at->wanted)
			continue;
		err = attach_hook(instance, programs, ingress_attach, at, &at->ingress, change);
		if (!err)
			err = attach_hook(instance, programs, egress_attach, at, &at->egress,
					  change);
		if (err)
			return err;
	}
	return 0;
}

static bool step_done(const struct attach_change *change, size_t before, const struct hook *hook)
{
	for (size_t i = 0; i < before; i++) {
		if (change->step[i].hook == hook)
			return true;
	}
	return false;
}

static int replace_old(const char *instance, const struct hook_programs *programs,
		       struct attachments *set, struct attach_change *change)
{
	size_t attached = change->count;

	for (size_t i = 0; i < set->count; i++) {
		struct attachment *at = &set->list[i];
		struct hook *both[] = { &at->ingress, &at->egress };

		for (size_t h = 0; h < 2; h++) {
			int err = 0;

			if (at->wanted && both[h]->held && !step_done(change, attached, both[h]))
				err = replace_hook(instance, programs, at, both[h], change);
			if (err)
				return err;
		}
	}
	return 0;
}

int attach_begin(const char *instance, const struct hook_programs *programs,
		 const struct config *cfg, bool replace, struct attachments *set,
		 struct attach_change *change)
{
	int err;

	change->count = 0;
	err = mark_wanted(cfg, set);
	/* What is most likely to fail comes first: it leaves what runs untouched. */
	if (!err)
		err = attach_wanted(instance, programs, set, change);
	if (!err && replace)
		err = replace_old(instance, programs, set, change);
	if (err)
		attach_undo(instance, set, change);
	return err;
}

void attach_undo(const char *instance, struct attachments *set, struct attach_change *change)
{
	while (change->count > 0) {
		struct attach_step *step = &change->step[--change->count];

		if (step->fresh) {
			hook_release(instance, step->hook);
		} else if (hook_restore(step->old, step->hook) == 0) {
			hook_pin(instance, step->hook);
		}
		if (step->old >= 0)
			close(step->old);
	}
	compact(set);
}

static int release_one(const char *instance, struct attachment *at)
{
	char name[IF_NAMESIZE];
	int ingress, egress;

	if (at->name[0] || !if_indextoname(at->ifindex, name))
		snprintf(name, sizeof(name), "%s", at->name[0] ? at->name : "(gone)");
	ingress = hook_release(instance, &at->ingress);
	egress = hook_release(instance, &at->egress);
	if (ingress || egress)
		plane_log(PLANE_LOG_ERROR, "%s: cannot be detached: %s", name,
			  strerror(ingress ? -ingress : -egress));
	else
		plane_log(PLANE_LOG_INFO, "%s: detached", name);
	return ingress ? ingress : egress;
}

void attach_commit(const char *instance, struct attachments *set, struct attach_change *change)
{
	while (change->count > 0) {
		const struct attach_step *step = &change->step[--change->count];

		if (step->old >= 0)
			close(step->old);
	}
	for (size_t i = 0; i < set->count; i++) {
		if (!set->list[i].wanted)
			release_one(instance, &set->list[i]);
	}
	compact(set);
}

int attach_pin_again(const char *instance, struct attachments *set)
{
	int first = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct hook *both[] = { &set->list[i].ingress, &set->list[i].egress };

		for (size_t h = 0; h < 2; h++) {
			int err = both[h]->held ? hook_pin_again(instance, both[h]) : 0;

			if (err && !first)
				first = err;
		}
	}
	return first;
}

int attach_release(const char *instance, struct attachments *set)
{
	int first = 0;

	for (size_t i = 0; i < set->count; i++) {
		int err = release_one(instance, &set->list[i]);

		if (err && !first)
			first = err;
	}
	compact(set);
	return first;
}

void attach_forget(struct attachments *set)
{
	for (size_t i = 0; i < set->count; i++) {
		hook_forget(&set->list[i].ingress);
		hook_forget(&set->list[i].egress);
	}
	set->count = 0;
}
