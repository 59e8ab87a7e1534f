/* SPDX-License-Identifier: GPL-2.0-only */
/* The index with SSSE3, for processors without AVX2 (SSE2 lacks the byte shuffle): 64 octets as
 * four registers of 16. */
#if defined(__x86_64__)
#include <tmmintrin.h>

#include "sip/index.h"
#include "sip/index_masks.h"
#include "sip/nibble.h"

#define INDEX_TARGET __attribute__((target("ssse3")))

struct quarter {
	__m128i octets, low, high_bit;
};

INDEX_TARGET static inline struct quarter split(const uint8_t *octets)
{
	const __m128i nibble = _mm_set1_epi8(15);
	const __m128i high_bit = _mm_load_si128((const __m128i *)&sip_nibbles.high_bit);
	__m128i all = _mm_loadu_si128((const __m128i *)octets);
	__m128i high = _mm_and_si128(_mm_srli_epi16(all, 4), nibble);

	return (struct quarter){ .octets = all,
				 .low = _mm_and_si128(all, nibble),
				 .high_bit = _mm_shuffle_epi8(high_bit, high) };
}

INDEX_TARGET static inline uint64_t outsiders(struct quarter q, const struct nibble_table *table)
{
	__m128i set = _mm_shuffle_epi8(_mm_load_si128((const __m128i *)table), q.low);
	__m128i outside = _mm_cmpeq_epi8(_mm_and_si128(set, q.high_bit), _mm_setzero_si128());

	return (uint16_t)_mm_movemask_epi8(outside);
}

INDEX_TARGET static inline uint64_t equals(struct quarter q, char octet)
{
	return (uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(q.octets, _mm_set1_epi8(octet)));
}

INDEX_TARGET static inline struct octet_masks classify(const uint8_t octets[SIP_BLOCK])
{
	struct octet_masks m = { 0 };

	for (unsigned int i = 0; i < SIP_BLOCK; i += 16) {
		struct quarter q = split(octets + i);

		m.cr |= equals(q, '\r') << i;
		m.lf |= equals(q, '\n') << i;
		m.dot |= equals(q, '.') << i;
		m.not_token |= outsiders(q, &sip_nibbles.token) << i;
		m.not_label |= outsiders(q, &sip_nibbles.label) << i;
		m.not_text |= outsiders(q, &sip_nibbles.text) << i;
	}
	return m;
}

/* Number of the lowest bit set. */
INDEX_TARGET static inline uint32_t lowest_bit(uint64_t bits)
{
	return bits ? (uint32_t)__builtin_ctzll(bits) : 64;
}

#include "sip/index_loop.h"

INDEX_TARGET enum sip_framing sip_index_build_ssse3(struct sip_index *index, const uint8_t *text,
						    size_t len)
{
	return index_text(index, text, (uint32_t)len);
}
#endif
