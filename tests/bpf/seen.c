// SPDX-License-Identifier: GPL-2.0-only
/* Reads headers in the order of the frame. */
#include "seen.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "frame.h"

static __u16 word(const unsigned char *p)
{
	return (__u16)(p[0] << 8 | p[1]);
}

static size_t read_ipv4(struct seen *seen, const unsigned char *p, size_t length,
			struct in6_addr *from, struct in6_addr *to)
{
	size_t header = (p[0] & 15) * 4U;

	cr_assert(length >= header && header >= 20, "IPv4 header of %zu octets", header);
	seen->family = 4;
	seen->length = word(p + 2);
	seen->id = word(p + 4);
	seen->more = word(p + 6) & 0x2000;
	seen->dont_fragment = word(p + 6) & 0x4000;
	seen->fragment_offset = (word(p + 6) & 0x1fff) * 8U;
	seen->hops = p[8];
	seen->protocol = p[9];
	seen->header_sum_ok = !frame_sum(p, header, 0);
	inet_ntop(AF_INET, p + 12, seen->from, sizeof(seen->from));
	inet_ntop(AF_INET, p + 16, seen->to, sizeof(seen->to));
	*from = *to = (struct in6_addr){ .s6_addr = { [10] = 0xff, [11] = 0xff } };
	memcpy(&from->s6_addr[12], p + 12, 4);
	memcpy(&to->s6_addr[12], p + 16, 4);
	return header;
}

static size_t read_ipv6(struct seen *seen, const unsigned char *p, size_t length,
			struct in6_addr *from, struct in6_addr *to)
{
	size_t at = 40;

	cr_assert(length >= at, "IPv6 header cut");
	seen->family = 6;
	seen->length = 40U + word(p + 4);
	seen->protocol = p[6];
	seen->hops = p[7];
	seen->header_sum_ok = true;
	memcpy(from, p + 8, 16);
	memcpy(to, p + 24, 16);
	inet_ntop(AF_INET6, from, seen->from, sizeof(seen->from));
	inet_ntop(AF_INET6, to, seen->to, sizeof(seen->to));
	while (seen->protocol == IPPROTO_HOPOPTS || seen->protocol == IPPROTO_DSTOPTS ||
	       seen->protocol == IPPROTO_FRAGMENT) {
		bool fragment = seen->protocol == IPPROTO_FRAGMENT;

		cr_assert(length >= at + 8, "extension header cut");
		if (fragment) {
			seen->fragment_offset = word(p + at + 2) & ~7U;
			seen->more = p[at + 3] & 1;
			seen->id = (__u32)word(p + at + 4) << 16 | word(p + at + 6);
		}
		seen->protocol = p[at];
		at += fragment ? 8 : (1U + p[at + 1]) * 8U;
	}
	return at;
}

void seen_packet(struct seen *seen, const unsigned char *packet, size_t length)
{
	bool ipv6 = packet[0] >> 4 == 6;
	struct in6_addr from, to;
	size_t at, left;

	at = ipv6 ? read_ipv6(seen, packet, length, &from, &to)
		  : read_ipv4(seen, packet, length, &from, &to);
	left = (seen->length < length ? seen->length : length) - at;
	seen->payload = packet + at;
	seen->payload_length = left;
	if (seen->fragment_offset ||
	    (seen->protocol != IPPROTO_UDP && seen->protocol != IPPROTO_TCP) || left < 8)
		return;
	seen->sport = word(packet + at);
	seen->dport = word(packet + at + 2);
	seen->sum_ok = !frame_sum(packet + at, left,
				  frame_sum_pseudo(&from, &to, left, seen->protocol));
	if (seen->protocol == IPPROTO_UDP) {
		seen->sum = word(packet + at + 6);
		seen->payload += 8;
		seen->payload_length -= 8;
	}
}

void seen_frame(struct seen *seen, const unsigned char *frame, size_t length)
{
	size_t at = 12;

	memset(seen, 0, sizeof(*seen));
	memcpy(seen->dmac, frame, 6);
	memcpy(seen->smac, frame + 6, 6);
	while (word(frame + at) == ETH_P_8021Q || word(frame + at) == ETH_P_8021AD) {
		seen->vlans++;
		at += 4;
	}
	cr_assert(word(frame + at) == (frame[at + 2] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP),
		  "ethertype %04x, IP version %u", word(frame + at), frame[at + 2] >> 4);
	seen_packet(seen, frame + at + 2, length - at - 2);
}
