// SPDX-License-Identifier: GPL-2.0-only
/* Sources that keep sending what is refused are refused from a cell of the CPU, without a look-up:
 * that must make no difference to anybody, and to what is counted. */
#include "rig.h"

#include <arpa/inet.h>

#include "plane/ban.h"
#include "plane/key.h"

static const char yaml[] = RIG_PROXY
	"    limits:\n" RIG_PER_PREFIX_OFF RIG_UNKNOWN_OFF RIG_TOTAL_OFF RIG_PEERS_OFF
		RIG_OTHERS_OFF
	"      per_source: {invite: 10/s, register: 10/s, options: 10/s, other: 10/s,\n"
	"        malformed: 10/s}\n"
	"  - name: other\n"
	"    listen: [\"udp:192.0.2.10:5070\"]\n"
	"    verify_source: off\n"
	"networks: {exempt: [\"2001:db8:f::5\", 203.0.113.0/24], deny: [\"2001:db8:f::6\"]}\n";

static void setup(void)
{
	rig_open(yaml);
}

TestSuite(refusal, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

#define FLOOD 500 /* more than it takes to get a cell */

static void flood(const char *from, const char *text)
{
	struct frame frame;

	frame_build(&frame, &(struct frame_spec){ .from = from, .text = text });
	for (unsigned int n = 0; n < FLOOD; n++)
		rig_passes(&frame);
}

static void ban(const char *text, __u64 until_ns)
{
	struct sipxdp_prefix key;
	struct ban value = { .origin = BAN_HAND };
	struct prefix prefix;

	cr_assert_eq(prefix_parse(text, strlen(text), &prefix), 0, "%s", text);
	key = key_from_prefix(&prefix);
	cr_assert_eq(ban_add(rig_maps(), &key, &value, NULL), 0, "%s", text);
	cr_assert_eq(maps_get(rig_maps(), MAP_BANS, &key, &value), 0);
	value.until_ns = until_ns;
	cr_assert_eq(maps_put(rig_maps(), MAP_BANS, &key, &value, BPF_EXIST), 0);
}

static void expect(const char *name, const char *from, __u16 sport, const char *text,
		   enum traffic_class class, enum reason reason)
{
	struct frame_spec spec = { .from = from, .sport = sport, .text = text };

	rig_expect_reason(name, &spec, class, reason);
}

#define HOST "198.51.100.1"

/* What is refused is one class of unknown messages, of one address, for one service. */
static void nothing_else_is_refused(void)
{
	rig_reply(&(struct frame_spec){ .from = "192.0.2.10",
					.to = HOST,
					.dport = 7000,
					.text = RESPONSE_OF("200 OK", "INVITE", "call-1@x") });
	rig_reply(&(struct frame_spec){ .from = "192.0.2.10",
					.to = HOST,
					.dport = 7001,
					.text = RESPONSE("401 x", "REGISTER") });
	flood(HOST, REQUEST("INVITE"));
	expect("the flood", HOST, 5060, REQUEST("INVITE"), CLASS_INVITE, DROP_SOURCE_LIMIT);
	expect("another class", HOST, 5060, REQUEST("REGISTER"), CLASS_REGISTER, PASS_UNKNOWN);
	expect("a trusted port", HOST, 7000, REQUEST("INVITE"), CLASS_INVITE, PASS_TRUSTED);
	expect("a provisional port", HOST, 7001, REQUEST("INVITE"), CLASS_INVITE, PASS_PROVISIONAL);
	expect("an emergency call", HOST, 5060, REQUEST_WITH("INVITE", "sip:112@x", "e@x", "", ""),
	       CLASS_INVITE, PASS_EMERGENCY);
	expect("a neighbour", "198.51.100.2", 5060, REQUEST("INVITE"), CLASS_INVITE, PASS_UNKNOWN);
	rig_expect("another service",
		   &(struct frame_spec){ .text = REQUEST("INVITE"), .dport = 5070 },
		   &(struct rig_want){ .service = run_service(rig_run(), 1),
				       .class = CLASS_INVITE,
				       .reason = PASS_UNKNOWN });
	flood(HOST, "\r\n\r\n");
	expect("keepalives", HOST, 5060, "\r\n\r\n", CLASS_CRLF, DROP_SOURCE_LIMIT);
	expect("a BYE beside them", HOST, 5060, IN_DIALOG("BYE", "call-1@x"), CLASS_BYE,
	       PASS_DIALOG);
}

/* Whom the server accepts or challenges while his address is refused is heard at once. */
static void trust_is_known_at_once(void)
{
	static const struct {
		const char *text;
		enum reason reason;
	} lessons[] = {
		{ RESPONSE("401 x", "REGISTER"), PASS_PROVISIONAL },
		{ RESPONSE("200 OK", "REGISTER"), PASS_TRUSTED },
	};

	for (unsigned int i = 0; i < COUNT(lessons); i++) {
		flood(HOST, REQUEST("INVITE"));
		expect("before", HOST, 7000, REQUEST("INVITE"), CLASS_INVITE,
		       i ? PASS_PROVISIONAL : DROP_SOURCE_LIMIT);
		rig_reply(&(struct frame_spec){
			.from = "192.0.2.10", .to = HOST, .dport = 7000, .text = lessons[i].text });
		expect("after", HOST, 7000, REQUEST("INVITE"), CLASS_INVITE, lessons[i].reason);
		expect("the flood goes on", HOST, 5060, REQUEST("INVITE"), CLASS_INVITE,
		       DROP_SOURCE_LIMIT);
	}
}

/* It ends to the nanosecond when the bucket has room again. */
static void it_ends_when_the_limit_does(void)
{
	struct frame_spec spec = { .text = REQUEST("INVITE") };

	flood(HOST, spec.text);
	for (unsigned int n = 0; n < 100; n++) {
		rig_wait(SECOND / 10 - 1);
		cr_expect_not(rig_sends(&spec), "step %u: a nanosecond early", n);
		rig_wait(1);
		cr_expect(rig_sends(&spec), "step %u", n);
		cr_expect_not(rig_sends(&spec), "step %u: a second one", n);
	}
}

/* Hosts of one /64 share a row and a cell, not what is known of each. */
static void hosts_of_a_64_are_told_apart(void)
{
	flood("2001:db8:f::7", REQUEST("INVITE"));
	expect("the flood", "2001:db8:f::7", 5060, REQUEST("INVITE"), CLASS_INVITE,
	       DROP_SOURCE_LIMIT);
	expect("an exempt host", "2001:db8:f::5", 5060, REQUEST("INVITE"), CLASS_INVITE,
	       PASS_EXEMPT);
	expect("a denied host", "2001:db8:f::6", 5060, REQUEST("INVITE"), CLASS_INVITE,
	       DROP_DENIED);
	ban("2001:db8:aa::1/128", 0);
	flood("2001:db8:aa::1", REQUEST("INVITE"));
	expect("a banned host", "2001:db8:aa::1", 5060, REQUEST("INVITE"), CLASS_INVITE,
	       DROP_BANNED);
	expect("a host beside it", "2001:db8:aa::2", 5060, REQUEST("INVITE"), CLASS_INVITE,
	       PASS_UNKNOWN);
}

static void bans_end_in_time(void)
{
	struct sipxdp_prefix key = { .prefix_len = 128 };

	ban(HOST "/32", rig_now() + 10 * SECOND);
	flood(HOST, REQUEST("INVITE"));
	rig_wait(10 * SECOND - 1);
	flood(HOST, REQUEST("INVITE"));
	expect("a nanosecond early", HOST, 5060, REQUEST("INVITE"), CLASS_INVITE, DROP_BANNED);
	rig_wait(1);
	expect("over", HOST, 5060, REQUEST("INVITE"), CLASS_INVITE, PASS_UNKNOWN);
	ban(HOST "/32", 0);
	flood(HOST, REQUEST("INVITE"));
	rig_wait(SECOND);
	key.addr.word[2] = htonl(0xffff);
	inet_pton(AF_INET, HOST, &key.addr.word[3]);
	cr_assert_eq(ban_delete(rig_maps(), &key), 0);
	expect("lifted", HOST, 5060, REQUEST("INVITE"), CLASS_INVITE, PASS_UNKNOWN);
	flood(HOST, REQUEST("INVITE"));
	ban(HOST "/32", 0);
	expect("banned in the flood", HOST, 5060, REQUEST("INVITE"), CLASS_INVITE, DROP_BANNED);
	rig_reload(RIG_PROXY RIG_UNLIMITED);
	expect("a reload lifts no ban", HOST, 5060, REQUEST("INVITE"), CLASS_INVITE, DROP_BANNED);
}

/* A reload that gives more gives it at once. */
static void a_reload_that_takes_the_limit_away(void)
{
	flood(HOST, REQUEST("INVITE"));
	rig_reload(RIG_PROXY RIG_UNLIMITED);
	expect("no limit", HOST, 5060, REQUEST("INVITE"), CLASS_INVITE, PASS_UNKNOWN);
	expect("no limit", HOST, 5060, REQUEST("INVITE"), CLASS_INVITE, PASS_UNKNOWN);
}

static int add_source(const void *key, const void *value, void *ctx)
{
	const struct source *row = value;
	struct source *sum = ctx;

	(void)key;
	sum->packets += row->packets;
	sum->drops += row->drops;
	sum->bytes += row->bytes;
	return 0;
}

static int add_ban(const struct sipxdp_prefix *prefix, const struct ban *value, void *ctx)
{
	(void)prefix;
	*(__u64 *)ctx += value->hits;
	return 0;
}

/* Rows and bans lag behind the counters by a tenth of a second, and lose nothing. */
static void rows_and_bans_catch_up(void)
{
	struct source sum = { .packets = 0 };
	struct frame frame;
	__u64 hits = 0;

	frame_build(&frame,
		    &(struct frame_spec){ .from = "198.51.100.77", .text = REQUEST("INVITE") });
	flood("198.51.100.77", REQUEST("INVITE"));
	rig_wait(SECOND / 5);
	rig_passes(&frame); /* one or two of them pass */
	rig_passes(&frame);
	rig_passes(&frame);
	cr_assert_eq(maps_walk(rig_maps(), MAP_SOURCES, add_source, &sum), 0);
	cr_expect_eq(sum.packets, FLOOD + 3, "%llu packets", (unsigned long long)sum.packets);
	cr_expect_eq(sum.bytes, (FLOOD + 3) * frame.length);
	cr_expect_eq(sum.drops, rig_counted(CLASS_INVITE, DROP_SOURCE_LIMIT));
	ban("198.51.100.77/32", 0);
	flood("198.51.100.77", REQUEST("INVITE"));
	rig_wait(SECOND / 5);
	rig_passes(&frame);
	cr_assert_eq(ban_walk(rig_maps(), rig_now(), add_ban, &hits), 0);
	cr_expect_eq(hits, rig_counted(CLASS_INVITE, DROP_BANNED), "%llu hits",
		     (unsigned long long)hits);
}

/* More flooding sources than there are cells: each gets its rate, and no more. */
static void more_sources_than_cells(void)
{
	static struct frame frames[1500];
	__u64 passed = 0, sent = 0;

	for (size_t i = 0; i < COUNT(frames); i++) {
		char from[32];

		snprintf(from, sizeof(from), "11.0.%zu.%zu", i >> 8, i & 255);
		frame_build(&frames[i], &(struct frame_spec){ .from = from, .text = "\r\n\r\n" });
	}
	for (unsigned int round = 0; round < 120; round++) {
		for (size_t i = 0; i < COUNT(frames); i++)
			passed += rig_passes(&frames[i]);
		rig_wait(SECOND / 100);
	}
	sent = 120 * COUNT(frames);
	cr_expect(passed >= COUNT(frames) * 20 && passed <= COUNT(frames) * 22,
		  "%llu passed of %llu", (unsigned long long)passed, (unsigned long long)sent);
	cr_expect_eq(rig_counted_all(), sent);
}

static const struct rig_case cases[] = {
	RIG_CASE(nothing_else_is_refused),
	RIG_CASE(trust_is_known_at_once),
	RIG_CASE(it_ends_when_the_limit_does),
	RIG_CASE(hosts_of_a_64_are_told_apart),
	RIG_CASE(bans_end_in_time),
	RIG_CASE(a_reload_that_takes_the_limit_away),
	RIG_CASE(rows_and_bans_catch_up),
	RIG_CASE(more_sources_than_cells),
};

Test(refusal, cases)
{
	rig_run_cases(yaml, cases, COUNT(cases));
}
