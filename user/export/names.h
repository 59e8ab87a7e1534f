/* SPDX-License-Identifier: GPL-2.0-only */
/* What classes, verdicts and reasons are called wherever the outside is told of them. Every name is
 * lower case with '-' between words. All text is static. */
#ifndef SIPXDP_EXPORT_NAMES_H
#define SIPXDP_EXPORT_NAMES_H

#include <stddef.h>

#define NAME_UNKNOWN "unknown-number" /* of another version */

const char *class_name(unsigned int traffic_class);
const char *verdict_name(unsigned int verdict);
const char *reason_name(unsigned int reason); /* "garbage-limit" */

/* list[index], or NAME_UNKNOWN where the list of count names has none. */
const char *name_at(const char *const *list, size_t count, unsigned int index);

#endif
