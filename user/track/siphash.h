/* SPDX-License-Identifier: GPL-2.0-only */
/* SipHash-1-3 (Aumasson, Bernstein 2012): a short-input hash with a secret key, so that nobody
 * outside can make branches, tags or addresses-of-record collide in our tables. */
#ifndef SIPXDP_TRACK_SIPHASH_H
#define SIPXDP_TRACK_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t word[2];
};

/* A hash under way. The pieces fed to it are told apart: "ab","c" and "a","bc" differ. */
struct siphash {
	uint64_t v[4];
};

void siphash_start(struct siphash *h, const struct siphash_key *key);

/* Takes in one piece of text with its length. */
void siphash_add(struct siphash *h, const void *data, size_t length);

/* The same with A-Z as a-z: host names and what else compares without regard to case. */
void siphash_add_nocase(struct siphash *h, const void *data, size_t length);

void siphash_add_u64(struct siphash *h, uint64_t word);

/* Never 0, which the tables' users keep for "none". */
uint64_t siphash_end(struct siphash *h);

/* One piece alone. */
uint64_t siphash_of(const struct siphash_key *key, const void *data, size_t length);

#endif
