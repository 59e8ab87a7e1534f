/* SPDX-License-Identifier: GPL-2.0-only */
/* The one exit of the packets of ours: count, note the source, tap, remember fragments; here alone
 * a verdict becomes an XDP action. */
#ifndef BPF_FINISH_H
#define BPF_FINISH_H

#include "fragment.h"
#include "note.h"
#include "tap.h"
#include "classify.h"

static __always_inline void finish_count(const struct packet *pkt, __u32 would_drop)
{
	__u32 key = COUNTER_ROW(pkt->f->service, would_drop, pkt->f->class & (CLASS_SLOTS - 1));
	union counter_row *row = bpf_map_lookup_elem(&counters, &key);
	struct packet_count *cell;

	if (!row)
		return;
	cell = &row->by_reason[pkt->f->reason & (REASON_SLOTS - 1)];
	cell->packets++;
	cell->bytes += pkt->f->frame_length;
}

static __always_inline void finish_sample(const struct packet *pkt, enum verdict verdict)
{
	__u32 zero = 0;
	struct host_state *host = bpf_map_lookup_elem(&host_state, &zero);

	if (host && pkt->cfg->sample_bytes &&
	    limit_take(&pkt->cfg->samples, &host->samples_tat, pkt->f->now))
		tap_sample_xdp(pkt->xdp, verdict);
}

static __always_inline int finish(struct packet *pkt, enum verdict verdict)
{
	bool would_drop = verdict == VERDICT_DROP && packet_monitored(pkt, pkt->f->reason);

	finish_count(pkt, would_drop);
	note_rows(pkt, verdict != VERDICT_PASS);
	if (unlikely(pkt->f->fragment == FRAGMENT_FIRST))
		fragment_remember(pkt, verdict == VERDICT_PASS, true);
	if (verdict == VERDICT_DROP) {
		finish_sample(pkt, would_drop ? VERDICT_WOULD_DROP : VERDICT_DROP);
		return would_drop ? XDP_PASS : XDP_DROP;
	}
	if (verdict == VERDICT_TX)
		return XDP_TX;
	if (pkt->cfg->tap_bytes && class_is_sip(pkt->f->class))
		tap_message_xdp(pkt->xdp, TAP_INGRESS);
	return XDP_PASS;
}

#endif
