/* SPDX-License-Identifier: GPL-2.0-only */
/* Proof of source. When the budget of all unknown sources is spent, a request that is refused for
 * that is answered with a question: an OPTIONS request to its address, whose Call-ID is a keyed
 * hash of address, port and time. Whoever answers has received it there, so its next request passes
 * as provisional. Nothing is stored for a question, it is never longer than what it answers, and it
 * is asked only of an address and port seen a second time: requests are sent again (RFC 3261
 * section 17.1), the random sources of a flood are not, so it makes a poor mirror. */
#ifndef BPF_VERIFY_H
#define BPF_VERIFY_H

#include "frame.h"
#include "limit.h"
#include "source.h"

#define COOKIE_DIGITS	 16
#define COOKIE_WINDOW_NS 16000000000ULL /* an answer may come in this window or the next one */

/* The digits of the cookie stand in branch and Call-ID, written over the dots. */
#define QUESTION_HEAD                                                                              \
	"OPTIONS sip:verify@sipxdp.invalid SIP/2.0\r\n"                                            \
	"Via: SIP/2.0/UDP sipxdp.invalid;rport;branch=z9hG4bK"
#define QUESTION_MIDDLE                                                                            \
	"\r\nMax-Forwards: 1\r\n"                                                                  \
	"From: <sip:verify@sipxdp.invalid>;tag=1\r\n"                                              \
	"To: <sip:verify@sipxdp.invalid>\r\n"                                                      \
	"Call-ID: "
#define QUESTION_TAIL                                                                              \
	"@sipxdp.invalid\r\n"                                                                      \
	"CSeq: 1 OPTIONS\r\n"                                                                      \
	"Content-Length: 0\r\n\r\n"
#define QUESTION_DOTS "................"

#define QUESTION QUESTION_HEAD QUESTION_DOTS QUESTION_MIDDLE QUESTION_DOTS QUESTION_TAIL "\r\n"

/* In a struct: clang puts bare strings into a section that the kernel's BTF check does not take. */
static const struct {
	__u32 length;
	char text[sizeof(QUESTION)];
} question = { .length = sizeof(QUESTION), .text = QUESTION };

/* A few CRLFs behind the message are within the grammar and make the length a multiple of four. */
#define QUESTION_LENGTH	 ((sizeof(QUESTION) - 1) & ~3ULL)
#define QUESTION_BRANCH	 (sizeof(QUESTION_HEAD) - 1)
#define QUESTION_CALL_ID (QUESTION_BRANCH + COOKIE_DIGITS + sizeof(QUESTION_MIDDLE) - 1)

struct cookie {
	__u64 digits[2]; /* sixteen lower-case hexadecimal digits, as text */
};

/* Eight hexadecimal digits of a number, as text, all at once. */
static __always_inline __u64 cookie_text(__u32 number)
{
	__u64 x = number, letters;

	x = (x & 0x0000ffff) | (x & 0xffff0000) << 16;
	x = (x & 0x000000ff000000ffULL) | (x & 0x0000ff000000ff00ULL) << 8;
	x = (x & 0x000f000f000f000fULL) | (x & 0x00f000f000f000f0ULL) << 4;
	letters = (x + SCAN_EACH(6)) >> 4 & SCAN_EACH(1); /* 1 for a to f */
	return x + SCAN_EACH('0') + letters * ('a' - '0' - 10);
}

static __always_inline void cookie_make(const struct packet *pkt, __u64 now, struct cookie *cookie)
{
	const __u64 *key = pkt->cfg->hash_key;
	__u64 window = now / COOKIE_WINDOW_NS;
	__u64 hash = hash_addr(&pkt->f->saddr, key + 6);

	hash = hash_mix(hash + hash_nh(window << 16 | pkt->f->sport, key[9]) + key[10]) ^ key[11];
	hash = hash_mix(hash);
	cookie->digits[0] = cookie_text(hash);
	cookie->digits[1] = cookie_text(hash >> 32);
}

enum sighting { SIGHTING_NOT_ASKED, SIGHTING_FIRST, SIGHTING_AGAIN };

/* Has this address and port been refused before, not long ago? Either way it is noted now; within a
 * packet the answer stays. One word a cell: a flood writes over old ones, but not all of them within
 * the second that counts. */
static __always_inline bool verify_seen_before(const struct packet *pkt)
{
	const __u64 *key = pkt->cfg->hash_key;
	__u32 zero = 0, mark, *cell;
	struct sightings *seen;
	__u64 hash;

	if (pkt->f->sighting)
		return pkt->f->sighting == SIGHTING_AGAIN;
	pkt->f->sighting = SIGHTING_FIRST;
	seen = bpf_map_lookup_elem(&sightings, &zero);
	if (!seen)
		return false;
	hash = hash_mix(hash_addr(&pkt->f->saddr, key + 12) +
			hash_nh((__u64)pkt->f->sport << 32 | pkt->f->sport, key[15]));
	mark = (hash >> 32) | 1;
	cell = &seen->mark[hash & (SIGHTINGS - 1)];
	if (*cell == mark) {
		pkt->f->sighting = SIGHTING_AGAIN;
		return true;
	}
	*cell = mark;
	return false;
}

/* Send the IP header back to where it came from. `at`: of the UDP header in the frame. */
static __always_inline bool verify_turn_ipv4(struct xdp_md *ctx, __u64 at)
{
	struct iphdr *ip;
	__be32 address;
	__u32 sum = 0, i;

	at -= sizeof(*ip);
	SCAN_MASK(at, 0xff);
	ip = (void *)(long)ctx->data + at;
	if ((void *)(ip + 1) > (void *)(long)ctx->data_end || ip->ihl != 5)
		return false; /* options would have to be answered, too */
	address = ip->saddr;
	ip->saddr = ip->daddr;
	ip->daddr = address;
	ip->tot_len = bpf_htons(sizeof(*ip) + sizeof(struct udphdr) + QUESTION_LENGTH);
	ip->frag_off = 0;
	ip->ttl = 64;
	ip->check = 0;
	for (i = 0; i < sizeof(*ip) / 2; i++)
		sum += ((__u16 *)ip)[i];
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~(sum + (sum >> 16));
	return true;
}

/* The same for IPv6, where the UDP checksum is not optional (RFC 8200 section 8.1). */
static __always_inline bool verify_turn_ipv6(struct xdp_md *ctx, __u64 at)
{
	__u32 length = sizeof(struct udphdr) + QUESTION_LENGTH;
	__be32 trailer[2] = { bpf_htonl(length), bpf_htonl(IPPROTO_UDP) };
	struct ipv6hdr *ip;
	struct in6_addr address;
	struct udphdr *udp;
	__s64 sum;

	at -= sizeof(*ip);
	SCAN_MASK(at, 0xff);
	ip = (void *)(long)ctx->data + at;
	udp = (void *)(ip + 1);
	if ((void *)udp + length > (void *)(long)ctx->data_end || ip->nexthdr != IPPROTO_UDP)
		return false;
	address = ip->saddr;
	ip->saddr = ip->daddr;
	ip->daddr = address;
	ip->payload_len = bpf_htons(length);
	ip->hop_limit = 64;
	sum = bpf_csum_diff(NULL, 0, trailer, sizeof(trailer), 0);
	sum = bpf_csum_diff(NULL, 0, (__be32 *)&ip->saddr, 2 * sizeof(address), sum);
	sum = bpf_csum_diff(NULL, 0, (__be32 *)udp, sizeof(*udp) + QUESTION_LENGTH, sum);
	if (sum < 0)
		return false;
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff);
	sum = (sum & 0xffff) + (sum >> 16);
	udp->check = (__u16)~sum ? (__u16)~sum : 0xffff;
	return true;
}

/* Turn the frame into the question, addressed to where it came from. 1: it can be sent. A global
 * function, as it is long. */
__noinline int verify_question(struct xdp_md *ctx)
{
	struct work *w = work_scratch();
	struct packet pkt = {};
	struct cookie cookie;
	struct ethhdr *eth;
	struct udphdr *udp;
	__u64 at, length;
	__u8 mac[ETH_ALEN];
	__u32 zero = 0;
	char *text;

	pkt.cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!w || !pkt.cfg)
		return 0;
	pkt.f = &w->facts;
	length = pkt.f->frame_length;
	at = pkt.f->payload_offset;
	SCAN_MASK(at, 0xff);
	if (pkt.f->fragment || pkt.f->datagram_length < QUESTION_LENGTH ||
	    length < at + QUESTION_LENGTH)
		return 0; /* never more than we got */
	if (bpf_xdp_adjust_tail(ctx, (int)(at + QUESTION_LENGTH) - (int)length))
		return 0;
	cookie_make(&pkt, pkt.f->now, &cookie);

	text = (char *)(long)ctx->data + at;
	if ((void *)(text + QUESTION_LENGTH) > (void *)(long)ctx->data_end)
		return 0;
	__builtin_memcpy(text, question.text, QUESTION_LENGTH);
	__builtin_memcpy(text + QUESTION_BRANCH, &cookie, sizeof(cookie));
	__builtin_memcpy(text + QUESTION_CALL_ID, &cookie, sizeof(cookie));

	eth = (void *)(long)ctx->data;
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return 0;
	__builtin_memcpy(mac, eth->h_dest, sizeof(mac));
	__builtin_memcpy(eth->h_dest, eth->h_source, sizeof(mac));
	__builtin_memcpy(eth->h_source, mac, sizeof(mac));

	at -= sizeof(*udp);
	SCAN_MASK(at, 0xff);
	udp = (void *)(long)ctx->data + at;
	if ((void *)(udp + 1) > (void *)(long)ctx->data_end)
		return 0;
	udp->source = pkt.f->dport;
	udp->dest = pkt.f->sport;
	udp->len = bpf_htons(sizeof(*udp) + QUESTION_LENGTH);
	udp->check = 0;
	return pkt.f->family == 4 ? verify_turn_ipv4(ctx, at) : verify_turn_ipv6(ctx, at);
}

/* Requests that are worth a question: those that start something. */
static __always_inline bool verify_applies(const struct packet *pkt)
{
	return pkt->conf->verify_source != VERIFY_OFF && !packet_monitored(pkt, DROP_UNPROVEN) &&
	       (pkt->f->class == CLASS_INVITE || pkt->f->class == CLASS_REGISTER ||
		pkt->f->class == CLASS_SUBSCRIBE || pkt->f->class == CLASS_MESSAGE ||
		pkt->f->class == CLASS_PUBLISH);
}

/* A request of an unknown source is refused: is it to be asked to prove itself? facts.ask and the
 * reason. */
static __always_inline void verify_refused(struct packet *pkt, enum reason otherwise)
{
	struct host_state *host;
	__u32 zero = 0;

	pkt->f->reason = otherwise;
	if (!verify_applies(pkt) || packet_monitored(pkt, otherwise) || !verify_seen_before(pkt))
		return;
	host = bpf_map_lookup_elem(&host_state, &zero);
	if (host && limit_take(&pkt->cfg->proofs, &host->proofs_tat, pkt->f->now))
		pkt->f->ask = 1;
	else
		pkt->f->reason = DROP_UNPROVEN_LIMIT;
}

/* Ask. VERDICT_TX: the frame is the question now. */
static __always_inline enum verdict verify_ask(struct packet *pkt)
{
	if (!verify_question(pkt->xdp))
		return VERDICT_DROP;
	pkt->f->reason = DROP_UNPROVEN;
	return VERDICT_TX;
}

/* Is this response the answer to a question? Its Call-ID is then the cookie of its sender. */
static __always_inline bool verify_is_answer(const struct packet *pkt, const struct scan *s)
{
	__u64 at = pkt->f->text_offset + s->call_id.offset;
	struct cookie cookie;
	const __u64 *digits;
	__u32 age;

	if (likely(s->call_id.length != COOKIE_DIGITS + sizeof("@sipxdp.invalid") - 1))
		return false;
	SCAN_MASK(at, 0x7ff);
	digits = pkt->data + at;
	if ((const void *)(digits + 2) > pkt->data_end)
		return false;
	for (age = 0; age < 2; age++) {
		cookie_make(pkt, pkt->f->now - age * COOKIE_WINDOW_NS, &cookie);
		if (digits[0] == cookie.digits[0] && digits[1] == cookie.digits[1])
			return true;
	}
	return false;
}

#endif
