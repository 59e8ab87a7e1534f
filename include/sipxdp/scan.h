/* SPDX-License-Identifier: GPL-2.0-only */
/* The header scanner: finds the header fields of interest in a SIP message, in one pass, with
 * little more than two operations an octet. The same file is compiled for XDP and for user space.
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

#include <linux/types.h>
#include <sipxdp/class.h>
#include <sipxdp/hash.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the scanner loads eight octets as a little-endian word"
#endif

#define SCAN_INLINE	 static inline __attribute__((always_inline))
#define SCAN_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Octets of a message the scanner looks at: a 1500-byte frame and some. A power of two less one,
 * because offsets are masked with it for the verifier. */
#define SCAN_REACH 2047
#define SCAN_MIN   56 /* no valid message is shorter: five headers must be there */

/* Bounds of the loops; what exceeds them is SCAN_BEYOND, never a guess. */
#define SCAN_ROUNDS	  72  /* steps over 64 octets, and stops at control characters */
#define SCAN_TAIL_ROUNDS  32  /* the same in the last octets of a message */
#define SCAN_PARAM_ROUNDS 12  /* steps over 16 octets, and stops, in search of a parameter */
#define SCAN_VALUE_WORDS  16  /* words of a parameter's value */
#define SCAN_SLOW_OCTETS  320 /* octets of a value that the automaton walks */
#define SCAN_HASH_WORDS	  48  /* words of a Call-ID: 384 octets */

enum scan_slot {
	SLOT_NONE,
	SLOT_VIA,
	SLOT_FROM,
	SLOT_TO,
	SLOT_CALL_ID,
	SLOT_CSEQ,
	SLOT_USER_AGENT,
	SLOT_MAX_FORWARDS,
	SLOT_CONTENT_LENGTH,
	SLOT_START_LINE, /* no header, but a line that ends, too */
	SLOT_ROOM = 16,
};

enum scan_flag {
	SCAN_COMPLETE = 1 << 0, /* the blank line behind the headers was found */
	SCAN_BEYOND = 1 << 1,	/* headers go on beyond SCAN_REACH or the first buffer */
	SCAN_BROKEN = 1 << 2,	/* cannot be a valid message */
	SCAN_REPEATED = 1 << 3, /* a header that may stand once stands twice */
	SCAN_CUT = 1 << 4,	/* the message goes on behind `length` */
};

/* Offsets count from the first octet of the start line. length 0: not there, or beyond reach. */
struct scan_field {
	__u16 offset;
	__u16 length;
};

#define SCAN_TAIL      32
#define SCAN_TAIL_ROOM 128 /* twice that, and what is read behind an offset */

struct scan {
	/* what was found */
	struct scan_field call_id;
	struct scan_field branch; /* of the topmost Via */
	struct scan_field cseq_method;
	struct scan_field from_tag;
	struct scan_field to_tag;
	struct scan_field user_agent;
	struct scan_field max_forwards;
	struct scan_field content_length;
	struct scan_field via, from, to, cseq; /* whole values */
	__u64 call_id_hash;		       /* 0: no Call-ID */
	__u64 cseq_word;		       /* first octets of cseq_method, zeros behind it */
	__u64 agent[2]; /* first octets of user_agent, in lower case; what lies behind counts not */
	__u32 flags;	/* enum scan_flag */
	__u16 start_line; /* length of the start line without its CRLF */
	__u16 body;	  /* offset of the body: with SCAN_COMPLETE only */
	/* the line table: of the first header of each slot, its colon and where the next line
	 * starts */
	__u16 colon[SLOT_ROOM];
	__u16 end[SLOT_ROOM];
	__u32 repeated;	   /* bit a slot: stood more than once */
	__u16 tail_origin; /* offset of tail[0] in the message */
	__u16 pad;
	__u64 stopped;	/* offset at which the walk over the packet stopped */
	__u64 length;	/* octets to look at: at most SCAN_REACH, and what is in the buffer */
	__u64 whole;	/* octets of the whole message, as the UDP header gives it */
	__u64 previous; /* slot of the header line before */
	__u64 zero;	/* stays 0, see SCAN_ZERO */
	__u16 last[32]; /* by state of the automaton: behind the last octet there */
	char tail[SCAN_TAIL_ROOM]; /* the last octets of the message, zeros behind them */
};

/* ---- words of eight octets ---- */

#define SCAN_CRLF	 0x0a0d
#define SCAN_EACH(octet) (0x0101010101010101ULL * (octet))
#define SCAN_HIGH	 SCAN_EACH(0x80)

/* A zero that neither compiler nor verifier knows: loop state that starts from it has the same
 * shape in every round, so that the verifier walks a loop once per round, not once per history. */
#define SCAN_ZERO(s) (*(const volatile __u64 *)&(s)->zero)

#ifdef __bpf__
/* The verifier sees an unknown value here, so that the states of a loop's rounds are alike and
 * are pruned (clang folds a mask it can prove away; asm keeps it). */
#define SCAN_MASK(offset, mask) asm volatile("%0 &= %1" : "+r"(offset) : "i"(mask))
/* What was tested is what is used: no copy from before the test, of which the verifier knows less. */
#define SCAN_KEEP(number)	asm volatile("" : "+r"(number))
#define SCAN_WORD(p)		(*(const __u64 *)(const void *)(p))
#define SCAN_PAIR(p)		(*(const __u16 *)(const void *)(p))
#else
#define SCAN_MASK(offset, mask) ((offset) &= (mask))
SCAN_INLINE __u64 scan_word(const char *p)
{
	__u64 word;

	__builtin_memcpy(&word, p, sizeof(word));
	return word;
}
SCAN_INLINE __u16 scan_pair(const char *p)
{
	__u16 pair;

	__builtin_memcpy(&pair, p, sizeof(pair));
	return pair;
}
#define SCAN_WORD(p)		scan_word(p)
#define SCAN_PAIR(p)		scan_pair(p)
#endif

#define SCAN_CLIP_MASK	  (2 * SCAN_REACH + 1) /* what is just behind the reach is not wrapped */
#define SCAN_CLIP(offset) SCAN_MASK(offset, SCAN_CLIP_MASK)

/* What was stored is what is read from here on: paths that differ only in what they kept in
 * registers become one for the verifier. */
#define SCAN_SETTLE() asm volatile("" : : : "memory")

/* Index of the first octet flagged in its high bit; flags must not be 0 (multiplication: BPF has no
 * count of trailing zeros). */
SCAN_INLINE __u64 scan_lowest_octet(__u64 flags)
{
	return (((flags & -flags) >> 7) * 0x0001020304050607ULL) >> 56;
}

/* High bit of every octet that equals `octet`: exact for all eight. */
SCAN_INLINE __u64 scan_equal(__u64 word, __u8 octet)
{
	__u64 x = word ^ SCAN_EACH(octet);

	return ~(((x & SCAN_EACH(0x7f)) + SCAN_EACH(0x7f)) | x) & SCAN_HIGH;
}

/* The same for the first such octet only: an octet behind it may be flagged for nothing. */
SCAN_INLINE __u64 scan_first(__u64 word, __u8 octet)
{
	__u64 x = word ^ SCAN_EACH(octet);

	return (x - SCAN_EACH(1)) & ~x & SCAN_HIGH;
}

/* Octets that end a token as people write it: below '-', ':' to '?', and all that is not ASCII. The
 * first one flagged is one of those; a few rarer octets of tokens (! % ' * +) are among them. */
SCAN_INLINE __u64 scan_unusual(__u64 word)
{
	return (((word + SCAN_EACH(0x80 - ':')) & ~(word + SCAN_EACH(0x80 - '@'))) |
		~(word + SCAN_EACH(0x80 - '-')) | word) &
	       SCAN_HIGH;
}

/* The octets of a word that belong to a field of `length` octets. */
SCAN_INLINE __u64 scan_keep(__u64 word, __u64 length)
{
	return length < 8 ? word & ((1ULL << (length * 8 & 63)) - 1) : word;
}

/* ---- a message: bounds are tested against `end`, so that the verifier follows ---- */

struct scan_text {
	const char *msg; /* first octet of the start line */
	const char *end; /* behind the last octet that can be read */
};

/* Eight octets at `offset`. Headers that reach into the last octets of the text are in s->tail by
 * then, with zeros behind them. */
SCAN_INLINE __u64 scan_load(const struct scan_text *t, const struct scan *s, __u64 offset)
{
	SCAN_CLIP(offset);
	if (t->msg + offset + 8 <= t->end)
		return SCAN_WORD(t->msg + offset);
	offset -= s->tail_origin;
	SCAN_MASK(offset, 2 * SCAN_TAIL - 1);
	return SCAN_WORD(s->tail + offset);
}

/* One octet at `offset`. */
SCAN_INLINE __u8 scan_octet(const struct scan_text *t, const struct scan *s, __u64 offset)
{
	return scan_load(t, s, offset);
}

/* ---- header names ---- */

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

/* ---- values ---- */

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

/* ---- parameters ---- */

/* The automaton that reads a Via or From or To value octet by octet: (state, class) -> state. */
enum scan_class {
	C_OTHER,
	C_QUOTE,
	C_ESCAPE,
	C_LESS,
	C_GREATER,
	C_SEMICOLON,
	C_COMMA,
	C_EQUAL,
	C_BLANK,
	C_T,
	C_A,
	C_G,
	C_B,
	C_R,
	C_N,
	C_C,
	C_H,
	C_COUNT,
};

static const __u8 scan_class[256] = {
	['"'] = C_QUOTE,     ['\\'] = C_ESCAPE, ['<'] = C_LESS,	  ['>'] = C_GREATER,
	[';'] = C_SEMICOLON, [','] = C_COMMA,	['='] = C_EQUAL,  [' '] = C_BLANK,
	['\t'] = C_BLANK,    ['\r'] = C_BLANK,	['\n'] = C_BLANK, ['t'] = C_T,
	['a'] = C_A,	     ['g'] = C_G,	['b'] = C_B,	  ['r'] = C_R,
	['n'] = C_N,	     ['c'] = C_C,	['h'] = C_H,	  ['T'] = C_T,
	['A'] = C_A,	     ['G'] = C_G,	['B'] = C_B,	  ['R'] = C_R,
	['N'] = C_N,	     ['C'] = C_C,	['H'] = C_H,
};

enum scan_state {
	S_ADDRESS,
	S_QUOTED,
	S_QUOTED_ESCAPE,
	S_ANGLE, /* before the parameters */
	S_NAME,	 /* behind ';' */
	S_OTHER,
	S_OTHER_QUOTED,
	S_OTHER_ESCAPE, /* in a parameter of no interest */
	S_T,
	S_TA,
	S_TAG,
	S_TAG_EQUAL,
	S_TAG_VALUE,
	S_B,
	S_BR,
	S_BRA,
	S_BRAN,
	S_BRANC,
	S_BRANCH,
	S_BRANCH_EQUAL,
	S_BRANCH_VALUE,
	S_END, /* behind the first of a comma list */
	S_COUNT,
};

/* Between parameters or at their end. */
#define NEXT_DELIMITER(c, other) ((c) == C_SEMICOLON ? S_NAME : (c) == C_COMMA ? S_END : (other))
/* Within a parameter's name: one more letter, or another parameter. */
#define NEXT_LETTER(c, letter, next)                                                               \
	((c) == (letter) ? (next) : (c) == C_QUOTE ? S_OTHER_QUOTED : NEXT_DELIMITER(c, S_OTHER))
#define NEXT_EQUAL(s, c, next)                                                                     \
	((c) == C_EQUAL ? (next) : (c) == C_BLANK ? (s) : NEXT_DELIMITER(c, S_OTHER))
#define NEXT_FIRST(s, c, next)                                                                     \
	((c) == C_BLANK ? (s) : (c) == C_QUOTE ? S_OTHER_QUOTED : NEXT_DELIMITER(c, next))
#define NEXT_VALUE(s, c) ((c) == C_BLANK ? S_OTHER : NEXT_DELIMITER(c, s))

#define NEXT(s, c)                                                                                 \
	((s) == S_ADDRESS	  ? ((c) == C_QUOTE  ? S_QUOTED                                    \
				     : (c) == C_LESS ? S_ANGLE                                     \
						     : NEXT_DELIMITER(c, S_ADDRESS))               \
	 : (s) == S_QUOTED	  ? ((c) == C_ESCAPE  ? S_QUOTED_ESCAPE                            \
				     : (c) == C_QUOTE ? S_ADDRESS                                  \
						      : S_QUOTED)                                  \
	 : (s) == S_QUOTED_ESCAPE ? S_QUOTED                                                       \
	 : (s) == S_ANGLE	  ? ((c) == C_GREATER ? S_ADDRESS : S_ANGLE)                       \
	 : (s) == S_NAME	  ? ((c) == C_BLANK ? S_NAME                                       \
				     : (c) == C_T   ? S_T                                          \
						    : NEXT_LETTER(c, C_B, S_B))                      \
	 : (s) == S_OTHER	  ? ((c) == C_QUOTE ? S_OTHER_QUOTED : NEXT_DELIMITER(c, S_OTHER)) \
	 : (s) == S_OTHER_QUOTED  ? ((c) == C_ESCAPE  ? S_OTHER_ESCAPE                             \
				     : (c) == C_QUOTE ? S_OTHER                                    \
						      : S_OTHER_QUOTED)                            \
	 : (s) == S_OTHER_ESCAPE  ? S_OTHER_QUOTED                                                 \
	 : (s) == S_T		  ? NEXT_LETTER(c, C_A, S_TA)                                      \
	 : (s) == S_TA		  ? NEXT_LETTER(c, C_G, S_TAG)                                     \
	 : (s) == S_TAG		  ? NEXT_EQUAL(s, c, S_TAG_EQUAL)                                  \
	 : (s) == S_TAG_EQUAL	  ? NEXT_FIRST(s, c, S_TAG_VALUE)                                  \
	 : (s) == S_TAG_VALUE	  ? NEXT_VALUE(s, c)                                               \
	 : (s) == S_B		  ? NEXT_LETTER(c, C_R, S_BR)                                      \
	 : (s) == S_BR		  ? NEXT_LETTER(c, C_A, S_BRA)                                     \
	 : (s) == S_BRA		  ? NEXT_LETTER(c, C_N, S_BRAN)                                    \
	 : (s) == S_BRAN	  ? NEXT_LETTER(c, C_C, S_BRANC)                                   \
	 : (s) == S_BRANC	  ? NEXT_LETTER(c, C_H, S_BRANCH)                                  \
	 : (s) == S_BRANCH	  ? NEXT_EQUAL(s, c, S_BRANCH_EQUAL)                               \
	 : (s) == S_BRANCH_EQUAL  ? NEXT_FIRST(s, c, S_BRANCH_VALUE)                               \
	 : (s) == S_BRANCH_VALUE  ? NEXT_VALUE(s, c)                                               \
				  : S_END)

#define NEXT_ROW(s)                                                                                \
	[s] = { NEXT(s, C_OTHER),   NEXT(s, C_QUOTE),	  NEXT(s, C_ESCAPE), NEXT(s, C_LESS),      \
		NEXT(s, C_GREATER), NEXT(s, C_SEMICOLON), NEXT(s, C_COMMA),  NEXT(s, C_EQUAL),     \
		NEXT(s, C_BLANK),   NEXT(s, C_T),	  NEXT(s, C_A),	     NEXT(s, C_G),         \
		NEXT(s, C_B),	    NEXT(s, C_R),	  NEXT(s, C_N),	     NEXT(s, C_C),         \
		NEXT(s, C_H) }

static const __u8 scan_next[32][32] = {
	NEXT_ROW(S_ADDRESS),
	NEXT_ROW(S_QUOTED),
	NEXT_ROW(S_QUOTED_ESCAPE),
	NEXT_ROW(S_ANGLE),
	NEXT_ROW(S_NAME),
	NEXT_ROW(S_OTHER),
	NEXT_ROW(S_OTHER_QUOTED),
	NEXT_ROW(S_OTHER_ESCAPE),
	NEXT_ROW(S_T),
	NEXT_ROW(S_TA),
	NEXT_ROW(S_TAG),
	NEXT_ROW(S_TAG_EQUAL),
	NEXT_ROW(S_TAG_VALUE),
	NEXT_ROW(S_B),
	NEXT_ROW(S_BR),
	NEXT_ROW(S_BRA),
	NEXT_ROW(S_BRAN),
	NEXT_ROW(S_BRANC),
	NEXT_ROW(S_BRANCH),
	NEXT_ROW(S_BRANCH_EQUAL),
	NEXT_ROW(S_BRANCH_VALUE),
	NEXT_ROW(S_END),
};

/* The parameter whose '=' and value have the states `equal` and `value`, by the automaton. It keeps
 * where it last was in each state: a value begins behind the last octet of `equal`. */
SCAN_INLINE void scan_param_slow(const struct scan_text *t, struct scan *s,
				 const struct scan_field *in, struct scan_field *found,
				 const enum scan_state equal, const enum scan_state value)
{
	__u64 offset = in->offset, to = in->offset + in->length;
	__u64 state = SCAN_ZERO(s);
	__u16 *last = s->last;
	const char *p;
	__u32 i;

	for (i = 0; i < 32; i++)
		last[i] = 0;
	for (i = 0; i < SCAN_SLOW_OCTETS; i++) {
		if (offset >= to)
			break;
		SCAN_CLIP(offset);
		p = t->msg + offset;
		if (p + 1 > t->end)
			break;
		state = scan_next[state & 31][scan_class[(__u8)*p] & 31];
		offset++;
		last[state & 31] = offset;
	}
	if (offset < to)
		s->flags |= SCAN_BEYOND;
	if (last[value] > last[equal]) {
		found->offset = last[equal];
		found->length = last[value] - last[equal];
	}
}

enum scan_param_result { PARAM_NONE, PARAM_FOUND, PARAM_UNSURE };

/* Where the parameter `name` (lower case, '=' included, `length` octets) begins between `offset`
 * and `to`: *from is the first octet of its own value. */
SCAN_INLINE enum scan_param_result scan_param_find(const struct scan_text *t, const struct scan *s,
						   __u64 offset, __u64 to, const __u64 name,
						   const __u32 length, __u64 *from)
{
	__u32 i;

	for (i = 0; i < SCAN_PARAM_ROUNDS; i++) {
		const char *p;
		__u64 word, stop;

		if (offset >= to)
			return PARAM_NONE;
		SCAN_CLIP(offset);
		p = t->msg + offset;
		if (p + 16 <= t->end) {
			__u64 next = scan_first(SCAN_WORD(p + 8), ';');

			stop = scan_first(SCAN_WORD(p), ';');
			if (!(stop | next)) {
				offset += 16;
				continue;
			}
			if (!stop) {
				stop = next;
				offset += 8;
			}
		} else {
			stop = scan_first(scan_load(t, s, offset), ';');
			if (!stop) {
				offset += 8;
				continue;
			}
		}
		offset += scan_lowest_octet(stop) + 1;
		if (offset >= to)
			return PARAM_NONE;
		word = scan_load(t, s, offset) | SCAN_EACH(0x20);
		if (!((word ^ name) & NAME_MASK(length))) {
			*from = offset + length;
			return PARAM_FOUND;
		}
		/* blanks behind ';' or before '=' */
		if ((__u8)word < '0' || !((word ^ name) & NAME_MASK(length - 1)))
			return PARAM_UNSURE;
	}
	return PARAM_UNSURE;
}

/* Where the token that starts at `from` surely goes on to, at most `to`. */
SCAN_INLINE __u64 scan_token_end(const struct scan_text *t, const struct scan *s, __u64 from,
				 __u64 to)
{
	__u32 i;

	for (i = 0; i < SCAN_VALUE_WORDS; i++) {
		__u64 stop;

		if (from >= to)
			return to;
		SCAN_CLIP(from);
		stop = scan_unusual(scan_load(t, s, from));
		if (stop) {
			from += scan_lowest_octet(stop);
			break;
		}
		from += 8;
	}
	return from < to ? from : to;
}

/* Where the host and port that start at `from` end: the first ';', or something unexpected. */
SCAN_INLINE __u64 scan_host_end(const struct scan_text *t, struct scan *s, __u64 from)
{
	__u32 i;

	for (i = 0; i < 12; i++) {
		__u64 word, stop;

		SCAN_CLIP(from);
		word = scan_load(t, s, from);
		stop = scan_first(word, ';') | (~(word + SCAN_EACH(0x80 - '-')) & SCAN_HIGH);
		if (stop)
			return from + scan_lowest_octet(stop);
		from += 8;
	}
	return from;
}

/* The tag parameter of the From or To value `in` (RFC 3261 section 19.3), into *tag. Fast where it
 * stands last, as almost everywhere: then it is surely neither within <> nor within quotes. */
SCAN_INLINE void scan_tag(const struct scan_text *t, struct scan *s, const struct scan_field *in,
			  struct scan_field *tag)
{
	__u64 from = 0, to = in->offset + in->length;
	enum scan_param_result result;

	SCAN_SETTLE();
	result = scan_param_find(t, s, in->offset, to, W4("tag="), 4, &from);
	if (result == PARAM_NONE)
		return;
	if (result == PARAM_FOUND && from < to && scan_token_end(t, s, from, to) == to) {
		tag->offset = from;
		tag->length = to - from;
		return;
	}
	scan_param_slow(t, s, in, tag, S_TAG_EQUAL, S_TAG_VALUE);
	SCAN_SETTLE();
}

/* The branch parameter of the first Via in the value `in` (section 20.42), into *branch. Fast where
 * it is the first parameter; else a comma or quotes may come before it. */
SCAN_INLINE void scan_branch(const struct scan_text *t, struct scan *s, const struct scan_field *in,
			     struct scan_field *branch)
{
	__u64 from = in->offset, to = in->offset + in->length, end, blank;

	SCAN_SETTLE();
	if (!in->length)
		return;
	/* "SIP/2.0/UDP host:port;branch=token" */
	blank = scan_first(scan_load(t, s, from + 8), ' ');
	if (blank) {
		from += 8 + scan_lowest_octet(blank) + 1;
		from = scan_host_end(t, s, from);
		if (from < to && !((scan_load(t, s, from) ^ W8(";branch=")))) {
			from += 8;
			end = scan_token_end(t, s, from, to);
			if (end > from && (end == to || scan_octet(t, s, end) == ';')) {
				branch->offset = from;
				branch->length = end - from;
				return;
			}
		}
	}
	scan_param_slow(t, s, in, branch, S_BRANCH_EQUAL, S_BRANCH_VALUE);
	SCAN_SETTLE();
}

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
