// SPDX-License-Identifier: GPL-2.0-only
/* Frames from their description: a datagram, its part that is in this fragment, and headers around
 * it. */
#include "frame.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#define SIP_PORT      5060
#define UDP_HEADER    8
#define TCP_HEADER    20
#define TCP_ACK	      0x10
#define MORE	      0x2000
#define DONT_FRAGMENT 0x4000
#define PADDING_FILL  0xee
#define OPTION_NOP    1

/* ---- octets ---- */

struct writer {
	unsigned char *octets;
	size_t length, room;
};

static unsigned char *put(struct writer *w, const void *octets, size_t count)
{
	unsigned char *at = w->octets + w->length;

	cr_assert_leq(count, w->room - w->length, "the test's frame is too long");
	if (octets)
		memcpy(at, octets, count);
	else
		memset(at, 0, count);
	w->length += count;
	return at;
}

static void put8(struct writer *w, __u8 value)
{
	put(w, &value, sizeof(value));
}

static void put16(struct writer *w, size_t value)
{
	__be16 big = htons((__u16)value);

	put(w, &big, sizeof(big));
}

static void put32(struct writer *w, __u32 value)
{
	__be32 big = htonl(value);

	put(w, &big, sizeof(big));
}

/* ---- checksums ---- */

static __u32 add_up(const void *octets, size_t length, __u32 sum)
{
	const unsigned char *p = octets;

	for (size_t i = 0; i < length; i++)
		sum += (__u32)p[i] << (i % 2 ? 0 : 8);
	return (sum & 0xffff) + (sum >> 16);
}

__u16 frame_sum(const void *octets, size_t length, __u32 so_far)
{
	__u32 sum = add_up(octets, length, so_far);

	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16) ~((sum & 0xffff) + (sum >> 16));
}

__u32 frame_sum_pseudo(const struct in6_addr *from, const struct in6_addr *to, size_t length,
		       __u8 protocol)
{
	bool mapped = IN6_IS_ADDR_V4MAPPED(from);
	__u32 sum = add_up(mapped ? &from->s6_addr[12] : from->s6_addr, mapped ? 4 : 16, 0);

	sum = add_up(mapped ? &to->s6_addr[12] : to->s6_addr, mapped ? 4 : 16, sum);
	return sum + (__u32)length + protocol;
}

/* ---- what is carried ---- */

static __u8 protocol_of(const struct frame_spec *spec)
{
	return spec->protocol ? spec->protocol : IPPROTO_UDP;
}

static size_t text_length(const struct frame_spec *spec)
{
	if (!spec->text)
		return 0;
	return spec->length ? spec->length : strlen(spec->text);
}

static void put_ports(struct writer *w, const struct frame_spec *spec)
{
	put16(w, spec->sport ? spec->sport : SIP_PORT);
	put16(w, spec->dport ? spec->dport : SIP_PORT);
}

static void put_tcp(struct writer *w, const struct frame_spec *spec)
{
	put_ports(w, spec);
	put32(w, spec->tcp_sequence ? spec->tcp_sequence : 1);
	put32(w, spec->tcp_acknowledged ? spec->tcp_acknowledged : 1);
	put8(w, TCP_HEADER / 4 << 4);
	put8(w, spec->tcp_flags ? spec->tcp_flags : TCP_ACK);
	put16(w, 65535); /* window */
	put32(w, 0);	 /* checksum, urgent pointer: nobody looks at them */
}

static void put_udp(struct writer *w, const struct frame_spec *spec)
{
	put_ports(w, spec);
	put16(w, UDP_HEADER + text_length(spec) + (size_t)spec->udp_length_off);
	put16(w, 0);
}

static void put_datagram(struct writer *w, const struct frame_spec *spec)
{
	if (protocol_of(spec) == IPPROTO_TCP)
		put_tcp(w, spec);
	else
		put_udp(w, spec);
	put(w, spec->text, text_length(spec));
}

/* ---- network ---- */

static void put_ipv4(struct writer *w, const struct frame_spec *spec, const struct in6_addr *from,
		     const struct in6_addr *to, size_t payload)
{
	size_t header = 20 + 4 * spec->option_words;
	size_t place = spec->fragment ? spec->offset / 8 | (spec->more ? MORE : 0) : 0;
	size_t ihl = spec->ihl ? spec->ihl : header / 4;

	put8(w, (__u8)((spec->version ? spec->version : 4) << 4 | ihl));
	put8(w, 0);
	put16(w, header + payload + (size_t)spec->ip_length_off);
	put16(w, spec->id);
	put16(w, place | (spec->dont_fragment ? DONT_FRAGMENT : 0));
	put8(w, spec->hops ? spec->hops : 64);
	put8(w, protocol_of(spec));
	put16(w, 0);
	put(w, &from->s6_addr[12], 4);
	put(w, &to->s6_addr[12], 4);
	memset(put(w, NULL, 4 * spec->option_words), OPTION_NOP, 4 * spec->option_words);
	if (spec->sums) {
		unsigned char *ip = w->octets + w->length - header;
		__be16 sum = htons(frame_sum(ip, header, 0));

		memcpy(ip + 10, &sum, sizeof(sum));
	}
}

/* The extension headers, with the fragment header behind those of the list. */
static void put_extensions(struct writer *w, const struct frame_spec *spec)
{
	__u8 *next = NULL;

	for (size_t i = 0; i < FRAME_EXTENSIONS && spec->extension[i].there; i++) {
		const struct frame_extension *e = &spec->extension[i];
		bool ah = e->kind == IPPROTO_AH;
		size_t length = ah ? (2U + e->words) * 4 : (1U + e->words) * 8;

		if (next)
			*next = e->kind;
		next = put(w, NULL, length);
		next[1] = e->words;
		if (e->kind == IPPROTO_HOPOPTS || e->kind == IPPROTO_DSTOPTS) {
			next[2] = 1; /* PadN over all of it */
			next[3] = (__u8)(length > 257 ? 255 : length - 4);
		}
	}
	if (spec->fragment) {
		if (next)
			*next = IPPROTO_FRAGMENT;
		next = put(w, NULL, 2);
		put16(w, spec->offset | spec->more);
		put32(w, spec->id);
	}
	if (next)
		*next = protocol_of(spec);
}

static __u8 first_header(const struct frame_spec *spec)
{
	if (spec->extension[0].there)
		return spec->extension[0].kind;
	return spec->fragment ? IPPROTO_FRAGMENT : protocol_of(spec);
}

static void put_ipv6(struct writer *w, const struct frame_spec *spec, const struct in6_addr *from,
		     const struct in6_addr *to, size_t payload)
{
	unsigned char scratch[FRAME_ROOM];
	struct writer extensions = { scratch, 0, sizeof(scratch) };

	put_extensions(&extensions, spec);
	put32(w, (__u32)(spec->version ? spec->version : 6) << 28);
	put16(w, extensions.length + payload + (size_t)spec->ip_length_off);
	put8(w, first_header(spec));
	put8(w, spec->hops ? spec->hops : 64);
	put(w, from, sizeof(*from));
	put(w, to, sizeof(*to));
	put(w, scratch, extensions.length);
}

/* ---- link ---- */

static void put_ethernet(struct writer *w, const struct frame_spec *spec, bool ipv6)
{
	static const __u8 addresses[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
	__u16 type = spec->vlan_type ? spec->vlan_type : ETH_P_8021Q;

	put(w, addresses, sizeof(addresses));
	for (unsigned int i = 0; i < spec->vlans; i++) {
		put16(w, type);
		put16(w, 100 + i);
		type = ETH_P_8021Q;
	}
	put16(w, spec->ethertype ? spec->ethertype : ipv6 ? ETH_P_IPV6 : ETH_P_IP);
}

static struct in6_addr address_of(const char *text)
{
	struct in6_addr address = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	if (strchr(text, ':'))
		cr_assert_eq(inet_pton(AF_INET6, text, &address), 1, "%s", text);
	else
		cr_assert_eq(inet_pton(AF_INET, text, &address.s6_addr[12]), 1, "%s", text);
	return address;
}

static void put_sum(struct writer *datagram, const struct frame_spec *spec,
		    const struct in6_addr *from, const struct in6_addr *to)
{
	bool udp = protocol_of(spec) == IPPROTO_UDP;
	__u16 sum = frame_sum(datagram->octets, datagram->length,
			      frame_sum_pseudo(from, to, datagram->length, protocol_of(spec)));
	__be16 big = htons(udp && !sum ? 0xffff : sum);

	memcpy(datagram->octets + (udp ? 6 : 16), &big, sizeof(big));
}

void frame_build(struct frame *frame, const struct frame_spec *spec)
{
	bool ipv6 = strchr(spec->from ? spec->from : spec->to ? spec->to : "", ':');
	struct in6_addr from = address_of(spec->from ? spec->from
					  : ipv6     ? "2001:db8:1::1"
						     : "198.51.100.1");
	struct in6_addr to = address_of(spec->to ? spec->to : ipv6 ? "2001:db8::10" : "192.0.2.10");
	unsigned char scratch[FRAME_ROOM];
	struct writer datagram = { scratch, 0, sizeof(scratch) };
	struct writer w = { frame->octets, 0, sizeof(frame->octets) };
	size_t payload;

	put_datagram(&datagram, spec);
	if (spec->sums && !spec->no_udp_sum)
		put_sum(&datagram, spec, &from, &to);
	cr_assert_leq(spec->offset, datagram.length);
	payload = datagram.length - spec->offset;
	if (spec->fragment && spec->room && spec->room < payload)
		payload = spec->room;
	put_ethernet(&w, spec, ipv6);
	if (ipv6)
		put_ipv6(&w, spec, &from, &to, payload);
	else
		put_ipv4(&w, spec, &from, &to, payload);
	put(&w, scratch + spec->offset, payload);
	memset(put(&w, NULL, spec->trailer), PADDING_FILL, spec->trailer);
	cr_assert_lt(spec->cut, w.length);
	frame->length = w.length - spec->cut;
}
