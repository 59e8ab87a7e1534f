/* SPDX-License-Identifier: GPL-2.0-only */
/* A bounded hash table of fixed-size entries under 64-bit keys. All memory is reserved at the
 * start and touched as it is needed; finding, adding and removing take constant time, and nothing
 * is ever rehashed or moved. Entries are known by their index, 1..capacity; 0 is "none". */
#ifndef SIPXDP_TRACK_TABLE_H
#define SIPXDP_TRACK_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define TABLE_CAPACITY_MAX (1u << 28)

struct table_bucket;

struct table {
	struct table_bucket *buckets;
	uint32_t bucket_mask;
	uint32_t capacity;
	uint32_t count;
	uint32_t touched; /* entries 1..touched have been in use at some time */
	uint32_t free;	  /* chain of those that are no more */
	size_t stride;
	char *entries; /* of entry 0, which is unused */
};

/*
 * Every entry is entry_size octets, a multiple of 8, and starts with its uint64_t key, which is
 * the table's to write; the rest is the caller's. Keys must be well mixed (outputs of a keyed
 * hash). 0, -EINVAL or -ENOMEM. table_free() may be given a table that is all zero.
 */
int table_init(struct table *t, uint32_t capacity, size_t entry_size);
void table_free(struct table *t);

/* What it has reserved, in octets. */
size_t table_bytes(const struct table *t);

static inline void *table_entry(const struct table *t, uint32_t index)
{
	return t->entries + index * t->stride;
}

/* Asks for the memory that table_find() of this key will want. */
void table_prefetch(const struct table *t, uint64_t key);

/* The index of the entry with this key, or 0. */
uint32_t table_find(const struct table *t, uint64_t key);

/* Adds an entry, zero but for its key, under a key that is not in the table. Its index, or 0: the
 * table is full. */
uint32_t table_add(struct table *t, uint64_t key);

void table_remove(struct table *t, uint32_t index);

#endif
