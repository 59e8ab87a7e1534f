/* SPDX-License-Identifier: GPL-2.0-only */
/* A growing array of equal rows: what a walk over a map found, to be sorted and cut. */
#ifndef SIPXDP_CTL_ROWS_H
#define SIPXDP_CTL_ROWS_H

#include <stddef.h>

/* Set size, and leave the rest zero. */
struct rows {
	size_t size; /* of one row */
	size_t count;
	size_t room;
	char *data;
};

/* A new row at the end, uninitialised; it moves with the next rows_add(). NULL: out of memory. */
void *rows_add(struct rows *rows);

/* The row of that index, which must be below count. */
void *rows_at(const struct rows *rows, size_t index);

void rows_sort(struct rows *rows, int (*compare)(const void *, const void *));

/* Leaves an empty array. */
void rows_free(struct rows *rows);

#endif
