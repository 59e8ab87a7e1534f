/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The messages of calls as they came, for `ladder` and `calls CALL-ID`: memory of a fixed size, in
 * which what is newest takes the place of what is oldest.
 *
 * There are two rings, a quarter for calls that were not answered and the rest for those that were;
 * with its answer a call's messages move over. So a flood of INVITEs, which fills the one, leaves
 * the other alone. Of one call, the newest config.per_call messages are kept.
 */
#ifndef SIPXDP_TRACK_HISTORY_H
#define SIPXDP_TRACK_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sipxdp/address.h>

#define HISTORY_BYTES_MIN (256u << 10)
#define HISTORY_BYTES_MAX (1u << 30)

struct history_config {
	size_t bytes;	   /* of both rings together; HISTORY_BYTES_MIN..HISTORY_BYTES_MAX */
	uint32_t per_call; /* messages, at least 1 */
};

/* One message. data need not be aligned. */
struct history_message {
	uint64_t time_unix_ns;
	struct sipxdp_peer source, destination;
	uint16_t length;   /* octets of the datagram */
	uint16_t captured; /* octets of it in data */
	bool from_server;
	bool again; /* seen before: a retransmission */
	const char *data;
};

struct history;

/* 0 and *out, to be given to history_free(); -EINVAL or -ENOMEM. */
int history_new(const struct history_config *config, struct history **out);
void history_free(struct history *h);

/* Takes in a message of the call of that key, a keyed hash of its Call-ID; answered: the call is, or
 * was. A message for which there is no room even in an empty ring is left out. */
void history_add(struct history *h, uint64_t key, bool answered,
		 const struct history_message *message);

/* Where a walk over a call's messages is. */
struct history_walk {
	const struct history *history;
	uint32_t next;
	uint32_t omitted; /* older messages of the call that are no longer there */
	uint32_t count;	  /* that are */
};

/* Begins a walk from the oldest message on; false: nothing is known of such a call. No message may
 * be added during it. */
bool history_find(const struct history *h, uint64_t key, struct history_walk *out);

/* The next message, whose data is valid until one is added; false: there is no further one. */
bool history_next(struct history_walk *walk, struct history_message *out);

struct history_stats {
	uint32_t calls;
	uint64_t messages; /* there now */
	uint64_t bytes;	   /* in use now, headers included */
	uint64_t added;	   /* ever */
};

void history_stats(const struct history *h, struct history_stats *out);

#endif
