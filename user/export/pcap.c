// SPDX-License-Identifier: GPL-2.0-only
/* Capture files: see pcap.h. */
#include "export/pcap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <string.h>

#include <sipxdp/time.h>

#define PCAP_MAGIC_NS 0xa1b23c4du
#define PCAP_VERSION  2
#define PCAP_MINOR    4
#define PCAP_SNAPLEN  262144
#define LINKTYPE_RAW  101
#define HOPS	      64
#define DATAGRAM_MAX  (65535 - sizeof(struct ip) - sizeof(struct udphdr))

struct file_head {
	uint32_t magic;
	uint16_t version, minor;
	uint32_t zone, accuracy, snaplen, linktype;
};

struct packet_head {
	uint32_t seconds, nanoseconds, captured, length;
};

/* IP and UDP headers as they are written. */
struct headers {
	union {
		struct ip v4;
		struct ip6_hdr v6;
		uint8_t octets[sizeof(struct ip6_hdr) + sizeof(struct udphdr)];
	};
	uint32_t length; /* of both headers */
	struct udphdr udp;
};

/* ---- the Internet checksum, RFC 1071 ---- */

static uint64_t sum_octets(uint64_t sum, const void *data, size_t length)
{
	const uint8_t *p = data;

	for (size_t i = 0; i + 1 < length; i += 2)
		sum += (uint64_t)p[i] << 8 | p[i + 1];
	if (length % 2)
		sum += (uint64_t)p[length - 1] << 8;
	return sum;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* Of a datagram that is there as a whole; else 0, which in IPv4 means that there is none. */
static uint16_t udp_checksum(const struct pcap_datagram *d, const struct udphdr *udp)
{
	bool ipv4 = addr_is_ipv4(&d->source.addr);
	uint64_t sum = IPPROTO_UDP + d->length + sizeof(*udp);
	uint16_t checksum;

	if (d->captured < d->length)
		return 0;
	/* The first words of a v4-mapped address are no part of the pseudo-header. */
	sum = sum_octets(sum, &d->source.addr.word[ipv4 ? 3 : 0], ipv4 ? 4 : 16);
	sum = sum_octets(sum, &d->destination.addr.word[ipv4 ? 3 : 0], ipv4 ? 4 : 16);
	sum = sum_octets(sum, udp, sizeof(*udp));
	sum = sum_octets(sum, d->data, d->length);
	checksum = fold(sum);
	return checksum ? checksum : 0xffff;
}

static void fill_ipv4(struct headers *h, const struct pcap_datagram *d)
{
	h->v4 = (struct ip){
		.ip_v = IPVERSION,
		.ip_hl = sizeof(struct ip) / 4,
		.ip_len = htons((uint16_t)(d->length + sizeof(struct ip) + sizeof(h->udp))),
		.ip_ttl = HOPS,
		.ip_p = IPPROTO_UDP,
		.ip_src.s_addr = d->source.addr.word[3],
		.ip_dst.s_addr = d->destination.addr.word[3],
	};
	h->v4.ip_sum = fold(sum_octets(0, &h->v4, sizeof(h->v4)));
	h->length = sizeof(h->v4);
}

static void fill_ipv6(struct headers *h, const struct pcap_datagram *d)
{
	h->v6 = (struct ip6_hdr){
		.ip6_flow = htonl(6u << 28),
		.ip6_plen = htons((uint16_t)(d->length + sizeof(h->udp))),
		.ip6_nxt = IPPROTO_UDP,
		.ip6_hlim = HOPS,
	};
	memcpy(&h->v6.ip6_src, &d->source.addr, sizeof(h->v6.ip6_src));
	memcpy(&h->v6.ip6_dst, &d->destination.addr, sizeof(h->v6.ip6_dst));
	h->length = sizeof(h->v6);
}

static void fill_headers(struct headers *h, const struct pcap_datagram *d)
{
	memset(h, 0, sizeof(*h));
	if (addr_is_ipv4(&d->source.addr))
		fill_ipv4(h, d);
	else
		fill_ipv6(h, d);
	h->udp.uh_sport = d->source.port;
	h->udp.uh_dport = d->destination.port;
	h->udp.uh_ulen = htons((uint16_t)(d->length + sizeof(h->udp)));
	h->udp.uh_sum = udp_checksum(d, &h->udp);
	memcpy(h->octets + h->length, &h->udp, sizeof(h->udp));
	h->length += (uint32_t)sizeof(h->udp);
}

static int put(FILE *file, const void *data, size_t length)
{
	return !length || fwrite(data, length, 1, file) == 1 ? 0 : -EIO;
}

int pcap_write_head(FILE *file)
{
	const struct file_head head = {
		.magic = PCAP_MAGIC_NS,
		.version = PCAP_VERSION,
		.minor = PCAP_MINOR,
		.snaplen = PCAP_SNAPLEN,
		.linktype = LINKTYPE_RAW,
	};

	return put(file, &head, sizeof(head));
}

int pcap_write(FILE *file, const struct pcap_datagram *d)
{
	struct packet_head head = {
		.seconds = (uint32_t)(d->time_unix_ns / NSEC_PER_SEC),
		.nanoseconds = (uint32_t)(d->time_unix_ns % NSEC_PER_SEC),
	};
	struct headers headers;
	int err;

	if (d->length > DATAGRAM_MAX || d->captured > d->length ||
	    addr_is_ipv4(&d->source.addr) != addr_is_ipv4(&d->destination.addr))
		return -EINVAL;
	fill_headers(&headers, d);
	head.captured = headers.length + d->captured;
	head.length = headers.length + d->length;
	err = put(file, &head, sizeof(head));
	if (!err)
		err = put(file, headers.octets, headers.length);
	if (!err)
		err = put(file, d->data, d->captured);
	return err;
}
