/* SPDX-License-Identifier: GPL-2.0-only */
/* The packet path run over frames: the verdict, the frame and the counters come back, time is what
 * the caller says, trust given from user space is seen by the kernel, and the tap hands records
 * over and wakes its reader. */
#include "test_plane_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "plane/ban.h"
#include "plane/clock.h"
#include "plane/key.h"
#include "plane/run.h"
#include "plane/tap.h"
#include "plane/trust.h"

#define ETH_IP_UDP 42
#define PASS	   2 /* XDP_PASS */
#define DROP	   1 /* XDP_DROP */

static const char request[] = "OPTIONS sip:192.0.2.2 SIP/2.0\r\n"
			      "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n"
			      "Max-Forwards: 70\r\n"
			      "From: <sip:a@192.0.2.1>;tag=1\r\n"
			      "To: <sip:192.0.2.2>\r\n"
			      "Call-ID: a84b4c76e66710@192.0.2.1\r\n"
			      "CSeq: 1 OPTIONS\r\n"
			      "Content-Length: 0\r\n"
			      "\r\n";

static struct config *cfg;
static struct run *run;

static void setup(void)
{
	need_bpf();
	cfg = config_of("interfaces: [lo]\nservices:\n"
			"  - name: a\n"
			"    listen: [\"udp:192.0.2.2:5060\"]\n"
			"    limits:\n"
			"      per_source: {options: {rate: 10/s, burst: 5}}\n"
			"      trusted: {options: {rate: 100/s, burst: 50}}\n"
			"networks: {deny: [198.51.100.0/24]}\n"
			"tables: {sources: 4096, trusted: 4096, provisional: 4096, bans: 4096, "
			"dialogs: 4096, calls: 1024, registrations: 1024, networks: 1024}\n");
	cr_assert_eq(run_open(cfg, NULL, &run), 0);
}

static void teardown(void)
{
	run_close(run);
	config_free(cfg);
}

TestSuite(plane_run, .init = setup, .fini = teardown, .timeout = 120);

static void put16(unsigned char *at, size_t value)
{
	at[0] = (unsigned char)(value >> 8);
	at[1] = (unsigned char)value;
}

/* The request from a source (host byte order) and port 5060 to the service. Returns the length. */
static size_t make_request(__u32 source, unsigned char *frame)
{
	size_t text = sizeof(request) - 1;
	__u32 from = htonl(source), to = htonl(0xc0000202);

	memset(frame, 0, ETH_IP_UDP);
	put16(frame + 12, 0x0800);
	frame[14] = 0x45;
	put16(frame + 16, 28 + text);
	frame[22] = 64;
	frame[23] = 17;
	memcpy(frame + 26, &from, 4);
	memcpy(frame + 30, &to, 4);
	put16(frame + 34, 5060);
	put16(frame + 36, 5060);
	put16(frame + 38, 8 + text);
	memcpy(frame + ETH_IP_UDP, request, text);
	return ETH_IP_UDP + text;
}

static __u32 send_from(__u32 source)
{
	unsigned char frame[1500], out[2000];
	struct run_result result;
	size_t length = make_request(source, frame);
	int err = run_frame(run, RUN_INGRESS, frame, length, out, sizeof(out), &result);

	cr_assert_eq(err, 0, "%s", strerror(-err));
	cr_expect_eq(result.length, length);
	cr_expect_eq(memcmp(frame, out, length), 0, "the frame is not changed");
	return result.action;
}

static __u64 options_counted(enum reason reason)
{
	union counter_row row;

	cr_assert_eq(maps_counters(run_maps(run), COUNTER_ROW(0, 0, CLASS_OPTIONS), &row), 0);
	return row.by_reason[reason].packets;
}

Test(plane_run, a_frame_gives_its_verdict_and_is_counted)
{
	unsigned char frame[100] = { 0 };
	struct run_result result;

	cr_expect_eq(send_from(0xc0000201), PASS);
	cr_expect_eq(options_counted(PASS_UNKNOWN), 1);
	cr_expect_eq(send_from(0xc6336401), DROP, "a deny network");
	cr_expect_eq(options_counted(DROP_DENIED), 1);
	cr_expect_eq(run_frame(run, RUN_INGRESS, frame, 13, NULL, 0, &result), -EINVAL);
	cr_expect_eq(run_frame(run, RUN_INGRESS, frame, 100, frame, 99, &result), -ENOSPC);
	cr_expect_eq(run_frame(run, RUN_INGRESS, frame, 100, NULL, 0, &result), 0);
	cr_expect_eq(result.action, PASS, "not ours");
}

/* Burst 5 at one moment, then one each 100 ms: the clock is the caller's. */
Test(plane_run, time_stands_still_until_it_is_moved)
{
	unsigned int passed = 0;

	for (int i = 0; i < 20; i++)
		passed += send_from(0xc0000201) == PASS;
	cr_expect_eq(passed, 5, "%u of 20 at once", passed);
	for (__u64 i = 1; i <= 10; i++) {
		run_at(run, RUN_START_NS + i * 100000000ULL);
		cr_expect_eq(send_from(0xc0000201), PASS, "step %llu", (unsigned long long)i);
		cr_expect_eq(send_from(0xc0000201), DROP, "step %llu", (unsigned long long)i);
	}
	cr_expect_eq(options_counted(PASS_UNKNOWN), 15);
	cr_expect_eq(options_counted(DROP_SOURCE_LIMIT), 25);
}

/* User space and kernel reckon the same bit of trust_filter, or the entry would not be looked for.
 */
Test(plane_run, trust_given_by_hand_is_seen_by_the_packet_path)
{
	struct sipxdp_peer peer = { .addr = { { 0, 0, htonl(0xffff), htonl(0xc0000201) } },
				    .port = htons(5060) };
	unsigned int passed = 0;

	/* trust_add() reads the real clock, on which the run's time is long past or far ahead. */
	cr_assert_eq(trust_add(run_maps(run), &peer, 0, TRUST_HAND), 0);
	for (int i = 0; i < 20; i++)
		passed += send_from(0xc0000201) == PASS;
	cr_expect_eq(passed, 20);
	cr_expect_eq(options_counted(PASS_TRUSTED), 20);
	cr_expect_eq(options_counted(PASS_UNKNOWN), 0);
}

Test(plane_run, a_ban_holds_from_the_next_packet_on_and_ends_when_it_is_deleted)
{
	struct sipxdp_prefix prefix = { .prefix_len = 120,
					.addr = { { 0, 0, htonl(0xffff), htonl(0xc0000200) } } };
	struct ban ban = { .origin = BAN_HAND };

	cr_expect_eq(send_from(0xc0000201), PASS);
	cr_assert_eq(ban_add(run_maps(run), &prefix, &ban, NULL), 0);
	cr_expect_eq(send_from(0xc0000201), DROP);
	cr_expect_eq(options_counted(DROP_BANNED), 1);
	cr_assert_eq(ban_delete(run_maps(run), &prefix), 0);
	cr_expect_eq(send_from(0xc0000201), PASS);
}

Test(plane_run, another_configuration_is_applied_as_by_a_reload)
{
	struct config *next = config_of("interfaces: [lo]\nmode: monitor\nservices:\n"
					"  - {name: b, listen: [\"udp:192.0.2.3:5060\"]}\n"
					"  - {name: a, listen: [\"udp:192.0.2.2:5060\"]}\n"
					"networks: {deny: [198.51.100.0/24]}\n");
	union counter_row row;

	cr_expect_eq(run_service(run, 0), 0);
	cr_assert_eq(run_apply(run, next), 0);
	cr_expect_eq(run_service(run, 0), 1);
	cr_expect_eq(run_service(run, 1), 0);
	cr_expect_eq(send_from(0xc6336401), PASS, "withheld");
	cr_assert_eq(maps_counters(run_maps(run), COUNTER_ROW(0, 1, CLASS_OPTIONS), &row), 0);
	cr_expect_eq(row.by_reason[DROP_DENIED].packets, 1, "and counted as would-drop");
	config_free(next);
}

Test(plane_run, clearing_forgets_what_was_seen_and_keeps_the_configuration)
{
	__u64 count;

	for (int i = 0; i < 20; i++)
		send_from(0xc0000201);
	cr_assert_eq(run_clear(run), 0);
	cr_expect_eq(options_counted(PASS_UNKNOWN), 0);
	cr_expect_eq(maps_count(run_maps(run), MAP_SOURCES, &count), 0);
	cr_expect_eq(count, 0);
	cr_expect_eq(send_from(0xc0000201), PASS);
	cr_expect_eq(send_from(0xc6336401), DROP, "networks are configuration");
}

/* ---- tap ---- */

struct tapped {
	unsigned int count;
	char text[64];
	struct tap_record last;
};

static void take(const struct tap_record *record, void *ctx)
{
	struct tapped *tapped = ctx;

	tapped->count++;
	tapped->last = *record;
	snprintf(tapped->text, sizeof(tapped->text), "%.*s",
		 record->captured < 63 ? record->captured : 63, record->data);
}

static bool readable(const struct tap *tap)
{
	struct pollfd fd = { .fd = tap_fd(tap), .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

Test(plane_run, the_tap_hands_over_what_passed)
{
	struct tapped tapped = { .count = 0 };
	struct tap *tap;

	cr_assert_eq(tap_open(run_maps(run), take, &tapped, &tap), 0);
	cr_expect_eq(send_from(0xc0000201), PASS);
	cr_expect_eq(tap_drain(tap, 0), 1);
	cr_expect_eq(tapped.count, 1);
	cr_expect_eq(tapped.last.kind, TAP_MESSAGE);
	cr_expect_eq(tapped.last.direction, TAP_INGRESS);
	cr_expect_eq(tapped.last.traffic_class, CLASS_OPTIONS);
	cr_expect_eq(tapped.last.verdict, VERDICT_PASS);
	cr_expect_eq(tapped.last.service, 0);
	cr_expect_eq(tapped.last.length, sizeof(request) - 1);
	cr_expect_eq(tapped.last.captured, sizeof(request) - 1);
	cr_expect_eq(tapped.last.sport, htons(5060));
	cr_expect_eq(tapped.last.saddr.word[3], htonl(0xc0000201));
	cr_expect_neq(tapped.last.call_id_hash, 0);
	cr_expect_eq(strncmp(tapped.text, "OPTIONS sip:", 12), 0, "%s", tapped.text);
	cr_expect_eq(send_from(0xc6336401), DROP);
	cr_expect_eq(tap_drain(tap, 0), 1);
	cr_expect_eq(tapped.last.kind, TAP_SAMPLE);
	cr_expect_eq(tapped.last.reason, DROP_DENIED);
	cr_expect_eq(tap_damaged(tap), 0);
	tap_close(tap);
}

/* A reader that sleeps is woken by the first record, and only by that one. */
Test(plane_run, the_tap_wakes_a_sleeping_reader_and_no_other)
{
	struct settings *settings = run_maps(run)->settings;
	struct tapped tapped = { .count = 0 };
	struct tap *tap;

	cr_assert_eq(tap_open(run_maps(run), take, &tapped, &tap), 0);
	cr_expect_eq(tap_drain(tap, 0), 0);
	cr_expect_eq(settings->tap_reader_idle, 1, "about to sleep");
	cr_expect_not(readable(tap));
	send_from(0xc0000201);
	cr_expect_eq(settings->tap_reader_idle, 0, "the kernel took the wish and woke");
	cr_expect(readable(tap));
	for (__u32 i = 0; i < 9; i++)
		send_from(0xc0000300 + i);
	cr_expect_eq(tap_drain(tap, 4), 4, "no more than asked for");
	cr_expect_eq(settings->tap_reader_idle, 0, "not at the end yet");
	cr_expect(readable(tap), "the rest calls for another round");
	cr_expect_eq(tap_drain(tap, 0), 6);
	cr_expect_eq(settings->tap_reader_idle, 1);
	cr_expect_eq(tapped.count, 10);
	tap_close(tap);
	cr_expect_eq(settings->tap_reader_idle, 0, "nobody is to be woken");
}

/* A reader that comes again by itself is not woken, and finds all the same. */
Test(plane_run, the_tap_wakes_no_reader_that_only_takes)
{
	struct settings *settings = run_maps(run)->settings;
	struct tapped tapped = { .count = 0 };
	struct tap *tap;

	cr_assert_eq(tap_open(run_maps(run), take, &tapped, &tap), 0);
	cr_expect_eq(tap_take(tap, 0), 0);
	cr_expect_eq(settings->tap_reader_idle, 0, "it does not sleep");
	for (__u32 i = 0; i < 5; i++)
		send_from(0xc0000300 + i);
	cr_expect_eq(tap_take(tap, 3), 3);
	cr_expect_eq(tap_take(tap, 0), 2);
	cr_expect_eq(settings->tap_reader_idle, 0);
	cr_expect_eq(tap_drain(tap, 0), 0);
	cr_expect_eq(settings->tap_reader_idle, 1, "now it does");
	tap_close(tap);
}
