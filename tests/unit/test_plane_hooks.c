/* SPDX-License-Identifier: GPL-2.0-only */
/* The two ways of holding a program that a kernel with tcx and without freplace does not take by
 * itself, asked for by name: a clsact filter, and libxdp's dispatcher. On a veth of this test's
 * own network namespace. */
#include "test_plane_fixture.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>

#include "plane/clsact.h"
#include "plane/dispatcher.h"
#include "plane/hook.h"
#include "plane/log.h"
#include "plane/object.h"
#include "plane/pin.h"

static char instance[NAME_SIZE];
static unsigned int ifindex;

static void silent(enum plane_log_level level, const char *text, void *ctx)
{
	(void)level;
	(void)text;
	(void)ctx;
}

static void setup(void)
{
	need_bpf();
	if (unshare(CLONE_NEWNET) ||
	    system("ip link add in type veth peer name out && ip link set in up && "
		   "ip link set out up"))
		cr_skip("needs ip(8) and veth");
	snprintf(instance, sizeof(instance), "hooks-%d", (int)getpid());
	ifindex = if_nametoindex("in");
	plane_log_set(silent, NULL);
}

TestSuite(plane_hooks, .init = setup, .timeout = TEST_TIMEOUT);

static int load(enum bpf_prog_type type, const char *name)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(type, name, "GPL", insns, COUNT(insns), NULL);

	cr_assert_geq(fd, 0, "%s: %s", name, strerror(errno));
	return fd;
}

static __u32 id_of(int fd)
{
	struct bpf_prog_info info;
	__u32 size = sizeof(info);

	memset(&info, 0, sizeof(info));
	cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	return info.id;
}

/* ---- clsact ---- */

Test(plane_hooks, filters_stand_side_by_side_and_each_is_replaced_and_removed_alone)
{
	int first = load(BPF_PROG_TYPE_SCHED_CLS, "first"),
	    second = load(BPF_PROG_TYPE_SCHED_CLS, "second"),
	    third = load(BPF_PROG_TYPE_SCHED_CLS, "third");

	cr_assert_not(clsact_attached(ifindex, id_of(first)), "there is no qdisc yet");
	cr_assert_eq(clsact_detach(ifindex, id_of(first)), -ENOENT);
	cr_assert_eq(clsact_attach(first, ifindex), 0);
	cr_assert_eq(clsact_attach(second, ifindex), 0);
	cr_assert(clsact_attached(ifindex, id_of(first)));
	cr_assert(clsact_attached(ifindex, id_of(second)));

	cr_assert_eq(clsact_replace(third, ifindex, id_of(first)), 0);
	cr_assert_not(clsact_attached(ifindex, id_of(first)));
	cr_assert(clsact_attached(ifindex, id_of(second)));
	cr_assert(clsact_attached(ifindex, id_of(third)));
	cr_assert_eq(clsact_replace(first, ifindex, id_of(first)), -ENOENT);

	cr_assert_eq(clsact_detach(ifindex, id_of(second)), 0);
	cr_assert_not(clsact_attached(ifindex, id_of(second)));
	cr_assert(clsact_attached(ifindex, id_of(third)));
	cr_assert_eq(clsact_detach(ifindex, id_of(third)), 0);
	cr_assert_not(clsact_attached(ifindex, 0));
}

Test(plane_hooks, there_is_an_end_to_the_filters_on_one_interface)
{
	int err = 0, attached = 0;

	for (; !err && attached < 100; attached++)
		err = clsact_attach(load(BPF_PROG_TYPE_SCHED_CLS, "many"), ifindex);
	cr_assert_eq(err, -EBUSY);
	cr_assert_gt(attached, 2);
}

Test(plane_hooks, an_interface_that_is_gone_is_an_error)
{
	int program = load(BPF_PROG_TYPE_SCHED_CLS, "lonely");

	cr_assert_lt(clsact_attach(program, 4242), 0);
	cr_assert_not(clsact_attached(4242, id_of(program)));
}

static struct hook clsact_hook(int program)
{
	cr_assert_eq(clsact_attach(program, ifindex), 0);
	return hook_held(PIN_CLSACT, ifindex, dup(program), false);
}

static int pin_lock_taken = -1;

static void begin_pins(void)
{
	cr_assert_eq(pin_begin(instance, &pin_lock_taken), 0);
}

static void end_pins(void)
{
	cr_assert_eq(pin_remove_all(instance), 0);
	close(pin_lock_taken);
}

/* What a start after a kill finds, and a stop takes away. */
Test(plane_hooks, a_filter_is_pinned_adopted_and_released)
{
	struct pin_interface interface = { .ifindex = ifindex, .netns = pin_netns() };
	int program = load(BPF_PROG_TYPE_SCHED_CLS, "kept");
	struct hook hook, adopted;
	char path[PIN_PATH_SIZE];

	begin_pins();
	hook = clsact_hook(program);
	cr_assert_eq(hook_pin(instance, &hook), 0);
	hook_forget(&hook);
	cr_assert(clsact_attached(ifindex, id_of(program)), "forgetting leaves it attached");

	cr_assert_eq(pin_link_path(instance, PIN_CLSACT, &interface, path), 0);
	cr_assert_eq(hook_adopt(PIN_CLSACT, &interface, path, &adopted), 0);
	cr_assert_eq(hook_program_id(&adopted), id_of(program));
	cr_assert_eq(hook_release(instance, &adopted), 0);
	cr_assert_not(clsact_attached(ifindex, id_of(program)));
	cr_assert_neq(access(path, F_OK), 0, "the pin goes, too");
	cr_assert_eq(hook_release(instance, &adopted), 0, "once more is harmless");
	end_pins();
}

Test(plane_hooks, a_pin_whose_filter_is_gone_is_removed_and_one_elsewhere_is_left)
{
	struct pin_interface here = { .ifindex = ifindex, .netns = pin_netns() };
	struct pin_interface elsewhere = { .ifindex = ifindex, .netns = pin_netns() + 1 };
	int program = load(BPF_PROG_TYPE_SCHED_CLS, "gone");
	char path[PIN_PATH_SIZE];
	struct hook hook;

	begin_pins();
	hook = clsact_hook(program);
	cr_assert_eq(hook_pin(instance, &hook), 0);
	hook_forget(&hook);
	cr_assert_eq(pin_link_path(instance, PIN_CLSACT, &here, path), 0);
	cr_assert_eq(hook_adopt(PIN_CLSACT, &elsewhere, path, &hook), -EXDEV);
	cr_assert_eq(access(path, F_OK), 0);
	cr_assert_eq(clsact_detach(ifindex, id_of(program)), 0);
	cr_assert_eq(hook_adopt(PIN_CLSACT, &here, path, &hook), -ENOENT);
	cr_assert_neq(access(path, F_OK), 0);
	end_pins();
}

Test(plane_hooks, what_is_attached_elsewhere_is_not_released_from_here)
{
	struct hook hook = clsact_hook(load(BPF_PROG_TYPE_SCHED_CLS, "away"));
	__u32 id = hook_program_id(&hook);

	hook.netns++;
	cr_assert_eq(hook_release(instance, &hook), -EXDEV);
	cr_assert(clsact_attached(ifindex, id));
	hook.netns--;
	cr_assert_eq(hook_release(instance, &hook), 0);
}

/* ---- the whole object on clsact ---- */

static struct object *must_load(void)
{
	struct config *cfg =
		config_of("instance: %s\ninterfaces: [in]\ntables: {sources: 1024, trusted: 1024, "
			  "dialogs: 1024, calls: 1024}\n"
			  "services: [{name: a, listen: [\"udp:*:5060\"]}]\n",
			  instance);
	struct object *object;

	cr_assert_eq(object_open(false, &object), 0);
	for (int id = 0; id < MAP_COUNT; id++) {
		__u32 entries = object_entries(object, cfg, (enum map_id)id);
		int fd = object_make_map(object, (enum map_id)id, entries);

		cr_assert_geq(fd, 0);
		cr_assert_eq(object_use_map(object, (enum map_id)id, fd), 0);
		close(fd);
	}
	config_free(cfg);
	return object;
}

Test(plane_hooks, a_filter_is_replaced_and_the_old_one_restored)
{
	struct object *object = must_load();
	struct hook_programs programs = { .object = object };
	struct hook hook = clsact_hook(load(BPF_PROG_TYPE_SCHED_CLS, "before"));
	__u32 before = hook_program_id(&hook);
	int old;

	cr_assert_eq(object_load(object), 0);
	cr_assert_eq(hook_replace(&programs, &hook, &old), 0);
	cr_assert_neq(hook_program_id(&hook), before);
	cr_assert(clsact_attached(ifindex, hook_program_id(&hook)));
	cr_assert_not(clsact_attached(ifindex, before));
	cr_assert_eq(id_of(old), before);

	cr_assert_eq(hook_restore(old, &hook), 0);
	cr_assert(clsact_attached(ifindex, before));
	cr_assert_eq(hook_program_id(&hook), before);
	cr_assert_eq(hook_restore(-1, &hook), -ENOENT);
	cr_assert_eq(hook_release(NULL, &hook), 0);
	close(old);
	object_close(object);
}

/* ---- the dispatcher ---- */

static __u32 xdp_id(void)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	cr_assert_eq(bpf_xdp_query((int)ifindex, 0, &query), 0);
	return query.prog_id;
}

Test(plane_hooks, an_interface_without_programs_has_no_dispatcher)
{
	struct dispatcher_state state = { .present = true };

	cr_assert_eq(dispatcher_look(ifindex, 0, &state), 0);
	cr_assert_not(state.present);
	cr_assert_eq(state.others, 0);
}

Test(plane_hooks, a_program_alone_is_no_dispatcher)
{
	int program = load(BPF_PROG_TYPE_XDP, "alone");
	struct dispatcher_state state;

	cr_assert_eq(bpf_xdp_attach((int)ifindex, program, XDP_FLAGS_SKB_MODE, NULL), 0);
	cr_assert_eq(dispatcher_look(ifindex, id_of(program), &state), 0);
	cr_assert_not(state.present);
	cr_assert_not(state.ours);
	cr_assert(state.generic);
}

/* Where the kernel refuses what the dispatcher is made of, nothing of the attempt is left. */
Test(plane_hooks, a_dispatcher_is_had_or_refused_as_a_whole)
{
	struct object *object = must_load();
	struct xdp_program *program = dispatcher_program(object_bpf(object), OBJECT_INGRESS);
	struct dispatcher_state state;
	bool generic = true;
	int err;

	cr_assert(program);
	err = dispatcher_add(program, ifindex, &generic);
	if (!err) {
		__u32 id = id_of(dispatcher_program_fd(program));

		cr_assert_not(generic);
		cr_assert_eq(dispatcher_look(ifindex, id, &state), 0);
		cr_assert(state.present);
		cr_assert(state.ours);
		cr_assert_eq(state.others, 0);
		cr_assert_eq(dispatcher_remove(dispatcher_program_fd(program), ifindex, generic),
			     0);
	} else if (dispatcher_possible()) { /* the kernel wants a newer libxdp for it */
		cr_assert_eq(err, -ENOEXEC, "%s", strerror(-err));
	} else {
		cr_assert_eq(err, -EOPNOTSUPP, "%s", strerror(-err));
	}
	cr_assert_eq(xdp_id(), 0);
	dispatcher_program_close(program);
	object_close(object);
}
