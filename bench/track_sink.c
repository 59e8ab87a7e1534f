/* SPDX-License-Identifier: GPL-2.0-only */
/* Stores for the tracker's records: see track_sink.h. */
#include "track_sink.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plane/record_store.h"
#include "track/table.h"

struct stored {
	uint64_t key;
	struct call_record record;
};

struct track_store {
	struct table table; /* in memory */
	int fd;		    /* in the kernel; -1: in memory */
	struct record_store *kernel;
};

#define KEPT 16384 /* as the daemon has it */

int track_store_open(uint32_t calls, bool in_kernel, struct track_store **out)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	struct track_store *store = calloc(1, sizeof(*store));
	int err = 0;

	if (!store)
		return -ENOMEM;
	store->fd = -1;
	if (in_kernel) {
		store->fd = bpf_map_create(BPF_MAP_TYPE_HASH, "bench_calls",
					   sizeof(struct call_key), sizeof(struct call_record),
					   calls, &opts);
		err = store->fd < 0 ? -errno
				    : record_store_open(store->fd, sizeof(struct call_record), KEPT,
							&store->kernel);
	} else {
		err = table_init(&store->table, calls, sizeof(struct stored));
	}
	if (err) {
		track_store_close(store);
		return err;
	}
	*out = store;
	return 0;
}

void track_store_close(struct track_store *store)
{
	if (!store)
		return;
	record_store_close(store->kernel);
	if (store->fd >= 0)
		close(store->fd);
	table_free(&store->table);
	free(store);
}

/* ---- calls ---- */

static int call_put(void *context, const struct call_key *key, const struct call_record *record)
{
	struct track_store *store = context;
	uint32_t index;

	if (store->fd >= 0)
		return record_store_put(store->kernel, key->call_id_hash, record);
	index = table_find(&store->table, key->call_id_hash);
	if (!index)
		index = table_add(&store->table, key->call_id_hash);
	if (!index)
		return -E2BIG;
	((struct stored *)table_entry(&store->table, index))->record = *record;
	return 0;
}

static int call_get(void *context, const struct call_key *key, struct call_record *record)
{
	struct track_store *store = context;
	uint32_t index;

	if (store->fd >= 0)
		return record_store_get(store->kernel, key->call_id_hash, record);
	index = table_find(&store->table, key->call_id_hash);
	if (!index)
		return -ENOENT;
	*record = ((struct stored *)table_entry(&store->table, index))->record;
	return 0;
}

static void call_delete(void *context, const struct call_key *key)
{
	struct track_store *store = context;
	uint32_t index;

	if (store->fd >= 0) {
		record_store_delete(store->kernel, key->call_id_hash);
		return;
	}
	index = table_find(&store->table, key->call_id_hash);
	if (index)
		table_remove(&store->table, index);
}

/* ---- registrations: there are none ---- */

static int registration_put(void *context, const struct registration_key *key,
			    const struct registration_record *record)
{
	(void)context;
	(void)key;
	(void)record;
	return 0;
}

static int registration_get(void *context, const struct registration_key *key,
			    struct registration_record *record)
{
	(void)context;
	(void)key;
	(void)record;
	return -ENOENT;
}

static void registration_delete(void *context, const struct registration_key *key)
{
	(void)context;
	(void)key;
}

struct track_sink track_store_sink(struct track_store *store)
{
	return (struct track_sink){
		.context = store,
		.call_put = call_put,
		.call_get = call_get,
		.call_delete = call_delete,
		.registration_put = registration_put,
		.registration_get = registration_get,
		.registration_delete = registration_delete,
	};
}

void track_store_flush(struct track_store *store)
{
	if (store->kernel)
		record_store_flush(store->kernel);
}

size_t track_store_kernel_bytes(const struct track_store *store)
{
	char path[64], line[128];
	size_t bytes = 0;
	FILE *info;

	if (store->fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", store->fd);
	info = fopen(path, "r");
	while (info && fgets(line, sizeof(line), info))
		if (sscanf(line, "memlock: %zu", &bytes) == 1)
			break;
	if (info)
		fclose(info);
	return bytes;
}
