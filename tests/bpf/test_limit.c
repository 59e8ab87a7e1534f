// SPDX-License-Identifier: GPL-2.0-only
/* Limits: each bucket lets through its burst at once and then its rate, within one part in two
 * hundred, over a minute and over hours, for one sender and for a thousand, on one CPU and on two;
 * and what is over a limit is told by its own reason. */
#include "rig.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

TestSuite(limit, .fini = rig_close, .timeout = RIG_TIMEOUT);

#define SIP(method) .text = REQUEST(method)

#define LIMITS	       RIG_PROXY "    limits:\n"
#define BUT_PER_SOURCE RIG_PER_PREFIX_OFF RIG_UNKNOWN_OFF RIG_TOTAL_OFF RIG_PEERS_OFF RIG_OTHERS_OFF
#define BUT_PER_PREFIX RIG_PER_SOURCE_OFF RIG_UNKNOWN_OFF RIG_TOTAL_OFF RIG_PEERS_OFF RIG_OTHERS_OFF
#define BUT_UNKNOWN    RIG_PER_SOURCE_OFF RIG_PER_PREFIX_OFF RIG_TOTAL_OFF RIG_PEERS_OFF RIG_OTHERS_OFF
#define BUT_TOTAL      RIG_PER_SOURCE_OFF RIG_PER_PREFIX_OFF RIG_UNKNOWN_OFF RIG_PEERS_OFF RIG_OTHERS_OFF

/* Who sends the n-th packet. */
typedef void (*sender_fn)(struct frame_spec *spec, unsigned int n);

static char sender_text[64];

static void always_the_same(struct frame_spec *spec, unsigned int n)
{
	(void)spec;
	(void)n;
}

/* Another port, the same address. */
static void other_ports(struct frame_spec *spec, unsigned int n)
{
	spec->sport = (__u16)(1024 + n % 60000);
}

/* Another interface identifier, the same /64. */
static void hosts_of_a_64(struct frame_spec *spec, unsigned int n)
{
	snprintf(sender_text, sizeof(sender_text), "2001:db8:5:5::%x", 1 + n % 60000);
	spec->from = sender_text;
}

static void hosts_of_a_24(struct frame_spec *spec, unsigned int n)
{
	snprintf(sender_text, sizeof(sender_text), "203.0.113.%u", 1 + n % 250);
	spec->from = sender_text;
}

static void nets_of_a_48(struct frame_spec *spec, unsigned int n)
{
	snprintf(sender_text, sizeof(sender_text), "2001:db8:77:%x::1", n % 60000);
	spec->from = sender_text;
}

/* Spoofed: never the same address twice. */
static void everybody(struct frame_spec *spec, unsigned int n)
{
	snprintf(sender_text, sizeof(sender_text), "11.%u.%u.%u", n >> 16 & 255, n >> 8 & 255,
		 n & 255);
	spec->from = sender_text;
}

/* Offers a packet every interval for duration, and says how many were let through. */
static __u64 series(const struct frame_spec *spec, sender_fn sender, __u64 interval, __u64 duration)
{
	struct frame_spec own = *spec;
	struct frame frame;
	__u64 passed = 0;

	for (__u64 n = 0; n < duration / interval; n++) {
		if (!n || sender != always_the_same) {
			sender(&own, (unsigned int)n);
			frame_build(&frame, &own);
		}
		rig_wait(interval);
		passed += rig_passes(&frame);
	}
	return passed;
}

static void expect_about(const char *name, __u64 found, __u64 wanted)
{
	__u64 slack = wanted / 200 + 2;

	cr_expect(found + slack >= wanted && found <= wanted + slack,
		  "%s: %llu let through, %llu wanted", name, (unsigned long long)found,
		  (unsigned long long)wanted);
}

struct bucket {
	const char *name;
	struct frame_spec spec;
	sender_fn sender;
	enum traffic_class class;
	enum reason pass, drop;
	unsigned int rate, burst;
};

/* The burst at once, to the packet; then twice the rate for a minute. */
static void expect_bucket(const struct bucket *b)
{
	__u64 before = rig_counted(b->class, b->pass), passed;
	struct frame_spec spec = b->spec;
	struct frame frame;

	rig_clear();
	before = rig_counted(b->class, b->pass);
	for (unsigned int n = 0; n < 3 * b->burst; n++) {
		b->sender(&spec, n);
		frame_build(&frame, &spec);
		cr_expect_eq(rig_passes(&frame), n < b->burst, "%s: packet %u of a burst of %u",
			     b->name, n, b->burst);
	}
	cr_expect_eq(rig_counted(b->class, b->pass) - before, b->burst, "%s: counted as %s",
		     b->name, rig_reason_name(b->pass));
	cr_expect_eq(rig_counted(b->class, b->drop), 2 * b->burst, "%s: counted as %s", b->name,
		     rig_reason_name(b->drop));
	passed = series(&b->spec, b->sender, SECOND / (2 * b->rate), MINUTE);
	expect_about(b->name, passed, b->rate * 60ULL);
	rig_wait(HOUR);
	passed = 0;
	for (unsigned int n = 0; n < 3 * b->burst; n++) {
		b->sender(&spec, n);
		frame_build(&frame, &spec);
		passed += rig_passes(&frame);
	}
	cr_expect_eq(passed, b->burst, "%s: after an hour of silence %llu at once, of %u", b->name,
		     (unsigned long long)passed, b->burst);
}

static void expect_buckets(const char *yaml, const struct bucket *buckets, size_t count)
{
	rig_reload(yaml);
	for (size_t i = 0; i < count; i++)
		expect_bucket(&buckets[i]);
}

static const struct bucket per_source[] = {
	{ "INVITE",
	  { SIP("INVITE") },
	  always_the_same,
	  CLASS_INVITE,
	  PASS_UNKNOWN,
	  DROP_SOURCE_LIMIT,
	  20,
	  20 },
	{ "INVITE from many ports",
	  { SIP("INVITE") },
	  other_ports,
	  CLASS_INVITE,
	  PASS_UNKNOWN,
	  DROP_SOURCE_LIMIT,
	  20,
	  20 },
	{ "INVITE from a /64",
	  { SIP("INVITE"), .to = "2001:db8::10" },
	  hosts_of_a_64,
	  CLASS_INVITE,
	  PASS_UNKNOWN,
	  DROP_SOURCE_LIMIT,
	  20,
	  20 },
	{ "REGISTER",
	  { SIP("REGISTER") },
	  always_the_same,
	  CLASS_REGISTER,
	  PASS_UNKNOWN,
	  DROP_SOURCE_LIMIT,
	  10,
	  7 },
	{ "OPTIONS",
	  { SIP("OPTIONS") },
	  always_the_same,
	  CLASS_OPTIONS,
	  PASS_UNKNOWN,
	  DROP_SOURCE_LIMIT,
	  5,
	  1 },
	{ "MESSAGE",
	  { SIP("MESSAGE") },
	  always_the_same,
	  CLASS_MESSAGE,
	  PASS_UNKNOWN,
	  DROP_SOURCE_LIMIT,
	  40,
	  100 },
	{ "responses",
	  { .text = RESPONSE("200 OK", "OPTIONS") },
	  always_the_same,
	  CLASS_2XX,
	  PASS_UNKNOWN,
	  DROP_SOURCE_LIMIT,
	  40,
	  100 },
	{ "keepalives",
	  { .text = "\r\n\r\n" },
	  always_the_same,
	  CLASS_CRLF,
	  PASS_KEEPALIVE,
	  DROP_SOURCE_LIMIT,
	  40,
	  100 },
	{ "garbage",
	  { .text = "\xff\xff\xff\xff" },
	  always_the_same,
	  CLASS_GARBAGE,
	  PASS_MALFORMED,
	  DROP_GARBAGE_LIMIT,
	  2,
	  4 },
	{ "broken SIP",
	  { .text = BROKEN("REGISTER") },
	  always_the_same,
	  CLASS_REGISTER,
	  PASS_MALFORMED,
	  DROP_GARBAGE_LIMIT,
	  2,
	  4 },
};

static void of_one_source(void)
{
	expect_buckets(LIMITS
		       "      per_source: {invite: 20/s, register: {rate: 10/s, burst: 7},\n"
		       "        options: {rate: 5/s, burst: 1}, other: {rate: 40/s, burst: 100},\n"
		       "        malformed: {rate: 2/s, burst: 4}}\n" BUT_PER_SOURCE,
		       per_source, COUNT(per_source));
}

static const struct bucket per_prefix[] = {
	{ "a /24",
	  { SIP("INVITE") },
	  hosts_of_a_24,
	  CLASS_INVITE,
	  PASS_UNKNOWN,
	  DROP_PREFIX_LIMIT,
	  200,
	  150 },
	{ "a /48",
	  { SIP("INVITE"), .to = "2001:db8::10" },
	  nets_of_a_48,
	  CLASS_INVITE,
	  PASS_UNKNOWN,
	  DROP_PREFIX_LIMIT,
	  200,
	  150 },
	{ "REGISTER of a /24",
	  { SIP("REGISTER") },
	  hosts_of_a_24,
	  CLASS_REGISTER,
	  PASS_UNKNOWN,
	  DROP_PREFIX_LIMIT,
	  50,
	  50 },
};

static void of_one_network(void)
{
	struct frame_spec spec = { SIP("REGISTER") };

	expect_buckets(LIMITS "      per_prefix: {invite: {rate: 200/s, burst: 150},\n"
			      "        register: 50/s, options: off, other: off, malformed: "
			      "off}\n" BUT_PER_PREFIX,
		       per_prefix, COUNT(per_prefix));
	rig_clear();
	for (unsigned int n = 0; n < 300; n++) {
		hosts_of_a_24(&spec, n);
		cr_expect_eq(rig_sends(&spec), n < 50, "packet %u", n);
	}
	spec.from = "203.0.112.1";
	cr_expect(rig_sends(&spec), "the network beside it has its own");
	spec.from = "203.0.114.1";
	cr_expect(rig_sends(&spec), "the network beside it has its own");
}

static const struct bucket unknown[] = {
	{ "INVITE",
	  { SIP("INVITE") },
	  everybody,
	  CLASS_INVITE,
	  PASS_UNKNOWN,
	  DROP_UNKNOWN_LIMIT,
	  500,
	  400 },
	{ "REGISTER",
	  { SIP("REGISTER") },
	  everybody,
	  CLASS_REGISTER,
	  PASS_UNKNOWN,
	  DROP_UNKNOWN_LIMIT,
	  100,
	  100 },
	{ "OPTIONS",
	  { SIP("OPTIONS") },
	  everybody,
	  CLASS_OPTIONS,
	  PASS_UNKNOWN,
	  DROP_UNKNOWN_LIMIT,
	  50,
	  1 },
	{ "BYE",
	  { .text = IN_DIALOG("BYE", "nobody@knows") },
	  everybody,
	  CLASS_BYE,
	  PASS_UNKNOWN,
	  DROP_UNKNOWN_LIMIT,
	  300,
	  30 },
	{ "responses",
	  { .text = RESPONSE("200 OK", "OPTIONS") },
	  everybody,
	  CLASS_2XX,
	  PASS_UNKNOWN,
	  DROP_UNKNOWN_LIMIT,
	  300,
	  30 },
	{ "STUN",
	  { .text = "\0\1\0\0\x21\x12\xa4\x42transaction!", .length = 20 },
	  everybody,
	  CLASS_STUN,
	  PASS_KEEPALIVE,
	  DROP_UNKNOWN_LIMIT,
	  300,
	  30 },
	{ "garbage",
	  { .text = "\xff\xff\xff\xff" },
	  everybody,
	  CLASS_GARBAGE,
	  PASS_MALFORMED,
	  DROP_UNKNOWN_LIMIT,
	  20,
	  10 },
};

static const char unknown_limits[] = LIMITS
	"      unknown: {invite: {rate: 500/s, burst: 400}, register: 100/s,\n"
	"        options: {rate: 50/s, burst: 1}, other: {rate: 300/s, burst: 30},\n"
	"        malformed: {rate: 20/s, burst: 10}, emergency: off}\n" BUT_UNKNOWN;

static void of_all_unknown_sources_together(void)
{
	__u64 rows = 0;

	expect_buckets(unknown_limits, unknown, COUNT(unknown));
	/* what a spoofed flood leaves behind is what was let through, not a row a packet */
	rig_clear();
	for (unsigned int n = 0; n < 3000; n++) {
		struct frame_spec spec = unknown[n % COUNT(unknown)].spec;

		everybody(&spec, n);
		rig_sends(&spec);
	}
	cr_assert_eq(maps_count(rig_maps(), MAP_SOURCES, &rows), 0);
	cr_expect_leq(rows, 400 + 100 + 1 + 30 + 10, "%llu rows", (unsigned long long)rows);
}

/* A flood of unknown sources, of every class, takes nothing from one that is known. */
static void floods_of_unknown_sources_do_not_touch_known_ones(void)
{
	struct frame_spec known = { SIP("INVITE"), .from = "203.0.113.5", .sport = 7000 };
	struct frame_spec in_dialog = { .text = IN_DIALOG("BYE", "call-1@x"),
					.from = "203.0.113.6" };

	rig_reload(RIG_PROXY); /* the usual limits */
	rig_reply(&(struct frame_spec){ .from = "192.0.2.10",
					.to = "203.0.113.5",
					.dport = 7000,
					.text = RESPONSE("200 OK", "REGISTER") });
	rig_reply(&(struct frame_spec){ .from = "192.0.2.10",
					.to = "203.0.113.7",
					.text = RESPONSE_OF("200 OK", "INVITE", "call-1@x") });
	for (unsigned int n = 0; n < 20000; n++) {
		struct frame_spec spec = unknown[n % COUNT(unknown)].spec;

		everybody(&spec, n);
		rig_wait(10000);
		rig_sends(&spec);
		if (n % 100)
			continue;
		rig_expect_reason("trusted", &known, CLASS_INVITE, PASS_TRUSTED);
		if (n % 1000 == 0)
			rig_expect_reason("in a dialog", &in_dialog, CLASS_BYE, PASS_DIALOG);
	}
}

static const struct bucket total[] = {
	{ "the ceiling of a class",
	  { SIP("MESSAGE") },
	  everybody,
	  CLASS_MESSAGE,
	  PASS_UNKNOWN,
	  DROP_TOTAL_LIMIT,
	  0,
	  0 },
};

/* Ceilings: what unknown sources may take of them is at most the rate, and known ones have more. */
static void of_a_service(void)
{
	struct frame_spec known = { SIP("MESSAGE"), .from = "203.0.113.5" };
	unsigned int passed = 0, more = 0;

	rig_reload(LIMITS
		   "      total: {invite: off, register: off, options: off, malformed: off,\n"
		   "        other: {rate: 100/s, burst: 80}, all: off}\n" BUT_TOTAL);
	rig_reply(&(struct frame_spec){ .from = "192.0.2.10",
					.to = "203.0.113.5",
					.text = RESPONSE("200 OK", "REGISTER") });
	expect_about("a minute", series(&total[0].spec, everybody, SECOND / 250, MINUTE), 6050);
	rig_wait(MINUTE);
	for (unsigned int n = 0; n < 200; n++) {
		struct frame_spec spec = total[0].spec;

		everybody(&spec, n);
		passed += rig_sends(&spec);
	}
	cr_expect(passed > 30 && passed <= 80, "%u of unknown sources at once", passed);
	cr_expect_eq(rig_counted(CLASS_MESSAGE, DROP_TOTAL_LIMIT) > 0, true);
	for (unsigned int n = 0; n < 200; n++)
		more += rig_sends(&known);
	cr_expect_eq(passed + more, 80, "%u of unknown ones and %u of a known one at once", passed,
		     more);
}

/* Hours: nothing drifts, nothing overflows. */
static void over_hours(void)
{
	static const struct frame_spec spec = { SIP("INVITE") };
	__u64 passed;

	rig_reload(LIMITS "      per_source: {invite: {rate: 5/s, burst: 10}, register: off,\n"
			  "        options: off, other: off, malformed: off}\n" BUT_PER_SOURCE);
	passed = series(&spec, always_the_same, 77777777, 4 * HOUR);
	expect_about("four hours", passed, 4 * 3600 * 5 + 10);
	rig_wait(1000 * 24 * HOUR);
	passed = series(&spec, always_the_same, 77777777, MINUTE);
	expect_about("a minute after years", passed, 60 * 5 + 10);
}

/* Rates from one an hour to what no packet path reaches. */
static void slow_and_fast(void)
{
	static const struct frame_spec invite = { SIP("INVITE") }, options = { SIP("OPTIONS") };
	static const struct frame_spec other = { SIP("BYE") };

	rig_reload(LIMITS "      per_source: {invite: 6/m, register: off, options: 10/h,\n"
			  "        other: 50000/s, malformed: off}\n" BUT_PER_SOURCE);
	expect_about("six a minute", series(&invite, always_the_same, SECOND / 4, HOUR), 360);
	expect_about("ten an hour", series(&options, always_the_same, 10 * SECOND, 24 * HOUR), 240);
	rig_wait(MINUTE);
	cr_expect_eq(series(&other, always_the_same, 25000, SECOND), 40000, "below the limit");
	rig_wait(MINUTE);
	series(&other, always_the_same, 1, 50000); /* the burst */
	expect_about("50,000 a second", series(&other, always_the_same, 10000, SECOND), 50000);
}

/* A clock that stands still, or goes back a little as it may between CPUs, gives nothing away. */
static void clocks_that_do_not_agree(void)
{
	struct frame_spec spec = { SIP("INVITE") };
	__u64 passed = 0;

	rig_reload(LIMITS "      per_source: {invite: {rate: 10/s, burst: 10}, register: off,\n"
			  "        options: off, other: off, malformed: off}\n" BUT_PER_SOURCE);
	for (__u64 n = 0; n < 20000; n++) {
		rig_at(MINUTE + n * 1000000 + (n % 2 ? 4000000 : 0)); /* a tick ahead or behind */
		passed += rig_sends(&spec);
	}
	expect_about("twenty seconds", passed, 210);
}

/* ---- two CPUs ---- */

struct half {
	pthread_t thread;
	unsigned int cpu;
	struct frame frame;
	__u64 end_ns;  /* on the clock of the run */
	__u64 step_ns; /* by which each packet moves a mock clock on; 0: somebody else does */
	bool real_clock;
	__u64 sent, passed;
	int err;
};

static __u64 mock_ns;

static __u64 half_now(const struct half *half)
{
	struct timespec now;

	if (!half->real_clock)
		return __atomic_load_n(&mock_ns, __ATOMIC_RELAXED);
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * SECOND + (__u64)now.tv_nsec;
}

static void *send_for_a_while(void *arg)
{
	struct half *half = arg;
	struct run_result result;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(half->cpu, &set);
	half->err = pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	while (!half->err && half_now(half) < half->end_ns) {
		if (half->step_ns) {
			__u64 now = half_now(half) + half->step_ns;

			run_at(rig_run(), now);
			__atomic_store_n(&mock_ns, now, __ATOMIC_RELAXED);
		}
		half->err = run_frame(rig_run(), RUN_INGRESS, half->frame.octets,
				      half->frame.length, NULL, 0, &result);
		half->sent++;
		half->passed += !half->err && result.action == XDP_PASS;
	}
	return NULL;
}

/* Two CPUs send as fast as they can for duration; what was let through altogether. */
static __u64 send_from_two(const struct frame_spec specs[2], bool real_clock, __u64 duration)
{
	struct half halves[2] = { { .cpu = 0 }, { .cpu = 1 } };

	__atomic_store_n(&mock_ns, rig_now(), __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < 2; i++) {
		frame_build(&halves[i].frame, &specs[i]);
		halves[i].real_clock = real_clock;
		halves[i].step_ns = real_clock || i ? 0 : 20000;
		halves[i].end_ns = half_now(&halves[i]) + duration;
	}
	for (unsigned int i = 0; i < 2; i++)
		cr_assert_eq(pthread_create(&halves[i].thread, NULL, send_for_a_while, &halves[i]),
			     0);
	for (unsigned int i = 0; i < 2; i++) {
		pthread_join(halves[i].thread, NULL);
		cr_assert_eq(halves[i].err, 0, "%s", strerror(abs(halves[i].err)));
	}
	return halves[0].passed + halves[1].passed;
}

static void need_two_cpus(void)
{
	cpu_set_t set;

	cr_assert_eq(sched_getaffinity(0, sizeof(set), &set), 0);
	if (!CPU_ISSET(0, &set) || !CPU_ISSET(1, &set))
		cr_skip_test("needs CPUs 0 and 1");
}

static const char two_cpus[] =
	/* a burst of 100 ms, as a thread may lose its CPU for a while */
	LIMITS
	"      per_source: {invite: {rate: 2000/s, burst: 200}, register: off,\n"
	"        options: off, other: off, malformed: off}\n"
	"      unknown: {invite: off, register: {rate: 2000/s, burst: 200}, options: off,\n"
	"        other: off, malformed: off, emergency: off}\n" RIG_PER_PREFIX_OFF RIG_TOTAL_OFF
		RIG_PEERS_OFF RIG_OTHERS_OFF;

static const struct frame_spec one_source[2] = { { SIP("INVITE") },
						 { SIP("INVITE"), .sport = 6000 } };
static const struct frame_spec two_sources[2] = { { SIP("REGISTER") },
						  { SIP("REGISTER"), .from = "203.0.113.1" } };

static void expect_within_5_percent(const char *name, __u64 found, __u64 wanted)
{
	cr_expect(found * 100 >= wanted * 95 && found * 100 <= wanted * 105,
		  "%s: %llu let through, %llu wanted", name, (unsigned long long)found,
		  (unsigned long long)wanted);
}

Test(limit, two_cpus_share_a_bucket)
{
	need_two_cpus();
	rig_open(two_cpus);
	expect_within_5_percent("one source", send_from_two(one_source, false, 4 * SECOND), 8200);
	rig_clear();
	rig_at(100 * SECOND);
	expect_within_5_percent("all sources", send_from_two(two_sources, false, 4 * SECOND), 8200);
}

Test(limit, two_cpus_share_a_bucket_under_the_clock_of_the_kernel)
{
	need_two_cpus();
	if (getenv("SIPXDP_GUEST"))
		cr_skip_test("the machine is emulated, and its time goes by leaps");
	rig_open_with(two_cpus, &(struct run_options){ .real_clock = true });
	expect_within_5_percent("one source", send_from_two(one_source, true, 3 * SECOND / 2),
				3200);
	expect_within_5_percent("all sources", send_from_two(two_sources, true, 3 * SECOND / 2),
				3200);
}

/* ---- budgets of those who are known ---- */

static void grant(const char *to, __u16 port, const char *response)
{
	rig_reply(&(struct frame_spec){
		.from = "192.0.2.10", .to = to, .dport = port, .text = response });
}

static void make_known(void)
{
	grant("203.0.113.1", 7000, RESPONSE("200 OK", "REGISTER"));
	grant("203.0.113.1", 7001, RESPONSE("200 OK", "REGISTER"));
	grant("203.0.113.2", 7000, RESPONSE("401 Unauthorized", "REGISTER"));
	grant("203.0.113.3", 7000, RESPONSE_OF("200 OK", "INVITE", "call-1@x"));
}

static const struct bucket known[] = {
	{ "a trusted port",
	  { SIP("INVITE"), .from = "203.0.113.1", .sport = 7000 },
	  always_the_same,
	  CLASS_INVITE,
	  PASS_TRUSTED,
	  DROP_TRUSTED_LIMIT,
	  30,
	  30 },
	{ "another trusted port",
	  { SIP("INVITE"), .from = "203.0.113.1", .sport = 7001 },
	  always_the_same,
	  CLASS_INVITE,
	  PASS_TRUSTED,
	  DROP_TRUSTED_LIMIT,
	  30,
	  30 },
	{ "garbage of a trusted port",
	  { .text = "\xff\xff\xff", .from = "203.0.113.1", .sport = 7000 },
	  always_the_same,
	  CLASS_GARBAGE,
	  PASS_MALFORMED,
	  DROP_GARBAGE_LIMIT,
	  4,
	  4 },
	{ "a provisional port",
	  { SIP("REGISTER"), .from = "203.0.113.2", .sport = 7000 },
	  always_the_same,
	  CLASS_REGISTER,
	  PASS_PROVISIONAL,
	  DROP_PROVISIONAL_LIMIT,
	  15,
	  15 },
	/* ten times the rate over the same time of tolerance: 29 messages' worth of a trusted port
	 */
	{ "an exempt address",
	  { SIP("INVITE"), .from = "192.0.2.200" },
	  other_ports,
	  CLASS_INVITE,
	  PASS_EXEMPT,
	  DROP_TRUSTED_LIMIT,
	  300,
	  290 },
};

static const char known_limits[] =
	LIMITS RIG_PER_PREFIX_OFF RIG_UNKNOWN_OFF RIG_TOTAL_OFF RIG_OTHERS_OFF
	"      per_source: {invite: 1/s, register: 1/s, options: 1/s, other: 1/s, malformed: 1/s}\n"
	"      trusted: {invite: 30/s, register: 30/s, options: 30/s, other: 30/s, malformed: "
	"4/s}\n"
	"      provisional: 15/s\n"
	"      dialog: {rate: 25/s, burst: 50}\n"
	"networks: {exempt: [192.0.2.200]}\n"
	"trust: {trusted: 1d, provisional: 1h}\n";

static void of_those_who_are_known(void)
{
	rig_reload(known_limits);
	for (size_t i = 0; i < COUNT(known); i++) {
		struct bucket b = known[i];
		__u64 passed = 0;

		rig_clear();
		make_known();
		for (unsigned int n = 0; n < 3 * b.burst; n++) {
			struct frame_spec spec = b.spec;

			b.sender(&spec, n);
			cr_expect_eq(rig_sends(&spec), n < b.burst, "%s: packet %u of %u", b.name,
				     n, b.burst);
		}
		cr_expect_eq(rig_counted(b.class, b.pass), b.burst, "%s: %llu counted as %s",
			     b.name, (unsigned long long)rig_counted(b.class, b.pass),
			     rig_reason_name(b.pass));
		cr_expect_eq(rig_counted(b.class, b.drop), 2 * b.burst, "%s: counted as %s", b.name,
			     rig_reason_name(b.drop));
		passed = series(&b.spec, b.sender, SECOND / (2 * b.rate), MINUTE);
		expect_about(b.name, passed, b.rate * 60ULL);
	}
}

/* A dialog has its budget; when that is spent, its messages spend from their sender's. */
static void of_a_dialog(void)
{
	struct frame_spec bye = { .text = IN_DIALOG("BYE", "call-1@x"),
				  .from = "203.0.113.3",
				  .sport = 9999 };
	__u64 passed;

	rig_reload(known_limits);
	make_known();
	for (unsigned int n = 0; n < 50; n++)
		rig_expect_reason("within it", &bye, CLASS_BYE, PASS_DIALOG);
	rig_expect_reason("beyond it", &bye, CLASS_BYE, PASS_UNKNOWN);
	rig_expect_reason("beyond both", &bye, CLASS_BYE, DROP_SOURCE_LIMIT);
	bye.text = IN_DIALOG("BYE", "call-2@x");
	rig_expect_reason("of another dialog", &bye, CLASS_BYE, DROP_SOURCE_LIMIT);
	bye.text = IN_DIALOG("BYE", "call-1@x");
	passed = series(&bye, always_the_same, SECOND / 100, MINUTE);
	expect_about("a minute", passed, 60 * (25 + 1));
}

/* ---- the order of shedding ---- */

struct urgency {
	const char *name;
	struct frame_spec spec;
	enum traffic_class class;
	enum reason pass;
};

/* From the least urgent to the most. */
static const struct urgency urgencies[] = {
	{ "garbage", { .text = "\xff\xff\xff" }, CLASS_GARBAGE, PASS_MALFORMED },
	{ "OPTIONS of an unknown source", { SIP("OPTIONS") }, CLASS_OPTIONS, PASS_UNKNOWN },
	{ "REGISTER of an unknown source", { SIP("REGISTER") }, CLASS_REGISTER, PASS_UNKNOWN },
	{ "INVITE of an unknown source", { SIP("INVITE") }, CLASS_INVITE, PASS_UNKNOWN },
	{ "INVITE of a trusted source",
	  { SIP("INVITE"), .from = "203.0.113.1", .sport = 7000 },
	  CLASS_INVITE,
	  PASS_TRUSTED },
	{ "BYE in a dialog", { .text = IN_DIALOG("BYE", "call-1@x") }, CLASS_BYE, PASS_DIALOG },
};

static void the_least_urgent_is_shed_first(void)
{
	rig_reload(LIMITS RIG_PER_SOURCE_OFF RIG_PER_PREFIX_OFF RIG_UNKNOWN_OFF RIG_OTHERS_OFF
		   "      provisional: off\n      dialog: off\n"
		   "      total: {" RIG_ALL_OFF ", all: {rate: 100/s, burst: 801}}\n");
	for (unsigned int round = 0; round < 2; round++) {
		rig_clear();
		rig_wait(MINUTE);
		make_known();
		for (size_t i = 0; i < COUNT(urgencies); i++) {
			const struct urgency *u = &urgencies[i];
			unsigned int passed = 0;

			while (passed < 2000 && rig_sends(&u->spec))
				passed++;
			cr_expect(passed >= 50 && passed < 2000,
				  "%s: %u let through after what is less urgent was shed", u->name,
				  passed);
			cr_expect_eq(rig_counted(u->class, u->pass), passed, "%s: counted as %s",
				     u->name, rig_reason_name(u->pass));
			cr_expect_eq(rig_counted(u->class, DROP_SHED), 1, "%s", u->name);
			for (size_t j = 0; j < i; j++)
				cr_expect_not(rig_sends(&urgencies[j].spec),
					      "%s let through after %s was shed", urgencies[j].name,
					      u->name);
			if (i)
				cr_assert_eq(maps_counters_clear(rig_maps(), 0), 0);
		}
		cr_expect_eq(
			rig_sends(&(struct frame_spec){ .text = IN_DIALOG("ACK", "call-1@x") }), 0,
			"the ceiling is for all");
	}
}

/* ---- emergency calls ---- */

#define CALL(uri) .text = REQUEST_WITH("INVITE", uri, "e@x", "", "")

static const struct {
	const char *name;
	struct frame_spec spec;
	bool emergency;
} calls[] = {
	{ "112", { CALL("sip:112@example.org") }, true },
	{ "911 by tel", { CALL("tel:911") }, true },
	{ "112 by sips", { CALL("sips:112@example.org") }, true },
	{ "112 with parameters", { CALL("sip:112;phone-context=+49@example.org") }, true },
	{ "112 as a host", { CALL("sip:112") }, true },
	{ "the scheme in upper case", { CALL("SIP:112@example.org") }, true },
	{ "the URN", { CALL("urn:service:sos") }, true },
	{ "the URN of the police", { CALL("urn:service:sos.police") }, true },
	{ "the URN in mixed case", { CALL("URN:Service:SOS.fire") }, true },
	{ "a number that begins alike", { CALL("sip:1123@example.org") }, false },
	{ "a number that ends alike", { CALL("sip:4112@example.org") }, false },
	{ "a part of the number", { CALL("sip:11@example.org") }, false },
	{ "another URN", { CALL("urn:service:sosx") }, false },
	{ "another service", { CALL("urn:service:counseling") }, false },
	{ "a URN of a number", { CALL("urn:112") }, false },
	{ "112 as a password", { CALL("sip:x:112@example.org") }, false },
	{ "a short Request-URI", { CALL("x") }, false },
	{ "OPTIONS", { .text = REQUEST_WITH("OPTIONS", "sip:112@x", "e@x", "", "") }, false },
	{ "an empty line in front",
	  { .text = "\r\n" REQUEST_WITH("INVITE", "sip:112@x", "e@x", "", "") },
	  true },
};

static void emergency_calls_have_a_budget_of_their_own(void)
{
	struct frame_spec call = { CALL("urn:service:sos") };
	struct frame_spec usual = { SIP("INVITE") };
	unsigned int passed = 0;

	rig_reload(LIMITS
		   "      per_source: {invite: 1/m, register: off, options: 1/m, other: off,\n"
		   "        malformed: off}\n"
		   "      provisional: 1/m\n      dialog: off\n"
		   "      trusted: {invite: 1/m, register: off, options: off, other: off,\n"
		   "        malformed: off}\n"
		   "      unknown: {" RIG_ALL_OFF ", emergency: {rate: 2/s, burst: 20}}\n"
		   "      total: {" RIG_ALL_OFF
		   ", all: {rate: 1000/s, burst: 1000}}\n" RIG_PER_PREFIX_OFF RIG_OTHERS_OFF);
	for (size_t i = 0; i < COUNT(calls); i++) {
		bool options = !strncmp(calls[i].spec.text, "OPTIONS", 7);

		rig_clear();
		rig_wait(HOUR);
		rig_sends(&usual); /* spends the source's own */
		rig_sends(&(struct frame_spec){ SIP("OPTIONS") });
		rig_expect_reason(calls[i].name, &calls[i].spec,
				  options ? CLASS_OPTIONS : CLASS_INVITE,
				  calls[i].emergency ? PASS_EMERGENCY : DROP_SOURCE_LIMIT);
	}
	rig_clear();
	rig_wait(HOUR);
	rig_expect_reason("within the limit it is any call", &call, CLASS_INVITE, PASS_UNKNOWN);
	for (unsigned int n = 0; n < 100; n++)
		passed += rig_sends(&call);
	cr_expect_eq(passed, 20, "the budget of emergency calls is one, too");
	rig_expect_reason("over it", &call, CLASS_INVITE, DROP_SOURCE_LIMIT);
	expect_about("a minute", series(&call, always_the_same, SECOND / 10, MINUTE), 60 * 2 + 1);

	/* who is known has them as well */
	rig_wait(HOUR);
	make_known();
	call.from = "203.0.113.1";
	call.sport = 7000;
	rig_expect_reason("trusted", &call, CLASS_INVITE, PASS_TRUSTED);
	rig_expect_reason("trusted, over the limit", &call, CLASS_INVITE, PASS_EMERGENCY);
	call.from = "203.0.113.2";
	rig_expect_reason("provisional", &call, CLASS_INVITE, PASS_PROVISIONAL);
	rig_expect_reason("provisional, over the limit", &call, CLASS_INVITE, PASS_EMERGENCY);
	/* and they are not shed while other calls are */
	usual = (struct frame_spec){ SIP("OPTIONS"), .from = "192.0.2.99" };
	for (unsigned int n = 0; n < 2000; n++) {
		everybody(&usual, n);
		usual.text = REQUEST("INVITE");
		rig_sends(&usual);
	}
	usual.from = "192.0.2.98";
	rig_expect_reason("a call is shed", &usual, CLASS_INVITE, DROP_SHED);
	call = (struct frame_spec){ CALL("urn:service:sos"), .from = "192.0.2.97" };
	rig_expect_reason("an emergency call is not", &call, CLASS_INVITE, PASS_EMERGENCY);
}

/* ---- what cannot be decided, connections ---- */

static void of_undecided_messages_and_of_connections(void)
{
	static char text[4000];
	struct frame_spec undecided = { .text = text };
	struct frame_spec syn = { .protocol = IPPROTO_TCP, .tcp_flags = 0x02 };
	unsigned int passed = 0;

	snprintf(text, sizeof(text), "INVITE sip:bob@192.0.2.10 SIP/2.0\r\nSubject: %0*d\r\n%s",
		 3000, 1, HEADERS("INVITE", "u@x", "") LAST_HEADER);
	rig_reload(LIMITS RIG_PER_SOURCE_OFF RIG_PER_PREFIX_OFF RIG_UNKNOWN_OFF RIG_TOTAL_OFF
			   RIG_PEERS_OFF "      undecided: {rate: 10/s, burst: 5}\n"
					 "      syn: {rate: 20/s, burst: 7}\n"
					 "networks: {exempt: [203.0.113.0/24]}\n");
	for (unsigned int n = 0; n < 20; n++) {
		everybody(&undecided, n);
		rig_expect_reason("undecided", &undecided, CLASS_INVITE,
				  n < 5 ? PASS_UNDECIDED : DROP_UNDECIDED_LIMIT);
	}
	expect_about("a minute", series(&undecided, everybody, SECOND / 30, MINUTE), 600);
	for (unsigned int n = 0; n < 20; n++)
		rig_expect_reason("SYN", &syn, CLASS_STREAM, n < 7 ? PASS_STREAM : DROP_SYN_LIMIT);
	expect_about("a minute of SYN", series(&syn, always_the_same, SECOND / 50, MINUTE), 1200);
	syn.from = "203.0.113.1";
	for (unsigned int n = 0; n < 100; n++)
		passed += rig_sends(&syn);
	cr_expect_eq(passed, 100, "an exempt address opens as many as it likes");
	syn.from = NULL;
	syn.tcp_flags = 0x12; /* SYN and ACK: the server opened it */
	rig_expect_reason("SYN ACK", &syn, CLASS_STREAM, PASS_STREAM);
	syn.tcp_flags = 0x18;
	rig_expect_reason("data", &syn, CLASS_STREAM, PASS_STREAM);
}

static const struct rig_case cases[] = {
	RIG_CASE(of_one_source),
	RIG_CASE(of_one_network),
	RIG_CASE(of_all_unknown_sources_together),
	RIG_CASE(floods_of_unknown_sources_do_not_touch_known_ones),
	RIG_CASE(of_a_service),
	RIG_CASE(over_hours),
	RIG_CASE(slow_and_fast),
	RIG_CASE(clocks_that_do_not_agree),
	RIG_CASE(of_those_who_are_known),
	RIG_CASE(of_a_dialog),
	RIG_CASE(the_least_urgent_is_shed_first),
	RIG_CASE(emergency_calls_have_a_budget_of_their_own),
	RIG_CASE(of_undecided_messages_and_of_connections),
};

/* Each case sets limits of its own, by a reload. */
Test(limit, cases)
{
	rig_open(RIG_PROXY);
	rig_run_cases(RIG_PROXY, cases, COUNT(cases));
}
