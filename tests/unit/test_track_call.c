/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls: what each sequence of messages makes of the record, and what policy is told. */
#include "test_track_stage.h"

#define assert_state(s, wanted)                                                                    \
	do {                                                                                       \
		const struct call_record *r_ = stage_call(s, "one");                               \
		cr_assert_not_null(r_, "no record");                                               \
		cr_assert_eq(r_->state, wanted, "state is %d", r_->state);                         \
	} while (0)

static const char *const setup[] = { "> INVITE",     "< 100 INVITE",	 "< 180 INVITE",
				     "< 200 INVITE", "> ACK branch=ack", NULL };

Test(track_call, a_call_from_invite_to_bye,
     .description =
	     "each message of a plain call moves its record on, and the record goes after 32 s")
{
	struct stage *s = stage_new();
	const struct call_record *r;

	stage_play(s, "> INVITE");
	assert_state(s, CALL_TRYING);
	stage_play(s, "< 100 INVITE");
	assert_state(s, CALL_TRYING);
	stage_play(s, "< 180 INVITE");
	assert_state(s, CALL_RINGING);
	stage_play(s, "wait 970");
	stage_play(s, "< 200 INVITE");
	assert_state(s, CALL_ANSWERED);
	stage_play(s, "> ACK branch=ack");
	assert_state(s, CALL_CONFIRMED);
	r = stage_call(s, "one");
	cr_assert_str_eq(r->call_id, "one");
	cr_assert_str_eq(r->from, "sip:alice@example.com");
	cr_assert_str_eq(r->to, "sip:bob@example.com");
	cr_assert_str_eq(r->source, "192.0.2.1:5060");
	cr_assert_str_eq(r->destination, "192.0.2.99:5060");
	cr_assert_eq(r->started_unix_ns, STAGE_START);
	cr_assert_eq(r->answered_unix_ns, STAGE_START + 1000 * MS);
	cr_assert_eq(r->setup_ms, 1000);
	cr_assert_eq(r->ended_unix_ns, 0);
	cr_assert_eq(r->final_status, 200);
	cr_assert_eq(r->service, 3);
	cr_assert_eq(r->messages, 5);
	cr_assert_eq(r->retransmissions, 0);
	PLAY(s, "wait 60000", "> BYE cseq=2", "< 200 BYE cseq=2");
	assert_state(s, CALL_ENDED);
	cr_assert_eq(stage_call(s, "one")->ended_unix_ns, STAGE_START + 61020 * MS);
	cr_assert_eq(stage_call(s, "one")->messages, 7);
	stage_play(s, "wait 31000");
	assert_state(s, CALL_ENDED);
	stage_play(s, "wait 2000");
	cr_assert_null(stage_call(s, "one"));
	cr_assert_eq(stage_stats(s).calls, 0);
	cr_assert_eq(stage_stats(s).strays, 0);
	stage_free(s);
}

Test(track_call, moments_go_forward_when_the_clock_goes_back,
     .description =
	     "a clock set back between two messages makes no call that ended before it began")
{
	static const uint64_t set_back[] = { 1, 256, 20 * MS, 3600 * SECONDS };

	for (size_t i = 0; i < sizeof(set_back) / sizeof(*set_back); i++) {
		struct stage *s = stage_new();
		const struct call_record *r;

		stage_play(s, "> INVITE");
		s->now_ns -= 10 * MS + set_back[i];
		PLAY(s, "< 200 INVITE", "> ACK branch=x", "> BYE cseq=2");
		assert_state(s, CALL_ENDED);
		r = stage_call(s, "one");
		cr_assert_geq(r->answered_unix_ns, r->started_unix_ns);
		cr_assert_geq(r->ended_unix_ns, r->answered_unix_ns);
		cr_assert_geq(r->updated_unix_ns, r->ended_unix_ns);
		cr_assert_eq(r->setup_ms, 1);
		stage_free(s);
	}
}

Test(track_call, asked_for_at_once_the_kernel_tells_which_calls_are_over,
     .description = "calls whose end was missed before the tracker was there end, and no others")
{
	struct stage *s = stage_new();

	stage_play_all(s, setup);
	PLAY(s, "> INVITE id=two", "wait 40000"); /* forgotten: its entry is free */
	track_ask_kernel(s->track);
	assert_state(s, CALL_CONFIRMED);
	s->dialog = TRACK_DIALOG_CONFIRMED;
	s->dialog_seen_ns = s->now_ns;
	track_ask_kernel(s->track);
	assert_state(s, CALL_CONFIRMED);
	s->dialog = TRACK_DIALOG_OVER;
	track_ask_kernel(s->track);
	track_flush(s->track);
	assert_state(s, CALL_ENDED);
	cr_assert_eq(stage_stats(s).calls_found_over, 1);
	stage_free(s);
}

struct ending {
	const char *what;
	const char *lines[16];
	enum call_state state;
	unsigned int status;
};

static const struct ending endings[] = {
	{ "BYE of the callee",
	  { "> INVITE", "< 200 INVITE", "> ACK branch=x", "< BYE from=B to=A cseq=9" },
	  CALL_ENDED,
	  200 },
	{ "BYE without an ACK", { "> INVITE", "< 200 INVITE", "> BYE cseq=2" }, CALL_ENDED, 200 },
	{ "BYE from both sides at once",
	  { "> INVITE", "< 200 INVITE", "> ACK branch=x", "> BYE cseq=2",
	    "< BYE from=B to=A cseq=1", "> 200 BYE from=B to=A cseq=1", "< 200 BYE cseq=2" },
	  CALL_ENDED,
	  200 },
	{ "BYE lost, its 200 seen",
	  { "> INVITE", "< 200 INVITE", "> ACK branch=x", "< 200 BYE cseq=2" },
	  CALL_ENDED,
	  200 },
	{ "BYE seen before the 200 to the INVITE",
	  { "> INVITE", "> BYE cseq=2", "< 200 INVITE", "> ACK branch=x" },
	  CALL_ENDED,
	  200 },
	{ "busy", { "> INVITE", "< 180 INVITE", "< 486 INVITE", "> ACK" }, CALL_FAILED, 486 },
	{ "redirected", { "> INVITE", "< 302 INVITE", "> ACK" }, CALL_FAILED, 302 },
	{ "declined", { "> INVITE", "< 603 INVITE" }, CALL_FAILED, 603 },
	{ "cancelled",
	  { "> INVITE", "< 180 INVITE", "> CANCEL to=-", "< 200 CANCEL", "< 487 INVITE", "> ACK" },
	  CALL_FAILED,
	  487 },
	{ "200 wins over CANCEL",
	  { "> INVITE", "< 180 INVITE", "> CANCEL to=-", "< 200 INVITE", "< 200 CANCEL",
	    "> ACK branch=x" },
	  CALL_CONFIRMED,
	  200 },
	{ "CANCEL after the 200",
	  { "> INVITE", "< 200 INVITE", "> CANCEL to=-", "< 481 CANCEL" },
	  CALL_ANSWERED,
	  200 },
	{ "CANCEL of another transaction",
	  { "> INVITE", "< 180 INVITE", "> CANCEL to=- branch=guess" },
	  CALL_RINGING,
	  0 },
	{ "BYE in an early dialog",
	  { "> INVITE", "< 180 INVITE", "> BYE cseq=2", "< 200 BYE cseq=2", "< 487 INVITE",
	    "> ACK" },
	  CALL_FAILED,
	  487 },
	{ "BYE in an early dialog, not yet answered",
	  { "> INVITE", "< 180 INVITE", "> BYE cseq=2" },
	  CALL_CANCELLING,
	  0 },
	{ "ACK seen before the 200",
	  { "> INVITE", "< 180 INVITE", "> ACK branch=x", "< 200 INVITE" },
	  CALL_CONFIRMED,
	  200 },
	{ "ACK to a failure seen before it",
	  { "> INVITE", "< 180 INVITE", "> ACK", "< 486 INVITE" },
	  CALL_FAILED,
	  486 },
	{ "challenged, then answered: one call",
	  { "> INVITE", "< 407 INVITE to=proxy", "> ACK to=proxy", "> INVITE cseq=2 auth",
	    "< 180 INVITE cseq=2", "< 200 INVITE cseq=2", "> ACK cseq=2 branch=x" },
	  CALL_CONFIRMED,
	  200 },
	{ "challenged, nothing more yet",
	  { "> INVITE", "< 401 INVITE to=x", "> ACK to=x" },
	  CALL_TRYING,
	  401 },
	{ "the 407 is missed",
	  { "> INVITE", "> INVITE cseq=2 auth", "< 200 INVITE cseq=2" },
	  CALL_ANSWERED,
	  200 },
	{ "the 407 comes late",
	  { "> INVITE", "> INVITE cseq=2 auth", "< 407 INVITE to=x", "< 180 INVITE cseq=2" },
	  CALL_RINGING,
	  0 },
	{ "session timer too small, then tried again",
	  { "> INVITE", "< 422 INVITE to=x", "> ACK to=x", "> INVITE cseq=2",
	    "< 200 INVITE cseq=2" },
	  CALL_ANSWERED,
	  200 },
	{ "a proxy before us tries its next branch with the same CSeq",
	  { "> INVITE branch=one", "< 486 INVITE branch=one to=x", "> INVITE branch=two",
	    "< 180 INVITE branch=two" },
	  CALL_RINGING,
	  0 },
	{ "an old INVITE comes again after the new one failed",
	  { "> INVITE", "< 407 INVITE to=x", "> INVITE cseq=2 auth", "< 403 INVITE cseq=2",
	    "> INVITE" },
	  CALL_FAILED,
	  403 },
	{ "answered by one of the server's branches, failed on others",
	  { "> INVITE branch=in", "< INVITE branch=out1 peer=2", "< INVITE branch=out2 peer=3",
	    "> 486 INVITE branch=out1 peer=2 to=B1", "> 180 INVITE branch=out2 peer=3 to=B2",
	    "< 180 INVITE branch=in to=B2", "> 200 INVITE branch=out2 peer=3 to=B2",
	    "< 200 INVITE branch=in to=B2", "> ACK branch=a to=B2", "< ACK branch=b to=B2 peer=3" },
	  CALL_CONFIRMED,
	  200 },
	{ "the callee's own 200 does not answer the caller's call",
	  { "> INVITE branch=in", "< INVITE branch=out peer=2", "> 200 INVITE branch=out peer=2" },
	  CALL_TRYING,
	  0 },
	{ "a call that the server makes",
	  { "< INVITE from=Asrv", "> 180 INVITE from=Asrv", "> 200 INVITE from=Asrv",
	    "< ACK from=Asrv branch=x" },
	  CALL_CONFIRMED,
	  200 },
	{ "two forks answer, one is hung up",
	  { "> INVITE", "< 180 INVITE to=B1", "< 180 INVITE to=B2", "< 200 INVITE to=B1",
	    "> ACK branch=x to=B1", "< 200 INVITE to=B2", "> ACK branch=y to=B2",
	    "> BYE cseq=2 to=B2", "< 200 BYE cseq=2 to=B2" },
	  CALL_CONFIRMED,
	  200 },
	{ "two forks answer, both are hung up",
	  { "> INVITE", "< 200 INVITE to=B1", "> ACK branch=x to=B1", "< 200 INVITE to=B2",
	    "> ACK branch=y to=B2", "> BYE cseq=2 to=B2", "> BYE cseq=2 to=B1 branch=z" },
	  CALL_ENDED,
	  200 },
	{ "BYE with a wrong To tag",
	  { "> INVITE", "< 200 INVITE", "> ACK branch=x", "> BYE cseq=2 to=Bguess" },
	  CALL_CONFIRMED,
	  200 },
	{ "BYE with a wrong From tag",
	  { "> INVITE", "< 200 INVITE", "> ACK branch=x", "> BYE cseq=2 from=Aguess" },
	  CALL_CONFIRMED,
	  200 },
	{ "BYE that is challenged",
	  { "> INVITE", "< 200 INVITE", "> ACK branch=x", "> BYE cseq=2", "< 407 BYE cseq=2" },
	  CALL_CONFIRMED,
	  200 },
	{ "BYE that is challenged and comes again",
	  { "> INVITE", "< 200 INVITE", "> ACK branch=x", "> BYE cseq=2", "< 407 BYE cseq=2",
	    "> BYE cseq=3 auth", "< 200 BYE cseq=3" },
	  CALL_ENDED,
	  200 },
	{ "the INVITE was missed, the answer is seen",
	  { "< 180 INVITE", "< 200 INVITE", "> ACK branch=x" },
	  CALL_CONFIRMED,
	  200 },
	{ "a 200 after the failure of another branch wins",
	  { "> INVITE", "< 180 INVITE", "< 486 INVITE to=B1", "< 200 INVITE to=B2" },
	  CALL_ANSWERED,
	  200 },
	{ "a second branch of a proxy before us is refused as merged",
	  { "> INVITE branch=one", "< 180 INVITE branch=one", "> INVITE branch=two",
	    "< 482 INVITE branch=two to=x" },
	  CALL_RINGING,
	  0 },
	{ "ACK seen before its INVITE, and again",
	  { "> INVITE", "> ACK cseq=2 branch=x", "> INVITE cseq=2 auth", "> ACK cseq=2 branch=x",
	    "< 200 INVITE cseq=2" },
	  CALL_CONFIRMED,
	  200 },
	{ "BYE without a To tag",
	  { "> INVITE", "< 200 INVITE", "> ACK branch=x", "> BYE cseq=2 to=-" },
	  CALL_CONFIRMED,
	  200 },
	{ "RFC 2543 callee: no To tag ever",
	  { "> INVITE", "< 180 INVITE to=-", "< 200 INVITE to=-", "> ACK branch=x to=-",
	    "> BYE cseq=2 to=-" },
	  CALL_ENDED,
	  200 },
	{ "RFC 2543 caller: no branch cookie, no From tag",
	  { "> INVITE via=1 from=-", "< 180 INVITE via=1 from=-", "< 200 INVITE via=1 from=-",
	    "> ACK via=2 from=-", "> BYE via=3 from=- cseq=2" },
	  CALL_ENDED,
	  200 },
	{ "RFC 2543 caller, cancelled: the same branch for everything",
	  { "> INVITE via=1", "< 180 INVITE via=1", "> CANCEL via=1 to=-", "< 487 INVITE via=1" },
	  CALL_FAILED,
	  487 },
};

Test(track_call, every_ending_is_recognised,
     .description = "a table of ways in which calls go, with the state and status that result")
{
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		const struct ending *row = &endings[i];
		struct stage *s = stage_new();
		const struct call_record *r;

		stage_play_all(s, row->lines);
		r = stage_call(s, "one");
		cr_assert_not_null(r, "%s: no record", row->what);
		cr_expect_eq(r->state, row->state, "%s: state is %d", row->what, r->state);
		cr_expect_eq(r->final_status, row->status, "%s: status is %u", row->what,
			     r->final_status);
		cr_expect_eq(s->call_count, 1, "%s", row->what);
		cr_expect_eq(!!r->ended_unix_ns, r->state == CALL_ENDED || r->state == CALL_FAILED,
			     "%s: ended time", row->what);
		PLAY(s, "wait 90000000", "wait 33000"); /* 25 hours, and to be seen as over */
		cr_expect_eq(s->call_count, 0, "%s: stuck", row->what);
		stage_free(s);
	}
}

struct silence {
	const char *what;
	const char *lines[8];
	unsigned int lasts_s;	/* the call is still as it was */
	unsigned int over_by_s; /* and is over by then */
	enum call_state state;
	unsigned int status;
};

static const struct silence silences[] = {
	{ "tried for ever",
	  { "> INVITE", "wait 20000", "< 100 INVITE", "wait 100000", "> INVITE" },
	  79,
	  82,
	  CALL_FAILED,
	  0 },
	{ "rings for ever",
	  { "> INVITE", "wait 100000", "< 180 INVITE" },
	  179,
	  182,
	  CALL_FAILED,
	  0 },
	{ "cancelled, no final response",
	  { "> INVITE", "< 180 INVITE", "> CANCEL to=-" },
	  31,
	  34,
	  CALL_FAILED,
	  0 },
	{ "200 never acknowledged", { "> INVITE", "< 200 INVITE" }, 31, 34, CALL_ENDED, 200 },
	{ "BYE in the early dialog, no final response",
	  { "> INVITE", "< 180 INVITE", "> BYE cseq=2", "< 200 BYE cseq=2" },
	  31,
	  34,
	  CALL_ENDED,
	  0 },
	{ "idle without a session timer",
	  { "> INVITE", "< 200 INVITE", "> ACK branch=x" },
	  12 * 3600 - 2,
	  12 * 3600 + 2,
	  CALL_ENDED,
	  200 },
	{ "idle, but a sign of life after an hour",
	  { "> INVITE", "< 200 INVITE", "> ACK branch=x", "wait 3600000", "> INFO cseq=2 to=B" },
	  12 * 3600 - 2,
	  12 * 3600 + 2,
	  CALL_ENDED,
	  200 },
	{ "session timer runs out",
	  { "> INVITE", "< 200 INVITE se=1800", "> ACK branch=x" },
	  1830,
	  1834,
	  CALL_ENDED,
	  200 },
	{ "session timer is refreshed by an UPDATE",
	  { "> INVITE", "< 200 INVITE se=1800", "> ACK branch=x", "wait 900000",
	    "> UPDATE cseq=2 to=B se=600", "< 200 UPDATE cseq=2 se=600" },
	  630,
	  634,
	  CALL_ENDED,
	  200 },
	{ "session timer is not refreshed by an INFO",
	  { "> INVITE", "< 200 INVITE se=1800", "> ACK branch=x", "wait 900000",
	    "> INFO cseq=2 to=B" },
	  930,
	  934,
	  CALL_ENDED,
	  200 },
	{ "session timer absurdly small",
	  { "> INVITE", "< 200 INVITE se=1", "> ACK branch=x" },
	  120,
	  124,
	  CALL_ENDED,
	  200 },
};

Test(track_call, silence_ends_every_call,
     .description = "each state has its time, from the last message on, and then is over")
{
	for (size_t i = 0; i < sizeof(silences) / sizeof(silences[0]); i++) {
		const struct silence *row = &silences[i];
		struct stage *s = stage_new();
		const struct call_record *r;
		enum call_state before;
		char wait[32];

		stage_play_all(s, row->lines);
		before = stage_call(s, "one")->state;
		snprintf(wait, sizeof(wait), "wait %u", row->lasts_s * 1000);
		stage_play(s, wait);
		r = stage_call(s, "one");
		cr_assert_not_null(r, "%s: gone too early", row->what);
		cr_expect_eq(r->state, before, "%s: over too early", row->what);
		snprintf(wait, sizeof(wait), "wait %u", (row->over_by_s - row->lasts_s) * 1000);
		stage_play(s, wait);
		r = stage_call(s, "one");
		cr_assert_not_null(r, "%s: gone, not shown as over", row->what);
		cr_expect_eq(r->state, row->state, "%s: state is %d", row->what, r->state);
		cr_expect_eq(r->final_status, row->status, "%s", row->what);
		stage_play(s, "wait 34000");
		cr_expect_eq(s->call_count, 0, "%s: stuck", row->what);
		stage_free(s);
	}
}

Test(track_call, retransmissions_are_counted_and_change_nothing,
     .description = "every message of a call sent three times: states, times and counts of the one")
{
	static const char *const lines[] = { "> INVITE",	 "< 100 INVITE",
					     "< 180 INVITE",	 "< 200 INVITE",
					     "> ACK branch=ack", "> BYE cseq=2",
					     "< 200 BYE cseq=2", NULL };
	struct stage *s = stage_new();
	const struct call_record *r;

	for (const char *const *line = lines; *line; line++)
		PLAY(s, *line, *line, *line);
	r = stage_call(s, "one");
	cr_assert_eq(r->state, CALL_ENDED);
	cr_assert_eq(r->messages, 21);
	cr_assert_eq(r->retransmissions, 14);
	cr_assert_eq(r->answered_unix_ns, STAGE_START + 9 * 10 * MS);
	cr_assert_eq(r->ended_unix_ns, STAGE_START + 15 * 10 * MS);
	cr_assert_eq(stage_facts(s, TRACK_ANSWERED), 1);
	cr_assert_eq(stage_stats(s).retransmissions, 14);
	stage_free(s);
}

Test(track_call, reinvites_are_counted_once,
     .description = "from either side, through a proxy, repeated and challenged: each counts once")
{
	struct stage *s = stage_new();

	stage_play_all(s, setup);
	PLAY(s, "> INVITE cseq=2 to=B branch=r1", "< INVITE cseq=2 to=B branch=r1o peer=2",
	     "> INVITE cseq=2 to=B branch=r1", "> 200 INVITE cseq=2 branch=r1o peer=2",
	     "< 200 INVITE cseq=2 branch=r1", "> ACK cseq=2 branch=r1a");
	cr_assert_eq(stage_call(s, "one")->reinvites, 1);
	PLAY(s, "> INVITE cseq=1 from=B to=A peer=2 branch=r2",
	     "< 200 INVITE cseq=1 from=B to=A peer=2 branch=r2");
	cr_assert_eq(stage_call(s, "one")->reinvites, 2, "the callee's CSeq is its own");
	PLAY(s, "> INVITE cseq=3 to=B", "< 407 INVITE cseq=3", "> ACK cseq=3",
	     "> INVITE cseq=4 to=B auth", "< 200 INVITE cseq=4", "> ACK cseq=4 branch=y");
	cr_assert_eq(stage_call(s, "one")->reinvites, 3);
	PLAY(s, "> INVITE cseq=5 to=B", "< 488 INVITE cseq=5", "> ACK cseq=5");
	cr_assert_eq(stage_call(s, "one")->reinvites, 4);
	assert_state(s, CALL_CONFIRMED);
	cr_assert_eq(stage_call(s, "one")->final_status, 200, "a re-INVITE's 488 fails no call");
	stage_free(s);
}

Test(track_call, hostile_messages_change_nothing,
     .description = "what is sent with the Call-ID, but without the tags and branches of a call, "
		    "leaves its record untouched")
{
	static const char *const hostile[] = {
		"> INVITE from=Aevil",
		"> INVITE from=Aevil cseq=99",
		"> INVITE from=Aevil to=B cseq=99",
		"> BYE from=Aevil to=B cseq=99",
		"> BYE from=B to=Aevil cseq=99",
		"> BYE from=Aevil to=-",
		"> CANCEL from=Aevil branch=x to=-",
		"> 200 BYE from=Aevil to=B cseq=9",
		"> 487 INVITE from=Aevil",
		"> 200 INVITE from=Aevil to=Bevil",
		"> ACK from=Aevil",
		"> REFER from=Aevil to=B",
	};
	struct stage *s = stage_new();
	struct call_record before;

	stage_play_all(s, setup);
	before = *stage_call(s, "one");
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		stage_play(s, hostile[i]);
		cr_expect_eq(memcmp(&before, stage_call(s, "one"), sizeof(before)), 0, "%s",
			     hostile[i]);
	}
	cr_assert_eq(s->call_count, 1);
	stage_free(s);
}

Test(track_call, far_side_cannot_answer_for_the_server,
     .description = "responses from outside without an INVITE of ours make no call and no fact")
{
	struct stage *s = stage_new();

	PLAY(s, "> 180 INVITE", "> 200 INVITE", "> BYE cseq=2", "> 200 BYE", "> ACK branch=x",
	     "> CANCEL to=-", "> INVITE to=B");
	cr_assert_eq(s->call_count, 0);
	cr_assert_eq(s->fact_count, 0);
	PLAY(s, "< INVITE id=two branch=real peer=7", "> 200 INVITE id=two branch=fake peer=7");
	cr_assert_eq(stage_facts(s, TRACK_ANSWERED), 0, "another branch");
	stage_free(s);
	s = stage_new();
	PLAY(s, "< INVITE id=two branch=real peer=7", "> 200 INVITE id=two branch=real peer=8");
	cr_assert_eq(stage_facts(s, TRACK_ANSWERED), 0, "another address");
	stage_free(s);
	s = stage_new();
	PLAY(s, "< INVITE id=two branch=real peer=7", "> 200 INVITE id=two branch=real peer=7");
	cr_assert_eq(stage_facts(s, TRACK_ANSWERED), 1, "the one that was asked");
	stage_free(s);
}

Test(track_call, ten_thousand_forks_cost_one_call,
     .description = "a storm of To tags stays within one entry, and the answered dialog is known")
{
	struct stage *s = stage_new();
	char line[64];

	stage_play(s, "> INVITE");
	for (int i = 0; i < 10000; i++) {
		snprintf(line, sizeof(line), "< 180 INVITE to=Bfork%d", i);
		stage_play(s, line);
	}
	cr_assert_gt(stage_stats(s).forks_lost, 9000);
	PLAY(s, "< 200 INVITE to=Bfork77777", "> ACK to=Bfork77777 branch=x",
	     "> BYE cseq=2 to=Bfork5 branch=y");
	assert_state(s, CALL_CONFIRMED);
	stage_play(s, "> BYE cseq=2 to=Bfork77777");
	assert_state(s, CALL_ENDED);
	cr_assert_eq(s->call_count, 1);
	stage_free(s);
}

Test(track_call, facts_for_policy,
     .description = "refused credentials, unknown and found AoRs are told; a bare challenge is not")
{
	static const struct {
		const char *lines[6];
		int fact; /* -1: none */
	} rows[] = {
		{ { "> INVITE", "< 407 INVITE to=x" }, -1 },
		{ { "> INVITE", "< 403 INVITE to=x" }, -1 },
		{ { "> INVITE auth", "< 407 INVITE to=x" }, TRACK_REFUSED },
		{ { "> INVITE auth", "< 407 INVITE to=x challenge=false" }, TRACK_REFUSED },
		{ { "> INVITE auth", "< 407 INVITE to=x challenge=true" }, -1 },
		{ { "> INVITE auth", "< 403 INVITE to=x" }, TRACK_REFUSED },
		{ { "> INVITE", "< 407 INVITE to=x", "> ACK to=x", "> INVITE cseq=2 auth",
		    "< 407 INVITE cseq=2 to=y" },
		  TRACK_REFUSED },
		{ { "> INVITE", "< 404 INVITE to=x" }, TRACK_UNKNOWN },
		{ { "> INVITE", "< 486 INVITE" }, TRACK_FOUND },
		{ { "> INVITE", "< 503 INVITE" }, -1 },
		{ { "> INVITE", "< INVITE branch=o peer=2", "> 404 INVITE branch=o peer=2" }, -1 },
		{ { "> OPTIONS", "< 200 OPTIONS" }, TRACK_FOUND },
		{ { "> OPTIONS", "< 404 OPTIONS" }, TRACK_UNKNOWN },
		{ { "> OPTIONS", "< 404 OPTIONS branch=other" }, -1 },
		{ { "> MESSAGE auth", "< 401 MESSAGE" }, TRACK_REFUSED },
		{ { "> SUBSCRIBE auth", "< 403 SUBSCRIBE", "< 403 SUBSCRIBE" }, TRACK_REFUSED },
		{ { "< OPTIONS", "> 404 OPTIONS" }, -1 },
		{ { "> REGISTER", "< 401 REGISTER" }, -1 },
		{ { "> REGISTER auth", "< 401 REGISTER" }, TRACK_REFUSED },
		{ { "> REGISTER", "< 404 REGISTER" }, TRACK_UNKNOWN },
		{ { "> INVITE to=Bforged", "< 404 INVITE to=Bforged" }, TRACK_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stage *s = stage_new();

		stage_play_all(s, rows[i].lines);
		cr_expect_eq(s->fact_count, rows[i].fact >= 0, "row %zu: %zu facts", i,
			     s->fact_count);
		if (rows[i].fact >= 0 && s->fact_count) {
			cr_expect_eq((int)s->facts[0].kind, rows[i].fact, "row %zu: fact %d", i,
				     s->facts[0].kind);
			cr_expect_eq(s->facts[0].peer.addr.word[3], htonl(0xc0000201), "row %zu",
				     i);
			cr_expect_eq(s->facts[0].service, 3);
		}
		stage_free(s);
	}
}

Test(track_call, the_aor_asked_for_is_the_request_uri,
     .description =
	     "two users are two AoRs whatever To says; the same user is one, in any spelling")
{
	struct stage *s = stage_new();

	PLAY(s, "> OPTIONS id=a cseq=1 ruri=sip:100@example.com branch=1",
	     "< 404 OPTIONS id=a branch=1", "> OPTIONS id=b ruri=sip:101@example.com branch=2",
	     "< 404 OPTIONS id=b branch=2",
	     "> OPTIONS id=c ruri=sip:%31%30%31@EXAMPLE.com;transport=udp branch=3",
	     "< 404 OPTIONS id=c branch=3");
	cr_assert_eq(s->fact_count, 3);
	cr_assert_neq(s->facts[0].aor_hash, s->facts[1].aor_hash);
	cr_assert_eq(s->facts[1].aor_hash, s->facts[2].aor_hash);
	stage_free(s);
}

Test(track_call, full_table_drops_the_newest_and_counts_it,
     .description =
	     "the calls that are there go on; those beyond the table are counted, not tracked")
{
	struct stage *s = stage_new();
	char line[64];

	for (int i = 0; i < 1030; i++) {
		snprintf(line, sizeof(line), "> INVITE id=c%d", i);
		stage_play(s, line);
	}
	cr_assert_eq(s->call_count, 1024);
	cr_assert_eq(stage_stats(s).calls, 1024);
	cr_assert_eq(stage_stats(s).calls_full, 6);
	stage_play(s, "< 180 INVITE id=c1");
	cr_assert_eq(stage_call(s, "c1")->state, CALL_RINGING);
	PLAY(s, "wait 182000", "wait 33000");
	cr_assert_eq(s->call_count, 0);
	stage_play(s, "> INVITE id=late");
	cr_assert_eq(s->call_count, 1);
	stage_free(s);
}

Test(track_call, record_that_the_map_refused_is_written_later,
     .description =
	     "a full map costs the record, not the call; with room, the next message writes it")
{
	struct stage *s = stage_new();

	s->room = 0;
	PLAY(s, "> INVITE", "< 180 INVITE");
	cr_assert_eq(s->call_count, 0);
	cr_assert_eq(stage_stats(s).calls, 1);
	cr_assert_gt(stage_stats(s).put_failed, 0);
	s->room = 10;
	stage_play(s, "< 200 INVITE");
	assert_state(s, CALL_ANSWERED);
	cr_assert_str_eq(stage_call(s, "one")->from, "sip:alice@example.com");
	cr_assert_eq(stage_call(s, "one")->messages, 3);
	s->call_count = 0; /* somebody deletes it from the map */
	PLAY(s, "> ACK branch=x", "> BYE from=B to=A cseq=5");
	assert_state(s, CALL_ENDED);
	cr_assert_str_eq(stage_call(s, "one")->from, "sip:alice@example.com",
			 "written from the callee's message, the right way round");
	cr_assert_str_eq(stage_call(s, "one")->source, "192.0.2.1:5060");
	stage_free(s);
}

Test(track_call, call_id_used_again_is_a_new_call,
     .description = "once a call is over, an INVITE with its Call-ID and another tag starts anew")
{
	struct stage *s = stage_new();

	stage_play_all(s, setup);
	PLAY(s, "> INVITE from=A2 branch=new");
	cr_assert_eq(stage_call(s, "one")->messages, 5, "not while the call is up");
	PLAY(s, "> BYE cseq=2", "> INVITE from=A3 branch=newer");
	assert_state(s, CALL_TRYING);
	cr_assert_eq(stage_call(s, "one")->messages, 1);
	cr_assert_eq(s->call_count, 1);
	stage_free(s);
}

Test(track_call, long_texts_are_cut_where_they_may_be,
     .description = "a Call-ID of 900 octets and long URIs fill their fields and end with a NUL")
{
	struct stage *s = stage_new();
	char line[1024], id[401];
	const struct call_record *r;

	memset(id, 'x', 400);
	id[400] = '\0';
	snprintf(line, sizeof(line), "> INVITE id=%s toward=sip:%.300s@example.com", id, id);
	stage_play(s, line);
	cr_assert_eq(s->call_count, 1);
	r = &s->calls[0].record;
	cr_assert_eq(strlen(r->call_id), RECORD_CALL_ID - 1);
	cr_assert_eq(strlen(r->to), RECORD_URI - 1);
	cr_assert_eq(strncmp(r->to, "sip:xxxx", 8), 0);
	stage_free(s);
}

Test(track_call, many_messages_between_flushes_are_one_write,
     .description = "a new record is there at once; what follows is written with the flush, once")
{
	struct stage *s = stage_new();
	struct sip_error error;
	char text[STAGE_TEXT];

	for (int i = 0; i < 4; i++) {
		struct stage_line l;
		size_t length = stage_message(text, &l, setup[i]);
		struct track_arrival arrival = stage_arrival(&l, s->now_ns + (uint64_t)i * MS);

		cr_assert_eq(sip_message_parse(text, length, &s->message, &error), 0);
		track_message(s->track, &arrival, &s->message);
		assert_state(s, CALL_TRYING);
	}
	cr_assert_eq(s->puts, 1);
	track_flush(s->track);
	cr_assert_eq(s->puts, 2);
	assert_state(s, CALL_ANSWERED);
	track_flush(s->track);
	cr_assert_eq(s->puts, 2, "nothing has changed since");
	stage_free(s);
}

Test(track_call, calls_may_end_between_flushes,
     .description =
	     "a call that is deleted while its record waits to be written takes nobody else's "
	     "update with it")
{
	struct stage *s = stage_new();

	PLAY(s, "> INVITE id=a", "< 100 INVITE id=a", "> INVITE id=b", "< 100 INVITE id=b",
	     "wait 100000", "< 180 INVITE id=b");
	s->now_ns += 82 * SECONDS; /* a fails, b has half its time left */
	track_advance(s->track, s->now_ns);
	s->now_ns += 33 * SECONDS;
	track_advance(s->track, s->now_ns);
	cr_assert_null(stage_call(s, "a"));
	s->now_ns += 70 * SECONDS;
	track_advance(s->track, s->now_ns);
	track_flush(s->track);
	cr_assert_eq(stage_call(s, "b")->state, CALL_FAILED);
	stage_free(s);
}

Test(track_call, deleting_in_the_chain_of_updates,
     .description =
	     "of three calls that fail at once and wait for a flush, one is used again: all are "
	     "written and deleted in their time")
{
	struct stage *s = stage_new();

	PLAY(s, "> INVITE id=a", "< 100 INVITE id=a", "> INVITE id=b", "< 100 INVITE id=b",
	     "> INVITE id=c", "< 100 INVITE id=c");
	s->now_ns += 182 * SECONDS;
	track_advance(s->track, s->now_ns);
	PLAY(s, "> INVITE id=b from=A2 branch=new", "< 180 INVITE id=b from=A2 branch=new");
	cr_assert_eq(stage_call(s, "a")->state, CALL_FAILED);
	cr_assert_eq(stage_call(s, "b")->state, CALL_RINGING);
	cr_assert_eq(stage_call(s, "c")->state, CALL_FAILED);
	stage_play(s, "wait 33000");
	cr_assert_eq(s->call_count, 1);
	stage_free(s);
}

Test(track_call, restart_goes_on_with_the_same_calls,
     .description =
	     "a new tracker adopts the records of calls in every state and ends them rightly")
{
	static const struct {
		const char *before[8], *after[8];
		enum call_state state;
	} rows[] = {
		{ { "> INVITE" },
		  { "< 180 INVITE", "< 200 INVITE", "> ACK branch=x" },
		  CALL_CONFIRMED },
		{ { "> INVITE", "< 180 INVITE" }, { "< 486 INVITE" }, CALL_FAILED },
		{ { "> INVITE", "< 180 INVITE" }, { "< 200 INVITE", "> BYE cseq=2" }, CALL_ENDED },
		{ { "> INVITE", "< 407 INVITE to=x" },
		  { "> INVITE cseq=2 auth", "< 200 INVITE cseq=2", "> ACK cseq=2 branch=x" },
		  CALL_CONFIRMED },
		{ { "> INVITE", "< 200 INVITE" }, { "> ACK branch=x" }, CALL_CONFIRMED },
		{ { "> INVITE", "< 200 INVITE", "> ACK branch=x" },
		  { "> BYE cseq=2", "< 200 BYE cseq=2" },
		  CALL_ENDED },
		{ { "> INVITE", "< 200 INVITE", "> ACK branch=x" },
		  { "< BYE cseq=2 from=B to=A" },
		  CALL_ENDED },
		{ { "> INVITE", "< 200 INVITE", "> ACK branch=x" },
		  { "> BYE cseq=2 from=Aevil to=Bevil", "< 481 BYE cseq=2 from=Aevil to=Bevil" },
		  CALL_CONFIRMED },
		{ { "> INVITE", "< 200 INVITE", "> ACK branch=x" },
		  { "> INVITE cseq=2 to=B", "< 200 INVITE cseq=2", "> BYE cseq=3" },
		  CALL_ENDED },
		{ { "< INVITE from=Asrv", "> 180 INVITE from=Asrv" },
		  { "> 200 INVITE from=Asrv", "< ACK from=Asrv branch=x" },
		  CALL_CONFIRMED },
		{ { "> INVITE", "< 486 INVITE" }, { "> ACK" }, CALL_FAILED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stage *s = stage_new();
		const struct call_record *r;
		struct call_record before;

		stage_play_all(s, rows[i].before);
		track_flush(s->track);
		before = *stage_call(s, "one");
		stage_restart(s);
		cr_expect_eq(memcmp(&before, stage_call(s, "one"), sizeof(before)), 0, "row %zu",
			     i);
		stage_play_all(s, rows[i].after);
		r = stage_call(s, "one");
		cr_assert_not_null(r, "row %zu", i);
		cr_expect_eq(r->state, rows[i].state, "row %zu: state is %d", i, r->state);
		cr_expect_eq(r->started_unix_ns, STAGE_START, "row %zu", i);
		cr_expect_str_eq(r->from, before.from, "row %zu", i);
		PLAY(s, "wait 90000000", "wait 33000");
		cr_expect_eq(s->call_count, 0, "row %zu: stuck", i);
		stage_free(s);
	}
}

Test(track_call, records_whose_time_is_over_are_not_adopted,
     .description = "calls that ended, or must have, while no daemon ran are deleted from the map")
{
	struct stage *s = stage_new();
	struct track_sink sink = stage_sink(s);

	PLAY(s, "> INVITE id=ringing", "> INVITE id=failed", "< 486 INVITE id=failed",
	     "> INVITE id=up", "< 200 INVITE id=up", "> ACK id=up branch=x");
	track_free(s->track);
	s->now_ns += 600 * SECONDS;
	cr_assert_eq(track_new(&s->config, &sink, s->now_ns, &s->track), 0);
	for (size_t i = s->call_count; i-- > 0;) {
		struct call_key key = s->calls[i].key;
		struct call_record record = s->calls[i].record;
		bool up = !strcmp(record.call_id, "up");

		cr_assert_eq(track_adopt_call(s->track, &key, &record), up ? 0 : -ESTALE, "%s",
			     record.call_id);
	}
	cr_assert_eq(s->call_count, 1);
	cr_assert_not_null(stage_call(s, "up"));
	stage_free(s);
}

Test(track_call, messages_without_a_hash_are_counted_and_left,
     .description = "call_id_hash 0 never reaches a table")
{
	struct stage *s = stage_new();
	char text[STAGE_TEXT];
	struct stage_line l;
	size_t length = stage_message(text, &l, "> INVITE");
	struct track_arrival arrival = stage_arrival(&l, s->now_ns);

	arrival.call_id_hash = 0;
	cr_assert_eq(sip_message_parse(text, length, &s->message, NULL), 0);
	track_message(s->track, &arrival, &s->message);
	cr_assert_eq(stage_stats(s).unhashed, 1);
	cr_assert_eq(s->call_count, 0);
	stage_free(s);
}
