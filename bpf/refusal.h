/* SPDX-License-Identifier: GPL-2.0-only */
/* The cheapest drop. Who is over a limit is over it until a time that is known exactly, as only
 * what is admitted moves a bucket; and who is banned is so until the generation changes. So a
 * source that keeps sending is refused from a cell of this CPU, without a look-up in `sources`. */
#ifndef BPF_REFUSAL_H
#define BPF_REFUSAL_H

#include "limit.h"
#include "source.h"

#define REFUSAL_HOLD_NS 100000000ULL /* rows in `sources` lag behind by no more than this */
#define REFUSAL_AFTER	64	     /* drops of a source before it gets a cell */

static __always_inline struct refusal *refusal_cell(const struct packet *pkt,
						    const struct source_key *key)
{
	__u32 zero = 0;
	struct refusals *all = bpf_map_lookup_elem(&refusals, &zero);
	__u64 hash = (((__u64)key->net[0] << 32 | key->net[1]) + pkt->cfg->hash_key[16] +
		      pkt->f->limit) *
		     (pkt->cfg->hash_key[17] | 1);

	return all ? &all->cell[hash >> 55] : NULL;
}
_Static_assert(REFUSAL_CELLS == 1 << (64 - 55), "the hash's top bits number the cells");

/* A cell stands for a /64, whose hosts bans and networks may tell apart. */
static __always_inline bool refusal_applies(const struct packet *pkt)
{
	return pkt->f->family == 4 || !pkt->cfg->has_hosts6;
}

static __always_inline bool refusal_is_of(const struct refusal *cell, const struct packet *pkt,
					  const struct source_key *key)
{
	return cell->key.net[0] == key->net[0] && cell->key.net[1] == key->net[1] &&
	       *(const __u32 *)&cell->key.family == *(const __u32 *)&key->family &&
	       cell->limit == pkt->f->limit;
}

/* The cell by which the packet is refused like those before it; NULL if there is none. It counts not
 * yet. */
static __always_inline struct refusal *refusal_find(const struct packet *pkt)
{
	struct source_key key;
	struct refusal *cell;

	if (unlikely(!refusal_applies(pkt)))
		return NULL;
	source_key(pkt, &key);
	cell = refusal_cell(pkt, &key);
	if (!cell || cell->until_ns <= pkt->f->now || !refusal_is_of(cell, pkt, &key) ||
	    cell->generation != pkt->cfg->generation)
		return NULL;
	return cell;
}

/* Nobody at the address is known, so whether this port is need not be asked. */
static __always_inline bool refusal_is_alone(const struct packet *pkt, const struct refusal *cell)
{
	return cell->alone && cell->trust_epoch == pkt->cfg->trust_epoch;
}

static __always_inline enum verdict refusal_use(struct packet *pkt, struct refusal *cell)
{
	cell->packets++;
	cell->bytes += pkt->f->frame_length;
	pkt->f->reason = cell->reason;
	return VERDICT_DROP;
}

/* Add what a cell has counted to its source's row. */
static __always_inline void refusal_settle(struct refusal *cell, struct source *row)
{
	row->packets += cell->packets;
	row->drops += cell->packets;
	row->bytes += cell->bytes;
	if (cell->reason == DROP_BANNED)
		row->ban_hits += cell->packets;
	cell->packets = 0;
	cell->bytes = 0;
}

/* A source whose refusal has run out is looked at by its row again: what its cell counted meanwhile is
 * added there. */
static __always_inline void refusal_catch_up(struct packet *pkt)
{
	struct source_key key;
	struct refusal *cell;

	if (likely(!pkt->source || pkt->source->drops < REFUSAL_AFTER))
		return;
	source_key(pkt, &key);
	cell = refusal_cell(pkt, &key);
	if (cell && cell->packets && refusal_is_of(cell, pkt, &key))
		refusal_settle(cell, pkt->source);
}

/* Refused by its row in `sources`, and not for the first time: refuse what follows until `until`.
 */
static __always_inline void refusal_note(struct packet *pkt, __u64 until, enum reason reason)
{
	struct source *row = pkt->source, *other;
	struct source_key key;
	struct refusal *cell;

	if (!row || row->drops < REFUSAL_AFTER || !refusal_applies(pkt))
		return;
	source_key(pkt, &key);
	cell = refusal_cell(pkt, &key);
	if (!cell)
		return;
	if (cell->packets) {
		if (refusal_is_of(cell, pkt, &key)) {
			refusal_settle(cell, row);
		} else {
			other = bpf_map_lookup_elem(&sources, &cell->key);
			if (other)
				refusal_settle(cell, other);
			cell->packets = 0;
			cell->bytes = 0;
		}
	}
	if (until > pkt->f->now + REFUSAL_HOLD_NS)
		until = pkt->f->now + REFUSAL_HOLD_NS;
	cell->key = key;
	cell->limit = pkt->f->limit;
	cell->reason = reason;
	cell->generation = pkt->cfg->generation;
	cell->alone = !pkt->f->neighbour;
	cell->trust_epoch = pkt->f->trust_epoch;
	cell->until_ns = until;
}

#endif
