// SPDX-License-Identifier: GPL-2.0-only
/* Fragments of balanced datagrams: the later ones go where their first one went, both ways, and what
 * comes out is one datagram again, with a checksum that is right over all of it. */
#include "through.h"

#include <arpa/inet.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>

#define SIZE  1480
#define PARTS 3

static char text[3600];

static void setup(void)
{
	links_open();
	snprintf(text, sizeof(text),
		 "INVITE sip:bob@192.0.2.10 SIP/2.0\r\n%sContent-Length: 3000\r\n\r\n%03000d",
		 HEADERS("INVITE", "long@x", ""), 1);
}

TestSuite(balance_fragment, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

static const struct way {
	const char *name;
	const char *proxy;
	const char *forward;
	const char *backends;
	const char *client;
	const char *first; /* address of the first backend */
} ways[] = {
	{ "nat", THROUGH_PROXY4, "nat", THROUGH_BACKENDS4, "198.51.100.1", "10.0.0.11" },
	{ "nat IPv6", THROUGH_PROXY6, "nat", THROUGH_BACKENDS6, "2001:db8:1::1", "fd00::11" },
	{ "dsr", THROUGH_PROXY4, "dsr", THROUGH_BACKENDS4, "198.51.100.1", "10.0.0.11" },
	{ "dsr IPv6", THROUGH_PROXY6, "dsr", THROUGH_BACKENDS6, "2001:db8:1::1", "fd00::11" },
	{ "ipip", THROUGH_PROXY4, "ipip", THROUGH_BACKENDS4, "198.51.100.1", "10.0.0.11" },
	{ "ipip IPv6", THROUGH_PROXY6, "ipip", THROUGH_BACKENDS6, "2001:db8:1::1", "fd00::11" },
};

static void open_way(const struct way *way)
{
	char yaml[4096];

	snprintf(yaml, sizeof(yaml),
		 "%s" RIG_UNLIMITED "    balance:\n      forward: %s\n      backends:\n%s",
		 way->proxy, way->forward, way->backends);
	memcpy(strstr(yaml, "5062"), "5060", 4); /* dsr leaves the port as it is */
	rig_open(yaml);
}

/* In pieces of `size` octets. */
static struct frame_spec part(const struct way *way, unsigned int n, size_t size)
{
	size_t total = strlen(text) + 8;

	return (struct frame_spec){ .from = way->client,
				    .text = text,
				    .fragment = true,
				    .id = 77,
				    .offset = (__u16)(n * size),
				    .room = size,
				    .more = (n + 1) * size < total,
				    .sums = true };
}

/* What is in the fragments, put together. */
static unsigned char datagram[4096];
static size_t datagram_length;

static void put_together(const struct seen *seen, const char *name)
{
	size_t skipped = seen->fragment_offset ? 0 : 8; /* payload is behind the UDP header */

	cr_assert_eq(seen->fragment_offset, datagram_length, "%s: at %u", name,
		     seen->fragment_offset);
	memcpy(datagram + datagram_length, seen->payload - skipped, seen->payload_length + skipped);
	datagram_length += seen->payload_length + skipped;
}

static void expect_whole(const char *name, const char *from, const char *to)
{
	struct in6_addr source = { .s6_addr = { [10] = 0xff, [11] = 0xff } }, dest = source;
	bool ipv6 = strchr(from, ':');

	inet_pton(ipv6 ? AF_INET6 : AF_INET, from, &source.s6_addr[ipv6 ? 0 : 12]);
	inet_pton(ipv6 ? AF_INET6 : AF_INET, to, &dest.s6_addr[ipv6 ? 0 : 12]);
	cr_expect_eq(datagram_length, strlen(text) + 8, "%s: %zu octets", name, datagram_length);
	cr_expect(!memcmp(datagram + 8, text, strlen(text)), "%s: the text", name);
	cr_expect_eq(frame_sum(datagram, datagram_length,
			       frame_sum_pseudo(&source, &dest, datagram_length, IPPROTO_UDP)),
		     0, "%s: UDP checksum", name);
}

Test(balance_fragment, to_a_backend)
{
	static struct through out;

	for (size_t i = 0; i < COUNT(ways); i++) {
		const struct way *way = &ways[i];
		bool tunnel = !strcmp(way->forward, "ipip");
		/* in the tunnel these fit; what is longer is another test's */
		size_t size = tunnel ? 1400 : SIZE - (strchr(way->client, ':') ? 40 : 0);
		char to[48] = "", backend[48] = "";
		__u8 mac[6];

		open_way(way);
		datagram_length = 0;
		for (unsigned int n = 0; n < PARTS; n++) {
			struct frame_spec spec = part(way, n, size);
			struct seen inner;

			through(&spec, &out);
			through_expect_sent(way->name, &out, XDP_REDIRECT);
			if (n == 0) {
				memcpy(mac, out.seen.dmac, 6);
				snprintf(backend, sizeof(backend), "%s", out.seen.to);
			}
			cr_expect(!memcmp(mac, out.seen.dmac, 6), "%s: part %u elsewhere",
				  way->name, n);
			cr_expect_str_eq(out.seen.to, backend, "%s: part %u to %s", way->name, n,
					 out.seen.to);
			inner = out.seen;
			if (tunnel)
				seen_packet(&inner, out.seen.payload, out.seen.payload_length);
			cr_expect_str_eq(inner.from, way->client);
			cr_expect_eq(inner.hops, 63, "%s: part %u", way->name, n);
			cr_expect_eq(inner.id, 77);
			cr_expect_eq(inner.more, n < PARTS - 1);
			cr_expect(inner.header_sum_ok, "%s: part %u", way->name, n);
			snprintf(to, sizeof(to), "%s", inner.to);
			put_together(&inner, way->name);
		}
		expect_whole(way->name, way->client, to);
		cr_expect_eq(rig_counted(CLASS_FRAGMENT, PASS_FRAGMENT), PARTS - 1, "%s",
			     way->name);
		rig_close();
	}
}

Test(balance_fragment, from_a_backend)
{
	static struct through out;

	for (size_t i = 0; i < 2; i++) {
		struct way way = ways[i];
		const char *vip = i ? "2001:db8::10" : "192.0.2.10";
		const char *client = way.client;

		open_way(&way);
		way.client = way.first;
		for (int by_stack = 0; by_stack < 2; by_stack++) {
			datagram_length = 0;
			for (unsigned int n = 0; n < PARTS; n++) {
				struct frame_spec spec = part(&way, n, SIZE - 40);

				spec.to = client;
				spec.id = 100 + (__u32)by_stack;
				if (by_stack) {
					through_egress(&spec, &out);
					cr_expect_eq((__s32)out.action, TC_ACT_UNSPEC);
					cr_expect(out.seen.header_sum_ok);
				} else {
					through(&spec, &out);
					through_expect_sent(way.name, &out, XDP_REDIRECT);
				}
				cr_expect_str_eq(out.seen.from, vip, "%s: part %u from %s",
						 way.name, n, out.seen.from);
				cr_expect_str_eq(out.seen.to, client);
				cr_expect_eq(out.seen.hops, by_stack ? 64 : 63);
				put_together(&out.seen, way.name);
			}
			expect_whole(way.name, vip, client);
		}
		cr_expect_eq(rig_counted_all(), 0, "what a backend sends is not what comes in");
		rig_close();
	}
}

/* Without a first one nobody knows whose they are: they wait for it in the stack's reassembly, as on
 * a guard's host. */
Test(balance_fragment, before_the_first_one)
{
	struct frame_spec spec = part(&ways[0], 1, SIZE);

	open_way(&ways[0]);
	rig_expect("before its first", &spec,
		   &(struct rig_want){ .service = SERVICE_HOST,
				       .class = CLASS_FRAGMENT,
				       .reason = PASS_UNORDERED });
}
