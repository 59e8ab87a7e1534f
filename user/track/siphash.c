// SPDX-License-Identifier: GPL-2.0-only
/* SipHash-1-3 over a sequence of pieces; see siphash.h. */
#include "track/siphash.h"

#include <endian.h>
#include <string.h>

#define FINAL_ROUNDS 3

static inline uint64_t rotate(uint64_t x, unsigned int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void siphash_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

void siphash_start(struct siphash *h, const struct siphash_key *key)
{
	h->v[0] = key->word[0] ^ 0x736f6d6570736575ULL;
	h->v[1] = key->word[1] ^ 0x646f72616e646f6dULL;
	h->v[2] = key->word[0] ^ 0x6c7967656e657261ULL;
	h->v[3] = key->word[1] ^ 0x7465646279746573ULL;
}

void siphash_add_u64(struct siphash *h, uint64_t word)
{
	h->v[3] ^= word;
	siphash_round(h->v);
	h->v[0] ^= word;
}

/* Up to eight octets as one little-endian word, missing ones as zero. */
static inline uint64_t load_word(const uint8_t *p, size_t length)
{
	uint64_t word = 0;

	memcpy(&word, p, length < sizeof(word) ? length : sizeof(word));
	return le64toh(word);
}

void siphash_add(struct siphash *h, const void *data, size_t length)
{
	const uint8_t *p = data;

	siphash_add_u64(h, length); /* where the piece ends is part of what is hashed */
	for (size_t at = 0; at < length; at += sizeof(uint64_t))
		siphash_add_u64(h, load_word(p + at, length - at));
}

/* 0x20 in each octet that is A-Z, without a branch: bit 7 of (c + 0x3f) is set from 'A' on, of
 * (c + 0x25) from '[' on; octets above 0x7f are left as they are. */
static inline uint64_t lower_word(uint64_t word)
{
	uint64_t low7 = word & 0x7f7f7f7f7f7f7f7fULL;
	uint64_t from_a = low7 + 0x3f3f3f3f3f3f3f3fULL;
	uint64_t past_z = low7 + 0x2525252525252525ULL;
	uint64_t upper = from_a & ~past_z & ~word & 0x8080808080808080ULL;

	return word | upper >> 2;
}

void siphash_add_nocase(struct siphash *h, const void *data, size_t length)
{
	const uint8_t *p = data;

	siphash_add_u64(h, length);
	for (size_t at = 0; at < length; at += sizeof(uint64_t))
		siphash_add_u64(h, lower_word(load_word(p + at, length - at)));
}

uint64_t siphash_end(struct siphash *h)
{
	uint64_t result;

	h->v[2] ^= 0xff;
	for (int i = 0; i < FINAL_ROUNDS; i++)
		siphash_round(h->v);
	result = h->v[0] ^ h->v[1] ^ h->v[2] ^ h->v[3];
	return result ? result : 1;
}

uint64_t siphash_of(const struct siphash_key *key, const void *data, size_t length)
{
	struct siphash h;

	siphash_start(&h, key);
	siphash_add(&h, data, length);
	return siphash_end(&h);
}
