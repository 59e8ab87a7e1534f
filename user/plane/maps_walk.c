// SPDX-License-Identifier: GPL-2.0-only
/* Walks over maps: in batches where the kernel has them, else key by key; counters over CPUs. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plane/maps.h"

#define WALK_BATCH     512
#define WALK_BATCH_MAX 65536 /* a hash bucket that is longer than this one ends the walk */
#define WALK_ROUNDS    4     /* times a table's room that a walk disturbed by deletions may see */

/* The kernel's own errno for "this map has no such operation"; not in <errno.h>. */
#define KERNEL_ENOTSUPP 524

struct walk {
	const struct maps *maps;
	enum map_id id;
	struct bpf_map_info info;
	struct maps_cursor *cursor;
	maps_walk_fn fn;
	void *ctx;
};

static bool walk_is_array(const struct walk *walk)
{
	return walk->info.type == BPF_MAP_TYPE_ARRAY;
}

static int walk_array(struct walk *walk, unsigned int limit)
{
	struct maps_cursor *cursor = walk->cursor;
	void *value = malloc(walk->info.value_size);
	int err = value ? 0 : -ENOMEM;

	for (unsigned int i = 0; i < limit && !err && !cursor->done; i++) {
		__u32 index = (__u32)cursor->seen;

		if (index >= walk->info.max_entries) {
			cursor->done = true;
			break;
		}
		err = maps_get(walk->maps, walk->id, &index, value);
		cursor->seen++;
		if (!err)
			err = walk->fn(&index, value, walk->ctx);
	}
	free(value);
	return err;
}

/* Key by key. The next key is fetched before fn may delete this one. */
static int walk_single(struct walk *walk, unsigned int limit)
{
	struct maps_cursor *cursor = walk->cursor;
	int fd = walk->maps->fd[walk->id];
	unsigned char key[MAPS_KEY_MAX];
	void *value = malloc(walk->info.value_size);
	int err = value ? 0 : -ENOMEM;

	/* The token is the key to be visited next. */
	if (!err && !cursor->started && bpf_map_get_next_key(fd, NULL, cursor->token)) {
		cursor->done = errno == ENOENT;
		err = cursor->done ? 0 : -errno;
	}
	cursor->started = true;
	for (unsigned int i = 0; i < limit && !err && !cursor->done; i++) {
		memcpy(key, cursor->token, walk->info.key_size);
		if (bpf_map_get_next_key(fd, key, cursor->token))
			cursor->done = true;
		if (++cursor->seen > (__u64)walk->info.max_entries * WALK_ROUNDS)
			cursor->done =
				true; /* deletions throw it back to the start again and again */
		if (maps_get(walk->maps, walk->id, key, value))
			continue; /* it has gone meanwhile */
		err = walk->fn(key, value, walk->ctx);
	}
	free(value);
	return err;
}

static int walk_deliver(struct walk *walk, const unsigned char *keys, const unsigned char *values,
			__u32 count)
{
	for (__u32 i = 0; i < count; i++) {
		int err = walk->fn(keys + (size_t)i * walk->info.key_size,
				   values + (size_t)i * walk->info.value_size, walk->ctx);

		if (err)
			return err;
	}
	walk->cursor->seen += count;
	if (walk->cursor->seen > (__u64)walk->info.max_entries * WALK_ROUNDS)
		walk->cursor->done = true;
	return 0;
}

/* -EOPNOTSUPP: no batches for this kind of map in this kernel. *count entries were delivered. */
static int walk_batch(struct walk *walk, __u32 *count)
{
	struct maps_cursor *cursor = walk->cursor;
	unsigned char token[MAPS_KEY_MAX];
	unsigned char *keys = NULL, *values = NULL;
	__u32 size = *count;
	int err;

	do {
		void *more_keys = realloc(keys, (size_t)size * walk->info.key_size);
		void *more_values = NULL;

		if (more_keys) {
			keys = more_keys;
			more_values = realloc(values, (size_t)size * walk->info.value_size);
		}
		if (!more_values) {
			err = -ENOMEM;
			goto out;
		}
		values = more_values;
		*count = size;
		err = bpf_map_lookup_batch(walk->maps->fd[walk->id],
					   cursor->started ? cursor->token : NULL, token, keys,
					   values, count, NULL);
		size *= 2; /* -ENOSPC: the next bucket alone is larger */
	} while (err == -ENOSPC && size <= WALK_BATCH_MAX);

	if (err == -KERNEL_ENOTSUPP || (err == -EINVAL && !cursor->started))
		err = -EOPNOTSUPP;
	/* -EINTR: an entry was deleted under the kernel's hand; what it has so far is good. */
	if (err && err != -ENOENT && err != -EINTR)
		goto out;
	cursor->done = err == -ENOENT;
	if (*count || cursor->done) {
		cursor->started = true;
		memcpy(cursor->token, token, sizeof(token));
	}
	err = walk_deliver(walk, keys, values, *count);
out:
	free(keys);
	free(values);
	return err;
}

static int walk_batches(struct walk *walk, unsigned int limit)
{
	struct maps_cursor *cursor = walk->cursor;
	unsigned int seen = 0;

	while (seen < limit && !cursor->done && !cursor->single) {
		__u32 count = limit - seen < WALK_BATCH ? limit - seen : WALK_BATCH;
		int err = walk_batch(walk, &count);

		if (err == -EOPNOTSUPP) {
			cursor->single = true;
			return walk_single(walk, limit - seen);
		}
		if (err)
			return err;
		seen += count ? count : 1; /* no endless rounds without an entry */
		walk->cursor->seen += !count;
	}
	return 0;
}

int maps_walk_some(const struct maps *maps, enum map_id id, struct maps_cursor *cursor,
		   unsigned int limit, maps_walk_fn fn, void *ctx)
{
	struct walk walk = { .maps = maps, .id = id, .cursor = cursor, .fn = fn, .ctx = ctx };
	__u32 size = sizeof(walk.info);

	if (id == MAP_COUNTERS || id == MAP_BACKEND_LOAD || id == MAP_TAP || id == MAP_PROGRAMS)
		return -EINVAL;
	if (bpf_obj_get_info_by_fd(maps->fd[id], &walk.info, &size))
		return -errno;
	if (walk.info.key_size > MAPS_KEY_MAX)
		return -EINVAL;
	if (cursor->done)
		return 0;
	if (walk_is_array(&walk))
		return walk_array(&walk, limit);
	if (cursor->single)
		return walk_single(&walk, limit);
	return walk_batches(&walk, limit);
}

int maps_walk(const struct maps *maps, enum map_id id, maps_walk_fn fn, void *ctx)
{
	struct maps_cursor cursor = { .started = false };
	int err = 0;

	while (!err && !cursor.done)
		err = maps_walk_some(maps, id, &cursor, WALK_BATCH, fn, ctx);
	return err;
}

static int count_one(const void *key __attribute__((unused)),
		     const void *value __attribute__((unused)), void *ctx)
{
	++*(__u64 *)ctx;
	return 0;
}

int maps_count(const struct maps *maps, enum map_id id, __u64 *count)
{
	__u64 n = 0;
	int err = maps_walk(maps, id, count_one, &n);

	if (!err)
		*count = n;
	return err;
}

/* ---- clearing ---- */

static int clear_array(const struct maps *maps, enum map_id id, const struct bpf_map_info *info)
{
	void *zero = calloc(1, info->value_size);
	int err = zero ? 0 : -ENOMEM;

	for (__u32 i = 0; i < info->max_entries && !err; i++)
		err = maps_put(maps, id, &i, zero, BPF_ANY);
	free(zero);
	return err;
}

int maps_clear(const struct maps *maps, enum map_id id)
{
	struct bpf_map_info info;
	__u32 size = sizeof(info);
	unsigned char key[MAPS_KEY_MAX];

	memset(&info, 0, sizeof(info));
	if (bpf_obj_get_info_by_fd(maps->fd[id], &info, &size))
		return -errno;
	if (id == MAP_TAP || id == MAP_BACKEND_LOAD || id == MAP_PROGRAMS)
		return -EINVAL;
	if (id == MAP_COUNTERS) {
		int err = 0;

		for (unsigned int service = 0; service <= SERVICE_HOST && !err; service++)
			err = maps_counters_clear(maps, service);
		return err;
	}
	if (info.type == BPF_MAP_TYPE_ARRAY)
		return clear_array(maps, id, &info);
	/* Always the first one, so that deletions cannot lead astray. */
	for (__u64 i = 0; i < (__u64)info.max_entries * WALK_ROUNDS; i++) {
		if (bpf_map_get_next_key(maps->fd[id], NULL, key))
			return errno == ENOENT ? 0 : -errno;
		if (bpf_map_delete_elem(maps->fd[id], key) && errno != ENOENT)
			return -errno;
	}
	return -EBUSY;
}

/* ---- counters ---- */

static void counters_sum(const union counter_row *cpu, int cpus, union counter_row *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (int c = 0; c < cpus; c++) {
		for (int reason = 0; reason < REASON_SLOTS; reason++) {
			sum->by_reason[reason].packets += cpu[c].by_reason[reason].packets;
			sum->by_reason[reason].bytes += cpu[c].by_reason[reason].bytes;
		}
	}
}

int maps_counters(const struct maps *maps, __u32 row, union counter_row *sum)
{
	int cpus = libbpf_num_possible_cpus();
	union counter_row *cpu;
	int err = 0;

	if (cpus < 0)
		return cpus;
	cpu = calloc((size_t)cpus, sizeof(*cpu));
	if (!cpu)
		return -ENOMEM;
	if (bpf_map_lookup_elem(maps->fd[MAP_COUNTERS], &row, cpu))
		err = -errno;
	else
		counters_sum(cpu, cpus, sum);
	free(cpu);
	return err;
}

/* A number that no service ever had has nothing to show; most of them have not. */
static bool counters_used(const struct maps *maps, unsigned int service)
{
	struct service unused;

	return service == SERVICE_HOST || maps_service(maps, service, &unused) == 0;
}

static int walk_service(const struct maps *maps, unsigned int service, int cpus,
			union counter_row *cpu, maps_counters_fn fn, void *ctx)
{
	static const union counter_row zero;
	union counter_row sum;

	for (__u32 row = COUNTER_ROW(service, 0, 0); row < COUNTER_ROW(service + 1, 0, 0); row++) {
		int err;

		if (row % CLASS_SLOTS >= CLASS_COUNT)
			continue;
		if (bpf_map_lookup_elem(maps->fd[MAP_COUNTERS], &row, cpu))
			return -errno;
		counters_sum(cpu, cpus, &sum);
		if (!memcmp(&sum, &zero, sizeof(sum)))
			continue;
		err = fn(row, &sum, ctx);
		if (err)
			return err;
	}
	return 0;
}

int maps_walk_counters(const struct maps *maps, maps_counters_fn fn, void *ctx)
{
	int cpus = libbpf_num_possible_cpus();
	union counter_row *cpu;
	int err = 0;

	if (cpus < 0)
		return cpus;
	cpu = calloc((size_t)cpus, sizeof(*cpu));
	if (!cpu)
		return -ENOMEM;
	for (unsigned int service = 0; service <= SERVICE_HOST && !err; service++) {
		if (counters_used(maps, service))
			err = walk_service(maps, service, cpus, cpu, fn, ctx);
	}
	free(cpu);
	return err;
}

int maps_counters_clear(const struct maps *maps, unsigned int service)
{
	int cpus = libbpf_num_possible_cpus();
	union counter_row *zero;
	int err = 0;

	if (cpus < 0)
		return cpus;
	if (service > SERVICE_HOST)
		return -EINVAL;
	zero = calloc((size_t)cpus, sizeof(*zero));
	if (!zero)
		return -ENOMEM;
	for (__u32 row = COUNTER_ROW(service, 0, 0); row < COUNTER_ROW(service + 1, 0, 0) && !err;
	     row++) {
		if (bpf_map_update_elem(maps->fd[MAP_COUNTERS], &row, zero, BPF_ANY))
			err = -errno;
	}
	free(zero);
	return err;
}
