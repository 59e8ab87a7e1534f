/* SPDX-License-Identifier: GPL-2.0-only */
/* Ethernet, VLAN, IPv4 and IPv6 down to the ports. Says "not ours" as soon as it is sure of it. */
#ifndef BPF_FRAME_H
#define BPF_FRAME_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include "packet.h"

#define VLAN_TAGS	  2
#define EXTENSION_HEADERS 8
#define IP_MORE_FRAGMENTS 0x2000
#define IP_OFFSET	  0x1fff

struct vlan_tag {
	__be16 tci;
	__be16 ethertype;
};

struct ipv6_extension { /* RFC 8200 sections 4.3 to 4.6 */
	__u8 next_header;
	__u8 length; /* in units of eight octets, the first not counted (AH: of four, less two) */
	__u8 data[6];
};

struct ipv6_fragment { /* RFC 8200 section 4.5 */
	__u8 next_header;
	__u8 reserved;
	__be16 offset_flags; /* offset in units of eight octets, shifted by 3; bit 0: more */
	__be32 id;
};

struct ports {
	__be16 source;
	__be16 dest;
};

#define PAYLOAD_REACH (0x3ff - 64) /* headers below UDP, and leading CRLFs, end within 0x3ff */

struct cursor {
	void *p;
	void *end;
	__u32 offset; /* of p in the frame */
};

/* The next `size` octets, or NULL at the end of what can be read. */
static __always_inline void *cursor_take(struct cursor *c, const __u32 size)
{
	void *p = c->p;

	if (p + size > c->end)
		return NULL;
	c->p = p + size;
	c->offset += size;
	return p;
}

/* Go on by a length that a header gave. */
static __always_inline bool cursor_skip(struct cursor *c, __u32 size)
{
	size &= 0x7ff;
	if (c->p + size > c->end)
		return false;
	c->p += size;
	c->offset += size;
	return true;
}

/* IPv4: *length is what the datagram holds behind its header. */
static __always_inline bool frame_ipv4(struct cursor *c, struct packet *pkt, __u32 *length)
{
	struct iphdr *ip = cursor_take(c, sizeof(*ip));
	__u32 header, total;
	__u16 fragment;

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return false;
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	if (header > sizeof(*ip) && !cursor_skip(c, header - sizeof(*ip)))
		return false;
	pkt->f->family = 4;
	pkt->f->protocol = ip->protocol;
	pkt->addresses = &ip->saddr;
	fragment = bpf_ntohs(ip->frag_off);
	if (unlikely(fragment & (IP_OFFSET | IP_MORE_FRAGMENTS))) {
		pkt->f->fragment = fragment & IP_OFFSET ? FRAGMENT_LATER : FRAGMENT_FIRST;
		pkt->f->fragment_id = ip->id;
	}
	if (total < header) {
		pkt->f->damaged = 1;
		total = header;
	}
	*length = total - header;
	return true;
}

/* Walk the IPv6 extension headers from `offset` in the frame on, the first of kind `next`. The
 * result goes into `work`; its protocol is 0 if this is not a packet of ours, or if there are so
 * many headers that nobody can tell. Global functions: seldom called, and with a loop. */
static __always_inline int extensions_walk(void *data, void *end, __u64 offset, __u32 next)
{
	struct work *w = work_scratch();
	__u64 start;
	__u32 i;

	if (!w)
		return 0;
	w->extensions = (struct extensions){ .endless = 1 };
	SCAN_MASK(offset, 0x7ff);
	start = offset;
	for (i = 0; i < EXTENSION_HEADERS; i++) {
		struct ipv6_extension *extension;

		if (next == IPPROTO_UDP || next == IPPROTO_TCP)
			break;
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING &&
		    next != IPPROTO_FRAGMENT && next != IPPROTO_DSTOPTS && next != IPPROTO_AH &&
		    next != 135 /* mobility */ && next != 139 /* HIP */ &&
		    next != 140 /* shim6 */) {
			w->extensions.endless = 0; /* ESP, ICMP and so on: not ours */
			return 0;
		}
		SCAN_MASK(offset, 0x7ff);
		extension = data + offset;
		if ((void *)(extension + 1) > end)
			return 0;
		offset += sizeof(*extension);
		if (next == IPPROTO_FRAGMENT) {
			struct ipv6_fragment *fragment = (void *)extension;
			__u16 place = bpf_ntohs(fragment->offset_flags);

			if (place & ~6) { /* else it is whole ("atomic", RFC 6946) */
				w->extensions.fragment = place & ~7 ? FRAGMENT_LATER
								    : FRAGMENT_FIRST;
				w->extensions.fragment_id = fragment->id;
			}
		} else if (next == IPPROTO_AH) {
			offset += (extension->length + 2U) * 4 - sizeof(*extension);
		} else {
			offset += extension->length * 8U;
		}
		next = extension->next_header;
		if (w->extensions.fragment == FRAGMENT_LATER)
			break;
	}
	if (offset > PAYLOAD_REACH)
		return 0;
	if (i == EXTENSION_HEADERS && next != IPPROTO_UDP && next != IPPROTO_TCP)
		return 0;
	w->extensions.length = offset - start;
	w->extensions.protocol = next;
	return 0;
}

__noinline int extensions_ingress(struct xdp_md *ctx, __u32 offset, __u32 next)
{
	return extensions_walk((void *)(long)ctx->data, (void *)(long)ctx->data_end, offset, next);
}

__noinline int extensions_egress(struct __sk_buff *skb, __u32 offset, __u32 next)
{
	return extensions_walk((void *)(long)skb->data, (void *)(long)skb->data_end, offset, next);
}

static __always_inline bool frame_extensions(struct cursor *c, struct packet *pkt, __u32 *left)
{
	struct work *w = work_scratch();
	struct extensions *ext;

	if (pkt->xdp)
		extensions_ingress(pkt->xdp, c->offset, pkt->f->protocol);
	else if (pkt->skb)
		extensions_egress(pkt->skb, c->offset, pkt->f->protocol);
	if (!w)
		return false;
	ext = &w->extensions;
	if (!ext->protocol) {
		pkt->f->endless = ext->endless;
		return false;
	}
	if (ext->length > *left) {
		pkt->f->damaged = 1;
		*left = ext->length;
	}
	*left -= ext->length;
	pkt->f->protocol = ext->protocol;
	pkt->f->fragment = ext->fragment;
	/* only the first one's word for it counts, and there may be headers before UDP (RFC 8200 section
	 * 4.5) */
	if (ext->fragment == FRAGMENT_LATER && ext->protocol != IPPROTO_UDP) {
		pkt->f->protocol = IPPROTO_UDP;
		pkt->f->unlike = 1;
	}
	pkt->f->fragment_id = ext->fragment_id;
	return cursor_skip(c, ext->length);
}

/* IPv4-mapped addresses belong into no packet (RFC 6890 table 17), and would share the keys of IPv4. */
static __always_inline bool frame_is_mapped(const __be32 *address)
{
	return !(address[0] | address[1]) && address[2] == bpf_htonl(0xffff);
}

/* Linux takes UDP from such an address in all the same: to a listener it is damaged. Headers and
 * fragments that would have to be gone through first only hide where it goes. */
static __always_inline bool frame_ipv6_mapped(struct packet *pkt, __u8 next)
{
	if (!pkt->xdp)
		return false;
	pkt->f->mapped = 1;
	pkt->f->damaged = 1;
	if (next == IPPROTO_UDP || next == IPPROTO_TCP) {
		pkt->f->protocol = next;
		return true;
	}
	pkt->f->endless = next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING ||
			  next == IPPROTO_FRAGMENT || next == IPPROTO_DSTOPTS;
	return false;
}

static __always_inline bool frame_ipv6(struct cursor *c, struct packet *pkt, __u32 *length)
{
	struct ipv6hdr *ip = cursor_take(c, sizeof(*ip));

	if (!ip || ip->version != 6)
		return false;
	pkt->f->family = 6;
	pkt->addresses = (const __be32 *)&ip->saddr;
	*length = bpf_ntohs(ip->payload_len);
	if (unlikely(frame_is_mapped(pkt->addresses + 4)))
		return false;
	if (unlikely(frame_is_mapped(pkt->addresses)))
		return frame_ipv6_mapped(pkt, ip->nexthdr);
	pkt->f->protocol = ip->nexthdr;
	if (likely(pkt->f->protocol == IPPROTO_UDP || pkt->f->protocol == IPPROTO_TCP))
		return true;
	return frame_extensions(c, pkt, length);
}

/* One load: the struct is packed, so clang would load octets. */
static __always_inline __be16 frame_type(const struct ethhdr *eth)
{
	return *(const __be16 *)(const void *)&eth->h_proto;
}

/* Nothing is known yet but how long the frame is. */
static __always_inline void frame_begin(struct facts *f, __u64 frame_length)
{
	__builtin_memset(f, 0, __builtin_offsetof(struct facts, saddr));
	f->frame_length = frame_length;
}

/* The IP header says that `length` octets follow it, at `offset`: is that so? */
static __always_inline void frame_lay(struct facts *f, __u32 offset, __u32 length)
{
	f->payload_offset = offset;
	f->payload_length = length;
	if (offset + length > f->frame_length)
		f->damaged = 1;
}

/* A plain packet: UDP or TCP behind Ethernet and IP and nothing else, as nearly all are. Its ports, or
 * NULL: frame_parse has to look. Nothing is written down. */
static __always_inline const struct ports *frame_plain(const struct packet *pkt, __u8 *protocol)
{
	const struct ethhdr *eth = pkt->data;
	const struct iphdr *ip = (const void *)(eth + 1);
	const struct ipv6hdr *ip6 = (const void *)ip;
	const struct ports *ports = (const void *)(ip + 1);

	if ((const void *)(ports + 1) > pkt->data_end)
		return NULL;
	if (likely(frame_type(eth) == bpf_htons(ETH_P_IP))) {
		if (unlikely(*(const __u8 *)ip != 0x45 ||
			     ip->frag_off & bpf_htons(IP_OFFSET | IP_MORE_FRAGMENTS)))
			return NULL;
		*protocol = ip->protocol;
	} else {
		ports = (const void *)(ip6 + 1);
		if (frame_type(eth) != bpf_htons(ETH_P_IPV6) ||
		    (const void *)(ports + 1) > pkt->data_end || ip6->version != 6 ||
		    frame_is_mapped((const __be32 *)&ip6->saddr) ||
		    frame_is_mapped((const __be32 *)&ip6->daddr))
			return NULL;
		*protocol = ip6->nexthdr;
	}
	return *protocol == IPPROTO_UDP || *protocol == IPPROTO_TCP ? ports : NULL;
}

/* What frame_parse would find in a plain packet. */
static __always_inline void frame_note_plain(struct packet *pkt, const struct ports *ports,
					     __u8 protocol, __u64 frame_length)
{
	const struct ethhdr *eth = pkt->data;
	const struct iphdr *ip = (const void *)(eth + 1);
	const struct ipv6hdr *ip6 = (const void *)ip;
	struct facts *f = pkt->f;

	frame_begin(f, frame_length);
	f->network_offset = sizeof(*eth);
	f->protocol = protocol;
	f->sport = ports->source;
	f->dport = ports->dest;
	if (likely(frame_type(eth) == bpf_htons(ETH_P_IP))) {
		__u32 total = bpf_ntohs(ip->tot_len);

		f->family = 4;
		pkt->addresses = &ip->saddr;
		if (unlikely(total < sizeof(*ip))) {
			f->damaged = 1;
			total = sizeof(*ip);
		}
		frame_lay(f, sizeof(*eth) + sizeof(*ip), total - sizeof(*ip));
	} else {
		f->family = 6;
		pkt->addresses = (const __be32 *)&ip6->saddr;
		frame_lay(f, sizeof(*eth) + sizeof(*ip6), bpf_ntohs(ip6->payload_len));
	}
}

/* Parse down to the ports. false: not IP, not UDP or TCP, or so short that it is nobody's. A later
 * fragment has no ports and comes back with them 0. */
static __always_inline bool frame_parse(struct packet *pkt, __u64 frame_length)
{
	struct cursor c = { .p = pkt->data, .end = pkt->data_end };
	struct ethhdr *eth = cursor_take(&c, sizeof(*eth));
	struct ports *ports;
	__be16 ethertype;
	__u32 length, i;

	frame_begin(pkt->f, frame_length);
	if (!eth)
		return false;
	ethertype = frame_type(eth);
	for (i = 0; i < VLAN_TAGS; i++) {
		struct vlan_tag *tag;

		if (likely(ethertype != bpf_htons(ETH_P_8021Q) &&
			   ethertype != bpf_htons(ETH_P_8021AD)))
			break;
		tag = cursor_take(&c, sizeof(*tag));
		if (!tag)
			return false;
		ethertype = tag->ethertype;
		pkt->f->tagged = i + 1;
	}
	pkt->f->network_offset = c.offset;
	if (ethertype == bpf_htons(ETH_P_IP)) {
		if (!frame_ipv4(&c, pkt, &length))
			return false;
	} else if (ethertype == bpf_htons(ETH_P_IPV6)) {
		if (!frame_ipv6(&c, pkt, &length))
			return false;
	} else {
		return false;
	}
	if (pkt->f->protocol != IPPROTO_UDP && pkt->f->protocol != IPPROTO_TCP)
		return false;
	frame_lay(pkt->f, c.offset, length);
	if (unlikely(pkt->f->fragment == FRAGMENT_LATER))
		return true;
	ports = c.p;
	if ((void *)(ports + 1) > c.end) {
		pkt->f->endless = pkt->f->fragment == FRAGMENT_FIRST; /* hides its ports */
		return false;
	}
	pkt->f->sport = ports->source;
	pkt->f->dport = ports->dest;
	return true;
}

/* Only the first buffer was seen so far: is the whole frame shorter than its headers say? */
static __always_inline void frame_measure(struct packet *pkt, __u64 length)
{
	pkt->f->frame_length = length;
	pkt->f->damaged = pkt->f->mapped ||
			  pkt->f->payload_offset + pkt->f->payload_length > length;
}

/* The UDP header, once the packet is known to be for a listener: lengths must agree. */
static __always_inline void frame_udp(struct packet *pkt)
{
	__u32 offset = pkt->f->payload_offset & 0x3ff;
	struct udphdr *udp = pkt->data + offset;
	__u32 length;

	if (unlikely((void *)(udp + 1) > pkt->data_end || pkt->f->payload_length < sizeof(*udp) ||
		     pkt->f->payload_offset > PAYLOAD_REACH)) {
		pkt->f->damaged = 1;
		return;
	}
	length = bpf_ntohs(udp->len);
	if (length < sizeof(*udp) || length < pkt->f->payload_length ||
	    (length != pkt->f->payload_length && pkt->f->fragment == FRAGMENT_NONE))
		pkt->f->damaged = 1;
	pkt->f->payload_offset += sizeof(*udp);
	pkt->f->payload_length -= sizeof(*udp);
	pkt->f->datagram_length = length - sizeof(*udp);
}

/* The flags of a TCP segment: is it one that opens a connection? */
static __always_inline void frame_tcp(struct packet *pkt)
{
	__u32 offset = pkt->f->payload_offset & 0x3ff;
	struct tcphdr *tcp = pkt->data + offset;

	if ((void *)(tcp + 1) > pkt->data_end) {
		pkt->f->damaged = 1;
	} else {
		pkt->f->syn = tcp->syn && !tcp->ack;
		pkt->f->opening = tcp->syn;
		pkt->f->reset = tcp->rst;
	}
}

#endif
