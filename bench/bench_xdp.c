// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a packet costs on each way through the XDP program and the tc one, with BPF_PROG_RUN and 256
 * varied packets in random order, and what each stage adds to it.
 *
 *	bench_xdp [--rounds N] [--repeat N] [--cpu N] [--json FILE] [--paths TEXT]
 *
 * A round measures, one after the other: the null program; for each path the feeder with the null
 * program behind it, and the feeder with the real program behind it. What a path costs in that
 * round is the difference of the latter two, plus the null program.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness.h"
#include "paths.h"
#include "routes.h"
#include "plane/tap.h"
#include "series.h"
#include "stages.h"

#define ROUNDS	      15
#define REPEAT	      200000
#define WARM	      20000  /* packets before the first round */
#define WARM_SOURCES  600000 /* the same, so that nearly each of 65,536 sources comes up */
#define DRAIN_AFTER   4096   /* records that the ring surely holds */
#define TAILS_AFTER   8192   /* later fragments, of which 256 datagrams may have 128 each */
#define COUNTED_RIGHT 0.999  /* of the packets of a path must be counted as it says */
#define FILL_RING     40000

enum {
	STAGES = 0
#define X(name, text) +1
	PATH_STAGES(X) SCAN_STAGES(X)
#undef X
};

struct options {
	unsigned int rounds, repeat;
	int cpu;
	const char *json;
	const char *only; /* paths whose names contain it; NULL: all */
};

/* One thing that is measured, and what was. */
struct subject {
	const char *name;
	size_t path; /* whose frames and maps it takes */
	int program;
	bool tc;
	bool stage;
	bool skip;
	double goal;
	struct harness_feed feed;
	struct series fed_null; /* feeder and null program */
	struct series fed;	/* feeder and program */
	struct series cost;	/* difference, plus the null program */
};

struct bench {
	struct options options;
	struct harness *h;
	struct tap *tap;
	struct series null_xdp, null_tc;
	struct subject subject[FEED_PATHS + STAGES];
	size_t count;
};

static int fail(const char *what, int err)
{
	fprintf(stderr, "bench_xdp: %s: %s\n", what, strerror(err < 0 ? -err : err));
	return err < 0 ? err : -err;
}

/* ---- subjects ---- */

static struct subject *add_subject(struct bench *b, const char *name, size_t path)
{
	struct subject *s = &b->subject[b->count++];

	*s = (struct subject){ .name = name, .path = path, .goal = paths[path].goal };
	s->tc = paths[path].sources == FROM_SERVER;
	s->program = harness_program(b->h, s->tc ? HARNESS_EGRESS : HARNESS_INGRESS);
	s->skip = b->options.only && !strstr(name, b->options.only);
	return s;
}

static int add_paths(struct bench *b)
{
	int err = 0;

	for (size_t i = 0; i < path_count && !err; i++) {
		struct subject *s = add_subject(b, paths[i].name, i);

		err = path_make(b->h, i, &s->feed);
		if (err)
			fail(s->name, err);
	}
	return err;
}

/* name: of a program of stages.bpf.o, text: what the table calls it. */
static int add_stage(struct bench *b, const char *name, const char *text)
{
	const size_t path = path_of_stages();
	struct subject *s = add_subject(b, text, path);

	s->stage = true;
	s->goal = 0;
	s->skip = b->options.only && !strstr("stages", b->options.only);
	s->feed = b->subject[path].feed;
	s->program = harness_stage(b->h, name);
	return s->program < 0 ? fail(name, s->program) : 0;
}

static int add_stages(struct bench *b)
{
	int err = 0;

#define X(name, text)                                                                              \
	if (!err)                                                                                  \
		err = add_stage(b, "upto_" #name, text);
	PATH_STAGES(X)
#undef X
#define X(name, text)                                                                              \
	if (!err)                                                                                  \
		err = add_stage(b, "upto_scan_" #name, text);
	SCAN_STAGES(X)
#undef X
	return err;
}

/* ---- measuring ---- */

static uint32_t action_of(const struct subject *s)
{
	if (s->tc)
		return (uint32_t)TC_ACT_UNSPEC;
	if (paths[s->path].service == SERVICE_NAT || paths[s->path].service == SERVICE_IPIP)
		return XDP_REDIRECT;
	return paths[s->path].verdict == VERDICT_DROP ? XDP_DROP : XDP_PASS;
}

/* Says on what ways a path's packets went instead. */
static int print_counted(__u32 row, const union counter_row *sum, void *ctx)
{
	(void)ctx;
	for (unsigned int i = 0; i < REASON_SLOTS; i++) {
		if (sum->by_reason[i].packets)
			fprintf(stderr, "  service %u, class %u, reason %u: %llu\n",
				row / CLASS_SLOTS / 2, row % CLASS_SLOTS, i,
				(unsigned long long)sum->by_reason[i].packets);
	}
	return 0;
}

static int run_fed(struct bench *b, struct subject *s, unsigned int repeat, double *ns)
{
	uint32_t action;
	int err = harness_fed(b->h, &s->feed, s->program, s->tc, repeat, ns, &action);

	if (!err && action != action_of(s)) {
		fprintf(stderr, "bench_xdp: %s: came to action %d instead of %d\n", s->name,
			(int)action, (int)action_of(s));
		maps_walk_counters(run_maps(harness_run(b->h)), print_counted, NULL);
		return -EBADMSG;
	}
	return err;
}

static void take_record(const struct tap_record *record, void *ctx)
{
	(void)record;
	(void)ctx;
}

static int drain(struct bench *b)
{
	int n;

	do
		n = tap_drain(b->tap, 0);
	while (n > 0);
	return n;
}

/* Packets that may be run before the maps must be looked after; 0: any number. */
static unsigned int part_of(const struct path *p)
{
	if (p->tap == TAP_DRAINED)
		return DRAIN_AFTER;
	return p->payload == PAYLOAD_TAIL ? TAILS_AFTER : 0;
}

/* In parts: the ring is emptied between them, and first fragments are sent again. None of that is
 * in the figure. */
static int run_parts(struct bench *b, struct subject *s, unsigned int repeat, double *ns)
{
	const unsigned int part = part_of(&paths[s->path]);
	unsigned int done = 0;
	double sum = 0;
	int err = 0;

	while (done < repeat && !err) {
		err = drain(b);
		if (!err)
			err = path_prepare(b->h, s->path);
		if (!err)
			err = run_fed(b, s, part, ns);
		sum += *ns * part;
		done += part;
	}
	*ns = sum / done;
	return err;
}

static int run_path(struct bench *b, struct subject *s, unsigned int repeat, double *ns)
{
	const struct path *p = &paths[s->path];
	int err;

	if (part_of(p))
		return run_parts(b, s, repeat, ns);
	err = path_prepare(b->h, s->path);
	if (!err && p->tap == TAP_FULL)
		err = run_fed(b, s, FILL_RING, ns);
	return err ? err : run_fed(b, s, repeat, ns);
}

static int measure(struct bench *b, struct subject *s)
{
	const unsigned int repeat = b->options.repeat;
	const struct series *of_path = &b->subject[s->path].fed_null;
	double fed_null, fed, null;
	uint32_t action;
	int err = 0;

	if (s->stage && of_path->count)
		fed_null = of_path->value[of_path->count - 1];
	else
		err = harness_fed(b->h, &s->feed,
				  harness_program(b->h, s->tc ? HARNESS_NULL_TC : HARNESS_NULL_XDP),
				  s->tc, repeat, &fed_null, &action);
	if (!err)
		err = run_path(b, s, repeat, &fed);
	if (err)
		return fail(s->name, err);
	null = (s->tc ? &b->null_tc : &b->null_xdp)->value[b->null_xdp.count - 1];
	series_add(&s->fed_null, fed_null);
	series_add(&s->fed, fed);
	series_add(&s->cost, fed - fed_null + null);
	return 0;
}

static int measure_null(struct bench *b)
{
	double xdp, tc;
	int err = harness_bare(harness_program(b->h, HARNESS_NULL_XDP), b->options.repeat, &xdp);

	if (!err)
		err = harness_bare(harness_program(b->h, HARNESS_NULL_TC), b->options.repeat, &tc);
	if (err)
		return fail("null program", err);
	series_add(&b->null_xdp, xdp);
	series_add(&b->null_tc, tc);
	return 0;
}

/* Do the packets take the path? Its sources get their rows by that. */
static int check(struct bench *b, struct subject *s)
{
	const struct path *p = &paths[s->path];
	const unsigned int packets = p->sources == FROM_65536 ? WARM_SOURCES : WARM;
	uint64_t before, after;
	double ns;
	int err;

	err = run_path(b, s, packets, &ns);
	if (err || p->verdict == VERDICT_COUNT || s->stage)
		return err;
	err = path_counted(b->h, s->path, &before);
	if (!err)
		err = run_path(b, s, WARM, &ns);
	if (!err)
		err = path_counted(b->h, s->path, &after);
	if (!err && (double)(after - before) < COUNTED_RIGHT * WARM) {
		fprintf(stderr, "bench_xdp: %s: %llu packets of %d took that way\n", s->name,
			(unsigned long long)(after - before), WARM);
		maps_walk_counters(run_maps(harness_run(b->h)), print_counted, NULL);
		return -EBADMSG;
	}
	return err;
}

/* Those that turn tables over come last, and only once the others are done. */
static int measure_all(struct bench *b, bool inserts)
{
	int err = 0;

	for (size_t i = 0; i < b->count && !err; i++) {
		if (!b->subject[i].skip && paths[b->subject[i].path].inserts == inserts)
			err = check(b, &b->subject[i]);
	}
	for (unsigned int round = 0; round < b->options.rounds && !err; round++) {
		err = measure_null(b);
		for (size_t i = 0; i < b->count && !err; i++) {
			if (!b->subject[i].skip && paths[b->subject[i].path].inserts == inserts)
				err = measure(b, &b->subject[i]);
		}
	}
	return err;
}

/* ---- results ---- */

static double ratio(const struct bench *b, const struct subject *s)
{
	return series_median(&s->cost) / series_median(s->tc ? &b->null_tc : &b->null_xdp);
}

/* The least of what it can have cost: differences of single rounds would flatter. */
static double least(const struct bench *b, const struct subject *s)
{
	return series_least(&s->fed) - series_least(&s->fed_null) +
	       series_least(s->tc ? &b->null_tc : &b->null_xdp);
}

static void print_null(const char *name, const struct series *s)
{
	printf("%-42s %7.0f %7.0f %5.0f-%-5.0f %6.1f\n", name, series_median(s), series_least(s),
	       series_part(s, 0.25), series_part(s, 0.75), 1.0);
}

static void print_paths(const struct bench *b)
{
	printf("%-42s %7s %7s %11s %6s %6s\n", "path, ns a packet", "median", "least", "quartiles",
	       "x null", "goal");
	print_null("null XDP program", &b->null_xdp);
	for (size_t i = 0; i < b->count; i++) {
		const struct subject *s = &b->subject[i];

		if (s->skip || s->stage)
			continue;
		if (s->tc && i && !b->subject[i - 1].tc)
			print_null("null tc program", &b->null_tc);
		printf("%-42s %7.0f %7.0f %5.0f-%-5.0f %6.1f", s->name, series_median(&s->cost),
		       least(b, s), series_part(&s->cost, 0.25), series_part(&s->cost, 0.75),
		       ratio(b, s));
		if (s->goal > 0)
			printf(" %6.1f %s", s->goal, ratio(b, s) <= s->goal ? "met" : "missed");
		putchar('\n');
	}
}

/* What a stage adds is told from the least of both: medians of a busy machine do not add up. */
static void print_stages(const struct bench *b)
{
	static const char *const titles[] = { "stages of an unknown INVITE, ns",
					      "steps of the scanner alone, ns" };
	const int scanner = harness_stage(b->h, "upto_scan_begin");
	double before = 0;
	bool first = true;

	for (size_t i = 0; i < b->count; i++) {
		const struct subject *s = &b->subject[i];

		if (s->skip || !s->stage)
			continue;
		if (first || s->program == scanner) {
			printf("\n%-42s %7s %7s %7s\n", titles[s->program == scanner], "so far",
			       "least", "adds");
			before = series_least(&b->null_xdp);
		}
		printf("%-42s %7.0f %7.0f %+7.0f\n", s->name, series_median(&s->cost), least(b, s),
		       least(b, s) - before);
		before = least(b, s);
		first = false;
	}
}

static void print_programs(const struct bench *b)
{
	static const char *const names[] = { "ingress (XDP)", "egress (tc)" };
	static const enum harness_program programs[] = { HARNESS_INGRESS, HARNESS_EGRESS };
	struct harness_info info;

	printf("\n%-20s %22s %14s %10s\n", "program", "verifier instructions", "instructions",
	       "JIT bytes");
	for (size_t i = 0; i < 2; i++) {
		if (!harness_info(harness_program(b->h, programs[i]), &info))
			printf("%-20s %22u %14u %10u\n", names[i], info.verified_insns, info.insns,
			       info.jited_bytes);
	}
}

static json_t *json_of(const struct bench *b, const struct subject *s)
{
	return json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:f}", "name", s->name, "median_ns",
			 series_median(&s->cost), "least_ns", least(b, s), "quartile1_ns",
			 series_part(&s->cost, 0.25), "quartile3_ns", series_part(&s->cost, 0.75),
			 "times_null", ratio(b, s), "feeder_ns", series_median(&s->fed_null));
}

static json_t *json_program(const struct bench *b, enum harness_program program)
{
	struct harness_info info = { 0 };

	harness_info(harness_program(b->h, program), &info);
	return json_pack("{s:i, s:i, s:i}", "verifier_instructions", info.verified_insns,
			 "instructions", info.insns, "jit_bytes", info.jited_bytes);
}

static int write_json(const struct bench *b)
{
	json_t *rows = json_array(), *stages = json_array(), *all;
	int err;

	for (size_t i = 0; i < b->count; i++) {
		const struct subject *s = &b->subject[i];
		json_t *row;

		if (s->skip)
			continue;
		row = json_of(b, s);
		if (s->goal > 0) {
			json_object_set_new(row, "goal_times_null", json_real(s->goal));
			json_object_set_new(row, "goal_met", json_boolean(ratio(b, s) <= s->goal));
		}
		json_array_append_new(s->stage ? stages : rows, row);
	}
	all = json_pack("{s:i, s:i, s:i, s:f, s:f, s:o, s:o, s:o, s:o}", "messages", FEED_FRAMES,
			"rounds", b->options.rounds, "repeat", b->options.repeat, "null_xdp_ns",
			series_median(&b->null_xdp), "null_tc_ns", series_median(&b->null_tc),
			"ingress", json_program(b, HARNESS_INGRESS), "egress",
			json_program(b, HARNESS_EGRESS), "paths", rows, "stages", stages);
	err = all ? json_dump_file(all, b->options.json, JSON_INDENT(2)) : -1;
	json_decref(all);
	return err ? fail(b->options.json, EIO) : 0;
}

static int print_results(const struct bench *b)
{
	printf("BPF_PROG_RUN, %d varied packets in random order, median of %u rounds of %u "
	       "packets\n",
	       FEED_FRAMES, b->options.rounds, b->options.repeat);
	print_paths(b);
	print_stages(b);
	print_programs(b);
	return b->options.json ? write_json(b) : 0;
}

/* ---- ---- */

static int pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return fail("--cpu", errno);
	setpriority(PRIO_PROCESS, 0, -20);
	return 0;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option names[] = { { "rounds", required_argument, NULL, 'r' },
					       { "repeat", required_argument, NULL, 'n' },
					       { "cpu", required_argument, NULL, 'c' },
					       { "json", required_argument, NULL, 'j' },
					       { "paths", required_argument, NULL, 'p' },
					       { NULL, 0, NULL, 0 } };
	int key;

	while ((key = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (key) {
		case 'r': o->rounds = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 'n': o->repeat = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 'c': o->cpu = atoi(optarg); break;
		case 'j': o->json = optarg; break;
		case 'p': o->only = optarg; break;
		default: return -EINVAL;
		}
	}
	if (!o->rounds || 2 * o->rounds > SERIES_MAX || !o->repeat || o->repeat > INT_MAX / 2 ||
	    optind != argc)
		return -EINVAL;
	return 0;
}

/* Where this executable is, the BPF objects are. */
static int directory_of_self(char path[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

	if (length < 0)
		return fail("/proc/self/exe", errno);
	path[length] = '\0';
	dirname(path); /* cuts it where the last '/' was */
	return 0;
}

static int prepare(struct bench *b)
{
	struct config_errors errors;
	char directory[PATH_MAX];
	struct config *cfg;
	int err = config_parse(path_config, strlen(path_config), "bench", &cfg, &errors);
	if (err) {
		config_errors_print(&errors, stderr);
		return err;
	}
	err = directory_of_self(directory);
	if (!err)
		err = harness_open(directory, cfg, &b->h);
	config_free(cfg);
	if (!err) /* in the network namespace that harness_open() has made */
		err = routes_make();
	if (!err)
		err = tap_open(run_maps(harness_run(b->h)), take_record, b, &b->tap);
	if (!err)
		err = add_paths(b);
	return err ? err : add_stages(b);
}

int main(int argc, char **argv)
{
	static struct bench b = { .options = { .rounds = ROUNDS, .repeat = REPEAT, .cpu = -1 } };
	int err;

	b.options.cpu = (int)sysconf(_SC_NPROCESSORS_ONLN) - 1;
	if (parse_options(argc, argv, &b.options)) {
		fprintf(stderr,
			"usage: bench_xdp [--rounds 1..%d] [--repeat N] [--cpu N] "
			"[--json FILE] [--paths TEXT]\n",
			SERIES_MAX / 2);
		return 2;
	}
	if (geteuid() != 0) {
		puts("SKIP bench_xdp: needs root");
		return 0;
	}
	err = pin(b.options.cpu);
	if (!err)
		err = prepare(&b);
	if (!err)
		err = measure_all(&b, false);
	if (!err)
		err = measure_all(&b, true);
	if (!err)
		err = print_results(&b);
	tap_close(b.tap);
	harness_close(b.h);
	return err ? 1 : 0;
}
