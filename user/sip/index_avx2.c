/* SPDX-License-Identifier: GPL-2.0-only */
/* The index with AVX2: 64 octets as two registers of 32. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "sip/index.h"
#include "sip/index_masks.h"
#include "sip/nibble.h"

#define INDEX_TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))

INDEX_TARGET static inline uint64_t joined_mask(__m256i low, __m256i high)
{
	return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
							     << 32;
}

/* Low nibbles and high-nibble bits of 32 octets. */
struct nibbles {
	__m256i low, high_bit;
};

INDEX_TARGET static inline struct nibbles split(__m256i octets)
{
	const __m256i nibble = _mm256_set1_epi8(15);
	const __m256i high_bit = _mm256_load_si256((const __m256i *)&sip_nibbles.high_bit);
	__m256i high = _mm256_and_si256(_mm256_srli_epi16(octets, 4), nibble);

	return (struct nibbles){ .low = _mm256_and_si256(octets, nibble),
				 .high_bit = _mm256_shuffle_epi8(high_bit, high) };
}

INDEX_TARGET static inline __m256i outsiders(struct nibbles n, __m256i sets)
{
	__m256i set = _mm256_shuffle_epi8(sets, n.low);

	return _mm256_cmpeq_epi8(_mm256_and_si256(set, n.high_bit), _mm256_setzero_si256());
}

INDEX_TARGET static inline uint64_t gap_mask(struct nibbles a, struct nibbles b,
					     const struct nibble_table *table)
{
	const __m256i sets = _mm256_load_si256((const __m256i *)table);

	return joined_mask(outsiders(a, sets), outsiders(b, sets));
}

INDEX_TARGET static inline uint64_t octet_mask(__m256i a, __m256i b, char octet)
{
	const __m256i wanted = _mm256_set1_epi8(octet);

	return joined_mask(_mm256_cmpeq_epi8(a, wanted), _mm256_cmpeq_epi8(b, wanted));
}

INDEX_TARGET static inline struct octet_masks classify(const uint8_t octets[SIP_BLOCK])
{
	__m256i a = _mm256_loadu_si256((const __m256i *)octets);
	__m256i b = _mm256_loadu_si256((const __m256i *)(octets + 32));
	struct nibbles na = split(a), nb = split(b);

	return (struct octet_masks){
		.cr = octet_mask(a, b, '\r'),
		.lf = octet_mask(a, b, '\n'),
		.dot = octet_mask(a, b, '.'),
		.not_token = gap_mask(na, nb, &sip_nibbles.token),
		.not_label = gap_mask(na, nb, &sip_nibbles.label),
		.not_text = gap_mask(na, nb, &sip_nibbles.text),
	};
}

/* Number of the lowest bit set. */
INDEX_TARGET static inline uint32_t lowest_bit(uint64_t bits)
{
	return (uint32_t)_tzcnt_u64(bits);
}

#include "sip/index_loop.h"

INDEX_TARGET enum sip_framing sip_index_build_avx2(struct sip_index *index, const uint8_t *text,
						   size_t len)
{
	return index_text(index, text, (uint32_t)len);
}
#endif
