/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl top: a live full-screen view of services, reasons, sources and calls. */
#include <ncurses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sipxdp/time.h>

#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/options.h"
#include "ctl/top.h"
#include "ctl/top_frame.h"
#include "plane/clock.h"

#define INTERVAL_DEFAULT (2 * NSEC_PER_SEC)
#define INTERVAL_MIN	 (NSEC_PER_SEC / 5)
#define ONCE_WIDTH	 160
#define ONCE_HEIGHT	 60

/* Reading large tables takes long: it is done less often then, so that it never takes more than
 * this part of a CPU. */
#define CPU_PART 5

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* Without SA_RESTART: a signal ends the wait, and the terminal is put right again. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static int fail_memory(void)
{
	return ctl_fail(CTL_NO, "out of memory");
}

/* ---- one frame to standard output ---- */

static void print_frame(const struct top_frame *frame)
{
	for (size_t i = 0; i < frame->count; i++)
		puts(frame->lines[i].text);
}

static void sleep_ns(uint64_t ns)
{
	const struct timespec time = { .tv_sec = (time_t)(ns / NSEC_PER_SEC),
				       .tv_nsec = (long)(ns % NSEC_PER_SEC) };

	nanosleep(&time, NULL);
}

static int show_once(struct top *top, bool by_drops, uint64_t interval, struct top_frame *frame)
{
	int code = top_look(top);

	if (code)
		return code;
	sleep_ns(interval);
	code = top_look(top);
	if (code)
		return code;
	top_draw(top_view(top), by_drops, ONCE_WIDTH, ONCE_HEIGHT, frame);
	print_frame(frame);
	return CTL_DONE;
}

/* ---- the screen ---- */

static void put_frame(const struct top_frame *frame, const char *help)
{
	static const int attributes[] = {
		[TOP_PLAIN] = A_NORMAL,
		[TOP_BOLD] = A_BOLD,
		[TOP_HEAD] = A_REVERSE,
		[TOP_WARN] = A_BOLD,
	};

	erase();
	for (size_t i = 0; i < frame->count; i++) {
		attrset(attributes[frame->lines[i].style]);
		mvaddnstr((int)i, 0, frame->lines[i].text, COLS);
	}
	attrset(A_DIM);
	mvaddnstr(LINES - 1, 0, help, COLS);
	attrset(A_NORMAL);
	refresh();
}

/* What a key asks for. False: to leave. */
static bool take_key(int key, bool *by_drops)
{
	switch (key) {
	case 'q':
	case 'Q': return false;
	case 'p': *by_drops = false; break;
	case 'd': *by_drops = true; break;
	}
	return true;
}

static int run_screen(struct top *top, bool by_drops, uint64_t interval, struct top_frame *frame)
{
	int key = ERR, code = CTL_DONE;

	while (!code && !interrupted && take_key(key, &by_drops)) {
		uint64_t began = clock_monotonic_ns(), took, pause;

		top_order(top, by_drops);
		code = top_look(top);
		if (code)
			break;
		top_draw(top_view(top), by_drops, (size_t)COLS, LINES > 1 ? (size_t)LINES - 1 : 1,
			 frame);
		put_frame(frame, "q: leave  p: sources by packets  d: by drops");
		took = clock_monotonic_ns() - began;
		pause = took * CPU_PART > interval ? took * CPU_PART : interval;
		if (top_view(top)->seconds <= 0) /* no rates yet */
			pause = INTERVAL_MIN;
		timeout((int)(pause / NSEC_PER_MSEC));
		key = getch(); /* a resized terminal wakes it too */
	}
	return code;
}

static int show_live(struct top *top, bool by_drops, uint64_t interval, struct top_frame *frame)
{
	SCREEN *screen;
	int code;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return ctl_fail(CTL_USAGE, "top needs a terminal; --once prints one frame");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return ctl_fail(CTL_USAGE, "top does not know this terminal; try --once");
	catch_signals();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	code = run_screen(top, by_drops, interval, frame);
	endwin();
	delscreen(screen);
	/* What was said about it went away with the screen. */
	return code ? ctl_fail((enum ctl_exit)code, "the maps can no longer be read") : CTL_DONE;
}

static int run(const struct maps *maps, bool once, bool by_drops, uint64_t interval)
{
	struct top_frame *frame = malloc(sizeof(*frame));
	struct top *top = NULL;
	int code;

	if (!frame || top_new(maps, by_drops, &top))
		code = fail_memory();
	else if (once)
		code = show_once(top, by_drops, interval, frame);
	else
		code = show_live(top, by_drops, interval, frame);
	top_free(top);
	free(frame);
	return code;
}

int cmd_top(int argc, char **argv)
{
	static const char *const orders[] = { "packets", "drops", NULL };
	uint64_t interval = INTERVAL_DEFAULT;
	unsigned int order = 0;
	bool once = false;
	const struct ctl_option options[] = {
		{ .name = "once",
		  .kind = OPTION_FLAG,
		  .help = "print one frame and leave",
		  .to.flag = &once },
		{ .name = "interval",
		  .kind = OPTION_SECONDS,
		  .placeholder = "TIME",
		  .help = "between two looks: 5, 500ms (default: 2)",
		  .to.duration_ns = &interval },
		{ .name = "by",
		  .kind = OPTION_CHOICE,
		  .placeholder = "packets|drops",
		  .help = "which sources come first (default: packets)",
		  .choices = orders,
		  .to.choice = &order },
		{ .kind = OPTION_END },
	};
	struct maps maps;
	int code;

	if (!options_parse(&argc, argv, options, 0, &code))
		return code;
	if (ctl_global.json)
		return ctl_fail(CTL_USAGE,
				"top is a picture: stats, sources and calls have --json");
	if (interval < INTERVAL_MIN)
		return ctl_fail(CTL_USAGE, "--interval: at least 200ms");
	code = instance_open(&maps);
	if (code)
		return code;
	code = run(&maps, once, order == 1, interval);
	maps_close(&maps);
	return code;
}
