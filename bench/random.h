/* SPDX-License-Identifier: GPL-2.0-only */
/* The benchmarks' random numbers: the same in every run, so that two runs measure the same work. */
#ifndef BENCH_RANDOM_H
#define BENCH_RANDOM_H

#include <stdint.h>

struct bench_random {
	uint64_t state;
};

/* SplitMix64 (Steele, Lea, Flood 2014). */
static inline uint64_t bench_random_next(struct bench_random *r)
{
	uint64_t x = r->state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/* from..to, both included. */
static inline unsigned int bench_random_between(struct bench_random *r, unsigned int from,
						unsigned int to)
{
	return from + (unsigned int)((bench_random_next(r) >> 32) % (to - from + 1));
}

#endif
