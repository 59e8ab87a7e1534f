// SPDX-License-Identifier: GPL-2.0-only
/* ICMP errors about balanced packets: one about an answer reaches the backend that sent it, as if
 * about its own packet; one about a request reaches the client, as if about what it sent. */
#include "through.h"

#include <arpa/inet.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>

#define BALANCE(proxy, forward, backends)                                                          \
	proxy RIG_UNLIMITED "    balance:\n      forward: " forward "\n      backends:\n" backends

static void setup(void)
{
	links_open();
}

TestSuite(icmp_error, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

#define QUOTED 64 /* octets of the packet that are quoted */

/* An error from `from` to the packet's sender, quoting the packet. */
static void build_error(struct frame *error, const char *from, const struct frame_spec *about,
			bool ipv6, __u8 type, __u8 code)
{
	unsigned char body[8 + QUOTED] = { type, code };
	struct frame_spec spec = { .from = from, .to = about->from, .text = body, .sums = true };
	struct in6_addr source = { .s6_addr = { [10] = 0xff, [11] = 0xff } }, dest = source;
	struct frame packet;
	size_t header = ipv6 ? 40 : 20, length = sizeof(body);
	unsigned char *ip = error->octets + 14;
	__be16 sum;

	frame_build(&packet, about);
	memcpy(body + 8, packet.octets + 14, QUOTED);
	/* the frame is built as UDP, then made ICMP: ports and the rest are written over */
	spec.length = length - 8;
	frame_build(error, &spec);
	memcpy(ip + header, body, length);
	inet_pton(ipv6 ? AF_INET6 : AF_INET, from, &source.s6_addr[ipv6 ? 0 : 12]);
	inet_pton(ipv6 ? AF_INET6 : AF_INET, about->from, &dest.s6_addr[ipv6 ? 0 : 12]);
	sum = htons(frame_sum(ip + header, length,
			      ipv6 ? frame_sum_pseudo(&source, &dest, length, IPPROTO_ICMPV6) : 0));
	memcpy(ip + header + 2, &sum, sizeof(sum));
	if (ipv6) {
		ip[6] = IPPROTO_ICMPV6;
		return;
	}
	ip[9] = IPPROTO_ICMP;
	ip[10] = ip[11] = 0;
	sum = htons(frame_sum(ip, header, 0));
	memcpy(ip + 10, &sum, sizeof(sum));
}

/* The error's checksum is right, and so is that of the IPv4 header it quotes. */
static void expect_sums(const char *name, const struct seen *error, const struct seen *quote)
{
	struct in6_addr from, to;
	__u32 pseudo = 0;

	cr_expect(error->header_sum_ok && quote->header_sum_ok, "%s: header checksums", name);
	if (error->family == 6) {
		inet_pton(AF_INET6, error->from, &from);
		inet_pton(AF_INET6, error->to, &to);
		pseudo = frame_sum_pseudo(&from, &to, error->payload_length, IPPROTO_ICMPV6);
	}
	cr_expect_eq(frame_sum(error->payload, error->payload_length, pseudo), 0,
		     "%s: ICMP checksum", name);
}

static const struct side {
	const char *name;
	const char *yaml;
	const char *client, *router, *vip, *backends[3];
	bool ipv6;
} sides[] = {
	{ "IPv4",
	  BALANCE(THROUGH_PROXY4, "nat", THROUGH_BACKENDS4),
	  "198.51.100.1",
	  "203.0.113.1",
	  "192.0.2.10",
	  { "10.0.0.11", "10.0.0.12", "10.0.0.13" },
	  false },
	{ "IPv6",
	  BALANCE(THROUGH_PROXY6, "nat", THROUGH_BACKENDS6),
	  "2001:db8:1::1",
	  "2001:db8:1::99",
	  "2001:db8::10",
	  { "fd00::11", "fd00::12", "fd00::13" },
	  true },
};

/* A request of the client; returns the number of the backend that has it. */
static int place(const struct side *side, __u16 sport, struct through *out)
{
	struct frame_spec spec = { .from = side->client,
				   .to = side->vip,
				   .sport = sport,
				   .text = REQUEST_OF("INVITE", "icmp@x"),
				   .sums = true };

	through(&spec, out);
	cr_assert_eq(out->action, XDP_REDIRECT);
	for (int i = 0; i < 3; i++)
		if (!strcmp(out->seen.to, side->backends[i]))
			return i;
	cr_assert_fail("to %s", out->seen.to);
	return -1;
}

Test(icmp_error, about_an_answer)
{
	static const __u8 types4[] = { ICMP_DEST_UNREACH, ICMP_TIME_EXCEEDED, ICMP_PARAMETERPROB };
	static const __u8 types6[] = { ICMPV6_DEST_UNREACH, ICMPV6_PKT_TOOBIG, ICMPV6_TIME_EXCEED };
	static struct through out;

	for (size_t i = 0; i < COUNT(sides); i++) {
		const struct side *side = &sides[i];
		struct frame_spec answer = { .from = side->vip,
					     .to = side->client,
					     .dport = 40000,
					     .text = RESPONSE_OF("200 OK", "INVITE", "icmp@x"),
					     .sums = true };
		struct frame error;
		struct seen quote;
		int which;

		rig_open(side->yaml);
		which = place(side, 40000, &out);
		for (size_t t = 0; t < 2 * COUNT(types4); t++) {
			const bool whole = t < COUNT(types4); /* else the first fragment of it */

			answer.fragment = answer.more = !whole;
			answer.room = whole ? 0 : 80;
			build_error(&error, side->router, &answer, side->ipv6,
				    (side->ipv6 ? types6 : types4)[t % COUNT(types4)], 1);
			through_frame(&error, &out);
			cr_assert_eq(out.action, XDP_REDIRECT, "%s: error %zu: XDP action %u",
				     side->name, t, out.action);
			cr_expect_str_eq(out.seen.to, side->backends[which], "%s: to %s",
					 side->name, out.seen.to);
			cr_expect_str_eq(out.seen.from, side->router);
			cr_expect_eq(out.seen.hops, 63);
			seen_packet(&quote, out.seen.payload + 8, out.seen.payload_length - 8);
			cr_expect_str_eq(quote.from, side->backends[which]);
			cr_expect_eq(quote.sport, which == 2 ? 5062 : 5060);
			cr_expect_str_eq(quote.to, side->client);
			cr_expect_eq(quote.dport, 40000);
			expect_sums(side->name, &out.seen, &quote);
		}
		rig_close();
	}
}

Test(icmp_error, about_a_request)
{
	static struct through out;

	for (size_t i = 0; i < COUNT(sides); i++) {
		const struct side *side = &sides[i];

		rig_open(side->yaml);
		for (int row = 0; row < 4; row++) {
			const bool by_router = row & 1, fragment = row & 2;
			struct frame_spec request = { .from = side->client,
						      .sport = 40000,
						      .text = REQUEST_OF("INVITE", "icmp@x"),
						      .fragment = fragment,
						      .more = fragment,
						      .room = fragment ? 80 : 0,
						      .sums = true };
			struct frame error;
			struct seen quote;
			int which = place(side, 40000, &out);

			request.to = side->backends[which];
			request.dport = which == 2 ? 5062 : 5060;
			build_error(&error, by_router ? side->router : side->backends[which],
				    &request, side->ipv6,
				    side->ipv6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH, 3);
			through_frame(&error, &out);
			cr_assert_eq(out.action, XDP_REDIRECT, "%s: XDP action %u", side->name,
				     out.action);
			cr_expect_str_eq(out.seen.to, side->client);
			cr_expect_str_eq(out.seen.from, by_router ? side->router : side->vip);
			seen_packet(&quote, out.seen.payload + 8, out.seen.payload_length - 8);
			cr_expect_str_eq(quote.from, side->client);
			cr_expect_str_eq(quote.to, side->vip, "%s: quotes %s", side->name,
					 quote.to);
			cr_expect_eq(quote.dport, 5060);
			expect_sums(side->name, &out.seen, &quote);
		}
		rig_close();
	}
}

/* dsr and ipip: the packet is the backend's as it is. */
Test(icmp_error, about_an_answer_not_through_here)
{
	static const char *const yaml[] = {
		BALANCE(THROUGH_PROXY4, "dsr",
			"        - {name: a, address: \"10.0.0.11:5060\"}\n"),
		BALANCE(THROUGH_PROXY4, "ipip",
			"        - {name: a, address: \"10.0.0.11:5060\"}\n"),
	};
	static struct through out;

	for (size_t i = 0; i < COUNT(yaml); i++) {
		struct frame_spec answer = { .from = "192.0.2.10",
					     .to = "198.51.100.1",
					     .dport = 5060,
					     .text = RESPONSE("200 OK", "INVITE"),
					     .sums = true };
		struct frame error;
		struct seen inner;

		rig_open(yaml[i]);
		through(&(struct frame_spec){ .text = REQUEST("INVITE"), .sums = true }, &out);
		cr_assert_eq(out.action, XDP_REDIRECT);
		build_error(&error, "203.0.113.1", &answer, false, ICMP_DEST_UNREACH, 1);
		through_frame(&error, &out);
		cr_assert_eq(out.action, XDP_REDIRECT, "XDP action %u", out.action);
		inner = out.seen;
		if (i)
			seen_packet(&inner, out.seen.payload, out.seen.payload_length);
		cr_expect_str_eq(inner.to, "192.0.2.10");
		cr_expect_str_eq(inner.from, "203.0.113.1");
		cr_expect_eq(inner.protocol, IPPROTO_ICMP);
		cr_expect(inner.header_sum_ok);
		cr_expect_eq(out.seen.dmac[5], 0x11);
		rig_close();
	}
}

/* What is no error, or about nothing of ours, is the host's own. */
Test(icmp_error, others_are_left_alone)
{
	static const struct {
		const char *name;
		const char *from, *to;
		__u16 sport, dport;
		__u8 type;
	} rows[] = {
		{ "an echo", "192.0.2.10", "198.51.100.1", 5060, 40000, ICMP_ECHO },
		{ "another port", "192.0.2.10", "198.51.100.1", 5070, 40000, ICMP_DEST_UNREACH },
		{ "another address", "192.0.2.99", "198.51.100.1", 5060, 40000, ICMP_DEST_UNREACH },
		{ "an unknown client", "192.0.2.10", "198.51.100.2", 5060, 40000,
		  ICMP_DEST_UNREACH },
		{ "a client's other port", "192.0.2.10", "198.51.100.1", 5060, 40001,
		  ICMP_DEST_UNREACH },
		{ "to no backend", "198.51.100.1", "10.0.0.14", 40000, 5060, ICMP_DEST_UNREACH },
	};
	static struct through out;

	rig_open(sides[0].yaml);
	place(&sides[0], 40000, &out);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct frame_spec about = { .from = rows[i].from,
					    .to = rows[i].to,
					    .sport = rows[i].sport,
					    .dport = rows[i].dport,
					    .text = REQUEST("INVITE"),
					    .sums = true };
		struct frame error;

		build_error(&error, "203.0.113.1", &about, false, rows[i].type, 1);
		through_frame(&error, &out);
		cr_expect_eq(out.action, XDP_PASS, "%s", rows[i].name);
		cr_expect(!memcmp(out.octets, error.octets, error.length), "%s: changed",
			  rows[i].name);
		for (size_t cut = 14; cut < error.length; cut++) {
			struct frame part = error;

			part.length = cut;
			through_raw(&part, &out);
			cr_expect_eq(out.action, XDP_PASS, "%s, cut to %zu", rows[i].name, cut);
		}
	}
	/* a budget, so that a flood of errors is not one of look-ups */
	rig_maps()->settings->icmp = (struct sipxdp_rate){ .cost_ns = HOUR };
	rig_wait(HOUR);
	for (int i = 0; i < 2; i++) {
		struct frame_spec about = { .from = "192.0.2.10",
					    .to = "198.51.100.1",
					    .dport = 40000,
					    .text = REQUEST("INVITE"),
					    .sums = true };
		struct frame error;

		build_error(&error, "203.0.113.1", &about, false, ICMP_DEST_UNREACH, 1);
		through_frame(&error, &out);
		cr_expect_eq(out.action, i ? XDP_PASS : XDP_REDIRECT);
	}
}
