/* SPDX-License-Identifier: GPL-2.0-only */
/* Records on their way into a map: see record_store.h. */
#include "plane/record_store.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "track/table.h"

#define BATCH 256 /* records a system call */

enum kept_state {
	KEPT_CLEAN, /* as in the map */
	KEPT_DIRTY, /* to be written */
	KEPT_GONE,  /* to be deleted there */
};

struct kept {
	uint64_t key;
	uint32_t state; /* enum kept_state */
	uint32_t listed;
	char value[];
};

struct record_store {
	int fd;
	size_t value_size;
	struct table table;
	uint32_t *list; /* entries that are not clean, or were not when they were listed */
	uint32_t listed;
	uint32_t hand; /* where room was last looked for */
	uint64_t refused;
	uint64_t keys[BATCH];
	char *values; /* [BATCH * value_size] */
};

static struct kept *kept_at(const struct record_store *store, uint32_t index)
{
	return table_entry(&store->table, index);
}

int record_store_open(int fd, size_t value_size, uint32_t room, struct record_store **out)
{
	struct record_store *store;
	int err;

	if (!room || !value_size || value_size % sizeof(uint64_t))
		return -EINVAL;
	store = calloc(1, sizeof(*store));
	if (!store)
		return -ENOMEM;
	store->fd = fd;
	store->value_size = value_size;
	store->list = calloc(room, sizeof(*store->list));
	store->values = calloc(BATCH, value_size);
	err = table_init(&store->table, room, sizeof(struct kept) + value_size);
	if (!err && (!store->list || !store->values))
		err = -ENOMEM;
	if (err) {
		record_store_close(store);
		return err;
	}
	*out = store;
	return 0;
}

void record_store_close(struct record_store *store)
{
	if (!store)
		return;
	record_store_flush(store);
	table_free(&store->table);
	free(store->list);
	free(store->values);
	free(store);
}

/* ---- into the map ---- */

/* The map refused a record: it is forgotten, so that whoever asks for it learns that it is gone. */
static void refuse(struct record_store *store, uint64_t key)
{
	uint32_t index = table_find(&store->table, key);

	store->refused++;
	if (!index)
		return;
	kept_at(store, index)->listed = 0;
	table_remove(&store->table, index);
}

/* A batch ends with the first record that fails; the rest is a batch of its own. */
static int write_batch(struct record_store *store, uint32_t count)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint32_t from = 0;
	int err, first = 0;

	while (from < count) {
		uint32_t done = count - from;

		err = bpf_map_update_batch(store->fd, store->keys + from,
					   store->values + from * store->value_size, &done, &opts);
		if (!err)
			break;
		if (done >= count - from)
			done = 0; /* it was not even begun, and left the count alone */
		refuse(store, store->keys[from + done]);
		first = first ? first : err;
		from += done + 1;
	}
	return first;
}

/* What is not there is no failure. */
static void delete_batch(struct record_store *store, uint32_t count)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint32_t from = 0;

	while (from < count) {
		uint32_t done = count - from;

		if (!bpf_map_delete_batch(store->fd, store->keys + from, &done, &opts))
			break;
		if (done >= count - from)
			done = 0;
		from += done + 1;
	}
}

/* The next of the listed entries in that state go into the batch; how many. */
static uint32_t gather(struct record_store *store, uint32_t *at, enum kept_state state)
{
	uint32_t count = 0;

	for (; *at < store->listed && count < BATCH; (*at)++) {
		struct kept *kept = kept_at(store, store->list[*at]);

		if (kept->state != state)
			continue;
		store->keys[count] = kept->key;
		if (state == KEPT_DIRTY)
			memcpy(store->values + count * store->value_size, kept->value,
			       store->value_size);
		count++;
	}
	return count;
}

static void flush_deleted(struct record_store *store)
{
	uint32_t at = 0, count;

	while ((count = gather(store, &at, KEPT_GONE)))
		delete_batch(store, count);
}

static int flush_written(struct record_store *store)
{
	uint32_t at = 0, count;
	int err = 0, failed;

	while ((count = gather(store, &at, KEPT_DIRTY))) {
		failed = write_batch(store, count);
		err = err ? err : failed;
	}
	return err;
}

/* Entries that were refused are no more by now, and their places in the list are nobody's. */
static void settle(struct record_store *store)
{
	for (uint32_t i = 0; i < store->listed; i++) {
		struct kept *kept = kept_at(store, store->list[i]);

		if (!kept->listed)
			continue;
		kept->listed = 0;
		if (kept->state == KEPT_GONE)
			table_remove(&store->table, store->list[i]);
		else
			kept->state = KEPT_CLEAN;
	}
	store->listed = 0;
}

int record_store_flush(struct record_store *store)
{
	int err;

	if (!store->listed)
		return 0;
	flush_deleted(store);
	err = flush_written(store);
	settle(store);
	return err;
}

/* ---- here ---- */

static void list(struct record_store *store, uint32_t index)
{
	struct kept *kept = kept_at(store, index);

	if (kept->listed)
		return;
	kept->listed = 1;
	store->list[store->listed++] = index;
}

/* Takes out a clean entry; in a full table every entry is one, or is after a flush. */
static void drop_one(struct record_store *store)
{
	for (uint32_t i = 0; i < store->table.capacity; i++) {
		store->hand = store->hand % store->table.capacity + 1;
		if (kept_at(store, store->hand)->listed)
			continue;
		table_remove(&store->table, store->hand);
		return;
	}
}

/* An entry of that key, found or made. */
static uint32_t keep(struct record_store *store, uint64_t key, int *err)
{
	uint32_t index = table_find(&store->table, key);

	*err = 0;
	if (index)
		return index;
	if (store->table.count == store->table.capacity) {
		if (store->listed * 2 > store->table.capacity)
			*err = record_store_flush(store);
		if (store->table.count == store->table.capacity)
			drop_one(store);
	}
	return table_add(&store->table, key);
}

int record_store_put(struct record_store *store, uint64_t key, const void *value)
{
	int err;
	uint32_t index = keep(store, key, &err);
	struct kept *kept = kept_at(store, index);

	memcpy(kept->value, value, store->value_size);
	kept->state = KEPT_DIRTY;
	list(store, index);
	return err;
}

int record_store_get(struct record_store *store, uint64_t key, void *value)
{
	uint32_t index = table_find(&store->table, key);
	struct kept *kept;
	int err;

	if (!index) {
		if (bpf_map_lookup_elem(store->fd, &key, value))
			return -errno;
		index = keep(store, key, &err);
		memcpy(kept_at(store, index)->value, value, store->value_size);
		return 0;
	}
	kept = kept_at(store, index);
	if (kept->state == KEPT_GONE)
		return -ENOENT;
	memcpy(value, kept->value, store->value_size);
	return 0;
}

void record_store_delete(struct record_store *store, uint64_t key)
{
	int err;
	uint32_t index = keep(store, key, &err);

	kept_at(store, index)->state = KEPT_GONE;
	list(store, index);
}

uint32_t record_store_waiting(const struct record_store *store)
{
	return store->listed;
}

uint64_t record_store_refused(const struct record_store *store)
{
	return store->refused;
}
