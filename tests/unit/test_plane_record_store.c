/* SPDX-License-Identifier: GPL-2.0-only */
/* Records on their way into a map: what is seen before and after a flush, and what a full map or a
 * full store does. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdint.h>

#include "plane/record_store.h"
#include "test_plane_fixture.h"

#define ROOM	 64
#define MAP_ROOM 1000
#define BATCH	 256 /* records that the store writes at a time */

struct value {
	uint64_t word[4];
};

static int make_map(unsigned int entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int fd;

	need_bpf();
	fd = bpf_map_create(BPF_MAP_TYPE_HASH, "records", sizeof(uint64_t), sizeof(struct value),
			    entries, &opts);
	cr_assert_geq(fd, 0);
	return fd;
}

static struct record_store *open_store(int fd, uint32_t room)
{
	struct record_store *store;

	cr_assert_eq(record_store_open(fd, sizeof(struct value), room, &store), 0);
	return store;
}

static void put(struct record_store *store, uint64_t key, uint64_t word)
{
	struct value value = { { word, key, 0, word } };

	cr_assert_eq(record_store_put(store, key, &value), 0);
}

/* The first word of what the map has, UINT64_MAX: nothing. */
static uint64_t in_map(int fd, uint64_t key)
{
	struct value value;

	return bpf_map_lookup_elem(fd, &key, &value) ? UINT64_MAX : value.word[0];
}

static uint64_t in_store(struct record_store *store, uint64_t key)
{
	struct value value;

	return record_store_get(store, key, &value) ? UINT64_MAX : value.word[0];
}

Test(plane_record_store, records_are_read_back_before_and_after_the_flush,
     .description = "put, put again, delete and put anew: here at once, in the map with the flush")
{
	int fd = make_map(MAP_ROOM);
	struct record_store *store = open_store(fd, ROOM);

	put(store, 1, 10);
	put(store, 2, 20);
	put(store, 1, 11);
	cr_assert_eq(in_store(store, 1), 11);
	cr_assert_eq(in_map(fd, 1), UINT64_MAX, "not yet");
	cr_assert_eq(record_store_waiting(store), 2);
	cr_assert_eq(record_store_flush(store), 0);
	cr_assert_eq(in_map(fd, 1), 11);
	cr_assert_eq(in_map(fd, 2), 20);
	cr_assert_eq(record_store_waiting(store), 0);
	record_store_delete(store, 1);
	record_store_delete(store, 3);
	cr_assert_eq(in_store(store, 1), UINT64_MAX);
	cr_assert_eq(in_map(fd, 1), 11, "not yet");
	put(store, 4, 40);
	record_store_delete(store, 4);
	record_store_delete(store, 2);
	put(store, 2, 21);
	cr_assert_eq(record_store_flush(store), 0);
	cr_assert_eq(in_map(fd, 1), UINT64_MAX);
	cr_assert_eq(in_map(fd, 2), 21);
	cr_assert_eq(in_map(fd, 4), UINT64_MAX);
	cr_assert_eq(in_store(store, 2), 21);
	cr_assert_eq(record_store_flush(store), 0, "nothing to do");
	record_store_close(store);
	close(fd);
}

Test(plane_record_store, what_an_earlier_one_wrote_is_there,
     .description = "a new store reads what is in the map; closing one writes what was waiting")
{
	int fd = make_map(MAP_ROOM);
	struct record_store *store = open_store(fd, ROOM);

	put(store, 1, 10);
	record_store_close(store);
	cr_assert_eq(in_map(fd, 1), 10);
	store = open_store(fd, ROOM);
	cr_assert_eq(in_store(store, 1), 10);
	cr_assert_eq(in_store(store, 2), UINT64_MAX);
	record_store_close(store);
	record_store_close(NULL);
	close(fd);
}

Test(plane_record_store, a_map_without_room_refuses_the_newest,
     .description = "records that do not fit are forgotten and counted, the others go in")
{
	int fd = make_map(8);
	struct record_store *store = open_store(fd, ROOM);
	unsigned int there = 0;

	for (uint64_t key = 1; key <= 20; key++)
		put(store, key, key);
	cr_assert_eq(record_store_flush(store), -E2BIG);
	for (uint64_t key = 1; key <= 20; key++) {
		there += in_map(fd, key) == key;
		cr_assert_eq(in_store(store, key), in_map(fd, key), "record %lu",
			     (unsigned long)key);
	}
	cr_assert_eq(there, 8);
	cr_assert_eq(record_store_refused(store), 12);
	cr_assert_eq(record_store_waiting(store), 0);
	record_store_delete(store, 1);
	put(store, 30, 30);
	cr_assert_eq(record_store_flush(store), 0, "what goes makes room for what comes");
	cr_assert_eq(in_map(fd, 30), 30);
	record_store_close(store);
	close(fd);
}

Test(plane_record_store, a_batch_that_is_not_begun_is_refused_record_by_record,
     .description = "a full batch that is refused as a whole: no record counts as written")
{
	struct record_store *store = open_store(-1, BATCH);

	for (uint64_t key = 1; key <= BATCH; key++)
		put(store, key, key);
	cr_assert_lt(record_store_flush(store), 0);
	cr_assert_eq(record_store_refused(store), BATCH);
	for (uint64_t key = 1; key <= BATCH; key++)
		cr_assert_eq(in_store(store, key), UINT64_MAX, "record %lu", (unsigned long)key);
	record_store_close(store);
}

Test(plane_record_store, many_more_records_than_room,
     .description = "20,000 random puts, gets and deletes of 900 keys against an array")
{
	static uint64_t model[901];
	int fd = make_map(MAP_ROOM);
	struct record_store *store = open_store(fd, ROOM);
	uint64_t x = 88172645463325252;

	for (int i = 0; i < 20000; i++) {
		uint64_t key;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		key = 1 + x % 900;
		switch (x >> 32 & 7) {
		case 0:
		case 1:
		case 2: put(store, key, model[key] = 1 + (x >> 40)); break;
		case 3:
			record_store_delete(store, key);
			model[key] = 0;
			break;
		case 4:
			if ((x >> 36 & 63) == 0)
				cr_assert_eq(record_store_flush(store), 0);
			break;
		default:
			cr_assert_eq(in_store(store, key), model[key] ? model[key] : UINT64_MAX,
				     "step %d, key %lu", i, (unsigned long)key);
		}
	}
	cr_assert_eq(record_store_flush(store), 0);
	for (uint64_t key = 1; key <= 900; key++)
		cr_assert_eq(in_map(fd, key), model[key] ? model[key] : UINT64_MAX);
	cr_assert_eq(record_store_refused(store), 0);
	record_store_close(store);
	close(fd);
}

Test(plane_record_store, what_cannot_be_is_refused, .description = "no room, odd sizes")
{
	struct record_store *store;

	cr_assert_eq(record_store_open(-1, 32, 0, &store), -EINVAL);
	cr_assert_eq(record_store_open(-1, 0, 8, &store), -EINVAL);
	cr_assert_eq(record_store_open(-1, 12, 8, &store), -EINVAL);
}
