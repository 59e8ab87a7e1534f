// SPDX-License-Identifier: GPL-2.0-only
/* Rise, fall and hold-down: see health.h. */
#include "balance/health.h"

void health_begin(struct health *health, bool up, uint64_t now_ns)
{
	*health = (struct health){ .up = up, .since_ns = now_ns };
}

void health_restore(struct health *health, uint64_t now_ns)
{
	health_begin(health, true, now_ns);
	health->proven = true;
}

bool health_is_held(const struct health *health, uint64_t now_ns)
{
	return !health->up && now_ns < health->held_until_ns;
}

static void go_down(struct health *health, uint64_t now_ns)
{
	bool settled = now_ns - health->since_ns >= HEALTH_SETTLED_NS;

	/* A first fall is a fall; only the next ones in short order are flapping. */
	if (settled || !health->held_until_ns)
		health->hold_ns = 0;
	else if (!health->hold_ns)
		health->hold_ns = HEALTH_HOLD_MIN_NS;
	else if (health->hold_ns < HEALTH_HOLD_MAX_NS / 2)
		health->hold_ns *= 2;
	else
		health->hold_ns = HEALTH_HOLD_MAX_NS;
	health->up = false;
	health->since_ns = now_ns;
	health->held_until_ns = now_ns + health->hold_ns;
	health->good = 0;
}

static void go_up(struct health *health, uint64_t now_ns)
{
	health->up = true;
	health->since_ns = now_ns;
	health->bad = 0;
}

static void count(uint32_t *row)
{
	if (*row < UINT32_MAX)
		++*row;
}

bool health_take(struct health *health, const struct health_rules *rules, bool good,
		 uint64_t now_ns)
{
	if (good) {
		uint32_t wanted = health->proven ? rules->rise : 1;

		count(&health->good);
		health->bad = 0;
		health->proven = true;
		if (health->up || health->good < wanted || health_is_held(health, now_ns))
			return false;
		go_up(health, now_ns);
	} else {
		count(&health->bad);
		health->good = 0;
		if (!health->up || health->bad < rules->fall)
			return false;
		go_down(health, now_ns);
	}
	return true;
}

uint64_t health_pause_ns(const struct health *health, const struct health_rules *rules)
{
	uint64_t pause = rules->interval_ns;

	if (!health->proven && !health->up)
		pause = pause < HEALTH_JOIN_NS ? pause : HEALTH_JOIN_NS;
	else if (health->up && health->bad && rules->fall > 1)
		pause -= (rules->timeout_ns + rules->fall - 2) / (rules->fall - 1);
	/* One probe at a time; what is subtracted may be more than there is. */
	return pause < rules->timeout_ns || pause > rules->interval_ns ? rules->timeout_ns : pause;
}
