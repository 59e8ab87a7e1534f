/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the scanner share: its limits, what it reads and what it finds, and octets taken
 * in words of eight, within bounds that the verifier follows. See scan.h. */
#ifndef SIPXDP_SCAN_TEXT_H
#define SIPXDP_SCAN_TEXT_H

#include <linux/types.h>

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

#endif
