/* SPDX-License-Identifier: GPL-2.0-only */
/* The state machine of a call under every order, loss and repetition of its messages up to a bound:
 * whatever comes, records are consistent, the verdict is that of what was seen, and nothing stays.
 */
#include "test_track_stage.h"

#define SCRIPT_LINES 16
#define IDLE_NS	     (600 * SECONDS)

/* A message, parsed once and played many times. */
struct prop {
	char text[STAGE_TEXT];
	struct stage_line line;
	struct sip_message message;
};

struct script {
	const char *what;
	const char *lines[SCRIPT_LINES];
	unsigned int shift; /* a message may come before so many that were sent before it */
	unsigned int lost;  /* so many may be lost */
	bool repeated;	    /* and each may come a second time, at any later place */
};

static const struct script scripts[] = {
	{ "a whole call",
	  { "> INVITE", "< 100 INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK branch=-a",
	    "> BYE cseq=2", "< 200 BYE cseq=2" },
	  7,
	  7,
	  false },
	{ "a whole call, with repetitions",
	  { "> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK branch=-a",
	    "< BYE cseq=2 from=B to=A", "> 200 BYE cseq=2 from=B to=A" },
	  6,
	  2,
	  true },
	{ "cancelled",
	  { "> INVITE", "< 180 INVITE", "> CANCEL to=-", "< 200 CANCEL", "< 487 INVITE", "> ACK" },
	  6,
	  6,
	  true },
	{ "CANCEL against 200",
	  { "> INVITE", "< 180 INVITE", "> CANCEL to=-", "< 200 INVITE", "< 481 CANCEL",
	    "> ACK branch=-a", "> BYE cseq=2" },
	  7,
	  7,
	  false },
	{ "challenged, tried again, answered",
	  { "> INVITE", "< 407 INVITE to=x", "> ACK to=x", "> INVITE cseq=2 auth",
	    "< 180 INVITE cseq=2", "< 200 INVITE cseq=2", "> ACK cseq=2 branch=-a", "> BYE cseq=3",
	    "< 200 BYE cseq=3" },
	  2,
	  0,
	  true },
	{ "challenged, tried again, answered, with losses",
	  { "> INVITE", "< 407 INVITE to=x", "> ACK to=x", "> INVITE cseq=2 auth",
	    "< 180 INVITE cseq=2", "< 200 INVITE cseq=2", "> ACK cseq=2 branch=-a", "> BYE cseq=3",
	    "< 200 BYE cseq=3" },
	  2,
	  3,
	  false },
	{ "challenged, tried again, refused",
	  { "> INVITE", "< 401 INVITE to=x", "> ACK to=x", "> INVITE cseq=2 auth",
	    "< 403 INVITE cseq=2", "> ACK cseq=2" },
	  6,
	  6,
	  true },
	{ "re-INVITEs and a BYE from the callee",
	  { "> INVITE", "< 200 INVITE", "> ACK branch=-a", "> INVITE cseq=2 to=B",
	    "< 200 INVITE cseq=2", "> ACK cseq=2 branch=b-a", "< INVITE cseq=1 from=B to=A",
	    "> 488 INVITE cseq=1 from=B to=A", "< BYE cseq=2 from=B to=A" },
	  3,
	  2,
	  false },
	{ "through a proxy",
	  { "> INVITE branch=i", "< 100 INVITE branch=i", "< INVITE branch=o peer=2",
	    "> 180 INVITE branch=o peer=2", "< 180 INVITE branch=i", "> 200 INVITE branch=o peer=2",
	    "< 200 INVITE branch=i", "> ACK branch=i-a", "< ACK branch=o-a peer=2",
	    "> BYE cseq=2 branch=ib", "< BYE cseq=2 branch=ob peer=2",
	    "> 200 BYE cseq=2 branch=ob peer=2", "< 200 BYE cseq=2 branch=ib" },
	  1,
	  3,
	  false },
	{ "forked by a proxy before the callees",
	  { "> INVITE", "< 180 INVITE to=B1", "< 180 INVITE to=B2", "< 200 INVITE to=B2",
	    "> ACK to=B2 branch=-a", "> BYE cseq=2 to=B2" },
	  6,
	  3,
	  true },
	{ "reliable ringing",
	  { "> INVITE", "< 183 INVITE sdp=PCMA", "> PRACK cseq=2 to=B", "< 200 PRACK cseq=2",
	    "< 200 INVITE", "> ACK branch=-a", "> BYE cseq=3" },
	  6,
	  6,
	  false },
	{ "BYEs from both sides",
	  { "> INVITE", "< 200 INVITE", "> ACK branch=-a", "> BYE cseq=2",
	    "< BYE cseq=1 from=B to=A", "< 200 BYE cseq=2", "> 200 BYE cseq=1 from=B to=A" },
	  6,
	  6,
	  false },
	{ "redirected, tried elsewhere, answered",
	  { "> INVITE", "< 302 INVITE to=x", "> ACK to=x", "> INVITE cseq=2", "< 180 INVITE cseq=2",
	    "< 200 INVITE cseq=2", "> ACK cseq=2 branch=-a" },
	  6,
	  6,
	  false },
	{ "session timer, held, another codec, resumed",
	  { "> INVITE sdp=PCMA", "< 200 INVITE sdp=PCMA se=90", "> ACK branch=-a",
	    "> INVITE cseq=2 to=B sdp=PCMA:sendonly", "< 200 INVITE cseq=2 sdp=PCMA:recvonly se=90",
	    "> UPDATE cseq=3 to=B sdp=opus", "< 200 UPDATE cseq=3 sdp=opus se=90",
	    "< BYE cseq=1 from=B to=A" },
	  3,
	  3,
	  true },
	{ "a transfer, and re-INVITEs from both sides at once",
	  { "> INVITE", "< 200 INVITE", "> ACK branch=-a", "< REFER cseq=1 from=B to=A",
	    "> INVITE cseq=2 to=B", "< INVITE cseq=2 from=B to=A", "< 491 INVITE cseq=2",
	    "> 491 INVITE cseq=2 from=B to=A", "> BYE cseq=3" },
	  3,
	  2,
	  false },
	{ "BYE in the early dialog",
	  { "> INVITE", "< 180 INVITE", "> BYE cseq=2", "< 200 BYE cseq=2", "< 487 INVITE",
	    "> ACK" },
	  6,
	  6,
	  true },
};

static struct prop props[SCRIPT_LINES];

static unsigned int set_props(const char *const *lines)
{
	unsigned int n = 0;

	for (; lines[n]; n++) {
		size_t length = stage_message(props[n].text, &props[n].line, lines[n]);

		cr_assert_eq(sip_message_parse(props[n].text, length, &props[n].message, NULL), 0,
			     "%s", lines[n]);
	}
	return n;
}

/* What a sequence is, for messages of failed assertions. */
static const char *sequence_text(const unsigned int *sequence, unsigned int n)
{
	static char text[256];
	size_t used = 0;

	for (unsigned int i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %u", sequence[i]);
	return text;
}

static void check_record(const struct call_record *r, const char *what)
{
	bool over = r->state == CALL_ENDED || r->state == CALL_FAILED;
	bool up = r->state == CALL_ANSWERED || r->state == CALL_CONFIRMED;

	cr_assert_leq(r->state, CALL_FAILED, "%s", what);
	cr_assert_eq(r->ended_unix_ns != 0, over, "%s: ended time in state %d", what, r->state);
	cr_assert(!up || r->answered_unix_ns, "%s: up, but no answer time", what);
	cr_assert(!up || r->final_status / 100 == 2, "%s: up with status %u", what,
		  r->final_status);
	cr_assert(r->state != CALL_FAILED || !r->answered_unix_ns, "%s: failed, but answered",
		  what);
	cr_assert(!r->setup_ms || r->answered_unix_ns, "%s: setup time, but no answer", what);
	cr_assert_leq(r->retransmissions, r->messages, "%s", what);
	cr_assert_leq(r->reinvites, r->messages, "%s: %u re-INVITEs", what, r->reinvites);
	cr_assert(!r->held || r->holds, "%s: held, but never put on hold", what);
	cr_assert(!r->codec_changes || r->codec[0], "%s: codec changed, but none is known", what);
	cr_assert_geq(r->updated_unix_ns, r->started_unix_ns, "%s", what);
}

static void play_prop(struct stage *s, const struct prop *p)
{
	struct track_arrival arrival = stage_arrival(&p->line, s->now_ns);

	track_message(s->track, &arrival, &p->message);
	track_flush(s->track);
	s->now_ns += MS;
}

/* All times run out, one after the other: each step is longer than any of them. */
static void drain(struct stage *s, const char *what)
{
	static const uint64_t steps_ns[] = { IDLE_NS + 33 * SECONDS, 33 * SECONDS };

	for (int i = 0; i < 2; i++) {
		s->now_ns += steps_ns[i];
		track_advance(s->track, s->now_ns);
		track_flush(s->track);
	}
	cr_assert_eq(s->call_count, 0, "%s: a record stays", what);
	cr_assert_eq(stage_stats(s).calls, 0, "%s: a call stays", what);
	cr_assert_eq(stage_stats(s).transactions, 0, "%s: a transaction stays", what);
	s->fact_count = 0;
}

/* What a sequence of messages has shown, without a state machine. */
struct seen {
	bool open, answered, acked, bye, failed, challenged;
	enum track_direction forward; /* where the first INVITE went */
	unsigned int cseq;	      /* of the latest attempt */
	unsigned int failure;	      /* status of the latest attempt's failure */
};

/* The branches of an ACK to a 2xx end so. */
static bool acknowledges_success(const struct stage_line *l)
{
	size_t length = strlen(l->branch);

	return !strcmp(l->method, "ACK") && length > 2 && !strcmp(l->branch + length - 2, "-a");
}

static bool is_attempt(const struct stage_line *l)
{
	return !strcmp(l->method, "INVITE") && !l->status && !*l->to;
}

static void see_open(struct seen *seen, const struct stage_line *l, bool response)
{
	bool server_says = response && l->direction == TRACK_FROM_SERVER && l->status < 300;

	if (seen->open || !(is_attempt(l) || server_says))
		return;
	seen->open = true;
	seen->forward = is_attempt(l) ? l->direction : TRACK_TO_SERVER;
}

static void see(struct seen *seen, const struct stage_line *l)
{
	bool response = !strcmp(l->method, "INVITE") && l->from[0] == 'A' && l->status > 100;
	bool attempt = is_attempt(l);

	see_open(seen, l, response);
	if (!seen->open)
		return;
	response &= l->direction != seen->forward;
	attempt &= l->direction == seen->forward;
	if (!seen->answered && (attempt || response) && l->cseq > seen->cseq) {
		seen->cseq = l->cseq;
		seen->failed = false;
		seen->acked = false;
	}
	if (response && l->cseq == seen->cseq && l->status / 100 == 2)
		seen->answered = true;
	if (response && l->cseq == seen->cseq && l->status >= 300 && l->status != 401 &&
	    l->status != 407 && !seen->answered) {
		seen->failed = true;
		seen->failure = (unsigned int)l->status;
	}
	seen->challenged |= l->status == 401 || l->status == 407;
	seen->acked |= l->direction == seen->forward && l->cseq == seen->cseq &&
		       acknowledges_success(l);
	seen->bye |= !strcmp(l->method, "BYE") && (!l->status || l->status == 200);
}

static void check_verdict(const struct stage *s, const struct seen *seen, const char *what)
{
	const struct call_record *r = stage_call(s, "one");

	cr_assert_eq(r != NULL, seen->open, "%s: a record or none", what);
	if (!r)
		return;
	if (seen->answered) {
		cr_assert_neq(r->answered_unix_ns, 0, "%s: answered", what);
		cr_assert_eq(r->final_status, 200, "%s: status %u", what, r->final_status);
		if (seen->bye)
			cr_assert_eq(r->state, CALL_ENDED, "%s: BYE seen, state %d", what,
				     r->state);
		else if (seen->acked)
			cr_assert_eq(r->state, CALL_CONFIRMED, "%s: ACK seen, state %d", what,
				     r->state);
		else
			cr_assert(r->state == CALL_ANSWERED || r->state == CALL_CONFIRMED,
				  "%s: 200 seen, state %d", what, r->state);
	} else if (seen->failed) {
		cr_assert_eq(r->state, CALL_FAILED, "%s: failure seen, state %d", what, r->state);
		cr_assert_eq(r->final_status, seen->failure, "%s", what);
	} else {
		/* Once given up, a challenge is the end. */
		cr_assert(r->state == CALL_TRYING || r->state == CALL_RINGING ||
				  r->state == CALL_CANCELLING ||
				  (r->state == CALL_FAILED && seen->bye && seen->challenged),
			  "%s: no final response, state %d", what, r->state);
	}
}

struct search {
	struct stage *stage;
	const struct script *script;
	unsigned int count; /* messages of the script */
	unsigned int sequence[SCRIPT_LINES + 1];
	unsigned long runs;
};

static void run(struct search *q, const unsigned int *sequence, unsigned int n)
{
	struct stage *s = q->stage;
	struct seen seen = { 0 };
	char what[384];

	snprintf(what, sizeof(what), "%s:%s", q->script->what, sequence_text(sequence, n));
	for (unsigned int i = 0; i < n; i++) {
		play_prop(s, &props[sequence[i]]);
		see(&seen, &props[sequence[i]].line);
		if (stage_call(s, "one"))
			check_record(stage_call(s, "one"), what);
	}
	check_verdict(s, &seen, what);
	drain(s, what);
	q->runs++;
}

/* The sequence with each of its messages coming a second time at each later place. */
static void run_repeated(struct search *q, unsigned int n)
{
	unsigned int longer[SCRIPT_LINES + 2];

	for (unsigned int from = 0; from < n; from++) {
		for (unsigned int to = from + 1; to <= n; to++) {
			memcpy(longer, q->sequence, to * sizeof(longer[0]));
			longer[to] = q->sequence[from];
			memcpy(longer + to + 1, q->sequence + to, (n - to) * sizeof(longer[0]));
			run(q, longer, n + 1);
		}
	}
}

/* Goes on from n messages played; `left` are those yet to come. */
static void explore(struct search *q, unsigned int n, uint32_t left)
{
	unsigned int passed = 0;

	if (!left) {
		run(q, q->sequence, n);
		if (q->script->repeated)
			run_repeated(q, n);
		return;
	}
	for (uint32_t rest = left; rest && passed <= q->script->shift; rest &= rest - 1) {
		q->sequence[n] = (unsigned int)__builtin_ctz(rest);
		explore(q, n + 1, left & ~(rest & -rest));
		passed++;
	}
}

static void explore_script(struct search *q, const struct script *script)
{
	uint32_t all;

	q->script = script;
	q->count = set_props(script->lines);
	q->runs = 0;
	all = (1u << q->count) - 1;
	for (uint32_t lost = 0; lost <= all; lost++)
		if ((unsigned int)__builtin_popcount(lost) <= script->lost)
			explore(q, 0, all & ~lost);
}

static struct stage *stage_with_short_idle(void)
{
	struct stage *s = stage_new();
	struct track_sink sink = stage_sink(s);

	track_free(s->track);
	s->config.idle_ns = IDLE_NS;
	cr_assert_eq(track_new(&s->config, &sink, s->now_ns, &s->track), 0);
	return s;
}

Test(track_property, every_order_loss_and_repetition,
     .description =
	     "for each script: records consistent after each message, the state that of what "
	     "was seen, and nothing left once all times have run out",
     .timeout = 300)
{
	struct search q = { .stage = stage_with_short_idle() };

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		explore_script(&q, &scripts[i]);
		cr_assert_gt(q.runs, 500, "%s: %lu runs", scripts[i].what, q.runs);
	}
	stage_free(q.stage);
}

Test(track_property, restart_at_any_place,
     .description =
	     "the daemon dies after any message of any script, with any one message lost: the "
	     "records stay consistent and end",
     .timeout = 300)
{
	struct stage *s = stage_with_short_idle();

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		unsigned int n = set_props(scripts[i].lines);

		for (unsigned int place = 0; place < n * (n + 1); place++) {
			unsigned int lost = place / n, restart = place % n;

			for (unsigned int m = 0; m < n; m++) {
				if (m != lost)
					play_prop(s, &props[m]);
				if (m == restart)
					stage_restart(s);
				if (stage_call(s, "one"))
					check_record(stage_call(s, "one"), scripts[i].what);
			}
			drain(s, scripts[i].what);
		}
	}
	stage_free(s);
}

/* Everything that a hostile or broken peer may say within one call and beside it. */
static const char *const alphabet[] = {
	"> INVITE",
	"> INVITE cseq=2 auth",
	"> INVITE cseq=3 to=B",
	"< INVITE peer=2 branch=o",
	"< INVITE cseq=1 from=B to=A",
	"> INVITE from=A2",
	"< 100 INVITE",
	"< 180 INVITE to=B2",
	"< 200 INVITE",
	"< 200 INVITE to=B2",
	"< 200 INVITE cseq=2",
	"< 200 INVITE cseq=3 se=90",
	"> 200 INVITE peer=2 branch=o",
	"> 486 INVITE peer=2 branch=o",
	"< 407 INVITE to=x",
};

static const char *const alphabet_of_ends[] = {
	"< 486 INVITE",	       "< 487 INVITE",
	"< 404 INVITE cseq=2", "> ACK",
	"> ACK branch=-a",     "> ACK cseq=2 branch=-a",
	"> CANCEL to=-",       "> CANCEL cseq=2 to=-",
	"< 200 CANCEL",	       "> BYE cseq=4",
	"> BYE cseq=4 to=B2",  "< BYE cseq=2 from=B to=A",
	"< 200 BYE cseq=4",    "< 407 BYE cseq=4",
};

/* xorshift64: the same numbers in every run. */
static uint64_t next_random(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

Test(track_property, random_messages_and_pauses,
     .description =
	     "20,000 calls of 30 messages drawn at random, with pauses that let timers run out "
	     "in between and restarts: consistent records, nothing left",
     .timeout = 300)
{
	static struct prop starts[SCRIPT_LINES];
	struct stage *s = stage_with_short_idle();
	unsigned int start_count, end_count;
	static const char *lines[SCRIPT_LINES];

	memcpy(lines, alphabet, sizeof(alphabet));
	start_count = set_props(lines);
	memcpy(starts, props, sizeof(starts));
	memset(lines, 0, sizeof(lines));
	memcpy(lines, alphabet_of_ends, sizeof(alphabet_of_ends));
	end_count = set_props(lines);
	for (unsigned int call = 0; call < 20000; call++) {
		for (int i = 0; i < 30; i++) {
			uint64_t r = next_random();
			const struct prop *p = r & 1 ? &starts[(r >> 8) % start_count]
						     : &props[(r >> 8) % end_count];

			play_prop(s, p);
			if (stage_call(s, "one"))
				check_record(stage_call(s, "one"), "random");
			if ((r >> 32) % 16 == 0)
				s->now_ns += (r >> 40) % 40 * SECONDS;
			if ((r >> 32) % 2048 == 1)
				stage_restart(s);
		}
		drain(s, "random");
	}
	stage_free(s);
}
