/* SPDX-License-Identifier: GPL-2.0-only */
/* From an Ethernet frame to the payload of its UDP datagram. */
#include "ctl/payload.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <string.h>

#define VLAN_TAGS_MAX	    2
#define VLAN_TAG	    4
#define IPV6_EXTENSIONS_MAX 8

/* What is left of the frame. */
struct view {
	const uint8_t *at, *end;
};

static bool take(struct view *v, void *header, size_t size)
{
	if ((size_t)(v->end - v->at) < size)
		return false;
	memcpy(header, v->at, size);
	v->at += size;
	return true;
}

/* Drops what follows the first `length` octets, link-layer padding for one. */
static bool cut(struct view *v, size_t length)
{
	if ((size_t)(v->end - v->at) < length)
		return false;
	v->end = v->at + length;
	return true;
}

static bool take_ethernet(struct view *v, uint16_t *ethertype)
{
	struct ethhdr eth;
	uint16_t tag[VLAN_TAG / 2];

	if (!take(v, &eth, sizeof(eth)))
		return false;
	*ethertype = ntohs(eth.h_proto);
	for (int i = 0; i < VLAN_TAGS_MAX; i++) {
		if (*ethertype != ETH_P_8021Q && *ethertype != ETH_P_8021AD)
			break;
		if (!take(v, tag, sizeof(tag)))
			return false;
		*ethertype = ntohs(tag[1]);
	}
	return true;
}

static bool take_ipv4(struct view *v)
{
	struct iphdr ip;
	size_t header, total;

	if (!take(v, &ip, sizeof(ip)))
		return false;
	header = ip.ihl * 4u;
	total = ntohs(ip.tot_len);
	if (ip.version != 4 || header < sizeof(ip) || total < header ||
	    ip.protocol != IPPROTO_UDP || (ntohs(ip.frag_off) & (IP_MF | IP_OFFMASK)))
		return false;
	if (!cut(v, total - sizeof(ip)))
		return false;
	v->at += header - sizeof(ip);
	return true;
}

static bool is_extension(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS;
}

static bool take_ipv6(struct view *v)
{
	struct ip6_hdr ip;
	uint8_t next;

	if (!take(v, &ip, sizeof(ip)) || ip.ip6_vfc >> 4 != 6 || !cut(v, ntohs(ip.ip6_plen)))
		return false;
	next = ip.ip6_nxt;
	for (int i = 0; i < IPV6_EXTENSIONS_MAX && is_extension(next); i++) {
		struct ip6_ext extension;
		size_t rest;

		if (!take(v, &extension, sizeof(extension)))
			return false;
		rest = extension.ip6e_len * 8u + 8 - sizeof(extension);
		if ((size_t)(v->end - v->at) < rest)
			return false;
		v->at += rest;
		next = extension.ip6e_nxt;
	}
	return next == IPPROTO_UDP;
}

static bool take_ip(struct view *v, uint16_t ethertype)
{
	switch (ethertype) {
	case ETH_P_IP: return take_ipv4(v);
	case ETH_P_IPV6: return take_ipv6(v);
	}
	return false;
}

bool payload_find(const uint8_t *frame, size_t length, struct payload *payload)
{
	struct view v = { .at = frame, .end = frame + length };
	struct udphdr udp;
	uint16_t ethertype;

	if (!take_ethernet(&v, &ethertype) || !take_ip(&v, ethertype) ||
	    !take(&v, &udp, sizeof(udp)) || ntohs(udp.len) < sizeof(udp) ||
	    !cut(&v, ntohs(udp.len) - sizeof(udp)))
		return false;
	*payload = (struct payload){ .data = (const char *)v.at,
				     .length = (size_t)(v.end - v.at),
				     .source_port = ntohs(udp.source),
				     .destination_port = ntohs(udp.dest) };
	return true;
}
