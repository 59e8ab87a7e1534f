// SPDX-License-Identifier: GPL-2.0-only
/* Pins of the dead: see pins.h. */
#include "plane/pins.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_TRIES 16 /* walks over the dialogs, until no call comes or goes during one */

static bool has(const __u64 *set, __u32 place)
{
	return place < BACKEND_MAX && (set[place / 64] >> place % 64 & 1);
}

static void add(__u64 *set, __u32 place)
{
	if (place < BACKEND_MAX)
		set[place / 64] |= 1ULL << place % 64;
}

static bool is_empty(const __u64 set[BACKEND_MAX / 64])
{
	for (int i = 0; i < BACKEND_MAX / 64; i++) {
		if (set[i])
			return false;
	}
	return true;
}

static void no_calls(const struct maps *maps, __u32 place)
{
	__atomic_store_n(&maps->backends[place].calls, 0, __ATOMIC_RELAXED);
}

void pins_drop(struct pins *pins, const struct maps *maps, __u32 place)
{
	if (!place || place >= BACKEND_MAX)
		return;
	no_calls(maps, place);
	add(pins->running ? pins->next : pins->now, place);
	if (!pins->running)
		pins->cursor = (struct maps_cursor){ .started = false };
	pins->running = true;
}

bool pins_dropping(const struct pins *pins, __u32 place)
{
	return pins->running && (has(pins->now, place) || has(pins->next, place));
}

struct count {
	__u32 of[BACKEND_MAX];
	__s64 was[BACKEND_MAX]; /* the backend's own count before */
	bool right[BACKEND_MAX];
};

static int count_pin(const void *key __attribute__((unused)), const void *value, void *ctx)
{
	const struct dialog *dialog = value;
	struct count *count = ctx;

	if (dialog->backend < BACKEND_MAX && dialog->state != DIALOG_TERMINATED)
		count->of[dialog->backend]++;
	return 0;
}

static int count_pins(const struct maps *maps, struct count *count)
{
	memset(count->of, 0, sizeof(count->of));
	for (__u32 place = 1; place < BACKEND_MAX; place++)
		count->was[place] = __atomic_load_n(&maps->backends[place].calls, __ATOMIC_RELAXED);
	return maps_walk(maps, MAP_DIALOGS, count_pin, count);
}

/* Takes what was counted where no call came or went meanwhile. True: that was so everywhere. */
static bool take_steady(const struct maps *maps, struct count *count)
{
	bool all = true;

	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		__s64 was = count->was[place];

		if (!count->right[place])
			count->right[place] = __atomic_compare_exchange_n(
				&maps->backends[place].calls, &was, (__s64)count->of[place], false,
				__ATOMIC_RELAXED, __ATOMIC_RELAXED);
		all = all && count->right[place];
	}
	return all;
}

/* Where calls come and go all the time: what the count was wrong by is put right, give or take those
 * that came or went during the walk. */
static void take_moving(const struct maps *maps, const struct count *count)
{
	for (__u32 place = 1; place < BACKEND_MAX; place++)
		if (!count->right[place])
			__atomic_fetch_add(&maps->backends[place].calls,
					   (__s64)count->of[place] - count->was[place],
					   __ATOMIC_RELAXED);
}

int pins_count(const struct maps *maps)
{
	struct count *count = calloc(1, sizeof(*count));
	bool steady = false;
	int err = count ? 0 : -ENOMEM;

	for (int i = 0; i < COUNT_TRIES && !err && !steady; i++) {
		err = count_pins(maps, count);
		steady = !err && take_steady(maps, count);
	}
	if (!err && !steady)
		take_moving(maps, count);
	free(count);
	return err;
}

struct round {
	struct pins *pins;
	const struct maps *maps;
};

static int look(const void *key, const void *value, void *ctx)
{
	const struct round *round = ctx;
	const struct dialog *seen = value;
	struct dialog dialog;

	if (!has(round->pins->now, seen->backend))
		return 0;
	/* Batches are read ahead: look again. What the packet path writes between this and the
	 * put is a time stamp, or a pin that the next message makes again. */
	if (maps_get(round->maps, MAP_DIALOGS, key, &dialog) ||
	    !has(round->pins->now, dialog.backend))
		return 0;
	dialog.backend = 0;
	if (!maps_put(round->maps, MAP_DIALOGS, key, &dialog, BPF_EXIST))
		round->pins->dropped++;
	return 0;
}

static void finish_round(struct pins *pins, const struct maps *maps)
{
	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		/* What packets that were under way have added. */
		if (has(pins->now, place))
			no_calls(maps, place);
	}
	memcpy(pins->now, pins->next, sizeof(pins->now));
	memset(pins->next, 0, sizeof(pins->next));
	pins->running = !is_empty(pins->now);
}

int pins_step(struct pins *pins, const struct maps *maps)
{
	struct round round = { pins, maps };
	int err;

	if (!pins->running)
		return 0;
	err = maps_walk_some(maps, MAP_DIALOGS, &pins->cursor, PINS_PIECE, look, &round);
	if (!err && !pins->cursor.done)
		return 1;
	pins->cursor = (struct maps_cursor){ .started = false };
	if (err)
		return err;
	finish_round(pins, maps);
	return pins->running;
}
