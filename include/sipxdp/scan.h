/* SPDX-License-Identifier: GPL-2.0-only */
/* The header scanner: finds the header fields of interest in a SIP message, in one pass, with
 * little more than two operations an octet. It is compiled for XDP and for user space alike. Its
 * parts: scan_text.h (what is shared), scan_lines.h, scan_value.h, scan_param.h, and here the rest.
 *
 * How it works. Headers are lines, so what ends a line is looked for first, 32 octets at a time, as
 * four words: octets below a blank are found by one subtraction a word. For every line start, the
 * first two letters of the name pick a row of a perfect hash table, and a masked compare of the name
 * with its colon decides. The values are then found by the line table, and what a verdict seldom
 * needs (branch, From tag, Max-Forwards) only on demand. Rare shapes (folding inside a value, white
 * space around ';' or '=', quotes after a tag) go through a small automaton, octet by octet.
 *
 * The scanner finds; it does not judge. What it finds in a message that is valid by RFC 3261 is
 * exactly what a full parser finds; a message it calls broken is broken.
 */
#ifndef SIPXDP_SCAN_H
#define SIPXDP_SCAN_H

#include <sipxdp/class.h>
#include <sipxdp/hash.h>
#include <sipxdp/scan_param.h>

/* Flags the octets that are no digits. */
SCAN_INLINE __u64 scan_no_digits(__u64 word)
{
	__u64 x = word ^ SCAN_EACH('0');

	return (((x & SCAN_EACH(0x7f)) + SCAN_EACH(0x80 - 10)) | x) & SCAN_HIGH;
}

/* Is the number of so many digits in front of CSeq's method 2^31 or more (RFC 3261 section 8.1.1.5)?
 * Zeros before it are left to the parser. */
SCAN_INLINE int scan_cseq_is_too_large(const struct scan_text *t, const struct scan *s,
				       __u64 digits)
{
	__u64 word, last;

	if (digits < 10)
		return 0;
	word = __builtin_bswap64(scan_load(t, s, s->cseq.offset));
	if (word >> 56 == '0')
		return 0;
	if (digits > 10 || word != __builtin_bswap64(W8("21474836")))
		return digits > 10 || word > __builtin_bswap64(W8("21474836"));
	last = scan_load(t, s, s->cseq.offset + 8U);
	return (last & 0xff) > '4' || ((last & 0xff) == '4' && (last >> 8 & 0xff) > '7');
}

/* The method behind the number in the CSeq value (RFC 3261 section 20.16); none if that is no number. */
SCAN_INLINE void scan_cseq_method(const struct scan_text *t, struct scan *s)
{
	__u64 offset = s->cseq.offset, to = s->cseq.offset + s->cseq.length, odd = 0;
	__u32 i;

	SCAN_SETTLE();
	for (i = 0; i < 4; i++) { /* leading zeros may be many */
		__u64 word, blank;

		if (offset >= to)
			return;
		word = scan_load(t, s, offset);
		/* octets up to ' ', exact for the first of them: digits are what is before it */
		blank = (word - SCAN_EACH(' ' + 1)) & ~word & SCAN_HIGH;
		if (!blank) {
			odd |= scan_no_digits(word);
			offset += 8;
			continue;
		}
		odd |= scan_no_digits(word) & (((blank & -blank) >> 7) - 1);
		offset += scan_lowest_octet(blank);
		if (SCAN_UNLIKELY(odd || scan_cseq_is_too_large(t, s, offset - s->cseq.offset)))
			return;
		offset++;
		word = scan_load(t, s, offset);
		if (SCAN_UNLIKELY((__u8)word <= ' ')) {
			offset = scan_skip_blanks(t, s, offset);
			word = scan_load(t, s, offset);
		}
		if (offset < to) {
			s->cseq_method.offset = offset;
			s->cseq_method.length = to - offset;
			s->cseq_word = scan_keep(word, to - offset);
		}
		SCAN_SETTLE();
		return;
	}
	s->flags |= SCAN_BEYOND;
}

/* Keyed hash of `in`, a Call-ID: never 0. `key`: HASH_KEY_WORDS words. */
#define SCAN_HASH_KEYS 18
SCAN_INLINE __u64 scan_hash(const struct scan_text *t, struct scan *s, struct scan_field in,
			    const __u64 *key)
{
	__u64 offset = in.offset, to = in.offset + in.length;
	__u64 one = SCAN_ZERO(s), two = SCAN_ZERO(s), hash;
	__u32 i;

	for (i = 0; i < SCAN_HASH_WORDS; i++) {
		__u64 word;

		if (offset >= to)
			break;
		SCAN_CLIP(offset);
		word = scan_load(t, s, offset);
		if (to - offset < 8)
			word &= (1ULL << ((to - offset) * 8 & 63)) - 1;
		one = one * 0x9e3779b97f4a7c15ULL + hash_nh(word, key[i & 7]);
		two = two * 0xbf58476d1ce4e5b9ULL + hash_nh(word, key[8 + (i & 7)]);
		offset += 8;
	}
	if (offset < to)
		s->flags |= SCAN_BEYOND;
	hash = hash_mix(one + in.length * (key[16] | 1)) ^ hash_mix(two + key[17]);
	return hash ? hash : 1;
}

/* Does the start line say SIP/2.0 (in any case, RFC 3261 section 7.1), and, of a request, the
 * method that CSeq has? */
SCAN_INLINE int scan_start_line_is_sound(const struct scan_text *t, struct scan *s)
{
	__u64 word = scan_load(t, s, 0), length;

	if ((word | 0x0000000000202020ULL) == W8("sip/2.0 "))
		return 1;
	if (s->start_line < 12 ||
	    (scan_load(t, s, s->start_line - 8U) | 0x0000000020202000ULL) != W8(" sip/2.0"))
		return 0;
	length = s->cseq_method.length;
	if (length < 8)
		return scan_keep(word, length + 1) == (s->cseq_word | (__u64)' ' << (8 * length));
	return word == s->cseq_word && scan_octet(t, s, length) == ' ';
}

/* Is Content-Length a number, and the body as long as it says (RFC 3261 section 18.3)? */
SCAN_INLINE int scan_body_is_sound(const struct scan_text *t, struct scan *s)
{
	__u64 word, length = 0;
	__u32 i;

	if (!s->colon[SLOT_CONTENT_LENGTH])
		return 1;
	if (!s->content_length.length)
		return 0;
	word = scan_load(t, s, s->content_length.offset);
	if (s->content_length.length > 8) {
		if ((__u8)word != '0')
			return 0;	 /* more than any datagram holds */
		s->flags |= SCAN_BEYOND; /* zeros before the number */
		return 1;
	}
	for (i = 0; i < 8; i++) {
		__u32 digit = (__u8)(word >> (8 * i)) - (__u32)'0';

		if (i >= s->content_length.length)
			break;
		if (digit > 9)
			return 0;
		length = length * 10 + digit;
	}
	return s->body + length <= s->whole;
}

/* Are the header fields there that every message must have (RFC 3261 section 8.1.1), and was what
 * they say of interest found? */
SCAN_INLINE int scan_is_whole(const struct scan *s)
{
	return s->call_id.length && s->cseq_method.length && s->colon[SLOT_VIA] &&
	       s->colon[SLOT_FROM] && s->colon[SLOT_TO];
}

SCAN_INLINE void scan_check(const struct scan_text *t, struct scan *s)
{
	if (s->repeated & ~(1U << SLOT_VIA | 1U << SLOT_USER_AGENT | 1U << SLOT_NONE))
		s->flags |= SCAN_REPEATED;
	if (!(s->flags & SCAN_COMPLETE) || s->flags & SCAN_BEYOND)
		return;
	if (!scan_is_whole(s) || !scan_start_line_is_sound(t, s) || !scan_body_is_sound(t, s))
		s->flags |= SCAN_BROKEN;
}

/* Make ready for a message of `whole` octets, of which `length` can be looked at. */
SCAN_INLINE void scan_begin(struct scan *s, __u64 length, __u64 whole)
{
	__builtin_memset(s, 0, __builtin_offsetof(struct scan, last));
	if (length < whole)
		s->flags = SCAN_CUT;
	s->length = length < SCAN_REACH ? length : SCAN_REACH;
	s->whole = whole;
	s->previous = SLOT_START_LINE;
}

/* Scan a message, after scan_begin: what a verdict may depend on. `key`: HASH_KEY_WORDS words. */
SCAN_INLINE void scan_message(const struct scan_text *t, struct scan *s, const __u64 *key)
{
	if (s->length < SCAN_MIN) {
		s->flags |= s->flags & SCAN_CUT ? SCAN_BEYOND : SCAN_BROKEN;
		return;
	}
	scan_lines(t, s);
	scan_value(t, s, SLOT_CALL_ID, &s->call_id);
	if (s->call_id.length)
		s->call_id_hash = scan_hash(t, s, s->call_id, key);
	scan_value(t, s, SLOT_CSEQ, &s->cseq);
	scan_cseq_method(t, s);
	scan_value(t, s, SLOT_USER_AGENT, &s->user_agent);
	if (s->user_agent.length) {
		s->agent[0] = scan_load(t, s, s->user_agent.offset) | SCAN_EACH(0x20);
		s->agent[1] = scan_load(t, s, s->user_agent.offset + 8U) | SCAN_EACH(0x20);
	}
	scan_value(t, s, SLOT_CONTENT_LENGTH, &s->content_length);
	SCAN_SETTLE();
	scan_check(t, s);
}

/* The tag of To, which tells a request within a dialog from one that asks for a new one; after
 * scan_message. */
SCAN_INLINE void scan_to_tag(const struct scan_text *t, struct scan *s)
{
	scan_value(t, s, SLOT_TO, &s->to);
	if (!s->to.length || scan_octet(t, s, s->to.offset + s->to.length - 1U) == '>')
		return; /* an address and no parameter: the usual request outside of a dialog */
	scan_tag(t, s, &s->to, &s->to_tag);
}

/* What else is looked for in a message, after scan_message and scan_to_tag. */
SCAN_INLINE void scan_details(const struct scan_text *t, struct scan *s)
{
	scan_value(t, s, SLOT_MAX_FORWARDS, &s->max_forwards);
	scan_value(t, s, SLOT_VIA, &s->via);
	scan_branch(t, s, &s->via, &s->branch);
	scan_value(t, s, SLOT_FROM, &s->from);
	scan_tag(t, s, &s->from, &s->from_tag);
}

#endif
