// SPDX-License-Identifier: GPL-2.0-only
/* Scanners that say who they are: dropped by their User-Agent, and banned if they come again, for
 * long only if they have proven to be real; and nobody else. */
#include "rig.h"

#include <arpa/inet.h>
#include <stdlib.h>

static const char yaml[] = RIG_PROXY RIG_UNLIMITED
	"scanners: {user_agents: [friendly-scanner, sipvicious, "
	"smap, sixteen-letters!], ban: 1h}\n"
	"bans: {unproven: 60s}\n"
	"networks: {exempt: [10.0.0.0/8]}\n";

static void setup(void)
{
	rig_open(yaml);
}

TestSuite(agent, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

#define WITH_AGENT(method, line) REQUEST_WITH(method, "sip:100@192.0.2.10", "ua@x", "", line)
#define SCANNER			 WITH_AGENT("OPTIONS", "User-Agent: friendly-scanner\r\n")

static const struct {
	const char *name;
	const char *text;
	enum traffic_class class;
	bool scanner;
} rows[] = {
	{ "the name", SCANNER, CLASS_OPTIONS, true },
	{ "a REGISTER", WITH_AGENT("REGISTER", "User-Agent: friendly-scanner\r\n"), CLASS_REGISTER,
	  true },
	{ "an INVITE", WITH_AGENT("INVITE", "User-Agent: friendly-scanner\r\n"), CLASS_INVITE,
	  true },
	{ "another method", WITH_AGENT("XYZ", "User-Agent: friendly-scanner\r\n"), CLASS_OTHER,
	  true },
	{ "in upper case", WITH_AGENT("OPTIONS", "USER-AGENT: FRIENDLY-SCANNER\r\n"), CLASS_OPTIONS,
	  true },
	{ "with a version", WITH_AGENT("OPTIONS", "User-Agent: sipvicious/0.3.4\r\n"),
	  CLASS_OPTIONS, true },
	{ "without white space", WITH_AGENT("OPTIONS", "User-Agent:smap 0.6\r\n"), CLASS_OPTIONS,
	  true },
	{ "with much of it", WITH_AGENT("OPTIONS", "User-Agent :    smap\r\n"), CLASS_OPTIONS,
	  true },
	{ "folded", WITH_AGENT("OPTIONS", "User-Agent:\r\n smap\r\n"), CLASS_OPTIONS, true },
	{ "a name of sixteen letters", WITH_AGENT("OPTIONS", "User-Agent: Sixteen-Letters!x\r\n"),
	  CLASS_OPTIONS, true },
	{ "fifteen of them", WITH_AGENT("OPTIONS", "User-Agent: sixteen-letters\r\n"),
	  CLASS_OPTIONS, false },
	{ "a part of the name", WITH_AGENT("OPTIONS", "User-Agent: friendly-scanne\r\n"),
	  CLASS_OPTIONS, false },
	{ "three letters of it", WITH_AGENT("OPTIONS", "User-Agent: sma\r\n"), CLASS_OPTIONS,
	  false },
	{ "not at the start", WITH_AGENT("OPTIONS", "User-Agent: x friendly-scanner\r\n"),
	  CLASS_OPTIONS, false },
	{ "another name", WITH_AGENT("OPTIONS", "User-Agent: Linphone/5.2\r\n"), CLASS_OPTIONS,
	  false },
	{ "a friend", WITH_AGENT("OPTIONS", "User-Agent: friendly-phone\r\n"), CLASS_OPTIONS,
	  false },
	{ "none", REQUEST("OPTIONS"), CLASS_OPTIONS, false },
	{ "an empty one", WITH_AGENT("OPTIONS", "User-Agent: \r\n"), CLASS_OPTIONS, false },
	{ "in another header", WITH_AGENT("OPTIONS", "Server: friendly-scanner\r\n"), CLASS_OPTIONS,
	  false },
	{ "in a response",
	  "SIP/2.0 200 OK\r\n" HEADERS("OPTIONS", "1", "") "User-Agent: smap\r\n" LAST_HEADER,
	  CLASS_2XX, false },
};

static void names(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct frame_spec spec = { .text = rows[i].text };

		rig_clear();
		rig_expect_reason(rows[i].name, &spec, rows[i].class,
				  rows[i].scanner ? DROP_SCANNER : PASS_UNKNOWN);
	}
}

static struct ban only_ban(void)
{
	struct sipxdp_prefix key = { .prefix_len = 128, .addr = { { 0, 0, htonl(0xffff), 0 } } };
	struct ban ban = { .since_ns = 0 };

	inet_pton(AF_INET, "198.51.100.1", &key.addr.word[3]);
	cr_expect_eq(maps_get(rig_maps(), MAP_BANS, &key, &ban), 0, "no ban");
	return ban;
}

/* Unproven: its second message brings the ban, for a minute; an address that is seen once is not
 * banned, as it may be anybody's. */
static void one_that_may_be_spoofed_is_banned_briefly(void)
{
	struct frame_spec scan = { .text = SCANNER }, usual = { .text = REQUEST("INVITE") };
	struct ban ban;

	rig_expect_reason("first", &scan, CLASS_OPTIONS, DROP_SCANNER);
	rig_expect_reason("not banned yet", &usual, CLASS_INVITE, PASS_UNKNOWN);
	rig_clear();
	rig_expect_reason("first", &scan, CLASS_OPTIONS, DROP_SCANNER);
	rig_expect_reason("second", &scan, CLASS_OPTIONS, DROP_SCANNER);
	rig_expect_reason("banned", &usual, CLASS_INVITE, DROP_BANNED);
	ban = only_ban();
	cr_expect_eq(ban.until_ns, rig_now() + MINUTE);
	cr_expect_eq(ban.since_ns, rig_now());
	cr_expect_eq(ban.origin, BAN_SCANNER);
	cr_expect_eq(ban.proven, 0);
	cr_expect_eq(rig_maps()->settings->has_bans, BANS_NEW, "for the daemon to see");
	rig_wait(MINUTE - 1);
	rig_expect_reason("still", &usual, CLASS_INVITE, DROP_BANNED);
	rig_wait(1);
	rig_expect_reason("over", &usual, CLASS_INVITE, PASS_UNKNOWN);
	usual.from = "198.51.100.2";
	rig_expect_reason("its neighbour", &usual, CLASS_INVITE, PASS_UNKNOWN);
}

static void one_that_is_real_is_banned_for_long(void)
{
	struct frame_spec scan = { .text = SCANNER }, usual = { .text = REQUEST("INVITE") };
	struct ban ban;

	/* the server calls it, and it answers with the Call-ID: an address that is not made up */
	rig_reply(&(struct frame_spec){ .from = "192.0.2.10",
					.to = "198.51.100.1",
					.text = REQUEST_OF("INVITE", "proof@x") });
	rig_expect_reason(
		"the answer",
		&(struct frame_spec){ .text = RESPONSE_OF("180 Ringing", "INVITE", "proof@x") },
		CLASS_1XX, PASS_DIALOG);
	rig_expect_reason("first", &scan, CLASS_OPTIONS, DROP_SCANNER);
	ban = only_ban();
	cr_expect_eq(ban.until_ns, rig_now() + HOUR);
	cr_expect_eq(ban.proven, 1);
	rig_wait(HOUR - 1);
	rig_expect_reason("banned", &usual, CLASS_INVITE, DROP_BANNED);
	rig_wait(1);
	rig_expect_reason("over", &usual, CLASS_INVITE, PASS_UNKNOWN);
}

static void an_ipv6_scanner_is_banned_with_its_64(void)
{
	struct frame_spec scan = { .text = SCANNER, .from = "2001:db8:5::1" };
	struct frame_spec usual = { .text = REQUEST("INVITE"), .from = "2001:db8:5::2" };

	rig_expect_reason("first", &scan, CLASS_OPTIONS, DROP_SCANNER);
	rig_expect_reason("second", &scan, CLASS_OPTIONS, DROP_SCANNER);
	rig_expect_reason("the /64", &usual, CLASS_INVITE, DROP_BANNED);
	usual.from = "2001:db8:5:1::2";
	rig_expect_reason("the next /64", &usual, CLASS_INVITE, PASS_UNKNOWN);
}

/* Exempt and trusted ones are not asked what they call themselves. */
static void those_who_are_spared(void)
{
	struct frame_spec scan = { .text = SCANNER, .from = "10.0.0.1" };

	for (unsigned int n = 0; n < 3; n++)
		rig_expect_reason("exempt", &scan, CLASS_OPTIONS, PASS_EXEMPT);
	rig_reply(&(struct frame_spec){ .from = "192.0.2.10",
					.to = "198.51.100.1",
					.dport = 7000,
					.text = RESPONSE("200 OK", "REGISTER") });
	scan.from = NULL;
	scan.sport = 7000;
	for (unsigned int n = 0; n < 3; n++)
		rig_expect_reason("trusted", &scan, CLASS_OPTIONS, PASS_TRUSTED);
	scan.sport = 7001;
	rig_expect_reason("another port", &scan, CLASS_OPTIONS, DROP_SCANNER);
	rig_expect_reason("another port", &scan, CLASS_OPTIONS, DROP_SCANNER);
	rig_expect_reason("another port", &scan, CLASS_OPTIONS, DROP_BANNED);
	scan.sport = 7000;
	rig_expect_reason("trusted all the same", &scan, CLASS_OPTIONS, PASS_TRUSTED);
}

/* A spoofed flood that names scanners bans none of the addresses that it borrows. */
static void floods_from_borrowed_addresses_ban_nobody(void)
{
	__u64 bans = 0;

	for (unsigned int n = 0; n < 3000; n++) {
		char from[32];

		snprintf(from, sizeof(from), "11.1.%u.%u", n >> 8, n & 255);
		rig_sends(&(struct frame_spec){ .text = SCANNER, .from = from });
	}
	cr_assert_eq(maps_count(rig_maps(), MAP_BANS, &bans), 0);
	cr_expect_eq(bans, 0, "%llu bans", (unsigned long long)bans);
}

static void no_ban_and_other_names_after_a_reload(void)
{
	struct frame_spec scan = { .text = SCANNER };

	rig_reload(RIG_PROXY RIG_UNLIMITED
		   "scanners: {user_agents: [friendly-scanner], ban: off}\n");
	for (unsigned int n = 0; n < 5; n++)
		rig_expect_reason("dropped only", &scan, CLASS_OPTIONS, DROP_SCANNER);
	rig_reload(RIG_PROXY RIG_UNLIMITED "scanners: {user_agents: [linphone]}\n");
	rig_expect_reason("no longer a scanner", &scan, CLASS_OPTIONS, PASS_UNKNOWN);
	scan.text = WITH_AGENT("OPTIONS", "User-Agent: Linphone\r\n");
	rig_expect_reason("a new one", &scan, CLASS_OPTIONS, DROP_SCANNER);
}

static const struct rig_case cases[] = {
	RIG_CASE(names),
	RIG_CASE(one_that_may_be_spoofed_is_banned_briefly),
	RIG_CASE(one_that_is_real_is_banned_for_long),
	RIG_CASE(an_ipv6_scanner_is_banned_with_its_64),
	RIG_CASE(those_who_are_spared),
	RIG_CASE(floods_from_borrowed_addresses_ban_nobody),
	RIG_CASE(no_ban_and_other_names_after_a_reload),
};

Test(agent, cases)
{
	rig_run_cases(yaml, cases, COUNT(cases));
}
