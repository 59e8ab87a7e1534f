// SPDX-License-Identifier: GPL-2.0-only
/* Monitor mode is the same code with the drop withheld: the same packets give the same reasons, in
 * the cells of would-drop, and everything goes on. */
#include "rig.h"

#include <netinet/in.h>
#include <stdlib.h>

TestSuite(monitor, .fini = rig_close, .timeout = RIG_TIMEOUT);

static const char rest[] = RIG_PROXY
	"    limits:\n"
	"      per_source: {invite: 5/s, register: 3/s, options: 2/s, other: 10/s, malformed: "
	"2/s}\n"
	"      per_prefix: {invite: 10/s, register: off, options: off, other: off, malformed: "
	"off}\n"
	"      unknown: {invite: 40/s, register: 40/s, options: 40/s, other: 60/s, malformed: "
	"20/s}\n"
	"      total: {invite: 150/s, register: off, options: off, other: off, malformed: off,\n"
	"        all: 1000/s}\n"
	"      trusted: {invite: 5/s, register: 5/s, options: 5/s, other: 10/s, malformed: 2/s}\n"
	"      provisional: 3/s\n"
	"      syn: 2/s\n"
	"      undecided: 2/s\n"
	"networks: {exempt: [10.0.0.0/8], deny: [11.0.0.0/8], feed: [12.0.0.0/8]}\n"
	"host_limits: {unordered: 5/s}\n";

static const char *const texts[] = {
	REQUEST("INVITE"),
	REQUEST("REGISTER"),
	REQUEST("OPTIONS"),
	REQUEST("MESSAGE"),
	IN_DIALOG("BYE", "unheard-of"),
	RESPONSE("200 OK", "OPTIONS"),
	"\r\n\r\n",
	"\xff\xff",
	BROKEN("INVITE"),
	REQUEST_WITH("INVITE", "sip:112@x", "e@x", "", ""),
	REQUEST_WITH("REGISTER", "sip:x", "s@x", "", "User-Agent: friendly-scanner\r\n"),
};

/* The n-th packet of a traffic that meets every limit: always the same one for the same n. */
static void make_traffic(struct frame_spec *spec, unsigned int n)
{
	static char from[32];
	static char undecided[3000];
	unsigned int random = n * 2654435761U;

	random ^= random >> 15;
	snprintf(undecided, sizeof(undecided), "INVITE sip:a SIP/2.0\r\nSubject: %02500d\r\n", 1);
	if (n % 4) /* a few talkers in a few networks, and spoofed addresses */
		snprintf(from, sizeof(from), "%u.0.0.%u", 10 + random % 7, random >> 16 & 3);
	else
		snprintf(from, sizeof(from), "17.%u.%u.1", random & 255, random >> 8 & 255);
	*spec = (struct frame_spec){ .from = from,
				     .text = texts[random >> 20 & 1 ? n % COUNT(texts) : 0],
				     .sport = (__u16)(5060 + n % 2),
				     .dport = 5060 };
	if (n % 17 == 0)
		spec->text = undecided;
	if (n % 13 == 0) {
		spec->protocol = IPPROTO_TCP;
		spec->tcp_flags = 2;
	}
	if (n % 200 < 3) /* a scanner, three times in a row */
		*spec = (struct frame_spec){ .from = "16.0.0.9", .text = texts[COUNT(texts) - 1] };
	if (n % 19 == 0)
		spec->udp_length_off = 1;
	if (n % 11 == 0) {
		spec->fragment = true;
		spec->id = n / 33;
		spec->offset = n / 11 % 3 ? 48 : 0;
		spec->room = 48;
		spec->more = true;
		spec->text = REQUEST("INVITE");
	}
}

static union counter_row enforced[COUNTER_ROWS], monitored[COUNTER_ROWS];

static int keep(__u32 row, const union counter_row *sum, void *ctx)
{
	union counter_row *rows = ctx;

	rows[row] = *sum;
	return 0;
}

/* Runs the traffic; returns how many packets were let through. */
static unsigned int run_traffic(const char *mode, union counter_row *rows)
{
	static char yaml[4000];
	unsigned int passed = 0;

	snprintf(yaml, sizeof(yaml), "mode: %s\n%s", mode, rest);
	rig_open(yaml);
	rig_reply(&(struct frame_spec){
		.from = "192.0.2.10", .to = "13.0.0.1", .text = RESPONSE("200 OK", "REGISTER") });
	rig_reply(&(struct frame_spec){ .from = "192.0.2.10",
					.to = "14.0.0.2",
					.text = RESPONSE("401 Unauthorized", "REGISTER") });
	for (unsigned int n = 0; n < 20000; n++) {
		struct frame_spec spec;

		make_traffic(&spec, n);
		rig_wait(n < 15000 ? SECOND / 1000 : SECOND / 100000);
		passed += rig_sends(&spec);
	}
	cr_assert_eq(maps_walk_counters(rig_maps(), keep, rows), 0);
	rig_close();
	return passed;
}

Test(monitor, the_same_reasons_and_everything_goes_on)
{
	unsigned int kinds = 0;
	__u64 dropped = 0;
	unsigned int passed = run_traffic("enforce", enforced);

	cr_expect_eq(run_traffic("monitor", monitored), 20000);
	for (__u32 service = 0; service <= SERVICE_HOST; service++) {
		for (__u32 class = 0; class < CLASS_SLOTS; class ++) {
			const union counter_row *e = &enforced[COUNTER_ROW(service, 0, class)];
			const union counter_row *m = &monitored[COUNTER_ROW(service, 0, class)];
			const union counter_row *w = &monitored[COUNTER_ROW(service, 1, class)];

			for (int reason = 0; reason < REASON_SLOTS; reason++) {
				const union counter_row *there = reason >= REASON_DROP_BASE ? w : m;
				const union counter_row *not_there = reason >= REASON_DROP_BASE ? m
												: w;

				cr_expect(!memcmp(&e->by_reason[reason], &there->by_reason[reason],
						  sizeof(e->by_reason[reason])),
					  "service %u, %s, %s: %llu when enforced, %llu in monitor "
					  "mode",
					  service, rig_class_name(class), rig_reason_name(reason),
					  (unsigned long long)e->by_reason[reason].packets,
					  (unsigned long long)there->by_reason[reason].packets);
				cr_expect_eq(not_there->by_reason[reason].packets, 0);
				if (reason < REASON_DROP_BASE || !e->by_reason[reason].packets)
					continue;
				dropped += e->by_reason[reason].packets;
				kinds |= 1U << (reason - REASON_DROP_BASE);
			}
		}
	}
	cr_expect_eq(passed + dropped, 20000, "every drop is counted");
	for (int reason = DROP_DAMAGED; reason < REASON_END; reason++) {
		bool met = kinds >> (reason - REASON_DROP_BASE) & 1;

		/* proof of source is off: monitor mode could not ask without changing the traffic;
		 * those behind it are of balanced services */
		cr_expect(met || reason >= DROP_UNPROVEN, "the traffic never met: %s",
			  rig_reason_name(reason));
	}
}

/* A service may watch while the others enforce. */
Test(monitor, of_one_service)
{
	struct frame_spec spec = { .from = "11.0.0.1", .text = REQUEST("INVITE") };

	rig_open(RIG_PROXY RIG_UNLIMITED "  - name: watched\n"
					 "    listen: [\"udp:192.0.2.10:5070\"]\n"
					 "    mode: monitor\n"
					 "networks: {deny: [11.0.0.0/8]}\n");
	rig_expect_reason("enforcing", &spec, CLASS_INVITE, DROP_DENIED);
	spec.dport = 5070;
	rig_expect("watching", &spec,
		   &(struct rig_want){ .service = run_service(rig_run(), 1),
				       .class = CLASS_INVITE,
				       .reason = DROP_DENIED,
				       .would_drop = true });
}

/* Or withhold the drops for single reasons only: its own, and those of all. */
Test(monitor, of_single_reasons)
{
	struct frame_spec scanner = { .from = "13.0.0.1",
				      .text = REQUEST_WITH("REGISTER", "sip:x", "s@x", "",
							   "User-Agent: friendly-scanner\r\n") };
	struct frame_spec denied = { .from = "11.0.0.1", .text = REQUEST("INVITE") };
	struct frame_spec feed = { .from = "12.0.0.1", .text = REQUEST("INVITE") };
	struct rig_want want = { .class = CLASS_INVITE, .would_drop = true };

	rig_open("monitor: [scanner]\n" RIG_PROXY RIG_UNLIMITED "  - name: other\n"
		 "    listen: [\"udp:192.0.2.10:5070\"]\n"
		 "    monitor: [denied]\n"
		 "networks: {deny: [11.0.0.0/8], feed: [12.0.0.0/8]}\n");
	rig_expect("of all", &scanner,
		   &(struct rig_want){
			   .class = CLASS_REGISTER, .reason = DROP_SCANNER, .would_drop = true });
	rig_expect_reason("not of this service", &denied, CLASS_INVITE, DROP_DENIED);
	want.service = run_service(rig_run(), 1);
	want.reason = DROP_DENIED;
	denied.dport = feed.dport = 5070;
	rig_expect("of this service", &denied, &want);
	want.reason = DROP_FEED;
	want.would_drop = false;
	rig_expect("another reason", &feed, &want);
}
