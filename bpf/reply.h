/* SPDX-License-Identifier: GPL-2.0-only */
/* "503 Service Unavailable" to a request that no backend is there for, made out of the request (RFC
 * 3261 section 8.2.6): its header fields stay as they are, Via, From, Call-ID and CSeq among them, To
 * gets a tag, the body goes. Fields that belong into requests only are ignored in a response
 * (section 7.3.2). It goes to where the request came from. */
#ifndef BPF_REPLY_H
#define BPF_REPLY_H

#include "icmp.h"
#include "verify.h"

#define REPLY_HEAD   "SIP/2.0 503 Service Unavailable\r\nRetry-After: 5"
#define REPLY_TAG    ";tag=........"
#define REPLY_DIGITS 8
#define REPLY_ROOM                                                                                 \
	6400 /* two parts, each as long as the scanner reaches, behind offsets up to 0xfff */
/* Octets that are put in front: as many as headers may have, and more than a reply is longer than
 * its request */
#define REPLY_FRONT 72
#define REPLY_SUM   512 /* octets bpf_csum_diff takes at once on old kernels */
#define REPLY_SUMS  9

static const struct {
	char head[sizeof(REPLY_HEAD)];
	char tag[sizeof(REPLY_TAG)];
} reply_texts = { .head = REPLY_HEAD, .tag = REPLY_TAG };
_Static_assert(sizeof(REPLY_HEAD) + sizeof(REPLY_TAG) <= REPLY_FRONT, "room for what is added");
_Static_assert(ETH_HLEN + VLAN_TAGS * sizeof(struct vlan_tag) + sizeof(struct ipv6hdr) +
			       sizeof(struct udphdr) <=
		       REPLY_FRONT,
	       "the headers are moved by their length at least");

/* Requests that are never of a call without a tag in To. */
static __always_inline bool reply_has_tag(const struct facts *f, const struct scan *s)
{
	return s->to_tag.length || f->class == CLASS_BYE || f->class == CLASS_PRACK ||
	       f->class == CLASS_UPDATE;
}

/* Copy octets `from` to `to` of the message behind the `at` octets that are there. Returned is where
 * they end, or 0. */
static __always_inline __u64 reply_copy(struct xdp_md *ctx, const struct facts *f,
					struct reply_text *reply, __u64 at, __u64 from, __u64 to)
{
	__u64 length = to - from;

	if (from >= to || length > SCAN_REACH)
		return 0;
	SCAN_MASK(at, 0xfff);
	length--;
	SCAN_MASK(length, 0x7ff);
	asm volatile("%0 += 1" : "+r"(length));
	if (bpf_xdp_load_bytes(ctx, f->text_offset + from, reply->text + at, length))
		return 0;
	return at + length;
}

/* The whole message into `reply`; returned is its length, or 0. */
static __always_inline __u64 reply_compose(struct xdp_md *ctx, const struct facts *f,
					   const struct scan *s, struct reply_text *reply)
{
	__u64 at, digits, tag = 0, to_end = s->end[SLOT_TO], number = s->content_length.offset;
	__u32 i;

	if (to_end < 2 || !s->start_line || s->content_length.length > 8)
		return 0;
	to_end -= 2; /* before its CRLF */
	__builtin_memcpy(reply->text, reply_texts.head, sizeof(REPLY_HEAD) - 1);
	at = reply_copy(ctx, f, reply, sizeof(REPLY_HEAD) - 1, s->start_line, to_end);
	if (!at)
		return 0;
	if (!reply_has_tag(f, s)) {
		SCAN_MASK(at, 0xfff);
		__builtin_memcpy(reply->text + at, reply_texts.tag, sizeof(REPLY_TAG) - 1);
		tag = sizeof(REPLY_TAG) - 1;
		digits = cookie_text(s->call_id_hash);
		__builtin_memcpy(reply->text + at + tag - REPLY_DIGITS, &digits, sizeof(digits));
	}
	at = reply_copy(ctx, f, reply, at + tag, to_end, s->body);
	if (!at || !number)
		return at;
	/* Content-Length: as many digits as there were, all of them 0 */
	number += sizeof(REPLY_HEAD) - 1 - s->start_line + (number > to_end ? tag : 0);
	SCAN_MASK(number, 0xfff);
	for (i = 0; i < 8; i++) {
		if (i < s->content_length.length)
			reply->text[number + i] = '0';
	}
	return at;
}

/* The sum over the message. */
static __always_inline __u64 reply_sum(struct reply_text *reply, __u64 length)
{
	__u64 at = 0, sum = 0;
	__u32 i;

	SCAN_MASK(length, 0xfff);
	__builtin_memset(reply->text + length, 0, 4);
	for (i = 0; i < REPLY_SUMS; i++) {
		__u64 part;

		if (at >= length)
			break;
		part = length - at < REPLY_SUM ? (length - at + 3) & ~3ULL : REPLY_SUM;
		SCAN_MASK(at, 0xfff);
		SCAN_MASK(part, 0x3fc);
		if (part > REPLY_SUM)
			break;
		sum += (__u32)bpf_csum_diff(NULL, 0, (void *)(reply->text + at), part, 0);
		at += REPLY_SUM;
	}
	return sum;
}

static __always_inline bool reply_turn_ipv4(struct xdp_md *ctx, const struct facts *f, __u32 length)
{
	struct iphdr *ip = forward_ipv4(ctx, f);
	__u64 sum = 0;
	__u32 i;

	if (!ip)
		return false;
	ip->saddr = f->daddr.word[3];
	ip->daddr = f->saddr.word[3];
	ip->tot_len = bpf_htons(sizeof(*ip) + length);
	ip->frag_off = 0;
	ip->ttl = ICMP_HOPS;
	ip->check = 0;
	for (i = 0; i < sizeof(*ip) / 2; i++)
		sum += ((__u16 *)ip)[i];
	ip->check = ~checksum_fold(sum);
	return true;
}

static __always_inline bool reply_turn_ipv6(struct xdp_md *ctx, const struct facts *f, __u32 length)
{
	struct ipv6hdr *ip = forward_ipv6(ctx, f);

	if (!ip)
		return false;
	__builtin_memcpy(&ip->saddr, &f->daddr, sizeof(f->daddr));
	__builtin_memcpy(&ip->daddr, &f->saddr, sizeof(f->saddr));
	ip->payload_len = bpf_htons(length);
	ip->hop_limit = ICMP_HOPS;
	return true;
}

/* `length`: of the UDP datagram; `sum`: over its payload. */
static __always_inline bool reply_turn(struct xdp_md *ctx, const struct facts *f, __u32 length,
				       __u64 sum)
{
	__u64 at = f->payload_offset;
	struct udphdr *udp;

	at -= sizeof(*udp);
	SCAN_MASK(at, 0x3ff);
	udp = (void *)(long)ctx->data + at;
	if ((void *)(udp + 1) > (void *)(long)ctx->data_end)
		return false;
	udp->source = f->dport;
	udp->dest = f->sport;
	udp->len = bpf_htons(length);
	sum += (__u64)udp->source + udp->dest + udp->len;
	sum += checksum_of_addr(&f->saddr, f->family) + checksum_of_addr(&f->daddr, f->family);
	sum += (__u64)bpf_htonl(length) + bpf_htonl(IPPROTO_UDP);
	udp->check = ~checksum_fold(sum);
	if (!udp->check)
		udp->check = 0xffff;
	if (f->family == 4)
		return reply_turn_ipv4(ctx, f, length) && icmp_turn_link(ctx);
	return reply_turn_ipv6(ctx, f, length) && icmp_turn_link(ctx);
}

/* Make the frame as long as a message of `length` octets wants it. Behind a frame there may be no room
 * (veth, generic XDP), in front of it there is: the headers move there. */
static __always_inline bool reply_resize(struct xdp_md *ctx, const struct facts *f, __u64 length)
{
	void *data;

	if (bpf_xdp_adjust_head(ctx, -REPLY_FRONT))
		return false;
	data = (void *)(long)ctx->data;
	if (data + 2 * REPLY_FRONT > (void *)(long)ctx->data_end)
		return false;
	__builtin_memcpy(data, data + REPLY_FRONT, REPLY_FRONT);
	return !bpf_xdp_adjust_tail(ctx, (int)(f->payload_offset + length) -
						 (int)bpf_xdp_get_buff_len(ctx));
}

/* Turn the request in `work` into its response. 1: it can be sent. */
__noinline int reply_unavailable(struct xdp_md *ctx)
{
	struct work *w = work_scratch();
	__u32 zero = 0, headers;
	struct reply_text *reply = bpf_map_lookup_elem(&reply_scratch, &zero);
	const struct settings *cfg = bpf_map_lookup_elem(&settings, &zero);
	struct host_state *host = bpf_map_lookup_elem(&host_state, &zero);
	const struct scan *s;
	struct facts *f;
	__u64 length;

	if (!w || !reply || !cfg || !host)
		return 0;
	f = &w->facts;
	s = &w->scan;
	/* headers that would have to be answered, too, are not */
	headers = f->payload_offset - sizeof(struct udphdr) - f->network_offset;
	if (!class_is_request(f->class) || f->class == CLASS_ACK || f->fragment ||
	    !(s->flags & SCAN_COMPLETE) || s->flags & (SCAN_BROKEN | SCAN_REPEATED) ||
	    headers != (f->family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)) ||
	    !limit_take(&cfg->replies, &host->replies_tat, f->now))
		return 0;
	length = reply_compose(ctx, f, s, reply);
	if (!length || length > 0xfff || !reply_resize(ctx, f, length))
		return 0;
	/* from 1 on, so that the verifiers of all kernels see it */
	length--;
	SCAN_MASK(length, 0xfff);
	asm volatile("%0 += 1" : "+r"(length));
	if (bpf_xdp_store_bytes(ctx, f->payload_offset, reply->text, length))
		return 0;
	return reply_turn(ctx, f, sizeof(struct udphdr) + length, reply_sum(reply, length));
}

#endif
