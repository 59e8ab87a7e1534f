/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's log: one line an event, to stderr. Under systemd each line carries its priority for
 * the journal (sd-daemon(3)), elsewhere the time. Logging never blocks and never fails: a line that
 * cannot be written at once (full disk, a pipe that nobody reads) is lost and counted.
 */
#ifndef SIPXDP_DAEMON_LOG_H
#define SIPXDP_DAEMON_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

#define LOG_LINE_MAX 2048 /* longer lines are cut; below PIPE_BUF, so that a line stays whole */

/* Lines of a priority above max_priority (LOG_ERR .. LOG_DEBUG of syslog.h) are left out. */
void log_open(int max_priority);

/* Lines that could not be written since the start. */
uint64_t log_lost(void);

/* Control characters, which may come off the wire, are shown as '?'; several lines are several
 * events. */
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)	 log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)	 log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)	 log_line(LOG_INFO, __VA_ARGS__)

/* One place in the code may write LOG_LIMIT_LINES lines in LOG_LIMIT_SECONDS. */
#define LOG_LIMIT_LINES	  5
#define LOG_LIMIT_SECONDS 10

struct log_limit {
	uint64_t window_ns; /* when the current window began; 0: never */
	uint32_t lines;
	uint64_t withheld;
};

/* Whether a line may be written at now_ns; *withheld is then how many were not since the last. */
bool log_limit_pass(struct log_limit *limit, uint64_t now_ns, uint64_t *withheld);

/* A line that traffic can cause: at most so many of this place, and then how many were withheld. */
#define log_limited(priority, ...)                                                                 \
	do {                                                                                       \
		static struct log_limit limit_here;                                                \
		log_limited_at(&limit_here, priority, __VA_ARGS__);                                \
	} while (0)

void log_limited_at(struct log_limit *limit, int priority, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
