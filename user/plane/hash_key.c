// SPDX-License-Identifier: GPL-2.0-only
/* Where settings.hash_key comes from. */
#include "plane/hash_key.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

int hash_key_draw(__u64 key[HASH_KEY_WORDS])
{
	__u64 drawn[HASH_KEY_WORDS];
	size_t done = 0;

	while (done < sizeof(drawn)) {
		ssize_t n = getrandom((char *)drawn + done, sizeof(drawn) - done, 0);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	memcpy(key, drawn, sizeof(drawn));
	return 0;
}

static __u64 rotate(__u64 x, unsigned int bits)
{
	return x << bits | x >> (64 - bits);
}

struct siphash {
	__u64 v0, v1, v2, v3;
};

static void siphash_rounds(struct siphash *s, int rounds)
{
	while (rounds-- > 0) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rotate(s->v1, 13) ^ s->v0;
		s->v3 = rotate(s->v3, 16) ^ s->v2;
		s->v0 = rotate(s->v0, 32);
		s->v2 += s->v1;
		s->v0 += s->v3;
		s->v1 = rotate(s->v1, 17) ^ s->v2;
		s->v3 = rotate(s->v3, 21) ^ s->v0;
		s->v2 = rotate(s->v2, 32);
	}
}

static void siphash_word(struct siphash *s, __u64 word)
{
	s->v3 ^= word;
	siphash_rounds(s, 2);
	s->v0 ^= word;
}

/* SipHash-2-4 (Aumasson, Bernstein 2012) of one 64-bit number, little-endian. */
static __u64 siphash_number(__u64 k0, __u64 k1, __u64 number)
{
	struct siphash s = { k0 ^ 0x736f6d6570736575ULL, k1 ^ 0x646f72616e646f6dULL,
			     k0 ^ 0x6c7967656e657261ULL, k1 ^ 0x7465646279746573ULL };

	siphash_word(&s, number);
	siphash_word(&s, 8ULL << 56); /* length of the input in the last octet */
	s.v2 ^= 0xff;
	siphash_rounds(&s, 4);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

void hash_key_derive(const unsigned char seed[HASH_SEED_SIZE], __u64 key[HASH_KEY_WORDS])
{
	__u64 half[2];

	memcpy(half, seed, sizeof(half));
	for (__u64 i = 0; i < HASH_KEY_WORDS; i++)
		key[i] = siphash_number(le64toh(half[0]), le64toh(half[1]), i);
}
