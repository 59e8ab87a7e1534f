/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of user/plane share: a configuration from text, and a word on missing rights. */
#ifndef TEST_PLANE_FIXTURE_H
#define TEST_PLANE_FIXTURE_H

#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "policy/config.h"

/* Seconds: an emulated guest takes some twenty times as long as its host. */
#define TEST_TIMEOUT 600

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static inline struct config *config_of(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* To be given to config_free(). */
static inline struct config *config_of(const char *format, ...)
{
	struct config_errors errs;
	struct config *cfg;
	static char text[128 * 1024];
	va_list args;
	int err;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	err = config_parse(text, strlen(text), "test.yaml", &cfg, &errs);
	if (err)
		config_errors_print(&errs, stderr);
	cr_assert_eq(err, 0, "the test's own configuration:\n%s", text);
	return cfg;
}

/* Skips the test where no map can be made. */
static inline void need_bpf(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1
	};
	long fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));

	if (fd < 0 || geteuid() != 0)
		cr_skip("needs root and the right to make BPF maps");
	close((int)fd);
}

#endif
