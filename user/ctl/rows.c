/* SPDX-License-Identifier: GPL-2.0-only */
/* A growing array of equal rows. */
#include <stdint.h>
#include <stdlib.h>

#include "ctl/rows.h"

#define FIRST_ROOM 256

void *rows_add(struct rows *rows)
{
	if (rows->count == rows->room) {
		size_t room = rows->room ? 2 * rows->room : FIRST_ROOM;
		char *data = reallocarray(rows->data, room, rows->size);

		if (!data)
			return NULL;
		rows->data = data;
		rows->room = room;
	}
	return rows->data + rows->size * rows->count++;
}

void *rows_at(const struct rows *rows, size_t index)
{
	return rows->data + rows->size * index;
}

void rows_sort(struct rows *rows, int (*compare)(const void *, const void *))
{
	if (rows->count)
		qsort(rows->data, rows->count, rows->size, compare);
}

void rows_free(struct rows *rows)
{
	free(rows->data);
	rows->data = NULL;
	rows->count = rows->room = 0;
}
