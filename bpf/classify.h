/* SPDX-License-Identifier: GPL-2.0-only */
/* What a datagram is, by its first octets: request and method, response and status class,
 * keepalive, STUN or garbage. */
#ifndef BPF_CLASSIFY_H
#define BPF_CLASSIFY_H

#include "packet.h"

#define LEADING_CRLF  8		 /* empty lines before a start line (RFC 3261 section 7.5) */
#define STUN_COOKIE   0x2112a442 /* RFC 8489 section 5 */
#define STUN_HEADER   20
#define METHOD_LENGTH 64 /* longest method looked at */
#define NUL_LENGTH    8	 /* longest keepalive of NULs or blanks */

/* A method is looked up by its first three letters and compared in the first eight octets, the
 * blank behind it included where it fits. */
struct method_name {
	__u64 unlike; /* complement: an empty row is like no method */
	__u64 mask;
	__u8 class;
	__u8 rest; /* what is left to compare: octets 8 and on */
	__u8 zero[6];
};

#define METHOD_HASH(w) (((__u32)(w)*0x40e50b37U) >> 28)
#define METHOD(w3, w, n, id)                                                                       \
	[METHOD_HASH(w3)] = { .unlike = ~(w), .mask = NAME_MASK(n), .class = id }
#define METHOD8(w3, w, id, r)                                                                      \
	[METHOD_HASH(w3)] = { .unlike = ~(w), .mask = ~0ULL, .class = id, .rest = r }

enum { REST_NONE, REST_BLANK, REST_E_BLANK };

static const struct method_name method_names[16] = {
	METHOD(W3("ACK"), W4("ACK "), 4, CLASS_ACK),
	METHOD(W3("BYE"), W4("BYE "), 4, CLASS_BYE),
	METHOD(W3("CAN"), W7("CANCEL "), 7, CLASS_CANCEL),
	METHOD(W3("INF"), W5("INFO "), 5, CLASS_INFO),
	METHOD(W3("INV"), W7("INVITE "), 7, CLASS_INVITE),
	METHOD8(W3("MES"), W8("MESSAGE "), CLASS_MESSAGE, REST_NONE),
	METHOD(W3("NOT"), W7("NOTIFY "), 7, CLASS_NOTIFY),
	METHOD8(W3("OPT"), W8("OPTIONS "), CLASS_OPTIONS, REST_NONE),
	METHOD(W3("PRA"), W6("PRACK "), 6, CLASS_PRACK),
	METHOD8(W3("PUB"), W8("PUBLISH "), CLASS_PUBLISH, REST_NONE),
	METHOD(W3("REF"), W6("REFER "), 6, CLASS_REFER),
	METHOD8(W3("REG"), W8("REGISTER"), CLASS_REGISTER, REST_BLANK),
	METHOD8(W3("SUB"), W8("SUBSCRIB"), CLASS_SUBSCRIBE, REST_E_BLANK),
	METHOD(W3("UPD"), W7("UPDATE "), 7, CLASS_UPDATE),
	METHOD8(W3("SIP"), W8("SIP/2.0 "), CLASS_1XX, REST_NONE), /* a response */
};

/* Octets of a token (RFC 3261 section 25.1), a bit each. */
#define TOKEN_LOW  0x03ff6ca200000000ULL /* ! % ' * + - . 0-9 */
#define TOKEN_HIGH 0x47ffffff87fffffeULL /* A-Z _ ` a-z ~ */

static __always_inline bool method_octet(__u8 c)
{
	__u64 set = c & 64 ? TOKEN_HIGH : TOKEN_LOW;

	return !(c & 128) && set >> (c & 63) & 1;
}

/* A request with a method not in the table: a token and a blank within the first words; the scanner
 * looks at the rest of the start line later. */
static __always_inline bool classify_is_request(const __u8 *p, const void *end, __u32 length)
{
	__u32 i;

	for (i = 0; i < METHOD_LENGTH; i++) {
		if (i >= length || (const void *)(p + i + 1) > end)
			return false;
		if (p[i] == ' ')
			return i > 0;
		if (!method_octet(p[i]))
			return false;
	}
	return false;
}

static __always_inline bool classify_is_nul(const __u8 *p, const void *end, __u32 length)
{
	__u32 i;

	if (length > NUL_LENGTH)
		return false;
	for (i = 0; i < NUL_LENGTH; i++) {
		if (i >= length)
			break;
		if ((const void *)(p + i + 1) > end || (p[i] && p[i] != ' ' && p[i] != '0'))
			return false;
	}
	return true;
}

static __always_inline bool classify_is_stun(const __u8 *p, const void *end, __u32 length)
{
	__u32 attributes;

	if (length < STUN_HEADER || (const void *)(p + STUN_HEADER) > end)
		return false;
	attributes = p[2] << 8 | p[3];
	return !(p[0] & 0xc0) && *(const __be32 *)(p + 4) == bpf_htonl(STUN_COOKIE) &&
	       attributes % 4 == 0 && attributes + STUN_HEADER == length;
}

/* The class of what begins like a usual SIP message, else CLASS_GARBAGE. */
static __always_inline __u32 classify_start_line(const char *p, const void *end, __u32 length,
						 struct facts *f)
{
	const struct method_name *m;
	__u64 word;
	__u8 a, b, c;

	if (length < 12 || (const void *)(p + 12) > end)
		return CLASS_GARBAGE;
	word = SCAN_WORD(p);
	if (unlikely((word | 0x202020) == W8("sip/2.0 "))) /* in any case: RFC 3261 section 7.1 */
		word &= ~0x202020ULL;
	m = &method_names[METHOD_HASH(word & 0xffffff) & 15];
	if (unlikely((word & m->mask) != ~m->unlike))
		return CLASS_GARBAGE;
	if (m->class != CLASS_1XX) {
		if (m->rest == REST_BLANK && p[8] != ' ')
			return CLASS_GARBAGE;
		if (m->rest == REST_E_BLANK && (p[8] != 'E' || p[9] != ' '))
			return CLASS_GARBAGE;
		return m->class;
	}
	/* Status-Code SP: 100 to 699 */
	a = p[8] - '0';
	b = p[9] - '0';
	c = p[10] - '0';
	if (a < 1 || a > 6 || b > 9 || c > 9 || p[11] != ' ')
		return CLASS_GARBAGE;
	f->status = a * 100 + b * 10 + c;
	return CLASS_1XX + a - 1;
}

/* What does not begin like a usual SIP message. A global function, as it is seldom called and has
 * loops; it takes from `work` where the text is, and puts there what it is. */
__noinline int classify_rare(struct xdp_md *ctx)
{
	const void *end = (void *)(long)ctx->data_end;
	struct work *w = work_scratch();
	__u64 offset, length;
	const char *p;
	__u32 i, class;

	if (!w)
		return 0;
	offset = w->facts.text_offset;
	length = w->facts.text_length;
	for (i = 0; i < LEADING_CRLF; i++) {
		SCAN_MASK(offset, 0x3ff);
		p = (const char *)(long)ctx->data + offset;
		if (length < 2 || (const void *)(p + 2) > end || SCAN_PAIR(p) != SCAN_CRLF)
			break;
		offset += 2;
		length -= 2;
	}
	SCAN_MASK(offset, 0x3ff);
	p = (const char *)(long)ctx->data + offset;
	if (!length) {
		w->facts.class = i ? CLASS_CRLF : CLASS_NUL;
		return 0;
	}
	w->facts.text_offset = offset;
	w->facts.text_length = length;
	class = classify_start_line(p, end, length, &w->facts);
	if (class == CLASS_GARBAGE) {
		if (classify_is_stun((const __u8 *)p, end, length))
			class = CLASS_STUN;
		else if (classify_is_nul((const __u8 *)p, end, length))
			class = CLASS_NUL;
		else if (classify_is_request((const __u8 *)p, end, length))
			class = CLASS_OTHER;
	}
	w->facts.class = class;
	return 0;
}

static __always_inline __u32 limit_of(__u32 class)
{
	switch (class) {
	case CLASS_INVITE: return LIMIT_INVITE;
	case CLASS_REGISTER: return LIMIT_REGISTER;
	case CLASS_OPTIONS: return LIMIT_OPTIONS;
	case CLASS_GARBAGE: return LIMIT_MALFORMED;
	default: return LIMIT_OTHER;
	}
}

/* Set class, limit and the text of the message. Needs the UDP payload's place. On the way out the
 * unusual is of no interest. */
static __always_inline void classify(struct packet *pkt)
{
	__u32 offset = pkt->f->payload_offset & 0x3ff;
	const char *p = pkt->data + offset;

	pkt->f->text_offset = offset;
	pkt->f->text_length = pkt->f->payload_length;
	pkt->f->class = classify_start_line(p, pkt->data_end, pkt->f->text_length, pkt->f);
	if (unlikely(pkt->f->class == CLASS_GARBAGE && pkt->xdp &&
		     (pkt->f->fragment != FRAGMENT_FIRST || pkt->f->text_length >= SCAN_MIN)))
		classify_rare(pkt->xdp); /* nobody cuts a fragment so short but to hide the text */
	pkt->f->limit = limit_of(pkt->f->class);
}

static __always_inline bool class_is_request(__u32 class)
{
	return class <= CLASS_OTHER;
}

static __always_inline bool class_is_response(__u32 class)
{
	return class >= CLASS_1XX && class <= CLASS_6XX;
}

static __always_inline bool class_is_sip(__u32 class)
{
	return class <= CLASS_6XX;
}

static __always_inline bool class_is_keepalive(__u32 class)
{
	return class == CLASS_CRLF || class == CLASS_NUL || class == CLASS_STUN;
}

#endif
