// SPDX-License-Identifier: GPL-2.0-only
/* Messages of calls in two rings: see history.h. Entries of a call are chained from the oldest to
 * the newest, and lie in its ring in that order; so the oldest entry of a ring, which makes room, is
 * the first of its call's chain, or belongs to none any more. */
#include "track/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "track/table.h"

#define ALIGNMENT 8

/* What precedes the octets of each message. One with no call is free, or fills up a ring's end, and
 * then has the first two members only. */
struct entry {
	uint32_t size; /* of the whole, a multiple of ALIGNMENT */
	uint32_t call; /* index in the table; 0: none */
	uint32_t next; /* position of the call's next message; 0: none */
	uint16_t length, captured;
	uint64_t time_unix_ns;
	struct sipxdp_peer source, destination;
	uint8_t from_server, again;
	uint8_t pad[6];
};
_Static_assert(sizeof(struct entry) % ALIGNMENT == 0, "entries are aligned");

/* A position is that of an entry in its ring, in units of ALIGNMENT, plus one; its highest bit says
 * which ring. */
#define OF_ANSWERED 0x80000000u

struct ring {
	char *base;
	uint32_t size;
	uint32_t head; /* where the next entry goes */
	uint32_t tail; /* the oldest entry */
	uint32_t used;
};

struct history_call {
	uint64_t key;
	uint32_t first, last; /* positions; 0: no message */
	uint32_t count;
	uint32_t omitted;
	uint32_t answered;
	uint32_t pad;
};

enum { RING_UNANSWERED, RING_ANSWERED, RINGS };

struct history {
	struct ring ring[RINGS];
	struct table calls;
	uint32_t per_call;
	uint64_t messages, added;
};

static struct entry *entry_at(const struct history *h, uint32_t position)
{
	const struct ring *ring =
		&h->ring[position & OF_ANSWERED ? RING_ANSWERED : RING_UNANSWERED];

	return (void *)(ring->base + ((position & ~OF_ANSWERED) - 1) * (size_t)ALIGNMENT);
}

static uint32_t position_of(const struct history *h, const struct ring *ring, uint32_t offset)
{
	return (offset / ALIGNMENT + 1) | (ring == &h->ring[RING_ANSWERED] ? OF_ANSWERED : 0);
}

static struct history_call *call_of(const struct history *h, uint32_t index)
{
	return table_entry(&h->calls, index);
}

/* ---- start and end ---- */

static int ring_open(struct ring *ring, size_t size)
{
	void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED)
		return -ENOMEM;
	*ring = (struct ring){ .base = base, .size = (uint32_t)size };
	return 0;
}

int history_new(const struct history_config *config, struct history **out)
{
	size_t quarter = config->bytes / 4 / ALIGNMENT * ALIGNMENT;
	struct history *h;
	int err;

	if (config->bytes < HISTORY_BYTES_MIN || config->bytes > HISTORY_BYTES_MAX ||
	    !config->per_call)
		return -EINVAL;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->per_call = config->per_call;
	err = ring_open(&h->ring[RING_UNANSWERED], quarter);
	if (!err)
		err = ring_open(&h->ring[RING_ANSWERED], 3 * quarter);
	/* Every call has a message, of at least that size. */
	if (!err)
		err = table_init(&h->calls, (uint32_t)(config->bytes / sizeof(struct entry)),
				 sizeof(struct history_call));
	if (err) {
		history_free(h);
		return err;
	}
	*out = h;
	return 0;
}

void history_free(struct history *h)
{
	if (!h)
		return;
	for (int i = 0; i < RINGS; i++)
		if (h->ring[i].base)
			munmap(h->ring[i].base, h->ring[i].size);
	table_free(&h->calls);
	free(h);
}

/* ---- chains ---- */

/* Takes the oldest message out of its call's chain. */
static void unchain_first(struct history *h, struct history_call *call)
{
	struct entry *entry = entry_at(h, call->first);

	call->first = entry->next;
	if (!call->first)
		call->last = 0;
	call->count--;
	call->omitted++;
	entry->call = 0;
	h->messages--;
}

static void chain_last(struct history *h, uint32_t index, uint32_t position)
{
	struct history_call *call = call_of(h, index);

	if (call->last)
		entry_at(h, call->last)->next = position;
	else
		call->first = position;
	call->last = position;
	call->count++;
	h->messages++;
}

/* ---- rings ---- */

/* Frees the oldest entry. `keep` is a call that is being written to, and stays. */
static void drop_oldest(struct history *h, struct ring *ring, uint32_t keep)
{
	const struct entry *entry = (void *)(ring->base + ring->tail);
	uint32_t size = entry->size, index = entry->call;

	if (index) {
		unchain_first(h, call_of(h, index));
		if (!call_of(h, index)->first && index != keep)
			table_remove(&h->calls, index);
	}
	ring->used -= size;
	ring->tail = (ring->tail + size) % ring->size;
}

/* An entry of that size, which is no larger than half the ring. */
static struct entry *take_room(struct history *h, struct ring *ring, uint32_t size, uint32_t keep)
{
	uint32_t rest = ring->size - ring->head;
	struct entry *entry;

	if (rest < size) {
		while (ring->size - ring->used < rest)
			drop_oldest(h, ring, keep);
		entry = (void *)(ring->base + ring->head);
		entry->size = rest;
		entry->call = 0;
		ring->used += rest;
		ring->head = 0;
	}
	while (ring->size - ring->used < size)
		drop_oldest(h, ring, keep);
	entry = (void *)(ring->base + ring->head);
	entry->size = size;
	entry->call = 0;
	ring->used += size;
	ring->head = (ring->head + size) % ring->size;
	return entry;
}

static uint32_t entry_size(uint32_t captured)
{
	return (uint32_t)sizeof(struct entry) + (captured + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* A copy of the entry for the end of its call's chain. `from` is in another ring. */
static void move_entry(struct history *h, uint32_t index, struct entry *from)
{
	struct ring *ring = &h->ring[RING_ANSWERED];
	struct entry *to = take_room(h, ring, from->size, index);

	memcpy(to, from, from->size);
	to->next = 0;
	from->call = 0;
	chain_last(h, index, position_of(h, ring, (uint32_t)((char *)to - ring->base)));
}

/* The call was answered: its messages move over. */
static void move_call(struct history *h, uint32_t index)
{
	struct history_call *call = call_of(h, index);
	uint32_t position = call->first;

	call->answered = 1;
	call->first = call->last = 0;
	h->messages -= call->count;
	call->count = 0;
	while (position) {
		struct entry *from = entry_at(h, position);

		position = from->next;
		move_entry(h, index, from);
	}
}

/* ---- from outside ---- */

/* There are as many places as entries fit into the rings, so there is always one. */
static uint32_t find_or_add(struct history *h, uint64_t key)
{
	uint32_t index = table_find(&h->calls, key);

	return index ? index : table_add(&h->calls, key);
}

void history_add(struct history *h, uint64_t key, bool answered,
		 const struct history_message *message)
{
	uint32_t size = entry_size(message->captured), index = find_or_add(h, key);
	struct history_call *call;
	struct entry *entry;
	struct ring *ring;

	if (!index)
		return;
	call = call_of(h, index);
	if (answered && !call->answered)
		move_call(h, index);
	ring = &h->ring[call->answered ? RING_ANSWERED : RING_UNANSWERED];
	if (size > ring->size / 2) {
		if (!call->first)
			table_remove(&h->calls, index);
		return;
	}
	if (call->count == h->per_call)
		unchain_first(h, call);
	entry = take_room(h, ring, size, index);
	entry->call = index;
	entry->next = 0;
	entry->length = message->length;
	entry->captured = message->captured;
	entry->time_unix_ns = message->time_unix_ns;
	entry->source = message->source;
	entry->destination = message->destination;
	entry->from_server = message->from_server;
	entry->again = message->again;
	memcpy(entry + 1, message->data, message->captured);
	chain_last(h, index, position_of(h, ring, (uint32_t)((char *)entry - ring->base)));
	h->added++;
}

bool history_find(const struct history *h, uint64_t key, struct history_walk *out)
{
	uint32_t index = table_find(&h->calls, key);
	const struct history_call *call;

	if (!index)
		return false;
	call = call_of(h, index);
	*out = (struct history_walk){
		.history = h,
		.next = call->first,
		.omitted = call->omitted,
		.count = call->count,
	};
	return true;
}

bool history_next(struct history_walk *walk, struct history_message *out)
{
	const struct entry *entry;

	if (!walk->next)
		return false;
	entry = entry_at(walk->history, walk->next);
	walk->next = entry->next;
	*out = (struct history_message){
		.time_unix_ns = entry->time_unix_ns,
		.source = entry->source,
		.destination = entry->destination,
		.length = entry->length,
		.captured = entry->captured,
		.from_server = entry->from_server,
		.again = entry->again,
		.data = (const char *)(entry + 1),
	};
	return true;
}

void history_stats(const struct history *h, struct history_stats *out)
{
	*out = (struct history_stats){
		.calls = h->calls.count,
		.messages = h->messages,
		.bytes = (uint64_t)h->ring[RING_UNANSWERED].used + h->ring[RING_ANSWERED].used,
		.added = h->added,
	};
}
