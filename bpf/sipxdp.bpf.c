// SPDX-License-Identifier: GPL-2.0-only
/* The programs: what comes in (XDP), what the server sends (tc egress), and the clock's origin. */
#include "balance.h"
#include "connection.h"
#include "finish.h"
#include "frame.h"
#include "guard.h"
#include "icmp_error.h"
#include "outbound.h"
#include "reply.h"
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
 * else sends it, it is dropped. VERDICT_COUNT: not ours. */
static __always_inline enum verdict ingress_endless(struct packet *pkt)
{
	__u32 zero = 0;

	if (likely(!pkt->f->endless))
		return VERDICT_COUNT;
	pkt->cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!pkt->cfg || pkt->cfg->layout != SIPXDP_LAYOUT)
		return VERDICT_COUNT;
	packet_addresses(pkt);
	pkt->f->now = clock_now(pkt->cfg);
	pkt->f->service = SERVICE_HOST;
	pkt->f->class = CLASS_DAMAGED;
	pkt->f->reason = DROP_DAMAGED;
	return VERDICT_DROP;
}

static __always_inline void ingress_scan(struct packet *pkt)
{
	scan_ingress(pkt->xdp, pkt->f->text_offset, pkt->f->text_length,
		     pkt->f->datagram_length - (pkt->f->text_offset - pkt->f->payload_offset));
	pkt->f->scanned = 1;
}

#define VERDICT_SENT (VERDICT_COUNT + 1) /* a backend's packet, sent on */

/* The guard has let it through, or would have in enforce mode not: on to a backend all the same. */
static __always_inline void ingress_balance(struct packet *pkt)
{
	__u32 reason = pkt->f->reason, sent;

	if (pkt->f->verdict == VERDICT_TX ||
	    (pkt->f->verdict == VERDICT_DROP && !pkt->cfg->monitor && !pkt->conf->monitor))
		return;
	if (unlikely(pkt->f->fragment == FRAGMENT_LATER)) {
		sent = pkt->f->backend ? balance_fragment(pkt->xdp) : VERDICT_PASS;
	} else if (pkt->f->protocol == IPPROTO_TCP) {
		sent = connection_balance(pkt->xdp);
	} else {
		if (unlikely(!pkt->f->scanned && class_is_sip(pkt->f->class)))
			ingress_scan(pkt);
		sent = balance_packet(pkt->xdp);
		if (unlikely(sent == VERDICT_DROP && pkt->f->reason == DROP_NO_BACKEND &&
			     pkt->conf->balance.no_backend == NO_BACKEND_REPLY_503) &&
		    reply_unavailable(pkt->xdp)) {
			pkt->f->action = XDP_PASS ^ XDP_TX;
			sent = VERDICT_TX;
		}
	}
	if (pkt->f->verdict == VERDICT_PASS)
		pkt->f->verdict = sent;
	else
		pkt->f->reason = reason;
}

/* From a port that some backend has: on to the far side, if a backend it is. */
static __always_inline enum verdict ingress_outbound(struct packet *pkt)
{
	packet_addresses(pkt);
	pkt->f->now = clock_now(pkt->cfg);
	if (pkt->f->protocol == IPPROTO_TCP) {
		pkt->f->action = connection_outbound(pkt->xdp);
		return pkt->f->action ? VERDICT_SENT : VERDICT_COUNT;
	}
	if (!outbound_begin(pkt->xdp))
		return VERDICT_COUNT;
	if (class_is_sip(pkt->f->class))
		ingress_scan(pkt);
	pkt->f->action = XDP_PASS ^ outbound_send(pkt->xdp);
	if (pkt->cfg->tap_bytes && class_is_sip(pkt->f->class) && pkt->f->action)
		tap_message_xdp(pkt->xdp, TAP_EGRESS);
	return VERDICT_SENT;
}

/* ICMP is nobody's, but for errors about balanced packets. */
static __always_inline enum verdict ingress_icmp(struct packet *pkt)
{
	__u32 action = icmp_error(pkt->xdp);

	if (!action)
		return VERDICT_COUNT;
	pkt->f->action = action;
	return VERDICT_SENT;
}

/* VERDICT_COUNT: not ours. */
static __always_inline enum verdict ingress(struct packet *pkt)
{
	if (!frame_parse(pkt, pkt->data_end - pkt->data)) {
		if (unlikely(pkt->f->protocol == IPPROTO_ICMP ||
			     pkt->f->protocol == IPPROTO_ICMPV6))
			return ingress_icmp(pkt);
		return ingress_endless(pkt);
	}
	if (unlikely(pkt->f->fragment == FRAGMENT_LATER))
		return ingress_fragment(pkt);
	if (likely(!service_find(pkt, SERVICE_AT_DESTINATION))) {
		if (unlikely(outbound_may_be(pkt)) && ingress_outbound(pkt) == VERDICT_SENT)
			return VERDICT_SENT;
		if (unlikely(pkt->f->fragment == FRAGMENT_FIRST))
			ingress_foreign_fragment(pkt);
		return VERDICT_COUNT;
	}
	/* from here on the packet is ours */
	if (unlikely(pkt->f->damaged)) /* or only its first buffer was seen */
		frame_measure(pkt, bpf_xdp_get_buff_len(pkt->xdp));
	packet_renew(pkt);
	if (pkt->f->protocol == IPPROTO_TCP) {
		frame_tcp(pkt);
		return guard_segment(pkt);
	}
	frame_udp(pkt);
	return guard_datagram(pkt);
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
	verdict = ingress(&pkt);
	if (likely(verdict == VERDICT_COUNT))
		return XDP_PASS;
	if (verdict == VERDICT_SENT)
		return finish_pass(&pkt);
	if (unlikely(pkt.conf && pkt.conf->balance.forward)) {
		pkt.f->verdict = verdict;
		ingress_balance(&pkt);
		verdict = pkt.f->verdict;
	}
	return finish(&pkt, verdict);
}

#define EGRESS_PULL                                                                                \
	2048 /* octets of a frame made readable: more than the scanner's reach needs               \
	      */

/* Later fragments have no ports: those of a backend are known by their first one. */
static __always_inline void egress_fragment(struct __sk_buff *skb, struct packet *pkt)
{
	__u32 zero = 0;

	pkt->cfg = bpf_map_lookup_elem(&settings, &zero);
	if (pkt->cfg && pkt->cfg->balanced)
		outbound_fragment_tc(skb, pkt);
}

/* TCP of a backend that the stack sends, in nat. */
static __always_inline void egress_segment(struct __sk_buff *skb, struct packet *pkt)
{
	__u32 zero = 0;

	pkt->cfg = bpf_map_lookup_elem(&settings, &zero);
	if (likely(!outbound_may_be(pkt)))
		return;
	packet_addresses(pkt);
	if (outbound_find_stream(pkt))
		outbound_rewrite(skb, pkt->f);
}

/* Does the packet come from a backend, and not from this host? */
static __always_inline bool egress_is_outbound(struct packet *pkt)
{
	if (likely(!outbound_may_be(pkt)))
		return false;
	packet_addresses(pkt);
	pkt->f->now = clock_now(pkt->cfg);
	return outbound_find(pkt);
}

/* What the server sends, or a backend by way of the stack: learn, and tell the daemon; every packet
 * goes on. */
SEC("tc")
int sipxdp_egress(struct __sk_buff *skb)
{
	struct packet pkt = { .skb = skb };
	struct work *w = work_scratch();
	bool outbound = false;

	if (!w)
		return TC_ACT_UNSPEC;
	pkt.f = &w->facts;
	pkt.data = (void *)(long)skb->data;
	pkt.data_end = (void *)(long)skb->data_end;
	if (!frame_parse(&pkt, skb->len))
		return TC_ACT_UNSPEC;
	if (unlikely(pkt.f->fragment == FRAGMENT_LATER)) {
		if (pkt.f->protocol == IPPROTO_UDP)
			egress_fragment(skb, &pkt);
		return TC_ACT_UNSPEC;
	}
	if (pkt.f->protocol != IPPROTO_UDP) {
		egress_segment(skb, &pkt);
		return TC_ACT_UNSPEC;
	}
	if (likely(!service_find(&pkt, SERVICE_AT_SOURCE))) {
		outbound = egress_is_outbound(&pkt);
		if (likely(!outbound))
			return TC_ACT_UNSPEC;
	}
	if (pkt.data_end - pkt.data < skb->len) {
		if (bpf_skb_pull_data(skb, skb->len < EGRESS_PULL ? skb->len : EGRESS_PULL))
			return TC_ACT_UNSPEC;
	}
	packet_renew(&pkt);
	frame_udp(&pkt);
	classify(&pkt);
	if (class_is_sip(pkt.f->class)) {
		scan_egress(skb, pkt.f->text_offset, pkt.f->text_length,
			    pkt.f->datagram_length - (pkt.f->text_offset - pkt.f->payload_offset));
		pkt.f->scanned = !(w->scan.flags & (SCAN_BROKEN | SCAN_REPEATED));
	}
	if (unlikely(outbound)) {
		if (outbound_learn_tc(skb)) {
			outbound_rewrite(skb, pkt.f);
			pkt.f->saddr = pkt.f->vip.addr;
			pkt.f->sport = pkt.f->vip.port;
		}
	} else if (pkt.f->scanned) {
		trust_learn(&pkt, &w->scan);
	}
	if (pkt.f->scanned && pkt.cfg->tap_bytes)
		tap_emit(skb, &pkt, tap_load_skb, pkt.cfg->tap_bytes, w->scan.call_id_hash,
			 TAP_MESSAGE, TAP_EGRESS, VERDICT_PASS, skb->ifindex);
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
