/* SPDX-License-Identifier: GPL-2.0-only */
/* A user agent against a peer that answers as RFC 3261 allows, and as it does not. */
#include "test_ua_stage.h"

#define CHALLENGE	"WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\"\r\n"
#define PROXY_CHALLENGE "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\"\r\n"

static struct ua_order secret_order(const char *method, const char *uri)
{
	struct ua_order order = order_of(method, uri);

	order.secret = (struct ua_secret){ "alice", "secret" };
	return order;
}

static bool has(const char *text, const char *piece)
{
	return strstr(text, piece) != NULL;
}

/* ---- one request ---- */

Test(request, a_register_is_challenged_and_sent_again_with_credentials)
{
	struct ua_order order = secret_order("REGISTER", "sip:alice@example.com");

	start(&order);
	cr_assert(starts(last(), "REGISTER sip:example.com SIP/2.0\r\n"), "%s", last());
	cr_assert(has(last(), "To: <sip:alice@example.com>\r\n"));
	cr_assert(has(last(), "Contact: <sip:alice@192.0.2.99:6000>\r\n"));
	answer("REGISTER", "401 Unauthorized", "x", CHALLENGE);
	cr_assert_eq(count("REGISTER"), 2);
	cr_assert(has(last(), "Authorization: Digest username=\"alice\", realm=\"r\""));
	cr_assert_not(has(last(), ";tag=x"), "a new request has no To tag");
	parse_sent(sent[0].text);
	{
		unsigned int first = parsed.cseq.number;
		char branch[64];

		snprintf(branch, sizeof(branch), "%.*s", parsed.via[0].branch.length,
			 parsed.text + parsed.via[0].branch.offset);
		parse_sent(last());
		cr_assert_eq(parsed.cseq.number, first + 1);
		cr_assert_not(sip_slice_is(parsed.text, parsed.via[0].branch, branch));
	}
	answer("REGISTER", "200 OK", "x", "");
	assert_result(UA_SUCCEEDED, 200);
}

Test(request, a_wrong_password_is_told_and_not_tried_again)
{
	struct ua_order order = secret_order("REGISTER", "sip:example.com");

	start(&order);
	answer("REGISTER", "401 Unauthorized", "x", CHALLENGE);
	answer("REGISTER", "401 Unauthorized", "x", CHALLENGE);
	cr_assert_eq(count("REGISTER"), 2);
	cr_assert(has(notes, "password is wrong"));
	assert_result(UA_REFUSED, 401);
}

Test(request, a_server_that_finds_every_nonce_stale_is_given_up)
{
	struct ua_order order = secret_order("REGISTER", "sip:example.com");

	start(&order);
	for (int i = 0; i < 20 && !ua_is_done(ua, now); i++)
		answer("REGISTER", "401 Unauthorized", "x",
		       "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", stale=true\r\n");
	cr_assert_leq(count("REGISTER"), 5);
	assert_result(UA_REFUSED, 401);
}

Test(request, a_registrar_that_wants_longer_gets_it_once)
{
	struct ua_order order = order_of("REGISTER", "sip:alice@example.com");

	order.has_expires = true;
	order.expires = 5;
	start(&order);
	cr_assert(has(last(), "Expires: 5\r\n"));
	answer("REGISTER", "423 Interval Too Brief", "x", "Min-Expires: 60\r\n");
	cr_assert(has(last(), "Expires: 60\r\n"));
	answer("REGISTER", "423 Interval Too Brief", "x", "Min-Expires: 60\r\n");
	cr_assert_eq(count("REGISTER"), 2);
	assert_result(UA_REFUSED, 423);
}

Test(request, without_an_answer_copies_go_until_timer_f)
{
	struct ua_order order = order_of("OPTIONS", "sip:example.com");

	start(&order);
	pass(40 * S);
	cr_assert_eq(count("OPTIONS"), 11);
	for (unsigned int i = 1; i < sent_count; i++)
		cr_assert(sent[i].again && strcmp(sent[i].text, sent[0].text) == 0, "copy %u", i);
	cr_assert(has(ua_result(ua)->why, "timer F"), "%s", ua_result(ua)->why);
	assert_result(UA_NO_ANSWER, 0);
}

Test(request, an_icmp_error_ends_it_but_not_when_somebody_has_answered)
{
	struct ua_order order = order_of("OPTIONS", "sip:example.com");

	start(&order);
	ua_lost(ua, &other, ECONNREFUSED, now);
	cr_assert_not(ua_is_done(ua, now), "of another peer");
	ua_lost(ua, &server, ECONNREFUSED, now);
	assert_result(UA_UNREACHABLE, 0);

	start(&order);
	answer("OPTIONS", "100 Trying", "", "");
	ua_lost(ua, &server, ECONNREFUSED, now);
	cr_assert_not(ua_is_done(ua, now));
	answer("OPTIONS", "200 OK", "x", "");
	assert_result(UA_SUCCEEDED, 200);
}

Test(request, what_cannot_be_sent_is_unreachable)
{
	struct ua_order order = order_of("OPTIONS", "sip:example.com");

	send_error = ECONNREFUSED;
	start(&order);
	send_error = 0;
	assert_result(UA_UNREACHABLE, 0);
}

Test(request, responses_that_do_not_fit_are_ignored)
{
	static const struct {
		char name[40], from[24], to[32];
	} rows[] = {
		{ "another branch", "branch=z9hG4bK", "branch=z9hG4bK1" },
		{ "another method", " OPTIONS\r\n", " INVITE\r\n" },
		{ "another Call-ID", "Call-ID: ", "Call-ID: x" },
		{ "another From tag", ";tag=", ";tag=0" },
		{ "another number", "CSeq: ", "CSeq: 1" },
		{ "two Vias", "From: ", "Via: SIP/2.0/UDP a\r\nFrom: " },
		{ "no version", "SIP/2.0 200", "SIP/1.0 200" },
		{ "no Call-ID", "Call-ID: ", "Call-Ix: " },
		{ "a body that is cut off", "Content-Length: 0", "Content-Length: 9" },
	};
	struct ua_order order = order_of("OPTIONS", "sip:example.com");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char good[2048], bad[2048], *at;
		const char *via, *from, *to, *call_id, *cseq;

		start(&order);
		/* The response as a mirror of the request. */
		via = strstr(last(), "Via:");
		from = strstr(last(), "From:");
		to = strstr(last(), "To:");
		call_id = strstr(last(), "Call-ID:");
		cseq = strstr(last(), "CSeq:");
		snprintf(good, sizeof(good), "SIP/2.0 200 OK\r\n%.*s%.*s%.*s%.*s%.*s%s",
			 (int)strcspn(via, "\n") + 1, via, (int)strcspn(from, "\n") + 1, from,
			 (int)strcspn(to, "\n") + 1, to, (int)strcspn(call_id, "\n") + 1, call_id,
			 (int)strcspn(cseq, "\n") + 1, cseq, "Content-Length: 0\r\n\r\n");
		at = strstr(good, rows[i].from);
		cr_assert_not_null(at, "%s", rows[i].name);
		snprintf(bad, sizeof(bad), "%.*s%s%s", (int)(at - good), good, rows[i].to,
			 at + strlen(rows[i].from));
		receive(bad);
		cr_assert_not(ua_is_done(ua, now), "%s was taken for an answer", rows[i].name);
		receive(good);
		cr_assert(ua_is_done(ua, now), "%s: the good one was not", rows[i].name);
		assert_result(UA_SUCCEEDED, 200);
	}
}

Test(request, orders_that_make_no_message_are_refused_before_anything_is_sent)
{
	static const char *const bad_header[] = { "X: a\r\nY: b" };
	static const char *const no_colon[] = { "X" };
	static const struct ua_world world = {
		.send = stage_send,
		.resolve = stage_resolve,
		.random = stage_random,
		.tell = stage_tell,
	};
	struct {
		const char *name, *method, *uri, *from;
		const char *const *headers;
		unsigned int header_count;
	} rows[] = {
		{ "method with a space", "OPT IONS", "sip:h", NULL, NULL, 0 },
		{ "empty method", "", "sip:h", NULL, NULL, 0 },
		{ "no URI", "OPTIONS", "h", NULL, NULL, 0 },
		{ "URI with a line end", "OPTIONS", "sip:h\r\nX: y", NULL, NULL, 0 },
		{ "From that is no URI", "OPTIONS", "sip:h", "alice", NULL, 0 },
		{ "header with a line end", "OPTIONS", "sip:h", NULL, bad_header, 1 },
		{ "header without a colon", "OPTIONS", "sip:h", NULL, no_colon, 1 },
	};

	sent_count = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ua_order order = order_of(rows[i].method, rows[i].uri);
		struct sip_error error = { 0 };

		order.from = rows[i].from;
		order.headers = rows[i].headers;
		order.header_count = rows[i].header_count;
		cr_assert_eq(ua_new(&order, &world, now, &ua, &error), -EINVAL, "%s", rows[i].name);
		cr_assert_not_null(error.what, "%s", rows[i].name);
		cr_assert_eq(sent_count, 0, "%s", rows[i].name);
	}
}

Test(request, headers_of_the_order_take_the_place_of_ours)
{
	static const char *const headers[] = { "Max-Forwards: 3", "user-agent : test", "X-Y: z" };
	struct ua_order order = order_of("OPTIONS", "sip:h");

	order.headers = headers;
	order.header_count = 3;
	start(&order);
	parse_sent(last());
	cr_assert_eq(parsed.max_forwards, 3);
	cr_assert(has(last(), "X-Y: z\r\n"));
	cr_assert_not(has(last(), "sipxdpctl"));
	ua_free(ua);
}

/* ---- calls ---- */

Test(call, is_answered_acknowledged_held_and_hung_up)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");
	char branch[64];

	start(&order);
	cr_assert(has(last(), "m=audio 30000 RTP/AVP 8 0\r\n"));
	answer("INVITE", "180 Ringing", "b", "");
	pass(5 * S);
	cr_assert_eq(count("INVITE"), 1, "a call that rings is not sent again");
	answer("INVITE", "200 OK", "b",
	       CONTACT "Record-Route: <sip:192.0.2.50;lr>, <sip:192.0.2.51;lr>\r\n");
	cr_assert_eq(count("ACK"), 1);
	/* RFC 3261 section 12.1.2: reversed; section 13.2.2.4: a branch of its own. */
	cr_assert(starts(last(), "ACK sip:bob@192.0.2.7:5070 SIP/2.0\r\n"), "%s", last());
	cr_assert(has(last(), "Route: <sip:192.0.2.51;lr>, <sip:192.0.2.50;lr>\r\n"));
	cr_assert(has(last(), ";tag=b\r\n"));
	cr_assert_eq(latest("ACK")->to.at.address.s6_addr[15], 51);
	parse_sent(latest("INVITE")->text);
	snprintf(branch, sizeof(branch), "%.*s", parsed.via[0].branch.length,
		 parsed.text + parsed.via[0].branch.offset);
	cr_assert_not(has(latest("ACK")->text, branch));

	/* The ACK was lost. */
	answer("INVITE", "200 OK", "b", CONTACT);
	cr_assert_eq(count("ACK"), 2);
	cr_assert_str_eq(sent[sent_count - 1].text, sent[sent_count - 2].text);

	pass(9 * S);
	cr_assert_eq(count("BYE"), 0);
	pass(2 * S);
	cr_assert_eq(fresh("BYE"), 1);
	cr_assert(has(last(), "Route: <sip:192.0.2.51;lr>, <sip:192.0.2.50;lr>\r\n"));
	answer("BYE", "200 OK", "", "");
	cr_assert_not(ua_result(ua)->spoilt);
	assert_result(UA_SUCCEEDED, 200);
}

Test(call, goes_to_its_contact_where_nobody_records_the_route)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");

	start(&order);
	answer("INVITE", "200 OK", "b", "Contact: <sip:bob@other.test:5090>\r\n");
	cr_assert_eq(latest("ACK")->to.at.address.s6_addr[15], 7);
	cr_assert_eq(latest("ACK")->to.at.port, 5090);
	cr_assert_not(has(last(), "Route:"));
	ua_free(ua);
}

/* RFC 3261 section 12.2.1.1, second half. */
Test(call, a_strict_router_finds_itself_in_the_request_uri)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");

	start(&order);
	answer("INVITE", "200 OK", "b",
	       CONTACT "Record-Route: <sip:192.0.2.50;lr>, <sip:192.0.2.51>\r\n");
	cr_assert(starts(last(), "ACK sip:192.0.2.51 SIP/2.0\r\n"), "%s", last());
	cr_assert(has(last(), "Route: <sip:192.0.2.50;lr>, <sip:bob@192.0.2.7:5070>\r\n"), "%s",
		  last());
	ua_free(ua);
}

Test(call, a_refusal_is_acknowledged_in_its_own_transaction_and_so_are_its_copies)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");
	char branch[64];

	start(&order);
	parse_sent(last());
	snprintf(branch, sizeof(branch), "branch=%.*s;", parsed.via[0].branch.length,
		 parsed.text + parsed.via[0].branch.offset);
	answer("INVITE", "486 Busy Here", "b", "");
	cr_assert_eq(count("ACK sip:bob@example.com"), 1);
	cr_assert(has(last(), branch));
	cr_assert(has(last(), ";tag=b\r\n"));
	pass(400 * MS);
	answer("INVITE", "486 Busy Here", "b", "");
	cr_assert_eq(count("ACK"), 2);
	assert_result(UA_REFUSED, 486);
}

Test(call, credentials_go_into_the_ack_and_the_rest_of_the_call_but_not_into_other_acks)
{
	struct ua_order order = secret_order("INVITE", "sip:bob@example.com");

	start(&order);
	answer("INVITE", "407 Proxy Authentication Required", "b", PROXY_CHALLENGE);
	cr_assert_eq(count("ACK"), 1);
	cr_assert_not(has(latest("ACK")->text, "Proxy-Authorization"));
	cr_assert(has(latest("INVITE")->text, "nc=00000001"));
	answer("INVITE", "200 OK", "b", CONTACT);
	cr_assert(has(latest("ACK")->text, "nc=00000001"), "the INVITE's own credentials");
	pass(10 * S);
	cr_assert(has(latest("BYE")->text, "nc=00000002"));
	answer("BYE", "407 Proxy Authentication Required", "",
	       "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n2\", qop=\"auth\", "
	       "stale=true\r\n");
	cr_assert_eq(count("BYE"), 2);
	answer("BYE", "200 OK", "", "");
	cr_assert_not(ua_result(ua)->spoilt);
	assert_result(UA_SUCCEEDED, 200);
}

Test(call, an_invite_without_an_answer_ends_by_timer_b)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");

	start(&order);
	pass(33 * S);
	cr_assert_eq(count("INVITE"), 7);
	cr_assert(has(ua_result(ua)->why, "timer B"));
	assert_result(UA_NO_ANSWER, 0);
}

Test(call, a_second_branch_that_answers_is_acknowledged_and_hung_up)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");

	start(&order);
	answer("INVITE", "200 OK", "b1", CONTACT);
	answer("INVITE", "200 OK", "b2", "Contact: <sip:bob@192.0.2.8>\r\n");
	cr_assert_eq(count("ACK"), 2);
	cr_assert_eq(count("BYE sip:bob@192.0.2.8"), 1);
	cr_assert(has(latest("BYE")->text, ";tag=b2"));
	answer("BYE", "200 OK", "", "");
	cr_assert_not(ua_is_done(ua, now), "the first branch goes on");
	pass(10 * S);
	answer("BYE sip:bob@192.0.2.7", "200 OK", "", "");
	assert_result(UA_SUCCEEDED, 200);
}

Test(call, a_storm_of_branches_costs_no_more_than_there_is_room_for)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");

	start(&order);
	for (int i = 0; i < 200; i++) {
		char tag[16];

		snprintf(tag, sizeof(tag), "t%d", i);
		answer("INVITE", "200 OK", tag, CONTACT);
	}
	cr_assert_leq(count("ACK"), 8);
	cr_assert_leq(count("BYE"), 8);
	ua_free(ua);
}

Test(call, ten_thousand_provisional_responses_change_nothing)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");

	start(&order);
	for (int i = 0; i < 10000; i++) {
		char tag[16];

		snprintf(tag, sizeof(tag), "t%d", i);
		answer("INVITE", "183 Session Progress", tag, CONTACT);
		notes[0] = 0;
	}
	cr_assert_eq(sent_count, 1);
	answer("INVITE", "603 Decline", "b", "");
	assert_result(UA_REFUSED, 603);
}

/* ---- cancelling ---- */

Test(cancel, waits_for_a_provisional_response_and_then_for_the_487)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");
	char branch[64];

	start(&order);
	ua_interrupt(ua, now);
	cr_assert_eq(count("CANCEL"), 0, "RFC 3261 section 9.1");
	answer("INVITE", "180 Ringing", "b", "");
	cr_assert_eq(count("CANCEL sip:bob@example.com"), 1);
	parse_sent(sent[0].text);
	snprintf(branch, sizeof(branch), "branch=%.*s;", parsed.via[0].branch.length,
		 parsed.text + parsed.via[0].branch.offset);
	cr_assert(has(latest("CANCEL")->text, branch));
	cr_assert_not(has(latest("CANCEL")->text, ";tag=b"));
	answer("CANCEL", "200 OK", "b", "");
	cr_assert_not(ua_is_done(ua, now));
	answer_request(sent[0].text, "487 Request Terminated", "b", "");
	cr_assert_eq(count("ACK"), 1);
	assert_result(UA_REFUSED, 487);
}

Test(cancel, that_loses_the_race_hangs_up)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");

	start(&order);
	answer("INVITE", "180 Ringing", "b", "");
	ua_interrupt(ua, now);
	cr_assert_eq(count("CANCEL"), 1);
	answer_request(sent[0].text, "200 OK", "b", CONTACT);
	cr_assert_eq(count("ACK"), 1);
	cr_assert_eq(fresh("BYE"), 1);
	answer("BYE", "200 OK", "", "");
	assert_result(UA_SUCCEEDED, 200);
}

Test(cancel, comes_by_itself_after_the_time_that_was_ordered_or_when_nobody_answers)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");

	order.cancel_after = 3 * S;
	start(&order);
	answer("INVITE", "180 Ringing", "b", "");
	pass(2900 * MS);
	cr_assert_eq(count("CANCEL"), 0);
	pass(200 * MS);
	cr_assert_eq(count("CANCEL"), 1);
	ua_free(ua);

	order.cancel_after = UA_NEVER;
	start(&order);
	answer("INVITE", "180 Ringing", "b", "");
	pass(UA_RING_NS + S);
	cr_assert_geq(count("CANCEL"), 1);
	answer("CANCEL", "200 OK", "b", "");
	pass(33 * S);
	assert_result(UA_NO_ANSWER, 0);
}

Test(cancel, of_a_call_that_needs_a_password_does_not_answer_the_challenge)
{
	struct ua_order order = secret_order("INVITE", "sip:bob@example.com");

	start(&order);
	ua_interrupt(ua, now);
	answer("INVITE", "407 Who", "b", PROXY_CHALLENGE);
	cr_assert_eq(count("INVITE"), 1);
	assert_result(UA_REFUSED, 407);
}

Test(cancel, a_second_interrupt_just_stops)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");

	start(&order);
	ua_interrupt(ua, now);
	ua_interrupt(ua, now);
	cr_assert(ua_is_done(ua, now));
	assert_result(UA_NO_ANSWER, 0);
}

Test(cancel, an_interrupt_in_a_call_hangs_up)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");

	start(&order);
	answer("INVITE", "200 OK", "b", CONTACT);
	ua_interrupt(ua, now);
	cr_assert_eq(fresh("BYE"), 1);
	answer("BYE", "200 OK", "", "");
	assert_result(UA_SUCCEEDED, 200);
}

/* ---- re-INVITE ---- */

Test(reinvite, puts_the_call_on_hold_and_takes_it_back)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");

	order.reinvite = true;
	start(&order);
	answer("INVITE", "200 OK", "b", CONTACT);
	pass(4 * S);
	cr_assert_eq(fresh("INVITE sip:bob@192.0.2.7:5070"), 1);
	cr_assert(has(latest("INVITE")->text, "a=inactive"));
	answer("INVITE", "200 OK", "", "Contact: <sip:bob@192.0.2.8>\r\n");
	cr_assert(starts(last(), "ACK sip:bob@192.0.2.8 "), "the target has moved: %s", last());
	pass(4 * S);
	cr_assert_eq(fresh("INVITE sip:bob@192.0.2.8"), 1);
	cr_assert(has(latest("INVITE")->text, "a=recvonly"));
	answer("INVITE", "200 OK", "", "");
	cr_assert_eq(count("ACK"), 3);
	pass(10 * S);
	answer("BYE", "200 OK", "", "");
	assert_result(UA_SUCCEEDED, 200);
}

Test(reinvite, that_meets_one_of_the_other_side_goes_again_after_a_while)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");

	order.reinvite = true;
	start(&order);
	answer("INVITE", "200 OK", "b", CONTACT);
	pass(4 * S);
	ask("INVITE", 1, "glare", "b", CONTACT, "");
	cr_assert(starts(last(), "SIP/2.0 491 "), "%s", last());
	answer("INVITE", "491 Request Pending", "", "");
	cr_assert_eq(fresh("INVITE"), 2);
	pass(4100 * MS);
	cr_assert_eq(fresh("INVITE"), 3);
	cr_assert(has(latest("INVITE")->text, "a=inactive"));
	ua_free(ua);
}

Test(reinvite, that_is_always_pending_does_not_keep_the_call_for_ever)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");
	uint64_t began;

	order.reinvite = true;
	start(&order);
	began = now;
	answer("INVITE", "200 OK", "b", CONTACT);
	while (!fresh("BYE")) {
		cr_assert_lt(now - began, 100 * S, "%u INVITEs", fresh("INVITE"));
		pass(S);
		answer("INVITE", "491 Request Pending", "", "");
	}
	cr_assert_leq(fresh("INVITE"), 6);
	ua_free(ua);
}

Test(reinvite, refused_leaves_the_call_and_spoils_the_result_but_481_ends_it)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");

	order.reinvite = true;
	start(&order);
	answer("INVITE", "200 OK", "b", CONTACT);
	pass(4 * S);
	answer("INVITE", "488 Not Acceptable Here", "", "");
	cr_assert_eq(count("BYE"), 0);
	cr_assert_eq(count("ACK"), 2);
	pass(7 * S);
	answer("BYE", "200 OK", "", "");
	cr_assert(ua_result(ua)->spoilt);
	assert_result(UA_SUCCEEDED, 200);

	start(&order);
	answer("INVITE", "200 OK", "b", CONTACT);
	pass(4 * S);
	answer("INVITE", "481 Gone", "", "");
	cr_assert_eq(fresh("BYE"), 1);
	ua_free(ua);
}

/* ---- what the other side asks ---- */

#define OFFER                                                                                      \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"                \
	"m=video 40000 RTP/AVP 31\r\nm=audio 40002 RTP/AVP 9 0\r\na=rtpmap:9 G722/8000\r\n"        \
	"a=sendrecv\r\n"
#define SDP "Content-Type: application/sdp\r\n"

static void start_call(void)
{
	struct ua_order order = order_of("INVITE", "sip:bob@example.com");

	order.hold = 100 * S;
	start(&order);
	answer("INVITE", "200 OK", "b", CONTACT);
}

Test(asked, a_bye_ends_the_call_and_its_copies_get_the_same_answer)
{
	start_call();
	ask("BYE", 1, "bye", "b", "", "");
	cr_assert(starts(last(), "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP "
				 "192.0.2.1;branch=z9hG4bKbye;rport=5060;received=192.0.2.1\r\n"),
		  "%s", last());
	ask("BYE", 1, "bye", "b", "", "");
	cr_assert_eq(count("SIP/2.0 200"), 2);
	cr_assert(sent[sent_count - 1].again);
	cr_assert(ua_result(ua)->hung_up);
	cr_assert_eq(count("BYE"), 0);
	assert_result(UA_SUCCEEDED, 200);
}

Test(asked, answers_fit_the_question)
{
	static const struct {
		char name[40], method[12];
		unsigned int cseq;
		char tag[8], lines[64], status[16];
	} rows[] = {
		{ "OPTIONS", "OPTIONS", 1, "b", "", "SIP/2.0 200 " },
		{ "INFO", "INFO", 2, "b", "", "SIP/2.0 405 " },
		{ "out of order", "OPTIONS", 1, "b", "", "SIP/2.0 500 " },
		{ "another tag", "BYE", 9, "x", "", "SIP/2.0 481 " },
		{ "an extension", "OPTIONS", 9, "b", "Require: foo\r\n", "SIP/2.0 420 " },
		{ "a CANCEL of nothing", "CANCEL", 9, "b", "", "SIP/2.0 481 " },
	};

	start_call();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char branch[16];

		snprintf(branch, sizeof(branch), "q%zu", i);
		ask(rows[i].method, rows[i].cseq, branch, rows[i].tag, rows[i].lines, "");
		cr_assert(starts(last(), rows[i].status), "%s: %s", rows[i].name, last());
		parse_sent(last());
	}
	cr_assert(has(latest("SIP/2.0 420")->text, "Unsupported: foo\r\n"));
	cr_assert(has(latest("SIP/2.0 405")->text, "Allow: INVITE"));
	cr_assert_not(ua_is_done(ua, now), "the call goes on");
	ua_free(ua);
}

Test(asked, a_reinvite_is_answered_stream_by_stream_until_its_ack_comes)
{
	start_call();
	ask("INVITE", 1, "re", "b", CONTACT SDP, OFFER);
	cr_assert(starts(last(), "SIP/2.0 200 OK\r\n"), "%s", last());
	cr_assert(has(last(), "m=video 0 RTP/AVP 31\r\n"));
	cr_assert(has(last(), "m=audio 30000 RTP/AVP 9\r\na=rtpmap:9 G722/8000\r\na=recvonly\r\n"));
	cr_assert(has(last(), "Contact: <sip:"));
	pass(1600 * MS);
	cr_assert_eq(count("SIP/2.0 200"), 3);
	ask("INVITE", 2, "re2", "b", CONTACT SDP, OFFER);
	cr_assert(starts(last(), "SIP/2.0 500 "), "while the first waits: %s", last());
	ask("ACK", 1, "ack", "b", "", "");
	pass(5 * S);
	cr_assert_eq(count("SIP/2.0 200"), 3);
	ask("INVITE", 3, "re3", "b", CONTACT SDP, "v=0\r\nnonsense");
	cr_assert(starts(last(), "SIP/2.0 488 "), "%s", last());
	ua_free(ua);
}

Test(asked, a_reinvite_without_ack_ends_the_call)
{
	start_call();
	ask("INVITE", 1, "re", "b", CONTACT, "");
	cr_assert(has(last(), "m=audio 30000 RTP/AVP 8 0\r\n"), "an offer of ours");
	pass(33 * S);
	cr_assert_eq(fresh("BYE"), 1);
	ua_free(ua);
}

Test(asked, outside_of_the_call_an_options_is_answered_and_a_call_is_busy)
{
	static const struct {
		char method[12], status[16];
	} rows[] = {
		{ "OPTIONS", "SIP/2.0 200 " },
		{ "INVITE", "SIP/2.0 486 " },
		{ "MESSAGE", "SIP/2.0 405 " },
	};
	struct ua_order order = order_of("REGISTER", "sip:h");

	start(&order);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];

		/* Without rport the answer goes to the port in Via (RFC 3261 section 18.2.2). */
		snprintf(text, sizeof(text),
			 "%s sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP "
			 "192.0.2.1:5099;branch=z9hG4bKo%zu\r\n"
			 "From: <sip:x@h>;tag=1\r\nTo: <sip:a@h>\r\nCall-ID: y\r\nCSeq: 1 %s\r\n"
			 "Max-Forwards: 1\r\nContent-Length: 0\r\n\r\n",
			 rows[i].method, i, rows[i].method);
		receive(text);
		cr_assert(starts(last(), rows[i].status), "%s: %s", rows[i].method, last());
		cr_assert_eq(sent[sent_count - 1].to.at.port, 5099, "%s", rows[i].method);
		cr_assert(has(last(), "To: <sip:a@h>;tag="), "%s", rows[i].method);
	}
	ua_free(ua);
}

Test(asked, a_flood_of_requests_is_answered_from_a_table_that_does_not_grow)
{
	start_call();
	for (unsigned int i = 0; i < 5000; i++) {
		char branch[16];

		snprintf(branch, sizeof(branch), "f%u", i);
		sent_count = 3; /* keeps the INVITE */
		ask("OPTIONS", 1 + i, branch, "b", "", "");
	}
	cr_assert(starts(last(), "SIP/2.0 200 "));
	ua_free(ua);
}
