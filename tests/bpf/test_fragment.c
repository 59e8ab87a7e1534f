// SPDX-License-Identifier: GPL-2.0-only
/* IP fragments: the first one's verdict is that of the later ones, those that come before it have a
 * budget of their own, and those of other people's datagrams are left alone. */
#include "rig.h"

#include <netinet/in.h>

static const char yaml[] = RIG_PROXY RIG_UNLIMITED
	"  - name: watched\n"
	"    listen: [\"udp:192.0.2.10:5070\"]\n"
	"    mode: monitor\n"
	"    verify_source: off\n" RIG_UNLIMITED "  - name: partly\n"
	"    listen: [\"udp:192.0.2.10:5080\"]\n"
	"    monitor: [denied]\n" RIG_UNLIMITED
	"networks: {exempt: [10.0.0.0/8], deny: [203.0.113.0/24, \"2001:db8:d::/48\"]}\n"
	"host_limits: {unordered: {rate: 100/s, burst: 10}}\n";

static char text[3600];

static void setup(void)
{
	rig_open(yaml);
	snprintf(text, sizeof(text),
		 "INVITE sip:bob@192.0.2.10 SIP/2.0\r\n%sContent-Length: 3000\r\n\r\n%03000d",
		 HEADERS("INVITE", "long@x", ""), 1);
}

TestSuite(fragment, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

#define SIZE 1480

/* The n-th fragment of the long INVITE. */
static struct frame_spec part(const char *from, __u32 id, unsigned int n)
{
	size_t total = strlen(text) + 8;

	return (struct frame_spec){ .from = from,
				    .text = text,
				    .fragment = true,
				    .id = id,
				    .offset = (__u16)(n * SIZE),
				    .room = SIZE,
				    .more = (n + 1) * SIZE < total };
}

static void expect_part(const char *name, const struct frame_spec *spec, enum reason reason)
{
	struct rig_want want = { .class = spec->offset ? CLASS_FRAGMENT : CLASS_INVITE,
				 .reason = reason };

	if (reason == PASS_UNORDERED || reason == DROP_UNORDERED_LIMIT)
		want.service = SERVICE_HOST;
	rig_expect(name, spec, &want);
}

static void expect_three(const char *from, __u32 id, enum reason first, enum reason later)
{
	for (unsigned int n = 0; n < 3; n++) {
		struct frame_spec spec = part(from, id, n);

		expect_part(from, &spec, n ? later : first);
	}
}

/* Until strangers have all of their share again. */
static void rest(void)
{
	rig_wait(3 * SECOND);
}

static void the_first_one_decides(void)
{
	struct frame_spec spec;

	expect_three("198.51.100.1", 1, PASS_UNKNOWN, PASS_FRAGMENT);
	expect_three("203.0.113.1", 1, DROP_DENIED, DROP_FRAGMENT);
	expect_three("2001:db8:5::1", 0xdeadbeef, PASS_UNKNOWN, PASS_FRAGMENT);
	expect_three("2001:db8:d::1", 0xdeadbeef, DROP_DENIED, DROP_FRAGMENT);
	/* the same number of somebody else is another datagram */
	rest();
	spec = part("198.51.100.2", 1, 1);
	expect_part("another source", &spec, PASS_UNORDERED);
	rest();
	spec = part("198.51.100.1", 2, 1);
	expect_part("another number", &spec, PASS_UNORDERED);
	rest();
	spec = part("198.51.100.1", 1, 1);
	spec.to = "192.0.2.11";
	expect_part("another destination", &spec, PASS_UNORDERED);
	rest();
	spec = part("2001:db8:5::1", 0xdeadbeee, 1);
	expect_part("another IPv6 number", &spec, PASS_UNORDERED);
	rest();
	/* a number that comes round again: the newest first fragment counts */
	expect_three("198.51.100.1", 9, PASS_UNKNOWN, PASS_FRAGMENT);
	expect_three("198.51.100.1", 9, PASS_UNKNOWN, PASS_FRAGMENT);
	/* it is known for as long as reassembly waits */
	rig_wait(30 * SECOND - 1);
	spec = part("198.51.100.1", 9, 2);
	expect_part("after 30 seconds", &spec, PASS_FRAGMENT);
	rig_wait(1);
	expect_part("after more", &spec, PASS_UNORDERED);
}

/* Which protocol it is says the first one alone (RFC 8200 section 4.5): what stands in the later ones, or
 * that there are headers in front of UDP, does not hide them. */
static void the_first_one_tells_the_protocol(void)
{
	static const __u8 protocols[] = { IPPROTO_DSTOPTS, IPPROTO_NONE, IPPROTO_TCP,
					  IPPROTO_ICMPV6 };
	static const struct {
		const char *from;
		enum reason first, later;
	} rows[] = {
		{ "2001:db8:5::1", PASS_UNKNOWN, PASS_FRAGMENT },
		{ "2001:db8:d::1", DROP_DENIED, DROP_FRAGMENT },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct frame_spec spec = part(rows[i].from, 11, 0);

		expect_part(rows[i].from, &spec, rows[i].first);
		for (size_t n = 0; n < COUNT(protocols); n++) {
			spec = part(rows[i].from, 11, 1);
			spec.protocol = protocols[n];
			expect_part("another protocol", &spec, rows[i].later);
			spec = part(rows[i].from, 12, 1);
			spec.protocol = protocols[n];
			rig_expect("of another datagram", &spec, &RIG_NOT_OURS);
		}
	}
}

/* Somebody at that address has registered. */
static void know(const char *address)
{
	rig_reply(&(struct frame_spec){
		.from = "192.0.2.10", .to = address, .text = RESPONSE("200 OK", "REGISTER") });
}

static void those_before_the_first_have_a_budget(void)
{
	unsigned int passed = 0;

	know("198.51.100.1");
	for (__u32 n = 0; n < 30; n++) {
		struct frame_spec spec = part("198.51.100.1", n, 1);

		expect_part("before the first", &spec,
			    n < 10 ? PASS_UNORDERED : DROP_UNORDERED_LIMIT);
	}
	for (__u32 n = 0; n < 2000; n++) {
		struct frame_spec spec = part("198.51.100.1", 100 + n, 1);

		rig_wait(SECOND / 200);
		passed += rig_sends(&spec);
	}
	cr_expect(passed >= 990 && passed <= 1010, "%u in ten seconds", passed);
	expect_three("198.51.100.1", 7000, PASS_TRUSTED, PASS_FRAGMENT);
}

/* Parts whose datagrams never become whole fill the room where the kernel waits for the rest: those of
 * strangers may fill little of it, and the others have theirs. */
static void strangers_have_a_small_share(void)
{
	unsigned int passed = 0;

	know("198.51.100.1");
	for (__u32 n = 0; n < 4000; n++) {
		char from[32];
		struct frame_spec tail, head;

		snprintf(from, sizeof(from), "11.%u.%u.1", n >> 8, n & 255);
		tail = part(from, n, 1);
		head = part(from, 5000 + n, 0);
		rig_wait(SECOND / 200);
		passed += rig_sends(&tail) + rig_sends(&head);
	}
	cr_expect(passed >= 18 && passed <= 24, "%u in twenty seconds, of 1 a second", passed);
	cr_expect_gt(rig_counted(CLASS_INVITE, DROP_FRAGMENT_LIMIT), 3900);
	expect_three("198.51.100.1", 7000, PASS_TRUSTED, PASS_FRAGMENT);
	for (__u32 n = 0; n < 5; n++) {
		struct frame_spec spec = part("198.51.100.1", n, 1);

		expect_part("of an address that is known", &spec, PASS_UNORDERED);
		spec = part("10.1.2.3", n, 1);
		expect_part("of an exempt one", &spec, PASS_UNORDERED);
	}
}

/* Datagrams for other ports are not ours, and their fragments are neither counted nor limited. */
static void those_of_others_are_left_alone(void)
{
	static const char *const from[] = { "198.51.100.1", "203.0.113.1", "2001:db8:d::1" };

	for (size_t i = 0; i < COUNT(from); i++) {
		for (unsigned int n = 0; n < 3; n++) {
			struct frame_spec spec = part(from[i], 5, n);

			spec.dport = 2049;
			rig_expect("another port", &spec, &RIG_NOT_OURS);
			spec.protocol = IPPROTO_TCP;
			rig_expect("another port of TCP", &spec, &RIG_NOT_OURS);
			spec.protocol = IPPROTO_ICMP;
			rig_expect("ICMP", &spec, &RIG_NOT_OURS);
		}
	}
}

static void monitor_mode_counts_them_alike(void)
{
	static const struct {
		const char *name;
		__u16 port;
	} services[] = { { "watched", 5070 }, { "watched for one reason", 5080 } };

	for (unsigned int n = 0; n < 6; n++) {
		unsigned int s = n / 3;
		struct frame_spec spec = part("203.0.113.1", 77 + s, n % 3);

		spec.dport = services[s].port;
		rig_expect(services[s].name, &spec,
			   &(struct rig_want){ .service = run_service(rig_run(), 1 + s),
					       .class = n % 3 ? CLASS_FRAGMENT : CLASS_INVITE,
					       .reason = n % 3 ? DROP_FRAGMENT : DROP_DENIED,
					       .would_drop = true });
	}
}

/* A first fragment so small that it shows no message is not a keepalive: what follows is unknown.
 */
static void tiny_first_fragments_hide_nothing(void)
{
	static const struct {
		const char *name;
		const char *text;
		size_t room;
	} rows[] = {
		{ "no text", text, 8 },
		{ "eight octets", text, 16 },
		{ "sixteen octets", text, 24 },
		{ "forty octets", text, 48 },
		{ "CRLFs", "\r\n\r\n\r\n\r\n" REQUEST("INVITE"), 16 },
		{ "blanks", "        " REQUEST("INVITE"), 16 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct frame_spec spec = { .text = rows[i].text,
					   .fragment = true,
					   .id = 500 + (__u32)i,
					   .room = rows[i].room,
					   .more = true };
		__u64 keepalives;

		rig_clear();
		rig_sends(&spec);
		keepalives = rig_counted(CLASS_NUL, PASS_KEEPALIVE) +
			     rig_counted(CLASS_CRLF, PASS_KEEPALIVE);
		cr_expect_eq(keepalives, 0, "%s: taken for a keepalive", rows[i].name);
		cr_expect_eq(rig_counted_all(), 1, "%s", rows[i].name);
		spec.to = "2001:db8::10";
		rig_sends(&spec);
		cr_expect_eq(rig_counted_all(), 2, "%s over IPv6", rows[i].name);
	}
}

/* A datagram has no more fragments than fit into it. */
static void a_first_one_is_not_a_pass_for_ever(void)
{
	struct frame_spec spec = part("198.51.100.1", 3, 0);
	unsigned int passed = 0;

	cr_expect(rig_sends(&spec));
	spec = part("198.51.100.1", 3, 1);
	for (unsigned int n = 0; n < 10000; n++)
		passed += rig_sends(&spec);
	cr_expect_leq(passed, 1000, "%u later fragments of one datagram", passed);
}

/* A first fragment cut between two headers is no garbage. */
static void wherever_the_first_one_ends(void)
{
	for (size_t room = 72; room < 700; room += 8) {
		struct frame_spec spec = { .text = text,
					   .fragment = true,
					   .more = true,
					   .id = (__u32)room,
					   .room = room };

		rig_clear();
		cr_expect(rig_sends(&spec));
		cr_expect_eq(rig_counted(CLASS_INVITE, PASS_UNDECIDED) +
				     rig_counted(CLASS_INVITE, PASS_UNKNOWN),
			     1, "%zu octets: malformed %llu", room,
			     (unsigned long long)rig_counted(CLASS_INVITE, PASS_MALFORMED));
	}
}

static const struct rig_case cases[] = {
	RIG_CASE(the_first_one_decides),
	RIG_CASE(the_first_one_tells_the_protocol),
	RIG_CASE(those_before_the_first_have_a_budget),
	RIG_CASE(strangers_have_a_small_share),
	RIG_CASE(those_of_others_are_left_alone),
	RIG_CASE(monitor_mode_counts_them_alike),
	RIG_CASE(tiny_first_fragments_hide_nothing),
	RIG_CASE(a_first_one_is_not_a_pass_for_ever),
	RIG_CASE(wherever_the_first_one_ends),
};

Test(fragment, cases)
{
	rig_run_cases(yaml, cases, COUNT(cases));
}
