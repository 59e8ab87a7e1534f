/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tracker: look-ups among many calls, what a call takes, and messages from parsed tap records
 * through parser, tracker and history into records, beside that many live calls.
 * Usage: bench_track [--json FILE] [--calls N]
 *
 * Each figure is the median of some turns of CPU time, and the best; that of the kernel's map needs
 * root, and is left out without.
 */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sipxdp/time.h>

#include "sip/message.h"
#include "track/call.h"
#include "track/history.h"
#include "track/siphash.h"
#include "track_feed.h"
#include "track_sink.h"

#define CALLS_DEFAULT  1000000u
#define TURNS	       11
#define LOOKUPS	       2000000u /* a turn */
#define FEED_CALLS     8000	/* a turn: 56,000 messages */
#define FEED_AT_A_TIME 1000
#define FLUSH_SECONDS  0.1 /* as the daemon does when it has much to do */
#define DRAIN_RECORDS  1024
#define HISTORY_BYTES  (32u << 20)
#define GOAL_LOOKUPS   5e6
#define GOAL_MESSAGES  500e3
#define GOAL_BYTES     256.0

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Rates of some turns: sorted, so that the median is in the middle and the best at the end. */
static void report(json_t *results, const char *key, const char *what, double rates[TURNS],
		   double goal)
{
	double median, best;

	qsort(rates, TURNS, sizeof(*rates), compare);
	median = rates[TURNS / 2];
	best = rates[TURNS - 1];
	printf("%-52s %12.0f %12.0f", what, median, best);
	if (goal > 0)
		printf("  goal %.0f: %s", goal, median >= goal ? "met" : "missed");
	putchar('\n');
	json_object_set_new(results, key,
			    json_pack("{s:f, s:f, s:f}", "median_per_s", median, "best_per_s", best,
				      "goal_per_s", goal));
}

static uint64_t mix(uint64_t x)
{
	x = (x + 0x9e3779b97f4a7c15ull) * 0xbf58476d1ce4e5b9ull;
	return x ^ x >> 31;
}

/* Never 0, and apart from the keys of the feed. */
static uint64_t key_of(uint32_t call)
{
	return mix(mix(call) + 1) | 1;
}

/* ---- look-ups ---- */

static uint64_t look_up(const struct table *table, const uint64_t *keys)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < LOOKUPS; i++) {
		const struct call *call = table_entry(table, table_find(table, keys[i]));

		sum += call->state;
	}
	return sum;
}

static int bench_lookups(uint32_t calls, json_t *results)
{
	uint64_t *keys = malloc(LOOKUPS * sizeof(*keys)), sink = 0;
	double rate[TURNS], start, bytes;
	struct table table;

	if (!keys || table_init(&table, calls, sizeof(struct call))) {
		free(keys);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < calls; i++)
		((struct call *)table_entry(&table, table_add(&table, key_of(i))))->state = 1;
	for (uint32_t i = 0; i < LOOKUPS; i++)
		keys[i] = key_of((uint32_t)(mix(i) % calls));
	for (int turn = 0; turn < TURNS; turn++) {
		start = cpu_seconds();
		sink += look_up(&table, keys);
		rate[turn] = LOOKUPS / (cpu_seconds() - start);
	}
	if (sink != 1ull * TURNS * LOOKUPS)
		puts("a look-up failed");
	report(results, "lookups", "look-ups/s", rate, GOAL_LOOKUPS);
	bytes = (double)table_bytes(&table) / calls;
	printf("%-52s %12.1f %25s goal %.0f: %s\n", "octets a call in the daemon's table", bytes,
	       "", GOAL_BYTES, bytes <= GOAL_BYTES ? "met" : "missed");
	json_object_set_new(results, "bytes_a_call", json_real(bytes));
	table_free(&table);
	free(keys);
	return 0;
}

/* ---- messages ---- */

struct bench {
	struct track *track;
	struct track_store *store;
	struct history *history;
	struct track_feed feed;
	uint64_t now_ns;
};

/* Live calls beside those of the feed, as an earlier daemon would have left them. */
static void put_calls(struct bench *b, uint32_t calls)
{
	struct track_sink sink = track_store_sink(b->store);
	struct call_record record = {
		.call_id = "some call",
		.from = "sip:alice@example.com",
		.to = "sip:bob@example.com",
		.source = "192.0.2.1:5060",
		.destination = "192.0.2.99:5060",
		.started_unix_ns = b->now_ns,
		.answered_unix_ns = b->now_ns,
		.updated_unix_ns = b->now_ns,
		.state = CALL_CONFIRMED,
		.final_status = 200,
	};

	for (uint32_t i = 0; i < calls; i++) {
		struct call_key key = { .call_id_hash = key_of(i) };

		if (!sink.call_put(sink.context, &key, &record))
			track_adopt_call(b->track, &key, &record);
	}
	track_store_flush(b->store);
}

static void take(struct bench *b, const struct tap_record *record, uint64_t salt)
{
	static struct sip_message message;
	static const struct siphash_key history_key = { { 1, 2 } };
	bool ingress = record->direction == TAP_INGRESS;
	struct sipxdp_peer source = { .addr = record->saddr, .port = record->sport };
	struct sipxdp_peer destination = { .addr = record->daddr, .port = record->dport };
	struct track_arrival arrival = {
		.now_ns = b->now_ns,
		.call_id_hash = record->call_id_hash ^ salt,
		.peer = ingress ? source : destination,
		.server = ingress ? destination : source,
		.direction = ingress ? TRACK_TO_SERVER : TRACK_FROM_SERVER,
	};
	struct history_message kept = {
		.time_unix_ns = b->now_ns,
		.source = source,
		.destination = destination,
		.length = record->length,
		.captured = record->captured,
		.data = record->data,
	};
	struct track_outcome outcome;
	uint64_t key;

	b->now_ns += 1000;
	track_prefetch(b->track, arrival.call_id_hash);
	if (sip_message_parse(record->data, record->length, &message, NULL))
		return;
	outcome = track_message(b->track, &arrival, &message);
	if (!outcome.of_call)
		return;
	key = siphash_of(&history_key, sip_message_text(&message, message.call_id),
			 message.call_id.length);
	history_add(b->history, key ^ salt, outcome.answered, &kept);
}

static void flush(struct bench *b)
{
	track_flush(b->track);
	track_store_flush(b->store);
}

/* The salt makes other calls of the same messages. */
static double turn(struct bench *b, uint64_t salt)
{
	double start = cpu_seconds(), flushed = start, now = start;

	for (size_t i = 0; i < b->feed.count; i++) {
		take(b, b->feed.records[i], salt);
		if (i % DRAIN_RECORDS)
			continue;
		now = cpu_seconds();
		if (now - flushed > FLUSH_SECONDS) {
			flush(b);
			flushed = now;
		}
	}
	/* The calls of the turn are over, and go. */
	b->now_ns += 40 * NSEC_PER_SEC;
	track_advance(b->track, b->now_ns);
	flush(b);
	return (double)b->feed.count / (cpu_seconds() - start);
}

static bool counts_agree(const struct bench *b)
{
	const struct track_quality *quality = track_quality(b->track, 0);
	uint64_t calls = (uint64_t)FEED_CALLS * TURNS;

	return quality->attempts == calls && quality->completed == calls;
}

static int open_bench(struct bench *b, uint32_t calls, bool in_kernel)
{
	struct track_config config = { .calls = calls + 2 * FEED_CALLS,
				       .registrations = 1024,
				       .transactions = 1024,
				       .seed = { 1, 2 } };
	struct history_config history = { .bytes = HISTORY_BYTES, .per_call = 128 };
	struct track_sink sink;
	int err;

	b->now_ns = 1700000000 * NSEC_PER_SEC;
	err = track_store_open(calls + 2 * FEED_CALLS, in_kernel, &b->store);
	if (err)
		return err;
	sink = track_store_sink(b->store);
	err = track_new(&config, &sink, b->now_ns, &b->track);
	if (!err)
		err = history_new(&history, &b->history);
	if (!err)
		err = track_feed_make(FEED_CALLS, FEED_AT_A_TIME, &b->feed);
	return err;
}

static void close_bench(struct bench *b)
{
	track_free(b->track);
	history_free(b->history);
	track_store_close(b->store);
	track_feed_free(&b->feed);
}

/* Beside the map of calls there is that of dialogs (bpf/maps.h), 64 octets each and what the kernel
 * adds to any element. */
static void report_total(json_t *results, const struct bench *b, uint32_t calls)
{
	double mib = 1 << 20;
	double daemon = (double)(sizeof(struct call) + 17) * calls / mib;
	double map = (double)track_store_kernel_bytes(b->store) / mib;
	double dialogs = 128.0 * calls / mib;

	if (map <= 0)
		return;
	printf("MiB of %u live calls: daemon %.0f, map `calls` %.0f, map `dialogs` %.0f: %.0f, "
	       "goal "
	       "1024: %s\n",
	       calls, daemon, map, dialogs, daemon + map + dialogs,
	       daemon + map + dialogs <= 1024 ? "met" : "missed");
	json_object_set_new(
		results, "live_calls_mib",
		json_pack("{s:f, s:f, s:f}", "daemon", daemon, "calls", map, "dialogs", dialogs));
}

static void run_messages(struct bench *b, uint32_t calls, bool in_kernel, json_t *results)
{
	double rates[TURNS];

	put_calls(b, calls);
	for (int i = 0; i < TURNS; i++)
		rates[i] = turn(b, mix((uint64_t)i + 1));
	if (in_kernel)
		report(results, "messages_in_kernel", "messages/s, records in the kernel's map",
		       rates, GOAL_MESSAGES);
	else
		report(results, "messages_in_memory", "messages/s, records in memory", rates, 0);
	if (!counts_agree(b))
		puts("the calls counted are not those that were made");
	if (in_kernel)
		report_total(results, b, calls);
}

static void bench_messages(uint32_t calls, bool in_kernel, json_t *results)
{
	struct bench b = { .now_ns = 0 };
	int err = open_bench(&b, calls, in_kernel);

	if (err)
		printf("SKIP records in %s: %s\n", in_kernel ? "the kernel's map" : "memory",
		       strerror(-err));
	else
		run_messages(&b, calls, in_kernel, results);
	close_bench(&b);
}

static int write_results(const char *path, const json_t *results)
{
	if (path && json_dump_file(results, path, JSON_INDENT(1))) {
		fprintf(stderr, "bench_track: cannot write %s\n", path);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint32_t calls = CALLS_DEFAULT;
	json_t *results = json_object();
	const char *path = NULL;
	int code;

	for (int i = 1; i < argc; i++) {
		if (i + 1 < argc && strcmp(argv[i], "--json") == 0) {
			path = argv[++i];
		} else if (i + 1 < argc && strcmp(argv[i], "--calls") == 0) {
			calls = (uint32_t)strtoul(argv[++i], NULL, 10);
		} else {
			fputs("usage: bench_track [--json FILE] [--calls N]\n", stderr);
			return 2;
		}
	}
	if (calls < 1000 || calls > 16000000) {
		fputs("bench_track: calls are 1000 to 16000000\n", stderr);
		return 2;
	}
	printf("The tracker with %u live calls, %d turns each\n%-52s %12s %12s\n", calls, TURNS, "",
	       "median", "best");
	json_object_set_new(results, "calls", json_integer(calls));
	if (bench_lookups(calls, results))
		puts("SKIP look-ups: out of memory");
	bench_messages(calls, false, results);
	bench_messages(calls, true, results);
	code = write_results(path, results);
	json_decref(results);
	return code;
}
