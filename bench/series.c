// SPDX-License-Identifier: GPL-2.0-only
/* Order statistics of a few measurements. */
#include "series.h"

#include <stdlib.h>
#include <string.h>

void series_add(struct series *s, double value)
{
	if (s->count < SERIES_MAX)
		s->value[s->count++] = value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double series_part(const struct series *s, double part)
{
	double sorted[SERIES_MAX];

	if (!s->count)
		return 0;
	memcpy(sorted, s->value, s->count * sizeof(sorted[0]));
	qsort(sorted, s->count, sizeof(sorted[0]), compare);
	return sorted[(size_t)(part * (double)(s->count - 1) + 0.5)];
}
