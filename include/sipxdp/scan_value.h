/* SPDX-License-Identifier: GPL-2.0-only */
/* The value of a header, by the table of lines: see scan.h. */
#ifndef SIPXDP_SCAN_VALUE_H
#define SIPXDP_SCAN_VALUE_H

#include <sipxdp/scan_lines.h>

/* Octets of linear white space, folding included (RFC 3261 LWS); line ends in a value are that. */
SCAN_INLINE __u64 scan_blanks(__u64 word)
{
	return scan_equal(word, ' ') | scan_equal(word, '\t') | scan_equal(word, '\r') |
	       scan_equal(word, '\n');
}

/* Where the octets from `offset` on cease to be white space; at most 32 octets of it. */
SCAN_INLINE __u64 scan_skip_blanks(const struct scan_text *t, struct scan *s, __u64 offset)
{
	__u32 i;

	for (i = 0; i < 4; i++) {
		__u64 other = scan_blanks(scan_load(t, s, offset)) ^ SCAN_HIGH;

		if (other)
			return offset + scan_lowest_octet(other);
		offset += 8;
	}
	s->flags |= SCAN_BEYOND;
	return offset;
}

/* Take blanks off both ends of *value; rare, so that the usual way stays short. */
SCAN_INLINE void scan_trim(const struct scan_text *t, struct scan *s, struct scan_field *value)
{
	__u64 from = value->offset, to = value->offset + value->length;
	__u32 i;

	from = scan_skip_blanks(t, s, from);
	for (i = 0; i < 4; i++)
		if (scan_octet(t, s, to - 1) <= ' ')
			to--;
	if (scan_octet(t, s, to - 1) <= ' ')
		s->flags |= SCAN_BEYOND; /* more blanks than are looked at */
	value->offset = from < to ? from : 0;
	value->length = from < to ? to - from : 0;
	SCAN_SETTLE();
}

/* The value of the header in `slot`, without white space around it, into *value. */
SCAN_INLINE void scan_value(const struct scan_text *t, struct scan *s, const enum scan_slot slot,
			    struct scan_field *value)
{
	__u64 from = s->colon[slot] + 1U, to = s->end[slot] - 2U, word;

	SCAN_SETTLE();
	if (!s->colon[slot] || !s->end[slot]) /* not there, or cut within */
		return;
	word = scan_load(t, s, from);
	if ((__u8)word == ' ') {
		from++;
		word >>= 8;
	}
	if (from >= to)
		return;
	value->offset = from;
	value->length = to - from;
	SCAN_SETTLE();
	if (SCAN_UNLIKELY((__u8)word <= ' ' || scan_octet(t, s, to - 1) <= ' '))
		scan_trim(t, s, value);
}

#endif
