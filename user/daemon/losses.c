/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel side could not do for want of room: see losses.h. */
#include <stddef.h>
#include <stdint.h>

#include "daemon/log.h"
#include "daemon/losses.h"
#include "plane/clock.h"

static const struct loss {
	size_t offset; /* of the count in struct host_state */
	const char *text;
} watched[] = {
	{ offsetof(struct host_state, tap_lost),
	  "messages were let through but not handed over, as the tap's ring was full: calls and "
	  "registrations may be missing (tap.buffer_bytes)" },
	{ offsetof(struct host_state, dialogs_full),
	  "dialogs were not noted, as the table is full: their messages spend from other budgets "
	  "(tables.dialogs)" },
	{ offsetof(struct host_state, trusted_full),
	  "sources did not become trusted, as the table is full (tables.trusted)" },
	{ offsetof(struct host_state, bans_full),
	  "scanners were not banned, as the table is full (tables.bans)" },
};

#define WATCHED_COUNT (sizeof(watched) / sizeof(watched[0]))

/* The kernel writes the counts meanwhile. */
static uint64_t read_count(const struct host_state *state, size_t offset)
{
	const char *base = (const char *)state;

	return __atomic_load_n((const uint64_t *)(const void *)(base + offset), __ATOMIC_RELAXED);
}

static uint64_t *told_count(struct losses *losses, size_t offset)
{
	return (uint64_t *)(void *)((char *)&losses->told + offset);
}

void losses_begin(struct losses *losses, const struct host_state *state)
{
	for (size_t i = 0; i < WATCHED_COUNT; i++)
		*told_count(losses, watched[i].offset) = read_count(state, watched[i].offset);
	losses->begun = losses->told;
	losses->tap_unix_ns = 0;
}

__u64 losses_of_tap(const struct losses *losses)
{
	return losses->told.tap_lost - losses->begun.tap_lost;
}

uint64_t losses_of_tap_at(const struct losses *losses)
{
	return losses->tap_unix_ns;
}

void losses_report(struct losses *losses, const struct host_state *state)
{
	static struct log_limit limits[WATCHED_COUNT];

	if (read_count(state, offsetof(struct host_state, tap_lost)) > losses->told.tap_lost)
		losses->tap_unix_ns = clock_realtime_ns();
	for (size_t i = 0; i < WATCHED_COUNT; i++) {
		uint64_t now = read_count(state, watched[i].offset);
		uint64_t *told = told_count(losses, watched[i].offset);

		if (now > *told)
			log_limited_at(&limits[i], LOG_WARNING, "%llu %s",
				       (unsigned long long)(now - *told), watched[i].text);
		*told = now;
	}
}
