// SPDX-License-Identifier: GPL-2.0-only
/* Programs, feeder and maps of the BPF_PROG_RUN benchmarks. */
#include "harness.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct harness {
	struct run *run;
	struct bpf_object *feeder, *stages;
	int feed, frames, xdp_target, tc_target; /* maps of the feeder */
	int feed_xdp, feed_tc, null_xdp, null_tc;
	int target; /* program that the feeder goes on into now, -1: none */
	int held;   /* link, see hold_dispatcher() */
};

static int fail(const char *what, int err)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(err < 0 ? -err : err));
	return err < 0 ? err : -err;
}

/* Opens an object; those of its maps that the packet path has too are the same ones. */
static int open_object(const char *directory, const char *name, const struct maps *maps,
		       struct bpf_object **out)
{
	struct bpf_object *object;
	char path[PATH_MAX];
	struct bpf_map *map;
	int err = 0;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	object = bpf_object__open_file(path, NULL);
	if (!object)
		return fail(path, errno);
	for (int id = 0; id < MAP_COUNT && !err; id++) {
		map = bpf_object__find_map_by_name(object, maps_name((enum map_id)id));
		if (map)
			err = bpf_map__reuse_fd(map, maps->fd[id]);
	}
	if (!err)
		err = bpf_object__load(object);
	if (err) {
		bpf_object__close(object);
		return fail(path, err);
	}
	*out = object;
	return 0;
}

static int program_of(const struct bpf_object *object, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);

	return program ? bpf_program__fd(program) : -ENOENT;
}

static int find_feeder(struct harness *h)
{
	h->feed = bpf_object__find_map_fd_by_name(h->feeder, "feed");
	h->frames = bpf_object__find_map_fd_by_name(h->feeder, "frames");
	h->xdp_target = bpf_object__find_map_fd_by_name(h->feeder, "xdp_target");
	h->tc_target = bpf_object__find_map_fd_by_name(h->feeder, "tc_target");
	h->feed_xdp = program_of(h->feeder, "feed_xdp");
	h->feed_tc = program_of(h->feeder, "feed_tc");
	h->null_xdp = program_of(h->feeder, "null_xdp");
	h->null_tc = program_of(h->feeder, "null_tc");
	if (h->feed < 0 || h->frames < 0 || h->xdp_target < 0 || h->tc_target < 0 ||
	    h->feed_xdp < 0 || h->feed_tc < 0 || h->null_xdp < 0 || h->null_tc < 0)
		return fail("xdp.bpf.o lacks something", ENOENT);
	return 0;
}

/* Each BPF_PROG_RUN puts its program into the kernel's XDP dispatcher and takes it out again, and
 * waits for RCU each time. A program that is attached somewhere stays in it: so the feeder is
 * attached to the idle loopback of a network namespace made for that. It only saves time: without
 * it the figures are the same. */
static void hold_dispatcher(struct harness *h)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_SKB_MODE);

	if (!unshare(CLONE_NEWNET))
		h->held = bpf_link_create(h->feed_xdp, (int)if_nametoindex("lo"), BPF_XDP, &opts);
}

int harness_open(const char *directory, const struct config *cfg, struct harness **out)
{
	const struct run_options options = { .real_clock = true };
	struct harness *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return -ENOMEM;
	h->target = -1;
	h->held = -1;
	err = run_open(cfg, &options, &h->run);
	if (!err)
		err = open_object(directory, "xdp.bpf.o", run_maps(h->run), &h->feeder);
	if (!err)
		err = find_feeder(h);
	if (!err)
		hold_dispatcher(h);
	if (!err)
		err = open_object(directory, "stages.bpf.o", run_maps(h->run), &h->stages);
	if (err) {
		harness_close(h);
		return err;
	}
	*out = h;
	return 0;
}

void harness_close(struct harness *h)
{
	if (!h)
		return;
	if (h->held >= 0)
		close(h->held);
	bpf_object__close(h->stages);
	bpf_object__close(h->feeder);
	run_close(h->run);
	free(h);
}

struct run *harness_run(struct harness *h)
{
	return h->run;
}

int harness_put_frame(struct harness *h, uint32_t path, uint32_t index,
		      const struct feed_frame *frame)
{
	uint32_t key = path * FEED_FRAMES + index;

	if (path >= FEED_PATHS || index >= FEED_FRAMES)
		return -EINVAL;
	return bpf_map_update_elem(h->frames, &key, frame, BPF_ANY) ? -errno : 0;
}

int harness_program(const struct harness *h, enum harness_program program)
{
	switch (program) {
	case HARNESS_NULL_XDP: return h->null_xdp;
	case HARNESS_NULL_TC: return h->null_tc;
	case HARNESS_INGRESS: return run_program_fd(h->run, RUN_INGRESS);
	case HARNESS_EGRESS: return run_program_fd(h->run, RUN_EGRESS);
	case HARNESS_PROGRAMS: break;
	}
	return -ENOENT;
}

int harness_stage(const struct harness *h, const char *name)
{
	return program_of(h->stages, name);
}

static int test_run(int program, uint32_t length, unsigned int repeat, double *ns, uint32_t *action)
{
	static unsigned char blank[FEED_FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = blank, .data_size_in = length,
		    .repeat = (int)repeat);

	if (bpf_prog_test_run_opts(program, &opts))
		return -errno;
	*ns = opts.duration;
	*action = opts.retval;
	return 0;
}

int harness_bare(int program, unsigned int repeat, double *ns)
{
	uint32_t action;

	return test_run(program, FEED_FRAME_MAX, repeat, ns, &action);
}

int harness_fed(struct harness *h, const struct harness_feed *feed, int program, bool tc,
		unsigned int repeat, double *ns, uint32_t *action)
{
	struct feed f = { .first = feed->path * FEED_FRAMES,
			  .source = feed->source & ~feed->source_vary,
			  .source_vary = feed->source_vary,
			  .call_vary = feed->call_vary };
	uint32_t zero = 0;
	struct feed last;

	/* Random numbers go on where the last run ended: no two runs see the same order. */
	if (bpf_map_lookup_elem(h->feed, &zero, &last))
		return -errno;
	f.random = last.random;
	if (bpf_map_update_elem(h->feed, &zero, &f, BPF_ANY))
		return -errno;
	if (h->target != program) {
		if (bpf_map_update_elem(tc ? h->tc_target : h->xdp_target, &zero, &program,
					BPF_ANY))
			return -errno;
		h->target = program;
	}
	return test_run(tc ? h->feed_tc : h->feed_xdp, feed->length, repeat, ns, action);
}

int harness_info(int program, struct harness_info *out)
{
	struct bpf_prog_info info;
	__u32 size = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (bpf_obj_get_info_by_fd(program, &info, &size))
		return -errno;
	*out = (struct harness_info){ .verified_insns = info.verified_insns,
				      .insns = info.xlated_prog_len / sizeof(struct bpf_insn),
				      .jited_bytes = info.jited_prog_len };
	return 0;
}
