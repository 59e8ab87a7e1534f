// SPDX-License-Identifier: GPL-2.0-only
/* Ethernet, IP and UDP headers for the benchmarks. */
#include "datagram.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <string.h>

#define TTL	    64
#define IP_MORE	    0x2000
#define IP_UNIT	    8  /* octets, in which fragments count */
#define IPV4_MAPPED 12 /* octets in front of an IPv4 address in its IPv6 form */

static uint16_t ip_checksum(const struct iphdr *ip)
{
	uint16_t words[sizeof(*ip) / 2];
	uint32_t sum = 0;

	memcpy(words, ip, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put_ethernet(struct feed_frame *frame, uint16_t type)
{
	struct ethhdr eth = { .h_dest = { 2, 0, 0, 0, 0, 1 }, .h_source = { 2, 0, 0, 0, 0, 2 } };

	eth.h_proto = htons(type);
	memcpy(frame->data, &eth, sizeof(eth));
}

/* The header of an IPv4 packet that has `length` octets behind it. */
static size_t put_ipv4(struct feed_frame *frame, const struct datagram_way *way, size_t length,
		       uint16_t id, uint16_t place)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = sizeof(ip) / 4,
		.tot_len = htons((uint16_t)(sizeof(ip) + length)),
		.id = htons(id),
		.frag_off = htons(place),
		.ttl = TTL,
		.protocol = IPPROTO_UDP,
	};

	memcpy(&ip.saddr, way->from.s6_addr + IPV4_MAPPED, sizeof(ip.saddr));
	memcpy(&ip.daddr, way->to.s6_addr + IPV4_MAPPED, sizeof(ip.daddr));
	ip.check = ip_checksum(&ip);
	put_ethernet(frame, ETH_P_IP);
	memcpy(frame->data + ETH_HLEN, &ip, sizeof(ip));
	return ETH_HLEN + sizeof(ip);
}

static size_t put_ipv6(struct feed_frame *frame, const struct datagram_way *way, size_t length)
{
	struct ipv6hdr ip = {
		.version = 6,
		.payload_len = htons((uint16_t)length),
		.nexthdr = IPPROTO_UDP,
		.hop_limit = TTL,
	};

	memcpy(&ip.saddr, &way->from, sizeof(ip.saddr));
	memcpy(&ip.daddr, &way->to, sizeof(ip.daddr));
	put_ethernet(frame, ETH_P_IPV6);
	memcpy(frame->data + ETH_HLEN, &ip, sizeof(ip));
	return ETH_HLEN + sizeof(ip);
}

/* The checksum is 0: nothing on the way looks at it. */
static struct udphdr udp_header(const struct datagram_way *way, size_t length)
{
	return (struct udphdr){
		.source = htons(way->from_port),
		.dest = htons(way->to_port),
		.len = htons((uint16_t)(sizeof(struct udphdr) + length)),
	};
}

static void finish(struct feed_frame *frame, size_t length)
{
	if (length < FEED_FRAME_MIN) {
		memset(frame->data + length, 0, FEED_FRAME_MIN - length);
		length = FEED_FRAME_MIN;
	}
	frame->length = (uint32_t)length;
}

int datagram_frame(struct feed_frame *frame, const struct datagram_way *way, const void *payload,
		   size_t length)
{
	struct udphdr udp = udp_header(way, length);
	size_t at = sizeof(struct ethhdr) + sizeof(udp) +
		    (way->ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));

	if (at + length > FEED_FRAME_MAX)
		return -EMSGSIZE;
	at = way->ipv6 ? put_ipv6(frame, way, sizeof(udp) + length)
		       : put_ipv4(frame, way, sizeof(udp) + length, 0, 0);
	memcpy(frame->data + at, &udp, sizeof(udp));
	at += sizeof(udp);
	memcpy(frame->data + at, payload, length);
	finish(frame, at + length);
	return 0;
}

int datagram_fragment(struct feed_frame *frame, const struct datagram_way *way, const void *payload,
		      size_t length, uint16_t id, bool later)
{
	struct udphdr udp = udp_header(way, length);
	const size_t cut = DATAGRAM_FIRST -
			   sizeof(udp); /* octets of the payload in the first one */
	const char *from = payload;
	size_t at;

	if (way->ipv6 || length <= cut)
		return -EINVAL;
	if (later) {
		if (ETH_HLEN + sizeof(struct iphdr) + length - cut > FEED_FRAME_MAX)
			return -EMSGSIZE;
		at = put_ipv4(frame, way, length - cut, id, DATAGRAM_FIRST / IP_UNIT);
		memcpy(frame->data + at, from + cut, length - cut);
		finish(frame, at + length - cut);
		return 0;
	}
	at = put_ipv4(frame, way, DATAGRAM_FIRST, id, IP_MORE);
	memcpy(frame->data + at, &udp, sizeof(udp));
	memcpy(frame->data + at + sizeof(udp), from, cut);
	finish(frame, at + DATAGRAM_FIRST);
	return 0;
}
