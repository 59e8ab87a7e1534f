/* SPDX-License-Identifier: GPL-2.0-only */
/* The index without SIMD: an octet at a time by table. The other variants are measured and tested
 * against this one. */
#include "sip/index.h"
#include "sip/index_masks.h"
#include "sip/octet.h"

#define INDEX_TARGET

/* The table is where it is. */
struct classifier {
	const uint16_t *classes;
};

static inline struct classifier make_classifier(void)
{
	return (struct classifier){ .classes = sip_octet };
}

static inline struct octet_masks classify(const struct classifier *k,
					  const uint8_t octets[SIP_BLOCK])
{
	struct octet_masks m = { 0 };

	for (unsigned int i = 0; i < SIP_BLOCK; i++) {
		uint16_t classes = k->classes[octets[i]];

		m.cr |= (uint64_t)(octets[i] == '\r') << i;
		m.lf |= (uint64_t)(octets[i] == '\n') << i;
		m.dot |= (uint64_t)(octets[i] == '.') << i;
		m.not_token |= (uint64_t)((classes & SIP_TOKEN) == 0) << i;
		m.not_label |= (uint64_t)((classes & SIP_LABEL) == 0) << i;
		m.not_text |= (uint64_t)((classes & SIP_TEXT) == 0) << i;
	}
	return m;
}

/* Number of the lowest bit set. */
static inline uint32_t lowest_bit(uint64_t bits)
{
	return bits ? (uint32_t)__builtin_ctzll(bits) : 64;
}

#include "sip/index_loop.h"

enum sip_framing sip_index_build_portable(struct sip_index *index, const uint8_t *text, size_t len)
{
	return index_text(index, text, (uint32_t)len);
}
