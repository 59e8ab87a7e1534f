// SPDX-License-Identifier: GPL-2.0-only
/* Which backend gets a message: by the table, by what was placed before, by the call it belongs to;
 * what a backend that drains, is down or comes back changes; and what is done when there is none. */
#include "through.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>

#define BALANCE(more)                                                                              \
	THROUGH_PROXY4 RIG_UNLIMITED                                                               \
		"    balance:\n      forward: nat\n      register_key: call-id\n" more             \
		"      backends:\n" THROUGH_BACKENDS4

#define A "10.0.0.11"
#define B "10.0.0.12"
#define C "10.0.0.13"

static void setup(void)
{
	links_open();
}

TestSuite(balance, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

/* Where a message from a client goes: "10.0.0.11"; "" if it is dropped. */
static const char *place(const char *text)
{
	static struct through out;

	through(&(struct frame_spec){ .text = text, .sums = true }, &out);
	if (out.action == XDP_DROP)
		return "";
	cr_expect_eq(out.action, XDP_REDIRECT, "XDP action %u", out.action);
	return out.seen.to;
}

static void answer(const char *from, const char *text)
{
	static struct through out;
	struct frame_spec spec = { .from = from, .to = "198.51.100.1", .text = text, .sums = true };

	if (!strcmp(from, C))
		spec.sport = 5062;
	through(&spec, &out);
	cr_expect_eq(out.action, XDP_REDIRECT, "an answer: XDP action %u", out.action);
	cr_expect_str_eq(out.seen.from, "192.0.2.10");
}

static char message[1024];

static const char *request(const char *method, unsigned int call, bool in_dialog)
{
	char call_id[32];

	snprintf(call_id, sizeof(call_id), "call-%u@x", call);
	snprintf(message, sizeof(message),
		 "%s sip:bob@192.0.2.10 SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=1\r\n"
		 "To: <sip:b@x>%s\r\nCall-ID: %s\r\nCSeq: 1 %s\r\n\r\n",
		 method, in_dialog ? ";tag=2" : "", call_id, method);
	return message;
}

static const char *response(const char *status, const char *method, unsigned int call)
{
	snprintf(message, sizeof(message),
		 "SIP/2.0 %s\r\n"
		 "Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=1\r\n"
		 "To: <sip:b@x>;tag=2\r\nCall-ID: call-%u@x\r\nCSeq: 1 %s\r\n\r\n",
		 status, call, method);
	return message;
}

static void set_state(const char *address, enum backend_state state)
{
	through_backend(address)->state = state;
}

/* A call that the table gives to `address`, from `*call` on. */
static const char *find(const char *address, unsigned int *call)
{
	for (;; ++*call) {
		const char *at = place(request("INVITE", *call, false));

		if (!strcmp(at, address))
			return at;
	}
}

/* ---- the table ---- */

Test(balance, shares_and_the_same_way_again)
{
	unsigned int share[3] = { 0 };
	static char first[3000][16];

	rig_open(BALANCE(""));
	for (unsigned int i = 0; i < COUNT(first); i++) {
		snprintf(first[i], sizeof(first[i]), "%s", place(request("INVITE", i, false)));
		share[atoi(first[i] + strlen("10.0.0.")) - 11]++;
	}
	for (unsigned int i = 0; i < 3; i++)
		cr_expect(share[i] > 900 && share[i] < 1100, "backend %u: %u of 3000", i, share[i]);
	/* all of a Call-ID, also where nothing is remembered of it: another balancer does the same */
	rig_clear();
	for (unsigned int i = 0; i < COUNT(first); i++) {
		const char *text = i % 3 == 0	? request("BYE", i, true)
				   : i % 3 == 1 ? request("CANCEL", i, false)
						: response("200 OK", "OPTIONS", i);

		cr_assert_str_eq(place(text), first[i], "call %u", i);
	}
}

/* ---- what was placed ---- */

static void placed_stays(const char *name, enum backend_state state, bool stays)
{
	unsigned int call = 0;

	rig_clear();
	rig_wait(HOUR);
	find(B, &call);
	set_state(B, state);
	cr_expect_eq(!strcmp(place(request("INVITE", call, false)), B), stays, "%s: INVITE again",
		     name);
	cr_expect_eq(!strcmp(place(request("CANCEL", call, false)), B), stays, "%s: CANCEL", name);
	cr_expect_eq(!strcmp(place(request("ACK", call, false)), B), stays, "%s: ACK", name);
	for (unsigned int i = 1000; i < 1100; i++)
		cr_expect_neq(!strcmp(place(request("INVITE", i, false)), B), true,
			      "%s: a new call", name);
	set_state(B, BACKEND_UP);
}

Test(balance, placed_before_it_is_answered)
{
	unsigned int call = 0;
	const char *other;
	char moved[16];

	rig_open(BALANCE(""));
	placed_stays("drain", BACKEND_DRAIN, true);
	placed_stays("down", BACKEND_DOWN, false);
	/* placed elsewhere while it was down: stays there when it is back */
	rig_clear();
	find(B, &call);
	set_state(B, BACKEND_DOWN);
	other = place(request("INVITE", call, false));
	snprintf(moved, sizeof(moved), "%s", other);
	cr_expect_str_neq(moved, B);
	set_state(B, BACKEND_UP);
	cr_expect_str_eq(place(request("CANCEL", call, false)), moved, "CANCEL");
	/* a Call-ID that is used again much later is placed anew, but for what belongs to it */
	rig_wait(6 * MINUTE);
	cr_expect_str_eq(place(request("BYE", call, true)), moved, "BYE");
	cr_expect_str_eq(place(request("REGISTER", call, false)), B, "REGISTER much later");
}

/* What registers again, or asks again, finds the pool as it is by then; a call that rings does not move. */
Test(balance, placed_for_as_long_as_it_is_sent_again)
{
	static const struct {
		const char *method;
		__u64 wait;
		bool stays;
	} rows[] = {
		{ "REGISTER", 33 * SECOND, true }, { "REGISTER", 41 * SECOND, false },
		{ "OPTIONS", 41 * SECOND, false }, { "INVITE", 41 * SECOND, true },
		{ "INVITE", 4 * MINUTE, true },	   { "INVITE", 6 * MINUTE, false },
	};
	unsigned int call = 0;

	rig_open(BALANCE(""));
	for (size_t i = 0; i < COUNT(rows); i++) {
		rig_clear();
		find(B, &call);
		rig_clear();
		cr_expect_str_eq(place(request(rows[i].method, call, false)), B);
		set_state(B, BACKEND_DRAIN);
		rig_wait(rows[i].wait);
		cr_expect_eq(!strcmp(place(request(rows[i].method, call, false)), B), rows[i].stays,
			     "row %zu: %s", i, rows[i].method);
		set_state(B, BACKEND_UP);
	}
}

/* ---- a backend as a client ---- */

static int keep_key(const void *key, const void *value, void *ctx)
{
	(void)value;
	*(struct dialog_key *)ctx = *(const struct dialog_key *)key;
	return 1;
}

/* Where a request of a backend to the service's address goes. */
static const char *place_of_backend(const char *from, const char *text)
{
	static struct through out;
	struct frame_spec spec = { .from = from, .sport = 40000, .text = text, .sums = true };

	through(&spec, &out);
	return out.action == XDP_REDIRECT ? out.seen.to : "";
}

Test(balance, a_backend_does_not_get_what_it_sends)
{
	unsigned int call = 0;
	struct dialog_key key;
	struct dialog d;
	char to[48];

	rig_open(BALANCE(""));
	for (unsigned int i = 0; i < 50; i++)
		cr_expect_str_neq(place_of_backend(B, request("INVITE", i, false)), B);
	/* a call of its own that comes by once more, by way of the service's address */
	rig_clear();
	find(B, &call);
	answer(B, response("200 OK", "INVITE", call));
	snprintf(to, sizeof(to), "%s", place_of_backend(B, request("INVITE", call, false)));
	cr_expect_str_neq(to, B);
	cr_expect_str_neq(to, "");
	cr_expect_str_eq(place_of_backend(B, request("BYE", call, true)), to);
	cr_expect_str_eq(place_of_backend(C, request("BYE", call, true)), B);
	cr_expect_str_eq(place(request("BYE", call, true)), B, "the call stays where it was");
	cr_assert_neq(maps_walk(rig_maps(), MAP_DIALOGS, keep_key, &key), 0);
	cr_assert_eq(maps_get(rig_maps(), MAP_DIALOGS, &key, &d), 0);
	cr_expect_eq(d.backend, through_place(B));
	/* nobody else is there */
	set_state(A, BACKEND_DOWN);
	set_state(C, BACKEND_DOWN);
	cr_expect_str_eq(place_of_backend(B, request("INVITE", call + 1, false)), "");
}

/* A carrier answers a backend's OPTIONS, a phone its NOTIFY, while strangers flood. */
Test(balance, who_a_backend_asks_may_answer_in_a_flood)
{
	static const char attacked[] = THROUGH_PROXY4
		"    limits:\n" RIG_PER_SOURCE_OFF RIG_PER_PREFIX_OFF
		"      unknown: {invite: off, register: off, options: off, other: 1/s,"
		" malformed: off, emergency: off}\n" RIG_TOTAL_OFF RIG_PEERS_OFF RIG_OTHERS_OFF
		"    balance:\n      forward: nat\n      backends:\n" THROUGH_BACKENDS4;
	static const char *const methods[] = { "OPTIONS", "NOTIFY", "MESSAGE" };
	struct frame_spec flood = { .from = "198.51.100.9", .sums = true };
	static struct through out;

	rig_open(attacked);
	for (unsigned int i = 0; i < COUNT(methods); i++) {
		flood.text = response("200 OK", "OPTIONS", 99);
		for (unsigned int n = 0; n < 20; n++)
			through(&flood, &out);
		cr_expect_str_eq(place(response("200 OK", methods[i], i)), "", "nobody asked");
		answer(B, request(methods[i], i, false));
		cr_expect_str_eq(place(response("200 OK", methods[i], i)), B, "%s", methods[i]);
		cr_expect_eq(through_backend(B)->calls, 0, "it is no call");
	}
}

/* ---- a client of two families ---- */

static const char both_families[] =
	THROUGH_PROXY("\"udp:192.0.2.10:5060\", \"udp:[2001:db8::10]:5060\"") RIG_UNLIMITED
	"    balance:\n      forward: nat\n      backends:\n" THROUGH_BACKENDS4
	"        - {name: d, address: \"[fd00::11]:5060\"}\n"
	"        - {name: e, address: \"[fd00::12]:5060\"}\n";

static const char *place6(const char *text)
{
	static struct through out;
	struct frame_spec spec = { .from = "2001:db8:1::1", .text = text, .sums = true };

	through(&spec, &out);
	return out.action == XDP_REDIRECT ? out.seen.to : "";
}

/* What cannot be sent to the backend of a Call-ID as it is goes to one that it can be sent to. */
Test(balance, a_client_that_changes_its_family)
{
	unsigned int call = 0;
	char to[48];

	rig_open(both_families);
	find(B, &call);
	snprintf(to, sizeof(to), "%s", place6(request("INVITE", call, false)));
	cr_expect(!strncmp(to, "fd00::", 6), "tried again over IPv6: to %s", to);
	cr_expect_str_eq(place6(request("CANCEL", call, false)), to);
	cr_expect_str_eq(place(request("CANCEL", call, false)), B);
	answer(B, response("200 OK", "INVITE", call));
	cr_expect_str_eq(place6(request("BYE", call, true)), to, "within a call");
	cr_expect_str_eq(place(request("BYE", call, true)), B, "the call stays where it was");
}

/* ---- calls ---- */

Test(balance, pinned_calls)
{
	unsigned int call = 0;
	struct dialog_key key;
	struct dialog d;
	char moved[16];

	rig_open(BALANCE(""));
	find(B, &call);
	cr_expect_eq(through_backend(B)->calls, 0);
	answer(B, response("180 Ringing", "INVITE", call));
	cr_expect_eq(through_backend(B)->calls, 1);
	answer(B, response("200 OK", "INVITE", call));
	cr_expect_eq(through_backend(B)->calls, 1, "counted once");
	cr_assert_neq(maps_walk(rig_maps(), MAP_DIALOGS, keep_key, &key), 0);
	cr_assert_eq(maps_get(rig_maps(), MAP_DIALOGS, &key, &d), 0);
	cr_expect_eq(d.backend, through_place(B));
	cr_expect_eq(d.state, DIALOG_CONFIRMED);
	cr_expect_eq(d.vip.port, htons(5060));
	/* the table may be another one, and hours may pass */
	cr_assert_eq(maps_clear(rig_maps(), MAP_PLACEMENTS), 0);
	cr_assert_eq(maps_clear(rig_maps(), MAP_MAGLEV), 0);
	set_state(B, BACKEND_DRAIN);
	rig_wait(3 * HOUR);
	cr_expect_str_eq(place(request("ACK", call, true)), B);
	cr_expect_str_eq(place(request("INVITE", call, true)), B);
	cr_expect_str_eq(place(response("200 OK", "UPDATE", call)), B);
	cr_expect_str_eq(place(request("BYE", call, true)), B);
	cr_expect_str_eq(place(request("INVITE", 9999, false)), "", "nothing new");
	rig_reload(BALANCE(""));
	/* its backend dies: another one, and all of the call there */
	set_state(B, BACKEND_DOWN);
	snprintf(moved, sizeof(moved), "%s", place(request("INVITE", call, true)));
	cr_expect_str_neq(moved, B);
	cr_expect_str_neq(moved, "");
	cr_assert_eq(maps_get(rig_maps(), MAP_DIALOGS, &key, &d), 0);
	cr_expect_eq(d.backend, through_place(moved));
	cr_expect_eq(through_backend(moved)->calls, 1);
	set_state(B, BACKEND_UP);
	cr_expect_str_eq(place(request("BYE", call, true)), moved);
	/* an answer of the one that had it is let through, and moves nothing */
	answer(B, response("200 OK", "INVITE", call));
	cr_expect_str_eq(place(request("ACK", call, true)), moved);
}

#define STEPS 8

/* Who sends what, and the calls that its backend has by then. A step without `status` is a request. */
static const struct {
	const char *name;
	struct {
		enum { NOBODY, CALLER, SERVER } who;
		const char *status, *method;
		int calls;
	} step[STEPS];
} counted_calls[] = {
	{ "hung up by the caller",
	  { { CALLER, NULL, "INVITE", 0 },
	    { SERVER, "100 Trying", "INVITE", 0 },
	    { SERVER, "180 Ringing", "INVITE", 1 },
	    { SERVER, "200 OK", "INVITE", 1 },
	    { CALLER, NULL, "BYE", 1 },
	    { SERVER, "200 OK", "BYE", 0 },
	    { SERVER, "200 OK", "BYE", 0 } } },
	{ "hung up by the backend",
	  { { CALLER, NULL, "INVITE", 0 },
	    { SERVER, "200 OK", "INVITE", 1 },
	    { SERVER, NULL, "BYE", 1 },
	    { CALLER, "200 OK", "BYE", 0 },
	    { CALLER, "200 OK", "BYE", 0 } } },
	{ "refused",
	  { { CALLER, NULL, "INVITE", 0 },
	    { SERVER, "180 Ringing", "INVITE", 1 },
	    { SERVER, "486 Busy Here", "INVITE", 0 },
	    { CALLER, NULL, "ACK", 0 } } },
	{ "refused at once",
	  { { CALLER, NULL, "INVITE", 0 }, { SERVER, "403 Forbidden", "INVITE", 0 } } },
	{ "cancelled",
	  { { CALLER, NULL, "INVITE", 0 },
	    { SERVER, "183 Session Progress", "INVITE", 1 },
	    { CALLER, NULL, "CANCEL", 1 },
	    { SERVER, "200 OK", "CANCEL", 1 },
	    { SERVER, "487 Request Terminated", "INVITE", 0 } } },
	{ "what is refused within a call",
	  { { CALLER, NULL, "INVITE", 0 },
	    { SERVER, "200 OK", "INVITE", 1 },
	    { SERVER, "491 Request Pending", "INVITE", 1 },
	    { SERVER, "481 Call Does Not Exist", "BYE", 1 },
	    { CALLER, "200 OK", "BYE", 1 },
	    { CALLER, "486 Busy Here", "INVITE", 1 } } },
	{ "started by the backend",
	  { { SERVER, NULL, "INVITE", 1 },
	    { CALLER, "180 Ringing", "INVITE", 1 },
	    { CALLER, "200 OK", "INVITE", 1 },
	    { CALLER, "491 Request Pending", "INVITE", 1 },
	    { CALLER, NULL, "BYE", 1 },
	    { SERVER, "200 OK", "BYE", 0 } } },
	{ "started by the backend, challenged, and refused",
	  { { SERVER, NULL, "INVITE", 1 },
	    { CALLER, "407 Proxy Authentication Required", "INVITE", 0 },
	    { SERVER, NULL, "INVITE", 1 },
	    { CALLER, "603 Decline", "INVITE", 0 } } },
	{ "by a proxy, of whose branches one fails",
	  { { CALLER, NULL, "INVITE", 0 },
	    { SERVER, "180 Ringing", "INVITE", 1 },
	    { SERVER, NULL, "INVITE", 1 },
	    { CALLER, "486 Busy Here", "INVITE", 1 },
	    { SERVER, "200 OK", "INVITE", 1 } } },
};

Test(balance, calls_are_counted_while_they_last)
{
	unsigned int call = 0;

	rig_open(BALANCE(""));
	for (size_t i = 0; i < COUNT(counted_calls); i++) {
		const char *name = counted_calls[i].name;
		const __s64 before = through_backend(B)->calls;

		call++;
		find(B, &call);
		for (size_t n = 0; n < STEPS && counted_calls[i].step[n].who; n++) {
			const char *status = counted_calls[i].step[n].status;
			const char *method = counted_calls[i].step[n].method;
			const char *text = status ? response(status, method, call)
						  : request(method, call, n > 0);

			if (counted_calls[i].step[n].who == CALLER)
				cr_expect_str_eq(place(text), B, "%s: step %zu", name, n);
			else
				answer(B, text);
			cr_expect_eq(through_backend(B)->calls - before,
				     counted_calls[i].step[n].calls, "%s: step %zu: %lld", name, n,
				     (long long)(through_backend(B)->calls - before));
		}
	}
	cr_expect_eq(through_backend(A)->calls, 0);
	cr_expect_eq(through_backend(C)->calls, 0);
}

/* What is sent again meets the backend of a call that is over. */
Test(balance, a_call_that_is_over_keeps_its_pin)
{
	const char *moved;
	unsigned int call = 0;
	char to[16];

	rig_open(BALANCE(""));
	find(B, &call);
	answer(B, response("200 OK", "INVITE", call));
	answer(B, response("200 OK", "BYE", call));
	cr_assert_eq(maps_clear(rig_maps(), MAP_PLACEMENTS), 0);
	cr_assert_eq(maps_clear(rig_maps(), MAP_MAGLEV), 0);
	rig_wait(30 * SECOND);
	cr_expect_str_eq(place(request("BYE", call, true)), B);
	rig_reload(BALANCE(""));
	/* one that its backend takes with it is not counted at another one */
	set_state(B, BACKEND_DOWN);
	moved = place(request("BYE", call, true));
	snprintf(to, sizeof(to), "%s", moved);
	cr_expect_str_neq(to, B);
	cr_expect_eq(through_backend(to)->calls, 0);
	/* and counts again if it is taken up again */
	answer(to, response("200 OK", "INVITE", call));
	cr_expect_eq(through_backend(to)->calls, 1);
}

/* A backend's own call may be silent for long once it was answered. */
Test(balance, a_call_of_a_backend_stands_when_it_is_answered)
{
	struct dialog_key key;
	struct dialog d;

	rig_open(BALANCE(""));
	answer(A, request("INVITE", 7, false));
	cr_assert_neq(maps_walk(rig_maps(), MAP_DIALOGS, keep_key, &key), 0);
	place(response("180 Ringing", "INVITE", 7));
	cr_assert_eq(maps_get(rig_maps(), MAP_DIALOGS, &key, &d), 0);
	cr_expect_eq(d.state, DIALOG_EARLY);
	place(response("200 OK", "INVITE", 7));
	cr_assert_eq(maps_get(rig_maps(), MAP_DIALOGS, &key, &d), 0);
	cr_expect_eq(d.state, DIALOG_CONFIRMED);
}

/* What a backend starts comes home, whatever the table says. */
Test(balance, started_by_a_backend)
{
	static const char *const methods[] = { "INVITE", "OPTIONS", "NOTIFY", "MESSAGE" };
	static const char *const backends[] = { A, B, C };

	rig_open(BALANCE(""));
	for (unsigned int i = 0; i < 120; i++) {
		const char *method = methods[i % 4], *from = backends[i % 3];

		answer(from, request(method, i, false));
		cr_expect_str_eq(place(response("200 OK", method, i)), from, "%s %u", method, i);
		if (i % 4 == 0)
			cr_expect_str_eq(place(request("BYE", i, true)), from, "BYE %u", i);
	}
	for (unsigned int i = 0; i < 3; i++)
		cr_expect_eq(through_backend(backends[i])->calls, 10);
}

/* Whoever the backend answers is trusted, as on a guard's host. */
Test(balance, answers_teach)
{
	rig_open(BALANCE(""));
	answer(A, response("200 OK", "REGISTER", 1));
	place(request("INVITE", 1, false));
	cr_expect_eq(rig_counted(CLASS_INVITE, PASS_TRUSTED), 1);
}

/* ---- fewest calls ---- */

Test(balance, least_calls)
{
	unsigned int share[3] = { 0 };
	char at[16];

	rig_open(BALANCE("      method: least-calls\n"));
	for (unsigned int i = 0; i < 900; i++) {
		snprintf(at, sizeof(at), "%s", place(request("INVITE", i, false)));
		answer(at, response("200 OK", "INVITE", i));
		share[atoi(at + strlen("10.0.0.")) - 11]++;
	}
	for (unsigned int i = 0; i < 3; i++)
		cr_expect(share[i] > 290 && share[i] < 310, "backend %u: %u of 900", i, share[i]);
	/* one that has many gets fewer: of two that are drawn, the other one */
	through_backend(A)->calls += 1000;
	memset(share, 0, sizeof(share));
	for (unsigned int i = 2000; i < 2900; i++)
		share[atoi(place(request("INVITE", i, false)) + strlen("10.0.0.")) - 11]++;
	cr_expect_lt(share[0], 150, "%u", share[0]);
	/* what it has stays */
	cr_expect_eq(through_backend(B)->calls, share[1] ? through_backend(B)->calls : 0);
}

/* ---- none is up ---- */

static void all_down(void)
{
	set_state(A, BACKEND_DOWN);
	set_state(B, BACKEND_DOWN);
	set_state(C, BACKEND_DOWN);
}

Test(balance, none_dropped)
{
	struct frame_spec spec = { .text = REQUEST("INVITE") };

	rig_open(BALANCE(""));
	all_down();
	through_expect_dropped("drop", &spec, CLASS_INVITE, DROP_NO_BACKEND);
	spec.text = "\r\n\r\n";
	through_expect_dropped("keepalive", &spec, CLASS_CRLF, DROP_NO_BACKEND);
}

Test(balance, none_passed)
{
	static struct through out;
	struct frame_spec spec = { .text = REQUEST("INVITE"), .sums = true };

	rig_open(BALANCE("      on_no_backend: pass\n"));
	all_down();
	through(&spec, &out);
	through_expect_sent("pass", &out, XDP_PASS);
	cr_expect_str_eq(out.seen.to, "192.0.2.10");
	cr_expect_eq(rig_counted(CLASS_INVITE, PASS_UNKNOWN), 1);
}

static void expect_503(const char *name, const struct frame_spec *spec, const char *want)
{
	static struct through out;
	struct frame before;
	struct seen was;

	frame_build(&before, spec);
	seen_frame(&was, before.octets, before.length);
	through_frame(&before, &out);
	through_expect_sent(name, &out, XDP_TX);
	cr_expect(!memcmp(out.seen.dmac, was.smac, 6) && !memcmp(out.seen.smac, was.dmac, 6));
	cr_expect_str_eq(out.seen.from, was.to);
	cr_expect_str_eq(out.seen.to, was.from);
	cr_expect_eq(out.seen.sport, was.dport);
	cr_expect_eq(out.seen.dport, was.sport);
	cr_expect(out.seen.sum && out.seen.sum_ok, "%s: checksum", name);
	cr_expect_eq(out.seen.payload_length, strlen(want), "%s: %zu octets instead of %zu", name,
		     out.seen.payload_length, strlen(want));
	/* the tag is the balancer's own: eight digits */
	for (size_t i = 0; i < strlen(want) && i < out.seen.payload_length; i++)
		cr_assert(want[i] == '#' ? isxdigit(out.seen.payload[i])
					 : want[i] == (char)out.seen.payload[i],
			  "%s: octet %zu: '%.*s'", name, i, 40, out.seen.payload + i);
}

#define HEAD "SIP/2.0 503 Service Unavailable\r\nRetry-After: 5\r\n"
#define VIAS                                                                                       \
	"Via: SIP/2.0/UDP p.example.org;branch=z9hG4bK2, SIP/2.0/UDP q.example.org\r\n"            \
	"v: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK776asdhds\r\n"

static const struct {
	const char *name;
	const char *request;
	const char *response;
} replies[] = {
	{ "INVITE with a body",
	  "INVITE sip:bob@192.0.2.10 SIP/2.0\r\n" VIAS
	  "From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: 1@x\r\nCSeq: 7 INVITE\r\n"
	  "Content-Length: 5\r\n\r\nabcde",
	  HEAD VIAS "From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>;tag=########\r\nCall-ID: 1@x\r\n"
		    "CSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n" },
	{ "in a dialog, Content-Length before To",
	  "INVITE sip:bob@192.0.2.10 SIP/2.0\r\nl: 0012\r\n" VIAS
	  "t: <sip:b@x>;tag=9\r\nf: <sip:a@x>;tag=1\r\ni: 1@x\r\nCSeq: 8 INVITE\r\n\r\n"
	  "abcdefghijkl",
	  HEAD "l: 0000\r\n" VIAS
	       "t: <sip:b@x>;tag=9\r\nf: <sip:a@x>;tag=1\r\ni: 1@x\r\nCSeq: 8 INVITE\r\n\r\n" },
	{ "BYE",
	  "BYE sip:bob@192.0.2.10 SIP/2.0\r\n" VIAS
	  "To: <sip:b@x>;tag=9\r\nFrom: <sip:a@x>;tag=1\r\nCall-ID: 1@x\r\nCSeq: 9 BYE\r\n\r\n",
	  HEAD VIAS "To: <sip:b@x>;tag=9\r\nFrom: <sip:a@x>;tag=1\r\nCall-ID: 1@x\r\n"
		    "CSeq: 9 BYE\r\n\r\n" },
	{ "REGISTER, To folded, without Content-Length",
	  "REGISTER sip:x SIP/2.0\r\n" VIAS
	  "From: <sip:a@x>;tag=1\r\nCall-ID: 1@x\r\nCSeq: 1 REGISTER\r\nTo:\r\n <sip:b@x>\r\n\r\n",
	  HEAD VIAS "From: <sip:a@x>;tag=1\r\nCall-ID: 1@x\r\nCSeq: 1 REGISTER\r\n"
		    "To:\r\n <sip:b@x>;tag=########\r\n\r\n" },
};

static void check_replies(const char *from, const char *to)
{
	for (size_t i = 0; i < COUNT(replies); i++) {
		struct frame_spec spec = { .text = replies[i].request,
					   .from = from,
					   .to = to,
					   .sport = 40000,
					   .sums = true,
					   .vlans = i % 2 };

		expect_503(replies[i].name, &spec, replies[i].response);
	}
}

static void check_replies_budget(void)
{
	struct frame_spec spec = { .text = replies[0].request, .sums = true };

	expect_503("within the budget", &spec, replies[0].response);
	through_expect_dropped("over it", &spec, CLASS_INVITE, DROP_NO_BACKEND);
}

Test(balance, none_replied_503)
{
	static char many[2000];
	struct frame_spec ack = { .text = REQUEST("ACK") };
	struct frame_spec answer_in = { .text = RESPONSE("200 OK", "INVITE") };
	struct frame_spec options = { .text = REQUEST("INVITE"), .option_words = 1 };
	struct frame_spec broken = { .text = BROKEN("INVITE") };

	rig_open(BALANCE("      on_no_backend: reply-503\n"));
	all_down();
	check_replies(NULL, NULL);
	cr_expect_eq(rig_counted(CLASS_INVITE, DROP_NO_BACKEND), 2);
	through_expect_dropped("ACK", &ack, CLASS_ACK, DROP_NO_BACKEND);
	through_expect_dropped("a response", &answer_in, CLASS_2XX, DROP_NO_BACKEND);
	through_expect_dropped("IPv4 options", &options, CLASS_INVITE, DROP_NO_BACKEND);
	through_expect_dropped("broken", &broken, CLASS_INVITE, DROP_NO_BACKEND);
	/* longer than what bpf_csum_diff takes at once */
	for (size_t n = 100; n < 1100; n += 111) {
		struct frame_spec spec = { .text = many, .sums = true };
		static char want[2000];

		snprintf(many, sizeof(many),
			 "OPTIONS sip:x SIP/2.0\r\n%sFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\n"
			 "Call-ID: 1@x\r\nCSeq: 1 OPTIONS\r\nSubject: %0*d\r\n\r\n",
			 VIAS, (int)n, 1);
		snprintf(want, sizeof(want),
			 HEAD "%sFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>;tag=########\r\n"
			      "Call-ID: 1@x\r\nCSeq: 1 OPTIONS\r\nSubject: %0*d\r\n\r\n",
			 VIAS, (int)n, 1);
		expect_503("long", &spec, want);
	}
	/* there is a budget */
	rig_maps()->settings->replies = (struct sipxdp_rate){ .cost_ns = HOUR };
	rig_wait(HOUR);
	check_replies_budget();
}

Test(balance, none_replied_503_ipv6)
{
	rig_open(THROUGH_PROXY6 RIG_UNLIMITED
		 "    balance:\n      forward: nat\n      on_no_backend: reply-503\n"
		 "      backends:\n" THROUGH_BACKENDS6);
	set_state("fd00::11", BACKEND_DOWN);
	set_state("fd00::12", BACKEND_DOWN);
	set_state("fd00::13", BACKEND_DOWN);
	check_replies("2001:db8:1::1", NULL);
}
