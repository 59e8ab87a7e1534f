/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole numbers as people write them: decimal digits and nothing else. */
#ifndef SIPXDP_POLICY_DECIMAL_H
#define SIPXDP_POLICY_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

/*
 * Reads exactly len bytes: one or more digits, no sign, no space, no leading zero. Writes *out on
 * success only. 0, or -EINVAL: not such a number; -ERANGE: it is above max.
 */
int decimal_parse(const char *text, size_t len, uint64_t max, uint64_t *out);

#endif
