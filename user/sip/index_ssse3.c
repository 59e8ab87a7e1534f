/* SPDX-License-Identifier: GPL-2.0-only */
/* The index with SSSE3, for processors without AVX2 (SSE2 lacks the byte shuffle): 64 octets as
 * four registers of 16. */
#if defined(__x86_64__)
#include <tmmintrin.h>

#include "sip/index.h"
#include "sip/index_masks.h"
#include "sip/nibble.h"

#define INDEX_TARGET __attribute__((target("ssse3")))

/* What classify() needs, in registers from the first block to the last. */
struct classifier {
	__m128i token, label, text, high_bit;
};

INDEX_TARGET static inline struct classifier make_classifier(void)
{
	return (struct classifier){
		.token = _mm_load_si128((const __m128i *)&sip_nibbles.token),
		.label = _mm_load_si128((const __m128i *)&sip_nibbles.label),
		.text = _mm_load_si128((const __m128i *)&sip_nibbles.text),
		.high_bit = _mm_load_si128((const __m128i *)&sip_nibbles.high_bit),
	};
}

/* The bit of each octet's high nibble. */
INDEX_TARGET static inline __m128i high_bits(const struct classifier *k, __m128i octets)
{
	__m128i high = _mm_and_si128(_mm_srli_epi16(octets, 4), _mm_set1_epi8(15));

	return _mm_shuffle_epi8(k->high_bit, high);
}

/* A shuffle looks at the lowest four bits of an octet, and gives the empty set for one from 0x80 on.
 */
INDEX_TARGET static inline uint64_t outsiders(__m128i octets, __m128i high_bit, __m128i sets)
{
	__m128i set = _mm_shuffle_epi8(sets, octets);
	__m128i outside = _mm_cmpeq_epi8(_mm_and_si128(set, high_bit), _mm_setzero_si128());

	return (uint16_t)_mm_movemask_epi8(outside);
}

INDEX_TARGET static inline uint64_t equals(__m128i octets, char octet)
{
	return (uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(octets, _mm_set1_epi8(octet)));
}

INDEX_TARGET static inline struct octet_masks classify(const struct classifier *k,
						       const uint8_t octets[SIP_BLOCK])
{
	struct octet_masks m = { 0 };

	for (unsigned int i = 0; i < SIP_BLOCK; i += 16) {
		__m128i all = _mm_loadu_si128((const __m128i *)(octets + i));
		__m128i high = high_bits(k, all);

		m.cr |= equals(all, '\r') << i;
		m.lf |= equals(all, '\n') << i;
		m.dot |= equals(all, '.') << i;
		m.not_token |= outsiders(all, high, k->token) << i;
		m.not_label |= outsiders(all, high, k->label) << i;
		m.not_text |= outsiders(all, high, k->text) << i;
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
