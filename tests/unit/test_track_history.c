/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory of calls' messages: what is kept, in which order, and what makes room. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "track/history.h"

static struct history *make(uint32_t per_call)
{
	struct history_config config = { .bytes = HISTORY_BYTES_MIN, .per_call = per_call };
	struct history *h;

	cr_assert_eq(history_new(&config, &h), 0);
	return h;
}

/* Message number n of a call: its octets say which it is, and its length differs from others'. */
static void add(struct history *h, uint64_t key, bool answered, unsigned int n)
{
	char data[2048];
	struct history_message m = { .time_unix_ns = n, .data = data };

	memset(data, 'x', sizeof(data));
	snprintf(data, sizeof(data), "%lu/%u", (unsigned long)key, n);
	m.captured = (uint16_t)(100 + n * 37 % 900);
	m.length = (uint16_t)(m.captured + n % 3);
	m.from_server = n & 1;
	m.again = n % 5 == 0;
	m.source.port = (__be16)n;
	history_add(h, key, answered, &m);
}

/* The messages of a call are first, first + 1 … up to last, each as it was added. */
static void check(const struct history *h, uint64_t key, unsigned int first, unsigned int last,
		  const char *what)
{
	struct history_walk walk;
	struct history_message m;
	unsigned int n = first;
	char start[64];

	cr_assert(history_find(h, key, &walk), "%s: no call %lu", what, (unsigned long)key);
	cr_assert_eq(walk.count, last - first + 1, "%s: %u messages", what, walk.count);
	for (; history_next(&walk, &m); n++) {
		snprintf(start, sizeof(start), "%lu/%u", (unsigned long)key, n);
		cr_assert_str_eq(m.data, start, "%s", what);
		cr_assert_eq(m.time_unix_ns, n, "%s", what);
		cr_assert_eq(m.captured, 100 + n * 37 % 900, "%s", what);
		cr_assert_eq(m.length, m.captured + n % 3, "%s", what);
		cr_assert_eq(m.from_server, n & 1, "%s", what);
		cr_assert_eq(m.again, n % 5 == 0, "%s", what);
		cr_assert_eq(m.source.port, (__be16)n, "%s", what);
	}
	cr_assert_eq(n, last + 1, "%s", what);
}

Test(track_history, messages_come_back_in_order,
     .description = "calls' messages mixed as they come, each call's in its order and unchanged")
{
	struct history *h = make(64);
	struct history_stats stats;
	struct history_walk walk;

	for (unsigned int n = 0; n < 20; n++)
		for (uint64_t key = 1; key <= 5; key++)
			add(h, key, false, n);
	for (uint64_t key = 1; key <= 5; key++)
		check(h, key, 0, 19, "mixed");
	cr_assert(!history_find(h, 6, &walk));
	history_stats(h, &stats);
	cr_assert_eq(stats.calls, 5);
	cr_assert_eq(stats.messages, 100);
	cr_assert_eq(stats.added, 100);
	history_free(h);
}

Test(track_history, of_one_call_the_newest_stay,
     .description = "a call's messages beyond its share push out its own oldest ones")
{
	struct history *h = make(10);
	struct history_walk walk;

	for (unsigned int n = 0; n < 25; n++)
		add(h, 7, false, n);
	check(h, 7, 15, 24, "newest");
	cr_assert(history_find(h, 7, &walk));
	cr_assert_eq(walk.omitted, 15);
	history_free(h);
}

Test(track_history, the_oldest_make_room,
     .description = "a full ring loses its oldest messages, and calls that have none are unknown")
{
	struct history *h = make(64);
	struct history_stats stats;
	struct history_walk walk;

	for (uint64_t key = 1; key <= 5000; key++)
		add(h, key, false, 3);
	cr_assert(!history_find(h, 1, &walk));
	check(h, 5000, 3, 3, "newest call");
	history_stats(h, &stats);
	cr_assert_eq(stats.messages, stats.calls);
	cr_assert_gt(stats.calls, 100);
	cr_assert_leq(stats.bytes, HISTORY_BYTES_MIN);
	history_free(h);
}

Test(track_history, a_flood_of_unanswered_calls_leaves_answered_ones_alone,
     .description = "with its answer a call's messages move out of the way of INVITEs")
{
	struct history *h = make(64);
	struct history_walk walk;

	for (unsigned int n = 0; n < 3; n++) {
		add(h, 1, false, n);
		add(h, 2, false, n);
	}
	add(h, 1, true, 3);
	check(h, 1, 0, 3, "moved");
	for (uint64_t key = 10; key < 3000; key++)
		add(h, key, false, 1);
	check(h, 1, 0, 3, "answered, after the flood");
	cr_assert(!history_find(h, 2, &walk), "not answered");
	add(h, 1, false, 4);
	check(h, 1, 0, 4, "once answered, always so");
	history_free(h);
}

Test(track_history, a_call_may_fill_a_ring_alone,
     .description = "its own oldest messages make room, also while they move over")
{
	struct history *h = make(100000);

	for (unsigned int n = 0; n < 2000; n++)
		add(h, 1, false, n);
	add(h, 1, true, 2000);
	for (unsigned int n = 2001; n < 9000; n++)
		add(h, 1, true, n);
	for (uint64_t key = 2; key < 3000; key++)
		add(h, key, true, 1);
	check(h, 2999, 1, 1, "another call");
	history_free(h);
}

Test(track_history, what_cannot_be_is_refused,
     .description = "sizes out of bounds; a message longer than half a ring is left out")
{
	static char data[65535];
	struct history_message m = { .data = data, .captured = 65535, .length = 65535 };
	struct history_config config = { .bytes = HISTORY_BYTES_MIN - 1, .per_call = 1 };
	struct history_walk walk;
	struct history *h;

	cr_assert_eq(history_new(&config, &h), -EINVAL);
	config.bytes = (size_t)HISTORY_BYTES_MAX + 1;
	cr_assert_eq(history_new(&config, &h), -EINVAL);
	config.bytes = HISTORY_BYTES_MIN;
	config.per_call = 0;
	cr_assert_eq(history_new(&config, &h), -EINVAL);
	h = make(4);
	history_add(h, 1, false, &m);
	cr_assert(!history_find(h, 1, &walk));
	history_free(h);
	history_free(NULL);
}

/* Against a list of what was added: random calls, lengths and answers. */
Test(track_history, random_messages_are_always_a_tail_of_what_was_added,
     .description = "200,000 messages of 40 calls at random: what is kept of a call is its newest")
{
	static unsigned int added[40];
	struct history *h = make(50);
	uint64_t x = 88172645463325252;

	for (int i = 0; i < 200000; i++) {
		struct history_walk walk;
		uint64_t key;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		key = 1 + x % 40;
		add(h, key, x >> 40 & 1, added[key - 1]++);
		key = 1 + (x >> 20) % 40;
		if (history_find(h, key, &walk))
			check(h, key, added[key - 1] - walk.count, added[key - 1] - 1, "random");
	}
	history_free(h);
}
