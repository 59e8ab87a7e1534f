// SPDX-License-Identifier: GPL-2.0-only
/* The programs: what comes in (XDP), what the server sends (tc egress), and the clock's origin. */
#include "finish.h"
#include "frame.h"
#include "guard.h"
#include "scan.h"
#include "service.h"

char LICENSE[] SEC("license") = "GPL";

/* A later fragment has no ports, so no service: the first one's verdict holds. VERDICT_COUNT: not
 * ours. */
static __always_inline enum verdict ingress_fragment(struct packet *pkt)
{
	__u32 zero = 0;

	pkt->cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!pkt->cfg || pkt->cfg->layout != SIPXDP_LAYOUT || pkt->f->protocol != IPPROTO_UDP)
		return VERDICT_COUNT;
	packet_addresses(pkt);
	pkt->f->now = clock_now(pkt->cfg);
	pkt->f->class = CLASS_FRAGMENT;
	return fragment_later(pkt);
}

/* Not ours, but a first fragment: its later ones are not ours either. */
static __always_inline void ingress_foreign_fragment(struct packet *pkt)
{
	if (!pkt->cfg || pkt->f->protocol != IPPROTO_UDP)
		return;
	packet_addresses(pkt);
	pkt->f->now = clock_now(pkt->cfg);
	fragment_remember(pkt, true, false);
}

/* Headers that only hide where the packet goes: whether it is ours cannot be told, and as nobody
 * else sends it, it is dropped. */
static __always_inline int ingress_endless(struct packet *pkt, const struct scan *s)
{
	__u32 zero = 0;

	pkt->cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!pkt->cfg || pkt->cfg->layout != SIPXDP_LAYOUT)
		return XDP_PASS;
	packet_addresses(pkt);
	pkt->f->now = clock_now(pkt->cfg);
	pkt->f->service = SERVICE_HOST;
	pkt->f->class = CLASS_DAMAGED;
	pkt->f->reason = DROP_DAMAGED;
	return finish(pkt, s, VERDICT_DROP);
}

SEC("xdp.frags")
int sipxdp_ingress(struct xdp_md *ctx)
{
	struct packet pkt = {
		.xdp = ctx,
		.data = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
	};
	struct work *w = work_scratch();
	enum verdict verdict;

	if (!w)
		return XDP_PASS;
	pkt.f = &w->facts;
	if (!frame_parse(&pkt, pkt.data_end - pkt.data))
		return likely(!pkt.f->endless) ? XDP_PASS : ingress_endless(&pkt, &w->scan);
	if (unlikely(pkt.f->fragment == FRAGMENT_LATER)) {
		verdict = ingress_fragment(&pkt);
		if (verdict == VERDICT_COUNT)
			return XDP_PASS;
		return finish(&pkt, &w->scan, verdict);
	}
	if (likely(!service_find(&pkt, SERVICE_AT_DESTINATION))) {
		if (unlikely(pkt.f->fragment == FRAGMENT_FIRST))
			ingress_foreign_fragment(&pkt);
		return XDP_PASS;
	}
	/* from here on the packet is ours */
	if (unlikely(pkt.f->damaged)) /* or only its first buffer was seen */
		frame_measure(&pkt, bpf_xdp_get_buff_len(ctx));
	packet_renew(&pkt);
	if (pkt.f->protocol == IPPROTO_TCP) {
		frame_tcp(&pkt);
		verdict = guard_segment(&pkt);
	} else {
		frame_udp(&pkt);
		verdict = guard_datagram(&pkt);
	}
	return finish(&pkt, &w->scan, verdict);
}

#define EGRESS_PULL                                                                                \
	2048 /* octets of a frame made readable: more than the scanner's reach needs               \
	      */

/* What the server sends: learn and tell the daemon; every packet goes on. */
SEC("tc")
int sipxdp_egress(struct __sk_buff *skb)
{
	struct packet pkt = { .skb = skb };
	struct work *w = work_scratch();
	struct scan *s;

	if (!w)
		return TC_ACT_UNSPEC;
	pkt.f = &w->facts;
	pkt.data = (void *)(long)skb->data;
	pkt.data_end = (void *)(long)skb->data_end;
	if (!frame_parse(&pkt, skb->len) || pkt.f->protocol != IPPROTO_UDP ||
	    pkt.f->fragment == FRAGMENT_LATER)
		return TC_ACT_UNSPEC;
	if (likely(!service_find(&pkt, SERVICE_AT_SOURCE)))
		return TC_ACT_UNSPEC;
	if (pkt.data_end - pkt.data < skb->len) {
		if (bpf_skb_pull_data(skb, skb->len < EGRESS_PULL ? skb->len : EGRESS_PULL))
			return TC_ACT_UNSPEC;
	}
	packet_renew(&pkt);
	frame_udp(&pkt);
	classify(&pkt);
	if (!class_is_sip(pkt.f->class))
		return TC_ACT_UNSPEC;
	s = &w->scan;
	scan_egress(skb, pkt.f->text_offset, pkt.f->text_length,
		    pkt.f->datagram_length - (pkt.f->text_offset - pkt.f->payload_offset));
	if (s->flags & (SCAN_BROKEN | SCAN_REPEATED))
		return TC_ACT_UNSPEC;
	trust_learn(&pkt, s);
	if (pkt.cfg->tap_bytes)
		tap_emit(skb, &pkt, tap_load_skb, pkt.cfg->tap_bytes, s->call_id_hash, TAP_MESSAGE,
			 TAP_EGRESS, VERDICT_PASS, skb->ifindex);
	return TC_ACT_UNSPEC;
}

struct clock_origin {
	__u64 jiffies;
	__u64 ktime_ns;
};

/* Read both clocks at once, for settings.tick_offset_ns. */
SEC("syscall")
int sipxdp_clock(struct clock_origin *origin)
{
	origin->jiffies = bpf_jiffies64();
	origin->ktime_ns = bpf_ktime_get_ns();
	return 0;
}
