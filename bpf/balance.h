/* SPDX-License-Identifier: GPL-2.0-only */
/* Which backend gets a message: the one its call is pinned to, or that it was placed on; else a new
 * one by the service's table, or of two by the calls they have. */
#ifndef BPF_BALANCE_H
#define BPF_BALANCE_H

#include "backend.h"
#include "dialog.h"
#include "forward.h"
#include "placement.h"
#include "service.h"
#include "source.h"
#include "tunnel.h"
#include "user_key.h"

#define MAGLEV_TRIES 8 /* slots looked at for a backend that is up: the table may lag behind */

static __always_inline void backend_count(const struct facts *f, __u32 place)
{
	struct backend_load *load = bpf_map_lookup_elem(&backend_load, &place);

	if (!load)
		return;
	load->packets++;
	load->bytes += f->frame_length;
	if (f->class == CLASS_STREAM)
		load->last_request_ns = f->now;
	if (f->class != CLASS_ACK && class_is_request(f->class)) {
		load->requests++;
		load->last_request_ns = f->now;
	}
}

/* ---- placed before ---- */

static __always_inline struct dialog *balance_dialog(const struct packet *pkt, const struct scan *s)
{
	struct dialog_key key = dialog_key_of(s->call_id_hash, service_dialog_side(pkt));

	return bpf_map_lookup_elem(&dialogs, &key);
}

/* Where the Call-ID was placed. A request outside of a dialog may be placed anew after a while: its
 * Call-ID is one of many REGISTERs, say. */
static __always_inline __u32 balance_placed(const struct packet *pkt, const struct scan *s)
{
	const struct facts *f = pkt->f;
	struct placement *p =
		placement_find(placement_key_call(s->call_id_hash, service_dialog_side(pkt)));
	__u64 hold = f->class == CLASS_INVITE ? PLACEMENT_HOLD_NS : PLACEMENT_HOLD_SHORT_NS;

	if (!p || (p->placed_ns + hold < f->now && !dialog_may_have(pkt, s)) ||
	    !backend_holds(backend_at(p->backend), f->service))
		return 0;
	p->used_ns = f->now;
	return p->backend;
}

/* ---- placed now ---- */

static __always_inline __u64 balance_hash(const struct packet *pkt, struct work *w)
{
	const __u64 call_id_hash = w->scan.call_id_hash;
	enum balance_key key = pkt->f->class == CLASS_REGISTER ? pkt->conf->balance.register_key
							       : pkt->conf->balance.key;

	if (!class_is_sip(pkt->f->class) || !call_id_hash)
		return hash_addr(&pkt->f->saddr, pkt->cfg->hash_key);
	if (key == KEY_CALL_ID || !class_is_request(pkt->f->class))
		return call_id_hash;
	if (key == KEY_SOURCE)
		return hash_addr(&pkt->f->saddr, pkt->cfg->hash_key);
	user_key(pkt->xdp, key);
	return w->user_hash ? w->user_hash : call_id_hash;
}

/* Does the packet come from that backend itself? What it asks of the service's address cannot go back
 * to it: it would take its own address as a source for a forgery. */
static __always_inline bool balance_is_sender(const struct facts *f, const struct backend *b)
{
	return unlikely(addr_is_equal(&b->peer.addr, &f->saddr));
}

/* Can the packet be sent to the backend that has its call? Not from itself, and without a tunnel not
 * from the other family: a client may change it in the midst of a call. */
static __always_inline bool balance_reaches(const struct packet *pkt, const struct backend *b)
{
	if (unlikely(addr_is_ipv4(&b->peer.addr) != (pkt->f->family == 4)) &&
	    pkt->conf->balance.forward != FORWARD_IPIP)
		return false;
	return !balance_is_sender(pkt->f, b);
}

/* The first backend that is up, from the slot of `hash` on. */
static __always_inline __u32 balance_maglev(const struct packet *pkt, __u64 hash)
{
	__u32 index = maglev_index(pkt->f->service, pkt->f->family == 6, pkt->state->maglev_bank);
	__u32 i;
	struct maglev_table *table = bpf_map_lookup_elem(&maglev, &index);
	__u64 slot = maglev_slot(hash), stride = (hash & 0xffff) + 1;

	if (!table)
		return 0;
	for (i = 0; i < MAGLEV_TRIES; i++) {
		const struct backend *b;
		__u32 place;

		if (slot >= MAGLEV_SLOTS)
			slot -= MAGLEV_SLOTS;
		SCAN_MASK(slot, 0x1ffff); /* a number the verifier tests anew */
		if (slot >= MAGLEV_SLOTS)
			return 0;
		SCAN_KEEP(slot);
		place = table->backend[slot];
		b = backend_at(place);
		if (likely(b && b->state == BACKEND_UP && b->service == pkt->f->service &&
			   !balance_is_sender(pkt->f, b)))
			return place;
		slot += stride;
	}
	return 0;
}

/* Of two, the one with fewer calls for its weight. */
static __always_inline __u32 balance_least(__u32 one, __u32 other)
{
	const struct backend *a = backend_at(one), *b = backend_at(other);
	__s64 calls_a, calls_b;

	if (!a || !b)
		return a ? one : other;
	calls_a = a->calls > 0 ? a->calls : 0;
	calls_b = b->calls > 0 ? b->calls : 0;
	return calls_b * a->weight < calls_a * b->weight ? other : one;
}

static __always_inline __u32 balance_new(const struct packet *pkt, struct work *w)
{
	__u64 hash = balance_hash(pkt, w);
	__u32 place = balance_maglev(pkt, hash);

	if (pkt->conf->balance.method != METHOD_LEAST_CALLS ||
	    (pkt->f->class != CLASS_INVITE && pkt->f->class != CLASS_SUBSCRIBE) ||
	    dialog_may_have(pkt, &w->scan))
		return place;
	return balance_least(place, balance_maglev(pkt, hash_mix(hash + 1)));
}

/* Requests that may be sent again, cancelled or answered before there is a dialog. */
static __always_inline void balance_note(const struct packet *pkt, const struct scan *s)
{
	struct sipxdp_peer peer;
	__u64 client;

	if (!class_is_request(pkt->f->class) || pkt->f->class == CLASS_ACK || !s->call_id_hash ||
	    dialog_may_have(pkt, s))
		return;
	source_peer(pkt, &peer);
	client = placement_key_peer(pkt->cfg, &peer, pkt->f->service);
	placement_put(pkt->f, placement_key_call(s->call_id_hash, service_dialog_side(pkt)),
		      client);
	placement_put(pkt->f, client, 0);
}

/* Which of the service's addresses the client speaks to, where there are several. Within a call its port may
 * be another than before, as its address translator has it. */
static __always_inline void balance_note_vip(const struct packet *pkt)
{
	struct facts *f = pkt->f;
	struct sipxdp_peer peer;
	struct placement *p;
	__u64 client;

	if (likely(!(pkt->conf->balance.many_vips >> (f->family == 6) & 1)) ||
	    !class_is_sip(f->class) || !f->backend)
		return;
	source_peer(pkt, &peer);
	client = placement_key_peer(pkt->cfg, &peer, f->service);
	p = placement_find(client);
	if (p && peer_is_equal(&p->vip, &f->vip))
		p->used_ns = f->now;
	else
		placement_put(f, client, 0);
}

/* The backend of the packet into facts.backend; 0: none is up. What cannot be sent to the backend that
 * has the call goes to another one, and the call stays where it is. */
static __always_inline void balance_choose(const struct packet *pkt, struct work *w)
{
	const struct scan *s = &w->scan;
	bool has_call = class_is_sip(pkt->f->class) && s->call_id_hash, astray;
	struct dialog *d = NULL;
	__u32 place = pkt->f->backend; /* of the dialog, if admit() has met it */
	const struct backend *b = backend_at(place);

	if (likely(backend_holds(b, pkt->f->service) && balance_reaches(pkt, b)))
		return;
	place = 0;
	if (has_call) {
		d = balance_dialog(pkt, s);
		if (d && backend_holds(backend_at(d->backend), pkt->f->service))
			place = d->backend;
		if (!place)
			place = balance_placed(pkt, s);
	}
	b = backend_at(place);
	astray = b && !balance_reaches(pkt, b);
	if (!place || astray) {
		place = balance_new(pkt, w);
		pkt->f->backend = place;
		if (place && has_call && !astray)
			balance_note(pkt, s);
	}
	pkt->f->backend = place;
	if (d && place && !astray)
		backend_move_pin(pkt->f, d);
}

/* ---- going there ---- */

static __always_inline enum verdict balance_refuse(struct facts *f, enum reason reason)
{
	f->reason = reason;
	return VERDICT_DROP;
}

/* To a backend on the link, by its link address alone. */
static __always_inline enum verdict balance_send_dsr(struct xdp_md *ctx, struct facts *f,
						     enum hop route, const struct next_hop *hop)
{
	__u32 hops = 0, length = forward_length(ctx, f, &hops);

	if (!length || route != HOP_FOUND || !hop->on_link || f->tagged || length > hop->mtu)
		return balance_refuse(f, DROP_UNREACHABLE);
	if (hops <= 1)
		return balance_refuse(f, DROP_HOP_LIMIT);
	forward_take_hop(ctx, f);
	f->action = XDP_PASS ^ forward_send(ctx, hop);
	return VERDICT_PASS;
}

/* `peer`: of the backend, by nat. */
static __always_inline enum verdict balance_send_to(struct xdp_md *ctx, struct packet *pkt,
						    struct work *w, const struct backend *b,
						    const struct sipxdp_peer *peer)
{
	__u32 reason = pkt->f->reason;
	struct next_hop *hop = NULL;
	enum verdict verdict;
	enum hop route;

	backend_count(pkt->f, pkt->f->backend);
	route = next_hop_find(ctx, w, &pkt->f->saddr, &b->peer.addr, &hop);
	if (!hop)
		return balance_refuse(pkt->f, DROP_INTERNAL);
	if (pkt->conf->balance.forward == FORWARD_DSR)
		return balance_send_dsr(ctx, pkt->f, route, hop);
	if (pkt->conf->balance.forward == FORWARD_IPIP) {
		verdict = tunnel_send(ctx, pkt->cfg, pkt->f, b, route, hop);
		if (verdict == VERDICT_PASS)
			pkt->f->reason = reason;
		return verdict;
	}
	if (!forward_nat(ctx, w, peer, FORWARD_DESTINATION, route, hop))
		return balance_refuse(pkt->f, DROP_UNREACHABLE);
	return VERDICT_PASS;
}

static __always_inline enum verdict balance_send(struct xdp_md *ctx, struct packet *pkt,
						 struct work *w, const struct backend *b)
{
	return balance_send_to(ctx, pkt, w, b, &b->peer);
}

/* Send a packet for a balanced service to a backend. Returned is the verdict; what is let through
 * has its XDP action in facts.action. A global function, verified once and by itself. */
__noinline int balance_packet(struct xdp_md *ctx)
{
	struct work *w = work_scratch();
	struct packet pkt = { .xdp = ctx };
	const struct backend *b;

	if (!w)
		return VERDICT_DROP;
	pkt.f = &w->facts;
	if (!service_again(&pkt))
		return balance_refuse(&w->facts, DROP_INTERNAL);
	pkt.f->vip.addr = pkt.f->daddr;
	pkt.f->vip.port = pkt.f->dport;
	balance_choose(&pkt, w);
	balance_note_vip(&pkt);
	b = backend_at(pkt.f->backend);
	if (likely(b))
		return balance_send(ctx, &pkt, w, b);
	if (pkt.conf->balance.no_backend == NO_BACKEND_PASS)
		return VERDICT_PASS;
	return balance_refuse(pkt.f, DROP_NO_BACKEND);
}

/* A later fragment goes where its first one went. */
__noinline int balance_fragment(struct xdp_md *ctx)
{
	struct work *w = work_scratch();
	struct packet pkt = { .xdp = ctx };
	struct next_hop *hop = NULL;
	const struct backend *b;
	enum hop route;

	if (!w)
		return VERDICT_DROP;
	pkt.f = &w->facts;
	if (!service_again(&pkt))
		return balance_refuse(&w->facts, DROP_INTERNAL);
	if (pkt.f->outbound) {
		route = next_hop_find(ctx, w, &pkt.f->vip.addr, &pkt.f->daddr, &hop);
		if (route != HOP_FOUND)
			return VERDICT_PASS; /* the egress program translates it */
		forward_nat(ctx, w, &pkt.f->vip, FORWARD_SOURCE, route, hop);
		return VERDICT_PASS;
	}
	b = backend_at(pkt.f->backend);
	if (!b)
		return balance_refuse(pkt.f, DROP_NO_BACKEND);
	return balance_send(ctx, &pkt, w, b);
}

#endif
