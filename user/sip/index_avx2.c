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

/* What classify() needs, in registers from the first block to the last. */
struct classifier {
	__m256i token, label, text, high_bit;
};

INDEX_TARGET static inline struct classifier make_classifier(void)
{
	return (struct classifier){
		.token = _mm256_load_si256((const __m256i *)&sip_nibbles.token),
		.label = _mm256_load_si256((const __m256i *)&sip_nibbles.label),
		.text = _mm256_load_si256((const __m256i *)&sip_nibbles.text),
		.high_bit = _mm256_load_si256((const __m256i *)&sip_nibbles.high_bit),
	};
}

/* The bit of each octet's high nibble. */
INDEX_TARGET static inline __m256i high_bits(const struct classifier *k, __m256i octets)
{
	__m256i high = _mm256_and_si256(_mm256_srli_epi16(octets, 4), _mm256_set1_epi8(15));

	return _mm256_shuffle_epi8(k->high_bit, high);
}

/* A shuffle looks at the lowest four bits of an octet, and gives the empty set for one from 0x80 on.
 */
INDEX_TARGET static inline __m256i outsiders(__m256i octets, __m256i high_bit, __m256i sets)
{
	__m256i set = _mm256_shuffle_epi8(sets, octets);

	return _mm256_cmpeq_epi8(_mm256_and_si256(set, high_bit), _mm256_setzero_si256());
}

INDEX_TARGET static inline uint64_t octet_mask(__m256i a, __m256i b, char octet)
{
	const __m256i wanted = _mm256_set1_epi8(octet);

	return joined_mask(_mm256_cmpeq_epi8(a, wanted), _mm256_cmpeq_epi8(b, wanted));
}

INDEX_TARGET static inline struct octet_masks classify(const struct classifier *k,
						       const uint8_t octets[SIP_BLOCK])
{
	__m256i a = _mm256_loadu_si256((const __m256i *)octets);
	__m256i b = _mm256_loadu_si256((const __m256i *)(octets + 32));
	__m256i high_a = high_bits(k, a), high_b = high_bits(k, b);

	return (struct octet_masks){
		.cr = octet_mask(a, b, '\r'),
		.lf = octet_mask(a, b, '\n'),
		.dot = octet_mask(a, b, '.'),
		.not_token = joined_mask(outsiders(a, high_a, k->token),
					 outsiders(b, high_b, k->token)),
		.not_label = joined_mask(outsiders(a, high_a, k->label),
					 outsiders(b, high_b, k->label)),
		.not_text = joined_mask(outsiders(a, high_a, k->text),
					outsiders(b, high_b, k->text)),
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
