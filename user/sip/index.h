/* SPDX-License-Identifier: GPL-2.0-only */
/* The index of a header block: one pass over the octets finds the line ends and the blank line that
 * closes the block, and notes for each octet whether it belongs to the character classes that the
 * grammar asks for most. All SIMD is here; everything above works on the bitmaps in plain C. */
#ifndef SIPXDP_SIP_INDEX_H
#define SIPXDP_SIP_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIP_MESSAGE_MAX 65535 /* octets; more than any UDP datagram holds (65,507) */
#define SIP_LINES_MAX	512   /* start line, header lines and their folded continuations */

#define SIP_BLOCK	 64 /* octets that are classified at a time; one bit each in a word */
#define SIP_BITMAP_WORDS (SIP_MESSAGE_MAX / SIP_BLOCK + 2)

enum sip_framing {
	SIP_FRAMING_WHOLE,	/* the blank line was found and every CR and LF is half of a CRLF */
	SIP_FRAMING_BARE_CR_LF, /* a CR without LF or an LF without CR before the blank line */
	SIP_FRAMING_NO_BLANK_LINE,
	SIP_FRAMING_TOO_MANY_LINES,
};

/* Bit i%8 of octet i/8 of a bitmap speaks of text[i], on either endianness. Of classes the gaps are
 * marked: what is asked is where a run of members ends. The words that hold bits up to `size`, and
 * the next, are set; the CRLF at the end of the header block ends every run. */
struct sip_index {
	uint32_t size;	 /* octets from the start of the text past the CRLF of the blank line */
	uint32_t lines;	 /* how many of line_end are set, the blank line not counted */
	bool plain_text; /* no control octet and nothing but ASCII before the blank line */
	uint16_t line_end[SIP_LINES_MAX + SIP_BLOCK]; /* offset of each line's LF */
	uint64_t not_token[SIP_BITMAP_WORDS];	      /* not SIP_TOKEN */
	uint64_t not_label[SIP_BITMAP_WORDS];	      /* not SIP_LABEL */
	uint64_t not_text[SIP_BITMAP_WORDS];	      /* not SIP_TEXT */
	uint64_t dot[SIP_BITMAP_WORDS];		      /* is "." */
};

/* Indexes text[0..len), len <= SIP_MESSAGE_MAX, and reads no octet outside it. The index need not
 * be cleared first. Only after SIP_FRAMING_WHOLE are its fields defined. */
enum sip_framing sip_index_build(struct sip_index *index, const uint8_t *text, size_t len);

/* What sip_index_build chooses from; all give identical results. */
typedef enum sip_framing sip_index_builder(struct sip_index *, const uint8_t *, size_t);

struct sip_index_variant {
	const char *name;
	sip_index_builder *build;
	bool usable; /* by this processor */
};

/* The variants compiled in, best first, the portable one last. *count is set to their number. */
const struct sip_index_variant *sip_index_variants(size_t *count);

sip_index_builder sip_index_build_portable;
#if defined(__x86_64__)
sip_index_builder sip_index_build_avx2;
sip_index_builder sip_index_build_ssse3;
#endif

#endif
