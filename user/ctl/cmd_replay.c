/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl replay: the packet path run over a capture, each frame at the time it was captured. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/capture.h"
#include "ctl/counters.h"
#include "ctl/ctl.h"
#include "ctl/direction.h"
#include "ctl/instance.h"
#include "ctl/options.h"
#include "ctl/report.h"
#include "plane/run.h"
#include "policy/config.h"

struct replay {
	const struct config *cfg;
	const struct prefix *local; /* NULL: wherever a wildcard listens */
	struct run *run;
	uint64_t first_unix_ns;
	uint64_t last_unix_ns;
	uint64_t frames;
	uint64_t ingress;
	uint64_t egress;
	uint64_t late;	  /* captured before the one in front of them: run at its time */
	uint64_t refused; /* by BPF_PROG_RUN */
	uint64_t skipped[CAPTURE_SKIP_COUNT];
};

static enum run_program program_of(const struct replay *replay, const struct capture_frame *frame)
{
	switch (frame->direction) {
	case CAPTURE_TO_HOST: return RUN_INGRESS;
	case CAPTURE_FROM_HOST: return RUN_EGRESS;
	case CAPTURE_UNKNOWN:
	case CAPTURE_OTHER: break;
	}
	if (direction_is_from_service(replay->cfg, replay->local, frame->data, frame->length))
		return RUN_EGRESS;
	return RUN_INGRESS;
}

/* The clock of a run never goes back; captures of several queues do, by a little. */
static void set_clock(struct replay *replay, uint64_t unix_ns)
{
	if (replay->frames == 1)
		replay->first_unix_ns = replay->last_unix_ns = unix_ns;
	if (unix_ns < replay->last_unix_ns)
		replay->late++;
	else
		replay->last_unix_ns = unix_ns;
	run_at(replay->run, RUN_START_NS + (replay->last_unix_ns - replay->first_unix_ns));
}

static void replay_frame(struct replay *replay, const struct capture_frame *frame)
{
	enum run_program program;
	struct run_result result;

	replay->frames++;
	set_clock(replay, frame->unix_ns);
	if (frame->skip != CAPTURE_WHOLE) {
		replay->skipped[frame->skip]++;
		return;
	}
	program = program_of(replay, frame);
	if (run_frame(replay->run, program, frame->data, frame->length, NULL, 0, &result))
		replay->refused++;
	else if (program == RUN_INGRESS)
		replay->ingress++;
	else
		replay->egress++;
}

/* A capture that breaks off still has an answer up to there; the exit code tells. */
static int replay_file(struct replay *replay, const char *path)
{
	char message[CAPTURE_MESSAGE_SIZE];
	struct capture *capture;
	struct capture_frame frame;
	int got;

	if (capture_open(path, &capture, message))
		return ctl_fail(CTL_NO, "%s: %s", path, message);
	while ((got = capture_next(capture, &frame, message)) > 0)
		replay_frame(replay, &frame);
	capture_close(capture);
	if (got < 0)
		return ctl_fail(CTL_NO, "%s: frame %llu: %s", path,
				(unsigned long long)replay->frames + 1, message);
	return CTL_DONE;
}

static const struct report_column frame_columns[] = {
	{ .title = "FRAMES", .key = "outcome" },
	{ .title = "COUNT", .key = "frames", .align = ALIGN_RIGHT },
};
#define FRAME_COLUMNS (sizeof(frame_columns) / sizeof(frame_columns[0]))

static void report_frames(struct report *report, const struct replay *replay, uint64_t counted)
{
	const struct {
		const char *outcome;
		uint64_t frames;
	} always[] = {
		{ "read", replay->frames },
		{ "to-a-service", counted },
		{ "not-for-a-service", replay->ingress > counted ? replay->ingress - counted : 0 },
		{ "from-the-host", replay->egress },
	};

	report_next(report, "frames", frame_columns, FRAME_COLUMNS);
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		report_string(report, always[i].outcome);
		report_number(report, always[i].frames);
	}
	for (int skip = CAPTURE_WHOLE + 1; skip < CAPTURE_SKIP_COUNT; skip++) {
		char name[64];

		if (!replay->skipped[skip])
			continue;
		snprintf(name, sizeof(name), "skipped-%s", capture_skip_name(skip));
		report_string(report, name);
		report_number(report, replay->skipped[skip]);
	}
	if (replay->refused) {
		report_string(report, "skipped-refused-by-kernel");
		report_number(report, replay->refused);
	}
	if (replay->late) {
		report_string(report, "out-of-order");
		report_number(report, replay->late);
	}
}

static int report_replay(const struct replay *replay)
{
	struct counters *counters = malloc(sizeof(*counters));
	struct report *report;
	int code;

	if (!counters)
		return ctl_fail(CTL_NO, "out of memory");
	code = counters_read(run_maps(replay->run), counters);
	if (!code) {
		report = counters_report("replay", run_maps(replay->run), counters, NULL);
		if (report)
			report_frames(report, replay, counters_sum(counters));
		code = report_close(report);
	}
	free(counters);
	return code;
}

static int load_config(const char *path, struct config **cfg)
{
	struct config_errors *errors = malloc(sizeof(*errors));
	int err = errors ? config_load(path, cfg, errors) : -ENOMEM;

	if (err && errors)
		config_errors_print(errors, stderr);
	free(errors);
	if (err == -EACCES || err == -EPERM)
		return CTL_NOT_PERMITTED;
	return err ? CTL_NO : CTL_DONE;
}

static int run_all(struct replay *replay, const char *path)
{
	int code, broken, err;

	instance_log_errors();
	err = run_open(replay->cfg, NULL, &replay->run);
	if (err == -EPERM)
		return ctl_fail(CTL_NOT_PERMITTED, "replay loads programs, which needs root");
	if (err)
		return CTL_UNREACHABLE; /* has been logged */
	/* Nobody reads this tap. */
	run_maps(replay->run)->settings->tap_bytes = 0;
	broken = replay_file(replay, path);
	code = replay->frames || !broken ? report_replay(replay) : CTL_DONE;
	run_close(replay->run);
	return code ? code : broken;
}

int cmd_replay(int argc, char **argv)
{
	const char *config_path = NULL, *local_text = NULL;
	struct replay replay = { .frames = 0 };
	const struct ctl_option options[] = {
		{ .name = "config",
		  .letter = 'c',
		  .kind = OPTION_TEXT,
		  .placeholder = "FILE",
		  .help = "the configuration to try",
		  .to.text = &config_path },
		{ .name = "local",
		  .kind = OPTION_TEXT,
		  .placeholder = "ADDR[/LEN]",
		  .help = "what a wildcard listens on, to tell requests from replies",
		  .to.text = &local_text },
		{ .kind = OPTION_END },
	};
	struct prefix local;
	struct config *cfg;
	int code;

	if (!options_parse(&argc, argv, options, 1, &code))
		return code;
	if (argc < 2 || !config_path)
		return ctl_fail_usage(argv[0], argc < 2 ? "which capture?"
							: "which configuration? (-c FILE)");
	if (local_text) {
		int err = prefix_parse(local_text, strlen(local_text), &local);

		if (err)
			return ctl_fail(CTL_USAGE, "--local: '%s': %s", local_text,
					prefix_strerror(err));
		replay.local = &local;
	}
	code = load_config(config_path, &cfg);
	if (code)
		return code;
	replay.cfg = cfg;
	code = run_all(&replay, argv[1]);
	config_free(cfg);
	return code;
}
