// SPDX-License-Identifier: GPL-2.0-only
/* libxdp's dispatcher. */
#include "plane/dispatcher.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "plane/log.h"
#include "plane/log_library.h"

bool dispatcher_possible(void)
{
	const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd, err;

	/* Without a target it never loads; the question is whether its type is permitted. */
	log_library_quiet(true);
	fd = bpf_prog_load(BPF_PROG_TYPE_EXT, "sipxdp_ask", "GPL", pass,
			   sizeof(pass) / sizeof(pass[0]), NULL);
	err = errno;
	log_library_quiet(false);
	if (fd >= 0)
		close(fd);
	return fd >= 0 || err != EPERM;
}

int dispatcher_look(unsigned int ifindex, __u32 program_id, struct dispatcher_state *out)
{
	struct dispatcher_state state = { .present = false };
	struct xdp_multiprog *chain = xdp_multiprog__get_from_ifindex((int)ifindex);
	struct xdp_program *program = NULL;
	long err = libxdp_get_error(chain);

	if (err && err != -ENOENT)
		return (int)err;
	if (!err) {
		state.present = !xdp_multiprog__is_legacy(chain);
		state.generic = xdp_multiprog__attach_mode(chain) == XDP_MODE_SKB;
		while (state.present && (program = xdp_multiprog__next_prog(program, chain))) {
			if (program_id && xdp_program__id(program) == program_id)
				state.ours = true;
			else
				state.others++;
		}
		xdp_multiprog__close(chain);
	}
	*out = state;
	return 0;
}

struct xdp_program *dispatcher_program(struct bpf_object *object, const char *name)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts, .obj = object, .prog_name = name);
	struct xdp_program *program = xdp_program__create(&opts);
	long err = libxdp_get_error(program);

	/* libxdp 1.3 does not take it from the section's name. */
	if (!err)
		err = xdp_program__set_xdp_frags_support(program, true);
	if (!err)
		return program;
	plane_log(PLANE_LOG_ERROR, "libxdp: %s: %s", name, strerror((int)-err));
	return NULL;
}

void dispatcher_program_close(struct xdp_program *program)
{
	if (program)
		xdp_program__close(program);
}

/* *alone: libxdp could not make a dispatcher, and had attached the program by itself. */
static int add_in_mode(struct xdp_program *program, unsigned int ifindex, enum xdp_attach_mode mode,
		       bool *alone)
{
	struct dispatcher_state state;
	int err;

	/* What it could not do is said by the caller, in fewer words than libbpf's. */
	log_library_quiet(true);
	err = xdp_program__attach(program, (int)ifindex, mode, 0);
	log_library_quiet(false);
	*alone = false;
	if (err)
		return err;
	err = dispatcher_look(ifindex, 0, &state);
	if (!err && state.present)
		return 0;
	/* That allows no atomic replacement; a link of our own does. */
	*alone = !err;
	xdp_program__detach(program, (int)ifindex, mode, 0);
	return err ? err : -EOPNOTSUPP;
}

/* Errors that generic mode would meet as well. */
static bool final_error(int err)
{
	return err == -EBUSY || err == -EEXIST || err == -EPERM || err == -ENODEV;
}

int dispatcher_add(struct xdp_program *program, unsigned int ifindex, bool *generic)
{
	struct dispatcher_state state;
	bool alone = false;
	int err = dispatcher_look(ifindex, 0, &state);

	if (err)
		return err;
	/* What is there decides; else native first. */
	if (!state.present || !state.generic) {
		err = add_in_mode(program, ifindex, XDP_MODE_NATIVE, &alone);
		if (!err)
			*generic = false;
		/*
		 * Refused by the verifier before anything was attached: as a rule "Extension program
		 * changes packet data, while original does not" (Linux 6.12.6 and newer), of which the
		 * stubs in the dispatcher of libxdp 1.3 know nothing.
		 */
		if (err && dispatcher_program_fd(program) < 0)
			return -ENOEXEC;
		if (!err || alone || state.present || final_error(err))
			return err;
		plane_log(PLANE_LOG_DEBUG, "dispatcher: native refused: %s", strerror(-err));
	}
	err = add_in_mode(program, ifindex, XDP_MODE_SKB, &alone);
	if (!err)
		*generic = true;
	/* The driver's own word must not be taken for "no dispatcher". */
	return err == -EOPNOTSUPP && !alone ? -EINVAL : err;
}

int dispatcher_remove(int program_fd, unsigned int ifindex, bool generic)
{
	struct xdp_program *program = xdp_program__from_fd(program_fd);
	long err = libxdp_get_error(program);

	if (err)
		return (int)err;
	err = xdp_program__detach(program, (int)ifindex, generic ? XDP_MODE_SKB : XDP_MODE_NATIVE,
				  0);
	xdp_program__close(program);
	return (int)err;
}

int dispatcher_program_fd(const struct xdp_program *program)
{
	return xdp_program__fd(program);
}
