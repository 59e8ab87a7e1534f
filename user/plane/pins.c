// SPDX-License-Identifier: GPL-2.0-only
/* Pins of the dead: see pins.h. */
#include "plane/pins.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
};

static int count_pin(const void *key __attribute__((unused)), const void *value, void *ctx)
{
	const struct dialog *dialog = value;
	struct count *count = ctx;

	if (dialog->backend < BACKEND_MAX && dialog->state != DIALOG_TERMINATED)
		count->of[dialog->backend]++;
	return 0;
}

int pins_count(const struct maps *maps)
{
	struct count *count = calloc(1, sizeof(*count));
	int err = count ? maps_walk(maps, MAP_DIALOGS, count_pin, count) : -ENOMEM;

	for (__u32 place = 1; place < BACKEND_MAX && !err; place++)
		__atomic_store_n(&maps->backends[place].calls, (__s64)count->of[place],
				 __ATOMIC_RELAXED);
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
