// SPDX-License-Identifier: GPL-2.0-only
/* Runs frames through the programs and says what rose where. */
#include "rig.h"

#include <criterion/logging.h>

#include <errno.h>

#include "../unit/test_plane_fixture.h"

#define SMALL_TABLES                                                                               \
	"tables: {sources: 4096, trusted: 4096, provisional: 4096, dialogs: 4096, calls: 1024,\n"  \
	"         bans: 4096, registrations: 1024, fragments: 4096, networks: 1024}\n"
#define SMALL_TAP "tap: {buffer_bytes: 1048576}\n"

static struct run *run;
static __u64 elapsed_ns;

static struct config *configuration(const char *yaml)
{
	return config_of("interfaces: [lo]\n%s%s%s", yaml,
			 strstr(yaml, "\ntables:") ? "" : SMALL_TABLES,
			 strstr(yaml, "\ntap:") ? "" : SMALL_TAP);
}

void rig_open_with(const char *yaml, const struct run_options *options)
{
	struct config *cfg;
	int err;

	need_bpf();
	cfg = configuration(yaml);
	err = run_open(cfg, options, &run);
	config_free(cfg);
	if (err == -EPERM)
		cr_skip_test("needs the right to load BPF programs");
	cr_assert_eq(err, 0, "%s", strerror(-err));
	elapsed_ns = 0;
}

void rig_open(const char *yaml)
{
	rig_open_with(yaml, NULL);
}

void rig_close(void)
{
	run_close(run);
	run = NULL;
}

void rig_reload(const char *yaml)
{
	struct config *cfg = configuration(yaml);
	int err = run_apply(run, cfg);

	config_free(cfg);
	cr_assert_eq(err, 0, "%s", strerror(-err));
}

void rig_clear(void)
{
	cr_assert_eq(run_clear(run), 0);
}

struct run *rig_run(void)
{
	return run;
}

struct maps *rig_maps(void)
{
	return run_maps(run);
}

void rig_at(__u64 ns)
{
	elapsed_ns = ns;
	run_at(run, rig_now());
}

__u64 rig_now(void)
{
	return RUN_START_NS + elapsed_ns;
}

void rig_wait(__u64 ns)
{
	rig_at(elapsed_ns + ns);
}

void rig_run_cases(const char *yaml, const struct rig_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i)
			rig_reload(yaml);
		rig_clear();
		rig_wait(24 * HOUR);
		cr_log_info("%s", cases[i].name);
		cases[i].run();
	}
}

/* ---- names ---- */

const char *rig_reason_name(enum reason reason)
{
	static const char *const names[REASON_SLOTS] = {
#define X(id, name, help) [PASS_##id] = "pass " #name,
		PASS_REASONS(X)
#undef X
#define X(id, name, help) [DROP_##id] = "drop " #name,
			DROP_REASONS(X)
#undef X
	};
	const char *name = names[reason % REASON_SLOTS];

	return name ? name : "?";
}

const char *rig_class_name(enum traffic_class class)
{
	static const char *const names[CLASS_SLOTS] = {
#define X(id, name, help) [CLASS_##id] = name,
		TRAFFIC_CLASSES(X)
#undef X
	};
	const char *name = names[class % CLASS_SLOTS];

	return name ? name : "?";
}

/* ---- counters ---- */

static union counter_row before[COUNTER_ROWS], after[COUNTER_ROWS];

static int keep_row(__u32 row, const union counter_row *sum, void *ctx)
{
	union counter_row *rows = ctx;

	rows[row] = *sum;
	return 0;
}

static void read_counters(union counter_row rows[COUNTER_ROWS])
{
	memset(rows, 0, COUNTER_ROWS * sizeof(rows[0]));
	cr_assert_eq(maps_walk_counters(rig_maps(), keep_row, rows), 0);
}

static const char *cell_name(__u32 row, __u32 reason)
{
	static char text[128];

	snprintf(text, sizeof(text), "service %u, %s, %s%s", row / CLASS_SLOTS / 2,
		 rig_class_name(row % CLASS_SLOTS), rig_reason_name(reason),
		 row / CLASS_SLOTS % 2 ? " (would drop)" : "");
	return text;
}

/* Every cell: the wanted one rose by this packet, the others not at all. */
static void compare_counters(const char *name, const struct rig_want *want, size_t length)
{
	__u32 wanted = COUNTER_ROW(want->service, want->would_drop, want->class);
	bool there = false;

	for (__u32 row = 0; row < COUNTER_ROWS; row++) {
		for (__u32 reason = 0; reason < REASON_SLOTS; reason++) {
			const struct packet_count *old = &before[row].by_reason[reason];
			const struct packet_count *new = &after[row].by_reason[reason];
			bool is_wanted = !want->nothing && row == wanted && reason == want->reason;
			__u64 packets = new->packets - old->packets,
			      bytes = new->bytes - old->bytes;

			there |= is_wanted && packets;
			if (!packets && !bytes)
				continue;
			cr_expect(is_wanted, "%s: counted as %s", name, cell_name(row, reason));
			cr_expect_eq(packets, 1, "%s: counted %llu times", name,
				     (unsigned long long)packets);
			cr_expect_eq(bytes, length, "%s: %llu bytes counted of %zu", name,
				     (unsigned long long)bytes, length);
		}
	}
	cr_expect(there || want->nothing, "%s: not counted as %s", name,
		  cell_name(wanted, want->reason));
}

static bool wants_drop(const struct rig_want *want)
{
	return !want->nothing && !want->would_drop && want->reason >= REASON_DROP_BASE;
}

static __u32 run_in(const struct frame *frame)
{
	static unsigned char out[RUN_OUT_MAX];
	struct run_result result;
	int err = run_frame(run, RUN_INGRESS, frame->octets, frame->length, out, sizeof(out),
			    &result);

	cr_assert_eq(err, 0, "%s", strerror(-err));
	cr_expect_eq(result.length, frame->length, "the frame changed its length");
	cr_expect(!memcmp(out, frame->octets, frame->length), "the frame was changed");
	cr_expect(result.action == XDP_PASS || result.action == XDP_DROP, "XDP action %u",
		  result.action);
	return result.action;
}

void rig_check(const char *name, const struct frame *frame, const struct rig_want *want)
{
	__u32 action, wanted = wants_drop(want) ? XDP_DROP : XDP_PASS;

	read_counters(before);
	action = run_in(frame);
	read_counters(after);
	cr_expect_eq(action, wanted, "%s: XDP action %u instead of %u", name, action, wanted);
	compare_counters(name, want, frame->length);
}

void rig_expect(const char *name, const struct frame_spec *spec, const struct rig_want *want)
{
	struct frame frame;

	frame_build(&frame, spec);
	rig_check(name, &frame, want);
}

void rig_expect_reason(const char *name, const struct frame_spec *spec, enum traffic_class class,
		       enum reason reason)
{
	rig_expect(name, spec, &(struct rig_want){ .class = class, .reason = reason });
}

bool rig_passes(const struct frame *frame)
{
	return run_in(frame) == XDP_PASS;
}

bool rig_sends(const struct frame_spec *spec)
{
	struct frame frame;

	frame_build(&frame, spec);
	return rig_passes(&frame);
}

void rig_reply(const struct frame_spec *spec)
{
	static unsigned char out[RUN_OUT_MAX];
	struct run_result result;
	struct frame frame;
	int err;

	frame_build(&frame, spec);
	err = run_frame(run, RUN_EGRESS, frame.octets, frame.length, out, sizeof(out), &result);
	cr_assert_eq(err, 0, "%s", strerror(-err));
	cr_expect_eq((__s32)result.action, -1, "TC action %d", (__s32)result.action);
	cr_expect_eq(result.length, frame.length, "the frame changed its length");
	cr_expect(!memcmp(out, frame.octets, frame.length), "the frame was changed");
}

__u64 rig_counted(enum traffic_class class, enum reason reason)
{
	union counter_row row;

	cr_assert_eq(maps_counters(rig_maps(), COUNTER_ROW(0, 0, class), &row), 0);
	return row.by_reason[reason].packets;
}

static int add_row(__u32 row, const union counter_row *sum, void *ctx)
{
	__u64 *total = ctx;

	(void)row;
	for (__u32 reason = 0; reason < REASON_SLOTS; reason++)
		*total += sum->by_reason[reason].packets;
	return 0;
}

__u64 rig_counted_all(void)
{
	__u64 total = 0;

	cr_assert_eq(maps_walk_counters(rig_maps(), add_row, &total), 0);
	return total;
}
