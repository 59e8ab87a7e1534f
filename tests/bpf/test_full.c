// SPDX-License-Identifier: GPL-2.0-only
/* Tables that are full: each does what is written beside it in bpf/maps.h, counts it, and what is
 * known to be good goes on. */
#include "rig.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define ROOM 1024

static const char yaml[] = RIG_PROXY
	"    limits:\n" RIG_PER_PREFIX_OFF RIG_UNKNOWN_OFF RIG_TOTAL_OFF RIG_PEERS_OFF
		RIG_OTHERS_OFF
	"      per_source: {invite: 5/s, register: off, options: off, other: off, malformed: off}\n"
	"scanners: {user_agents: [smap], ban: 1h}\n"
	"host_limits: {unordered: off}\n"
	"tables: {sources: 1024, trusted: 1024, provisional: 1024, dialogs: 1024, calls: 1024,\n"
	"         bans: 1024, registrations: 1024, fragments: 1024, networks: 1024}\n";

static void setup(void)
{
	rig_open(yaml);
}

TestSuite(full, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

static char address[32];

static const char *nth(unsigned int n)
{
	snprintf(address, sizeof(address), "11.%u.%u.%u", n >> 16, n >> 8 & 255, n & 255);
	return address;
}

static void trust_peer(const char *to, __u16 port)
{
	rig_reply(&(struct frame_spec){ .from = "192.0.2.10",
					.to = to,
					.dport = port,
					.text = RESPONSE("200 OK", "REGISTER") });
}

/* Ten times as many unknown sources as there is room for: each is let through or limited as ever, and
 * a known one does not notice. */
static void sources(void)
{
	struct frame_spec known = { .from = "203.0.113.1", .text = REQUEST("INVITE") };
	__u64 rows = 0;

	trust_peer("203.0.113.1", 5060);
	for (unsigned int n = 0; n < 10 * ROOM; n++) {
		struct frame_spec spec = { .from = nth(n), .text = REQUEST("INVITE") };

		cr_expect(rig_sends(&spec), "source %u", n);
		rig_wait(SECOND / 100);
		if (n % 64 == 0)
			rig_expect_reason("known", &known, CLASS_INVITE, PASS_TRUSTED);
	}
	cr_assert_eq(maps_count(rig_maps(), MAP_SOURCES, &rows), 0);
	cr_expect(rows <= ROOM && rows > ROOM / 2, "%llu rows", (unsigned long long)rows);
	/* the newest one has its row: its limit holds */
	for (unsigned int n = 0; n < 20; n++) {
		struct frame_spec spec = { .from = "12.0.0.1", .text = REQUEST("INVITE") };

		cr_expect_eq(rig_sends(&spec), n < 5, "packet %u", n);
	}
}

/* The one that was used least lately goes, so those who talk stay trusted. */
static void trusted(void)
{
	struct frame_spec talker = { .from = "203.0.113.1", .text = REQUEST("OPTIONS") };
	__u64 rows = 0;

	trust_peer("203.0.113.1", 5060);
	for (unsigned int n = 0; n < 4 * ROOM; n++) {
		trust_peer(nth(n), 5060);
		if (n % 16 == 0)
			rig_expect_reason("who talks", &talker, CLASS_OPTIONS, PASS_TRUSTED);
	}
	cr_assert_eq(maps_count(rig_maps(), MAP_TRUSTED, &rows), 0);
	cr_expect_leq(rows, ROOM);
	talker.from = nth(4 * ROOM - 1);
	rig_expect_reason("the newest", &talker, CLASS_OPTIONS, PASS_TRUSTED);
}

/* A flood that the server challenges does not push out who is trusted: that is another table. */
static void provisional(void)
{
	struct frame_spec known = { .from = "203.0.113.1", .text = REQUEST("INVITE") };

	trust_peer("203.0.113.1", 5060);
	for (unsigned int n = 0; n < 4 * ROOM; n++)
		rig_reply(&(struct frame_spec){ .from = "192.0.2.10",
						.to = nth(n),
						.text = RESPONSE("401 Unauthorized", "REGISTER") });
	rig_expect_reason("trusted", &known, CLASS_INVITE, PASS_TRUSTED);
	known.from = nth(4 * ROOM - 1);
	rig_expect_reason("the newest", &known, CLASS_INVITE, PASS_PROVISIONAL);
}

static const char *call(unsigned int n)
{
	static char text[600];

	snprintf(text, sizeof(text), "%s%u%s", "SIP/2.0 200 OK\r\nCall-ID: call-", n,
		 "\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=1\r\n"
		 "To: <sip:b@x>;tag=2\r\nCSeq: 1 INVITE\r\n\r\n");
	return text;
}

static const char *bye(unsigned int n)
{
	static char text[600];

	snprintf(text, sizeof(text), "%s%u%s", "BYE sip:a SIP/2.0\r\nCall-ID: call-", n,
		 "\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=1\r\n"
		 "To: <sip:b@x>;tag=2\r\nCSeq: 1 BYE\r\n\r\n");
	return text;
}

/* Calls beyond the room are not known; the others stay, and it is counted. */
static void dialogs(void)
{
	struct frame_spec spec = { .from = "198.51.100.9" };
	__u64 rows = 0;

	for (unsigned int n = 0; n < ROOM + 100; n++)
		rig_reply(&(struct frame_spec){
			.from = "192.0.2.10", .to = "203.0.113.1", .text = call(n) });
	cr_assert_eq(maps_count(rig_maps(), MAP_DIALOGS, &rows), 0);
	cr_expect_eq(rows + rig_maps()->host_state->dialogs_full, ROOM + 100);
	cr_expect(rows >= ROOM && rows <= ROOM + 32, "%llu rows", (unsigned long long)rows);
	for (unsigned int n = 0; n < ROOM; n += 31) {
		spec.text = bye(n);
		rig_expect_reason("known", &spec, CLASS_BYE, PASS_DIALOG);
	}
	spec.text = bye(ROOM + 99);
	rig_expect_reason("beyond the room", &spec, CLASS_BYE, PASS_UNKNOWN);
}

/* No more bans: scanners are dropped all the same, and it is counted. */
static void bans(void)
{
	struct frame_spec scan = {
		.text = REQUEST_WITH("OPTIONS", "sip:1@x", "b@x", "", "User-Agent: smap\r\n"),
		.from = "198.51.100.9",
	};
	struct sipxdp_prefix key = { .prefix_len = 128, .addr = { { 0, 0, htonl(0xffff), 0 } } };
	struct ban ban = { .prefix_len = 128 };
	int err = 0;

	for (__u32 n = 0; n < 2 * ROOM && !err; n++) {
		key.addr.word[3] = htonl(0x0d000000 + n);
		err = maps_put(rig_maps(), MAP_BANS, &key, &ban, BPF_ANY);
	}
	cr_assert_neq(err, 0, "the table has no end");
	rig_maps()->settings->has_bans = 1;
	maps_raise_generation(rig_maps());
	rig_expect_reason("banned before",
			  &(struct frame_spec){ .text = REQUEST("INVITE"), .from = "13.0.0.1" },
			  CLASS_INVITE, DROP_BANNED);
	for (unsigned int n = 0; n < 5; n++)
		rig_expect_reason("no room for its ban", &scan, CLASS_OPTIONS, DROP_SCANNER);
	cr_expect_gt(rig_maps()->host_state->bans_full, 0);
	cr_expect_leq(rig_maps()->host_state->bans_full, 5);
}

/* More datagrams in fragments than there is room for: the newest ones are whole. */
static void fragments(void)
{
	static const char text[] = REQUEST("INVITE");

	for (__u32 n = 0; n < 4 * ROOM; n++) {
		struct frame_spec spec = { .text = text, .id = n, .fragment = true, .room = 200 };

		spec.from = nth(n);
		spec.more = true;
		rig_sends(&spec);
		spec.offset = 200;
		spec.more = false;
		rig_sends(&spec);
	}
	cr_expect_eq(rig_counted(CLASS_FRAGMENT, PASS_FRAGMENT), 4 * ROOM);
}

static const struct rig_case cases[] = {
	RIG_CASE(sources), RIG_CASE(trusted), RIG_CASE(provisional),
	RIG_CASE(dialogs), RIG_CASE(bans),    RIG_CASE(fragments),
};

Test(full, cases)
{
	rig_run_cases(yaml, cases, COUNT(cases));
}
