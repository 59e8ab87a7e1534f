// SPDX-License-Identifier: GPL-2.0-only
/* The flood's messages and the Ethernet, IP and UDP headers in front of them. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include "template.h"

#define MARK "@@@@@@@@" /* becomes digits that no other packet has */

/* %1$s is the server's address as in a URI, %2$u its port, %3$s the User-Agent. */
static const char invite[] = "INVITE sip:callee1@%1$s:%2$u SIP/2.0\r\n"
			     "Via: SIP/2.0/UDP 198.18.0.1:5060;branch=z9hG4bK" MARK ";rport\r\n"
			     "Max-Forwards: 70\r\n"
			     "From: <sip:" MARK "@%1$s>;tag=" MARK "\r\n"
			     "To: <sip:callee1@%1$s>\r\n"
			     "Call-ID: " MARK "@198.18.0.1\r\n"
			     "CSeq: 1 INVITE\r\n"
			     "Contact: <sip:flood@198.18.0.1:5060>\r\n"
			     "User-Agent: %3$s\r\n"
			     "Content-Type: application/sdp\r\n"
			     "Content-Length: 112\r\n"
			     "\r\n"
			     "v=0\r\n"
			     "o=- 1 1 IN IP4 198.18.0.1\r\n"
			     "s=-\r\n"
			     "c=IN IP4 198.18.0.1\r\n"
			     "t=0 0\r\n"
			     "m=audio 10000 RTP/AVP 8\r\n"
			     "a=rtpmap:8 PCMA/8000\r\n";

static const char register_request[] = "REGISTER sip:%1$s:%2$u SIP/2.0\r\n"
				       "Via: SIP/2.0/UDP 198.18.0.1:5060;branch=z9hG4bK" MARK
				       ";rport\r\n"
				       "Max-Forwards: 70\r\n"
				       "From: <sip:" MARK "@%1$s>;tag=" MARK "\r\n"
				       "To: <sip:" MARK "@%1$s>\r\n"
				       "Call-ID: " MARK "@198.18.0.1\r\n"
				       "CSeq: 1 REGISTER\r\n"
				       "Contact: <sip:flood@198.18.0.1:5060>\r\n"
				       "Expires: 3600\r\n"
				       "User-Agent: %3$s\r\n"
				       "Content-Length: 0\r\n"
				       "\r\n";

static const char options[] = "OPTIONS sip:%1$s:%2$u SIP/2.0\r\n"
			      "Via: SIP/2.0/UDP 198.18.0.1:5060;branch=z9hG4bK" MARK ";rport\r\n"
			      "Max-Forwards: 70\r\n"
			      "From: <sip:flood@%1$s>;tag=" MARK "\r\n"
			      "To: <sip:%1$s>\r\n"
			      "Call-ID: " MARK "@198.18.0.1\r\n"
			      "CSeq: 1 OPTIONS\r\n"
			      "User-Agent: %3$s\r\n"
			      "Content-Length: 0\r\n"
			      "\r\n";

static const char bye[] = "BYE sip:callee1@%1$s:%2$u SIP/2.0\r\n"
			  "Via: SIP/2.0/UDP 198.18.0.1:5060;branch=z9hG4bK" MARK ";rport\r\n"
			  "Max-Forwards: 70\r\n"
			  "From: <sip:flood@%1$s>;tag=" MARK "\r\n"
			  "To: <sip:callee1@%1$s>;tag=" MARK "\r\n"
			  "Call-ID: " MARK "@198.18.0.1\r\n"
			  "CSeq: 2 BYE\r\n"
			  "User-Agent: %3$s\r\n"
			  "Content-Length: 0\r\n"
			  "\r\n";

static const char response[] = "SIP/2.0 200 OK\r\n"
			       "Via: SIP/2.0/UDP %1$s:%2$u;branch=z9hG4bK" MARK "\r\n"
			       "From: <sip:flood@%1$s>;tag=" MARK "\r\n"
			       "To: <sip:callee1@%1$s>;tag=" MARK "\r\n"
			       "Call-ID: " MARK "@198.18.0.1\r\n"
			       "CSeq: 1 OPTIONS\r\n"
			       "User-Agent: %3$s\r\n"
			       "Content-Length: 0\r\n"
			       "\r\n";

static const char garbage[] = "\x01\x02%3$s " MARK " not SIP, not a keepalive, not STUN at all "
			      "%1$s %2$u\r\n\r\n";

static const struct {
	const char *name;
	const char *text;
} kinds[] = {
	{ "invite", invite }, { "register", register_request }, { "options", options },
	{ "bye", bye },	      { "response", response },		{ "garbage", garbage },
};

_Static_assert(sizeof(kinds) / sizeof(kinds[0]) <= FLOOD_KINDS, "more kinds than the maps hold");

const char *flood_kind_name(unsigned int kind)
{
	return kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[kind].name : NULL;
}

/* Ones' complement sum of octets in memory order, as bpf/ adds to it. */
static uint32_t sum_octets(const void *octets, size_t length, uint32_t sum)
{
	const uint8_t *at = octets;
	uint16_t word;

	for (; length > 1; length -= 2, at += 2) {
		memcpy(&word, at, 2);
		sum += word;
	}
	if (length) {
		word = 0;
		memcpy(&word, at, 1);
		sum += word;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint32_t put_ipv4(uint8_t *at, const struct flood_target *target, uint16_t udp_length)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = sizeof(ip) / 4,
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.tot_len = htons((uint16_t)(sizeof(ip) + udp_length)),
		.frag_off = htons(IP_DF),
	};

	memcpy(&ip.daddr, &target->address, sizeof(ip.daddr));
	memcpy(at, &ip, sizeof(ip));
	return sum_octets(&ip, sizeof(ip), 0);
}

/* RFC 8200 section 8.1; the source address and what is marked are added for each packet. */
static uint32_t put_ipv6(uint8_t *at, const struct flood_target *target, uint16_t udp_length)
{
	struct ip6_hdr ip = {
		.ip6_flow = htonl(6U << 28),
		.ip6_plen = htons(udp_length),
		.ip6_nxt = IPPROTO_UDP,
		.ip6_hlim = 64,
		.ip6_dst = target->address,
	};
	uint32_t pseudo[2] = { htonl(udp_length), htonl(IPPROTO_UDP) };

	memcpy(at, &ip, sizeof(ip));
	return sum_octets(&ip.ip6_dst, sizeof(ip.ip6_dst), sum_octets(pseudo, sizeof(pseudo), 0));
}

static void find_marks(struct flood_template *t, size_t from)
{
	unsigned int marks = 0;

	for (size_t at = from; at + FLOOD_MARK_SIZE <= t->length && marks < FLOOD_MARKS; at++) {
		if (memcmp(t->frame + at, MARK, FLOOD_MARK_SIZE))
			continue;
		memset(t->frame + at, 0, FLOOD_MARK_SIZE); /* counts nothing in a checksum */
		t->mark[marks++] = (uint16_t)at;
		at += FLOOD_MARK_SIZE - 1;
	}
}

int flood_template_make(struct flood_template *t, unsigned int kind,
			const struct flood_target *target)
{
	const size_t headers = sizeof(struct ether_header) + sizeof(struct udphdr) +
			       (target->ipv6 ? sizeof(struct ip6_hdr) : sizeof(struct iphdr));
	struct ether_header ethernet = { .ether_type = htons(target->ipv6 ? ETHERTYPE_IPV6
									  : ETHERTYPE_IP) };
	char address[INET6_ADDRSTRLEN], uri[INET6_ADDRSTRLEN + 2], text[FLOOD_FRAME_ROOM];
	struct flood_template made = { 0 };
	struct udphdr udp = { .dest = htons(target->port) };
	uint16_t udp_length;
	int length;

	if (!flood_kind_name(kind))
		return -EINVAL;
	inet_ntop(target->ipv6 ? AF_INET6 : AF_INET, &target->address, address, sizeof(address));
	snprintf(uri, sizeof(uri), target->ipv6 ? "[%s]" : "%s", address);
	length = snprintf(text, sizeof(text), kinds[kind].text, uri, target->port,
			  target->user_agent);
	if (length < 0 || (size_t)length + headers > FLOOD_FRAME_MAX)
		return -EMSGSIZE;

	made.length = (uint32_t)(headers + (size_t)length);
	udp_length = (uint16_t)(sizeof(udp) + (size_t)length);
	udp.len = htons(udp_length);
	memcpy(ethernet.ether_dhost, target->to_mac, sizeof(target->to_mac));
	memcpy(ethernet.ether_shost, target->from_mac, sizeof(target->from_mac));
	memcpy(made.frame, &ethernet, sizeof(ethernet));
	memcpy(made.frame + headers - sizeof(udp), &udp, sizeof(udp));
	memcpy(made.frame + headers, text, (size_t)length);
	find_marks(&made, headers);
	if (target->ipv6) {
		made.sum = put_ipv6(made.frame + sizeof(ethernet), target, udp_length);
		made.sum = sum_octets(made.frame + headers - sizeof(udp), udp_length, made.sum);
	} else {
		made.sum = put_ipv4(made.frame + sizeof(ethernet), target, udp_length);
	}
	*t = made;
	return 0;
}
