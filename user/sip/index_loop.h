/* SPDX-License-Identifier: GPL-2.0-only */
/* The loop that all variants of the index share. The including file defines, before it includes
 * this, INDEX_TARGET (the instruction set, as a function attribute), struct classifier (what is made
 * once for all blocks) and three functions, in which alone the variants differ:
 *   make_classifier(void) returns a struct classifier;
 *   classify(const struct classifier *, const uint8_t octets[SIP_BLOCK]) returns a struct
 *   octet_masks (index_masks.h);
 *   lowest_bit(uint64_t bits) returns its number, any up to 64 if there is none. */
#ifndef SIPXDP_SIP_INDEX_LOOP_H
#define SIPXDP_SIP_INDEX_LOOP_H

#include <endian.h>
#include <string.h>

#include "sip/index.h"
#include "sip/index_masks.h"

/* Writes the offset of each bit of `ends`. A block rarely ends more than two lines, so two are
 * written whether they are there or not: a branch less to mispredict. Returns where the next goes.
 */
INDEX_TARGET static inline uint16_t *append_line_ends(uint16_t *line_end, uint32_t base,
						      uint64_t ends)
{
	uint32_t count = (uint32_t)__builtin_popcountll(ends);

	line_end[0] = (uint16_t)(base + lowest_bit(ends));
	ends &= ends - 1;
	line_end[1] = (uint16_t)(base + lowest_bit(ends));
	for (uint32_t i = 2; __builtin_expect(i < count, 0); i++) {
		ends &= ends - 1;
		line_end[i] = (uint16_t)(base + lowest_bit(ends));
	}
	return line_end + count;
}

INDEX_TARGET static inline void store_masks(struct sip_index *index, uint32_t word,
					    const struct octet_masks *m)
{
	index->not_token[word] = htole64(m->not_token);
	index->not_label[word] = htole64(m->not_label);
	index->not_text[word] = htole64(m->not_text);
	index->dot[word] = htole64(m->dot);
}

/* What one block hands to the next. */
struct index_state {
	uint64_t cr, lf;    /* of the block before */
	uint64_t unpaired;  /* a bit set: a bare CR or LF was seen */
	uint64_t not_text;  /* a bit set: an octet outside SIP_TEXT was seen */
	uint16_t *line_end; /* where the next line's end goes */
};

/* The block at `base` ends the header: bit by bit up to the lowest of `blank`. */
INDEX_TARGET static enum sip_framing finish_index(struct sip_index *index, struct index_state *s,
						  uint32_t base, const struct octet_masks *m,
						  uint64_t blank)
{
	const struct octet_masks gaps = { .not_token = UINT64_MAX,
					  .not_label = UINT64_MAX,
					  .not_text = UINT64_MAX };
	uint64_t header = blank ^ (blank - 1);

	s->unpaired |= (m->lf ^ (m->cr << 1 | s->cr >> 63)) & header;
	if (s->unpaired)
		return SIP_FRAMING_BARE_CR_LF;
	s->line_end = append_line_ends(s->line_end, base, m->lf & header);
	if (s->line_end > index->line_end + SIP_LINES_MAX + 1)
		return SIP_FRAMING_TOO_MANY_LINES;
	index->lines = (uint32_t)(s->line_end - index->line_end) - 1; /* without the blank one */
	index->size = index->line_end[index->lines] + 1u;
	index->plain_text = !(s->not_text | (m->not_text & header));
	store_masks(index, base / SIP_BLOCK + 1, &gaps);
	return SIP_FRAMING_WHOLE;
}

/* The last, partial block is seen through a copy filled up with NUL, which is of no class. */
INDEX_TARGET static inline const uint8_t *padded_block(uint8_t copy[SIP_BLOCK],
						       const uint8_t *octets, uint32_t count)
{
	memset(copy, 0, SIP_BLOCK);
	memcpy(copy, octets, count);
	return copy;
}

/* A blank line is an LF two octets after an LF; that the octet between is a CR, and that every
 * other CR and LF is paired, is tested for all at once. */
INDEX_TARGET static inline enum sip_framing index_text(struct sip_index *index, const uint8_t *text,
						       uint32_t len)
{
	const struct classifier k = make_classifier();
	struct index_state s = { .line_end = index->line_end };
	const uint16_t *full = index->line_end + SIP_LINES_MAX;
	uint8_t copy[SIP_BLOCK];

	for (uint32_t base = 0; base < len; base += SIP_BLOCK) {
		const uint8_t *block = text + base;
		struct octet_masks m;
		uint64_t blank;

		if (__builtin_expect(len - base < SIP_BLOCK, 0))
			block = padded_block(copy, block, len - base);
		m = classify(&k, block);
		store_masks(index, base / SIP_BLOCK, &m);
		blank = m.lf & (m.lf << 2 | s.lf >> 62);
		if (__builtin_expect(blank != 0, 0))
			return finish_index(index, &s, base, &m, blank);
		s.unpaired |= m.lf ^ (m.cr << 1 | s.cr >> 63);
		s.not_text |= m.not_text;
		s.line_end = append_line_ends(s.line_end, base, m.lf);
		if (__builtin_expect(s.line_end > full, 0))
			return SIP_FRAMING_TOO_MANY_LINES;
		s.cr = m.cr;
		s.lf = m.lf;
	}
	return s.unpaired ? SIP_FRAMING_BARE_CR_LF : SIP_FRAMING_NO_BLANK_LINE;
}

#endif
