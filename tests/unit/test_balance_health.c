/* SPDX-License-Identifier: GPL-2.0-only */
/* Health of a backend under a clock of the test: rise, fall, hold-down, pace of the probes. */
#include <criterion/criterion.h>

#include "balance/health.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SECOND	 UINT64_C(1000000000)
#define START	 (1000 * SECOND)

static const struct health_rules rules = {
	.interval_ns = 5 * SECOND, .timeout_ns = SECOND, .rise = 2, .fall = 3
};

/* A letter an interval: g(ood) or b(ad); then U(p) or D(own) is what it must be. */
static const struct {
	const char *name;
	bool up;
	const char *story;
} stories[] = {
	{ "a probe lost is nothing", true, "gbUbUgU" },
	{ "three in a row take it down", true, "gbUbUbD" },
	{ "failures that are not in a row", true, "gbbgbbgbbU" },
	{ "two answers bring it back", true, "gbbbDgDgU" },
	{ "answers that are not in a row do not", true, "gbbbDgbDgbDgDgU" },
	{ "a newcomer is up with its first answer", false, "DbDbDbDgU" },
	{ "once known it needs two", false, "gUbbbDgDgU" },
	{ "taken to be up, and never there", true, "bbUbD" },
};

Test(health, rise_and_fall)
{
	for (size_t i = 0; i < COUNT(stories); i++) {
		struct health health;
		uint64_t now = START;

		health_begin(&health, stories[i].up, now);
		for (const char *at = stories[i].story; *at; at++) {
			if (*at == 'g' || *at == 'b') {
				now += rules.interval_ns;
				health_take(&health, &rules, *at == 'g', now);
				continue;
			}
			cr_assert_eq(health.up, *at == 'U', "%s: at %s", stories[i].name, at);
		}
	}
}

Test(health, one_answer_and_one_failure_where_the_rules_say_so)
{
	const struct health_rules quick = { SECOND, SECOND / 2, 1, 1 };
	struct health health;

	health_begin(&health, true, START);
	cr_expect(health_take(&health, &quick, false, START + SECOND));
	cr_expect_not(health.up);
	cr_expect(health_take(&health, &quick, true, START + 2 * SECOND));
	cr_expect(health.up);
	cr_expect_not(health_take(&health, &quick, true, START + 3 * SECOND), "no change");
}

/* A backend that dies and comes back every second is taken down, and let up less and less often. */
Test(health, flapping_is_damped)
{
	const struct health_rules quick = { SECOND, SECOND / 10, 1, 1 };
	struct health health;
	unsigned int changes = 0, late = 0;

	health_begin(&health, true, START);
	for (uint64_t i = 1; i <= 3600; i++) {
		bool changed = health_take(&health, &quick, i % 2, START + i * SECOND);

		changes += changed;
		late += changed && i > 1800;
	}
	cr_expect_lt(changes, 150, "%u changes in an hour of 3,600 outcomes", changes);
	cr_expect_leq(late, 62,
		      "%u changes in the second half: at most one up and one down a minute", late);
	cr_expect_eq(health.hold_ns, HEALTH_HOLD_MAX_NS);
}

Test(health, who_stays_up_for_a_minute_starts_afresh)
{
	const struct health_rules quick = { SECOND, SECOND / 10, 1, 1 };
	struct health health;
	uint64_t now = START;

	health_begin(&health, true, now);
	for (int i = 0; i < 20; i++) { /* flaps until it is held for longest */
		while (health.up)
			health_take(&health, &quick, false, now += SECOND);
		while (!health.up)
			health_take(&health, &quick, true, now += SECOND);
	}
	now += HEALTH_SETTLED_NS;
	health_take(&health, &quick, false, now);
	cr_expect_not(health.up);
	cr_expect_not(health_is_held(&health, now));
	cr_expect(health_take(&health, &quick, true, now + SECOND), "not held");
}

Test(health, an_operator_is_obeyed_at_once)
{
	const struct health_rules quick = { SECOND, SECOND / 10, 1, 1 };
	struct health health;

	health_begin(&health, true, START);
	for (int i = 0; i < 100; i++)
		health_take(&health, &quick, i % 2, START + (uint64_t)i * SECOND);
	health_restore(&health, START + 100 * SECOND);
	cr_expect(health.up);
	cr_expect(health_take(&health, &quick, false, START + 101 * SECOND), "probes decide again");
}

/* ---- how soon ---- */

static const struct {
	struct health_rules rules;
	uint64_t limit_ns;
} deaths[] = {
	{ { 5 * SECOND, SECOND, 2, 3 }, 15 * SECOND },
	{ { 5 * SECOND, SECOND, 2, 2 }, 10 * SECOND },
	{ { SECOND, SECOND / 10, 1, 3 }, 3 * SECOND },
	{ { SECOND, SECOND / 2, 1, 10 }, 10 * SECOND },
	{ { 5 * SECOND, SECOND, 2, 1 }, 6 * SECOND }, /* fall 1: a timeout more */
};

/* It dies right behind a good probe, and answers nothing any more. */
Test(health, the_dead_are_down_within_fall_intervals)
{
	for (size_t i = 0; i < COUNT(deaths); i++) {
		const struct health_rules *r = &deaths[i].rules;
		struct health health;
		uint64_t probe = START, died = START;

		health_begin(&health, true, START);
		health_take(&health, r, true, START);
		while (health.up) {
			probe += health_pause_ns(&health, r);
			health_take(&health, r, false, probe + r->timeout_ns);
			cr_assert_lt(probe, START + 1000 * SECOND);
		}
		cr_expect_leq(health.since_ns - died, deaths[i].limit_ns, "row %zu: %llu ms", i,
			      (unsigned long long)(health.since_ns - died) / 1000000);
	}
}

Test(health, a_newcomer_is_asked_often)
{
	struct health health;

	health_begin(&health, false, START);
	cr_expect_eq(health_pause_ns(&health, &rules), HEALTH_JOIN_NS);
	health_take(&health, &rules, true, START + SECOND);
	cr_expect_eq(health_pause_ns(&health, &rules), rules.interval_ns);
}

Test(health, probes_do_not_overlap)
{
	const struct health_rules slow = { 5 * SECOND, 5 * SECOND - 1, 1, 2 };
	struct health health;

	health_begin(&health, true, START);
	health_take(&health, &slow, false, START);
	cr_expect_geq(health_pause_ns(&health, &slow), slow.timeout_ns);
}
