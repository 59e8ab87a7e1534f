/* SPDX-License-Identifier: GPL-2.0-only */
/* Registrations (RFC 3261 section 10): what REGISTER and its answer make of the bindings. */
#include "test_track_stage.h"

#define PHONE	  "<sip:alice@192.0.2.1:5060>"
#define PHONE_URI "sip:alice@192.0.2.1:5060"
#define DESK	  "<sip:alice@198.51.100.7:5062;transport=udp>"
#define DESK_URI  "sip:alice@198.51.100.7:5062;transport=udp"

/* A phone registers for an hour: challenged, then granted. */
static void register_phone(struct stage *s)
{
	PLAY(s, "> REGISTER contact=" PHONE " expires=3600 agent=Phone/1.0", "< 401 REGISTER",
	     "> REGISTER cseq=2 contact=" PHONE " expires=3600 auth agent=Phone/1.0",
	     "< 200 REGISTER cseq=2 contact=" PHONE ";expires=1800");
}

Test(track_registration, granted_is_recorded,
     .description = "the record says who, where, from which address and device, and till when: the "
		    "200's expires over the request's")
{
	struct stage *s = stage_new();
	const struct registration_record *r;
	const struct track_fact *fact;

	PLAY(s, "> REGISTER contact=" PHONE " expires=3600", "< 401 REGISTER");
	cr_assert_eq(s->registration_count, 0, "a challenge binds nothing");
	cr_assert_eq(s->fact_count, 0);
	register_phone(s);
	r = stage_registration(s, PHONE_URI);
	cr_assert_not_null(r);
	cr_assert_str_eq(r->aor, "sip:alice@example.com");
	cr_assert_str_eq(r->source, "192.0.2.1:5060");
	cr_assert_str_eq(r->user_agent, "Phone/1.0");
	cr_assert_str_eq(r->call_id, "one");
	cr_assert_eq(r->expires_s, 1800);
	cr_assert_eq(r->expires_unix_ns, r->registered_unix_ns + 1800 * SECONDS);
	cr_assert_eq(r->refreshes, 0);
	cr_assert_eq(r->service, 3);
	fact = stage_last_fact(s, TRACK_REGISTERED);
	cr_assert_not_null(fact);
	cr_assert_eq(fact->seconds, 1800);
	cr_assert_eq(fact->peer.port, htons(5060));
	cr_assert_eq(stage_facts(s, TRACK_REFUSED), 0, "no credentials were refused");
	cr_assert_eq(s->call_count, 0);
	stage_free(s);
}

struct grant {
	const char *what;
	const char *request, *response;
	unsigned int seconds;
};

static const struct grant grants[] = {
	{ "expires of the contact in the 200",
	  "> REGISTER contact=" PHONE ";expires=100 expires=200",
	  "< 200 REGISTER contact=" PHONE ";expires=300 expires=400", 300 },
	{ "Expires of the 200", "> REGISTER contact=" PHONE ";expires=100 expires=200",
	  "< 200 REGISTER contact=" PHONE " expires=400", 400 },
	{ "Expires of the request", "> REGISTER contact=" PHONE " expires=200",
	  "< 200 REGISTER contact=" PHONE, 200 },
	{ "nothing said", "> REGISTER contact=" PHONE, "< 200 REGISTER contact=" PHONE, 3600 },
	{ "an answer whose request was not seen", NULL,
	  "< 200 REGISTER contact=" PHONE ";expires=300", 300 },
	{ "as long as can be", "> REGISTER contact=" PHONE,
	  "< 200 REGISTER contact=" PHONE ";expires=4294967294", 4294967294 },
	{ "longer than can be", "> REGISTER contact=" PHONE,
	  "< 200 REGISTER contact=" PHONE ";expires=4294967296", 3600 },
	{ "user, host in another spelling", "> REGISTER contact=<sip:%61lice@PHONE.example.com>",
	  "< 200 REGISTER contact=<sip:alice@phone.example.com>;expires=300", 300 },
};

Test(track_registration, how_long_is_granted,
     .description = "where the time that counts is written, in order of precedence")
{
	for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
		struct stage *s = stage_new();

		if (grants[i].request)
			stage_play(s, grants[i].request);
		stage_play(s, grants[i].response);
		cr_assert_eq(s->registration_count, 1, "%s", grants[i].what);
		cr_expect_eq(s->registrations[0].record.expires_s, grants[i].seconds, "%s: %u",
			     grants[i].what, s->registrations[0].record.expires_s);
		cr_expect_eq(stage_facts(s, TRACK_REGISTERED), 1, "%s", grants[i].what);
		cr_expect_eq(s->facts[s->fact_count - 1].seconds, grants[i].seconds, "%s",
			     grants[i].what);
		cr_expect_str_eq(s->registrations[0].record.source, "192.0.2.1:5060");
		stage_free(s);
	}
}

Test(track_registration, refresh_puts_off_expiry,
     .description = "a binding that is refreshed stays; one that is not goes with the clock")
{
	struct stage *s = stage_new();

	register_phone(s);
	PLAY(s, "wait 1700000",
	     "> REGISTER cseq=3 contact=" PHONE " expires=3600 auth agent=Phone/1.1",
	     "< 200 REGISTER cseq=3 contact=" PHONE ";expires=1800", "wait 1700000");
	cr_assert_eq(s->registration_count, 1);
	cr_assert_eq(s->registrations[0].record.refreshes, 1);
	cr_assert_str_eq(s->registrations[0].record.user_agent, "Phone/1.1");
	cr_assert_lt(s->registrations[0].record.registered_unix_ns,
		     s->registrations[0].record.refreshed_unix_ns);
	stage_play(s, "wait 101000");
	cr_assert_eq(s->registration_count, 0);
	cr_assert_eq(stage_stats(s).registrations, 0);
	stage_free(s);
}

Test(track_registration, several_devices_of_one_aor,
     .description = "each has its binding; a 200 to one names both and leaves the other's record "
		    "its own source and device")
{
	struct stage *s = stage_new();
	const struct registration_record *phone, *desk;

	register_phone(s);
	PLAY(s, "> REGISTER id=two peer=7 contact=" DESK ";q=0.5 auth agent=Desk",
	     "< 200 REGISTER id=two peer=7 contact=" PHONE ";expires=1799," DESK
	     ";expires=600;q=0.5");
	cr_assert_eq(s->registration_count, 2);
	phone = stage_registration(s, PHONE_URI);
	desk = stage_registration(s, DESK_URI);
	cr_assert_str_eq(phone->source, "192.0.2.1:5060");
	cr_assert_str_eq(phone->user_agent, "Phone/1.0");
	cr_assert_eq(phone->refreshes, 0, "named is not refreshed");
	cr_assert_eq(phone->expires_s, 1800, "a second less is no news");
	cr_assert_str_eq(desk->source, "192.0.2.7:5060");
	cr_assert_eq(desk->q_thousandths, 500);
	cr_assert_str_eq(desk->call_id, "two");
	cr_assert_eq(stage_last_fact(s, TRACK_REGISTERED)->seconds, 600,
		     "its own, not the other's");
	cr_assert_eq(stage_last_fact(s, TRACK_REGISTERED)->peer.addr.word[3], htonl(0xc0000207));
	stage_play(s, "wait 601000");
	cr_assert_eq(s->registration_count, 1);
	cr_assert_not_null(stage_registration(s, PHONE_URI));
	stage_free(s);
}

Test(track_registration, removal,
     .description = "expires=0 for one contact, and * for all, take the bindings away and tell so")
{
	struct stage *s = stage_new();

	register_phone(s);
	PLAY(s, "> REGISTER id=two peer=7 contact=" DESK " auth",
	     "< 200 REGISTER id=two peer=7 contact=" PHONE ";expires=1700," DESK ";expires=600",
	     "> REGISTER cseq=3 contact=" PHONE ";expires=0 auth",
	     "< 200 REGISTER cseq=3 contact=" DESK ";expires=599");
	cr_assert_eq(s->registration_count, 1);
	cr_assert_null(stage_registration(s, PHONE_URI));
	cr_assert_eq(stage_last_fact(s, TRACK_REGISTERED)->seconds, 0);
	PLAY(s, "> REGISTER id=two cseq=2 peer=7 contact=* expires=0 auth",
	     "< 200 REGISTER id=two cseq=2 peer=7");
	cr_assert_eq(s->registration_count, 0);
	cr_assert_eq(stage_last_fact(s, TRACK_REGISTERED)->seconds, 0);
	cr_assert_eq(stage_last_fact(s, TRACK_REGISTERED)->peer.addr.word[3], htonl(0xc0000207));
	cr_assert_eq(stage_stats(s).registrations, 0);
	stage_free(s);
}

Test(track_registration, a_contact_named_with_zero_is_not_bound,
     .description = "some registrars name the removed contact with expires=0 in the 200")
{
	struct stage *s = stage_new();

	register_phone(s);
	PLAY(s, "> REGISTER cseq=3 contact=" PHONE ";expires=0 auth",
	     "< 200 REGISTER cseq=3 contact=" PHONE ";expires=0");
	cr_assert_eq(s->registration_count, 0);
	stage_free(s);
}

Test(track_registration, query_changes_nothing_and_tells_nothing,
     .description = "a REGISTER without Contact asks; the bindings that the answer names stay")
{
	struct stage *s = stage_new();
	struct registration_record before;
	size_t facts;

	register_phone(s);
	before = *stage_registration(s, PHONE_URI);
	facts = stage_facts(s, TRACK_REGISTERED);
	PLAY(s, "wait 100000", "> REGISTER id=q peer=9 auth",
	     "< 200 REGISTER id=q peer=9 contact=" PHONE ";expires=1700");
	cr_assert_eq(memcmp(&before, stage_registration(s, PHONE_URI), sizeof(before)), 0);
	cr_assert_eq(stage_facts(s, TRACK_REGISTERED), facts);
	stage_free(s);
}

Test(track_registration, other_bindings_are_learned_from_the_answer,
     .description = "a device that registered before the daemon ran is shown, its source unknown")
{
	struct stage *s = stage_new();

	PLAY(s, "> REGISTER contact=" PHONE " auth",
	     "< 200 REGISTER contact=" DESK ";expires=500," PHONE ";expires=1800");
	cr_assert_eq(s->registration_count, 2);
	cr_assert_str_eq(stage_registration(s, DESK_URI)->source, "");
	cr_assert_str_eq(stage_registration(s, DESK_URI)->aor, "sip:alice@example.com");
	cr_assert_eq(stage_last_fact(s, TRACK_REGISTERED)->seconds, 1800);
	stage_free(s);
}

Test(track_registration, late_and_repeated_answers_change_nothing,
     .description = "the 200 of an older REGISTER neither shortens nor removes; a repeated one "
		    "counts no refresh")
{
	struct stage *s = stage_new();

	PLAY(s, "> REGISTER cseq=1 contact=" PHONE " auth",
	     "> REGISTER cseq=2 contact=" PHONE " auth",
	     "< 200 REGISTER cseq=2 contact=" PHONE ";expires=3000",
	     "< 200 REGISTER cseq=1 contact=" PHONE ";expires=100");
	cr_assert_eq(s->registrations[0].record.expires_s, 3000);
	PLAY(s, "> REGISTER cseq=0 contact=" PHONE ";expires=0 auth", "< 200 REGISTER cseq=0");
	cr_assert_eq(s->registration_count, 1, "a late removal");
	PLAY(s, "< 200 REGISTER cseq=2 contact=" PHONE ";expires=3000",
	     "< 200 REGISTER cseq=2 contact=" PHONE ";expires=3000");
	cr_assert_eq(s->registrations[0].record.refreshes, 0);
	cr_assert_eq(stage_stats(s).retransmissions, 2);
	cr_assert_eq(stage_last_fact(s, TRACK_REGISTERED)->seconds, 3000,
		     "told at each, as of what is bound");
	stage_free(s);
}

Test(track_registration, outsiders_cannot_register,
     .description = "answers that come from outside, and requests alone, bind and remove nothing")
{
	struct stage *s = stage_new();

	PLAY(s, "> REGISTER contact=" PHONE, "> 200 REGISTER contact=" PHONE ";expires=300",
	     "> 200 REGISTER id=x contact=" DESK ";expires=300", "< REGISTER id=y contact=" DESK,
	     "> 200 REGISTER id=y contact=" DESK ";expires=300");
	cr_assert_eq(s->registration_count, 0);
	cr_assert_eq(stage_facts(s, TRACK_REGISTERED), 0);
	register_phone(s);
	PLAY(s, "> REGISTER id=z contact=* expires=0", "> 200 REGISTER id=z",
	     "< 403 REGISTER id=z");
	cr_assert_eq(s->registration_count, 1);
	stage_free(s);
}

Test(track_registration, retransmitted_refusal_counts_once,
     .description =
	     "REGISTER and its 403 sent three times are one refusal; the next REGISTER's another")
{
	struct stage *s = stage_new();

	for (int i = 0; i < 3; i++)
		PLAY(s, "> REGISTER auth contact=" PHONE, "< 403 REGISTER");
	cr_assert_eq(stage_facts(s, TRACK_REFUSED), 1);
	PLAY(s, "> REGISTER cseq=2 auth contact=" PHONE, "< 403 REGISTER cseq=2");
	cr_assert_eq(stage_facts(s, TRACK_REFUSED), 2);
	stage_free(s);
}

Test(track_registration, unanswered_requests_do_not_stay,
     .description = "a request is forgotten after 32 s without an answer, 5 s after one")
{
	struct stage *s = stage_new();

	PLAY(s, "> OPTIONS id=a", "> REGISTER id=b contact=" PHONE, "< 401 REGISTER id=b");
	cr_assert_eq(stage_stats(s).transactions, 2);
	stage_play(s, "wait 6000");
	cr_assert_eq(stage_stats(s).transactions, 1);
	stage_play(s, "wait 27000");
	cr_assert_eq(stage_stats(s).transactions, 0);
	stage_free(s);
}

Test(track_registration, full_tables_are_counted,
     .description = "more requests and bindings than fit are counted and left; a 200 whose request "
		    "did not fit still binds")
{
	struct stage *s = stage_new();
	char line[256];

	for (int i = 0; i < 1100; i++) {
		snprintf(line, sizeof(line), "> REGISTER id=r%d contact=<sip:u%d@192.0.2.1>", i, i);
		stage_play(s, line);
	}
	cr_assert_eq(stage_stats(s).transactions, 1024);
	cr_assert_eq(stage_stats(s).transactions_full, 76);
	for (int i = 1099; i >= 0; i--) {
		snprintf(line, sizeof(line),
			 "< 200 REGISTER id=r%d toward=sip:u%d@example.com "
			 "contact=<sip:u%d@192.0.2.1>;expires=300",
			 i, i, i);
		stage_play(s, line);
	}
	cr_assert_eq(s->registration_count, 1024);
	cr_assert_eq(stage_stats(s).registrations_full, 76);
	cr_assert_not_null(stage_registration(s, "sip:u1099@192.0.2.1"));
	PLAY(s, "wait 301000");
	cr_assert_eq(s->registration_count, 0);
	stage_free(s);
}

Test(track_registration, a_full_message_of_contacts,
     .description =
	     "twelve contacts in one 200 are twelve bindings; a 200 without any removes them")
{
	struct stage *s = stage_new();
	char line[4000] = "< 200 REGISTER contact=";

	for (int i = 0; i < 12; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line),
			 "%s<sip:a@192.0.2.%d>;expires=%d", i ? "," : "", i + 1, 300 + i);
	PLAY(s, "> REGISTER contact=<sip:a@192.0.2.1> auth", line);
	cr_assert_eq(s->registration_count, 12);
	PLAY(s, "> REGISTER cseq=2 contact=* expires=0 auth", "< 200 REGISTER cseq=2");
	cr_assert_eq(s->registration_count, 0);
	stage_free(s);
}

Test(track_registration, restart_goes_on_with_the_same_bindings,
     .description = "adopted bindings keep their times, are refreshed in place, removed and expire")
{
	struct stage *s = stage_new();
	struct registration_record before;

	register_phone(s);
	PLAY(s, "> REGISTER id=two peer=7 contact=" DESK " auth agent=Desk",
	     "< 200 REGISTER id=two peer=7 contact=" PHONE ";expires=1800," DESK ";expires=600");
	before = *stage_registration(s, DESK_URI);
	stage_restart(s);
	cr_assert_eq(memcmp(&before, stage_registration(s, DESK_URI), sizeof(before)), 0);
	PLAY(s, "wait 60000", "> REGISTER id=two cseq=2 peer=7 contact=" DESK " auth",
	     "< 200 REGISTER id=two cseq=2 peer=7 contact=" DESK ";expires=600");
	cr_assert_eq(s->registration_count, 1, "the 200 no longer names the phone");
	cr_assert_eq(stage_registration(s, DESK_URI)->refreshes, 1);
	cr_assert_eq(stage_registration(s, DESK_URI)->registered_unix_ns,
		     before.registered_unix_ns);
	stage_restart(s);
	PLAY(s, "wait 601000");
	cr_assert_eq(s->registration_count, 0);
	stage_free(s);
}

#define DEVICE "\"<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>\""
#define FLOW(host, id)                                                                             \
	"<sip:alice@" host ";transport=udp>;+sip.instance=" DEVICE ";reg-id=" id ";expires=600"

Test(track_registration, a_flow_of_a_device_is_one_binding,
     .description = "RFC 5626: the same device and flow from another address is a refresh, another "
		    "flow is a binding of its own; without these parameters the URI counts")
{
	struct stage *s = stage_new();
	const struct registration_record *r;

	PLAY(s, "> REGISTER contact=" FLOW("192.0.2.1:5060", "1"),
	     "< 200 REGISTER contact=" FLOW("192.0.2.1:5060", "1"));
	cr_assert_eq(s->registration_count, 1);
	cr_assert_eq(s->registrations[0].record.reg_id, 1);
	PLAY(s, "> REGISTER cseq=2 contact=" FLOW("192.0.2.1:6000", "1"),
	     "< 200 REGISTER cseq=2 contact=" FLOW("192.0.2.1:6000", "1"));
	cr_assert_eq(s->registration_count, 1);
	r = &s->registrations[0].record;
	cr_assert_str_eq(r->contact, "sip:alice@192.0.2.1:6000;transport=udp");
	cr_assert_eq(r->refreshes, 1);
	PLAY(s, "> REGISTER id=two contact=" FLOW("192.0.2.1:7000", "2"),
	     "< 200 REGISTER id=two contact=" FLOW("192.0.2.1:6000", "1") "," FLOW("192.0.2.1:7000",
										   "2"));
	cr_assert_eq(s->registration_count, 2);
	cr_assert_eq(stage_registration(s, "sip:alice@192.0.2.1:7000;transport=udp")->reg_id, 2);
	PLAY(s, "> REGISTER id=three contact=" FLOW("192.0.2.1:8000", "2"),
	     "< 200 REGISTER id=three contact=" FLOW("192.0.2.1:8000",
						     "2") "," FLOW("192.0.2.1:7000", "2"));
	cr_assert_eq(s->registration_count, 1, "what the 200 does not name is gone");
	cr_assert_not_null(stage_registration(s, "sip:alice@192.0.2.1:8000;transport=udp"),
			   "the contact that was asked for, not the old one of the flow");
	stage_free(s);
}

Test(track_registration, the_way_to_the_device_is_recorded,
     .description = "RFC 3327: the first Path of the 200, and none once it is gone")
{
	struct stage *s = stage_new();

	PLAY(s, "> REGISTER contact=" PHONE,
	     "< 200 REGISTER contact=" PHONE
	     " path=<sip:edge@198.51.100.1;lr>,<sip:p2.example;lr>");
	cr_assert_str_eq(stage_registration(s, PHONE_URI)->path, "sip:edge@198.51.100.1;lr");
	PLAY(s, "> REGISTER cseq=2 contact=" PHONE, "< 200 REGISTER cseq=2 contact=" PHONE);
	cr_assert_str_eq(stage_registration(s, PHONE_URI)->path, "");
	stage_free(s);
}

/* ---- what a peer has, over all its bindings ---- */

/* Two lines of one phone, and how long each is granted. */
#define LINE_1		"id=l1 toward=sip:one@example.com contact=<sip:one@192.0.2.1:5060>"
#define LINE_2		"id=l2 toward=sip:two@example.com contact=<sip:two@192.0.2.1:5060>"
#define ASK(line)	"> REGISTER auth " line
#define GRANT(line, s)	"< 200 REGISTER " line ";expires=" #s
#define ASK_CSEQ(n, l)	"> REGISTER auth cseq=" #n " " l
#define GIVE_CSEQ(n, l) "< 200 REGISTER cseq=" #n " " l
#define NO_CONTACT_1	"id=l1 toward=sip:one@example.com"
#define NO_CONTACT_2	"id=l2 toward=sip:two@example.com"

/* What was told last, in seconds. */
static unsigned int told(const struct stage *s)
{
	const struct track_fact *fact = stage_last_fact(s, TRACK_REGISTERED);

	cr_assert_not_null(fact);
	cr_expect_not(fact->more);
	cr_expect_not(fact->untracked);
	return fact->seconds;
}

struct peer_case {
	const char *what;
	const char *lines[12];
	unsigned int seconds;
};

static const struct peer_case peer_cases[] = {
	{ "the long line, then the short one",
	  { ASK(LINE_1), GRANT(LINE_1, 3600), ASK(LINE_2), GRANT(LINE_2, 90) },
	  3600 },
	{ "the short line, then the long one",
	  { ASK(LINE_2), GRANT(LINE_2, 90), ASK(LINE_1), GRANT(LINE_1, 3600) },
	  3600 },
	{ "the short line is refreshed, the long one has 1,000 s left",
	  { ASK(LINE_1), GRANT(LINE_1, 3600), "wait 2590000", ASK(LINE_2), GRANT(LINE_2, 90) },
	  1010 },
	{ "the long line is granted less the next time",
	  { ASK(LINE_1), GRANT(LINE_1, 3600), ASK(LINE_2), GRANT(LINE_2, 90), ASK_CSEQ(2, LINE_1),
	    GIVE_CSEQ(2, LINE_1) ";expires=60" },
	  90 },
	{ "one of two is taken back",
	  { ASK(LINE_1), GRANT(LINE_1, 3600), ASK(LINE_2), GRANT(LINE_2, 90),
	    ASK_CSEQ(2, LINE_2) ";expires=0", GIVE_CSEQ(2, NO_CONTACT_2) },
	  3600 },
	{ "the other one is taken back",
	  { ASK(LINE_1), GRANT(LINE_1, 3600), ASK(LINE_2), GRANT(LINE_2, 90),
	    ASK_CSEQ(2, LINE_1) ";expires=0", GIVE_CSEQ(2, NO_CONTACT_1) },
	  90 },
	{ "the last one is taken back",
	  { ASK(LINE_1), GRANT(LINE_1, 3600), ASK_CSEQ(2, LINE_1) ";expires=0",
	    GIVE_CSEQ(2, NO_CONTACT_1) },
	  0 },
	{ "all of one line",
	  { ASK(LINE_1), GRANT(LINE_1, 3600), ASK(LINE_2), GRANT(LINE_2, 90),
	    ASK_CSEQ(2, NO_CONTACT_1) " contact=* expires=0", GIVE_CSEQ(2, NO_CONTACT_1) },
	  90 },
	{ "all of its only line",
	  { ASK(LINE_1), GRANT(LINE_1, 3600), ASK_CSEQ(2, NO_CONTACT_1) " contact=* expires=0",
	    GIVE_CSEQ(2, NO_CONTACT_1) },
	  0 },
	{ "the other line has run out",
	  { ASK(LINE_1), GRANT(LINE_1, 3600), "wait 3601000", ASK(LINE_2), GRANT(LINE_2, 90) },
	  90 },
	{ "and the last one is taken back then",
	  { ASK(LINE_1), GRANT(LINE_1, 90), ASK(LINE_2), GRANT(LINE_2, 3600), "wait 91000",
	    ASK_CSEQ(2, LINE_2) ";expires=0", GIVE_CSEQ(2, NO_CONTACT_2) },
	  0 },
	{ "the 200 sent again",
	  { ASK(LINE_1), GRANT(LINE_1, 3600), ASK(LINE_2), GRANT(LINE_2, 90), GRANT(LINE_2, 90) },
	  3600 },
	{ "the 200 to what took it back, sent again",
	  { ASK(LINE_1), GRANT(LINE_1, 3600), ASK_CSEQ(2, LINE_1) ";expires=0",
	    GIVE_CSEQ(2, NO_CONTACT_1), GIVE_CSEQ(2, NO_CONTACT_1) },
	  0 },
	{ "a line of another phone does not count",
	  { ASK(LINE_1) " peer=7", GRANT(LINE_1, 3600) " peer=7", ASK(LINE_2), GRANT(LINE_2, 90) },
	  90 },
	{ "a line that has moved to another address is lost to the old one",
	  { ASK(LINE_1), GRANT(LINE_1, 3600), ASK_CSEQ(2, LINE_1) " peer=7",
	    GIVE_CSEQ(2, LINE_1) ";expires=3600 peer=7", ASK(LINE_2), GRANT(LINE_2, 90) },
	  90 },
	{ "and counts for the new one",
	  { ASK(LINE_1), GRANT(LINE_1, 3600), ASK_CSEQ(2, LINE_1) " peer=7",
	    GIVE_CSEQ(2, LINE_1) ";expires=3600 peer=7", ASK(LINE_2) " peer=7",
	    GRANT(LINE_2, 90) " peer=7" },
	  3600 },
	{ "what another one takes back is gone",
	  { ASK(LINE_1), GRANT(LINE_1, 3600),
	    "> REGISTER auth id=x peer=7 toward=sip:one@example.com contact=* expires=0",
	    "< 200 REGISTER id=x peer=7 toward=sip:one@example.com", ASK(LINE_2),
	    GRANT(LINE_2, 90) },
	  90 },
	{ "the 200 of an older REGISTER comes late",
	  { ASK_CSEQ(1, LINE_1), ASK_CSEQ(2, LINE_1), GIVE_CSEQ(2, LINE_1) ";expires=3000",
	    GIVE_CSEQ(1, LINE_1) ";expires=100" },
	  3000 },
	{ "a query of one that has a binding",
	  { ASK(LINE_1), GRANT(LINE_1, 3600), "> REGISTER auth id=q toward=sip:two@example.com",
	    "< 200 REGISTER id=q toward=sip:two@example.com" },
	  3600 },
};

Test(track_registration, a_peer_has_what_its_longest_binding_has,
     .description = "told after each 2xx: over all lines of one address and port, in any order")
{
	for (size_t i = 0; i < sizeof(peer_cases) / sizeof(peer_cases[0]); i++) {
		struct stage *s = stage_new();

		stage_play_all(s, peer_cases[i].lines);
		cr_expect_eq(told(s), peer_cases[i].seconds, "%s: %u", peer_cases[i].what, told(s));
		stage_free(s);
	}
}

Test(track_registration, a_restart_knows_what_each_peer_has,
     .description = "lines that an earlier daemon tracked count, at the address that is recorded")
{
	struct stage *s = stage_new();

	PLAY(s, ASK(LINE_1), GRANT(LINE_1, 3600), ASK("id=o contact=" PHONE " peer=8"),
	     GRANT("id=o contact=" PHONE, 1000) " peer=8");
	stage_restart(s);
	PLAY(s, ASK(LINE_2), GRANT(LINE_2, 90));
	cr_expect_eq(told(s), 3600);
	PLAY(s, ASK_CSEQ(2, LINE_1) ";expires=0", GIVE_CSEQ(2, NO_CONTACT_1));
	cr_expect_eq(told(s), 90);
	stage_restart(s);
	PLAY(s, ASK_CSEQ(2, LINE_2) ";expires=0", GIVE_CSEQ(2, NO_CONTACT_2));
	cr_expect_eq(told(s), 0);
	cr_expect_eq(stage_stats(s).registrations, 1, "the other phone's");
	stage_free(s);
}

#define RENAMED "<sip:one@192.0.2.1:5060;x-ast-orig-host=10.0.0.9:5060>"
#define BEHIND	"<sip:one@10.0.0.9:5060>"

Test(track_registration, a_contact_that_the_registrar_writes_anew_is_that_of_who_asked,
     .description =
	     "NATs: the 200 names the contact with the address the REGISTER came from; what it "
	     "makes or prolongs is the sender's, and nothing else is")
{
	struct stage *s = stage_new();
	const struct registration_record *r;

	PLAY(s, "> REGISTER id=a auth contact=" BEHIND " expires=300 agent=Behind",
	     "< 200 REGISTER id=a contact=" RENAMED ";expires=300");
	r = stage_registration(s, "sip:one@192.0.2.1:5060;x-ast-orig-host=10.0.0.9:5060");
	cr_assert_not_null(r);
	cr_expect_str_eq(r->source, "192.0.2.1:5060");
	cr_expect_str_eq(r->user_agent, "Behind");
	cr_expect_eq(told(s), 300);
	PLAY(s, "wait 100000", "> REGISTER id=b peer=7 auth contact=<sip:b@10.0.0.9> agent=Other",
	     "< 200 REGISTER id=b peer=7 contact=" RENAMED
	     ";expires=200,<sip:b@192.0.2.7>;expires=90");
	cr_expect_eq(told(s), 90, "the other's binding is not this one's");
	cr_expect_str_eq(r->user_agent, "Behind");
	/* sent again at once, under a new number */
	PLAY(s, "> REGISTER id=b cseq=2 peer=7 auth contact=<sip:b@10.0.0.9> agent=Other",
	     "< 200 REGISTER id=b cseq=2 peer=7 contact=" RENAMED
	     ";expires=200,<sip:b@192.0.2.7>;expires=90");
	cr_expect_eq(told(s), 90);
	/* taken back: it is not there any more */
	PLAY(s, "> REGISTER id=a cseq=2 auth contact=" BEHIND " expires=0",
	     "< 200 REGISTER id=a cseq=2 contact=<sip:b@192.0.2.7>;expires=90");
	cr_expect_eq(told(s), 0);
	cr_expect_eq(s->registration_count, 1);
	stage_free(s);
}

Test(track_registration, what_is_not_tracked_is_told_of,
     .description = "a 200 that does not name what it grants, a binding that finds no room, more "
		    "bindings than are looked at: that there may be more is told")
{
	struct stage *s = stage_new();
	const struct track_fact *fact;
	char line[256];

	PLAY(s, ASK(LINE_1), "< 200 REGISTER " NO_CONTACT_1);
	fact = stage_last_fact(s, TRACK_REGISTERED);
	cr_expect_eq(fact->seconds, 0);
	cr_expect(fact->untracked, "asked for, and not named");
	PLAY(s, ASK_CSEQ(2, LINE_1) ";expires=0", GIVE_CSEQ(2, NO_CONTACT_1));
	cr_expect_eq(told(s), 0);
	for (int i = 0; i < 1023; i++) {
		snprintf(line, sizeof(line),
			 "< 200 REGISTER id=r%d toward=sip:u%d@example.com peer=9 "
			 "contact=<sip:u%d@192.0.2.9>;expires=%d",
			 i, i, i, i ? 300 : 600);
		stage_play(s, line);
	}
	fact = stage_last_fact(s, TRACK_REGISTERED);
	cr_expect(fact->more, "a gateway's");
	cr_expect_eq(fact->seconds, 300);
	s->fact_count = 0;
	PLAY(s, ASK_CSEQ(3, LINE_1), GIVE_CSEQ(3, LINE_1) ";expires=90");
	cr_expect_eq(told(s), 90);
	PLAY(s, ASK(LINE_2), GRANT(LINE_2, 3600));
	fact = stage_last_fact(s, TRACK_REGISTERED);
	cr_expect_eq(stage_stats(s).registrations_full, 1);
	cr_expect_eq(fact->seconds, 3600, "no room, and yet granted");
	cr_expect(fact->untracked);
	PLAY(s, ASK_CSEQ(4, LINE_1), GIVE_CSEQ(4, LINE_1) ";expires=90");
	cr_expect_eq(told(s), 90);
	PLAY(s, "wait 700000");
	cr_expect_eq(stage_stats(s).registrations, 0);
	stage_free(s);
}
