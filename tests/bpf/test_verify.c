// SPDX-License-Identifier: GPL-2.0-only
/* Proof of source: when the budget of unknown sources is spent, who asks again is asked to prove that
 * the address is real; the question is a valid message, never longer than what it answers, and only
 * the right answer, from the right place and in time, counts. */
#include "rig.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "sip/message.h"

#define LIMITS                                                                                     \
	"services:\n"                                                                              \
	"  - name: proxy\n"                                                                        \
	"    listen: [\"udp:192.0.2.10:5060\", \"udp:[2001:db8::10]:5060\"]\n"                     \
	"    limits:\n" RIG_PER_SOURCE_OFF RIG_PER_PREFIX_OFF RIG_TOTAL_OFF RIG_OTHERS_OFF         \
	"      unknown: {invite: 1/m, register: 1/m, options: 1/m, other: 1/m, malformed: 1/m,\n"  \
	"        emergency: off}\n"                                                                \
	"      provisional: 10/s\n      dialog: off\n"

TestSuite(verify, .fini = rig_close, .timeout = RIG_TIMEOUT);

/* As long as real ones are: shorter than the question they would get none. */
#define PADDING                                                                                    \
	"Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO\r\n"             \
	"User-Agent: a telephone with a name that takes a line of its own\r\n"
#define ASKING(method) REQUEST_WITH(method, "sip:bob@192.0.2.10", "v@x", "", PADDING)

static unsigned char out[RUN_OUT_MAX];

/* What the program did with it, and what came out. */
static __u32 run_in(const struct frame_spec *spec, size_t *length)
{
	struct run_result result;
	struct frame frame;

	frame_build(&frame, spec);
	cr_assert_eq(run_frame(rig_run(), RUN_INGRESS, frame.octets, frame.length, out, sizeof(out),
			       &result),
		     0);
	cr_expect_leq(result.length, frame.length, "more came out than went in");
	*length = result.length;
	return result.action;
}

static __u32 checksum(const unsigned char *octets, size_t length, __u32 sum)
{
	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? octets[i] : (__u32)octets[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

struct question {
	char text[2000];
	size_t length;
	char call_id[64];
};

/* Holds the frame in `out` against what a question must be, and takes its text out. */
static void read_question(const struct frame_spec *asked, size_t length, struct question *q)
{
	static struct sip_message msg;
	bool ipv6 = asked->from && strchr(asked->from, ':');
	size_t ip = 14 + 4 * asked->vlans, udp = ip + (ipv6 ? 40 : 20);
	struct sip_error err = { .what = "" };
	struct frame_spec back = { .from = asked->to, .to = asked->from, .vlans = asked->vlans };
	struct frame frame;

	if (ipv6)
		back.from = back.from ? back.from : "2001:db8::10";
	back.from = back.from ? back.from : "192.0.2.10";
	back.to = back.to ? back.to : "198.51.100.1";
	back.sport = asked->dport;
	back.dport = asked->sport;
	q->length = length - udp - 8;
	memcpy(q->text, out + udp + 8, q->length);
	back.text = q->text;
	back.length = q->length;
	frame_build(&frame, &back);
	/* turned round: link, network and transport */
	cr_expect_eq(frame.length, length);
	cr_expect(!memcmp(out, frame.octets + 6, 6) && !memcmp(out + 6, frame.octets, 6), "MAC");
	cr_expect(!memcmp(out + 12, frame.octets + 12, ip - 12), "tags");
	if (ipv6) {
		cr_expect(!memcmp(out + ip, frame.octets + ip, 40), "IPv6 header");
		cr_expect_eq(checksum(out + ip + 8, length - ip - 8,
				      IPPROTO_UDP + (__u32)(length - udp)),
			     0xffff, "UDP checksum");
	} else {
		cr_expect(!memcmp(out + ip, frame.octets + ip, 4), "IPv4 header");
		cr_expect(!memcmp(out + ip + 12, frame.octets + ip + 12, 8), "IPv4 addresses");
		cr_expect_eq(checksum(out + ip, 20, 0), 0xffff, "IPv4 checksum");
	}
	cr_expect(!memcmp(out + udp, frame.octets + udp, 6), "UDP header");
	cr_assert_eq(sip_message_parse(q->text, q->length, &msg, &err), 0, "%s", err.what);
	cr_expect_eq(sip_message_check(&msg, &err), 0, "%s", err.what);
	cr_expect_eq(msg.start.method, SIP_OPTIONS);
	cr_expect(msg.via[0].has_cookie && msg.via[0].has_rport);
	cr_expect(msg.from.tag.length && msg.has_max_forwards);
	snprintf(q->call_id, sizeof(q->call_id), "%.*s", msg.call_id.length,
		 sip_message_text(&msg, msg.call_id));
}

static void answer(const char *call_id, char text[1000])
{
	snprintf(text, 1000,
		 "SIP/2.0 200 OK\r\n"
		 "Via: SIP/2.0/UDP sipxdp.invalid;rport;branch=z9hG4bK1\r\n"
		 "From: <sip:verify@sipxdp.invalid>;tag=1\r\n"
		 "To: <sip:verify@sipxdp.invalid>;tag=2\r\n"
		 "Call-ID: %s\r\n"
		 "CSeq: 1 OPTIONS\r\n"
		 "Content-Length: 0\r\n\r\n",
		 call_id);
}

/* Spends the budget of the unknown, and sends the request a first time. */
static void spend_and_knock(struct frame_spec *spec)
{
	static unsigned int n;
	char from[32];
	size_t length;

	snprintf(from, sizeof(from), "192.0.2.%u", 100 + n++);
	rig_sends(&(struct frame_spec){ .from = from, .text = REQUEST("INVITE") });
	snprintf(from, sizeof(from), "192.0.2.%u", 100 + n++);
	rig_sends(&(struct frame_spec){ .from = from, .text = REQUEST("REGISTER") });
	cr_expect_eq(run_in(spec, &length), XDP_DROP, "a first one is only dropped");
}

static void ask(struct frame_spec *spec, struct question *q)
{
	size_t length;

	spend_and_knock(spec);
	cr_assert_eq(run_in(spec, &length), XDP_TX, "a second one is asked");
	read_question(spec, length, q);
}

static const struct {
	const char *name;
	struct frame_spec spec;
	enum traffic_class class;
} askers[] = {
	{ "IPv4", { .text = ASKING("INVITE"), .sport = 7000 }, CLASS_INVITE },
	{ "tags", { .text = ASKING("INVITE"), .sport = 7000, .vlans = 2 }, CLASS_INVITE },
	{ "IPv6",
	  { .text = ASKING("REGISTER"), .sport = 7000, .from = "2001:db8:7::1" },
	  CLASS_REGISTER },
};

Test(verify, who_answers_is_let_through)
{
	rig_open(LIMITS "hash_seed: \"00112233445566778899aabbccddeeff\"\n");
	for (size_t i = 0; i < COUNT(askers); i++) {
		struct frame_spec spec = askers[i].spec, reply = askers[i].spec;
		struct question q;
		char text[1000];

		rig_clear();
		rig_wait(HOUR);
		ask(&spec, &q);
		cr_expect_eq(rig_counted(askers[i].class, DROP_UNPROVEN), 1, "%s", askers[i].name);
		cr_expect_eq(rig_counted(askers[i].class, DROP_UNKNOWN_LIMIT), 1, "%s",
			     askers[i].name);
		answer(q.call_id, text);
		reply.text = text;
		rig_expect_reason(askers[i].name, &reply, CLASS_2XX, DROP_PROOF);
		rig_expect_reason(askers[i].name, &spec, askers[i].class, PASS_PROVISIONAL);
		spec.sport++;
		rig_expect_reason("another port", &spec, askers[i].class, DROP_UNKNOWN_LIMIT);
	}
}

Test(verify, other_answers_prove_nothing)
{
	struct frame_spec spec = { .text = ASKING("INVITE"), .sport = 7000 }, reply = spec;
	struct question q, again;
	char text[1000], forged[64];

	rig_open(LIMITS);
	ask(&spec, &q);
	answer(q.call_id, text);
	reply.text = text;
	reply.sport = 7001;
	rig_sends(&reply);
	cr_expect_eq(rig_counted(CLASS_2XX, DROP_PROOF), 0, "another port");
	reply.sport = 7000;
	reply.from = "198.51.100.2";
	rig_sends(&reply);
	cr_expect_eq(rig_counted(CLASS_2XX, DROP_PROOF), 0, "another address");
	reply.from = NULL;
	for (size_t i = 0; i < 16; i++) {
		strcpy(forged, q.call_id);
		forged[i] ^= 1;
		answer(forged, text);
		rig_sends(&reply);
	}
	cr_expect_eq(rig_counted(CLASS_2XX, DROP_PROOF), 0, "another cookie");
	rig_wait(40 * SECOND);
	answer(q.call_id, text);
	rig_sends(&reply);
	cr_expect_eq(rig_counted(CLASS_2XX, DROP_PROOF), 0, "too late");
	spec.sport = 7002;
	ask(&spec, &again);
	cr_expect_str_neq(again.call_id, q.call_id);
	rig_wait(15 * SECOND);
	answer(again.call_id, text);
	reply.sport = 7002;
	rig_expect_reason("in time", &reply, CLASS_2XX, DROP_PROOF);
}

/* Who gets no question: the reason stays what it was, or says that none was sent. */
Test(verify, who_is_not_asked)
{
	static const struct {
		const char *name;
		struct frame_spec spec;
	} rows[] = {
		{ "a message shorter than the question",
		  { .text = "INVITE sip:a SIP/2.0\r\n\r\n" } },
		{ "IP options", { .text = ASKING("INVITE"), .option_words = 1 } },
		{ "extension headers",
		  { .text = ASKING("INVITE"),
		    .to = "2001:db8::10",
		    .extension = { { .kind = IPPROTO_DSTOPTS, .there = true } } } },
		{ "extension headers that look like an IPv6 header",
		  { .text = ASKING("INVITE"),
		    .to = "2001:db8::10",
		    .extension = { { .kind = IPPROTO_DSTOPTS, .words = 5, .there = true } } } },
		{ "a fragment",
		  { .text = ASKING("INVITE"), .fragment = true, .more = true, .room = 400 } },
		{ "OPTIONS", { .text = ASKING("OPTIONS") } },
		{ "BYE", { .text = ASKING("BYE") } },
		{ "a response", { .text = RESPONSE("200 OK", "INVITE") } },
		{ "garbage", { .text = "\xff\xff\xff\xff" } },
	};

	rig_open(LIMITS);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct frame_spec spec = rows[i].spec;
		size_t length;

		rig_clear();
		for (unsigned int n = 0; n < 4; n++)
			cr_expect_neq(run_in(&spec, &length), XDP_TX, "%s", rows[i].name);
	}
}

/* Spoofed addresses that never come again get no question: the guard is no mirror. */
Test(verify, floods_get_no_answers)
{
	unsigned int asked = 0;

	rig_open(LIMITS "host_limits: {proofs: {rate: 100/s, burst: 10}}\n");
	for (unsigned int n = 0; n < 5000; n++) {
		char from[32];
		size_t length;

		snprintf(from, sizeof(from), "11.%u.%u.%u", n * 7 % 256, n >> 8, n & 255);
		asked += run_in(&(struct frame_spec){ .from = from, .text = ASKING("INVITE") },
				&length) == XDP_TX;
	}
	cr_expect_eq(asked, 0, "%u questions to addresses that were seen once", asked);
	for (unsigned int n = 0; n < 1000; n++) {
		size_t length;

		asked += run_in(&(struct frame_spec){ .text = ASKING("INVITE") }, &length) ==
			 XDP_TX;
	}
	cr_expect_eq(asked, 10, "%u questions at once to one that comes again", asked);
	cr_expect_gt(rig_counted(CLASS_INVITE, DROP_UNPROVEN_LIMIT), 900);
}

/* New sources, each of which sends one INVITE: how many of them are let through. */
static unsigned int strangers(unsigned int count)
{
	static unsigned int n;
	unsigned int passed = 0;

	for (unsigned int i = 0; i < count; i++, n++) {
		struct frame_spec spec = { .text = ASKING("INVITE"), .sport = 7000 };
		char from[32];
		size_t length;

		snprintf(from, sizeof(from), "203.0.%u.%u", n >> 8 & 255, n & 255);
		spec.from = from;
		passed += run_in(&spec, &length) == XDP_PASS;
	}
	return passed;
}

/* A trunk that knows no OPTIONS, and a flood from addresses that are made up: the trunk's INVITE comes
 * in the second time, and the rate of all is what it was. */
Test(verify, who_asks_again_goes_before_those_who_do_not)
{
	struct frame_spec trunk = { .text = ASKING("INVITE"), .from = "198.51.100.77" };
	unsigned int passed = 0;
	size_t length;

	rig_open("services:\n"
		 "  - name: proxy\n"
		 "    listen: [\"udp:192.0.2.10:5060\"]\n"
		 "    limits:\n" RIG_PER_SOURCE_OFF RIG_PER_PREFIX_OFF RIG_TOTAL_OFF RIG_OTHERS_OFF
		 "      unknown: {invite: {rate: 100/s, burst: 80}, register: off, options: off,\n"
		 "        other: off, malformed: off, emergency: off}\n");
	cr_expect_eq(strangers(200), 80, "the burst is whole before the attack");
	for (int tenth = 0; tenth < 20; tenth++) {
		rig_wait(SECOND / 10);
		passed += strangers(50);
	}
	cr_expect_geq(passed, 175);
	cr_expect_leq(passed, 200);
	for (unsigned int i = 0; i < 5; i++) {
		trunk.sport = 5060 + i;
		cr_expect_eq(run_in(&trunk, &length), XDP_DROP, "%u: the first time", i);
		cr_expect_eq(run_in(&trunk, &length), XDP_PASS, "%u: the second time", i);
	}
	cr_expect_eq(strangers(50), 0, "what is left is for those who ask again");
	/* with that spent, too, there is the question */
	for (unsigned int i = 0; i < 80; i++) {
		trunk.sport = 6000 + i;
		run_in(&trunk, &length);
		if (run_in(&trunk, &length) == XDP_TX)
			break;
	}
	cr_expect_gt(rig_counted(CLASS_INVITE, DROP_UNPROVEN), 0);
}

Test(verify, modes)
{
	struct frame_spec spec = { .text = ASKING("INVITE"), .sport = 7000 };
	struct question q;
	size_t length;

	rig_open(LIMITS "    verify_source: always\n");
	run_in(&spec, &length);
	cr_assert_eq(run_in(&spec, &length), XDP_TX, "always: nobody is let through without");
	read_question(&spec, length, &q);
	cr_expect_eq(rig_counted(CLASS_INVITE, PASS_UNKNOWN), 0);
	rig_reload(LIMITS "    verify_source: off\n");
	rig_wait(HOUR);
	spec.sport = 7001;
	for (unsigned int n = 0; n < 4; n++)
		cr_expect_eq(run_in(&spec, &length), n ? XDP_DROP : XDP_PASS,
			     "off: nobody is asked");
	rig_reload("mode: monitor\n" LIMITS "    verify_source: always\n");
	for (unsigned int n = 0; n < 4; n++)
		cr_expect_eq(run_in(&spec, &length), XDP_PASS, "monitor: nothing is changed");
}
