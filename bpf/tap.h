/* SPDX-License-Identifier: GPL-2.0-only */
/* Records for the daemon: passed messages to be tracked, and samples of what was dropped. */
#ifndef BPF_TAP_H
#define BPF_TAP_H

#include "limit.h"
#include "packet.h"

/* Copy `length` octets of the frame at ctx; both hooks have a helper that reads all buffers. */
typedef long (*tap_load)(void *ctx, __u32 offset, void *to, __u32 length);

static __always_inline long tap_load_xdp(void *ctx, __u32 offset, void *to, __u32 length)
{
	return bpf_xdp_load_bytes(ctx, offset, to, length);
}

static __always_inline long tap_load_skb(void *ctx, __u32 offset, void *to, __u32 length)
{
	return bpf_skb_load_bytes(ctx, offset, to, length);
}

static __always_inline void tap_lost(void)
{
	__u32 zero = 0;
	struct host_state *host = bpf_map_lookup_elem(&host_state, &zero);

	if (host)
		__sync_fetch_and_add(&host->tap_lost, 1);
}

static __always_inline void tap_fill(struct tap_record *record, const struct packet *pkt,
				     __u64 call_id_hash, enum tap_kind kind,
				     enum tap_direction direction, enum verdict verdict,
				     __u32 ifindex)
{
	record->time_ns = pkt->f->now;
	record->call_id_hash = call_id_hash;
	record->saddr = pkt->f->saddr;
	record->daddr = pkt->f->daddr;
	record->sport = pkt->f->sport;
	record->dport = pkt->f->dport;
	record->length = pkt->f->datagram_length - (pkt->f->text_offset - pkt->f->payload_offset);
	record->ifindex = ifindex;
	record->kind = kind;
	record->direction = direction;
	record->service = pkt->f->service;
	record->traffic_class = pkt->f->class;
	record->verdict = verdict;
	record->reason = pkt->f->reason;
	record->tier = pkt->f->tier;
	__builtin_memset(record->zero, 0, sizeof(record->zero));
}

/* The reader sets tap_reader_idle before it sleeps: one wake-up a batch, none while it is busy. */
static __always_inline __u64 tap_wakeup(struct settings *cfg)
{
	if (!*(volatile __u32 *)&cfg->tap_reader_idle)
		return BPF_RB_NO_WAKEUP;
	*(volatile __u32 *)&cfg->tap_reader_idle = 0;
	return BPF_RB_FORCE_WAKEUP;
}

/* One record of a constant size, as bpf_ringbuf_reserve wants it. */
static __always_inline void tap_emit_sized(void *ctx, const struct packet *pkt, tap_load load,
					   const __u32 size, __u32 captured, __u64 call_id_hash,
					   enum tap_kind kind, enum tap_direction direction,
					   enum verdict verdict, __u32 ifindex)
{
	const __u32 room = size - sizeof(struct tap_record);
	__u64 size_read = captured;
	struct tap_record *record = bpf_ringbuf_reserve(&tap, size, 0);

	if (!record) {
		tap_lost();
		return;
	}
	tap_fill(record, pkt, call_id_hash, kind, direction, verdict, ifindex);
	/* from 1 to room, in steps that every kernel's verifier follows: none of them may be left out
	 * or moved by the compiler */
	size_read--;
	SCAN_MASK(size_read, 0x1fff);
	if (size_read >= room)
		goto empty;
	asm volatile("%0 += 1" : "+r"(size_read));
	if (!load(ctx, pkt->f->text_offset, record->data, size_read))
		goto submit;
empty:
	size_read = 0;
submit:
	record->captured = size_read;
	bpf_ringbuf_submit(record, tap_wakeup((struct settings *)pkt->cfg));
}

/* Hand the message over, at most `limit` octets of it. */
static __always_inline void tap_emit(void *ctx, const struct packet *pkt, tap_load load,
				     __u32 limit, __u64 call_id_hash, enum tap_kind kind,
				     enum tap_direction direction, enum verdict verdict,
				     __u32 ifindex)
{
	__u32 captured = pkt->f->text_length;

	if (captured > limit)
		captured = limit;
	if (captured <= TAP_SMALL - sizeof(struct tap_record))
		tap_emit_sized(ctx, pkt, load, TAP_SMALL, captured, call_id_hash, kind, direction,
			       verdict, ifindex);
	else if (captured <= TAP_MEDIUM - sizeof(struct tap_record))
		tap_emit_sized(ctx, pkt, load, TAP_MEDIUM, captured, call_id_hash, kind, direction,
			       verdict, ifindex);
	else
		tap_emit_sized(ctx, pkt, load, TAP_LARGE, captured, call_id_hash, kind, direction,
			       verdict, ifindex);
}

/* The message in `work` to the daemon. Global functions, verified once each instead of once for
 * every way that leads here. */
__noinline int tap_message_xdp(struct xdp_md *ctx, enum tap_direction direction)
{
	struct work *w = work_scratch();
	struct packet pkt = {};
	__u32 zero = 0;

	pkt.cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!w || !pkt.cfg)
		return 0;
	pkt.f = &w->facts;
	tap_emit(ctx, &pkt, tap_load_xdp, pkt.cfg->tap_bytes, w->scan.call_id_hash, TAP_MESSAGE,
		 direction, VERDICT_PASS, ctx->ingress_ifindex);
	return 0;
}

__noinline int tap_sample_xdp(struct xdp_md *ctx, enum verdict verdict)
{
	struct work *w = work_scratch();
	struct packet pkt = {};
	__u32 zero = 0, length;

	pkt.cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!w || !pkt.cfg)
		return 0;
	pkt.f = &w->facts;
	length = pkt.f->text_length;
	if (length > pkt.cfg->sample_bytes)
		length = pkt.cfg->sample_bytes;
	tap_emit_sized(ctx, &pkt, tap_load_xdp, TAP_SMALL, length, 0, TAP_SAMPLE, TAP_INGRESS,
		       verdict, ctx->ingress_ifindex);
	return 0;
}

#endif
