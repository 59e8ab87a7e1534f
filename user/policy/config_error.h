/* SPDX-License-Identifier: GPL-2.0-only */
/* How errors in a configuration are put together: place, key, what is wrong, what was expected. */
#ifndef SIPXDP_POLICY_CONFIG_ERROR_H
#define SIPXDP_POLICY_CONFIG_ERROR_H

#include "policy/config.h"

/* Room for config_quote()'s text of any input. */
#define CONFIG_QUOTE_SIZE 80

/*
 * Appends one error, or counts it where the list is full. key and expected may be ""; what is a
 * printf format. Too long texts are cut.
 */
void config_error_add(struct config_errors *errs, const char *file, struct config_place place,
		      const char *key, const char *expected, const char *what, ...)
	__attribute__((format(printf, 6, 7)));

/* In the order of the file, those of other files behind. */
void config_errors_sort(struct config_errors *errs, const char *file);

/* "text" in quotes, as ASCII, cut with dots where it is long. Returns out. */
const char *config_quote(const char *text, size_t len, char out[CONFIG_QUOTE_SIZE]);

#endif
