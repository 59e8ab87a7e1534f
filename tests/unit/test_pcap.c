/* SPDX-License-Identifier: GPL-2.0-only */
/* Capture files of messages, read back with libpcap. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "export/pcap.h"

static struct sipxdp_peer peer4(uint32_t address, uint16_t port)
{
	return (struct sipxdp_peer){ .addr = { { 0, 0, htonl(0xffff), htonl(address) } },
				     .port = htons(port) };
}

static struct sipxdp_peer peer6(uint32_t last, uint16_t port)
{
	return (struct sipxdp_peer){ .addr = { { htonl(0x20010db8), 0, 0, htonl(last) } },
				     .port = htons(port) };
}

/* RFC 1071, over what is given: 0 if the checksum in it is right. */
static uint16_t checksum(const void *data, size_t length, uint32_t sum)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint32_t sum_of(const void *data, size_t length)
{
	return (uint16_t)~checksum(data, length, 0);
}

static pcap_t *write_and_open(const struct pcap_datagram *datagrams, size_t count)
{
	char error[PCAP_ERRBUF_SIZE];
	FILE *file = tmpfile();
	pcap_t *pcap;

	cr_assert(file);
	cr_assert_eq(pcap_write_head(file), 0);
	for (size_t i = 0; i < count; i++)
		cr_assert_eq(pcap_write(file, &datagrams[i]), 0);
	rewind(file);
	pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, error);
	cr_assert(pcap, "%s", error);
	return pcap;
}

Test(pcap, messages_are_read_back_in_ipv4_and_ipv6,
     .description =
	     "times, addresses, ports, lengths, octets and checksums, of odd lengths as well")
{
	const struct pcap_datagram datagrams[] = {
		{ 1700000000123456789, peer4(0xc0000201, 5060), peer4(0xc0000263, 5070), 7, 7,
		  "OPTIONS" },
		{ 1700000001000000001, peer6(1, 5060), peer6(2, 65535), 8, 8, "REGISTER" },
		{ 1700000002999999999, peer4(0xc0000201, 1), peer4(0xc0000263, 2), 500, 6,
		  "INVITE" },
		{ 0, peer4(1, 1), peer4(2, 2), 0, 0, "" },
	};
	pcap_t *pcap = write_and_open(datagrams, 4);
	struct pcap_pkthdr *head;
	const u_char *data;

	cr_assert_eq(pcap_datalink(pcap), DLT_RAW);
	for (size_t i = 0; i < 4; i++) {
		const struct pcap_datagram *d = &datagrams[i];
		const struct ip *ip;
		const struct ip6_hdr *ip6;
		struct udphdr udp;
		size_t length;
		uint32_t pseudo;

		cr_assert_eq(pcap_next_ex(pcap, &head, &data), 1, "packet %zu", i);
		cr_expect_eq((uint64_t)head->ts.tv_sec * 1000000000 + (uint64_t)head->ts.tv_usec,
			     d->time_unix_ns, "packet %zu", i);
		ip = (const void *)data;
		ip6 = (const void *)data;
		length = ip->ip_v == 4 ? sizeof(*ip) : sizeof(*ip6);
		cr_assert_eq(head->caplen, length + sizeof(udp) + d->captured, "packet %zu", i);
		cr_assert_eq(head->len, length + sizeof(udp) + d->length, "packet %zu", i);
		memcpy(&udp, data + length, sizeof(udp));
		cr_expect_eq(udp.uh_sport, d->source.port);
		cr_expect_eq(udp.uh_dport, d->destination.port);
		cr_expect_eq(ntohs(udp.uh_ulen), sizeof(udp) + d->length);
		cr_expect_eq(memcmp(data + length + sizeof(udp), d->data, d->captured), 0);
		if (ip->ip_v == 4) {
			cr_expect_eq(checksum(ip, sizeof(*ip), 0), 0, "packet %zu", i);
			cr_expect_eq(ip->ip_src.s_addr, d->source.addr.word[3]);
			cr_expect_eq(ip->ip_dst.s_addr, d->destination.addr.word[3]);
			cr_expect_eq(ntohs(ip->ip_len), head->len);
			pseudo = sum_of(&ip->ip_src, 8);
		} else {
			cr_expect_eq(memcmp(&ip6->ip6_src, &d->source.addr, 16), 0);
			cr_expect_eq(memcmp(&ip6->ip6_dst, &d->destination.addr, 16), 0);
			cr_expect_eq(ntohs(ip6->ip6_plen), sizeof(udp) + d->length);
			pseudo = sum_of(&ip6->ip6_src, 32);
		}
		if (d->captured < d->length) {
			cr_expect_eq(udp.uh_sum, 0, "not all of it is there");
			continue;
		}
		pseudo += IPPROTO_UDP + (uint32_t)sizeof(udp) + d->length;
		cr_expect_eq(checksum(data + length, sizeof(udp) + d->length, pseudo), 0,
			     "packet %zu", i);
	}
	cr_assert_eq(pcap_next_ex(pcap, &head, &data), PCAP_ERROR_BREAK);
	pcap_close(pcap);
}

Test(pcap, what_cannot_be_carried_is_refused,
     .description =
	     "more captured than there was, longer than a datagram, two families, a full disk")
{
	struct pcap_datagram d = { 0, peer4(1, 1), peer4(2, 2), 3, 4, "text" };
	FILE *full = fopen("/dev/full", "w"), *null = fopen("/dev/null", "w");

	cr_assert_eq(pcap_write(null, &d), -EINVAL);
	d.captured = 3;
	d.length = 65508;
	cr_assert_eq(pcap_write(null, &d), -EINVAL);
	d.length = 3;
	d.destination = peer6(1, 1);
	cr_assert_eq(pcap_write(null, &d), -EINVAL);
	cr_assert(full && setvbuf(full, NULL, _IONBF, 0) == 0);
	cr_assert_eq(pcap_write_head(full), -EIO);
	d.destination = d.source;
	cr_assert_eq(pcap_write(full, &d), -EIO);
	fclose(full);
	fclose(null);
}
