// SPDX-License-Identifier: GPL-2.0-only
/* What the server's own messages teach the packet path: whom it challenged, whom it accepted, which
 * calls it has a part in; by address and port, for as long as configured, and nothing from what
 * comes in alone. */
#include "rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const char yaml[] = RIG_PROXY RIG_UNLIMITED "  - name: other\n"
						   "    listen: [\"udp:192.0.2.10:5070\"]\n"
						   "    verify_source: off\n" RIG_UNLIMITED
						   "trust: {provisional: 60s, trusted: 1h}\n"
						   "dialogs: {idle: 10m}\n";

static void setup(void)
{
	rig_open(yaml);
}

TestSuite(trust, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

#define PEER	  "203.0.113.5"
#define PEER_PORT 7000
#define SERVER	  "192.0.2.10"
#define CALL	  "call-1@example.org"

/* What the server sends to the peer. */
static void reply(const char *text)
{
	rig_reply(&(struct frame_spec){
		.from = SERVER, .to = PEER, .dport = PEER_PORT, .text = text });
}

static struct frame_spec from_peer(const char *text)
{
	return (struct frame_spec){ .from = PEER, .sport = PEER_PORT, .text = text };
}

static void expect(const char *name, const char *text, enum traffic_class class, enum reason reason)
{
	struct frame_spec spec = from_peer(text);

	rig_expect_reason(name, &spec, class, reason);
}

static enum reason standing(struct frame_spec spec)
{
	static const enum reason reasons[] = { PASS_UNKNOWN, PASS_PROVISIONAL, PASS_TRUSTED,
					       PASS_DIALOG, PASS_EXEMPT };

	cr_assert_eq(maps_counters_clear(rig_maps(), 0), 0);
	rig_sends(&spec);
	for (size_t i = 0; i < COUNT(reasons); i++) {
		for (int class = 0; class <= CLASS_6XX; class ++) {
			if (rig_counted(class, reasons[i]))
				return reasons[i];
		}
	}
	return DROP_INTERNAL;
}

static const struct {
	const char *name;
	const char *text;
	enum reason reason; /* of the peer's next request */
} lessons[] = {
	{ "401", RESPONSE("401 Unauthorized", "REGISTER"), PASS_PROVISIONAL },
	{ "407", RESPONSE("407 Proxy Authentication Required", "INVITE"), PASS_PROVISIONAL },
	{ "200 to REGISTER", RESPONSE("200 OK", "REGISTER"), PASS_TRUSTED },
	{ "200 to INVITE", RESPONSE("200 OK", "INVITE"), PASS_TRUSTED },
	{ "202 to REGISTER", RESPONSE("202 Accepted", "REGISTER"), PASS_TRUSTED },
	{ "200 to OPTIONS", RESPONSE("200 OK", "OPTIONS"), PASS_UNKNOWN },
	{ "200 to BYE", RESPONSE("200 OK", "BYE"), PASS_UNKNOWN },
	{ "200 to MESSAGE", RESPONSE("200 OK", "MESSAGE"), PASS_UNKNOWN },
	{ "200 to INVITED", RESPONSE("200 OK", "INVITED"), PASS_UNKNOWN },
	{ "200 to REGISTERS", RESPONSE("200 OK", "REGISTERS"), PASS_UNKNOWN },
	{ "100", RESPONSE("100 Trying", "INVITE"), PASS_UNKNOWN },
	{ "180", RESPONSE("180 Ringing", "INVITE"), PASS_UNKNOWN },
	{ "302", RESPONSE("302 Moved Temporarily", "INVITE"), PASS_UNKNOWN },
	{ "403", RESPONSE("403 Forbidden", "REGISTER"), PASS_UNKNOWN },
	{ "404", RESPONSE("404 Not Found", "INVITE"), PASS_UNKNOWN },
	{ "486", RESPONSE("486 Busy Here", "INVITE"), PASS_UNKNOWN },
	{ "500", RESPONSE("500 x", "REGISTER"), PASS_UNKNOWN },
	{ "INVITE", REQUEST("INVITE"), PASS_PROVISIONAL },
	{ "OPTIONS", REQUEST("OPTIONS"), PASS_UNKNOWN },
	{ "REGISTER", REQUEST("REGISTER"), PASS_UNKNOWN },
	{ "NOTIFY", REQUEST("NOTIFY"), PASS_UNKNOWN },
	{ "another method", REQUEST("XYZ"), PASS_UNKNOWN },
	{ "ACK", REQUEST("ACK"), PASS_UNKNOWN },
	{ "BYE", REQUEST("BYE"), PASS_UNKNOWN },
	{ "CANCEL", REQUEST("CANCEL"), PASS_UNKNOWN },
	{ "a keepalive", "\r\n\r\n", PASS_UNKNOWN },
	{ "a broken 200", "SIP/2.0 200 OK\r\nCSeq: 1 REGISTER\r\n\r\n", PASS_UNKNOWN },
	{ "a 200 with two From",
	  "SIP/2.0 200 OK\r\n" HEADERS("REGISTER", "1", "") "f: <sip:a@x>\r\n\r\n", PASS_UNKNOWN },
};

static void what_the_server_says_is_learned(void)
{
	for (size_t i = 0; i < COUNT(lessons); i++) {
		struct frame_spec spec = from_peer(REQUEST_OF("REGISTER", "another-one"));
		enum reason reason;

		rig_clear();
		reply(lessons[i].text);
		reason = standing(spec);
		cr_expect_eq(reason, lessons[i].reason, "%s: %s", lessons[i].name,
			     rig_reason_name(reason));
		spec.sport++;
		reason = standing(spec);
		cr_expect_eq(reason, PASS_UNKNOWN, "%s: another port: %s", lessons[i].name,
			     rig_reason_name(reason));
		spec.sport--;
		spec.from = "203.0.113.6";
		reason = standing(spec);
		cr_expect_eq(reason, PASS_UNKNOWN, "%s: another address: %s", lessons[i].name,
			     rig_reason_name(reason));
	}
}

/* The same messages, but not of the server's, or not on their way out. */
static void nobody_else_teaches(void)
{
	static const struct frame_spec specs[] = {
		{ .from = SERVER, .sport = 5061, .to = PEER, .dport = PEER_PORT },
		{ .from = "192.0.2.11", .to = PEER, .dport = PEER_PORT },
		{ .from = SERVER, .to = PEER, .dport = PEER_PORT, .protocol = IPPROTO_TCP },
		{ .from = SERVER, .to = PEER, .dport = PEER_PORT, .fragment = true, .offset = 8 },
	};

	for (size_t i = 0; i < COUNT(specs); i++) {
		struct frame_spec spec = specs[i];

		rig_clear();
		spec.text = RESPONSE("200 OK", "REGISTER");
		rig_reply(&spec);
		cr_expect_eq(standing(from_peer(REQUEST("REGISTER"))), PASS_UNKNOWN, "row %zu", i);
	}
	/* what comes in says nothing, whoever it claims to be */
	expect("a response", RESPONSE("200 OK", "REGISTER"), CLASS_2XX, PASS_UNKNOWN);
	expect("a response", RESPONSE("200 OK", "INVITE"), CLASS_2XX, PASS_UNKNOWN);
	expect("next", REQUEST("REGISTER"), CLASS_REGISTER, PASS_UNKNOWN);
}

/* Trust is seen through every shape that the server's frames have. */
static void frames_of_the_server(void)
{
	static char text[4000];
	static const struct frame_spec specs[] = {
		{ .from = SERVER, .vlans = 2 },
		{ .from = SERVER, .option_words = 2 },
		{ .from = "2001:db8::10", .to = "2001:db8:9::5" },
		{ .from = "2001:db8::10",
		  .to = "2001:db8:9::5",
		  .extension = { { .kind = IPPROTO_DSTOPTS, .there = true } } },
	};

	for (size_t i = 0; i < COUNT(specs); i++) {
		struct frame_spec out = specs[i], in = from_peer(REQUEST("REGISTER"));

		rig_clear();
		out.dport = PEER_PORT;
		out.to = out.to ? out.to : PEER;
		out.text = RESPONSE("200 OK", "REGISTER");
		in.from = out.to;
		in.to = out.from;
		rig_reply(&out);
		cr_expect_eq(standing(in), PASS_TRUSTED, "row %zu", i);
	}
	rig_clear();
	snprintf(text, sizeof(text), "SIP/2.0 200 OK\r\n%sContent-Length: 3000\r\n\r\n%03000d",
		 HEADERS("INVITE", CALL, ";tag=1"), 1);
	reply(text);
	cr_expect_eq(standing(from_peer(REQUEST_OF("INVITE", "2"))), PASS_TRUSTED,
		     "a large response");
	rig_clear();
	rig_reply(&(struct frame_spec){ .from = SERVER,
					.to = PEER,
					.dport = PEER_PORT,
					.text = text,
					.fragment = true,
					.more = true,
					.room = 1480 });
	cr_expect_eq(standing(from_peer(REQUEST_OF("INVITE", "2"))), PASS_TRUSTED,
		     "the first fragment of one");
}

static void it_ends_in_time(void)
{
	struct frame_spec spec = from_peer(REQUEST_OF("REGISTER", "x"));

	reply(RESPONSE("401 Unauthorized", "REGISTER"));
	rig_wait(MINUTE - 1);
	cr_expect_eq(standing(spec), PASS_PROVISIONAL);
	rig_wait(1);
	cr_expect_eq(standing(spec), PASS_UNKNOWN, "the challenge is over");
	reply(RESPONSE("401 Unauthorized", "REGISTER"));
	rig_wait(40 * SECOND);
	reply(RESPONSE("401 Unauthorized", "REGISTER"));
	rig_wait(40 * SECOND);
	cr_expect_eq(standing(spec), PASS_PROVISIONAL, "each challenge counts anew");
	reply(RESPONSE("200 OK", "REGISTER"));
	rig_wait(HOUR - 1);
	cr_expect_eq(standing(spec), PASS_TRUSTED);
	rig_wait(1);
	cr_expect_eq(standing(spec), PASS_UNKNOWN, "the registration is over");
	reply(RESPONSE("200 OK", "REGISTER"));
	rig_wait(HOUR - 1);
	reply(RESPONSE("200 OK", "REGISTER"));
	rig_wait(HOUR - 1);
	cr_expect_eq(standing(spec), PASS_TRUSTED, "renewed");
}

static struct sipxdp_peer the_peer(void)
{
	struct sipxdp_peer peer = { .port = htons(PEER_PORT) };

	peer.addr.word[2] = htonl(0xffff);
	cr_assert_eq(inet_pton(AF_INET, PEER, &peer.addr.word[3]), 1);
	return peer;
}

/* What the daemon or a person has set stays, if it is longer. */
static void a_longer_time_stays(void)
{
	struct sipxdp_peer peer = the_peer();
	struct trusted row;

	reply(RESPONSE("200 OK", "REGISTER"));
	cr_assert_eq(maps_get(rig_maps(), MAP_TRUSTED, &peer, &row), 0);
	cr_expect_eq(row.until_ns, rig_now() + HOUR);
	cr_expect_eq(row.since_ns, rig_now());
	cr_expect_eq(row.origin, TRUST_REGISTER);
	row.until_ns = rig_now() + 5 * HOUR;
	cr_assert_eq(maps_put(rig_maps(), MAP_TRUSTED, &peer, &row, BPF_EXIST), 0);
	reply(RESPONSE("200 OK", "INVITE"));
	cr_assert_eq(maps_get(rig_maps(), MAP_TRUSTED, &peer, &row), 0);
	cr_expect_eq(row.until_ns, rig_now() + 5 * HOUR);
	row.until_ns = 0;
	cr_assert_eq(maps_put(rig_maps(), MAP_TRUSTED, &peer, &row, BPF_EXIST), 0);
	reply(RESPONSE("200 OK", "INVITE"));
	rig_wait(1000 * HOUR);
	cr_expect_eq(standing(from_peer(REQUEST_OF("INVITE", "x"))), PASS_TRUSTED, "for ever");
	cr_assert_eq(maps_get(rig_maps(), MAP_TRUSTED, &peer, &row), 0);
	cr_expect_eq(row.packets, 1);
	cr_expect_eq(row.last_class, CLASS_INVITE);
}

/* The daemon cuts what REGISTERs have earned, and is to know of what calls have. */
static void the_last_call_is_remembered(void)
{
	struct sipxdp_peer peer = the_peer();
	struct trusted row;

	rig_wait(MINUTE);
	reply(RESPONSE("200 OK", "REGISTER"));
	cr_assert_eq(maps_get(rig_maps(), MAP_TRUSTED, &peer, &row), 0);
	cr_expect_eq(row.called_s, 0);
	reply(RESPONSE("486 Busy Here", "INVITE"));
	cr_assert_eq(maps_get(rig_maps(), MAP_TRUSTED, &peer, &row), 0);
	cr_expect_eq(row.called_s, 0, "refused");
	reply(RESPONSE("200 OK", "INVITE"));
	cr_assert_eq(maps_get(rig_maps(), MAP_TRUSTED, &peer, &row), 0);
	cr_expect_eq(row.called_s, rig_now() / TRUST_CALLED_NS);
	rig_wait(MINUTE);
	reply(RESPONSE("200 OK", "REGISTER"));
	cr_assert_eq(maps_get(rig_maps(), MAP_TRUSTED, &peer, &row), 0);
	cr_expect_eq(row.called_s, (rig_now() - MINUTE) / TRUST_CALLED_NS);
	reply(REQUEST_OF("INVITE", CALL));
	expect("200", RESPONSE_OF("200 OK", "INVITE", CALL), CLASS_2XX, PASS_DIALOG);
	cr_assert_eq(maps_get(rig_maps(), MAP_TRUSTED, &peer, &row), 0);
	cr_expect_eq(row.called_s, rig_now() / TRUST_CALLED_NS, "it has answered one");
	cr_expect_eq(row.origin, TRUST_REGISTER);
	rig_clear();
	reply(RESPONSE("200 OK", "INVITE"));
	cr_assert_eq(maps_get(rig_maps(), MAP_TRUSTED, &peer, &row), 0);
	cr_expect_eq(row.called_s, rig_now() / TRUST_CALLED_NS, "a new row");
}

/* ---- calls ---- */

static const struct {
	const char *name;
	const char *text;
	enum traffic_class class;
	bool of_it;
} in_dialog[] = {
	{ "ACK", REQUEST_OF("ACK", CALL), CLASS_ACK, true },
	{ "ACK with a tag", IN_DIALOG("ACK", CALL), CLASS_ACK, true },
	{ "CANCEL", REQUEST_OF("CANCEL", CALL), CLASS_CANCEL, true },
	{ "BYE", IN_DIALOG("BYE", CALL), CLASS_BYE, true },
	{ "re-INVITE", IN_DIALOG("INVITE", CALL), CLASS_INVITE, true },
	{ "UPDATE", IN_DIALOG("UPDATE", CALL), CLASS_UPDATE, true },
	{ "PRACK", IN_DIALOG("PRACK", CALL), CLASS_PRACK, true },
	{ "INFO", IN_DIALOG("INFO", CALL), CLASS_INFO, true },
	{ "a response", RESPONSE_OF("200 OK", "BYE", CALL), CLASS_2XX, true },
	{ "an INVITE without a tag", REQUEST_OF("INVITE", CALL), CLASS_INVITE, false },
	{ "OPTIONS without a tag", REQUEST_OF("OPTIONS", CALL), CLASS_OPTIONS, false },
	{ "BYE of another call", IN_DIALOG("BYE", "call-2@example.org"), CLASS_BYE, false },
	{ "BYE of a Call-ID that begins alike", IN_DIALOG("BYE", CALL "x"), CLASS_BYE, false },
	{ "BYE of a Call-ID in another case", IN_DIALOG("BYE", "Call-1@example.org"), CLASS_BYE,
	  false },
};

static void expect_dialog(bool known, enum reason otherwise)
{
	for (size_t i = 0; i < COUNT(in_dialog); i++)
		expect(in_dialog[i].name, in_dialog[i].text, in_dialog[i].class,
		       known && in_dialog[i].of_it ? PASS_DIALOG : otherwise);
}

static void calls_that_come_in(void)
{
	struct frame_spec other = from_peer(IN_DIALOG("BYE", CALL));

	expect_dialog(false, PASS_UNKNOWN);
	reply(RESPONSE_OF("100 Trying", "INVITE", CALL));
	expect_dialog(false, PASS_UNKNOWN);
	reply(RESPONSE_OF("404 Not Found", "INVITE", CALL));
	expect_dialog(false, PASS_UNKNOWN);
	reply(RESPONSE_OF("183 Session Progress", "INVITE", CALL));
	expect_dialog(true, PASS_UNKNOWN);
	reply(RESPONSE_OF("200 OK", "INVITE", CALL));
	expect_dialog(true, PASS_TRUSTED);
	/* a call may move: its messages are its own wherever they come from */
	other.from = "198.51.100.77";
	rig_expect_reason("from elsewhere", &other, CLASS_BYE, PASS_DIALOG);
	/* but not to another service */
	other.dport = 5070;
	rig_expect("to another service", &other,
		   &(struct rig_want){ .service = run_service(rig_run(), 1),
				       .class = CLASS_BYE,
				       .reason = PASS_UNKNOWN });
	rig_wait(10 * MINUTE);
	expect_dialog(true, PASS_TRUSTED);
	rig_wait(10 * MINUTE + 1);
	expect_dialog(false, PASS_TRUSTED);
}

static int only_dialog(const void *key, const void *value, void *ctx)
{
	(void)key;
	*(struct dialog *)ctx = *(const struct dialog *)value;
	return 0;
}

static struct dialog the_dialog(void)
{
	struct dialog found = { .state = 99 };
	__u64 count = 0;

	cr_assert_eq(maps_count(rig_maps(), MAP_DIALOGS, &count), 0);
	cr_assert_eq(count, 1, "%llu dialogs", (unsigned long long)count);
	cr_assert_eq(maps_walk(rig_maps(), MAP_DIALOGS, only_dialog, &found), 0);
	return found;
}

static void states_of_a_call(void)
{
	struct sipxdp_peer peer = the_peer();
	struct dialog d;

	reply(RESPONSE_OF("180 Ringing", "INVITE", CALL));
	d = the_dialog();
	cr_expect_eq(d.state, DIALOG_EARLY);
	cr_expect_eq(d.service, 0);
	cr_expect_eq(d.from_server, 0);
	cr_expect_eq(d.created_ns, rig_now());
	cr_expect(!memcmp(&d.peer, &peer, sizeof(peer)));
	reply(RESPONSE_OF("200 OK", "INVITE", CALL));
	cr_expect_eq(the_dialog().state, DIALOG_CONFIRMED);
	reply(RESPONSE_OF("180 Ringing", "INVITE", CALL));
	cr_expect_eq(the_dialog().state, DIALOG_CONFIRMED, "a late 180 changes nothing");
	expect("CANCEL, too late", REQUEST_OF("CANCEL", CALL), CLASS_CANCEL, PASS_DIALOG);
	cr_expect_eq(the_dialog().acknowledged, 0);
	rig_wait(SECOND);
	expect("ACK", IN_DIALOG("ACK", CALL), CLASS_ACK, PASS_DIALOG);
	d = the_dialog();
	cr_expect_eq(d.acknowledged, 1);
	cr_expect_eq(d.packets, 2);
	cr_expect_eq(d.last_seen_ns, rig_now());
	reply(RESPONSE_OF("200 OK", "BYE", CALL));
	cr_expect_eq(the_dialog().state, DIALOG_TERMINATED);
	expect("a BYE again", IN_DIALOG("BYE", CALL), CLASS_BYE, PASS_DIALOG);
}

/* What was kept up on its way does not begin anew what has stood and ended. */
static void calls_that_are_over_stay_over(void)
{
	static const char *const late[] = {
		RESPONSE_OF("180 Ringing", "INVITE", CALL),
		RESPONSE_OF("200 OK", "INVITE", CALL),
		REQUEST_OF("INVITE", CALL),
	};

	reply(RESPONSE_OF("200 OK", "INVITE", CALL));
	expect("ACK", IN_DIALOG("ACK", CALL), CLASS_ACK, PASS_DIALOG);
	reply(RESPONSE_OF("200 OK", "BYE", CALL));
	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
		reply(late[i]);
		cr_expect_eq(the_dialog().state, DIALOG_TERMINATED, "%s", late[i]);
		expect("200", RESPONSE_OF("200 OK", "INVITE", CALL), CLASS_2XX, PASS_DIALOG);
		expect("ACK", IN_DIALOG("ACK", CALL), CLASS_ACK, PASS_DIALOG);
		cr_expect_eq(the_dialog().state, DIALOG_TERMINATED, "%s, taken up", late[i]);
	}
	/* one that nobody took up may be answered once more */
	rig_clear();
	reply(RESPONSE_OF("200 OK", "INVITE", CALL));
	reply(RESPONSE_OF("200 OK", "BYE", CALL));
	reply(RESPONSE_OF("200 OK", "INVITE", CALL));
	cr_expect_eq(the_dialog().state, DIALOG_CONFIRMED);
}

/* The server calls; who answers from where it was called, with its Call-ID, is real. */
static void calls_that_go_out(void)
{
	struct frame_spec elsewhere = from_peer(RESPONSE_OF("200 OK", "INVITE", CALL));
	struct sipxdp_peer peer = the_peer();
	struct provisional row;

	expect("nobody asked", RESPONSE_OF("200 OK", "INVITE", CALL), CLASS_2XX, PASS_UNKNOWN);
	reply(REQUEST_OF("INVITE", CALL));
	cr_expect_eq(the_dialog().from_server, 1);
	cr_assert_eq(maps_get(rig_maps(), MAP_PROVISIONAL, &peer, &row), 0);
	cr_expect_eq(row.proven, 0);
	elsewhere.sport++;
	rig_expect_reason("from another port", &elsewhere, CLASS_2XX, PASS_DIALOG);
	elsewhere.sport--;
	elsewhere.from = "203.0.113.6";
	rig_expect_reason("from another address", &elsewhere, CLASS_2XX, PASS_DIALOG);
	expect("with another Call-ID", RESPONSE_OF("200 OK", "INVITE", "2"), CLASS_2XX,
	       PASS_PROVISIONAL);
	expect("100", RESPONSE_OF("100 Trying", "INVITE", CALL), CLASS_1XX, PASS_DIALOG);
	expect("486", RESPONSE_OF("486 Busy Here", "INVITE", CALL), CLASS_4XX, PASS_DIALOG);
	cr_assert_eq(maps_get(rig_maps(), MAP_PROVISIONAL, &peer, &row), 0);
	cr_expect_eq(row.proven, 0, "nothing of that is a proof");
	cr_expect_neq(maps_get(rig_maps(), MAP_TRUSTED, &peer, &(struct trusted){ .packets = 0 }),
		      0);
	expect("180", RESPONSE_OF("180 Ringing", "INVITE", CALL), CLASS_1XX, PASS_DIALOG);
	cr_assert_eq(maps_get(rig_maps(), MAP_PROVISIONAL, &peer, &row), 0);
	cr_expect_eq(row.proven, 1);
	reply(REQUEST_OF("INVITE", CALL)); /* again, as if the 486 had been about credentials */
	cr_expect_eq(the_dialog().state, DIALOG_EARLY);
	expect("200", RESPONSE_OF("200 OK", "INVITE", CALL), CLASS_2XX, PASS_DIALOG);
	cr_expect_eq(the_dialog().state, DIALOG_CONFIRMED);
	expect("its next call", REQUEST_OF("INVITE", "3"), CLASS_INVITE, PASS_TRUSTED);
}

static void fork_to(__u16 port)
{
	rig_reply(&(struct frame_spec){
		.from = SERVER, .to = PEER, .dport = port, .text = REQUEST_OF("INVITE", CALL) });
}

static enum dialog_state fork_says(__u16 port, const char *text)
{
	struct frame_spec spec = { .from = PEER, .sport = port, .text = text };

	rig_sends(&spec);
	return the_dialog().state;
}

/* A call that goes out to several at once is not over when one of them declines, and stands when any of
 * them takes it; one that goes to them in turn is over with each. */
static void calls_that_fork(void)
{
	static const char ok[] = RESPONSE_OF("200 OK", "INVITE", CALL),
			  busy[] = RESPONSE_OF("486 Busy Here", "INVITE", CALL);
	struct sipxdp_peer peer = the_peer();

	fork_to(PEER_PORT);
	fork_to(PEER_PORT + 1);
	cr_expect_eq(fork_says(PEER_PORT + 1, busy), DIALOG_EARLY, "the last one declines");
	cr_expect_eq(fork_says(PEER_PORT, ok), DIALOG_CONFIRMED, "the first one takes it");
	cr_expect_neq(maps_get(rig_maps(), MAP_TRUSTED, &peer, &(struct trusted){ .packets = 0 }),
		      0, "only who was asked last is known to be real");
	rig_clear();
	fork_to(PEER_PORT);
	fork_to(PEER_PORT); /* sent again */
	cr_expect_eq(fork_says(PEER_PORT, busy), DIALOG_TERMINATED, "one alone");
	fork_to(PEER_PORT + 1);
	cr_expect_eq(the_dialog().state, DIALOG_EARLY);
	cr_expect_eq(fork_says(PEER_PORT + 1, busy), DIALOG_TERMINATED, "the next one");
}

/* The budget of all unknown sources is spent: a request within a call is heard all the same, also from
 * another port of an address that somebody is known at; a new one from there is not. */
static void calls_go_on_when_unknown_sources_are_over_theirs(void)
{
	static const char attacked[] = RIG_PROXY
		"    limits:\n" RIG_PER_SOURCE_OFF RIG_PER_PREFIX_OFF
		"      unknown: {invite: 1/s, register: off, options: 1/s, other: off,"
		" malformed: off, emergency: off}\n" RIG_TOTAL_OFF RIG_PEERS_OFF RIG_OTHERS_OFF;
	struct frame_spec spec = from_peer(REQUEST_OF("INVITE", "of another call"));

	rig_reload(attacked);
	reply(RESPONSE_OF("200 OK", "INVITE", CALL));
	for (int i = 0; i < 20; i++) {
		struct frame_spec flood = { .from = "198.51.100.9" };

		flood.text = i % 2 ? REQUEST("INVITE") : REQUEST("OPTIONS");
		rig_sends(&flood);
	}
	spec.sport++;
	rig_expect_reason("a new call from another port", &spec, CLASS_INVITE, DROP_UNKNOWN_LIMIT);
	spec.text = IN_DIALOG("INVITE", CALL);
	rig_expect_reason("a re-INVITE from there", &spec, CLASS_INVITE, PASS_DIALOG);
	spec.text = IN_DIALOG("OPTIONS", CALL);
	rig_expect_reason("OPTIONS in the call", &spec, CLASS_OPTIONS, PASS_DIALOG);
	spec.from = "203.0.113.99";
	spec.text = IN_DIALOG("INVITE", CALL);
	rig_expect_reason("from where nobody is known", &spec, CLASS_INVITE, DROP_UNKNOWN_LIMIT);
}

/* The daemon cannot read what is malformed, so that its ban would never come: a challenge gives nothing
 * for it. */
static void a_challenge_gives_no_budget_for_what_is_malformed(void)
{
	static const char limited[] = RIG_PROXY
		"    limits:\n" RIG_PER_PREFIX_OFF RIG_TOTAL_OFF
		"      per_source: {invite: off, register: off, options: off, other: off,"
		" malformed: 2/s}\n"
		"      unknown: {invite: off, register: off, options: off, other: off, malformed: "
		"off,"
		" emergency: off}\n      provisional: 100/s\n";
	static const char two_lengths[] = REQUEST_WITH("REGISTER", "sip:x", "guess", "",
						       "Content-Length: 0\r\n");

	rig_reload(limited);
	reply(RESPONSE("401 Unauthorized", "REGISTER"));
	for (int i = 0; i < 5; i++)
		expect("well-formed", REQUEST("REGISTER"), CLASS_REGISTER, PASS_PROVISIONAL);
	for (int i = 0; i < 5; i++)
		expect("malformed", two_lengths, CLASS_REGISTER,
		       i < 2 ? PASS_MALFORMED : DROP_GARBAGE_LIMIT);
}

/* A carrier answers the server's OPTIONS, a registrar its REGISTER, while strangers flood. */
static void who_is_asked_may_answer_when_unknown_sources_are_over_theirs(void)
{
	static const char attacked[] = RIG_PROXY
		"    limits:\n" RIG_PER_SOURCE_OFF RIG_PER_PREFIX_OFF
		"      unknown: {invite: off, register: off, options: off, other: 1/s,"
		" malformed: off, emergency: off}\n" RIG_TOTAL_OFF RIG_PEERS_OFF RIG_OTHERS_OFF;
	static const char *const methods[] = { "OPTIONS", "REGISTER", "SUBSCRIBE" };
	__u64 rows = 0;

	for (size_t i = 0; i < COUNT(methods); i++) {
		char request[1024], answer[1024];
		struct frame_spec flood = { .from = "198.51.100.9",
					    .text = RESPONSE("200 OK", "OPTIONS") };

		snprintf(request, sizeof(request),
			 "%s sip:x SIP/2.0\r\n" HEADERS("%s", "1", "") LAST_HEADER, methods[i],
			 methods[i]);
		snprintf(answer, sizeof(answer),
			 "SIP/2.0 200 OK\r\n" HEADERS("%s", "1", "") LAST_HEADER, methods[i]);
		rig_clear();
		rig_reload(attacked);
		for (int n = 0; n < 20; n++)
			rig_sends(&flood);
		expect("nobody asked", answer, CLASS_2XX, DROP_UNKNOWN_LIMIT);
		reply(request);
		expect(methods[i], answer, CLASS_2XX, PASS_DIALOG);
		expect("a request", REQUEST("BYE"), CLASS_BYE, DROP_UNKNOWN_LIMIT);
	}
	/* whoever is trusted already needs no row for it */
	rig_clear();
	reply(RESPONSE("200 OK", "REGISTER"));
	reply(REQUEST("OPTIONS"));
	cr_assert_eq(maps_count(rig_maps(), MAP_DIALOGS, &rows), 0);
	cr_expect_eq(rows, 0);
	/* what is asked within a call leaves it as it is */
	rig_clear();
	reply(RESPONSE_OF("180 Ringing", "INVITE", CALL));
	reply(IN_DIALOG("OPTIONS", CALL));
	cr_expect_eq(the_dialog().state, DIALOG_EARLY);
	/* and what was asked may become one */
	rig_clear();
	reply(REQUEST_OF("OPTIONS", CALL));
	cr_expect_eq(the_dialog().state, DIALOG_TERMINATED);
	reply(RESPONSE_OF("200 OK", "INVITE", CALL));
	cr_expect_eq(the_dialog().state, DIALOG_CONFIRMED);
}

/* An INVITE that is refused is a call no more; its ACK is known for a while. */
static void calls_that_fail(void)
{
	reply(RESPONSE_OF("180 Ringing", "INVITE", CALL));
	reply(RESPONSE_OF("486 Busy Here", "INVITE", CALL));
	cr_expect_eq(the_dialog().state, DIALOG_TERMINATED);
	expect("ACK", REQUEST_OF("ACK", CALL), CLASS_ACK, PASS_DIALOG);
	cr_expect_eq(the_dialog().acknowledged, 0, "that of a refusal is none of a call");
	/* not so one that stands */
	reply(RESPONSE_OF("200 OK", "INVITE", CALL));
	reply(RESPONSE_OF("491 Request Pending", "INVITE", CALL));
	reply(RESPONSE_OF("401 Unauthorized", "BYE", CALL));
	reply(RESPONSE_OF("481 Call Does Not Exist", "BYE", CALL));
	cr_expect_eq(the_dialog().state, DIALOG_CONFIRMED);
	/* nor for what comes from outside, as long as nobody asked for it */
	expect("200 to BYE", RESPONSE_OF("200 OK", "BYE", CALL), CLASS_2XX, PASS_DIALOG);
	expect("486", RESPONSE_OF("486 Busy Here", "INVITE", CALL), CLASS_4XX, PASS_DIALOG);
	cr_expect_eq(the_dialog().state, DIALOG_CONFIRMED);
	rig_wait(MINUTE);
	reply(IN_DIALOG("BYE", CALL));
	cr_expect_eq(the_dialog().state, DIALOG_CONFIRMED);
	cr_expect_eq(the_dialog().hangs_up, 1);
	cr_expect_eq(the_dialog().last_seen_ns, rig_now(), "it has its time from the BYE on");
	expect("the same", RESPONSE_OF("200 OK", "BYE", CALL), CLASS_2XX, PASS_DIALOG);
	cr_expect_eq(the_dialog().state, DIALOG_TERMINATED);
	/* and a late copy changes nothing */
	reply(REQUEST_OF("INVITE", CALL));
	cr_expect_eq(the_dialog().state, DIALOG_TERMINATED);
}

static const struct rig_case cases[] = {
	RIG_CASE(calls_go_on_when_unknown_sources_are_over_theirs),
	RIG_CASE(a_challenge_gives_no_budget_for_what_is_malformed),
	RIG_CASE(who_is_asked_may_answer_when_unknown_sources_are_over_theirs),
	RIG_CASE(what_the_server_says_is_learned),
	RIG_CASE(nobody_else_teaches),
	RIG_CASE(frames_of_the_server),
	RIG_CASE(it_ends_in_time),
	RIG_CASE(a_longer_time_stays),
	RIG_CASE(the_last_call_is_remembered),
	RIG_CASE(calls_that_come_in),
	RIG_CASE(states_of_a_call),
	RIG_CASE(calls_that_are_over_stay_over),
	RIG_CASE(calls_that_go_out),
	RIG_CASE(calls_that_fork),
	RIG_CASE(calls_that_fail),
};

Test(trust, cases)
{
	rig_run_cases(yaml, cases, COUNT(cases));
}
