/* SPDX-License-Identifier: GPL-2.0-only */
/* Durations and moments as people write and read them. */
#ifndef SIPXDP_CTL_DURATION_H
#define SIPXDP_CTL_DURATION_H

#include <stdint.h>

#define DURATION_TEXT_SIZE 24
#define MOMENT_TEXT_SIZE   40

#define DURATION_MAX_DAYS 36500

/*
 * A number and a unit (ms s m h d w), or several of them from large to small ("1h30m"); a bare
 * number is not a duration. At most DURATION_MAX_DAYS. Writes *ns on success only.
 * 0, or -EINVAL: not that shape; -ERANGE: too long.
 */
int duration_parse(const char *text, uint64_t *ns);

/* At most two units: 850ms, 4.2s, 2m03s, 5h07m, 3d04h. Returns out. */
const char *duration_print(uint64_t ns, char out[DURATION_TEXT_SIZE]);

/* RFC 3339 in local time with its offset: 2026-03-01T09:30:00+01:00. Returns out. */
const char *moment_print(uint64_t unix_ns, char out[MOMENT_TEXT_SIZE]);

/* The same with milliseconds. */
const char *moment_print_ms(uint64_t unix_ns, char out[MOMENT_TEXT_SIZE]);

#endif
