// SPDX-License-Identifier: GPL-2.0-only
/* The packet path run over frames, with maps and a clock of its own. */
#include "plane/run.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plane/clock.h"
#include "plane/hash_key.h"
#include "plane/log.h"
#include "plane/object.h"
#include "plane/rights_needed.h"
#include "plane/tick.h"
#include "policy/apply.h"

/* With a mock clock time is what run_at() says, to the nanosecond; limits still allow for a tick.
 */
#define MOCK_TICK_NS 1000000ULL

static const unsigned char fixed_seed[HASH_SEED_SIZE] = "sipxdp dry run";

struct run {
	struct object *object;
	struct maps maps;
	struct object_programs programs;
	bool real_clock;
	unsigned char number[CONFIG_SERVICES_MAX];
	unsigned char *scratch; /* RUN_OUT_MAX: what the kernel writes back when nobody asks */
};

static int make_maps(struct run *run, const struct config *cfg)
{
	char why[MAPS_MESSAGE_SIZE];
	int fd[MAP_COUNT];
	int err = 0;

	for (int id = 0; id < MAP_COUNT; id++)
		fd[id] = -1;
	for (int id = 0; id < MAP_COUNT && !err; id++) {
		fd[id] = object_make_map(run->object, (enum map_id)id,
					 object_entries(run->object, cfg, (enum map_id)id));
		err = fd[id] < 0 ? fd[id] : object_use_map(run->object, (enum map_id)id, fd[id]);
	}
	if (!err) {
		err = maps_take("", fd, &run->maps, why);
		if (err)
			plane_log(PLANE_LOG_ERROR, "%s", why);
	}
	for (int id = 0; id < MAP_COUNT; id++) {
		if (fd[id] >= 0)
			close(fd[id]);
	}
	return err;
}

static int set_clock(struct run *run)
{
	struct settings *settings = run->maps.settings;
	struct tick tick = { MOCK_TICK_NS, 0 };
	int fd, err = 0;

	if (run->real_clock) {
		fd = object_load_clock();
		if (fd < 0)
			return fd;
		err = tick_measure(fd, &tick);
		close(fd);
	}
	if (err)
		return err;
	settings->tick_ns = tick.tick_ns;
	settings->tick_offset_ns = tick.offset_ns;
	return 0;
}

static int run_begin(struct run *run, const struct config *cfg)
{
	struct settings *settings;
	int err = make_maps(run, cfg);

	if (err)
		return err;
	settings = run->maps.settings;
	settings->layout = SIPXDP_LAYOUT;
	hash_key_derive(cfg->hash_seed_set ? cfg->hash_seed : fixed_seed, settings->hash_key);
	err = set_clock(run);
	if (!err)
		err = object_load(run->object);
	if (!err) {
		run->programs = object_programs(run->object);
		err = apply_config(cfg, &run->maps, run->number);
	}
	if (!err && !run->real_clock)
		run_at(run, RUN_START_NS);
	return err;
}

int run_open(const struct config *cfg, const struct run_options *options, struct run **out)
{
	struct run *run;
	int err = rights_needed();

	if (err)
		return err;
	run = calloc(1, sizeof(*run));
	if (!run)
		return -ENOMEM;
	for (int id = 0; id < MAP_COUNT; id++)
		run->maps.fd[id] = -1;
	run->real_clock = options && options->real_clock;
	run->scratch = malloc(RUN_OUT_MAX);
	err = run->scratch ? object_open(!run->real_clock, &run->object) : -ENOMEM;
	if (!err)
		err = run_begin(run, cfg);
	if (err) {
		run_close(run);
		return err;
	}
	*out = run;
	return 0;
}

void run_close(struct run *run)
{
	if (!run)
		return;
	maps_close(&run->maps);
	object_close(run->object);
	free(run->scratch);
	free(run);
}

int run_apply(struct run *run, const struct config *cfg)
{
	return apply_config(cfg, &run->maps, run->number);
}

void run_at(struct run *run, __u64 now_ns)
{
	object_set_time(run->object, now_ns);
}

int run_program_fd(const struct run *run, enum run_program program)
{
	return program == RUN_INGRESS ? run->programs.ingress : run->programs.egress;
}

int run_frame(struct run *run, enum run_program program, const void *frame, size_t length,
	      void *out, size_t out_size, struct run_result *result)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (__u32)length,
		    .repeat = 1);

	if (length < RUN_FRAME_MIN || length > RUN_FRAME_MAX)
		return -EINVAL;
	/* Without room for the result the kernel says -ENOSPC instead of the length. */
	opts.data_out = run->scratch;
	opts.data_size_out = RUN_OUT_MAX;
	if (bpf_prog_test_run_opts(run_program_fd(run, program), &opts))
		return -errno;
	if (out && opts.data_size_out > out_size)
		return -ENOSPC;
	if (out)
		memcpy(out, run->scratch, opts.data_size_out);
	*result = (struct run_result){ .action = opts.retval, .length = opts.data_size_out };
	return 0;
}

struct maps *run_maps(struct run *run)
{
	return &run->maps;
}

unsigned int run_service(const struct run *run, size_t index)
{
	return index < CONFIG_SERVICES_MAX ? run->number[index] : SERVICE_HOST;
}

int run_clear(struct run *run)
{
	static const enum map_id tables[] = {
		MAP_SOURCES,  MAP_TRUSTED,    MAP_PROVISIONAL,	 MAP_BANS,	    MAP_DIALOGS,
		MAP_CALLS,    MAP_FRAGMENTS,  MAP_REGISTRATIONS, MAP_PREFIX_LIMITS, MAP_SIGHTINGS,
		MAP_COUNTERS, MAP_PLACEMENTS, MAP_CONNECTIONS,
	};
	struct maps *maps = &run->maps;
	int err = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && !err; i++)
		err = maps_clear(maps, tables[i]);
	memset(maps->host_state, 0, sizeof(*maps->host_state));
	for (int i = 0; i < SERVICE_MAX; i++)
		maps->service_state[i] = (struct service_state){
			.maglev_bank = maps->service_state[i].maglev_bank,
			.backends_up = maps->service_state[i].backends_up,
		};
	for (int i = 0; i < BACKEND_MAX; i++)
		maps->backends[i].calls = 0;
	memset(maps->trust_filter, 0, 2 * sizeof(*maps->trust_filter));
	maps->settings->has_bans = 0;
	maps_raise_generation(maps);
	return err;
}
