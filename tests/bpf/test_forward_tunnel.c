// SPDX-License-Identifier: GPL-2.0-only
/* To a backend in a tunnel (ipip) or by its link address (dsr): the outer header, the packet inside,
 * and what happens to what is too long, has no hop left or no way. */
#include "through.h"

#include <arpa/inet.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>

#define BALANCE(forward, backends)                                                                 \
	"    balance:\n      forward: " forward                                                    \
	"\n      register_key: call-id\n      backends:\n" backends
#define ONE4		      "        - {name: a, address: \"10.0.0.11:5060\"}\n"
#define ONE6		      "        - {name: a, address: \"[fd00::11]:5060\"}\n"
#define IPIP(proxy, backends) proxy RIG_UNLIMITED BALANCE("ipip", backends)
#define DSR(proxy, backends)  proxy RIG_UNLIMITED BALANCE("dsr", backends)

static void setup(void)
{
	links_open();
}

TestSuite(forward_tunnel, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

static void expect_mac(const char *name, const __u8 got[6], enum links_mac which)
{
	__u8 want[6];

	links_mac(which, 0, want);
	cr_expect(!memcmp(got, want, 6), "%s: link address ends in %02x", name, got[5]);
}

/* ---- ipip ---- */

static const struct pair {
	const char *name;
	const char *yaml;
	const char *client;
	bool inner6, outer6;
} pairs[] = {
	{ "IPv4 in IPv4", IPIP(THROUGH_PROXY4, ONE4), "198.51.100.1", false, false },
	{ "IPv4 in IPv6", IPIP(THROUGH_PROXY4, ONE6), "198.51.100.1", false, true },
	{ "IPv6 in IPv4", IPIP(THROUGH_PROXY6, ONE4), "2001:db8:1::1", true, false },
	{ "IPv6 in IPv6", IPIP(THROUGH_PROXY6, ONE6), "2001:db8:1::1", true, true },
};

static struct frame_spec request(const struct pair *pair)
{
	return (struct frame_spec){ .from = pair->client,
				    .text = REQUEST_OF("INVITE", "1@x"),
				    .sums = true };
}

/* The sender's packet, less a hop, in a packet of our own. */
static void expect_wrapped(const char *name, const struct pair *pair, const struct frame_spec *spec,
			   const struct through *out, const char *outer_from)
{
	size_t outer = pair->outer6 ? 40 : 20;
	struct frame before;
	struct seen was, inner;

	frame_build(&before, spec);
	seen_frame(&was, before.octets, before.length);
	cr_expect_eq(out->length, before.length + outer, "%s: %zu octets", name, out->length);
	cr_expect_eq(out->seen.family, pair->outer6 ? 6 : 4, "%s", name);
	cr_expect_eq(out->seen.protocol, pair->inner6 ? IPPROTO_IPV6 : IPPROTO_IPIP, "%s", name);
	cr_expect_str_eq(out->seen.to, pair->outer6 ? "fd00::11" : "10.0.0.11", "%s", name);
	cr_expect_str_eq(out->seen.from, outer_from, "%s: from %s", name, out->seen.from);
	cr_expect_eq(out->seen.length, was.length + outer, "%s: length", name);
	cr_expect_eq(out->seen.hops, 64);
	cr_expect(out->seen.header_sum_ok, "%s: outer header checksum", name);
	seen_packet(&inner, out->seen.payload, out->seen.payload_length);
	cr_expect_str_eq(inner.from, was.from, "%s: inner source", name);
	cr_expect_str_eq(inner.to, was.to, "%s: inner destination", name);
	cr_expect_eq(inner.hops, was.hops - 1, "%s: inner hops", name);
	cr_expect(inner.header_sum_ok && (inner.sum_ok || was.more || was.fragment_offset),
		  "%s: inner checksums", name);
	cr_expect(inner.payload_length == was.payload_length &&
			  !memcmp(inner.payload, was.payload, was.payload_length),
		  "%s: the text", name);
}

Test(forward_tunnel, ipip)
{
	static struct through out;

	for (size_t i = 0; i < COUNT(pairs); i++) {
		const struct pair *pair = &pairs[i];
		struct frame_spec spec = request(pair);

		rig_open(pair->yaml);
		through_backend(pair->outer6 ? "fd00::11" : "10.0.0.11")->source =
			(struct sipxdp_addr){ .word = { 0 } };
		if (pair->inner6 == pair->outer6) {
			through(&spec, &out);
			through_expect_sent(pair->name, &out, XDP_REDIRECT);
			expect_wrapped(pair->name, pair, &spec, &out,
				       pair->outer6 ? "2001:db8::10" : "192.0.2.10");
		}
		through_set_source(pair->outer6 ? "fd00::11" : "10.0.0.11",
				   pair->outer6 ? "fd00::1" : "10.0.0.1");
		through(&spec, &out);
		through_expect_sent(pair->name, &out, XDP_REDIRECT);
		expect_wrapped(pair->name, pair, &spec, &out,
			       pair->outer6 ? "fd00::1" : "10.0.0.1");
		expect_mac(pair->name, out.seen.dmac, MAC_BACKEND);
		expect_mac(pair->name, out.seen.smac, MAC_SERVER);
		if (!pair->outer6)
			cr_expect_eq(out.seen.dont_fragment, pair->inner6, "%s", pair->name);
		spec.dont_fragment = true;
		spec.vlans = 2;
		through(&spec, &out);
		through_expect_sent(pair->name, &out, XDP_PASS);
		cr_expect_eq(out.seen.vlans, 2, "%s: %u tags", pair->name, out.seen.vlans);
		expect_wrapped(pair->name, pair, &spec, &out,
			       pair->outer6   ? "fd00::1"
			       : pair->inner6 ? "10.0.0.1"
					      : pair->client);
		spec.vlans = 0;
		spec.hops = 1;
		through_expect_dropped(pair->name, &spec, CLASS_INVITE, DROP_HOP_LIMIT);
		rig_close();
	}
}

static char long_text[1500];

static struct frame_spec too_long(const struct pair *pair, size_t packet)
{
	struct frame_spec spec = request(pair);
	size_t headers = (pair->inner6 ? 40 : 20) + 8;
	int body;

	snprintf(long_text, sizeof(long_text),
		 "INVITE sip:b@x SIP/2.0\r\n%sContent-Length: 0800\r\n\r\n",
		 HEADERS("INVITE", "1@x", ""));
	body = (int)(packet - headers - strlen(long_text));
	snprintf(long_text, sizeof(long_text),
		 "INVITE sip:b@x SIP/2.0\r\n%sContent-Length: %04d\r\n\r\n%0*d",
		 HEADERS("INVITE", "1@x", ""), body, body, 7);
	spec.text = long_text;
	return spec;
}

/* "Fragmentation needed" and "packet too big", quoting what came. */
static void expect_too_big(const struct pair *pair, const struct frame_spec *spec,
			   const struct through *out, unsigned int mtu)
{
	const unsigned char *icmp = out->seen.payload;
	struct frame before;
	struct seen was, quote;
	struct in6_addr from, to;

	frame_build(&before, spec);
	seen_frame(&was, before.octets, before.length);
	cr_assert_eq(out->action, XDP_TX, "%s: XDP action %u", pair->name, out->action);
	cr_expect(!memcmp(out->seen.dmac, was.smac, 6) && !memcmp(out->seen.smac, was.dmac, 6));
	cr_expect_eq(out->seen.vlans, was.vlans, "%s", pair->name);
	cr_expect_str_eq(out->seen.from, was.to, "%s: from %s", pair->name, out->seen.from);
	cr_expect_str_eq(out->seen.to, was.from, "%s: to %s", pair->name, out->seen.to);
	cr_expect(out->seen.header_sum_ok);
	seen_packet(&quote, icmp + 8, out->seen.payload_length - 8);
	cr_expect_str_eq(quote.from, was.from);
	cr_expect_str_eq(quote.to, was.to);
	cr_expect_eq(quote.length, was.length);
	cr_expect_eq(quote.sport, was.sport);
	cr_expect_eq(quote.hops, was.hops, "%s: quoted as it came", pair->name);
	if (pair->inner6) {
		cr_expect_eq(out->seen.protocol, IPPROTO_ICMPV6);
		cr_expect_eq(icmp[0], ICMPV6_PKT_TOOBIG);
		cr_expect_eq(ntohl(*(const __be32 *)(const void *)(icmp + 4)), mtu);
		inet_pton(AF_INET6, out->seen.from, &from);
		inet_pton(AF_INET6, out->seen.to, &to);
		cr_expect_eq(frame_sum(icmp, out->seen.payload_length,
				       frame_sum_pseudo(&from, &to, out->seen.payload_length,
							IPPROTO_ICMPV6)),
			     0, "%s: ICMP checksum", pair->name);
	} else {
		cr_expect_eq(out->seen.protocol, IPPROTO_ICMP);
		cr_expect_eq(icmp[0], ICMP_DEST_UNREACH);
		cr_expect_eq(icmp[1], ICMP_FRAG_NEEDED);
		cr_expect_eq(icmp[6] << 8 | icmp[7], mtu);
		cr_expect_eq(frame_sum(icmp, out->seen.payload_length, 0), 0, "%s: ICMP checksum",
			     pair->name);
	}
}

Test(forward_tunnel, what_does_not_fit)
{
	static struct through out;

	for (size_t i = 0; i < COUNT(pairs); i++) {
		const struct pair *pair = &pairs[i];
		unsigned int mtu = pair->outer6 ? 1460 : 1480;
		struct frame_spec spec = too_long(pair, mtu);

		rig_open(pair->yaml);
		through_set_source(pair->outer6 ? "fd00::11" : "10.0.0.11",
				   pair->outer6 ? "fd00::1" : "10.0.0.1");
		spec.dont_fragment = true;
		through(&spec, &out);
		through_expect_sent(pair->name, &out, XDP_REDIRECT);
		cr_expect_eq(out.seen.length, 1500, "%s: %zu octets", pair->name, out.seen.length);
		spec = too_long(pair, mtu + 1);
		spec.dont_fragment = true;
		through(&spec, &out);
		expect_too_big(pair, &spec, &out, mtu);
		cr_expect_eq(rig_counted(CLASS_INVITE, DROP_TOO_BIG), 1);
		spec.vlans = 1;
		through(&spec, &out);
		expect_too_big(pair, &spec, &out, mtu);
		if (!pair->inner6 && pair->outer6) { /* an IPv6 packet is not fragmented */
			spec.dont_fragment = false;
			through(&spec, &out);
			expect_too_big(pair, &spec, &out, mtu);
		} else if (!pair->inner6) { /* the stack makes fragments of it */
			spec.vlans = 0;
			spec.dont_fragment = false;
			through(&spec, &out);
			through_expect_sent(pair->name, &out, XDP_PASS);
			expect_wrapped(pair->name, pair, &spec, &out, pair->client);
			cr_expect_not(out.seen.dont_fragment);
		}
		rig_close();
	}
}

/* A tunnel to somewhere that is nowhere, or to ourselves. */
Test(forward_tunnel, no_way)
{
	struct frame_spec spec = request(&pairs[0]);

	rig_open(pairs[0].yaml);
	through_set_source("10.0.0.11", "10.0.0.1");
	links_ip("addr add 10.0.0.11/32 dev server");
	through_expect_dropped("our own address", &spec, CLASS_INVITE, DROP_UNREACHABLE);
	links_ip("addr del 10.0.0.11/32 dev server");
	links_ip("route add unreachable 10.0.0.11/32");
	through_expect_dropped("no route", &spec, CLASS_INVITE, DROP_UNREACHABLE);
	rig_close();
	rig_open(pairs[2].yaml);
	spec = request(&pairs[2]);
	through_backend("10.0.0.11")->source = (struct sipxdp_addr){ .word = { 0 } };
	through_expect_dropped("no source of its family", &spec, CLASS_INVITE, DROP_UNREACHABLE);
}

/* ---- dsr ---- */

static const struct pair links[] = {
	{ "IPv4", DSR(THROUGH_PROXY4, ONE4), "198.51.100.1", false, false },
	{ "IPv6", DSR(THROUGH_PROXY6, ONE6), "2001:db8:1::1", true, true },
};

Test(forward_tunnel, dsr)
{
	static struct through out;

	for (size_t i = 0; i < COUNT(links); i++) {
		const struct pair *pair = &links[i];
		struct frame_spec spec = request(pair);
		struct frame before;
		struct seen was;

		rig_open(pair->yaml);
		frame_build(&before, &spec);
		seen_frame(&was, before.octets, before.length);
		through(&spec, &out);
		through_expect_sent(pair->name, &out, XDP_REDIRECT);
		expect_mac(pair->name, out.seen.dmac, MAC_BACKEND);
		expect_mac(pair->name, out.seen.smac, MAC_SERVER);
		cr_expect_str_eq(out.seen.to, was.to);
		cr_expect_str_eq(out.seen.from, was.from);
		cr_expect_eq(out.seen.dport, 5060);
		cr_expect_eq(out.seen.hops, 63);
		cr_expect_eq(out.length, before.length);
		spec.hops = 1;
		through_expect_dropped(pair->name, &spec, CLASS_INVITE, DROP_HOP_LIMIT);
		spec.hops = 0;
		rig_wait(SECOND);
		links_ip("%s route add %s via %s", i ? "-6" : "-4", i ? "fd00::11" : "10.0.0.11",
			 i ? "fd00::12" : "10.0.0.12");
		through_expect_dropped("behind a gateway", &spec, CLASS_INVITE, DROP_UNREACHABLE);
		rig_close();
	}
}
