/* SPDX-License-Identifier: GPL-2.0-only */
/* "did you mean ...": which known word a mistyped one is near to. */
#ifndef SIPXDP_POLICY_CONFIG_NEAREST_H
#define SIPXDP_POLICY_CONFIG_NEAREST_H

#include <stddef.h>

struct config_nearest {
	const char *word; /* what was typed; len bytes */
	size_t len;
	const char *best; /* the nearest candidate so far, or NULL if none is near enough */
	size_t best_len;
	unsigned int distance;
};

/* Candidates are kept by reference. */
void config_nearest_try(struct config_nearest *nearest, const char *candidate, size_t len);

#endif
