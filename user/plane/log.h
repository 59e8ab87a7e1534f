/* SPDX-License-Identifier: GPL-2.0-only */
/* The one way out for messages of user/plane, libbpf and libxdp. */
#ifndef SIPXDP_PLANE_LOG_H
#define SIPXDP_PLANE_LOG_H

#define PLANE_LOG_TEXT 512 /* longest message, with its NUL */

enum plane_log_level {
	PLANE_LOG_ERROR,   /* what was asked for was not done */
	PLANE_LOG_WARNING, /* done, but in a way the operator should know of */
	PLANE_LOG_INFO,	   /* one line a start, reload or stop is made of */
	PLANE_LOG_DEBUG,   /* the libraries' own talk */
};

/* text is one line without a newline, and only valid during the call. */
typedef void (*plane_log_fn)(enum plane_log_level level, const char *text, void *ctx);

/*
 * Sends every message to fn, for the whole process (libbpf has one printer a process); NULL is
 * the default: standard error, debug left out. Call it before anything else of user/plane.
 */
void plane_log_set(plane_log_fn fn, void *ctx);

void plane_log(enum plane_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
