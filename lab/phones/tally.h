/* SPDX-License-Identifier: GPL-2.0-only */
/* What is measured: a series of durations, and failures by their cause. */
#ifndef LAB_PHONES_TALLY_H
#define LAB_PHONES_TALLY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct durations {
	int64_t *ns;
	size_t count;
	size_t room;
};

#define CAUSES_MAX    16
#define CAUSE_TIMEOUT 0 /* else: the status code of a final response */

struct failures {
	struct {
		unsigned int status;
		unsigned long count;
	} cause[CAUSES_MAX];
};

/* Out of memory ends the program: a measurement with holes is none. */
void durations_add(struct durations *d, int64_t ns);
/* {"count":N,"within_1s":N,"median_ms":…,"p95_ms":…,"max_ms":…}, null where there is none; sorts d.
 */
void durations_print(struct durations *d, FILE *f);

/* Causes beyond the CAUSES_MAX-th are added to the last. */
void failures_add(struct failures *all, unsigned int status);
unsigned long failures_total(const struct failures *all);
/* {"timeout":N,"404":N} */
void failures_print(const struct failures *all, FILE *f);

#endif
