/* SPDX-License-Identifier: GPL-2.0-only */
/* A piece of a message: where it starts and how long it is. Everything the parser finds is a slice
 * of the caller's octets; nothing is copied and nothing is terminated by a NUL. */
#ifndef SIPXDP_SIP_SLICE_H
#define SIPXDP_SIP_SLICE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Offset and length in octets, relative to the text that was parsed (struct sip_message's `text`,
 * or the text given to a stand-alone parser). An absent piece has length 0. */
struct sip_slice {
	uint16_t offset;
	uint16_t length;
};

/* The piece [from, to). */
static inline struct sip_slice sip_slice_of(uint32_t from, uint32_t to)
{
	return (struct sip_slice){ .offset = (uint16_t)from, .length = (uint16_t)(to - from) };
}

static inline uint32_t sip_slice_end(struct sip_slice s)
{
	return (uint32_t)s.offset + s.length;
}

/* Does the piece of `text` spell `word`, octet by octet? (Methods, tags, Call-IDs, branches.) */
static inline bool sip_slice_is(const char *text, struct sip_slice s, const char *word)
{
	return s.length == strlen(word) && memcmp(text + s.offset, word, s.length) == 0;
}

/* The same without regard to ASCII case (header names, parameter names, hosts, transports). */
static inline bool sip_slice_is_nocase(const char *text, struct sip_slice s, const char *word)
{
	return s.length == strlen(word) && strncasecmp(text + s.offset, word, s.length) == 0;
}

/* Are two pieces, possibly of different texts, the same octets? */
static inline bool sip_slice_equal(const char *a_text, struct sip_slice a, const char *b_text,
				   struct sip_slice b)
{
	return a.length == b.length && memcmp(a_text + a.offset, b_text + b.offset, a.length) == 0;
}

static inline bool sip_slice_equal_nocase(const char *a_text, struct sip_slice a,
					  const char *b_text, struct sip_slice b)
{
	return a.length == b.length &&
	       strncasecmp(a_text + a.offset, b_text + b.offset, a.length) == 0;
}

#endif
