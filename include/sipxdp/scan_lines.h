/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines of a header block and the names of headers: see scan.h. */
#ifndef SIPXDP_SCAN_LINES_H
#define SIPXDP_SCAN_LINES_H

#include <sipxdp/scan_text.h>

/* A name is looked up by its first two letters and compared together with its colon: in one word, or
 * two if it is longer than seven letters. */
struct scan_name {
	__u64 unlike;	/* complement of the first eight octets: an empty row is like no name */
	__u64 mask;	/* the octets of them that count */
	__u64 fold;	/* 0x20 in each letter's: the case counts not */
	__u64 end;	/* what is behind the first eight octets, and the same of it */
	__u64 end_mask; /* 0: nothing is */
	__u64 end_fold;
	__u64 top;    /* bits by which the octet of the colon, and what is above, is shifted out */
	__u32 length; /* without the colon */
	__u32 slot;
};

#define LETTERS(a, b)	   ((__u32)(__u8)(a) | (__u32)(__u8)(b) << 8)
#define NAME_HASH(letters) ((__u32)((__u32)(letters)*0x86ed27f9U) >> 27)
#define NAME_MASK(n)	   (~0ULL >> (64 - 8 * (n)))
#define NAME_FOLD(n)	   (SCAN_EACH(0x20) & NAME_MASK(n))
#define W1(s)		   ((__u64)(s)[0])
#define W2(s)		   (W1(s) | (__u64)(s)[1] << 8)
#define W3(s)		   (W2(s) | (__u64)(s)[2] << 16)
#define W4(s)		   (W3(s) | (__u64)(s)[3] << 24)
#define W5(s)		   (W4(s) | (__u64)(s)[4] << 32)
#define W6(s)		   (W5(s) | (__u64)(s)[5] << 40)
#define W7(s)		   (W6(s) | (__u64)(s)[6] << 48)
#define W8(s)		   (W7(s) | (__u64)(s)[7] << 56)

#define NAME_SHORT(a, b, word, n, s)                                                               \
	[NAME_HASH(LETTERS(a, b))] = { .unlike = ~(word),                                          \
				       .mask = NAME_MASK((n) + 1),                                 \
				       .fold = NAME_FOLD(n),                                       \
				       .top = 64 - 8 * (n),                                        \
				       .length = n,                                                \
				       .slot = s }
#define NAME_LONG(a, b, word, word_end, n, s)                                                      \
	[NAME_HASH(LETTERS(a, b))] = { .unlike = ~(word),                                          \
				       .mask = NAME_MASK(8),                                       \
				       .fold = NAME_FOLD(8),                                       \
				       .end = word_end,                                            \
				       .end_mask = NAME_MASK((n)-7),                               \
				       .end_fold = NAME_FOLD((n)-8),                               \
				       .length = n,                                                \
				       .slot = s }
/* A compact form, and the same before a blank or a tab (0x09 | 0x20 is ')'). */
#define NAME_COMPACT(a, name, s)                                                                   \
	NAME_SHORT(a, ':', W2(name ":"), 1, s), NAME_SHORT(a, ' ', W2(name ":"), 1, s),            \
		NAME_SHORT(a, ')', W2(name ":"), 1, s)

static const struct scan_name scan_names[32] = {
	NAME_COMPACT('v', "v", SLOT_VIA),
	NAME_COMPACT('f', "f", SLOT_FROM),
	NAME_COMPACT('t', "t", SLOT_TO),
	NAME_COMPACT('i', "i", SLOT_CALL_ID),
	NAME_COMPACT('l', "l", SLOT_CONTENT_LENGTH),
	NAME_SHORT('v', 'i', W4("via:"), 3, SLOT_VIA),
	NAME_SHORT('f', 'r', W5("from:"), 4, SLOT_FROM),
	NAME_SHORT('t', 'o', W3("to:"), 2, SLOT_TO),
	NAME_SHORT('c', 'a', W8("call-id:"), 7, SLOT_CALL_ID),
	NAME_SHORT('c', 's', W5("cseq:"), 4, SLOT_CSEQ),
	NAME_LONG('u', 's', W8("user-age"), W3("nt:"), 10, SLOT_USER_AGENT),
	NAME_LONG('m', 'a', W8("max-forw"), W5("ards:"), 12, SLOT_MAX_FORWARDS),
	NAME_LONG('c', 'o', W8("content-"), W7("length:"), 14, SLOT_CONTENT_LENGTH),
};

/* White space before the colon (RFC 3261 HCOLON), at most seven octets of it here: where the colon
 * is, or 0. `word`: what follows the name at `offset`. */
SCAN_INLINE __u64 scan_find_colon(struct scan *s, __u64 offset, __u64 word)
{
	__u64 other = (scan_equal(word, ' ') | scan_equal(word, '\t')) ^ SCAN_HIGH;
	__u64 blanks;

	if (!other) {
		s->flags |= SCAN_BEYOND;
		return 0;
	}
	blanks = scan_lowest_octet(other);
	return (__u8)(word >> (blanks * 8)) == ':' ? offset + blanks : 0;
}

/* The line at `p` (24 octets readable) that starts at `offset` is not `name` with its colon; it may
 * be `name` with blanks before the colon: where that is, or 0. `diff`, `end_diff`: what is unlike
 * in the name's words. */
SCAN_INLINE __u64 scan_colon_apart(struct scan *s, const struct scan_name *name, const char *p,
				   __u64 offset, __u64 diff, __u64 end_diff)
{
	__u64 rest = name->length & 7, bits = rest * 8;
	__u64 word = SCAN_WORD(p + 8), next = SCAN_WORD(p + 16);

	if (!name->end_mask) {
		end_diff = diff;
		diff = 0;
		next = word;
		word = SCAN_WORD(p);
	}
	if (!rest || diff || end_diff << (64 - bits))
		return 0;
	return scan_find_colon(s, offset + name->length, word >> bits | next << (64 - bits));
}

/* The slot of the header line at `p` (24 octets readable) that starts at `offset`, its colon entered;
 * SLOT_NONE if it is of no interest, or not the first of its kind. */
SCAN_INLINE __u64 scan_line(struct scan *s, const char *p, __u64 offset)
{
	const __u64 none = SCAN_ZERO(s) & (SLOT_ROOM - 1); /* SLOT_NONE */
	__u64 word = SCAN_WORD(p), diff, end_diff, colon, slot;
	const struct scan_name *name = &scan_names[NAME_HASH((__u16)word | 0x2020)];

	diff = ((word | name->fold) & name->mask) ^ ~name->unlike;
	if (diff << (name->top & 63)) /* in more than the colon */
		return none;
	end_diff = ((SCAN_WORD(p + 8) | name->end_fold) & name->end_mask) ^ name->end;
	colon = offset + name->length;
	if (SCAN_UNLIKELY(diff | end_diff)) {
		colon = scan_colon_apart(s, name, p, offset, diff, end_diff);
		if (!colon)
			return none;
	}
	slot = name->slot & (SLOT_ROOM - 1);
	if (s->colon[slot]) { /* the first of its kind stays */
		s->repeated |= 1U << slot;
		return none;
	}
	s->colon[slot] = colon;
	return slot;
}

/* Offset of the first octet below 0x20 among the 32 at `p`, or 32. Octets from 0xa0 on may be
 * reported in its stead: the caller looks at what is there. */
SCAN_INLINE __u64 scan_stop(const char *p)
{
	__u64 a = SCAN_WORD(p) - SCAN_EACH(0x20);
	__u64 b = SCAN_WORD(p + 8) - SCAN_EACH(0x20);
	__u64 c = SCAN_WORD(p + 16) - SCAN_EACH(0x20);
	__u64 d = SCAN_WORD(p + 24) - SCAN_EACH(0x20);

	if (!((a | b | c | d) & SCAN_HIGH))
		return 32;
	if (a & SCAN_HIGH)
		return scan_lowest_octet(a & SCAN_HIGH);
	if (b & SCAN_HIGH)
		return 8 + scan_lowest_octet(b & SCAN_HIGH);
	if (c & SCAN_HIGH)
		return 16 + scan_lowest_octet(c & SCAN_HIGH);
	return 24 + scan_lowest_octet(d & SCAN_HIGH);
}

/* Enter lines into the line table, from octet `offset` of the text at `base` on: until the blank
 * line (SCAN_COMPLETE), something broken, or fewer than 32 octets before `end`. Returned is where
 * it stopped. One flat loop, whose rounds either step over octets that end no line or enter one:
 * nested loops would multiply the verifier's work. `mask` bounds offsets; `origin` is the offset of
 * `base` in the message; line ends are entered before `left`, at most half of `mask`. */
SCAN_INLINE __u64 scan_walk(struct scan *s, const char *base, const char *end, const __u64 mask,
			    __u64 origin, __u64 left, __u64 offset, const __u32 rounds)
{
	__u64 previous = s->previous; /* slot of the line before */
	__u32 round;

	for (round = 0; round < rounds; round++) {
		__u64 stop, line;
		const char *p;

		SCAN_MASK(offset, mask);
		SCAN_MASK(previous, (SLOT_ROOM - 1));
		p = base + offset;
		if (p + 32 > end)
			break;
		stop = scan_stop(p);
		if (stop == 32 && p + 64 <= end)
			stop += scan_stop(p + 32);
		offset += stop;
		SCAN_MASK(offset, mask);
		if (offset >= left)
			break;
		p = base + offset;
		if (p + 26 > end)
			break;
		if (SCAN_PAIR(p) != SCAN_CRLF) {
			if ((__u8)*p >= ' ' && (__u8)*p < 0xa0)
				continue; /* nothing stopped it */
			if (*p == '\r' || *p == '\n') {
				s->flags |= SCAN_BROKEN; /* no bare CR or LF in headers */
				break;
			}
			offset++;
			SCAN_MASK(offset, mask);
			continue;
		}
		offset += 2;
		SCAN_MASK(offset, mask);
		line = SCAN_PAIR(p + 2);
		if (SCAN_UNLIKELY((__u8)line <= ' ')) {
			if ((__u8)line == ' ' || (__u8)line == '\t')
				continue; /* folded (RFC 3261 section 7.3.1) */
			if (line == SCAN_CRLF) {
				s->body = origin + offset + 2;
				s->end[previous] = origin + offset;
				s->flags |= SCAN_COMPLETE;
				break;
			}
		}
		s->end[previous] = origin + offset;
		previous = scan_line(s, p + 2, origin + offset);
	}
	s->previous = previous;
	return offset;
}

/* A line end this near to the end of the text is not entered: there is no room for the blank line. */
#define SCAN_LINE_END 3

/* Copy the last SCAN_TAIL octets of the text to where there are zeros to read behind them. */
SCAN_INLINE void scan_fill_tail(const struct scan_text *t, struct scan *s)
{
	__u32 i;

	s->tail_origin = s->length - SCAN_TAIL;
	__builtin_memset(s->tail, 0, sizeof(s->tail));
	for (i = 0; i < SCAN_TAIL / 8; i++) {
		__u64 offset = s->tail_origin + 8 * i;

		SCAN_CLIP(offset);
		if (t->msg + offset + 8 > t->end)
			break;
		*(__u64 *)(void *)(s->tail + 8 * i) = SCAN_WORD(t->msg + offset);
	}
	SCAN_SETTLE();
}

/* Fill the line table. */
SCAN_INLINE void scan_lines(const struct scan_text *t, struct scan *s)
{
	s->stopped = scan_walk(s, t->msg, t->end, SCAN_CLIP_MASK, 0, s->length - SCAN_LINE_END,
			       SCAN_ZERO(s), SCAN_ROUNDS);
	SCAN_SETTLE();
	if (!(s->flags & (SCAN_COMPLETE | SCAN_BROKEN))) {
		if (s->stopped + SCAN_TAIL < s->length) {
			s->flags |= SCAN_BEYOND;
			return;
		}
		scan_fill_tail(t, s);
		s->stopped = scan_walk(s, s->tail, s->tail + sizeof(s->tail), 2 * SCAN_TAIL - 1,
				       s->tail_origin, SCAN_ZERO(s) + SCAN_TAIL - SCAN_LINE_END,
				       s->stopped - s->tail_origin, SCAN_TAIL_ROUNDS);
		SCAN_SETTLE();
		if (!(s->flags & (SCAN_COMPLETE | SCAN_BROKEN)) &&
		    s->stopped < SCAN_TAIL - SCAN_LINE_END)
			s->flags |= SCAN_BEYOND; /* more stops than rounds */
	}
	if (s->end[SLOT_START_LINE])
		s->start_line = s->end[SLOT_START_LINE] - 2;
	if (s->flags & (SCAN_COMPLETE | SCAN_BEYOND))
		return;
	if (s->length == SCAN_REACH || s->flags & SCAN_CUT)
		s->flags |= SCAN_BEYOND;
	else
		s->flags |= SCAN_BROKEN; /* ends within its headers */
}

#endif
