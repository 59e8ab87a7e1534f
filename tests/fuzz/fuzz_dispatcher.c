/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as a dispatcher.list: what is taken is a usable backend, and every error has a place
 * within the text. */
#include <stdlib.h>
#include <string.h>

#include "balance/dispatcher.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text {
	const char *start;
	size_t size;
	uint32_t lines;
	bool wrong;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void take_entry(void *context, const struct dispatcher_entry *entry)
{
	const struct text *text = context;

	require(entry->endpoint.port);
	require(entry->weight <= DISPATCHER_WEIGHT_MAX);
	require(entry->line >= 1 && entry->line <= text->lines && entry->column >= 1);
	require(!(entry->flags & DISPATCHER_FLAGS_OFF) || !entry->weight);
	if (entry->duid)
		require(entry->duid_length && entry->duid >= text->start &&
			entry->duid + entry->duid_length <= text->start + text->size);
}

static void take_error(void *context, uint32_t line, uint32_t column, const char *what,
		       const char *expected)
{
	struct text *text = context;

	text->wrong = true;
	require(line >= 1 && line <= text->lines && column >= 1 && column <= text->size + 1);
	require(*what && *expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = { .start = (const char *)data, .size = size, .lines = 1 };
	const struct dispatcher_sink sink = { take_entry, take_error, &text };

	for (size_t i = 0; i < size; i++)
		text.lines += data[i] == '\n';
	require(dispatcher_read(text.start, size, &sink) == !text.wrong);
	return 0;
}
