/* SPDX-License-Identifier: GPL-2.0-only */
/* What happens within a call: media, modifications, forks, legs; how a call is forgotten, makes room
 * for another one, and is found over by what the kernel knows. */
#include "test_track_stage.h"

#define CALL_UP "> INVITE", "< 180 INVITE", "< 200 INVITE sdp=PCMA", "> ACK branch=x"

struct modification {
	const char *what;
	const char *lines[16];
	unsigned int reinvites, updates, pracks, refers, holds, held, changes;
	const char *codec;
};

static const struct modification modifications[] = {
	{ "answered with one of the offered codecs",
	  { "> INVITE sdp=opus,PCMA", "< 200 INVITE sdp=PCMA", "> ACK branch=x" },
	  .codec = "PCMA" },
	{ "telephone-event is no codec",
	  { "> INVITE sdp=opus", "< 200 INVITE sdp=telephone-event,CN,opus" },
	  .codec = "opus" },
	{ "early answer, then another one",
	  { "> INVITE", "< 183 INVITE sdp=G722", "< 200 INVITE sdp=PCMU", "> ACK branch=x" },
	  .codec = "PCMU" },
	{ "offer in the 200, answer in the ACK",
	  { "> INVITE", "< 200 INVITE sdp=opus,PCMA", "> ACK branch=x sdp=PCMA" },
	  .codec = "PCMA" },
	{ "no description at all", { "> INVITE", "< 200 INVITE", "> ACK branch=x" }, .codec = "" },
	{ "the callee's side of a proxy does not count",
	  { "> INVITE branch=i", "< INVITE branch=o peer=2",
	    "> 200 INVITE branch=o peer=2 sdp=G729", "< 200 INVITE branch=i sdp=PCMA" },
	  .codec = "PCMA" },
	{ "codec changed by a re-INVITE",
	  { CALL_UP, "> INVITE cseq=2 to=B sdp=opus", "< 200 INVITE cseq=2 sdp=opus",
	    "> ACK cseq=2 branch=y" },
	  .reinvites = 1,
	  .changes = 1,
	  .codec = "opus" },
	{ "hold and resume",
	  { CALL_UP, "> INVITE cseq=2 to=B sdp=PCMA:sendonly",
	    "< 200 INVITE cseq=2 sdp=PCMA:recvonly", "> ACK cseq=2 branch=y",
	    "> INVITE cseq=3 to=B sdp=PCMA", "< 200 INVITE cseq=3 sdp=PCMA",
	    "> ACK cseq=3 branch=z" },
	  .reinvites = 2,
	  .holds = 1,
	  .codec = "PCMA" },
	{ "held by the callee",
	  { CALL_UP, "< INVITE cseq=1 from=B to=A sdp=PCMA:inactive",
	    "> 200 INVITE cseq=1 from=B to=A sdp=PCMA:inactive" },
	  .reinvites = 1,
	  .holds = 1,
	  .held = CALL_HELD_BY_CALLEE,
	  .codec = "PCMA" },
	{ "held by both, resumed by the caller",
	  { CALL_UP, "> INVITE cseq=2 to=B sdp=PCMA:sendonly",
	    "< 200 INVITE cseq=2 sdp=PCMA:recvonly",
	    "< INVITE cseq=1 from=B to=A sdp=PCMA:inactive",
	    "> 200 INVITE cseq=1 from=B to=A sdp=PCMA:inactive", "> INVITE cseq=3 to=B sdp=PCMA",
	    "< 200 INVITE cseq=3 sdp=PCMA:sendonly" },
	  .reinvites = 3,
	  .holds = 2,
	  .held = CALL_HELD_BY_CALLEE,
	  .codec = "PCMA" },
	{ "a hold that is refused",
	  { CALL_UP, "> INVITE cseq=2 to=B sdp=PCMA:sendonly", "< 488 INVITE cseq=2",
	    "> ACK cseq=2" },
	  .reinvites = 1,
	  .codec = "PCMA" },
	{ "hold by UPDATE",
	  { CALL_UP, "> UPDATE cseq=2 to=B sdp=PCMA:sendonly",
	    "< 200 UPDATE cseq=2 sdp=PCMA:recvonly" },
	  .updates = 1,
	  .holds = 1,
	  .held = CALL_HELD_BY_CALLER,
	  .codec = "PCMA" },
	{ "re-INVITEs from both sides at once: 491, then one again",
	  { CALL_UP, "> INVITE cseq=2 to=B", "< INVITE cseq=1 from=B to=A", "< 491 INVITE cseq=2",
	    "> 491 INVITE cseq=1 from=B to=A", "> ACK cseq=2", "> INVITE cseq=3 to=B",
	    "< 200 INVITE cseq=3" },
	  .reinvites = 1,
	  .codec = "PCMA" },
	{ "reliable provisional responses",
	  { "> INVITE", "< 183 INVITE sdp=PCMA", "> PRACK cseq=2 to=B", "< 200 PRACK cseq=2",
	    "< 180 INVITE", "> PRACK cseq=3 to=B", "> PRACK cseq=3 to=B", "< 200 PRACK cseq=3" },
	  .pracks = 2,
	  .codec = "PCMA" },
	{ "the offer in a 183, the answer in the PRACK",
	  { "> INVITE", "< 183 INVITE sdp=opus,PCMA", "> PRACK cseq=2 to=B sdp=PCMA" },
	  .pracks = 1,
	  .codec = "PCMA" },
	{ "transferred by the callee",
	  { CALL_UP, "< REFER cseq=1 from=B to=A", "> 202 REFER cseq=1 from=B to=A" },
	  .refers = 1,
	  .codec = "PCMA" },
	{ "through a proxy, each counts once",
	  { CALL_UP, "> UPDATE cseq=2 to=B branch=u", "< UPDATE cseq=2 to=B branch=uo peer=2",
	    "> 200 UPDATE cseq=2 branch=uo peer=2", "< 200 UPDATE cseq=2 branch=u",
	    "> REFER cseq=1 from=B to=A branch=r peer=2", "< REFER cseq=1 from=B to=A branch=ro" },
	  .updates = 1,
	  .refers = 1,
	  .codec = "PCMA" },
	{ "in a dialog that is not known",
	  { CALL_UP, "> UPDATE cseq=2 to=Bguess", "> REFER cseq=3 to=Bguess",
	    "> INVITE cseq=4 to=Bguess" },
	  .codec = "PCMA" },
};

Test(track_dialog, what_happens_within_a_call,
     .description =
	     "modifications, holds, codecs, PRACK and REFER, each seen once and undone where "
	     "it is refused")
{
	for (size_t i = 0; i < sizeof(modifications) / sizeof(modifications[0]); i++) {
		const struct modification *row = &modifications[i];
		struct stage *s = stage_new();
		const struct call_record *r;

		stage_play_all(s, row->lines);
		r = stage_call(s, "one");
		cr_assert_not_null(r, "%s: no record", row->what);
		cr_expect_eq(r->reinvites, row->reinvites, "%s: %u re-INVITEs", row->what,
			     r->reinvites);
		cr_expect_eq(r->updates, row->updates, "%s: %u UPDATEs", row->what, r->updates);
		cr_expect_eq(r->pracks, row->pracks, "%s: %u PRACKs", row->what, r->pracks);
		cr_expect_eq(r->refers, row->refers, "%s: %u REFERs", row->what, r->refers);
		cr_expect_eq(r->holds, row->holds, "%s: %u holds", row->what, r->holds);
		cr_expect_eq(r->held, row->held, "%s: held by %u", row->what, r->held);
		cr_expect_eq(r->codec_changes, row->changes, "%s: %u changes", row->what,
			     r->codec_changes);
		cr_expect_str_eq(r->codec, row->codec, "%s", row->what);
		stage_free(s);
	}
}

Test(track_dialog, description_in_a_multipart,
     .description = "the codec is found behind another part, and a broken description is none")
{
	static const char *const bodies[] = {
		"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\nContent-Type: "
		"application/sdp\r\n\r\nv=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"
		"m=audio 0 RTP/AVP 0\r\nm=audio 4000 RTP/AVP 101 8\r\n"
		"a=rtpmap:101 telephone-event/8000\r\n--b--\r\n",
		"--b\r\nContent-Type: application/sdp\r\n\r\nrubbish\r\n--b--\r\n",
		"no part at all",
	};
	static const char *const codecs[] = { "PCMA", "", "" };

	for (size_t i = 0; i < 3; i++) {
		struct stage *s = stage_new();
		struct stage_line line;
		struct track_arrival arrival;
		char text[STAGE_TEXT];
		int length;

		stage_play(s, "> INVITE");
		stage_read_line(&line, "< 200 INVITE");
		length = snprintf(text, sizeof(text),
				  "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=%s\r\n"
				  "From: <sip:alice@example.com>;tag=A\r\n"
				  "To: <sip:bob@example.com>;tag=B\r\nCall-ID: one\r\n"
				  "CSeq: 1 INVITE\r\nContent-Type: multipart/mixed;boundary=b\r\n"
				  "Content-Length: %zu\r\n\r\n%s",
				  line.branch, strlen(bodies[i]), bodies[i]);
		cr_assert_eq(sip_message_parse(text, (size_t)length, &s->message, NULL), 0);
		arrival = stage_arrival(&line, s->now_ns);
		track_message(s->track, &arrival, &s->message);
		cr_expect_str_eq(stage_call(s, "one")->codec, codecs[i], "body %zu", i);
		stage_free(s);
	}
}

Test(track_dialog, forks_are_counted,
     .description = "each To tag of a forked INVITE is one dialog, however often it rings")
{
	struct stage *s = stage_new();

	PLAY(s, "> INVITE", "< 180 INVITE to=B1", "< 180 INVITE to=B2", "< 183 INVITE to=B2",
	     "< 183 INVITE to=B3", "< 200 INVITE to=B2", "> ACK to=B2 branch=x");
	cr_assert_eq(stage_call(s, "one")->forks, 3);
	for (int i = 0; i < 70000; i++) {
		char line[64];

		snprintf(line, sizeof(line), "< 200 INVITE to=Bstorm%d", i);
		stage_play(s, line);
	}
	cr_assert_eq(stage_call(s, "one")->forks, UINT16_MAX, "it stops, and does not wrap");
	cr_assert_eq(s->call_count, 1);
	stage_free(s);
}

#define UUID_A	 "ab30317f1a784dc48ff824d0d3715d86"
#define UUID_B	 "47755a9de7794ba387653f2099600ef2"
#define UUID_NIL "00000000000000000000000000000000"

Test(track_dialog, legs_of_one_call_share_the_hash_of_its_session_id,
     .description = "RFC 7989: the caller's UUID links legs, told from either side")
{
	struct stage *s = stage_new();
	uint64_t hash;

	PLAY(s, "> INVITE id=in sid=" UUID_A ";remote=" UUID_NIL,
	     "< INVITE id=out from=Asrv sid=" UUID_A ";remote=" UUID_NIL,
	     "< 200 INVITE id=late sid=" UUID_B ";remote=" UUID_A,
	     "> INVITE id=other sid=" UUID_B ";remote=" UUID_NIL, "> INVITE id=none",
	     "> INVITE id=broken sid=xyz");
	hash = stage_call(s, "in")->session_hash;
	cr_assert_neq(hash, 0);
	cr_assert_eq(stage_call(s, "out")->session_hash, hash);
	cr_assert_eq(stage_call(s, "late")->session_hash, hash, "by the response to the INVITE");
	cr_assert_neq(stage_call(s, "other")->session_hash, hash);
	cr_assert_eq(stage_call(s, "none")->session_hash, 0);
	cr_assert_eq(stage_call(s, "broken")->session_hash, 0);
	PLAY(s, "< 180 INVITE id=in", "< 200 INVITE id=in", "> ACK id=in branch=y");
	cr_assert_eq(stage_call(s, "in")->session_hash, hash, "kept when the record is rewritten");
	stage_free(s);
}

struct abandonment {
	const char *what;
	const char *lines[10];
	unsigned int told;
};

static const struct abandonment abandonments[] = {
	{ "hung up", { CALL_UP, "> BYE cseq=2", "< 200 BYE cseq=2" }, 0 },
	{ "unknown to the server", { CALL_UP, "> BYE cseq=2", "< 481 BYE cseq=2" }, 1 },
	{ "unknown to the caller",
	  { CALL_UP, "< BYE cseq=2 from=B to=A", "> 481 BYE cseq=2 from=B to=A" },
	  1 },
	{ "not answered", { CALL_UP, "> BYE cseq=2" }, 1 },
	{ "challenged, and then hung up",
	  { CALL_UP, "> BYE cseq=2", "< 407 BYE cseq=2", "> BYE cseq=3", "< 200 BYE cseq=3" },
	  0 },
	{ "of nobody, and then hung up",
	  { CALL_UP, "> BYE cseq=2 from=Aevil to=Bevil", "< 481 BYE cseq=2 from=Aevil to=Bevil",
	    "wait 60000", "> BYE cseq=2", "< 200 BYE cseq=2" },
	  0 },
	{ "busy", { "> INVITE", "< 486 INVITE" }, 0 },
	{ "silent", { CALL_UP, "wait 90000000" }, 0 },
};

Test(track_dialog, what_nobody_agreed_to_end_is_told_of,
     .description = "the kernel tells calls by Call-ID alone, and a BYE by its 2xx: of others it "
		    "is told once, when their record goes")
{
	for (size_t i = 0; i < sizeof(abandonments) / sizeof(abandonments[0]); i++) {
		const struct abandonment *row = &abandonments[i];
		struct stage *s = stage_new();

		stage_play_all(s, row->lines);
		cr_expect_eq(s->abandoned, 0, "%s: too early", row->what);
		stage_play(s, "wait 33000");
		cr_expect_eq(s->call_count, 0, "%s: stuck", row->what);
		cr_expect_eq(s->abandoned, row->told, "%s: told %u times", row->what, s->abandoned);
		stage_free(s);
	}
}

struct oblivion {
	const char *what;
	const char *lines[8];
	unsigned int lasts_ms, gone_by_ms; /* after the last line */
};

static const struct oblivion oblivions[] = {
	{ "never answered", { "> INVITE" }, 31500, 33000 },
	{ "never answered, sent again and again",
	  { "> INVITE", "wait 500", "> INVITE", "wait 15000", "> INVITE" },
	  16000,
	  18000 },
	{ "challenged and acknowledged", { "> INVITE", "< 407 INVITE", "> ACK" }, 4500, 6000 },
	{ "challenged, the ACK came first", { "> INVITE", "> ACK", "< 401 INVITE" }, 4500, 6000 },
	{ "challenged, never acknowledged", { "> INVITE", "< 407 INVITE" }, 9500, 11000 },
	{ "challenged again and again",
	  { "> INVITE", "< 407 INVITE", "wait 8000", "> INVITE", "wait 8000", "< 407 INVITE" },
	  9500,
	  11000 },
};

Test(track_dialog, what_was_no_more_than_an_invite_is_forgotten,
     .description = "unanswered at Timer B, challenged and not tried again within seconds: the "
		    "record goes without lingering")
{
	for (size_t i = 0; i < sizeof(oblivions) / sizeof(oblivions[0]); i++) {
		const struct oblivion *row = &oblivions[i];
		struct stage *s = stage_new();
		char wait[32];

		stage_play_all(s, row->lines);
		snprintf(wait, sizeof(wait), "wait %u", row->lasts_ms);
		stage_play(s, wait);
		cr_assert_not_null(stage_call(s, "one"), "%s: gone too early", row->what);
		cr_expect_eq(stage_call(s, "one")->state, CALL_TRYING, "%s", row->what);
		snprintf(wait, sizeof(wait), "wait %u", row->gone_by_ms - row->lasts_ms);
		stage_play(s, wait);
		cr_expect_null(stage_call(s, "one"), "%s: still there", row->what);
		cr_expect_eq(stage_stats(s).calls_forgotten, 1, "%s", row->what);
		stage_free(s);
	}
}

/* So many calls, c0, c1 …, each of which gets these lines. */
static void fill(struct stage *s, int calls, const char *const *lines)
{
	char line[128];

	for (int i = 0; i < calls; i++) {
		for (const char *const *l = lines; *l; l++) {
			snprintf(line, sizeof(line), "%s id=c%d", *l, i);
			stage_play(s, line);
		}
	}
}

Test(track_dialog, an_answered_call_takes_the_place_of_one_that_is_not,
     .description =
	     "a flood of INVITEs fills the table: the call that the server answers is listed, "
	     "and one that rings or talks stays as long as there is less to lose")
{
	static const char *const flood[] = { "> INVITE", NULL };
	struct stage *s = stage_new();

	PLAY(s, "> INVITE id=up", "< 200 INVITE id=up", "> ACK id=up branch=x", "> INVITE id=rings",
	     "< 180 INVITE id=rings");
	fill(s, 1022, flood);
	cr_assert_eq(s->call_count, 1024);
	PLAY(s, "> INVITE id=new", "< 180 INVITE id=new");
	cr_assert_null(stage_call(s, "new"), "not before it is answered");
	cr_assert_eq(stage_stats(s).calls_full, 2);
	stage_play(s, "< 200 INVITE id=new");
	cr_assert_not_null(stage_call(s, "new"));
	cr_assert_eq(stage_call(s, "new")->state, CALL_ANSWERED);
	cr_assert_eq(stage_stats(s).calls_evicted, 1);
	cr_assert_eq(s->call_count, 1024);
	cr_assert_not_null(stage_call(s, "up"));
	cr_assert_not_null(stage_call(s, "rings"));
	stage_play(s, "> 200 INVITE id=forged");
	cr_assert_null(stage_call(s, "forged"), "only the server's word counts");
	stage_free(s);
}

Test(track_dialog, a_table_full_of_answered_calls_is_full,
     .description = "calls that are up make no room, calls that are over do")
{
	static const char *const up[] = { "> INVITE", "< 200 INVITE", NULL };
	struct stage *s = stage_new();

	fill(s, 1024, up);
	stage_play(s, "< 200 INVITE id=new");
	cr_assert_null(stage_call(s, "new"));
	cr_assert_eq(stage_stats(s).calls_evicted, 0);
	for (int i = 0; i < 1024; i++) {
		char line[64];

		snprintf(line, sizeof(line), "> BYE cseq=2 id=c%d", i);
		stage_play(s, line);
	}
	stage_play(s, "< 200 INVITE id=new");
	cr_assert_not_null(stage_call(s, "new"));
	stage_free(s);
}

/* A tracker that finds its records an hour later. */
static void restart_after(struct stage *s, uint64_t ns)
{
	struct track_sink sink = stage_sink(s);

	track_flush(s->track);
	track_free(s->track);
	s->now_ns += ns;
	cr_assert_eq(track_new(&s->config, &sink, s->now_ns, &s->track), 0);
	for (size_t i = s->call_count; i-- > 0;) {
		struct call_key key = s->calls[i].key;
		struct call_record record = s->calls[i].record;

		track_adopt_call(s->track, &key, &record);
	}
	track_flush(s->track);
}

struct absence {
	const char *what;
	const char *lines[8];
	enum track_dialog dialog;
	unsigned int seen_before_s; /* the restart */
	enum call_state state;
	bool kept;
};

static const struct absence absences[] = {
	{ "hung up meanwhile", { CALL_UP }, TRACK_DIALOG_OVER, 600, CALL_ENDED, true },
	{ "still talking", { CALL_UP }, TRACK_DIALOG_CONFIRMED, 5, CALL_CONFIRMED, true },
	{ "nothing known", { CALL_UP }, TRACK_DIALOG_UNKNOWN, 0, CALL_CONFIRMED, true },
	{ "answered meanwhile",
	  { "> INVITE", "< 180 INVITE" },
	  TRACK_DIALOG_CONFIRMED,
	  5,
	  CALL_CONFIRMED,
	  true },
	{ "acknowledged meanwhile",
	  { "> INVITE", "< 200 INVITE" },
	  TRACK_DIALOG_CONFIRMED,
	  5,
	  CALL_CONFIRMED,
	  true },
	{ "never acknowledged",
	  { "> INVITE", "< 200 INVITE" },
	  TRACK_DIALOG_UNKNOWN,
	  0,
	  CALL_ANSWERED,
	  false },
	{ "rang too long", { "> INVITE", "< 180 INVITE" }, TRACK_DIALOG_UNKNOWN, 0, 0, false },
	{ "failed meanwhile", { "> INVITE", "< 180 INVITE" }, TRACK_DIALOG_OVER, 0, 0, false },
};

Test(track_dialog, the_kernel_knows_what_happened_meanwhile,
     .description =
	     "an hour without a daemon: calls that ended go, those that were answered are up")
{
	for (size_t i = 0; i < sizeof(absences) / sizeof(absences[0]); i++) {
		const struct absence *row = &absences[i];
		struct stage *s = stage_new();
		const struct call_record *r;

		stage_play_all(s, row->lines);
		s->dialog = row->dialog;
		s->dialog_seen_ns = s->now_ns + 3600 * SECONDS - row->seen_before_s * SECONDS;
		restart_after(s, 3600 * SECONDS);
		r = stage_call(s, "one");
		cr_assert_eq(r != NULL, row->kept, "%s: %s", row->what, r ? "kept" : "gone");
		if (r) {
			cr_expect_eq(r->state, row->state, "%s: state %d", row->what, r->state);
			cr_expect_eq(!!r->answered_unix_ns, 1, "%s", row->what);
			cr_expect_str_eq(r->from, "sip:alice@example.com", "%s", row->what);
		}
		s->dialog = TRACK_DIALOG_UNKNOWN;
		PLAY(s, "wait 90000000", "wait 33000");
		cr_expect_eq(s->call_count, 0, "%s: stuck", row->what);
		stage_free(s);
	}
}

Test(track_dialog, a_bye_that_the_tap_lost_is_made_up_for,
     .description =
	     "a confirmed call is held against the kernel's dialogs every minute; one of two "
	     "forks that was hung up is not the end")
{
	struct stage *s = stage_new();

	PLAY(s, CALL_UP);
	s->dialog = TRACK_DIALOG_OVER;
	stage_play(s, "wait 100000");
	cr_assert_eq(stage_call(s, "one")->state, CALL_CONFIRMED,
		     "nothing was lost: a BYE with this Call-ID and other tags is no end");
	track_messages_lost(s->track);
	s->dialog = TRACK_DIALOG_CONFIRMED;
	s->dialog_seen_ns = s->now_ns;
	stage_play(s, "wait 100000");
	cr_assert_eq(stage_call(s, "one")->state, CALL_CONFIRMED);
	s->dialog = TRACK_DIALOG_OVER;
	s->dialog_seen_ns = s->now_ns;
	track_messages_lost(s->track);
	stage_play(s, "wait 61000");
	cr_assert_eq(stage_call(s, "one")->state, CALL_ENDED);
	cr_assert_eq(stage_call(s, "one")->ended_unix_ns, s->dialog_seen_ns);
	cr_assert_eq(stage_stats(s).calls_found_over, 1);
	stage_play(s, "wait 33000");
	cr_assert_eq(s->call_count, 0);
	PLAY(s, "> INVITE", "< 200 INVITE to=B1", "> ACK to=B1 branch=x", "< 200 INVITE to=B2",
	     "> ACK to=B2 branch=y", "> BYE cseq=2 to=B2");
	track_messages_lost(s->track);
	stage_play(s, "wait 61000");
	cr_assert_eq(stage_call(s, "one")->state, CALL_CONFIRMED);
	stage_free(s);
}

Test(track_dialog, messages_that_only_the_kernel_saw_keep_a_call,
     .description = "an idle call that the kernel has heard of lately goes on")
{
	struct stage *s = stage_new();

	PLAY(s, CALL_UP, "wait 43000000"); /* nearly 12 hours */
	s->dialog = TRACK_DIALOG_CONFIRMED;
	s->dialog_seen_ns = s->now_ns;
	track_messages_lost(s->track);
	stage_play(s, "wait 1000000");
	cr_assert_eq(stage_call(s, "one")->state, CALL_CONFIRMED);
	stage_play(s, "wait 43000000");
	cr_assert_eq(stage_call(s, "one")->state, CALL_ENDED);
	stage_free(s);
}

Test(track_dialog, another_idle_time_counts_for_calls_under_way,
     .description = "shorter than what a call has left, and then longer than what the next one has")
{
	struct stage *s = stage_new();

	PLAY(s, CALL_UP, "wait 1000000");
	track_set_idle(s->track, 3600 * UINT64_C(1000000000));
	stage_play(s, "wait 2500000");
	cr_assert_eq(stage_call(s, "one")->state, CALL_CONFIRMED);
	stage_play(s, "wait 105000");
	cr_assert_eq(stage_call(s, "one")->state, CALL_ENDED);
	stage_play(s, "wait 33000");
	PLAY(s, CALL_UP, "wait 3500000");
	track_set_idle(s->track, 0);
	stage_play(s, "wait 3500000");
	cr_assert_eq(stage_call(s, "one")->state, CALL_CONFIRMED);
	stage_free(s);
}

Test(track_dialog, everything_survives_a_restart,
     .description =
	     "forks, tags, CSeq, session timer, holds and codec: what was so before is so after")
{
	struct stage *s = stage_new();

	PLAY(s, "> INVITE", "< 180 INVITE to=B1", "< 200 INVITE to=B2 se=1800 sdp=PCMA",
	     "> ACK to=B2 branch=x", "> INVITE cseq=2 to=B2 sdp=PCMA:sendonly",
	     "< 200 INVITE cseq=2 to=B2 se=1800 sdp=PCMA:recvonly");
	stage_restart(s);
	PLAY(s, "> BYE cseq=9 to=Bguess", "> BYE cseq=9 to=B1");
	cr_assert_eq(stage_call(s, "one")->state, CALL_CONFIRMED, "a BYE of another dialog");
	cr_assert_eq(stage_call(s, "one")->held, CALL_HELD_BY_CALLER);
	PLAY(s, "> INVITE cseq=3 to=B2 sdp=PCMA", "< 200 INVITE cseq=3 to=B2 se=1800 sdp=PCMA");
	cr_assert_eq(stage_call(s, "one")->held, 0);
	cr_assert_eq(stage_call(s, "one")->holds, 1);
	cr_assert_eq(stage_call(s, "one")->codec_changes, 0, "the codec was known");
	stage_restart(s);
	stage_play(s, "wait 1820000");
	cr_assert_eq(stage_call(s, "one")->state, CALL_CONFIRMED);
	stage_play(s, "wait 14000");
	cr_assert_eq(stage_call(s, "one")->state, CALL_ENDED, "the session timer went on");
	stage_free(s);
	s = stage_new();
	PLAY(s, "< INVITE from=Asrv branch=real peer=7",
	     "> 180 INVITE from=Asrv branch=real peer=7");
	stage_restart(s);
	stage_play(s, "> 486 INVITE from=Asrv branch=other peer=7");
	cr_assert_eq(stage_call(s, "one")->state, CALL_RINGING, "another transaction");
	PLAY(s, "> 200 INVITE from=Asrv branch=real peer=8");
	cr_assert_eq(stage_facts(s, TRACK_ANSWERED), 0, "the peer is known again");
	stage_free(s);
}

Test(track_dialog, a_flood_that_was_adopted_goes_within_seconds,
     .description =
	     "INVITEs that were challenged or not answered are forgotten by the next daemon, "
	     "too, while a call that rings goes on where it was")
{
	struct stage *s = stage_new();

	PLAY(s, "> INVITE id=new", "> INVITE id=asked", "< 407 INVITE id=asked",
	     "> INVITE id=rings", "< 180 INVITE id=rings", "wait 5000");
	stage_restart(s);
	PLAY(s, "wait 11000");
	cr_assert_null(stage_call(s, "asked"));
	cr_assert_not_null(stage_call(s, "new"));
	stage_play(s, "wait 22000");
	cr_assert_null(stage_call(s, "new"));
	stage_play(s, "wait 135000");
	cr_assert_eq(stage_call(s, "rings")->state, CALL_RINGING);
	stage_play(s, "wait 9000");
	cr_assert_eq(stage_call(s, "rings")->state, CALL_FAILED);
	stage_free(s);
}

Test(track_dialog, peers_are_read_back_as_they_were_written,
     .description = "IPv4 and IPv6 with their ports; other text is refused")
{
	static const char *const texts[] = { "192.0.2.1:5060", "[2001:db8::1]:65535",
					     "[fe80::1:2]:1" };
	static const char *const rubbish[] = {
		"",	     "192.0.2.1",  "192.0.2.1:", "192.0.2.1:65536", "[2001:db8::1:5060",
		"name:5060", "1.2.3.4:5x", "[]:5"
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sipxdp_peer peer;
		char text[RECORD_PEER];

		cr_assert(record_peer_read(texts[i], RECORD_PEER, &peer), "%s", texts[i]);
		record_peer(text, sizeof(text), &peer);
		cr_expect_str_eq(text, texts[i]);
	}
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		struct sipxdp_peer peer;

		cr_expect(!record_peer_read(rubbish[i], RECORD_PEER, &peer), "%s", rubbish[i]);
	}
}

Test(track_dialog, guesses_end_no_call,
     .description =
	     "500 calls up, and for each every request and response that can be sent knowing "
	     "all of it but the tags: no record changes, and no call is added")
{
	static const char *const lines[] = { "> INVITE", "< 200 INVITE", "> ACK branch=x", NULL };
	static const char *const guesses[] = {
		"> BYE cseq=2 from=A1 to=B1",
		"> BYE cseq=2 from=- to=-",
		"> CANCEL from=A1 to=-",
		"> INVITE cseq=9 from=A1 to=B1",
		"> INVITE cseq=9 from=A1",
		"> UPDATE cseq=9 from=A1 to=B1 se=90",
		"> 200 BYE cseq=2 from=A1 to=B1",
		"> 487 INVITE from=A1 to=B1",
		"> 200 INVITE from=A1 to=B1 se=90",
		"> PRACK cseq=9 from=B to=B1",
		"> REFER cseq=9 from=A1 to=A2",
		"> BYE cseq=2 from=B to=B",
		NULL,
	};
	struct stage *s = stage_new();
	struct call_record *records;

	fill(s, 500, lines);
	records = malloc(s->call_count * sizeof(*records));
	cr_assert_not_null(records);
	for (size_t i = 0; i < s->call_count; i++)
		records[i] = s->calls[i].record;
	fill(s, 500, guesses);
	cr_assert_eq(s->call_count, 500);
	cr_assert_eq(stage_stats(s).calls, 500);
	cr_assert_leq(stage_stats(s).transactions, s->config.transactions,
		      "requests outside of calls, as which they count, have a table of their own");
	for (size_t i = 0; i < s->call_count; i++)
		cr_assert_eq(memcmp(&records[i], &s->calls[i].record, sizeof(records[i])), 0,
			     "call %zu", i);
	free(records);
	stage_free(s);
}

Test(track_dialog, calls_whose_hashes_collide_stay_apart,
     .description = "another Call-ID with the same hash changes nothing of the call that is there, "
		    "and takes its place once it is over")
{
	static const char *const strangers[] = { "> INVITE id=two from=A9",
						 "< 180 INVITE id=two from=A9",
						 "> BYE id=two from=A9 cseq=2",
						 "< 486 INVITE id=two from=A9" };
	struct stage *s = stage_new();
	struct call_record before;

	PLAY(s, CALL_UP);
	before = *stage_call(s, "one");
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		struct track_arrival arrival;
		struct stage_line line;
		char text[STAGE_TEXT];
		size_t length = stage_message(text, &line, strangers[i]);

		cr_assert_eq(sip_message_parse(text, length, &s->message, NULL), 0);
		arrival = stage_arrival(&line, s->now_ns);
		arrival.call_id_hash = stage_call_id_hash("one");
		cr_assert(!track_message(s->track, &arrival, &s->message).of_call, "%s",
			  strangers[i]);
		track_flush(s->track);
		cr_assert_eq(memcmp(&before, stage_call(s, "one"), sizeof(before)), 0, "%s",
			     strangers[i]);
	}
	stage_free(s);
}
