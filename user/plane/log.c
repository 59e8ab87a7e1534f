// SPDX-License-Identifier: GPL-2.0-only
/* Messages of user/plane, and through the libraries' print hooks those of libbpf and libxdp. */
#include "plane/log.h"
#include "plane/log_library.h"

#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xdp/libxdp.h>

static plane_log_fn log_fn;
static void *log_ctx;
static bool library_quiet;

static void log_text(enum plane_log_level level, const char *text)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };

	if (log_fn)
		log_fn(level, text, log_ctx);
	else if (level != PLANE_LOG_DEBUG)
		fprintf(stderr, "%s: %s\n", names[level], text);
}

void plane_log(enum plane_log_level level, const char *format, ...)
{
	char text[PLANE_LOG_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_text(level, text);
}

/* The verifier's log comes as one message of hundreds of lines: its two ends say what went wrong,
 * the rest is for debugging. */
#define MESSAGE_HEAD 2
#define MESSAGE_TAIL 6

static unsigned int count_lines(const char *text)
{
	unsigned int lines = 0;

	for (; *text; text++)
		lines += *text != '\n' && (text[1] == '\n' || !text[1]);
	return lines;
}

/* A library's message: one or many lines, each of which becomes one of ours. */
static void log_lines(enum plane_log_level level, const char *format, va_list args)
{
	char *text, *line, *rest = NULL;
	unsigned int lines, number = 0;

	if (vasprintf(&text, format, args) < 0)
		return;
	lines = count_lines(text);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		bool middle = number >= MESSAGE_HEAD && number + MESSAGE_TAIL < lines;
		char cut[PLANE_LOG_TEXT];

		number++;
		snprintf(cut, sizeof(cut), "%s", line);
		log_text(middle ? PLANE_LOG_DEBUG : level, cut);
	}
	free(text);
}

static int bpf_print(enum libbpf_print_level level, const char *format, va_list args)
{
	bool loud = level == LIBBPF_WARN && !library_quiet;

	log_lines(loud ? PLANE_LOG_WARNING : PLANE_LOG_DEBUG, format, args);
	return 0;
}

/* What libxdp warns of is a step on the way to its own error code, which the caller words. */
static int xdp_print(enum libxdp_print_level level __attribute__((unused)), const char *format,
		     va_list args)
{
	log_lines(PLANE_LOG_DEBUG, format, args);
	return 0;
}

void log_libraries(void)
{
	libbpf_set_print(bpf_print);
	libxdp_set_print(xdp_print);
}

void log_library_quiet(bool quiet)
{
	library_quiet = quiet;
}

void plane_log_set(plane_log_fn fn, void *ctx)
{
	log_fn = fn;
	log_ctx = ctx;
	log_libraries();
}
