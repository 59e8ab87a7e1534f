/* SPDX-License-Identifier: GPL-2.0-only */
/* Keyed hashes that the packet path and user space must agree on. The key is secret and drawn at
 * first start (settings.hash_key), so nobody outside can aim at a bucket. */
#ifndef SIPXDP_HASH_H
#define SIPXDP_HASH_H

#include <linux/types.h>
#include <sipxdp/address.h>

#define HASH_INLINE static inline __attribute__((always_inline))

/* Finaliser: every input bit reaches every output bit (xor-shift-multiply, as MurmurHash3's). */
HASH_INLINE __u64 hash_mix(__u64 h)
{
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ULL;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ULL;
	return h ^ (h >> 32);
}

/* One step of NH (Black et al., UMAC, RFC 4418 section 5.2.2): 2^-32-almost universal, so two of
 * them with independent keys are kept side by side. */
HASH_INLINE __u64 hash_nh(__u64 word, __u64 key)
{
	return (__u64)((__u32)word + (__u32)key) *
	       (__u64)((__u32)(word >> 32) + (__u32)(key >> 32));
}

/* An address, for sketches and filters: 64 bits, all of them good. */
HASH_INLINE __u64 hash_addr(const struct sipxdp_addr *addr, const __u64 *key)
{
	__u64 high = (__u64)addr->word[0] << 32 | addr->word[1];
	__u64 low = (__u64)addr->word[2] << 32 | addr->word[3];

	return hash_mix((hash_nh(high, key[0]) + hash_nh(low, key[1])) ^ (low * (key[2] | 1)));
}

/* A scanner's name, by its first four octets in lower case (any octet with 0x20 set): the bit of
 * settings.agent_filter. */
HASH_INLINE __u32 agent_filter_bit(__u64 word)
{
	return (__u32)((__u32)word * 0x9e3779b1U) >> 22;
}

#endif
