/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl stats: what became of the packets, by service, class, verdict and reason. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/counters.h"
#include "ctl/ctl.h"
#include "ctl/duration.h"
#include "ctl/instance.h"
#include "ctl/options.h"
#include "ctl/quality.h"
#include "plane/clock.h"

#define CLEAR_SCREEN "\033[H\033[J"

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* Without SA_RESTART: a signal ends the sleep. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void print_head(void)
{
	char now[MOMENT_TEXT_SIZE];

	if (ctl_global.json)
		return;
	if (isatty(STDOUT_FILENO))
		fputs(CLEAR_SCREEN, stdout);
	printf("instance %s, %s\n\n", ctl_global.instance, moment_print(clock_realtime_ns(), now));
}

/* Draws each second until interrupted: what was counted since the last time, a second. */
static int watch(const struct maps *maps, struct counters *last, struct counters *now)
{
	const struct timespec second = { .tv_sec = 1 };
	int code;

	catch_signals();
	code = counters_read(maps, last);
	while (!code && !interrupted) {
		struct counters *swap;

		nanosleep(&second, NULL);
		if (interrupted)
			break;
		code = counters_read(maps, now);
		if (code)
			break;
		print_head();
		code = report_close(counters_report("stats", maps, now, last));
		if (!code && fflush(stdout))
			code = CTL_NO; /* main() says why */
		swap = last;
		last = now;
		now = swap;
	}
	return code;
}

static int run(const struct maps *maps, bool watching)
{
	struct counters *now = malloc(sizeof(*now)), *last = malloc(sizeof(*last));
	int code;

	if (!now || !last)
		code = ctl_fail(CTL_NO, "out of memory");
	else if (watching)
		code = watch(maps, last, now);
	else
		code = counters_read(maps, now);
	if (!code && !watching) {
		struct report *report = counters_report("stats", maps, now, NULL);

		quality_ask_and_report(report);
		code = report_close(report);
	}
	free(now);
	free(last);
	return code;
}

int cmd_stats(int argc, char **argv)
{
	bool watching = false;
	const struct ctl_option options[] = {
		{ .name = "watch",
		  .letter = 'w',
		  .kind = OPTION_FLAG,
		  .help = "draw again each second, with rates, until interrupted",
		  .to.flag = &watching },
		{ .kind = OPTION_END },
	};
	struct maps maps;
	int code;

	if (!options_parse(&argc, argv, options, 0, &code))
		return code;
	code = instance_open(&maps);
	if (code)
		return code;
	code = run(&maps, watching);
	maps_close(&maps);
	return code;
}
