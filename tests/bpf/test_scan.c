// SPDX-License-Identifier: GPL-2.0-only
/* The scanner in the packet path: the same fields as in user space, whatever the shape and the size
 * of the message and wherever it ends, and a named way for what lies beyond its reach. */
#include "rig.h"

#include <arpa/inet.h>

#include <sipxdp/scan.h>

#include "../unit/test_sip_fixture.h"
#include "plane/tap.h"

static struct tap *tap;
static struct tap_record last;
static unsigned int records;

static void take(const struct tap_record *record, void *ctx)
{
	(void)ctx;
	last = *record;
	records++;
}

static const char yaml[] = RIG_PROXY RIG_UNLIMITED;

static void setup(void)
{
	rig_open(yaml);
	cr_assert_eq(tap_open(rig_maps(), take, NULL, &tap), 0);
}

static void teardown(void)
{
	tap_close(tap);
	rig_close();
}

TestSuite(scan, .init = setup, .fini = teardown, .timeout = RIG_TIMEOUT);

/* What the scanner says of the message in user space, with the key of the packet path. */
static void scan_here(const char *text, size_t length, struct scan *s)
{
	struct scan_text t = { .msg = text, .end = text + length };

	scan_begin(s, length, length);
	scan_message(&t, s, rig_maps()->settings->hash_key);
	scan_to_tag(&t, s);
}

/* The same in both places: the verdict that follows from it, and the hash of the Call-ID. */
static void expect_as_here(const char *name, const char *text, size_t length,
			   enum traffic_class class)
{
	struct frame_spec spec = { .text = text, .length = length };
	enum reason reason = PASS_UNKNOWN;
	struct scan s;

	scan_here(text, length, &s);
	if (s.flags & (SCAN_BROKEN | SCAN_REPEATED))
		reason = PASS_MALFORMED;
	else if (s.flags & SCAN_BEYOND && !scan_is_whole(&s))
		reason = PASS_UNDECIDED;
	rig_expect_reason(name, &spec, class, reason);
	records = 0;
	tap_drain(tap, 0);
	cr_assert_eq(records, 1, "%s: %u tap records", name, records);
	cr_expect_eq(last.call_id_hash, s.call_id_hash, "%s: hash %#llx instead of %#llx", name,
		     (unsigned long long)last.call_id_hash, (unsigned long long)s.call_id_hash);
	cr_expect_eq(last.length, length, "%s", name);
}

static enum traffic_class class_of(const struct sip_message *msg)
{
	return msg->kind == SIP_RESPONSE ? CLASS_1XX + msg->start.status / 100 - 1
					 : msg->start.method;
}

static void messages_of_real_devices(void)
{
	static struct sample samples[FILES_MAX];
	static struct sip_message msg;
	size_t count = read_samples(MESSAGES, samples);

	cr_assert_geq(count, 40);
	for (size_t i = 0; i < count; i++) {
		struct frame_spec spec = { .text = samples[i].data, .length = samples[i].len };

		cr_assert_eq(sip_message_parse(samples[i].data, samples[i].len, &msg, NULL), 0);
		if (msg.lead)
			rig_expect_reason(samples[i].name, &spec, class_of(&msg), PASS_UNKNOWN);
		else
			expect_as_here(samples[i].name, samples[i].data, samples[i].len,
				       class_of(&msg));
		tap_drain(tap, 0);
		cr_expect_neq(last.call_id_hash, 0, "%s: no Call-ID found", samples[i].name);
		cr_expect_neq(last.reason, PASS_MALFORMED, "%s", samples[i].name);
	}
}

/* Bodies of every length: the headers end at every distance from the end of the frame. */
static void short_tails(void)
{
	for (size_t body = 0; body < 100; body++) {
		char text[1000], name[32];
		int length =
			snprintf(text, sizeof(text),
				 "INVITE sip:bob@192.0.2.10 SIP/2.0\r\n" HEADERS(
					 "INVITE", "t@x", "") "Content-Length: %zu\r\n\r\n%0*d",
				 body, (int)body, 0);

		snprintf(name, sizeof(name), "%zu octets of body", body);
		expect_as_here(name, text, (size_t)length - !body, CLASS_INVITE);
		cr_expect_eq(last.reason, PASS_UNKNOWN, "%s", name);
	}
}

/* The last header is the one of interest, and ends with the frame. */
static void every_header_may_be_the_last(void)
{
	static const char *const lines[] = {
		"Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK776asdhds\r\n",
		"From: Alice <sip:alice@example.org>;tag=1928301774\r\n",
		"To: Bob <sip:bob@example.org>\r\n",
		"Call-ID: a84b4c76e66710@pc33.example.org\r\n",
		"CSeq: 314159 INVITE\r\n",
		"Content-Length: 0\r\n",
	};
	__u64 hash = 0;

	for (size_t first = 0; first < COUNT(lines); first++) {
		char text[1000] = "INVITE sip:bob@192.0.2.10 SIP/2.0\r\n";

		for (size_t i = 0; i < COUNT(lines); i++)
			strcat(text, lines[(first + i) % COUNT(lines)]);
		strcat(text, "\r\n");
		expect_as_here(lines[first], text, strlen(text), CLASS_INVITE);
		cr_expect_eq(last.reason, PASS_UNKNOWN, "%s", lines[first]);
		if (!hash)
			hash = last.call_id_hash;
		cr_expect_eq(last.call_id_hash, hash, "%s comes first", lines[first]);
	}
}

static __u64 hash_of(const char *text)
{
	last.call_id_hash = 0;
	cr_assert(rig_sends(&(struct frame_spec){ .text = text }));
	tap_drain(tap, 0);
	return last.call_id_hash;
}

/* One Call-ID has one hash, whether it stands first or ends a message without a body, and whatever
 * message came before; of every length. */
static void one_call_id_has_one_hash(void)
{
	for (int n = 1; n < 100; n++) {
		char call_id[120], first[1000], at_end[1000];
		__u64 hash;

		snprintf(call_id, sizeof(call_id), "Call-ID: %0*d\r\n", n, n);
		snprintf(first, sizeof(first),
			 "INVITE sip:bob@192.0.2.10 SIP/2.0\r\n%sVia: SIP/2.0/UDP "
			 "a;branch=z9hG4bK1\r\n"
			 "From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCSeq: 1 INVITE\r\n\r\n",
			 call_id);
		snprintf(at_end, sizeof(at_end),
			 "INVITE sip:bob@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP "
			 "a;branch=z9hG4bK1\r\n"
			 "From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCSeq: 1 INVITE\r\n%s\r\n",
			 call_id);
		hash = hash_of(first);
		cr_expect_neq(hash, 0);
		cr_expect_eq(hash_of(at_end), hash, "%d octets", n);
		hash_of(REQUEST("OPTIONS"));
		cr_expect_eq(hash_of(at_end), hash, "%d octets, after another message", n);
	}
}

#define SIX(via, from, to, call_id, cseq)                                                          \
	"INVITE sip:bob@192.0.2.10 SIP/2.0\r\n" via "\r\n" from "\r\n" to "\r\n" call_id           \
	"\r\n" cseq "\r\n"

static const struct {
	const char *name;
	const char *text;
	enum reason reason;
} shapes[] = {
	{ "compact forms",
	  SIX("v: SIP/2.0/UDP a;branch=z9hG4bK1", "f: <sip:a@x>;tag=1", "t: <sip:b@x>", "i: 1",
	      "CSeq: 1 INVITE") "l: 0\r\n\r\n",
	  PASS_UNKNOWN },
	{ "folded",
	  SIX("Via:\r\n SIP/2.0/UDP a\r\n\t;branch=z9hG4bK1", "From:\r\n <sip:a@x>\r\n ;tag=1",
	      "To: \"a\r\n b\" <sip:b@x>", "Call-ID:\r\n 1", "CSeq:\r\n 1\r\n INVITE") "\r\n",
	  PASS_UNKNOWN },
	{ "white space before colons",
	  SIX("Via : SIP/2.0/UDP a;branch=z9hG4bK1", "From\t: <sip:a@x>;tag=1", "To  : <sip:b@x>",
	      "Call-ID : 1", "CSeq : 1 INVITE") "\r\n",
	  PASS_UNKNOWN },
	{ "any case",
	  SIX("vIA: SIP/2.0/UDP a;branch=z9hG4bK1", "FROM: <sip:a@x>;tag=1", "tO: <sip:b@x>",
	      "call-ID: 1", "cSEQ: 1 INVITE") "\r\n",
	  PASS_UNKNOWN },
	{ "a Call-ID twice",
	  SIX("Via: SIP/2.0/UDP a;branch=z9hG4bK1", "From: <sip:a@x>;tag=1", "To: <sip:b@x>",
	      "Call-ID: 1", "CSeq: 1 INVITE") "i: 2\r\n\r\n",
	  PASS_MALFORMED },
	{ "a From twice",
	  SIX("Via: SIP/2.0/UDP a;branch=z9hG4bK1", "From: <sip:a@x>;tag=1", "To: <sip:b@x>",
	      "Call-ID: 1", "CSeq: 1 INVITE") "f: <sip:c@x>\r\n\r\n",
	  PASS_MALFORMED },
	{ "no Call-ID",
	  SIX("Via: SIP/2.0/UDP a;branch=z9hG4bK1", "From: <sip:a@x>;tag=1", "To: <sip:b@x>",
	      "X: 1", "CSeq: 1 INVITE") "\r\n",
	  PASS_MALFORMED },
	{ "another method in CSeq",
	  SIX("Via: SIP/2.0/UDP a;branch=z9hG4bK1", "From: <sip:a@x>;tag=1", "To: <sip:b@x>",
	      "Call-ID: 1", "CSeq: 1 OPTIONS") "\r\n",
	  PASS_MALFORMED },
	{ "a bare LF",
	  SIX("Via: SIP/2.0/UDP a;branch=z9hG4bK1", "From: <sip:a@x>;tag=1", "To: <sip:b@x>",
	      "Call-ID: 1", "CSeq: 1 INVITE") "X: 1\nY: 2\r\n\r\n",
	  PASS_MALFORMED },
	{ "a Content-Length that is too large",
	  SIX("Via: SIP/2.0/UDP a;branch=z9hG4bK1", "From: <sip:a@x>;tag=1", "To: <sip:b@x>",
	      "Call-ID: 1", "CSeq: 1 INVITE") "l: 5\r\n\r\nv=0\r",
	  PASS_MALFORMED },
	{ "a negative Content-Length",
	  SIX("Via: SIP/2.0/UDP a;branch=z9hG4bK1", "From: <sip:a@x>;tag=1", "To: <sip:b@x>",
	      "Call-ID: 1", "CSeq: 1 INVITE") "l: -1\r\n\r\n",
	  PASS_MALFORMED },
	{ "no blank line",
	  SIX("Via: SIP/2.0/UDP a;branch=z9hG4bK1", "From: <sip:a@x>;tag=1", "To: <sip:b@x>",
	      "Call-ID: 1", "CSeq: 1 INVITE"),
	  PASS_MALFORMED },
	{ "a start line and no more", "INVITE sip:bob@192.0.2.10 SIP/2.0\r\n\r\n", PASS_MALFORMED },
};

static void shapes_of_headers(void)
{
	for (size_t i = 0; i < COUNT(shapes); i++) {
		expect_as_here(shapes[i].name, shapes[i].text, strlen(shapes[i].text),
			       CLASS_INVITE);
		cr_expect_eq(last.reason, shapes[i].reason, "%s: %s", shapes[i].name,
			     rig_reason_name(last.reason));
	}
}

static size_t write_long(char *out, size_t room, size_t call_id, size_t subject, size_t body)
{
	int length = snprintf(out, room,
			      "INVITE sip:bob@192.0.2.10 SIP/2.0\r\n"
			      "Subject: %0*d\r\n"
			      "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK776asdhds\r\n"
			      "From: Alice <sip:alice@example.org>;tag=1928301774\r\n"
			      "To: Bob <sip:bob@example.org>\r\n"
			      "CSeq: 314159 INVITE\r\n"
			      "Call-ID: %0*d\r\n"
			      "Content-Length: %zu\r\n\r\n%0*d",
			      (int)subject, 1, (int)call_id, 1, body, (int)body, 1);

	cr_assert_lt((size_t)length, room);
	return (size_t)length - !body;
}

static const struct {
	const char *name;
	size_t call_id, subject, body;
	enum reason reason;
} sizes[] = {
	{ "a Call-ID of one octet", 1, 1, 0, PASS_UNKNOWN },
	{ "a Call-ID of 384 octets", 384, 1, 0, PASS_UNKNOWN },
	{ "a Call-ID of 900 octets", 900, 1, 0, PASS_UNKNOWN },
	{ "headers that fill a frame", 40, 1150, 0, PASS_UNKNOWN },
	{ "a body that fills a frame", 40, 1, 1180, PASS_UNKNOWN },
	{ "headers of 2000 octets", 40, 1720, 0, PASS_UNKNOWN },
	{ "headers beyond the reach, Call-ID too", 40, 2100, 0, PASS_UNDECIDED },
	{ "a body of 3000 octets", 40, 1, 3000, PASS_UNKNOWN },
	{ "several buffers", 40, 1, 4000, PASS_UNKNOWN },
	{ "several buffers, 9000 octets", 40, 1, 8600, PASS_UNKNOWN },
	{ "several buffers, headers beyond the reach", 40, 5000, 3000, PASS_UNDECIDED },
};

static void messages_of_every_size(void)
{
	for (size_t i = 0; i < COUNT(sizes); i++) {
		static char text[FRAME_ROOM];
		size_t length = write_long(text, sizeof(text), sizes[i].call_id, sizes[i].subject,
					   sizes[i].body);

		expect_as_here(sizes[i].name, text, length, CLASS_INVITE);
		cr_expect_eq(last.reason, sizes[i].reason, "%s: %s", sizes[i].name,
			     rig_reason_name(last.reason));
	}
}

/* Every length of a full frame, up to 1472 octets and beyond. */
static void lengths_around_a_full_frame(void)
{
	static char text[FRAME_ROOM];

	for (size_t subject = 1100; subject < 1300; subject += 3) {
		char name[32];
		size_t length = write_long(text, sizeof(text), 40, subject, 0);

		snprintf(name, sizeof(name), "%zu octets", length);
		expect_as_here(name, text, length, CLASS_INVITE);
		cr_expect_eq(last.reason, PASS_UNKNOWN, "%s", name);
	}
}

/* The Call-ID is found in the octets of this packet, not in what the one before left behind. */
static void nothing_is_left_of_the_packet_before(void)
{
	static const char whole[] = REQUEST("INVITE");
	__u64 hash;

	expect_as_here("whole", whole, strlen(whole), CLASS_INVITE);
	hash = last.call_id_hash;
	cr_assert_neq(hash, 0);
	for (size_t length = 12; length < strlen(whole); length += 7) {
		rig_expect_reason("cut", &(struct frame_spec){ .text = whole, .length = length },
				  CLASS_INVITE, PASS_MALFORMED);
		tap_drain(tap, 0);
		if (length < 200)
			cr_expect_neq(last.call_id_hash, hash, "%zu octets", length);
	}
}

static const struct rig_case cases[] = {
	RIG_CASE(messages_of_real_devices),
	RIG_CASE(short_tails),
	RIG_CASE(every_header_may_be_the_last),
	RIG_CASE(one_call_id_has_one_hash),
	RIG_CASE(shapes_of_headers),
	RIG_CASE(messages_of_every_size),
	RIG_CASE(lengths_around_a_full_frame),
	RIG_CASE(nothing_is_left_of_the_packet_before),
};

Test(scan, cases)
{
	rig_run_cases(yaml, cases, COUNT(cases));
}
