/* SPDX-License-Identifier: GPL-2.0-only */
/* How the grammar reads: a cursor over one header value (or Request-URI) of an indexed text.
 *
 * Three things hold wherever a cursor stands, at <= end, and spare the readers most bounds tests:
 *  - text[end] can be read, and it is white space: a test for any other octet fails there;
 *  - from every position up to `end`, four octets can be read (the CRLF CRLF of the header block at
 *    the least);
 *  - CR and LF occur in a value only where a line was folded (the index has made sure), so both
 *    count as white space.
 *
 * A reader returns true and leaves the cursor behind what it has read, or calls sip_fail(). */
#ifndef SIPXDP_SIP_CURSOR_H
#define SIPXDP_SIP_CURSOR_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "sip/index.h"
#include "sip/octet.h"
#include "sip/slice.h"

#define sip_likely(x)	__builtin_expect(!!(x), 1)
#define sip_unlikely(x) __builtin_expect(!!(x), 0)

struct sip_fault {
	uint32_t offset;   /* into text */
	uint16_t response; /* status code to answer with, 0: none */
	const char *rfc;
	const char *what;
};

struct sip_cursor {
	const uint8_t *text;
	const struct sip_index *index;
	uint32_t at;		/* the next octet to read */
	uint32_t end;		/* past the value; trailing white space is cut off */
	uint32_t warnings;	/* bits of enum sip_warning */
	struct sip_fault fault; /* set by sip_fail(), `what` NULL until then */
};

/* Notes why reading stopped at `at`. Returns false, for the caller to return. */
bool sip_fail(struct sip_cursor *c, uint32_t at, const char *rfc, const char *what);

static inline uint32_t sip_load32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static inline uint64_t sip_load64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* The bits of a bitmap from `at` on; at least the lowest SIP_BITS_VALID are meaningful. */
#define SIP_BITS_VALID 57
static inline uint64_t sip_bits(const uint64_t *bitmap, uint32_t at)
{
	return sip_load64((const uint8_t *)bitmap + at / 8) >> (at % 8);
}

/* Where the run that starts at `at` ends, of a bitmap that marks the gaps; `at` itself if there is
 * none. */
static inline uint32_t sip_run(const uint64_t *gaps, uint32_t at)
{
	uint64_t bits = sip_bits(gaps, at);

	while (sip_unlikely(!bits)) {
		at += SIP_BITS_VALID;
		bits = sip_bits(gaps, at);
	}
	return at + (uint32_t)__builtin_ctzll(bits);
}

/* Where the run of octets of `class` that starts at `at` ends. The class must contain SIP_LABEL,
 * which is skipped by bitmap. */
static inline uint32_t sip_run_of(const struct sip_cursor *c, uint32_t at, uint16_t class)
{
	for (;;) {
		at = sip_run(c->index->not_label, at);
		if (!sip_octet_is(c->text[at], class))
			return at;
		at++;
	}
}

/* "%" HEXDIG HEXDIG (RFC 3261 section 25.1, escaped) at `at`? */
static inline bool sip_is_escape(const struct sip_cursor *c, uint32_t at)
{
	return c->text[at] == '%' && sip_octet_is(c->text[at + 1], SIP_HEX) &&
	       sip_octet_is(c->text[at + 2], SIP_HEX);
}

/* The same run, in which escaped octets may stand too. */
static inline uint32_t sip_run_escaped(const struct sip_cursor *c, uint32_t at, uint16_t class)
{
	for (;;) {
		at = sip_run_of(c, at, class);
		if (sip_likely(!sip_is_escape(c, at)))
			return at;
		at += 3;
	}
}

static inline bool sip_is_space(uint8_t octet)
{
	return octet <= ' ';
}

/* Past white space, folding included, but not past the end of the value. */
uint32_t sip_skip_spaces(const struct sip_cursor *c, uint32_t at);

/* SWS at `at`; nearly always there is none. */
static inline uint32_t sip_skip_space(const struct sip_cursor *c, uint32_t at)
{
	return sip_unlikely(sip_is_space(c->text[at])) ? sip_skip_spaces(c, at) : at;
}

/* LWS, which has to be there: nearly always one space. */
static inline bool sip_take_space(struct sip_cursor *c)
{
	const uint8_t *p = c->text + c->at;

	if (sip_unlikely(!sip_is_space(p[0])))
		return false;
	c->at = sip_likely(!sip_is_space(p[1])) && c->at < c->end ? c->at + 1
								  : sip_skip_spaces(c, c->at);
	return true;
}

static inline uint8_t sip_peek(const struct sip_cursor *c)
{
	return c->text[c->at];
}

static inline bool sip_at_end(const struct sip_cursor *c)
{
	return c->at >= c->end;
}

/* SWS "x" SWS where there is white space: the rare half of sip_take_separator(). */
bool sip_take_spaced_separator(struct sip_cursor *c, uint8_t octet);

/* SWS "x" SWS: the separators of RFC 3261 section 25.1, `octet` being no white space. Moves only if
 * it is there. */
static inline bool sip_take_separator(struct sip_cursor *c, uint8_t octet)
{
	const uint8_t *p = c->text + c->at;

	if (sip_likely(p[0] == octet && !sip_is_space(p[1]))) {
		c->at++;
		return true;
	}
	if (sip_likely((p[0] != octet && !sip_is_space(p[0])) || c->at == c->end))
		return false;
	return sip_take_spaced_separator(c, octet);
}

/* token; false, without a fault, if there is none. */
static inline bool sip_take_token(struct sip_cursor *c, struct sip_slice *token)
{
	uint32_t from = c->at;

	c->at = sip_run(c->index->not_token, from);
	*token = sip_slice_of(from, c->at);
	return c->at != from;
}

/* Nothing may follow. */
static inline bool sip_expect_end(struct sip_cursor *c, const char *rfc, const char *what)
{
	return sip_likely(c->at == c->end) ? true : sip_fail(c, c->at, rfc, what);
}

/* Is the piece the given word, whatever its case? Made for literals of letters, digits and "-": the
 * compiler folds all that does not depend on the text. */
static inline bool sip_is_word(const uint8_t *text, struct sip_slice s, const char *word)
{
	const size_t len = strlen(word);
	const uint8_t *p = text + s.offset;
	const uint32_t lower = 0x20202020;

	if (s.length != len)
		return false;
	if (len < 4) {
		uint32_t wanted = 0, beyond = UINT32_MAX << (8 * len);

		memcpy(&wanted, word, len);
		return (sip_load32(p) | lower | beyond) == (le32toh(wanted) | lower | beyond);
	}
	if (len <= 8) {
		return (sip_load32(p) | lower) == (sip_load32(word) | lower) &&
		       (sip_load32(p + len - 4) | lower) == (sip_load32(word + len - 4) | lower);
	}
	return strncasecmp((const char *)p, word, len) == 0;
}

#endif
