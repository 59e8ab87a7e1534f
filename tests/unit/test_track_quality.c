/* SPDX-License-Identifier: GPL-2.0-only */
/* The counters of RFC 6076: what each way that a call or a registration may go adds to them. */
#include "test_track_stage.h"

#define PHONE "<sip:alice@192.0.2.1:5060>"

/* Counters by their place in struct track_quality, to write a row as a list of what it adds. */
#define C(name) (offsetof(struct track_quality, name) / sizeof(uint64_t) + 1)

struct outcome {
	const char *what;
	const char *lines[12];
	size_t ones[12]; /* counters that are 1; all others are 0 */
};

static const struct outcome outcomes[] = {
	{ "answered and hung up at once",
	  { "> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK branch=x", "> BYE cseq=2",
	    "< 200 BYE cseq=2" },
	  { C(attempts), C(answered), C(completed), C(short_calls), C(ringing.count),
	    C(connecting.count), C(ending.count) } },
	{ "answered without ringing",
	  { "> INVITE", "< 200 INVITE" },
	  { C(attempts), C(answered), C(ringing.count), C(connecting.count) } },
	{ "busy",
	  { "> INVITE", "< 486 INVITE", "> ACK" },
	  { C(attempts), C(failed_4xx), C(declined), C(failing.count) } },
	{ "declined everywhere",
	  { "> INVITE", "< 603 INVITE" },
	  { C(attempts), C(failed_6xx), C(declined), C(failing.count) } },
	{ "overloaded",
	  { "> INVITE", "< 503 INVITE" },
	  { C(attempts), C(failed_5xx), C(ineffective), C(failing.count) } },
	{ "redirected",
	  { "> INVITE", "< 302 INVITE" },
	  { C(attempts), C(redirected), C(failing.count) } },
	{ "cancelled",
	  { "> INVITE", "> CANCEL to=-", "< 487 INVITE" },
	  { C(attempts), C(failed_4xx), C(cancelled), C(failing.count) } },
	{ "challenged and left",
	  { "> INVITE", "< 407 INVITE", "> ACK", "wait 60000" },
	  { C(attempts), C(challenged) } },
	{ "never answered",
	  { "> INVITE", "wait 60000" },
	  { C(attempts), C(unanswered), C(ineffective) } },
	{ "rang for ever",
	  { "> INVITE", "< 180 INVITE", "wait 200000" },
	  { C(attempts), C(unanswered), C(ineffective), C(ringing.count) } },
	{ "a failure that a 200 of another branch overtook",
	  { "> INVITE", "< 486 INVITE to=B1", "< 200 INVITE to=B2" },
	  { C(attempts), C(answered), C(ringing.count), C(connecting.count), C(failing.count) } },
	{ "a BYE that is challenged has ended nothing",
	  { "> INVITE", "< 200 INVITE", "> ACK branch=x", "> BYE cseq=2", "< 407 BYE cseq=2" },
	  { C(attempts), C(answered), C(ringing.count), C(connecting.count) } },
	{ "a BYE that never comes",
	  { "> INVITE", "< 200 INVITE se=90", "> ACK branch=x", "wait 200000" },
	  { C(attempts), C(answered), C(ringing.count), C(connecting.count), C(lost_byes) } },
	{ "an INVITE that was missed", { "< 200 INVITE" }, { C(attempts), C(answered) } },
	{ "the callee's side of a proxy",
	  { "> INVITE branch=i", "< INVITE branch=o peer=2", "> 486 INVITE branch=o peer=2",
	    "< 486 INVITE branch=i" },
	  { C(attempts), C(failed_4xx), C(declined), C(failing.count) } },
	{ "registered",
	  { "> REGISTER contact=" PHONE, "< 200 REGISTER contact=" PHONE },
	  { C(registers), C(registers_granted), C(registering.count) } },
	{ "a registration challenged",
	  { "> REGISTER", "< 401 REGISTER" },
	  { C(registers), C(registers_challenged) } },
	{ "a registration refused",
	  { "> REGISTER", "> REGISTER", "< 403 REGISTER" },
	  { C(registers), C(registers_failed) } },
	{ "a registration without an answer",
	  { "> REGISTER", "wait 33000" },
	  { C(registers), C(registers_failed) } },
	{ "an OPTIONS", { "> OPTIONS", "< 200 OPTIONS" }, { 0 } },
};

static bool is_delay_sum(size_t word)
{
	static const size_t counts[] = { C(ringing.count), C(failing.count), C(connecting.count),
					 C(ending.count), C(registering.count) };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (word == counts[i] + 1 || word == counts[i] + 2)
			return true;
	return word == C(talked_ms);
}

static bool is_wanted(const struct outcome *row, size_t word)
{
	for (size_t i = 0; i < sizeof(row->ones) / sizeof(row->ones[0]); i++)
		if (row->ones[i] == word)
			return true;
	return false;
}

Test(track_quality, every_outcome_is_counted_once,
     .description = "a table of ways in which calls and registrations go, with all that they count")
{
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		struct stage *s = stage_new();
		const uint64_t *words;

		stage_play_all(s, outcomes[i].lines);
		words = (const uint64_t *)track_quality(s->track, 3);
		for (size_t word = 1; word <= sizeof(struct track_quality) / 8; word++) {
			if (is_delay_sum(word))
				continue;
			cr_expect_eq(words[word - 1], is_wanted(&outcomes[i], word),
				     "%s: counter %zu is %lu", outcomes[i].what, word - 1,
				     (unsigned long)words[word - 1]);
		}
		stage_free(s);
	}
}

Test(track_quality, delays_are_those_of_the_attempt_that_counts,
     .description =
	     "from the INVITE with credentials on, not from the one that was challenged; sums "
	     "and the longest in microseconds; talk times in milliseconds")
{
	struct stage *s = stage_new();
	const struct track_quality *q = track_quality(s->track, 3);

	PLAY(s, "> INVITE", "< 407 INVITE", "> ACK", "wait 2000", "> INVITE cseq=2 auth",
	     "wait 490", "< 180 INVITE cseq=2", "wait 990", "< 200 INVITE cseq=2",
	     "> ACK cseq=2 branch=x", "wait 9980", "> BYE cseq=3", "wait 70", "< 200 BYE cseq=3");
	cr_assert_eq(q->attempts, 2);
	cr_assert_eq(q->challenged, 1);
	cr_assert_eq(q->ringing.total_us, 500000, "%lu", (unsigned long)q->ringing.total_us);
	cr_assert_eq(q->connecting.total_us, 1500000);
	cr_assert_eq(q->ending.total_us, 80000);
	cr_assert_eq(q->talked_ms, 10000);
	cr_assert_eq(q->short_calls, 0);
	PLAY(s, "> INVITE id=two", "wait 190", "< 180 INVITE id=two");
	cr_assert_eq(q->ringing.total_us, 700000);
	cr_assert_eq(q->ringing.longest_us, 500000);
	cr_assert_eq(q->ringing.count, 2);
	PLAY(s, "> REGISTER id=r contact=" PHONE, "wait 40", "< 200 REGISTER id=r contact=" PHONE);
	cr_assert_eq(q->registering.total_us, 50000);
	PLAY(s, "> INVITE id=short", "< 200 INVITE id=short", "> ACK id=short branch=y", "wait 480",
	     "> BYE id=short cseq=2", "< 200 BYE id=short cseq=2");
	cr_assert_eq(q->talked_ms, 10500, "%lu", (unsigned long)q->talked_ms);
	cr_assert_eq(q->short_calls, 1);
	cr_assert_eq(stage_call(s, "one")->ring_ms, 2530,
		     "of the record: from the first INVITE on");
	stage_free(s);
}

Test(track_quality, services_are_counted_apart,
     .description = "what one service sees adds nothing to another, and there is no service 16")
{
	struct stage *s = stage_new();

	stage_play(s, "> INVITE");
	cr_assert_eq(track_quality(s->track, 3)->attempts, 1);
	cr_assert_eq(track_quality(s->track, 2)->attempts, 0);
	cr_assert_null(track_quality(s->track, TRACK_SERVICES));
	stage_free(s);
}
