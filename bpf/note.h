/* SPDX-License-Identifier: GPL-2.0-only */
/* What the rows of a packet's source remember of it. */
#ifndef BPF_NOTE_H
#define BPF_NOTE_H

#include "packet.h"

/* Rows of talkers: statistics, not limits, so a lost update between CPUs does no harm. */
static __always_inline void note_rows(const struct packet *pkt, bool drop)
{
	if (pkt->source) {
		pkt->source->packets++;
		pkt->source->bytes += pkt->f->frame_length;
		pkt->source->drops += drop;
		pkt->source->last_seen_ns = pkt->f->now;
		pkt->source->last_reason = pkt->f->reason;
		pkt->source->last_class = pkt->f->class;
	}
	if (pkt->trusted) {
		pkt->trusted->packets++;
		pkt->trusted->drops += drop;
		pkt->trusted->last_seen_ns = pkt->f->now;
		pkt->trusted->last_reason = pkt->f->reason;
		pkt->trusted->last_class = pkt->f->class;
	}
}

#endif
