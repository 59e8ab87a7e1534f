/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records on their way into a pinned map. A system call for each record would take longer than all
 * the rest that is done for a message; so what was put lately is kept here, and goes into the map
 * many at a time, by record_store_flush(). Whoever dumps the map sees what was flushed.
 */
#ifndef SIPXDP_PLANE_RECORD_STORE_H
#define SIPXDP_PLANE_RECORD_STORE_H

#include <stddef.h>
#include <stdint.h>

struct record_store;

/* fd: a hash map with keys of 8 octets, which stays the caller's; value_size: of its values, a
 * multiple of 8. room: how many records are kept here. 0 and *out, -EINVAL or -ENOMEM. */
int record_store_open(int fd, size_t value_size, uint32_t room, struct record_store **out);

/* Flushes. store may be NULL. */
void record_store_close(struct record_store *store);

/* 0; or, when there was no room without a flush, as record_store_flush(). */
int record_store_put(struct record_store *store, uint64_t key, const void *value);

/* 0, -ENOENT, or what the look-up in the map failed with. */
int record_store_get(struct record_store *store, uint64_t key, void *value);

/* What is not there, neither here nor in the map, is as good as deleted. */
void record_store_delete(struct record_store *store, uint64_t key);

/* Brings the map up to date. 0; or -errno of the first record that the map refused: such are
 * forgotten here, and the others go in all the same. */
int record_store_flush(struct record_store *store);

/* How many records were not yet written, and how many the map has refused since the start. */
uint32_t record_store_waiting(const struct record_store *store);
uint64_t record_store_refused(const struct record_store *store);

#endif
