// SPDX-License-Identifier: GPL-2.0-only
/* The programs: what comes in (XDP), what the server sends (tc egress), and the clock's origin. */
#include "balance.h"
#include "connection.h"
#include "finish.h"
#include "foreign.h"
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
	if (pkt->f->protocol != IPPROTO_UDP)
		return VERDICT_COUNT;
	packet_addresses(pkt);
	pkt->f->now = clock_now(pkt->cfg);
	pkt->f->class = CLASS_FRAGMENT;
	return fragment_later(pkt);
}

/* Not ours, but a first fragment: its later ones are not ours either. */
static __always_inline void ingress_foreign_fragment(struct packet *pkt)
{
	if (pkt->f->protocol != IPPROTO_UDP)
		return;
	packet_addresses(pkt);
	pkt->f->now = clock_now(pkt->cfg);
	fragment_remember(pkt, true, false);
}

/* Headers that only hide where the packet goes: whether it is ours cannot be told, and as nobody
 * else sends it, it is dropped. */
static __always_inline int ingress_endless(struct packet *pkt)
{
	packet_addresses(pkt);
	pkt->f->now = clock_now(pkt->cfg);
	pkt->f->service = SERVICE_HOST;
	pkt->f->class = CLASS_DAMAGED;
	pkt->f->reason = DROP_DAMAGED;
	return finish(pkt, VERDICT_DROP);
}

/* ICMP is nobody's, but for errors about balanced packets. */
static __always_inline int ingress_icmp(struct packet *pkt)
{
	if (pkt->cfg->balanced)
		bpf_tail_call_static(pkt->xdp, &programs, PROGRAM_ICMP);
	return XDP_PASS;
}

/* What can be told of a packet by its headers alone: an XDP action. */
static __always_inline int ingress_unparsed(struct packet *pkt)
{
	if (unlikely(pkt->f->protocol == IPPROTO_ICMP || pkt->f->protocol == IPPROTO_ICMPV6))
		return ingress_icmp(pkt);
	return likely(!pkt->f->endless) ? XDP_PASS : ingress_endless(pkt);
}

/* For no listener of ours: passed, unless a backend sent it. */
static __always_inline int ingress_foreign(struct packet *pkt)
{
	if (unlikely(outbound_may_be(pkt)) && !pkt->f->mapped) {
		packet_addresses(pkt);
		pkt->f->now = clock_now(pkt->cfg);
		bpf_tail_call_static(pkt->xdp, &programs, PROGRAM_OUTBOUND);
	}
	if (unlikely(pkt->f->fragment == FRAGMENT_FIRST))
		ingress_foreign_fragment(pkt);
	return XDP_PASS;
}

/* The guard has decided. What it lets through, or would have in enforce mode not, goes to a backend
 * if the service has any. */
static __always_inline int ingress_leave(struct packet *pkt, enum verdict verdict)
{
	if (likely(!pkt->conf || !pkt->conf->balance.forward || verdict == VERDICT_TX ||
		   (verdict == VERDICT_DROP && !packet_monitored(pkt, pkt->f->reason))))
		return finish(pkt, verdict);
	note_rows(pkt, verdict != VERDICT_PASS);
	pkt->f->verdict = verdict;
	if (unlikely(!pkt->f->scanned && class_is_sip(pkt->f->class)))
		bpf_tail_call_static(pkt->xdp, &programs, PROGRAM_RESCAN);
	bpf_tail_call_static(pkt->xdp, &programs, PROGRAM_BALANCE);
	pkt->f->reason = DROP_INTERNAL;
	return finish(pkt, VERDICT_DROP);
}

SEC("xdp.frags")
int sipxdp_ingress(struct xdp_md *ctx)
{
	struct packet pkt = {
		.xdp = ctx,
		.data = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
	};
	const struct ports *ports;
	enum verdict verdict;
	struct work *w;
	__u8 protocol;

	if (!service_begin(&pkt))
		return XDP_PASS;
	ports = frame_plain(&pkt, &protocol);
	if (likely(ports) && likely(foreign_is(&pkt, ports, protocol, SERVICE_AT_DESTINATION)))
		return XDP_PASS;
	w = work_scratch();
	if (!w)
		return XDP_PASS;
	pkt.f = &w->facts;
	if (likely(ports))
		frame_note_plain(&pkt, ports, protocol, pkt.data_end - pkt.data);
	else if (!frame_parse(&pkt, pkt.data_end - pkt.data))
		return ingress_unparsed(&pkt);
	if (unlikely(pkt.f->fragment == FRAGMENT_LATER)) {
		verdict = ingress_fragment(&pkt);
		if (verdict == VERDICT_COUNT)
			return XDP_PASS;
		return ingress_leave(&pkt, verdict);
	}
	if (likely(!service_find(&pkt, SERVICE_AT_DESTINATION)))
		return ingress_foreign(&pkt);
	/* from here on the packet is ours */
	if (unlikely(pkt.f->damaged)) /* or only its first buffer was seen */
		frame_measure(&pkt, bpf_xdp_get_buff_len(ctx));
	if (pkt.f->protocol == IPPROTO_TCP) {
		frame_tcp(&pkt);
		verdict = guard_segment(&pkt);
	} else {
		frame_udp(&pkt);
		verdict = guard_datagram(&pkt);
	}
	return ingress_leave(&pkt, verdict);
}

#define EGRESS_PULL                                                                                \
	2048 /* octets of a frame made readable: more than the scanner's reach needs               \
	      */

/* Later fragments have no ports: those of a backend are known by their first one. */
static __always_inline void egress_fragment(struct __sk_buff *skb, struct packet *pkt)
{
	if (pkt->cfg->balanced)
		outbound_fragment_tc(skb, pkt);
}

/* TCP of a backend that the stack sends, in nat. */
static __always_inline void egress_segment(struct __sk_buff *skb, struct packet *pkt)
{
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
	struct packet pkt = {
		.skb = skb,
		.data = (void *)(long)skb->data,
		.data_end = (void *)(long)skb->data_end,
	};
	const struct ports *ports;
	bool outbound = false;
	struct work *w;
	__u8 protocol;

	if (!service_begin(&pkt))
		return TC_ACT_UNSPEC;
	ports = frame_plain(&pkt, &protocol);
	if (likely(ports) && likely(foreign_is(&pkt, ports, protocol, SERVICE_AT_SOURCE)))
		return TC_ACT_UNSPEC;
	w = work_scratch();
	if (!w)
		return TC_ACT_UNSPEC;
	pkt.f = &w->facts;
	if (likely(ports))
		frame_note_plain(&pkt, ports, protocol, skb->len);
	else if (!frame_parse(&pkt, skb->len))
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

/* ---- balanced services: programs of their own, which sipxdp_ingress goes on in ---- */

static __always_inline void rescan(struct xdp_md *ctx, struct facts *f)
{
	scan_ingress(ctx, f->text_offset, f->text_length,
		     f->datagram_length - (f->text_offset - f->payload_offset));
	f->scanned = 1;
}

/* Monitor mode lets through what the guard refused unseen: it needs the scan all the same. */
SEC("xdp.frags")
int sipxdp_rescan(struct xdp_md *ctx)
{
	struct work *w = work_scratch();

	if (!w)
		return XDP_PASS;
	rescan(ctx, &w->facts);
	bpf_tail_call_static(ctx, &programs, PROGRAM_BALANCE);
	return XDP_PASS;
}

static __always_inline enum verdict balance_verdict(struct xdp_md *ctx, struct packet *pkt)
{
	enum verdict verdict;

	if (unlikely(pkt->f->fragment == FRAGMENT_LATER))
		return pkt->f->backend ? balance_fragment(ctx) : VERDICT_PASS;
	if (pkt->f->protocol == IPPROTO_TCP)
		return connection_balance(ctx);
	verdict = balance_packet(ctx);
	if (likely(verdict != VERDICT_DROP || pkt->f->reason != DROP_NO_BACKEND ||
		   pkt->conf->balance.no_backend != NO_BACKEND_REPLY_503) ||
	    !reply_unavailable(ctx))
		return verdict;
	pkt->f->action = XDP_PASS ^ XDP_TX;
	return VERDICT_TX;
}

/* Behind the guard: to a backend, and out. */
SEC("xdp.frags")
int sipxdp_balance(struct xdp_md *ctx)
{
	struct packet pkt = { .xdp = ctx };
	struct work *w = work_scratch();
	enum verdict verdict;
	__u32 reason;
	int action;

	if (!w)
		return XDP_PASS;
	pkt.f = &w->facts;
	if (!service_again(&pkt))
		return XDP_PASS;
	reason = pkt.f->reason;
	verdict = balance_verdict(ctx, &pkt);
	if (unlikely(pkt.f->verdict == VERDICT_DROP)) { /* monitor mode */
		verdict = VERDICT_DROP;
		pkt.f->reason = reason;
	}
	/* what backends send is not counted, nor is the rest of it */
	if (unlikely(pkt.f->outbound && verdict == VERDICT_PASS))
		return XDP_PASS ^ pkt.f->action;
	action = finish(&pkt, verdict);
	return action == XDP_PASS ? XDP_PASS ^ pkt.f->action : action;
}

/* From a port that some backend has: on to the far side, if a backend it is. */
SEC("xdp.frags")
int sipxdp_outbound(struct xdp_md *ctx)
{
	struct packet pkt = { .xdp = ctx };
	struct work *w = work_scratch();
	__u32 zero = 0, action;

	pkt.cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!w || !pkt.cfg)
		return XDP_PASS;
	pkt.f = &w->facts;
	if (pkt.f->protocol == IPPROTO_TCP)
		return XDP_PASS ^ connection_outbound(ctx);
	if (!outbound_begin(ctx)) {
		if (unlikely(pkt.f->fragment == FRAGMENT_FIRST))
			fragment_remember(&pkt, true, false);
		return XDP_PASS;
	}
	if (class_is_sip(pkt.f->class))
		rescan(ctx, pkt.f);
	action = outbound_send(ctx);
	if (pkt.cfg->tap_bytes && class_is_sip(pkt.f->class) && action != XDP_PASS)
		tap_message_xdp(ctx, TAP_EGRESS);
	return action;
}

/* Errors about balanced packets. */
SEC("xdp.frags")
int sipxdp_icmp(struct xdp_md *ctx)
{
	return XDP_PASS ^ icmp_error(ctx);
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
