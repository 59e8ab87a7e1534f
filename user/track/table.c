// SPDX-License-Identifier: GPL-2.0-only
/* Hash table of buckets that are one cache line each: fingerprints tell nearly always which entry
 * to look at. An entry that does not fit into its home bucket goes to the next one with room, and
 * every bucket it passed counts it: a search stops at the first bucket that was never passed, and
 * a removal leaves no tombstone. */
#include "track/table.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#define BUCKET_SLOTS 7

struct table_bucket {
	uint32_t print[BUCKET_SLOTS];
	uint32_t passed; /* entries that live further on because this bucket was full */
	uint32_t index[BUCKET_SLOTS]; /* 0: slot is free */
	uint32_t pad;
};
_Static_assert(sizeof(struct table_bucket) == 64, "a bucket is a cache line");

/* Multiplying spreads keys over the buckets even when only some of their bits are good. */
static inline uint64_t spread(uint64_t key)
{
	return key * 0x9e3779b97f4a7c15ULL;
}

static inline uint32_t home_of(const struct table *t, uint64_t key)
{
	return (uint32_t)(spread(key) >> 32) & t->bucket_mask;
}

static inline uint32_t print_of(uint64_t key)
{
	return (uint32_t)(key ^ key >> 32);
}

static inline uint64_t *key_of(const struct table *t, uint32_t index)
{
	return table_entry(t, index);
}

/* At most three quarters of the slots are ever in use. */
static uint32_t buckets_for(uint32_t capacity)
{
	uint64_t slots = (uint64_t)capacity * 4 / 3 + 1;
	uint32_t buckets = 1;

	while ((uint64_t)buckets * BUCKET_SLOTS < slots)
		buckets *= 2;
	return buckets;
}

/* Random places in a large table miss the TLB each time, unless pages are large; that they are
 * not to be had is no error. */
static void *reserve(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

static size_t bucket_bytes(const struct table *t)
{
	return ((size_t)t->bucket_mask + 1) * sizeof(*t->buckets);
}

static size_t entry_bytes(const struct table *t)
{
	return ((size_t)t->capacity + 1) * t->stride;
}

size_t table_bytes(const struct table *t)
{
	return bucket_bytes(t) + entry_bytes(t);
}

int table_init(struct table *t, uint32_t capacity, size_t entry_size)
{
	struct table new = { .capacity = capacity, .stride = entry_size };

	if (!capacity || capacity > TABLE_CAPACITY_MAX || entry_size < sizeof(uint64_t) ||
	    entry_size % sizeof(uint64_t))
		return -EINVAL;
	new.bucket_mask = buckets_for(capacity) - 1;
	new.buckets = reserve(bucket_bytes(&new));
	if (!new.buckets)
		return -ENOMEM;
	new.entries = reserve(entry_bytes(&new));
	if (!new.entries) {
		munmap(new.buckets, bucket_bytes(&new));
		return -ENOMEM;
	}
	*t = new;
	return 0;
}

void table_free(struct table *t)
{
	if (t->buckets)
		munmap(t->buckets, bucket_bytes(t));
	if (t->entries)
		munmap(t->entries, entry_bytes(t));
	*t = (struct table){ 0 };
}

void table_prefetch(const struct table *t, uint64_t key)
{
	__builtin_prefetch(&t->buckets[home_of(t, key)]);
}

/* Where an entry stands. */
struct place {
	uint32_t bucket;
	uint32_t slot;
};

/* Looks in one bucket for the key (index 0) or for that very entry. */
static bool bucket_search(const struct table *t, uint32_t bucket, uint64_t key, uint32_t *slot)
{
	const struct table_bucket *b = &t->buckets[bucket];
	uint32_t print = print_of(key);

	for (uint32_t i = 0; i < BUCKET_SLOTS; i++) {
		if (b->print[i] == print && b->index[i] && *key_of(t, b->index[i]) == key) {
			*slot = i;
			return true;
		}
	}
	return false;
}

static bool search(const struct table *t, uint64_t key, struct place *out)
{
	uint32_t bucket = home_of(t, key);

	for (uint32_t n = 0; n <= t->bucket_mask; n++) {
		uint32_t slot;

		if (bucket_search(t, bucket, key, &slot)) {
			*out = (struct place){ bucket, slot };
			return true;
		}
		if (!t->buckets[bucket].passed)
			return false;
		bucket = (bucket + 1) & t->bucket_mask;
	}
	return false;
}

uint32_t table_find(const struct table *t, uint64_t key)
{
	struct place place;

	if (!search(t, key, &place))
		return 0;
	return t->buckets[place.bucket].index[place.slot];
}

/* Free entries keep the chain's next index in place of their key. */
static uint32_t take_entry(struct table *t)
{
	uint32_t index = t->free;

	if (index)
		t->free = (uint32_t)*key_of(t, index);
	else
		index = ++t->touched;
	memset(table_entry(t, index), 0, t->stride);
	return index;
}

static uint32_t free_slot(const struct table_bucket *b)
{
	uint32_t i = 0;

	while (i < BUCKET_SLOTS && b->index[i])
		i++;
	return i;
}

uint32_t table_add(struct table *t, uint64_t key)
{
	uint32_t bucket = home_of(t, key);
	uint32_t index, slot;

	if (t->count == t->capacity)
		return 0;
	/* There are more slots than entries, so this ends. */
	while ((slot = free_slot(&t->buckets[bucket])) == BUCKET_SLOTS) {
		t->buckets[bucket].passed++;
		bucket = (bucket + 1) & t->bucket_mask;
	}
	index = take_entry(t);
	*key_of(t, index) = key;
	t->buckets[bucket].print[slot] = print_of(key);
	t->buckets[bucket].index[slot] = index;
	t->count++;
	return index;
}

void table_remove(struct table *t, uint32_t index)
{
	uint64_t key = *key_of(t, index);
	struct place place;

	if (!search(t, key, &place))
		return;
	t->buckets[place.bucket].index[place.slot] = 0;
	for (uint32_t b = home_of(t, key); b != place.bucket; b = (b + 1) & t->bucket_mask)
		t->buckets[b].passed--;
	*key_of(t, index) = t->free;
	t->free = index;
	t->count--;
}
