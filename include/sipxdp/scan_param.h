/* SPDX-License-Identifier: GPL-2.0-only */
/* Parameters of Via, From and To: the branch and the tags. See scan.h. */
#ifndef SIPXDP_SCAN_PARAM_H
#define SIPXDP_SCAN_PARAM_H

#include <sipxdp/scan_value.h>

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

#endif
