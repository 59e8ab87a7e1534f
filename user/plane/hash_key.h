/* SPDX-License-Identifier: GPL-2.0-only */
/* The secret key of the kernel's hashes: drawn at random, or derived from a configured seed. */
#ifndef SIPXDP_PLANE_HASH_KEY_H
#define SIPXDP_PLANE_HASH_KEY_H

#include <linux/types.h>

#include <sipxdp/map.h>

#define HASH_SEED_SIZE 16

/* From the kernel's random numbers. 0 or -errno. */
int hash_key_draw(__u64 key[HASH_KEY_WORDS]);

/* The same key from the same seed, on every host: SipHash-2-4 of 0, 1, 2 … under the seed. */
void hash_key_derive(const unsigned char seed[HASH_SEED_SIZE], __u64 key[HASH_KEY_WORDS]);

#endif
