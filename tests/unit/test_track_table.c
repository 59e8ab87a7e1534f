/* SPDX-License-Identifier: GPL-2.0-only */
/* The tracker's hash table, timer wheel and keyed hash, each held against a plain model. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "track/siphash.h"
#include "track/table.h"
#include "track/wheel.h"

static uint64_t random_state = 88172645463325252;

/* xorshift64: the same numbers in every run. */
static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

struct entry {
	uint64_t key;
	uint64_t value;
	struct wheel_timer timer;
	uint32_t pad;
};

#define MODEL_KEYS 3000

Test(track_table, behaves_as_an_array_of_keys_does,
     .description =
	     "200,000 random additions, removals and searches agree with a model, nearly full")
{
	static uint64_t keys[MODEL_KEYS];
	static uint32_t index_of[MODEL_KEYS];
	const uint32_t capacity = 2000;
	uint32_t count = 0;
	struct table t;

	cr_assert_eq(table_init(&t, capacity, sizeof(struct entry)), 0);
	for (int i = 0; i < MODEL_KEYS; i++)
		keys[i] = next_random();
	for (int step = 0; step < 200000; step++) {
		uint32_t k = (uint32_t)(next_random() % MODEL_KEYS);
		uint32_t found = table_find(&t, keys[k]);

		cr_assert_eq(found, index_of[k], "step %d", step);
		if (found && next_random() % 4 == 0) {
			struct entry *e = table_entry(&t, found);

			cr_assert_eq(e->value, keys[k] ^ 1, "an entry keeps what it was given");
			table_remove(&t, found);
			index_of[k] = 0;
			count--;
		} else if (!found) {
			index_of[k] = table_add(&t, keys[k]);
			cr_assert_eq(!index_of[k], count == capacity, "step %d", step);
			if (!index_of[k])
				continue;
			count++;
			((struct entry *)table_entry(&t, index_of[k]))->value = keys[k] ^ 1;
		}
		cr_assert_eq(t.count, count);
	}
	table_free(&t);
}

Test(track_table, keys_of_one_bucket_are_kept_apart,
     .description =
	     "keys that differ in their upper bits only fill bucket after bucket and come out")
{
	struct table t;

	cr_assert_eq(table_init(&t, 64, sizeof(struct entry)), 0);
	for (uint64_t i = 1; i <= 64; i++)
		cr_assert_neq(table_add(&t, i << 58 | i << 20), 0);
	cr_assert_eq(table_add(&t, 12345), 0, "65 do not fit into 64");
	for (uint64_t i = 1; i <= 64; i += 2)
		table_remove(&t, table_find(&t, i << 58 | i << 20));
	for (uint64_t i = 1; i <= 64; i++)
		cr_assert_eq(!table_find(&t, i << 58 | i << 20), i % 2 == 1, "%lu", i);
	cr_assert_eq(t.count, 32);
	table_free(&t);
}

Test(track_table, sizes_are_checked,
     .description = "no entries, too many, or entries that cannot hold a key: -EINVAL")
{
	struct table t;

	cr_assert_eq(table_init(&t, 0, 16), -EINVAL);
	cr_assert_eq(table_init(&t, TABLE_CAPACITY_MAX + 1, 16), -EINVAL);
	cr_assert_eq(table_init(&t, 16, 4), -EINVAL);
	cr_assert_eq(table_init(&t, 16, 12), -EINVAL);
	cr_assert_eq(table_init(&t, 1, 8), 0);
	cr_assert_neq(table_add(&t, 1), 0);
	cr_assert_eq(table_add(&t, 2), 0);
	table_free(&t);
	table_free(&t);
}

/* ---- wheel ---- */

#define TIMERS 500
#define START  1700000000000000000ull

struct clockwork {
	struct wheel wheel;
	struct entry entries[TIMERS + 1];
	uint64_t due_ns[TIMERS + 1]; /* 0: not set */
	uint64_t last_ns;	     /* clock before the advance under way */
	uint32_t expired;
};

static void note_expired(void *context, uint32_t index)
{
	struct clockwork *c = context;

	cr_assert_neq(c->due_ns[index], 0, "timer %u was not set", index);
	cr_assert_leq(c->due_ns[index], c->wheel.now_ns, "timer %u is early", index);
	cr_assert_geq(c->due_ns[index] + WHEEL_TICK_NS, c->last_ns, "timer %u is late", index);
	c->due_ns[index] = 0;
	c->expired++;
}

static struct clockwork *clockwork_new(void)
{
	struct clockwork *c = calloc(1, sizeof(*c));

	wheel_init(&c->wheel, START, &c->entries[0].timer, sizeof(struct entry));
	return c;
}

static void advance(struct clockwork *c, uint64_t by_ns)
{
	c->last_ns = c->wheel.now_ns;
	wheel_advance(&c->wheel, c->last_ns + by_ns, note_expired, c);
}

/* From less than a tick to months, each order of magnitude as likely. */
static uint64_t random_time(void)
{
	return next_random() >> (11 + next_random() % 40);
}

Test(track_wheel, every_timer_expires_in_its_tick,
     .description = "100,000 random settings, changes and clearings over every level: none early, "
		    "none late, none lost")
{
	struct clockwork *c = clockwork_new();
	uint32_t left = 0;

	for (int step = 0; step < 100000; step++) {
		uint32_t index = 1 + (uint32_t)(next_random() % TIMERS);
		uint64_t after_ns = random_time();

		switch (next_random() % 8) {
		case 0:
			wheel_clear(&c->wheel, index);
			c->due_ns[index] = 0;
			break;
		case 1:
		case 2: advance(c, random_time() / 64); break;
		default:
			wheel_set(&c->wheel, index, after_ns);
			c->due_ns[index] = c->wheel.now_ns + after_ns;
		}
	}
	for (int i = 0; i < 1000; i++)
		advance(c, WHEEL_SPAN_TICKS * WHEEL_TICK_NS / 4);
	for (int i = 1; i <= TIMERS; i++)
		left += c->due_ns[i] != 0;
	cr_assert_eq(left, 0, "%u timers never expired", left);
	cr_assert_gt(c->expired, 1000);
	for (int level = 0; level < WHEEL_LEVELS; level++)
		cr_assert_eq(c->wheel.occupied[level], 0);
	free(c);
}

Test(track_wheel, every_distance_from_every_phase,
     .description = "timers of 1 to 5000 ticks, set at 200 phases of the clock, expire to the tick")
{
	struct clockwork *c = clockwork_new();

	for (uint64_t phase = 0; phase < 200; phase++) {
		for (uint64_t ticks = 1; ticks <= 5000; ticks += 37) {
			uint32_t before = c->expired;

			wheel_set(&c->wheel, 1, ticks * WHEEL_TICK_NS);
			c->due_ns[1] = c->wheel.now_ns + ticks * WHEEL_TICK_NS;
			advance(c, (ticks - 1) * WHEEL_TICK_NS);
			cr_assert_eq(c->expired, before, "early: %lu at %lu", ticks, phase);
			advance(c, WHEEL_TICK_NS);
			cr_assert_eq(c->expired, before + 1, "late: %lu at %lu", ticks, phase);
		}
		advance(c, WHEEL_TICK_NS * 7);
	}
	free(c);
}

Test(track_wheel, clock_set_back_keeps_distances,
     .description = "an hour back: a timer of 10 s still takes 10 s from then, not an hour more")
{
	struct clockwork *c = clockwork_new();
	uint64_t now_ns = START - 3600000000000;

	wheel_set(&c->wheel, 1, 10000000000);
	c->due_ns[1] = 1; /* the model's clock does not go back */
	wheel_advance(&c->wheel, now_ns, note_expired, c);
	wheel_advance(&c->wheel, now_ns + 9000000000, note_expired, c);
	cr_assert_eq(c->expired, 0);
	wheel_advance(&c->wheel, now_ns + 10250000000, note_expired, c);
	cr_assert_eq(c->expired, 1);
	free(c);
}

Test(track_wheel, disorder_does_not_hurry_the_clock,
     .description = "10,000 times forth and half a second back: a timer of an hour takes an hour")
{
	struct clockwork *c = clockwork_new();
	uint64_t now_ns = START;

	wheel_set(&c->wheel, 1, 3600000000000);
	c->due_ns[1] = START + 3600000000000;
	for (int i = 0; i < 10000; i++) {
		now_ns += 350000000;
		wheel_advance(&c->wheel, now_ns, note_expired, c);
		wheel_advance(&c->wheel, now_ns - 500000000, note_expired, c);
	}
	cr_assert_eq(c->expired, 0, "after %lu s", (unsigned long)((now_ns - START) / 1000000000));
	c->last_ns = now_ns;
	wheel_advance(&c->wheel, START + 3600250000000, note_expired, c);
	cr_assert_eq(c->expired, 1);
	free(c);
}

Test(track_wheel, clock_that_leaps_is_survived,
     .description = "to the end of time and back to zero: everything expires once, in bounded time")
{
	struct clockwork *c = clockwork_new();

	for (uint32_t i = 1; i <= TIMERS; i++) {
		wheel_set(&c->wheel, i, i * 1000000000ull);
		c->due_ns[i] = 1;
	}
	c->last_ns = 0;
	wheel_advance(&c->wheel, UINT64_MAX, note_expired, c);
	cr_assert_eq(c->expired, TIMERS);
	wheel_advance(&c->wheel, 0, note_expired, c);
	wheel_set(&c->wheel, 1, 1000000000);
	c->due_ns[1] = 1;
	wheel_advance(&c->wheel, 1250000000, note_expired, c);
	cr_assert_eq(c->expired, TIMERS + 1);
	free(c);
}

/* ---- hash ---- */

Test(track_siphash, agrees_with_the_reference,
     .description = "eight-octet words hashed one by one give SipHash-1-3's published rounds")
{
	const struct siphash_key key = { { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };
	struct siphash h;

	/* SipHash-1-3 of no octets under this key: its last word, all zero, is ours to add. */
	siphash_start(&h, &key);
	siphash_add_u64(&h, 0);
	cr_assert_eq(siphash_end(&h), 0xabac0158050fc4dc);
}

Test(track_siphash, pieces_and_cases_are_told_apart,
     .description = "where a piece ends counts; case counts unless it was not to; the key counts")
{
	const struct siphash_key one = { { 1, 2 } }, two = { { 1, 3 } };
	struct siphash a, b;

	siphash_start(&a, &one);
	siphash_add(&a, "ab", 2);
	siphash_add(&a, "c", 1);
	siphash_start(&b, &one);
	siphash_add(&b, "a", 1);
	siphash_add(&b, "bc", 2);
	cr_assert_neq(siphash_end(&a), siphash_end(&b));
	siphash_start(&a, &one);
	siphash_add_nocase(&a, "EXAMPLE.com@[`{Z", 16);
	siphash_start(&b, &one);
	siphash_add_nocase(&b, "example.COM@[`{z", 16);
	cr_assert_eq(siphash_end(&a), siphash_end(&b));
	siphash_start(&a, &one);
	siphash_add_nocase(&a, "@[`{", 4);
	siphash_start(&b, &one);
	siphash_add_nocase(&b, "`{@[", 4);
	cr_assert_neq(siphash_end(&a), siphash_end(&b));
	cr_assert_neq(siphash_of(&one, "Tag", 3), siphash_of(&one, "tag", 3));
	cr_assert_neq(siphash_of(&one, "tag", 3), siphash_of(&two, "tag", 3));
}

Test(track_siphash, lower_case_is_that_of_ascii,
     .description =
	     "for every octet, hashing without case equals hashing what tolower() makes of it")
{
	const struct siphash_key key = { { 7, 9 } };

	for (int c = 0; c < 256; c++) {
		char octet = (char)c, lower = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
		struct siphash a, b;

		siphash_start(&a, &key);
		siphash_add_nocase(&a, &octet, 1);
		siphash_start(&b, &key);
		siphash_add(&b, &lower, 1);
		cr_assert_eq(siphash_end(&a), siphash_end(&b), "octet %d", c);
	}
}
