// SPDX-License-Identifier: GPL-2.0-only
/* What the daemon gets to see: a record of each message that was let through, in both directions
 * and with all of its octets, samples of what was dropped at a capped rate, and a count of what was
 * lost. */
#include "rig.h"

#include <arpa/inet.h>

#include "plane/tap.h"

static struct tap *tap;
static unsigned int records;
static struct tap_record last;
static char data[10000];

static void take(const struct tap_record *record, void *ctx)
{
	(void)ctx;
	last = *record;
	memcpy(data, record->data, record->captured);
	records++;
}

static void open_with(const char *yaml)
{
	rig_open(yaml);
	cr_assert_eq(tap_open(rig_maps(), take, NULL, &tap), 0);
}

static void teardown(void)
{
	tap_close(tap);
	rig_close();
}

TestSuite(tap, .fini = teardown, .timeout = RIG_TIMEOUT);

static unsigned int drain(void)
{
	records = 0;
	while (tap_drain(tap, 0) > 0)
		;
	return records;
}

static bool is_ipv4(const struct sipxdp_addr *addr, const char *text)
{
	struct sipxdp_addr wanted = { .word = { 0, 0, htonl(0xffff), 0 } };

	inet_pton(AF_INET, text, &wanted.word[3]);
	return !memcmp(addr, &wanted, sizeof(wanted));
}

static void expect_record(const char *name, const char *text, size_t length, size_t captured)
{
	cr_assert_eq(drain(), 1, "%s: %u records", name, records);
	cr_expect_eq(last.length, length, "%s: length %u of %zu", name, last.length, length);
	cr_expect_eq(last.captured, captured, "%s: %u captured, %zu wanted", name, last.captured,
		     captured);
	cr_expect(!memcmp(data, text, captured), "%s: other octets", name);
	for (size_t i = 0; i < sizeof(last.zero); i++)
		cr_expect_eq(last.zero[i], 0);
	cr_expect_eq(last.time_ns, rig_now());
}

#define OPEN "networks: {deny: [203.0.113.0/24]}\n"

Test(tap, a_message_in_and_its_answer)
{
	static const char invite[] = REQUEST("INVITE"), ok[] = RESPONSE("200 OK", "INVITE");
	__u64 hash;

	open_with(RIG_PROXY RIG_UNLIMITED OPEN);
	rig_wait(12345);
	rig_sends(&(struct frame_spec){ .text = invite, .sport = 7000, .vlans = 1 });
	expect_record("INVITE", invite, strlen(invite), strlen(invite));
	cr_expect_eq(last.kind, TAP_MESSAGE);
	cr_expect_eq(last.direction, TAP_INGRESS);
	cr_expect_eq(last.verdict, VERDICT_PASS);
	cr_expect_eq(last.reason, PASS_UNKNOWN);
	cr_expect_eq(last.traffic_class, CLASS_INVITE);
	cr_expect_eq(last.service, 0);
	cr_expect_eq(last.tier, TIER_UNKNOWN);
	cr_expect_eq(last.sport, htons(7000));
	cr_expect_eq(last.dport, htons(5060));
	cr_expect(is_ipv4(&last.saddr, "198.51.100.1"));
	cr_expect(is_ipv4(&last.daddr, "192.0.2.10"));
	hash = last.call_id_hash;
	cr_expect_neq(hash, 0);
	rig_reply(&(struct frame_spec){
		.from = "192.0.2.10", .to = "198.51.100.1", .dport = 7000, .text = ok });
	expect_record("200", ok, strlen(ok), strlen(ok));
	cr_expect_eq(last.direction, TAP_EGRESS);
	cr_expect_eq(last.traffic_class, CLASS_2XX);
	cr_expect_eq(last.call_id_hash, hash, "the same call");
	cr_expect(is_ipv4(&last.saddr, "192.0.2.10"));
	cr_expect_eq(last.dport, htons(7000));
	rig_sends(&(struct frame_spec){ .text = IN_DIALOG("ACK", "a84b4c76e66710@pc33.example.org"),
					.sport = 7000 });
	cr_assert_eq(drain(), 1);
	cr_expect_eq(last.reason, PASS_DIALOG);
	cr_expect_eq(last.tier, TIER_TRUSTED);
	/* an empty line in front is no part of the message */
	rig_sends(&(struct frame_spec){ .text = "\r\n\r\n" REQUEST("INVITE") });
	expect_record("after CRLFs", invite, strlen(invite), strlen(invite));
}

/* Everything that a record can hold arrives, whatever size of record it takes. */
Test(tap, messages_of_every_size)
{
	static char text[FRAME_ROOM];
	static const size_t bodies[] = {
		0,   1,	   500,	 550,  551,  552,  553,	 554,  555,  600,
		900, 1000, 1500, 1575, 1580, 1590, 2000, 4000, 7500, 9000
	};

	open_with(RIG_PROXY RIG_UNLIMITED);
	for (size_t i = 0; i < COUNT(bodies); i++) {
		size_t length = (size_t)snprintf(text, sizeof(text),
						 "INVITE sip:bob@192.0.2.10 SIP/2.0\r\n%s"
						 "Content-Length: %zu\r\n\r\n%0*d",
						 HEADERS("INVITE", "t@x", ""), bodies[i],
						 (int)bodies[i], 7) -
				!bodies[i];
		char name[40];

		snprintf(name, sizeof(name), "in, %zu octets", length);
		rig_sends(&(struct frame_spec){ .text = text, .length = length });
		expect_record(name, text, length, length < 8000 ? length : 8000);
		if (length > 3000)
			continue;
		snprintf(name, sizeof(name), "out, %zu octets", length);
		rig_reply(&(struct frame_spec){ .from = "192.0.2.10",
						.to = "198.51.100.1",
						.text = text,
						.length = length });
		expect_record(name, text, length, length);
	}
}

Test(tap, as_much_as_is_asked_for)
{
	static char text[3000];
	struct frame_spec spec = { .text = text };

	snprintf(text, sizeof(text),
		 "INVITE sip:bob@192.0.2.10 SIP/2.0\r\n%sContent-Length: 1000\r\n"
		 "\r\n%01000d",
		 HEADERS("INVITE", "t@x", ""), 1);
	open_with(RIG_PROXY RIG_UNLIMITED OPEN "tap: {message_bytes: 600, sample_bytes: 100}\n");
	rig_sends(&spec);
	expect_record("600 octets", text, strlen(text), 600);
	spec.from = "203.0.113.1";
	rig_sends(&spec);
	expect_record("100 octets", text, strlen(text), 100);
	tap_close(tap);
	rig_close();
	open_with(RIG_PROXY RIG_UNLIMITED OPEN "tap: {message_bytes: off}\n");
	spec.from = NULL;
	cr_expect(rig_sends(&spec));
	cr_expect_eq(drain(), 0, "nothing was asked for");
	spec.from = "203.0.113.1";
	cr_expect_not(rig_sends(&spec));
	cr_expect_eq(drain(), 1, "samples are another matter");
}

/* What is no message, or was dropped, is not handed over to be tracked. */
Test(tap, what_is_not_a_message)
{
	static const char *const texts[] = { "\r\n\r\n", "\xff\xff\xff", "" };

	open_with(RIG_PROXY RIG_UNLIMITED OPEN);
	for (size_t i = 0; i < COUNT(texts); i++)
		rig_sends(&(struct frame_spec){ .text = texts[i] });
	rig_sends(&(struct frame_spec){ .text = REQUEST("INVITE"), .dport = 5070 });
	rig_sends(&(struct frame_spec){ .protocol = 6 });
	rig_reply(&(struct frame_spec){ .from = "192.0.2.10", .text = "\r\n\r\n" });
	rig_reply(&(struct frame_spec){ .from = "192.0.2.11", .text = REQUEST("INVITE") });
	cr_expect_eq(drain(), 0);
}

Test(tap, samples_of_what_was_dropped)
{
	static const char invite[] = REQUEST("INVITE");
	struct frame_spec spec = { .text = invite, .from = "203.0.113.1" };
	unsigned int count = 0;

	open_with(RIG_PROXY RIG_UNLIMITED OPEN "tap: {samples: {rate: 10/s, burst: 5}}\n");
	rig_sends(&spec);
	expect_record("a sample", invite, strlen(invite), strlen(invite));
	cr_expect_eq(last.kind, TAP_SAMPLE);
	cr_expect_eq(last.verdict, VERDICT_DROP);
	cr_expect_eq(last.reason, DROP_DENIED);
	cr_expect_eq(last.traffic_class, CLASS_INVITE);
	cr_expect(is_ipv4(&last.saddr, "203.0.113.1"));
	rig_wait(MINUTE);
	for (unsigned int n = 0; n < 1000; n++)
		rig_sends(&spec);
	cr_expect_eq(drain(), 5, "%u samples at once", records);
	for (unsigned int n = 0; n < 6000; n++) {
		rig_wait(SECOND / 100);
		rig_sends(&spec);
		if (n % 100 == 0)
			count += drain();
	}
	count += drain();
	cr_expect(count >= 595 && count <= 605, "%u samples in a minute", count);
	rig_reload("mode: monitor\n" RIG_PROXY RIG_UNLIMITED OPEN);
	rig_wait(MINUTE);
	rig_sends(&spec);
	/* it goes on, but a flood that is only watched must not drown what is tracked */
	cr_assert_eq(drain(), 1, "%u records", records);
	cr_expect_eq(last.kind, TAP_SAMPLE);
	cr_expect_eq(last.verdict, VERDICT_WOULD_DROP);
	/* damaged ones show what they have: nothing */
	rig_wait(MINUTE);
	rig_sends(&(struct frame_spec){ .text = invite, .udp_length_off = 1 });
	cr_assert_eq(drain(), 1);
	cr_expect_eq(last.reason, DROP_DAMAGED);
	cr_expect_eq(last.verdict, VERDICT_WOULD_DROP);
	cr_expect_eq(last.captured, 0);
}

/* A reader that does not keep up loses records, which are counted; packets go on. */
Test(tap, a_full_ring)
{
	struct frame_spec spec = { .text = REQUEST("INVITE") };
	unsigned int got;

	open_with(RIG_PROXY RIG_UNLIMITED "tap: {buffer_bytes: 65536}\n");
	for (unsigned int n = 0; n < 200; n++)
		cr_assert(rig_sends(&spec));
	got = drain();
	cr_expect(got > 50 && got < 100, "%u records of 1024 octets in 64 KB", got);
	cr_expect_eq(rig_maps()->host_state->tap_lost, 200 - got);
	cr_expect_eq(rig_counted(CLASS_INVITE, PASS_UNKNOWN), 200);
	cr_expect(rig_sends(&spec));
	cr_expect_eq(drain(), 1, "it goes on when there is room again");
}
