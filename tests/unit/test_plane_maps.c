/* SPDX-License-Identifier: GPL-2.0-only */
/* Maps as user space works them: walks, counters, bans, trust, networks, expiry, the clock. On real
 * maps that are private to each test; nothing is pinned or attached. */
#include "test_plane_fixture.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "plane/ban.h"
#include "plane/clock.h"
#include "plane/expire.h"
#include "plane/key.h"
#include "plane/network.h"
#include "plane/object.h"
#include "plane/run.h"
#include "plane/tick.h"
#include "plane/trust.h"

#define SECOND NSEC_PER_SEC

static struct config *cfg;
static struct run *run;
static struct maps *maps;

static void setup(void)
{
	need_bpf();
	cfg = config_of("interfaces: [lo]\nservices:\n"
			"  - {name: a, listen: [\"udp:192.0.2.1:5060\"]}\n"
			"networks: {exempt: [203.0.113.0/24, \"2001:db8:e::/48\"], "
			"deny: [198.51.100.0/24]}\n"
			"tables: {sources: 4096, trusted: 4096, provisional: 4096, bans: 4096, "
			"dialogs: 16384, calls: 1024, registrations: 1024, networks: 1024}\n");
	cr_assert_eq(run_open(cfg, NULL, &run), 0);
	maps = run_maps(run);
}

static void teardown(void)
{
	run_close(run);
	config_free(cfg);
}

TestSuite(plane_maps, .init = setup, .fini = teardown, .timeout = 60);

static struct sipxdp_prefix prefix_key(const char *text)
{
	struct prefix prefix;

	cr_assert_eq(prefix_parse(text, strlen(text), &prefix), 0, "%s", text);
	return key_from_prefix(&prefix);
}

static struct sipxdp_peer peer_key(const char *text)
{
	struct endpoint endpoint;

	cr_assert_eq(endpoint_parse(text, strlen(text), &endpoint), 0, "%s", text);
	return key_from_endpoint(&endpoint);
}

/* ---- walks ---- */

#define DIALOGS 5000

struct seen {
	unsigned char times[DIALOGS];
	unsigned int total;
	bool delete;
	unsigned int stop_at; /* 0: never */
};

static int see(const void *key, const void *value, void *ctx)
{
	const struct dialog_key *dialog = key;
	const struct dialog *entry = value;
	struct seen *seen = ctx;

	cr_assert_lt(dialog->call_id_hash, DIALOGS);
	cr_expect_eq(entry->packets, dialog->call_id_hash * 3, "key and value belong together");
	seen->times[dialog->call_id_hash]++;
	if (seen->delete)
		maps_delete(maps, MAP_DIALOGS, key);
	return ++seen->total == seen->stop_at ? 77 : 0;
}

static void fill_dialogs(void)
{
	for (__u64 i = 0; i < DIALOGS; i++) {
		struct dialog_key key = { .call_id_hash = i };
		struct dialog dialog = { .packets = i * 3 };

		cr_assert_eq(maps_put(maps, MAP_DIALOGS, &key, &dialog, BPF_NOEXIST), 0);
	}
}

static void expect_each_once(const struct seen *seen)
{
	cr_expect_eq(seen->total, DIALOGS);
	for (size_t i = 0; i < DIALOGS; i++)
		cr_assert_eq(seen->times[i], 1, "entry %zu: %u times", i, seen->times[i]);
}

Test(plane_maps, a_walk_sees_every_entry_once)
{
	static struct seen seen;
	__u64 count;

	fill_dialogs();
	cr_expect_eq(maps_walk(maps, MAP_DIALOGS, see, &seen), 0);
	expect_each_once(&seen);
	cr_expect_eq(maps_count(maps, MAP_DIALOGS, &count), 0);
	cr_expect_eq(count, DIALOGS);
}

Test(plane_maps, a_walk_may_delete_what_it_sees)
{
	static struct seen seen = { .delete = true };
	__u64 count;

	fill_dialogs();
	cr_expect_eq(maps_walk(maps, MAP_DIALOGS, see, &seen), 0);
	expect_each_once(&seen);
	cr_expect_eq(maps_count(maps, MAP_DIALOGS, &count), 0);
	cr_expect_eq(count, 0);
}

/* As on kernels without batches for a map: key by key, the same entries. */
Test(plane_maps, a_walk_without_batches_sees_the_same)
{
	static struct seen seen = { .delete = true };
	struct maps_cursor cursor = { .single = true };

	fill_dialogs();
	while (!cursor.done)
		cr_assert_eq(maps_walk_some(maps, MAP_DIALOGS, &cursor, 100, see, &seen), 0);
	expect_each_once(&seen);
}

Test(plane_maps, a_walk_in_pieces_sees_every_entry_once_and_keeps_its_pieces_small)
{
	static struct seen seen;
	struct maps_cursor cursor = { .started = false };

	fill_dialogs();
	while (!cursor.done) {
		unsigned int before = seen.total;

		cr_assert_eq(maps_walk_some(maps, MAP_DIALOGS, &cursor, 64, see, &seen), 0);
		cr_assert_leq(seen.total - before, 128);
	}
	expect_each_once(&seen);
	cr_expect_eq(maps_walk_some(maps, MAP_DIALOGS, &cursor, 64, see, &seen), 0);
	cr_expect_eq(seen.total, DIALOGS, "at its end it stays there");
}

Test(plane_maps, a_walk_ends_when_it_is_told_to)
{
	static struct seen seen = { .stop_at = 10 };

	fill_dialogs();
	cr_expect_eq(maps_walk(maps, MAP_DIALOGS, see, &seen), 77);
	cr_expect_eq(seen.total, 10);
}

Test(plane_maps, clearing_empties_tables_and_zeroes_arrays)
{
	__u32 zero = 0;
	static struct prefix_limits limits;
	__u64 count;

	fill_dialogs();
	limits.tat[1][7] = 1;
	cr_assert_eq(maps_put(maps, MAP_PREFIX_LIMITS, &zero, &limits, BPF_ANY), 0);
	cr_expect_eq(maps_clear(maps, MAP_DIALOGS), 0);
	cr_expect_eq(maps_clear(maps, MAP_NETWORKS), 0, "a prefix table, too");
	cr_expect_eq(maps_clear(maps, MAP_PREFIX_LIMITS), 0);
	cr_expect_eq(maps_count(maps, MAP_DIALOGS, &count), 0);
	cr_expect_eq(count, 0);
	cr_expect_eq(maps_count(maps, MAP_NETWORKS, &count), 0);
	cr_expect_eq(count, 0);
	cr_expect_eq(maps_get(maps, MAP_PREFIX_LIMITS, &zero, &limits), 0);
	cr_expect_eq(limits.tat[1][7], 0);
}

/* ---- counters ---- */

static int sum_pass(__u32 row, const union counter_row *sum, void *ctx)
{
	__u64 *total = ctx;

	cr_expect_eq(row, COUNTER_ROW(0, 0, CLASS_BYE));
	*total += sum->trusted.packets;
	return 0;
}

Test(plane_maps, counters_are_summed_over_cpus_and_rows_of_nothing_left_out)
{
	int cpus = libbpf_num_possible_cpus();
	union counter_row *cpu = calloc((size_t)cpus, sizeof(*cpu)), sum;
	__u32 row = COUNTER_ROW(0, 0, CLASS_BYE), unused = COUNTER_ROW(5, 0, CLASS_BYE);
	__u64 total = 0, expected = 0;

	cr_assert(cpu);
	for (int c = 0; c < cpus; c++) {
		cpu[c].trusted.packets = 10 + (__u64)c;
		expected += 10 + (__u64)c;
	}
	cr_assert_eq(bpf_map_update_elem(maps->fd[MAP_COUNTERS], &row, cpu, BPF_ANY), 0);
	cr_assert_eq(bpf_map_update_elem(maps->fd[MAP_COUNTERS], &unused, cpu, BPF_ANY), 0);
	cr_expect_eq(maps_counters(maps, row, &sum), 0);
	cr_expect_eq(sum.by_reason[PASS_TRUSTED].packets, expected);
	cr_expect_eq(maps_walk_counters(maps, sum_pass, &total), 0);
	cr_expect_eq(total, expected, "service 5 was never configured");
	cr_expect_eq(maps_counters_clear(maps, 0), 0);
	cr_expect_eq(maps_counters(maps, row, &sum), 0);
	cr_expect_eq(sum.by_reason[PASS_TRUSTED].packets, 0);
	free(cpu);
}

/* ---- bans ---- */

Test(plane_maps, bans_keep_off_exempt_networks)
{
	static const struct {
		const char *prefix;
		enum ban_origin origin;
		int err;
		enum ban_conflict_kind conflict;
	} rows[] = {
		{ "192.0.2.9/32", BAN_AUTH_FAILURES, 0, BAN_NO_CONFLICT },
		{ "192.0.2.0/24", BAN_HAND, 0, BAN_NO_CONFLICT },
		{ "203.0.113.9/32", BAN_HAND, -EACCES, BAN_INSIDE_EXEMPT },
		{ "203.0.113.0/24", BAN_HAND, -EACCES, BAN_INSIDE_EXEMPT },
		{ "203.0.112.0/22", BAN_HAND, 0, BAN_COVERS_EXEMPT },
		{ "203.0.112.0/22", BAN_SCANNER, -EACCES, BAN_COVERS_EXEMPT },
		{ "2001:db8:e:1::/64", BAN_ENUMERATION, -EACCES, BAN_INSIDE_EXEMPT },
		{ "2001:db8::/32", BAN_ENUMERATION, -EACCES, BAN_COVERS_EXEMPT },
		{ "198.51.100.1/32", BAN_HAND, 0, BAN_NO_CONFLICT }, /* denied, not exempt */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sipxdp_prefix key = prefix_key(rows[i].prefix);
		struct ban ban = { .origin = rows[i].origin }, found;
		struct ban_conflict conflict;
		__u32 before = maps->settings->generation;

		cr_expect_eq(ban_add(maps, &key, &ban, &conflict), rows[i].err, "row %zu", i);
		cr_expect_eq(conflict.kind, rows[i].conflict, "row %zu: %d", i, conflict.kind);
		cr_expect_eq(maps_get(maps, MAP_BANS, &key, &found), rows[i].err ? -ENOENT : 0,
			     "row %zu", i);
		cr_expect_eq(maps->settings->generation != before, rows[i].err == 0, "row %zu", i);
		if (!rows[i].err)
			cr_expect_eq(ban_delete(maps, &key), 0, "row %zu", i);
	}
}

Test(plane_maps, a_ban_needs_a_whole_prefix_and_a_time_to_come)
{
	struct sipxdp_prefix key = prefix_key("192.0.2.0/24");
	struct ban ban = { .origin = BAN_HAND, .until_ns = 1 };

	cr_expect_eq(ban_add(maps, &key, &ban, NULL), -EINVAL, "past");
	ban.until_ns = 0;
	key.addr.word[3] |= htonl(1);
	cr_expect_eq(ban_add(maps, &key, &ban, NULL), -EINVAL, "host bits");
	key.prefix_len = 129;
	cr_expect_eq(ban_add(maps, &key, &ban, NULL), -EINVAL, "length");
	cr_expect_eq(maps->settings->has_bans, 0);
}

Test(plane_maps, has_bans_says_whether_the_table_has_any)
{
	struct sipxdp_prefix one = prefix_key("192.0.2.1/32"), two = prefix_key("192.0.2.0/24");
	struct ban ban = { .origin = BAN_HAND };

	cr_expect_eq(maps->settings->has_bans, 0);
	cr_assert_eq(ban_add(maps, &one, &ban, NULL), 0);
	cr_assert_eq(ban_add(maps, &two, &ban, NULL), 0);
	cr_expect_eq(maps->settings->has_bans, 1);
	cr_expect_eq(ban_delete(maps, &one), 0);
	cr_expect_eq(maps->settings->has_bans, 1);
	cr_expect_eq(ban_delete(maps, &one), -ENOENT, "its network is banned, it is not");
	cr_expect_eq(ban_delete(maps, &two), 0);
	cr_expect_eq(maps->settings->has_bans, 0);
}

struct listed {
	struct sipxdp_prefix key[8];
	struct ban ban[8];
	size_t count;
};

static int list_ban(const struct sipxdp_prefix *prefix, const struct ban *ban, void *ctx)
{
	struct listed *listed = ctx;

	cr_assert_lt(listed->count, COUNT(listed->key));
	listed->key[listed->count] = *prefix;
	listed->ban[listed->count++] = *ban;
	return 0;
}

static void put_source(const char *text, __u8 service, __u32 hits)
{
	struct source row = { .ban_hits = hits, .policy = POLICY_BANNED };
	struct in6_addr address;
	struct source_key key;

	cr_assert_eq(address_parse(text, strlen(text), &address), 0);
	key = key_of_source(&address, service);
	cr_assert_eq(maps_put(maps, MAP_SOURCES, &key, &row, BPF_ANY), 0);
}

/* Hits that rows of `sources` still hold count for the longest ban around them. */
Test(plane_maps, the_list_of_bans_is_in_order_and_adds_pending_hits)
{
	static const struct {
		const char *prefix;
		__u64 hits;
	} rows[] = {
		{ "192.0.2.0/24", 100 + 7 },
		{ "192.0.2.1/32", 100 + 5 + 6 },
		{ "2001:db8:1:2::/64", 100 + 9 },
		{ "2001:db8:1:3::1/128", 100 + 11 },
	};
	static struct listed listed;
	struct sipxdp_prefix over = prefix_key("192.0.2.77/32");
	struct ban past = { .until_ns = 1 };

	for (size_t i = COUNT(rows); i-- > 0;) {
		struct sipxdp_prefix key = prefix_key(rows[i].prefix);
		struct ban ban = { .hits = 100 };

		cr_assert_eq(maps_put(maps, MAP_BANS, &key, &ban, BPF_ANY), 0);
	}
	cr_assert_eq(maps_put(maps, MAP_BANS, &over, &past, BPF_ANY), 0);
	put_source("192.0.2.1", 0, 5);
	put_source("192.0.2.1", 1, 6);
	put_source("192.0.2.2", 0, 7);
	put_source("192.0.3.2", 0, 1000);
	put_source("2001:db8:1:2:3::4", 0, 9);
	put_source("2001:db8:1:3::1", 0, 11);
	cr_expect_eq(ban_walk(maps, clock_monotonic_ns(), list_ban, &listed), 0);
	cr_assert_eq(listed.count, COUNT(rows), "the one that is over is left out");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sipxdp_prefix key = prefix_key(rows[i].prefix);

		cr_expect_eq(memcmp(&listed.key[i], &key, sizeof(key)), 0, "%s", rows[i].prefix);
		cr_expect_eq(listed.ban[i].hits, rows[i].hits, "%s: %llu", rows[i].prefix,
			     listed.ban[i].hits);
	}
}

Test(plane_maps, a_ban_renewed_keeps_its_hits)
{
	struct sipxdp_prefix key = prefix_key("192.0.2.0/24"), around = prefix_key("192.0.0.0/16");
	struct ban ban = { .hits = 42 }, found;

	cr_assert_eq(maps_put(maps, MAP_BANS, &around, &ban, BPF_ANY), 0);
	ban = (struct ban){ .origin = BAN_HAND, .hits = 9, .reason = "why" };
	cr_assert_eq(ban_add(maps, &key, &ban, NULL), 0);
	cr_assert_eq(maps_get(maps, MAP_BANS, &key, &found), 0);
	cr_expect_eq(found.hits, 0, "a new one, whatever is around it");
	found.hits = 5;
	cr_assert_eq(maps_put(maps, MAP_BANS, &key, &found, BPF_ANY), 0);
	cr_assert_eq(ban_add(maps, &key, &ban, NULL), 0);
	cr_assert_eq(maps_get(maps, MAP_BANS, &key, &found), 0);
	cr_expect_eq(found.hits, 5);
	cr_expect_str_eq(found.reason, "why");
	cr_expect_neq(found.since_ns, 0);
}

/* ---- networks ---- */

static struct network_entry entry_of(const char *text, enum source_policy policy)
{
	return (struct network_entry){ .prefix = prefix_key(text), .policy = policy };
}

static void expect_policy(const char *text, int policy)
{
	struct sipxdp_prefix key = prefix_key(text);
	struct network network;
	int err = maps_get(maps, MAP_NETWORKS, &key, &network);

	cr_expect_eq(err ? -1 : (int)network.policy, policy, "%s", text);
}

Test(plane_maps, networks_become_what_the_list_says)
{
	struct network_entry list[] = {
		entry_of("10.0.0.0/8", POLICY_DENY),
		entry_of("10.1.0.0/16", POLICY_EXEMPT),
		entry_of("203.0.113.0/24", POLICY_FEED),
	};
	__u32 before = maps->settings->generation;
	__u64 count;

	expect_policy("203.0.113.0/24", POLICY_EXEMPT);
	expect_policy("198.51.100.0/24", POLICY_DENY);
	cr_expect_eq(maps->settings->has_networks, 1);
	cr_expect_eq(network_replace(maps, list, COUNT(list)), 0);
	expect_policy("10.2.0.0/16", POLICY_DENY);
	expect_policy("10.1.2.3", POLICY_EXEMPT);
	expect_policy("203.0.113.0/24", POLICY_FEED);
	expect_policy("198.51.100.0/24", -1);
	cr_expect_neq(maps->settings->generation, before);
	cr_expect_eq(maps_count(maps, MAP_NETWORKS, &count), 0);
	cr_expect_eq(count, COUNT(list));
	cr_expect_eq(network_replace(maps, NULL, 0), 0);
	cr_expect_eq(maps->settings->has_networks, 0);
}

Test(plane_maps, a_list_that_cannot_be_written_leaves_the_networks_as_they_were)
{
	static struct network_entry list[1025];

	for (size_t i = 0; i < COUNT(list); i++) {
		list[i].policy = POLICY_DENY;
		list[i].prefix.prefix_len = 128;
		list[i].prefix.addr.word[2] = htonl(0xffff);
		list[i].prefix.addr.word[3] = htonl(0x0a000000 + (__u32)i);
	}
	cr_expect_eq(network_replace(maps, list, COUNT(list)), -ENOSPC);
	expect_policy("203.0.113.0/24", POLICY_EXEMPT);
	expect_policy("10.0.0.1", -1);
	list[1] = list[0];
	cr_expect_eq(network_replace(maps, list, 2), -EINVAL, "twice the same");
	expect_policy("203.0.113.0/24", POLICY_EXEMPT);
	/* Full to the brim with others: there is no room for both, and still it works. */
	list[1].prefix.addr.word[3] = htonl(0x0a000001);
	cr_expect_eq(network_replace(maps, list, 1024), 0);
	list[1024].policy = POLICY_FEED;
	cr_expect_eq(network_replace(maps, list + 1, 1024), 0);
	expect_policy("10.0.0.0", -1);
	expect_policy("10.0.4.0", POLICY_FEED);
}

/* ---- trust ---- */

static int count_trust(const struct sipxdp_peer *peer, const struct trusted *trusted, void *ctx)
{
	(void)peer;
	(void)trusted;
	++*(unsigned int *)ctx;
	return 0;
}

static unsigned int filter_bits(const struct trust_filter *filter)
{
	unsigned int bits = 0;

	for (size_t i = 0; i < COUNT(filter->word); i++)
		bits += (unsigned int)__builtin_popcountll(filter->word[i]);
	return bits;
}

Test(plane_maps, trust_is_given_extended_listed_and_taken)
{
	struct sipxdp_peer peer = peer_key("192.0.2.1:5060"), other = peer_key("192.0.2.1:5061");
	__u64 now = clock_monotonic_ns();
	struct trusted found;
	unsigned int count = 0;

	cr_expect_eq(trust_add(maps, &peer, now - 1, TRUST_HAND), -EINVAL);
	cr_expect_eq(trust_add(maps, &peer, now + 100 * SECOND, TRUST_REGISTER), 0);
	cr_expect_eq(filter_bits(&maps->trust_filter[0]), 1, "the kernel is told to look");
	cr_expect_eq(trust_add(maps, &other, 0, TRUST_HAND), 0);
	cr_expect_eq(filter_bits(&maps->trust_filter[0]), 1, "by address, not by port");
	cr_assert_eq(maps_get(maps, MAP_TRUSTED, &peer, &found), 0);
	found.packets = 12;
	found.tat[LIMIT_INVITE] = 34;
	cr_assert_eq(maps_put(maps, MAP_TRUSTED, &peer, &found, BPF_ANY), 0);
	cr_expect_eq(trust_add(maps, &peer, now + 3600 * SECOND, TRUST_REGISTER), 0);
	cr_assert_eq(maps_get(maps, MAP_TRUSTED, &peer, &found), 0);
	cr_expect_eq(found.until_ns, now + 3600 * SECOND);
	cr_expect_eq(found.packets, 12);
	cr_expect_eq(found.tat[LIMIT_INVITE], 34, "what was spent stays spent");
	cr_expect_eq(trust_add(maps, &other, now + SECOND, TRUST_REGISTER), 0);
	cr_assert_eq(maps_get(maps, MAP_TRUSTED, &other, &found), 0);
	cr_expect_eq(found.until_ns, 0, "by hand it was for ever");
	cr_expect_eq(trust_walk(maps, now, count_trust, &count), 0);
	cr_expect_eq(count, 2);
	count = 0;
	cr_expect_eq(trust_walk(maps, now + 3601 * SECOND, count_trust, &count), 0);
	cr_expect_eq(count, 1);
	cr_expect_eq(trust_delete(maps, &peer), 0);
	cr_expect_eq(trust_delete(maps, &peer), -ENOENT);
}

/* ---- expiry ---- */

static bool is_there(enum map_id id, const void *key)
{
	union {
		struct trusted trusted;
		struct provisional provisional;
		struct dialog dialog;
		struct ban ban;
	} value;

	return maps_get(maps, id, key, &value) == 0;
}

Test(plane_maps, what_is_over_goes_and_what_is_not_stays)
{
	static struct expiry expiry;
	__u64 now = 100000 * SECOND, idle = maps->settings->dialog_idle_ns;
	const struct {
		const char *name;
		struct dialog dialog;
		bool stays;
	} dialogs[] = {
		{ "confirmed",
		  { .last_seen_ns = now - 600 * SECOND, .state = DIALOG_CONFIRMED },
		  true },
		{ "answered",
		  { .last_seen_ns = now - 41 * SECOND, .state = DIALOG_CONFIRMED, .answers = 1 },
		  true },
		{ "answered, and nobody took it",
		  { .last_seen_ns = now - 43 * SECOND, .state = DIALOG_CONFIRMED, .answers = 1 },
		  false },
		{ "acknowledged",
		  { .last_seen_ns = now - 43 * SECOND,
		    .state = DIALOG_CONFIRMED,
		    .answers = 1,
		    .acknowledged = 1 },
		  true },
		{ "the server's own",
		  { .last_seen_ns = now - 43 * SECOND,
		    .state = DIALOG_CONFIRMED,
		    .from_server = 1 },
		  true },
		{ "the server hangs up",
		  { .last_seen_ns = now - 41 * SECOND,
		    .state = DIALOG_CONFIRMED,
		    .acknowledged = 1,
		    .hangs_up = 1 },
		  true },
		{ "the server hung up, and nobody agreed",
		  { .last_seen_ns = now - 43 * SECOND,
		    .state = DIALOG_CONFIRMED,
		    .acknowledged = 1,
		    .hangs_up = 1 },
		  false },
		{ "the server hung up, and nobody agreed: a backend's",
		  { .last_seen_ns = now - 43 * SECOND,
		    .state = DIALOG_CONFIRMED,
		    .backend = 1,
		    .acknowledged = 1,
		    .hangs_up = 1 },
		  false },
		{ "idle",
		  { .last_seen_ns = now - idle - 11 * SECOND, .state = DIALOG_CONFIRMED },
		  false },
		{ "early", { .last_seen_ns = now - 299 * SECOND, .state = DIALOG_EARLY }, true },
		{ "early, no more",
		  { .last_seen_ns = now - 311 * SECOND, .state = DIALOG_EARLY },
		  false },
		{ "ended",
		  { .last_seen_ns = now - 31 * SECOND, .state = DIALOG_TERMINATED },
		  true },
		{ "ended long ago",
		  { .last_seen_ns = now - 43 * SECOND, .state = DIALOG_TERMINATED },
		  false },
	};
	struct sipxdp_peer old = peer_key("192.0.2.1:1"), live = peer_key("192.0.2.1:2"),
			   hand = peer_key("192.0.2.1:3");
	struct sipxdp_prefix wide = prefix_key("192.0.0.0/16"), past = prefix_key("192.0.2.0/24");
	struct trusted trusted = { .until_ns = now - 11 * SECOND };
	struct provisional provisional = { .until_ns = now - 11 * SECOND };
	struct ban ban = { .until_ns = now - 1 };

	for (__u64 i = 0; i < COUNT(dialogs); i++) {
		struct dialog_key key = { .call_id_hash = i };

		maps_put(maps, MAP_DIALOGS, &key, &dialogs[i].dialog, BPF_ANY);
	}
	maps_put(maps, MAP_TRUSTED, &old, &trusted, BPF_ANY);
	maps_put(maps, MAP_PROVISIONAL, &old, &provisional, BPF_ANY);
	trusted.until_ns = now - 1; /* within the grace: it may be registering just now */
	provisional.until_ns = now + 1;
	maps_put(maps, MAP_TRUSTED, &live, &trusted, BPF_ANY);
	maps_put(maps, MAP_PROVISIONAL, &live, &provisional, BPF_ANY);
	trusted.until_ns = 0;
	maps_put(maps, MAP_TRUSTED, &hand, &trusted, BPF_ANY);
	maps_put(maps, MAP_BANS, &past, &ban, BPF_ANY);
	ban.until_ns = 0;
	maps_put(maps, MAP_BANS, &wide, &ban, BPF_ANY);

	cr_expect_eq(expire_step(&expiry, maps, now), 0);
	for (__u64 i = 0; i < COUNT(dialogs); i++) {
		struct dialog_key key = { .call_id_hash = i };

		cr_expect_eq(is_there(MAP_DIALOGS, &key), dialogs[i].stays, "%s", dialogs[i].name);
	}
	cr_expect_not(is_there(MAP_TRUSTED, &old));
	cr_expect_not(is_there(MAP_PROVISIONAL, &old));
	cr_expect(is_there(MAP_TRUSTED, &live));
	cr_expect(is_there(MAP_PROVISIONAL, &live));
	cr_expect(is_there(MAP_TRUSTED, &hand));
	cr_expect_eq(maps_delete(maps, MAP_BANS, &past), -ENOENT);
	cr_expect(is_there(MAP_BANS, &wide));
	cr_expect_eq(maps->settings->has_bans, 1);
	cr_assert_eq(maps_delete(maps, MAP_BANS, &wide), 0);
}

/* Bans by the thousand run out at once: all go within a bounded number of steps. */
Test(plane_maps, many_bans_run_out)
{
	static struct expiry expiry;
	struct ban ban = { .until_ns = 5 * SECOND };
	__u64 count;

	for (__u32 i = 0; i < 2000; i++) {
		struct sipxdp_prefix key = { .prefix_len = 128,
					     .addr = { { 0, 0, htonl(0xffff), htonl(i) } } };

		cr_assert_eq(maps_put(maps, MAP_BANS, &key, &ban, BPF_ANY), 0);
	}
	maps->settings->has_bans = 1;
	for (int i = 0; i < 10; i++)
		cr_expect_eq(expire_step(&expiry, maps, 10 * SECOND), 0);
	cr_expect_eq(maps_count(maps, MAP_BANS, &count), 0);
	cr_expect_eq(count, 0);
	cr_expect_eq(maps->settings->has_bans, 0);
}

/* However often the table was gone over before, and whatever stays in it. */
Test(plane_maps, bans_run_out_time_after_time)
{
	static struct expiry expiry;
	struct sipxdp_prefix stays = prefix_key("198.51.100.0/24");
	struct ban ban = { .until_ns = 0 };
	__u64 count;

	maps_put(maps, MAP_BANS, &stays, &ban, BPF_ANY);
	maps->settings->has_bans = 1;
	for (__u64 now = 1; now < 6; now++) {
		struct sipxdp_prefix key = prefix_key("192.0.2.1");

		cr_expect_eq(expire_step(&expiry, maps, now * 10 * SECOND), 0);
		ban.until_ns = now * 10 * SECOND + 1;
		cr_assert_eq(maps_put(maps, MAP_BANS, &key, &ban, BPF_ANY), 0);
		cr_expect_eq(expire_step(&expiry, maps, now * 10 * SECOND), 0);
		cr_expect_eq(maps_count(maps, MAP_BANS, &count), 0);
		cr_expect_eq(count, 2, "it is not over yet");
		for (int i = 0; i < 3; i++)
			cr_expect_eq(expire_step(&expiry, maps, (now * 10 + 2) * SECOND), 0);
		cr_expect_eq(maps_count(maps, MAP_BANS, &count), 0);
		cr_expect_eq(count, 1, "round %llu", (unsigned long long)now);
	}
	cr_expect(is_there(MAP_BANS, &stays));
}

Test(plane_maps, bans_that_the_kernel_puts_in_are_made_known_to_all_sources)
{
	static struct expiry expiry;
	struct sipxdp_prefix key = prefix_key("192.0.2.1");
	struct ban ban = { .until_ns = 0 };
	__u32 before = maps->settings->generation;

	maps_put(maps, MAP_BANS, &key, &ban, BPF_ANY);
	maps->settings->has_bans = BANS_NEW;
	cr_expect_eq(expire_step(&expiry, maps, SECOND), 0);
	cr_expect_eq(maps->settings->has_bans, 1);
	cr_expect_eq(maps->settings->generation, before + 1);
	cr_expect_eq(expire_step(&expiry, maps, 2 * SECOND), 0);
	cr_expect_eq(maps->settings->generation, before + 1, "once");
}

/* A filter that is renewed forgets addresses that are gone, never one that is there; while it is
 * being renewed, marks go to both halves. */
Test(plane_maps, the_trust_filter_is_renewed_without_losing_anyone)
{
	static struct expiry expiry;
	struct settings *settings = maps->settings;
	struct sipxdp_peer gone = peer_key("192.0.2.1:1"), stays = peer_key("192.0.2.2:1"),
			   challenged = peer_key("192.0.2.3:1"), late = peer_key("192.0.2.4:1");
	struct provisional provisional = { .until_ns = ~0ULL - EXPIRE_GRACE_NS - 1 };
	__u64 start = clock_monotonic_ns(), now = start;
	__u32 bank = settings->filter_bank;
	bool both = false;

	cr_assert_eq(trust_add(maps, &gone, 0, TRUST_HAND), 0);
	cr_assert_eq(trust_add(maps, &stays, 0, TRUST_HAND), 0);
	cr_assert_eq(maps_put(maps, MAP_PROVISIONAL, &challenged, &provisional, BPF_ANY), 0);
	trust_mark(maps, &challenged.addr);
	cr_assert_eq(trust_delete(maps, &gone), 0);
	cr_expect_eq(filter_bits(&maps->trust_filter[bank]), 3);
	for (; now < start + EXPIRE_FILTER_NS + 20 * SECOND; now += SECOND) {
		cr_assert_eq(expire_step(&expiry, maps, now), 0);
		if (settings->filter_both && !both) {
			cr_expect_geq(now - start, EXPIRE_FILTER_NS);
			cr_assert_eq(trust_add(maps, &late, 0, TRUST_HAND), 0);
			both = true;
		}
	}
	cr_expect(both);
	cr_expect_eq(settings->filter_both, 0);
	cr_expect_eq(settings->filter_bank, bank ^ 1);
	cr_expect_eq(filter_bits(&maps->trust_filter[bank ^ 1]), 3, "stays, challenged, late");
}

/* ---- clock ---- */

Test(plane_maps, the_packet_clock_is_half_a_tick_ahead_at_most_and_three_behind)
{
	int fd = object_load_clock();
	struct tick tick;
	__s64 behind, least = INT64_MAX, most = INT64_MIN;

	cr_assert_geq(fd, 0);
	cr_assert_eq(tick_measure(fd, &tick), 0);
	cr_expect_geq(tick.tick_ns, 1000000);
	cr_expect_leq(tick.tick_ns, 10000000);
	for (int i = 0; i < 200; i++) {
		cr_assert_eq(tick_error(fd, &tick, &behind), 0);
		least = behind < least ? behind : least;
		most = behind > most ? behind : most;
		usleep(500);
	}
	cr_expect_geq(least, -(__s64)(tick.tick_ns / 2), "ahead by %lld", (long long)-least);
	cr_expect_leq(most, (__s64)(3 * tick.tick_ns), "behind by %lld", (long long)most);
	close(fd);
}

Test(plane_maps, a_clock_that_is_off_is_set_right)
{
	static struct expiry expiry;
	int fd = object_load_clock();
	struct tick tick;
	__s64 behind;

	cr_assert_eq(tick_measure(fd, &tick), 0);
	maps->settings->tick_ns = tick.tick_ns;
	maps->settings->tick_offset_ns = tick.offset_ns + SECOND;
	cr_expect_eq(expire_hold_clock(&expiry, maps, fd, SECOND), 0);
	tick.offset_ns = maps->settings->tick_offset_ns;
	cr_assert_eq(tick_error(fd, &tick, &behind), 0);
	cr_expect_leq(behind, (__s64)(3 * tick.tick_ns));
	cr_expect_geq(behind, -(__s64)tick.tick_ns);
	maps->settings->tick_offset_ns += SECOND;
	cr_expect_eq(expire_hold_clock(&expiry, maps, fd, 2 * SECOND), 0);
	cr_expect_eq(maps->settings->tick_offset_ns, tick.offset_ns + SECOND, "not every second");
	close(fd);
}

Test(plane_maps, the_two_clocks_give_the_same_moment)
{
	__u64 mono = clock_monotonic_ns(), real = clock_realtime_ns();
	__s64 off = (__s64)(clock_monotonic_to_realtime(mono) - real);

	cr_expect_lt(llabs(off), (long long)SECOND / 10);
	off = (__s64)(clock_monotonic_to_realtime(mono + SECOND) - (real + SECOND));
	cr_expect_lt(llabs(off), (long long)SECOND / 10);
	cr_expect_eq(clock_monotonic_to_realtime(0), 0, "never stays never");
}
