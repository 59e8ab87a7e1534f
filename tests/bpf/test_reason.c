// SPDX-License-Identifier: GPL-2.0-only
/* Every reason of the list can be had: for each there is a packet that is counted under it, and a
 * reason that nothing produces any more is found here. */
#include "links.h"
#include "rig.h"

#include <bpf/bpf.h>
#include <netinet/in.h>

static const char yaml[] =
	"services:\n"
	"  - name: proxy\n"
	"    listen: [\"udp:192.0.2.10:5060\", \"tcp:192.0.2.10:5060\"]\n"
	"    limits:\n"
	"      per_source: {invite: 2/s, register: off, options: off, other: off, malformed: 1/s}\n"
	"      per_prefix: {invite: 4/s, register: off, options: off, other: off, malformed: off}\n"
	"      unknown: {invite: off, register: 3/s, options: off, other: off, malformed: off,\n"
	"        emergency: 5/s}\n"
	"      total: {invite: off, register: off, options: 8/s, other: off, malformed: off, all: "
	"64/s}\n"
	"      trusted: {invite: 3/s, register: off, options: off, other: off, malformed: 1/s}\n"
	"      provisional: 2/s\n"
	"      undecided: 1/s\n"
	"      syn: 1/s\n"
	"networks: {exempt: [10.0.0.0/8], deny: [11.0.0.0/8], feed: [12.0.0.0/8]}\n"
	"scanners: {user_agents: [smap], ban: 1h}\n"
	"host_limits: {unordered: 1/s}\n";

static void setup(void)
{
	rig_open(yaml);
}

TestSuite(reason, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

/* A packet that, sent so many times, is counted under the reason. */
struct row {
	enum reason reason;
	struct frame_spec spec;
	unsigned int times;
	const char *reply;  /* what the server sent to the same address and port before */
	bool other_sources; /* each from an address of its own */
};

#define INVITE .text = REQUEST("INVITE")
#define SYN    .protocol = IPPROTO_TCP, .tcp_flags = 2
#define SCAN   .text = REQUEST_WITH("OPTIONS", "sip:1@x", "r@x", "", "User-Agent: smap\r\n")
#define LONG_TEXT                                                                                  \
	REQUEST_WITH("REGISTER", "sip:x", "v@x", "",                                               \
		     "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, INFO\r\n"  \
		     "Subject: as long as the question that it gets for an answer\r\n")
#define PART(at) INVITE, .fragment = true, .more = true, .room = 80, .offset = at, .id = 1

static char undecided[3000];

static const struct row rows[] = {
	{ PASS_UNKNOWN, { INVITE }, 1, NULL, false },
	{ PASS_EXEMPT, { INVITE, .from = "10.0.0.1" }, 1, NULL, false },
	{ PASS_PROVISIONAL, { INVITE }, 1, RESPONSE("401 x", "REGISTER"), false },
	{ PASS_TRUSTED, { INVITE }, 1, RESPONSE("200 OK", "REGISTER"), false },
	{ PASS_DIALOG,
	  { .text = IN_DIALOG("BYE", "d@x") },
	  1,
	  RESPONSE_OF("200 OK", "INVITE", "d@x"),
	  false },
	{ PASS_KEEPALIVE, { .text = "\r\n\r\n" }, 1, NULL, false },
	{ PASS_UNORDERED, { PART(80) }, 1, NULL, false },
	{ PASS_UNDECIDED, { .text = undecided }, 1, NULL, false },
	{ PASS_STREAM, { SYN }, 1, NULL, false },
	{ PASS_EMERGENCY,
	  { .text = REQUEST_WITH("INVITE", "sip:112@x", "e@x", "", "") },
	  3,
	  NULL,
	  false },
	{ PASS_MALFORMED, { .text = "\xff" }, 1, NULL, false },
	{ DROP_DAMAGED, { INVITE, .udp_length_off = 1 }, 1, NULL, false },
	{ DROP_DENIED, { INVITE, .from = "11.0.0.1" }, 1, NULL, false },
	{ DROP_FEED, { INVITE, .from = "12.0.0.1" }, 1, NULL, false },
	{ DROP_BANNED, { SCAN }, 3, NULL, false },
	{ DROP_SCANNER, { SCAN }, 1, NULL, false },
	{ DROP_GARBAGE_LIMIT, { .text = "\xff" }, 2, NULL, false },
	{ DROP_SOURCE_LIMIT, { INVITE }, 3, NULL, false },
	{ DROP_PREFIX_LIMIT, { INVITE }, 5, NULL, true },
	{ DROP_UNKNOWN_LIMIT, { .text = REQUEST("REGISTER") }, 4, NULL, true },
	{ DROP_TRUSTED_LIMIT, { INVITE }, 4, RESPONSE("200 OK", "REGISTER"), false },
	{ DROP_PROVISIONAL_LIMIT, { INVITE }, 3, RESPONSE("401 x", "REGISTER"), false },
	{ DROP_TOTAL_LIMIT, { .text = REQUEST("OPTIONS") }, 9, NULL, false },
	{ DROP_SHED, { .text = REQUEST("MESSAGE") }, 65, NULL, false },
	{ DROP_UNORDERED_LIMIT, { PART(80) }, 2, NULL, false },
	{ DROP_FRAGMENT_LIMIT,
	  { INVITE, .fragment = true, .more = true, .room = 1000, .id = 1 },
	  2,
	  NULL,
	  false },
	{ DROP_UNDECIDED_LIMIT, { .text = undecided }, 2, NULL, false },
	{ DROP_SYN_LIMIT, { SYN }, 2, NULL, false },
	{ DROP_UNPROVEN, { .text = LONG_TEXT }, 6, NULL, false },
};

/* Those that take packets of two kinds have a function instead; these are theirs. */
static bool met[REASON_SLOTS];

static int look(__u32 row, const union counter_row *sum, void *ctx)
{
	(void)row;
	for (int reason = 0; reason < REASON_SLOTS; reason++) {
		if (sum->by_reason[reason].packets)
			((bool *)ctx)[reason] = true;
	}
	return 0;
}

static bool is_counted(enum reason reason)
{
	bool found[REASON_SLOTS] = { false };

	cr_assert_eq(maps_walk_counters(rig_maps(), look, found), 0);
	return found[reason];
}

static void run_in(const struct frame_spec *spec, unsigned char *out)
{
	static unsigned char scratch[RUN_OUT_MAX];
	struct run_result result;
	struct frame frame;

	frame_build(&frame, spec);
	cr_assert_eq(run_frame(rig_run(), RUN_INGRESS, frame.octets, frame.length,
			       out ? out : scratch, RUN_OUT_MAX, &result),
		     0);
}

static void begin(void)
{
	rig_clear();
	rig_wait(HOUR);
}

static void produce(const struct row *row)
{
	struct frame_spec spec = row->spec;
	char from[32];

	begin();
	if (row->reply)
		rig_reply(&(struct frame_spec){
			.from = "192.0.2.10", .to = "198.51.100.1", .text = row->reply });
	cr_expect_not(is_counted(row->reason));
	for (unsigned int n = 0; n < row->times; n++) {
		if (row->other_sources) {
			snprintf(from, sizeof(from), "198.51.100.%u", n + 1);
			spec.from = from;
		}
		run_in(&spec, NULL);
	}
	met[row->reason] = is_counted(row->reason);
	cr_expect(met[row->reason], "%s: not met by %u packets", rig_reason_name(row->reason),
		  row->times);
}

static void produce_fragments(void)
{
	begin();
	run_in(&(struct frame_spec){ PART(0) }, NULL);
	run_in(&(struct frame_spec){ PART(80) }, NULL);
	met[PASS_FRAGMENT] = is_counted(PASS_FRAGMENT);
	begin();
	run_in(&(struct frame_spec){ PART(0), .from = "11.0.0.1" }, NULL);
	run_in(&(struct frame_spec){ PART(80), .from = "11.0.0.1" }, NULL);
	met[DROP_FRAGMENT] = is_counted(DROP_FRAGMENT);
}

/* A question whose Call-ID is sent back, and questions beyond their budget. */
static void produce_proof(void)
{
	static unsigned char out[RUN_OUT_MAX];
	static char text[2000];
	const char *call_id;

	begin();
	for (unsigned int n = 0; n < 6; n++)
		run_in(&(struct frame_spec){ .text = LONG_TEXT }, out);
	call_id = strstr((const char *)out + 42, "Call-ID: ");
	cr_assert_not_null(call_id);
	snprintf(text, sizeof(text),
		 "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
		 "From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>;tag=2\r\n"
		 "CSeq: 1 OPTIONS\r\n%.*s\r\n\r\n",
		 (int)strcspn(call_id, "\r"), call_id);
	run_in(&(struct frame_spec){ .text = text }, NULL);
	met[DROP_PROOF] = is_counted(DROP_PROOF);
	begin();
	rig_maps()->settings->proofs.cost_ns = HOUR;
	rig_maps()->settings->proofs.tolerance_ns = 0;
	for (unsigned int n = 0; n < 8; n++)
		run_in(&(struct frame_spec){ .text = LONG_TEXT }, NULL);
	met[DROP_UNPROVEN_LIMIT] = is_counted(DROP_UNPROVEN_LIMIT);
}

/* Those of a balanced service take a network with routes. Last the slot of the program that balances is
 * emptied, as if it had not been loaded. */
static void produce_balanced(void)
{
	const __u32 slot = PROGRAM_BALANCE;
	static const char balanced[] = "services:\n"
				       "  - name: proxy\n"
				       "    listen: [\"udp:192.0.2.10:5060\"]\n"
				       "    balance: {forward: ipip, backends: [{name: a, address: "
				       "\"10.0.0.11:5060\"}]}\n";
	static char text[1700];

	rig_close();
	links_open();
	rig_open(balanced);
	rig_maps()->backends[1].source = (struct sipxdp_addr){ .word = { 0 } };
	run_in(&(struct frame_spec){ INVITE, .hops = 1 }, NULL);
	met[DROP_HOP_LIMIT] = is_counted(DROP_HOP_LIMIT);
	snprintf(text, sizeof(text),
		 "INVITE sip:a SIP/2.0\r\n%sContent-Length: 1260\r\n\r\n%01260d",
		 HEADERS("INVITE", "big@x", ""), 1);
	run_in(&(struct frame_spec){ .text = text, .dont_fragment = true }, NULL);
	met[DROP_TOO_BIG] = is_counted(DROP_TOO_BIG);
	links_ip("route add unreachable 10.0.0.11/32");
	rig_wait(SECOND);
	run_in(&(struct frame_spec){ INVITE }, NULL);
	met[DROP_UNREACHABLE] = is_counted(DROP_UNREACHABLE);
	rig_maps()->backends[1].state = BACKEND_DOWN;
	run_in(&(struct frame_spec){ INVITE }, NULL);
	met[DROP_NO_BACKEND] = is_counted(DROP_NO_BACKEND);
	cr_expect_not(is_counted(DROP_INTERNAL));
	cr_assert_eq(bpf_map_delete_elem(rig_maps()->fd[MAP_PROGRAMS], &slot), 0);
	run_in(&(struct frame_spec){ INVITE }, NULL);
	met[DROP_INTERNAL] = is_counted(DROP_INTERNAL);
}

Test(reason, each_is_met)
{
	snprintf(undecided, sizeof(undecided), "INVITE sip:a SIP/2.0\r\nSubject: %02500d\r\n\r\n",
		 1);
	for (size_t i = 0; i < COUNT(rows); i++)
		produce(&rows[i]);
	produce_fragments();
	produce_proof();
	produce_balanced();
#define X(id, name, help) cr_expect(met[PASS_##id], "pass %s: no packet has it", #name);
	PASS_REASONS(X)
#undef X
#define X(id, name, help) cr_expect(met[DROP_##id], "drop %s: no packet has it", #name);
	DROP_REASONS(X)
#undef X
}
