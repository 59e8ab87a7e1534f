// SPDX-License-Identifier: GPL-2.0-only
/* What is known of an address beforehand: exempt, denied, fed and banned networks, to the packet
 * and to the nanosecond, kept in the rows of sources without ever being stale. */
#include "rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "plane/ban.h"
#include "plane/key.h"
#include "plane/trust.h"

#define SIP .text = REQUEST("OPTIONS")
#define TCP .protocol = IPPROTO_TCP

static const char yaml[] = RIG_PROXY RIG_UNLIMITED
	"  - name: other\n"
	"    listen: [\"udp:192.0.2.10:5070\"]\n"
	"    verify_source: off\n" RIG_UNLIMITED "networks:\n"
	"  exempt: [203.0.113.0/24, \"2001:db8:e::/48\", \"2001:db8:f::5\", 10.1.2.3]\n"
	"  deny: [198.51.100.0/25, \"2001:db8:d::/48\", \"2001:db8:f::6\", 10.0.0.0/8,\n"
	"         203.0.113.128/25]\n"
	"  feed: [192.0.2.128/25]\n";

static void setup(void)
{
	rig_open(yaml);
}

TestSuite(source, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

static void expect(const char *name, const struct frame_spec *spec, enum reason reason)
{
	enum traffic_class class = spec->protocol == IPPROTO_TCP ? CLASS_STREAM : CLASS_OPTIONS;

	rig_expect_reason(name, spec, class, reason);
}

static void expect_from(const char *from, __u16 sport, enum reason reason)
{
	expect(from, &(struct frame_spec){ SIP, .from = from, .sport = sport }, reason);
}

static struct sipxdp_prefix ban_prefix(const char *text)
{
	struct prefix prefix;

	cr_assert_eq(prefix_parse(text, strlen(text), &prefix), 0, "%s", text);
	return key_from_prefix(&prefix);
}

/* A ban under the clock of the test. */
static void ban(const char *text, __u64 until_ns)
{
	struct sipxdp_prefix prefix = ban_prefix(text);
	struct ban value = { .origin = BAN_HAND };

	/* ban_add() reckons with the real clock: put it in for ever, then say until when */
	cr_assert_eq(ban_add(rig_maps(), &prefix, &value, NULL), 0, "%s", text);
	cr_assert_eq(maps_get(rig_maps(), MAP_BANS, &prefix, &value), 0);
	value.until_ns = until_ns;
	cr_assert_eq(maps_put(rig_maps(), MAP_BANS, &prefix, &value, BPF_EXIST), 0);
}

static void unban(const char *text)
{
	struct sipxdp_prefix prefix = ban_prefix(text);

	cr_assert_eq(ban_delete(rig_maps(), &prefix), 0, "%s", text);
}

static void trust(const char *from, __u16 port)
{
	struct prefix prefix;
	struct sipxdp_peer peer;

	cr_assert_eq(prefix_parse(from, strlen(from), &prefix), 0);
	peer = (struct sipxdp_peer){ .addr = key_from_address(&prefix.address),
				     .port = htons(port) };
	cr_assert_eq(trust_add(rig_maps(), &peer, 0, TRUST_HAND), 0);
}

static const struct {
	const char *from;
	enum reason reason;
} networks[] = {
	{ "198.51.100.0", DROP_DENIED },    { "198.51.100.127", DROP_DENIED },
	{ "198.51.100.128", PASS_UNKNOWN }, { "198.51.99.255", PASS_UNKNOWN },
	{ "203.0.113.1", PASS_EXEMPT },	    { "203.0.112.255", PASS_UNKNOWN },
	{ "203.0.113.200", DROP_DENIED },   { "10.9.9.9", DROP_DENIED },
	{ "10.1.2.3", PASS_EXEMPT },	    { "10.1.2.4", DROP_DENIED },
	{ "192.0.2.200", DROP_FEED },	    { "192.0.2.1", PASS_UNKNOWN },
	{ "2001:db8:d::1", DROP_DENIED },   { "2001:db8:d:ffff::1", DROP_DENIED },
	{ "2001:db8:e::1", PASS_EXEMPT },   { "2001:db8:c::1", PASS_UNKNOWN },
};

/* Each of them twice: asked of the maps, and from the row. */
static void the_longest_network_that_holds_an_address_counts(void)
{
	for (unsigned int round = 0; round < 2; round++) {
		for (size_t i = 0; i < COUNT(networks); i++) {
			struct frame_spec tcp = { TCP, .from = networks[i].from };
			enum reason reason = networks[i].reason;

			if (strchr(networks[i].from, ':'))
				tcp.to = "2001:db8::10";
			expect_from(networks[i].from, 5060, reason);
			expect(networks[i].from, &tcp,
			       reason >= REASON_DROP_BASE ? reason : PASS_STREAM);
		}
	}
}

/* Hosts of one /64 share a row of sources, not what the configuration says of each. */
static void hosts_of_a_64_are_told_apart(void)
{
	for (unsigned int round = 0; round < 2; round++) {
		expect_from("2001:db8:f::6", 5060, DROP_DENIED);
		expect_from("2001:db8:f::5", 5060, PASS_EXEMPT);
		expect_from("2001:db8:f::7", 5060, PASS_UNKNOWN);
		expect_from("2001:db8:f::5", 5060, PASS_EXEMPT);
	}
	ban("2001:db8:aa::1/128", 0);
	for (unsigned int round = 0; round < 2; round++) {
		expect_from("2001:db8:aa::2", 5060, PASS_UNKNOWN);
		expect_from("2001:db8:aa::1", 5060, DROP_BANNED);
		expect_from("2001:db8:aa::3", 5060, PASS_UNKNOWN);
	}
}

static void a_ban_holds_from_the_next_packet_to_the_last_nanosecond(void)
{
	expect_from("192.0.2.1", 5060, PASS_UNKNOWN);
	ban("192.0.2.1/32", rig_now() + 10 * SECOND);
	expect_from("192.0.2.1", 5060, DROP_BANNED);
	expect_from("192.0.2.1", 6000, DROP_BANNED);
	expect_from("192.0.2.2", 5060, PASS_UNKNOWN);
	expect("TCP", &(struct frame_spec){ TCP, .from = "192.0.2.1" }, DROP_BANNED);
	rig_wait(10 * SECOND - 1);
	expect_from("192.0.2.1", 5060, DROP_BANNED);
	rig_wait(1);
	expect_from("192.0.2.1", 5060, PASS_UNKNOWN);
	expect_from("192.0.2.1", 5060, PASS_UNKNOWN);
	ban("192.0.2.1/32", rig_now() + 10 * SECOND);
	expect_from("192.0.2.1", 5060, DROP_BANNED);
	unban("192.0.2.1/32");
	expect_from("192.0.2.1", 5060, PASS_UNKNOWN);
}

static void a_ban_of_a_source_without_a_row(void)
{
	ban("192.0.2.1/32", rig_now() + 10 * SECOND);
	expect_from("192.0.2.1", 5060, DROP_BANNED);
	expect_from("192.0.2.1", 5060, DROP_BANNED);
	rig_wait(10 * SECOND);
	expect_from("192.0.2.1", 5060, PASS_UNKNOWN);
}

static void a_ban_of_a_network(void)
{
	expect_from("192.0.2.77", 5060, PASS_UNKNOWN);
	ban("192.0.2.64/26", 0);
	expect_from("192.0.2.77", 5060, DROP_BANNED);
	expect_from("192.0.2.64", 5060, DROP_BANNED);
	expect_from("192.0.2.127", 5060, DROP_BANNED);
	expect_from("192.0.2.63", 5060, PASS_UNKNOWN);
	ban("2001:db8:b::/64", 0);
	expect_from("2001:db8:b::1", 5060, DROP_BANNED);
	expect_from("2001:db8:b:0:ffff::1", 5060, DROP_BANNED);
	expect_from("2001:db8:b:1::1", 5060, PASS_UNKNOWN);
	rig_wait(24 * HOUR);
	expect_from("192.0.2.77", 5060, DROP_BANNED);
}

/* The longest ban answers first; when it has run out, the wider one behind it does. */
static void behind_a_ban_that_has_run_out_stands_a_wider_one(void)
{
	ban("192.0.2.0/24", rig_now() + 100 * SECOND);
	ban("192.0.2.0/26", rig_now() + 10 * SECOND);
	ban("192.0.2.1/32", rig_now() + 1 * SECOND);
	ban("2001:db8:b::/48", rig_now() + 100 * SECOND);
	ban("2001:db8:b::/64", rig_now() + 10 * SECOND);
	ban("2001:db8:b::1/128", rig_now() + 1 * SECOND);
	for (unsigned int i = 0; i < 3; i++) {
		expect_from("192.0.2.1", 5060, DROP_BANNED);
		expect_from("2001:db8:b::1", 5060, DROP_BANNED);
		rig_wait(i == 0 ? 2 * SECOND : i == 1 ? 10 * SECOND : 100 * SECOND);
	}
	expect_from("192.0.2.1", 5060, PASS_UNKNOWN);
	expect_from("2001:db8:b::1", 5060, PASS_UNKNOWN);
}

static void exempt_networks_are_never_banned(void)
{
	ban("203.0.112.0/23", 0);
	expect_from("203.0.112.1", 5060, DROP_BANNED);
	expect_from("203.0.113.1", 5060, PASS_EXEMPT);
	expect_from("203.0.113.1", 5060, PASS_EXEMPT);
}

static void a_ban_spares_trusted_ports(void)
{
	trust("192.0.2.1", 6000);
	/* the first packet makes the row: it must not be one that knows of no ban */
	ban("192.0.2.1/32", 0);
	expect_from("192.0.2.1", 6000, PASS_TRUSTED);
	expect_from("192.0.2.1", 6001, DROP_BANNED);
	expect_from("192.0.2.1", 6000, PASS_TRUSTED);
	expect_from("192.0.2.1", 6001, DROP_BANNED);
	/* what the operator denies is denied whatever it has earned */
	trust("198.51.100.1", 6000);
	expect_from("198.51.100.1", 6000, DROP_DENIED);
	expect_from("198.51.100.1", 6001, DROP_DENIED);
	expect_from("198.51.100.1", 6000, DROP_DENIED);
	/* an exempt address has no use for trust, and keeps what it is when a trusted port speaks
	 * first */
	trust("203.0.113.9", 6000);
	expect_from("203.0.113.9", 6000, PASS_EXEMPT);
	expect_from("203.0.113.9", 6001, PASS_EXEMPT);
}

/* A provisional port is not a trusted one: its address is banned all the same. */
static void a_ban_does_not_spare_provisional_ports(void)
{
	rig_reply(&(struct frame_spec){ .from = "192.0.2.10",
					.to = "192.0.2.1",
					.dport = 6000,
					.text = RESPONSE("401 Unauthorized", "OPTIONS") });
	expect_from("192.0.2.1", 6000, PASS_PROVISIONAL);
	ban("192.0.2.1/32", 0);
	cr_assert_eq(maps_clear(rig_maps(), MAP_SOURCES), 0);
	expect_from("192.0.2.1", 6000, DROP_BANNED);
	expect_from("192.0.2.1", 6000, DROP_BANNED);
}

static int count_row(const void *key, const void *value, void *ctx)
{
	struct source *found = ctx;

	(void)key;
	*found = *(const struct source *)value;
	return 0;
}

/* The row is asked, not the maps, until the generation says that they have changed. */
static void rows_remember_and_generations_make_them_ask_again(void)
{
	struct sipxdp_prefix prefix = ban_prefix("192.0.2.1/32");
	struct ban value = { .origin = BAN_HAND };
	struct source row;

	value.prefix_len = prefix.prefix_len;
	expect_from("192.0.2.1", 5060, PASS_UNKNOWN);
	cr_assert_eq(maps_walk(rig_maps(), MAP_SOURCES, count_row, &row), 0);
	cr_expect_eq(row.generation, rig_maps()->settings->generation);
	cr_expect_eq(row.policy, POLICY_NONE);
	cr_assert_eq(maps_put(rig_maps(), MAP_BANS, &prefix, &value, BPF_ANY), 0);
	rig_maps()->settings->has_bans = 1;
	expect_from("192.0.2.1", 5060, PASS_UNKNOWN);
	maps_raise_generation(rig_maps());
	expect_from("192.0.2.1", 5060, DROP_BANNED);
	cr_assert_eq(maps_walk(rig_maps(), MAP_SOURCES, count_row, &row), 0);
	cr_expect_eq(row.policy, POLICY_BANNED);
	cr_expect_eq(row.last_reason, DROP_BANNED);
	cr_expect_eq(row.packets, 3);
	cr_expect_eq(row.drops, 1);
	cr_expect_eq(row.last_seen_ns, rig_now());
}

/* A reload that takes a network away holds from the next packet on, for sources with a row too. */
static void networks_of_a_reload(void)
{
	expect_from("198.51.100.1", 5060, DROP_DENIED);
	expect_from("203.0.113.1", 5060, PASS_EXEMPT);
	rig_reload(RIG_PROXY RIG_UNLIMITED "networks: {deny: [203.0.113.0/24]}\n");
	expect_from("198.51.100.1", 5060, PASS_UNKNOWN);
	expect_from("203.0.113.1", 5060, DROP_DENIED);
}

/* Each service limits for itself, bans are for all. */
static void a_ban_is_for_all_services(void)
{
	struct frame_spec spec = { SIP, .from = "192.0.2.1", .dport = 5070 };
	struct rig_want want = { .service = run_service(rig_run(), 1),
				 .class = CLASS_OPTIONS,
				 .reason = PASS_UNKNOWN };

	rig_expect("before", &spec, &want);
	expect_from("192.0.2.1", 5060, PASS_UNKNOWN);
	ban("192.0.2.1/32", 0);
	want.reason = DROP_BANNED;
	rig_expect("banned", &spec, &want);
	expect_from("192.0.2.1", 5060, DROP_BANNED);
}

static const struct rig_case cases[] = {
	RIG_CASE(the_longest_network_that_holds_an_address_counts),
	RIG_CASE(hosts_of_a_64_are_told_apart),
	RIG_CASE(a_ban_holds_from_the_next_packet_to_the_last_nanosecond),
	RIG_CASE(a_ban_of_a_source_without_a_row),
	RIG_CASE(a_ban_of_a_network),
	RIG_CASE(behind_a_ban_that_has_run_out_stands_a_wider_one),
	RIG_CASE(exempt_networks_are_never_banned),
	RIG_CASE(a_ban_spares_trusted_ports),
	RIG_CASE(a_ban_does_not_spare_provisional_ports),
	RIG_CASE(rows_remember_and_generations_make_them_ask_again),
	RIG_CASE(networks_of_a_reload),
	RIG_CASE(a_ban_is_for_all_services),
};

Test(source, cases)
{
	rig_run_cases(yaml, cases, COUNT(cases));
}
