/* SPDX-License-Identifier: GPL-2.0-only */
/* What is said of a series of measurements. */
#ifndef BENCH_SERIES_H
#define BENCH_SERIES_H

#include <stddef.h>

#define SERIES_MAX 64

struct series {
	double value[SERIES_MAX];
	size_t count;
};

/* One more value; those beyond SERIES_MAX are left out. */
void series_add(struct series *s, double value);

/* 0 <= part <= 1: 0 the least, 0.5 the median, 1 the greatest. 0 if there are no values. */
double series_part(const struct series *s, double part);

static inline double series_median(const struct series *s)
{
	return series_part(s, 0.5);
}

static inline double series_least(const struct series *s)
{
	return series_part(s, 0);
}

#endif
