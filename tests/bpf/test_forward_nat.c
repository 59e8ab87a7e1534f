// SPDX-License-Identifier: GPL-2.0-only
/* Translation to a backend and back: addresses, ports, checksums, hops and link addresses of what
 * comes out, and what is left to the kernel's stack. */
#include "through.h"

#include <linux/pkt_cls.h>

#define BALANCE(backends)                                                                          \
	"    balance:\n      forward: nat\n      register_key: call-id\n      "                    \
	"backends:\n" backends

static const char yaml4[] = THROUGH_PROXY4 RIG_UNLIMITED BALANCE(THROUGH_BACKENDS4);
static const char yaml6[] = THROUGH_PROXY6 RIG_UNLIMITED BALANCE(THROUGH_BACKENDS6);

static void setup(void)
{
	links_open();
}

TestSuite(forward_nat, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

static void expect_mac(const char *name, const __u8 got[6], enum links_mac which, unsigned int add)
{
	__u8 want[6];

	links_mac(which, add, want);
	cr_expect(!memcmp(got, want, 6), "%s: link address ends in %02x instead of %02x", name,
		  got[5], want[5]);
}

static unsigned int backend_of(const char *address)
{
	const char *last = strrchr(address, strchr(address, ':') ? ':' : '.');

	return (unsigned int)atoi(last + 1) - 11;
}

/* What a request is like behind the balancer: everything is as it was, but for where it goes. */
static void expect_request(const char *name, const struct frame_spec *spec,
			   const struct through *out)
{
	struct frame before;
	struct seen was;
	unsigned int which;

	frame_build(&before, spec);
	seen_frame(&was, before.octets, before.length);
	through_expect_sent(name, out, XDP_REDIRECT);
	which = backend_of(out->seen.to);
	cr_assert_lt(which, 3, "%s: to %s", name, out->seen.to);
	expect_mac(name, out->seen.dmac, MAC_BACKEND, which);
	expect_mac(name, out->seen.smac, MAC_SERVER, 0);
	cr_expect_str_eq(out->seen.from, was.from, "%s: from %s", name, out->seen.from);
	cr_expect_eq(out->seen.sport, was.sport, "%s", name);
	cr_expect_eq(out->seen.dport, which == 2 ? 5062 : 5060, "%s: port %u", name,
		     out->seen.dport);
	cr_expect_eq(out->seen.hops, was.hops - 1, "%s: %u hops", name, out->seen.hops);
	cr_expect_eq(out->length, before.length, "%s", name);
	cr_expect_eq(out->seen.payload_length, was.payload_length, "%s", name);
	cr_expect(!memcmp(out->seen.payload, was.payload, was.payload_length), "%s: the text",
		  name);
	if (spec->no_udp_sum)
		cr_expect_eq(out->seen.sum, 0, "%s: no checksum stays none", name);
}

static const struct {
	const char *name;
	struct frame_spec spec;
} requests4[] = {
	{ "INVITE", { .text = REQUEST_OF("INVITE", "1@x") } },
	{ "from another port", { .text = REQUEST_OF("INVITE", "2@x"), .sport = 1024 } },
	{ "no UDP checksum", { .text = REQUEST_OF("INVITE", "3@x"), .no_udp_sum = true } },
	{ "IPv4 options", { .text = REQUEST_OF("INVITE", "4@x"), .option_words = 3 } },
	{ "two hops", { .text = REQUEST_OF("INVITE", "5@x"), .hops = 2 } },
	{ "REGISTER", { .text = REQUEST_OF("REGISTER", "6@x") } },
	{ "ACK", { .text = REQUEST_OF("ACK", "7@x") } },
	{ "a response", { .text = RESPONSE_OF("200 OK", "OPTIONS", "8@x") } },
	{ "a keepalive", { .text = "\r\n\r\n" } },
	{ "garbage", { .text = "\xff\xff" } },
	{ "with a trailer", { .text = "\r\n\r\n", .trailer = 14 } },
};

Test(forward_nat, requests)
{
	static struct through out;

	rig_open(yaml4);
	for (size_t i = 0; i < COUNT(requests4); i++) {
		struct frame_spec spec = requests4[i].spec;

		spec.sums = true;
		through(&spec, &out);
		expect_request(requests4[i].name, &spec, &out);
	}
}

static const struct {
	const char *name;
	struct frame_spec spec;
} requests6[] = {
	{ "INVITE", { .text = REQUEST_OF("INVITE", "1@x") } },
	{ "from another port", { .text = REQUEST_OF("INVITE", "2@x"), .sport = 1024 } },
	{ "an extension header",
	  { .text = REQUEST_OF("INVITE", "3@x"),
	    .extension = { { .kind = 60, .words = 1, .there = true } } } },
	{ "two hops", { .text = REQUEST_OF("INVITE", "4@x"), .hops = 2 } },
	{ "a keepalive", { .text = "\r\n\r\n" } },
};

Test(forward_nat, requests_ipv6)
{
	static struct through out;

	rig_open(yaml6);
	for (size_t i = 0; i < COUNT(requests6); i++) {
		struct frame_spec spec = requests6[i].spec;

		spec.from = "2001:db8:1::1";
		spec.sums = true;
		through(&spec, &out);
		expect_request(requests6[i].name, &spec, &out);
	}
}

/* Checksums of all values, among them those that come out as zero, which UDP sends as all ones. */
Test(forward_nat, every_checksum)
{
	static struct through out;
	unsigned int zeros = 0;

	rig_open(yaml4);
	for (unsigned int n = 0; n < 65536; n++) {
		unsigned char text[4] = { 0xff, 0xff, (unsigned char)(n >> 8), (unsigned char)n };
		struct frame_spec spec = { .text = text, .length = 4, .sums = true };

		through(&spec, &out);
		cr_assert(out.seen.sum_ok && out.seen.sum && out.seen.header_sum_ok, "%u: %04x", n,
			  out.seen.sum);
		zeros += out.seen.sum == 0xffff;
	}
	cr_expect_gt(zeros, 0);
}

/* ---- what the stack does better ---- */

static const char *const stack_cases[] = { "no neighbour", "last hop", "tagged", "too big",
					   "no route" };

Test(forward_nat, left_to_the_stack)
{
	static struct through out;
	static char big[3000];

	rig_open(yaml4);
	snprintf(big, sizeof(big),
		 "INVITE sip:bob@x SIP/2.0\r\n%sContent-Length: 1600\r\n\r\n%01600d",
		 HEADERS("INVITE", "1@x", ""), 1);
	for (size_t i = 0; i < COUNT(stack_cases); i++) {
		const char *name = stack_cases[i];
		struct frame_spec spec = { .text = REQUEST_OF("INVITE", "1@x"), .sums = true };

		rig_wait(SECOND);
		if (i == 0)
			for (int n = 11; n < 14; n++)
				links_ip("neigh del 10.0.0.%d dev server", n);
		spec.hops = i == 1;
		spec.vlans = i == 2;
		if (i == 3)
			spec.text = big;
		if (i == 4) {
			links_ip("addr del 10.0.0.1/24 dev server");
			links_ip("route add unreachable 10.0.0.0/24");
		}
		through(&spec, &out);
		through_expect_sent(name, &out, XDP_PASS);
		cr_expect(!strncmp(out.seen.to, "10.0.0.1", 8), "%s: to %s", name, out.seen.to);
		cr_expect_eq(out.seen.hops, spec.hops ? spec.hops : 64, "%s", name);
		expect_mac(name, out.seen.dmac, MAC_CLIENT, 0x41); /* as it was */
		cr_expect_eq(out.seen.vlans, spec.vlans);
		if (i == 0)
			for (int n = 11; n < 14; n++)
				links_ip("neigh add 10.0.0.%d lladdr 02:00:00:00:00:%d dev server",
					 n, n);
	}
}

/* ---- the way back ---- */

static void expect_answer(const char *name, const struct through *out, const char *from,
			  const char *to, bool ipv6)
{
	through_expect_sent(name, out, XDP_REDIRECT);
	expect_mac(name, out->seen.dmac, MAC_GATEWAY, 0);
	expect_mac(name, out->seen.smac, MAC_CLIENT, 0);
	cr_expect_str_eq(out->seen.from, from, "%s: from %s", name, out->seen.from);
	cr_expect_str_eq(out->seen.to, to, "%s: to %s", name, out->seen.to);
	cr_expect_eq(out->seen.sport, 5060, "%s: port %u", name, out->seen.sport);
	cr_expect_eq(out->seen.hops, 63, "%s: %u hops", name, out->seen.hops);
	(void)ipv6;
}

static const struct {
	const char *name;
	const char *text;
} answers[] = {
	{ "100", RESPONSE_OF("100 Trying", "INVITE", "1@x") },
	{ "200", RESPONSE_OF("200 OK", "INVITE", "1@x") },
	{ "401", RESPONSE_OF("401 Unauthorized", "REGISTER", "2@x") },
	{ "an INVITE", REQUEST_OF("INVITE", "3@x") },
	{ "OPTIONS", REQUEST_OF("OPTIONS", "4@x") },
	{ "a keepalive", "\r\n\r\n" },
	{ "garbage", "\xff\xff" },
};

Test(forward_nat, answers)
{
	static struct through out;

	rig_open(yaml4);
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct frame_spec spec = { .from = "10.0.0.13",
					   .sport = 5062,
					   .to = "198.51.100.7",
					   .dport = 40000,
					   .text = answers[i].text,
					   .sums = true };

		through(&spec, &out);
		expect_answer(answers[i].name, &out, "192.0.2.10", "198.51.100.7", false);
		cr_expect_eq(out.seen.dport, 40000);
		spec.no_udp_sum = true;
		through(&spec, &out);
		expect_answer(answers[i].name, &out, "192.0.2.10", "198.51.100.7", false);
		cr_expect_eq(out.seen.sum, 0, "no checksum stays none");
		/* the same through the stack */
		spec.no_udp_sum = false;
		through_egress(&spec, &out);
		cr_expect_eq((__s32)out.action, TC_ACT_UNSPEC);
		cr_expect(out.seen.header_sum_ok && out.seen.sum_ok, "%s: checksums",
			  answers[i].name);
		cr_expect_str_eq(out.seen.from, "192.0.2.10");
		cr_expect_eq(out.seen.sport, 5060);
		cr_expect_eq(out.seen.hops, 64);
	}
}

Test(forward_nat, answers_ipv6)
{
	static struct through out;

	rig_open(yaml6);
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct frame_spec spec = { .from = "fd00::13",
					   .sport = 5062,
					   .to = "2001:db8:1::7",
					   .text = answers[i].text,
					   .sums = true };

		through(&spec, &out);
		expect_answer(answers[i].name, &out, "2001:db8::10", "2001:db8:1::7", true);
		through_egress(&spec, &out);
		cr_expect(out.seen.sum_ok, "%s: checksums", answers[i].name);
		cr_expect_str_eq(out.seen.from, "2001:db8::10");
		cr_expect_eq(out.seen.sport, 5060);
	}
}

/* Who is no backend, and what is for this host itself, is left alone: probes are answered there. */
Test(forward_nat, not_from_a_backend)
{
	static const struct {
		const char *name;
		struct frame_spec spec;
	} rows[] = {
		{ "another address", { .from = "10.0.0.14", .to = "198.51.100.7" } },
		{ "another port", { .from = "10.0.0.11", .sport = 5062, .to = "198.51.100.7" } },
		{ "to the host", { .from = "10.0.0.11", .to = "10.0.0.1", .dport = 40000 } },
		{ "to its other address",
		  { .from = "10.0.0.11", .to = "192.0.2.10", .dport = 40000 } },
		{ "no neighbour", { .from = "10.0.0.11", .to = "10.0.0.200" } },
		{ "last hop", { .from = "10.0.0.11", .to = "198.51.100.7", .hops = 1 } },
		{ "tagged", { .from = "10.0.0.11", .to = "198.51.100.7", .vlans = 1 } },
	};
	static struct through out;

	rig_open(yaml4);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct frame_spec spec = rows[i].spec;
		struct frame frame;

		spec.text = RESPONSE_OF("200 OK", "INVITE", "1@x");
		spec.sums = true;
		frame_build(&frame, &spec);
		through_frame(&frame, &out);
		cr_expect_eq(out.action, XDP_PASS, "%s", rows[i].name);
		cr_expect(out.length == frame.length &&
				  !memcmp(out.octets, frame.octets, frame.length),
			  "%s: changed", rows[i].name);
	}
	cr_expect_eq(rig_counted_all(), 0);
}
