/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets of a backend on their way out. They show what the server's packets show on a guard's host:
 * who is trusted, which calls there are, and here also which backend has them. In nat they get the
 * address that the far side knows. XDP does all of it where it can send the packet on itself; what
 * goes through the stack meets the egress program, which does the same. */
#ifndef BPF_OUTBOUND_H
#define BPF_OUTBOUND_H

#include "balance.h"
#include "clock.h"
#include "fragment.h"
#include "tap.h"
#include "trust.h"

#define OUTBOUND_CHAIN SERVICE_MAX /* services that share a backend's address are told apart */

/* Has some backend this port? */
static __always_inline bool outbound_has_port(const struct settings *cfg, __u8 protocol,
					      __be16 port)
{
	const struct backend_ports *ports;
	__u64 index = bpf_ntohs(port);
	__u32 zero = 0;

	if (likely(!cfg->balanced))
		return false;
	ports = bpf_map_lookup_elem(&backend_ports, &zero);
	SCAN_MASK(index, 0xffff);
	return ports && ports->word[protocol == IPPROTO_TCP][index / 64] >> (index & 63) & 1;
}

/* Does the packet come from a port that some backend has? */
static __always_inline bool outbound_may_be(const struct packet *pkt)
{
	return outbound_has_port(pkt->cfg, pkt->f->protocol, pkt->f->sport);
}

/* The backend of facts.backend, its service and what is set for that; NULL: it is nobody's now. */
static __always_inline struct backend *outbound_again(struct packet *pkt)
{
	struct backend *b = backend_at(pkt->f->backend);
	__u32 zero = 0, key;

	pkt->cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!b || b->state == BACKEND_FREE || !pkt->cfg)
		return NULL;
	pkt->f->service = b->service & (SERVICE_MAX - 1);
	key = (pkt->cfg->bank & 1) * SERVICE_MAX + pkt->f->service;
	pkt->conf = bpf_map_lookup_elem(&services, &key);
	return pkt->conf && pkt->conf->balance.forward ? b : NULL;
}

/* Whose is it? As outbound_again, which it makes ready for. */
static __always_inline struct backend *outbound_find(struct packet *pkt)
{
	struct sipxdp_peer peer;
	const __u32 *place;

	source_peer(pkt, &peer);
	place = bpf_map_lookup_elem(&backend_peers, &peer);
	if (!place)
		return NULL;
	pkt->f->backend = *place;
	return outbound_again(pkt);
}

/* The service's address for the streams of a backend of it, in nat. False: it has none. */
static __always_inline bool outbound_stream_vip(struct packet *pkt, const struct backend *b)
{
	struct facts *f = pkt->f;
	const __u32 ipv6 = f->family == 6;
	__u32 key;

	f->service = b->service & (SERVICE_MAX - 1);
	key = (pkt->cfg->bank & 1) * SERVICE_MAX + f->service;
	pkt->conf = bpf_map_lookup_elem(&services, &key);
	if (!pkt->conf || pkt->conf->balance.forward != FORWARD_NAT)
		return false;
	f->vip = f->tls ? pkt->conf->balance.tls[ipv6] : pkt->conf->balance.tcp[ipv6];
	return f->vip.port;
}

/* The same of a segment, in nat, and facts.vip: TCP comes from the backend's own port, TLS from the
 * next one, and each has one address for the far side. Of services that share a backend one has
 * such an address. */
static __always_inline struct backend *outbound_find_stream(struct packet *pkt)
{
	struct facts *f = pkt->f;
	struct sipxdp_peer peer;
	struct backend *b;
	__u32 zero = 0, *place, at, i;

	source_peer(pkt, &peer);
	place = bpf_map_lookup_elem(&backend_peers, &peer);
	f->tls = !place;
	if (!place) {
		peer.zero = BACKEND_PEER_TLS;
		place = bpf_map_lookup_elem(&backend_peers, &peer);
	}
	pkt->cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!place || !pkt->cfg)
		return NULL;
	at = *place;
	for (i = 0; i < OUTBOUND_CHAIN; i++) {
		b = backend_at(at);
		if (!b)
			return NULL;
		f->backend = at;
		if (b->state != BACKEND_FREE && outbound_stream_vip(pkt, b))
			return b;
		at = b->next;
	}
	return NULL;
}

static __always_inline __u64 outbound_client_key(const struct packet *pkt,
						 const struct sipxdp_peer *client)
{
	return placement_key_peer(pkt->cfg, client, pkt->f->service);
}

/* How much speaks for one of the services that share a backend. */
enum outbound_rank {
	OUTBOUND_NOTHING,
	OUTBOUND_CALL,	   /* the packet's call is there, maybe that of the other side of a proxy */
	OUTBOUND_CLIENT,   /* the far side is a client of the service */
	OUTBOUND_BOTH,	   /* both, but the call is one with somebody else as well */
	OUTBOUND_THAT_CALL /* the call is one with the far side */
};

/* What the call says for facts.service and facts.backend; `client_key` is of the far side. */
static __always_inline enum outbound_rank outbound_rank_call(const struct packet *pkt,
							     const struct work *w, __u64 client_key)
{
	const struct dialog *d = balance_dialog(pkt, &w->scan);
	const struct placement *p;

	if (d && d->backend && d->backend != pkt->f->backend)
		return OUTBOUND_NOTHING;
	if (d && peer_is_equal(&d->peer, &w->client))
		return OUTBOUND_THAT_CALL;
	p = placement_find(placement_key_call(w->scan.call_id_hash, service_dialog_side(pkt)));
	if (p && p->backend == pkt->f->backend && p->peer_mark == (__u32)client_key)
		return OUTBOUND_THAT_CALL;
	return d || (p && p->backend == pkt->f->backend) ? OUTBOUND_CALL : OUTBOUND_NOTHING;
}

/* Is the far side a client of facts.service: by what it sent last, or by its registration? At which backend
 * does not matter: backends may share what they know of phones. */
static __always_inline bool outbound_has_client(const struct packet *pkt,
						const struct sipxdp_peer *client, __u64 client_key)
{
	const struct trusted *t;

	if (placement_find(client_key))
		return true;
	t = bpf_map_lookup_elem(&trusted, client);
	return t && peer_is_equal(&t->vip, &pkt->conf->balance.vip[pkt->f->family == 6]);
}

/* What there is for the backend at `place`, whose service becomes facts.service. */
static __always_inline int outbound_rank(__u32 place)
{
	const struct backend *b = backend_at(place);
	enum outbound_rank rank = OUTBOUND_NOTHING;
	struct work *w = work_scratch();
	struct packet pkt = {};
	__u64 client_key;

	if (!w || !b)
		return OUTBOUND_NOTHING;
	pkt.f = &w->facts;
	pkt.f->backend = place;
	pkt.f->service = b->service & (SERVICE_MAX - 1);
	if (!service_again(&pkt))
		return OUTBOUND_NOTHING;
	client_key = outbound_client_key(&pkt, &w->client);
	if (pkt.f->scanned && w->scan.call_id_hash)
		rank = outbound_rank_call(&pkt, w, client_key);
	if (rank != OUTBOUND_THAT_CALL && outbound_has_client(&pkt, &w->client, client_key))
		rank = rank == OUTBOUND_CALL ? OUTBOUND_BOTH : OUTBOUND_CLIENT;
	return rank;
}

/* Global functions, verified once and by themselves. */
__noinline int outbound_rank_xdp(struct xdp_md *ctx, __u32 place)
{
	packet_context(ctx);
	return outbound_rank(place);
}

__noinline int outbound_rank_tc(struct __sk_buff *skb, __u32 place)
{
	packet_context(skb);
	return outbound_rank(place);
}

/* One server may be a backend of several services: of which it is here, the far side's call says, or
 * where the far side was placed. Of equal ones it is the first. */
static __always_inline void outbound_pick(struct packet *pkt)
{
	__u32 place = pkt->f->backend, best = place, key, i;
	const struct backend *b = backend_at(place);
	int most = OUTBOUND_NOTHING, rank;

	for (i = 0; i < OUTBOUND_CHAIN && b; i++) {
		rank = pkt->xdp ? outbound_rank_xdp(pkt->xdp, place)
				: outbound_rank_tc(pkt->skb, place);
		if (rank > most) {
			most = rank;
			best = place;
		}
		place = b->next;
		b = backend_at(place);
	}
	pkt->f->backend = best;
	b = backend_at(best);
	if (!b)
		return;
	pkt->f->service = b->service & (SERVICE_MAX - 1);
	key = (pkt->cfg->bank & 1) * SERVICE_MAX + pkt->f->service;
	pkt->conf = bpf_map_lookup_elem(&services, &key);
}

/* Which of the service's addresses the far side speaks to, into facts.vip. */
static __always_inline bool outbound_vip(struct packet *pkt, const struct scan *s,
					 const struct sipxdp_peer *client)
{
	const __u32 ipv6 = pkt->f->family == 6;
	const struct placement *p;
	const struct trusted *t;
	__u64 client_key;

	pkt->f->vip = pkt->conf->balance.vip[ipv6];
	if (likely(!(pkt->conf->balance.many_vips >> ipv6 & 1)))
		return pkt->f->vip.port;
	client_key = outbound_client_key(pkt, client);
	if (pkt->f->scanned && s->call_id_hash) {
		const struct dialog *d = balance_dialog(pkt, s);

		if (d && d->vip.port && peer_is_equal(&d->peer, client)) {
			pkt->f->vip = d->vip;
			return true;
		}
		p = placement_find(placement_key_call(s->call_id_hash, service_dialog_side(pkt)));
		if (p && p->vip.port && p->peer_mark == (__u32)client_key) {
			pkt->f->vip = p->vip;
			return true;
		}
	}
	p = placement_find(client_key);
	if (p && p->vip.port) {
		pkt->f->vip = p->vip;
		return true;
	}
	t = bpf_map_lookup_elem(&trusted, client);
	if (t && t->vip.port)
		pkt->f->vip = t->vip;
	return pkt->f->vip.port;
}

/* A request that the backend starts: its answers, and what else there is of its Call-ID, come home. */
static __always_inline void outbound_note(const struct packet *pkt, const struct scan *s,
					  const struct sipxdp_peer *client)
{
	const struct facts *f = pkt->f;
	__u64 key = placement_key_call(s->call_id_hash, service_dialog_side(pkt));
	const struct placement *p;

	if (!class_is_request(f->class) || f->class == CLASS_INVITE || f->class == CLASS_ACK)
		return;
	p = placement_find(key);
	if (!p || !backend_holds(backend_at(p->backend), f->service))
		placement_put(f, key, outbound_client_key(pkt, client));
}

/* What is known of the packet's message, once its service is. */
static __always_inline void outbound_learn(struct packet *pkt, const struct scan *s,
					   const struct sipxdp_peer *client)
{
	struct backend_load *load;
	__u32 place = pkt->f->backend;

	load = bpf_map_lookup_elem(&backend_load, &place);
	if (load) {
		load->answers++;
		load->last_answer_ns = pkt->f->now;
	}
	if (!pkt->f->scanned || s->flags & (SCAN_BROKEN | SCAN_REPEATED))
		return;
	trust_learn(pkt, s);
	if (s->call_id_hash)
		outbound_note(pkt, s, client);
}

static __always_inline void outbound_client(const struct packet *pkt, struct sipxdp_peer *client)
{
	client->addr = pkt->f->daddr;
	client->port = pkt->f->dport;
	client->zero = 0;
}

/* ---- XDP ---- */

/* Can it be sent on from here? What cannot goes through the stack, as does what is for this host. */
static __always_inline bool outbound_route(struct xdp_md *ctx, struct work *w,
					   struct next_hop **hop)
{
	struct facts *f = &w->facts;
	__u32 hops = 0, length = forward_length(ctx, f, &hops);

	return length && hops > 1 && !f->tagged &&
	       next_hop_find(ctx, w, &f->vip.addr, &f->daddr, hop) == HOP_FOUND &&
	       length <= (*hop)->mtu;
}

/* A UDP packet from a port that some backend has. 1: it is a backend's, and outbound_send() is to
 * follow; 0: it is passed as it is. */
__noinline int outbound_begin(struct xdp_md *ctx)
{
	struct packet pkt = { .xdp = ctx };
	struct work *w = work_scratch();
	struct next_hop *hop;

	if (!w)
		return 0;
	pkt.f = &w->facts;
	if (!outbound_find(&pkt) || pkt.conf->balance.forward != FORWARD_NAT)
		return 0;
	w->facts.vip = pkt.conf->balance.vip[w->facts.family == 6];
	if (!outbound_route(ctx, w, &hop))
		return 0;
	packet_renew(&pkt);
	frame_udp(&pkt);
	if (pkt.f->damaged)
		return 0;
	classify(&pkt);
	return 1;
}

/* Behind outbound_begin() and the scan of a SIP message. Returned is the XDP action. */
__noinline int outbound_send(struct xdp_md *ctx)
{
	struct packet pkt = { .xdp = ctx };
	struct work *w = work_scratch();
	struct sipxdp_peer *client;
	const struct backend *b;
	struct next_hop *hop;
	struct facts *f;

	if (!w)
		return XDP_PASS;
	f = pkt.f = &w->facts;
	b = outbound_again(&pkt);
	if (!b)
		return XDP_PASS;
	client = &w->client;
	outbound_client(&pkt, client);
	if (unlikely(b->next))
		outbound_pick(&pkt);
	if (!pkt.conf || !outbound_vip(&pkt, &w->scan, client) || !outbound_route(ctx, w, &hop))
		return XDP_PASS;
	outbound_learn(&pkt, &w->scan, client);
	if (unlikely(f->fragment == FRAGMENT_FIRST))
		fragment_remember_outbound(&pkt, w);
	/* for the daemon the server is where the far side sees it */
	f->saddr = f->vip.addr;
	f->sport = f->vip.port;
	if (!forward_translate(ctx, f, &f->vip, FORWARD_SOURCE))
		return XDP_DROP;
	forward_take_hop(ctx, f);
	return forward_send(ctx, hop);
}

/* ---- tc ---- */

/* Put the source of a packet, which is `was` now, to facts.vip. The kernel's helpers also know of
 * packets whose checksum the network card is yet to compute. */
static __always_inline void outbound_rewrite(struct __sk_buff *skb, const struct facts *f)
{
	const __u32 later = f->fragment == FRAGMENT_LATER, udp = f->protocol == IPPROTO_UDP;
	const __u64 zero_rule = udp ? BPF_F_MARK_MANGLED_0 : 0;
	struct sipxdp_addr was = f->saddr, is = f->vip.addr;
	__u32 at = f->network_offset, l4 = f->payload_offset, sum_at;
	__s64 change;

	if (udp && !later)
		l4 -= sizeof(struct udphdr);
	sum_at = l4 + (udp ? __builtin_offsetof(struct udphdr, check)
			   : __builtin_offsetof(struct tcphdr, check));
	if (f->family == 4) {
		bpf_l3_csum_replace(skb, at + __builtin_offsetof(struct iphdr, check), was.word[3],
				    is.word[3], 4);
		if (!later)
			bpf_l4_csum_replace(skb, sum_at, was.word[3], is.word[3],
					    BPF_F_PSEUDO_HDR | zero_rule | 4);
		bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct iphdr, saddr), &is.word[3],
				    4, 0);
	} else {
		change = bpf_csum_diff(was.word, sizeof(was), is.word, sizeof(is), 0);
		if (!later)
			bpf_l4_csum_replace(skb, sum_at, 0, change, BPF_F_PSEUDO_HDR | zero_rule);
		bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct ipv6hdr, saddr), &is,
				    sizeof(is), 0);
	}
	if (later)
		return;
	bpf_l4_csum_replace(skb, sum_at, f->sport, f->vip.port, zero_rule | 2);
	bpf_skb_store_bytes(skb, l4, (void *)&f->vip.port, 2, 0);
}

/* A backend's packet that the stack sends, after the scan of a SIP message. 1: the far side is to see
 * facts.vip as its source, and outbound_rewrite() is to follow. */
__noinline int outbound_learn_tc(struct __sk_buff *skb)
{
	struct packet pkt = { .skb = skb };
	struct work *w = work_scratch();
	struct sipxdp_peer *client;
	const struct backend *b;
	bool translated;

	packet_context(skb);
	if (!w)
		return 0;
	pkt.f = &w->facts;
	b = outbound_again(&pkt);
	if (!b)
		return 0;
	client = &w->client;
	outbound_client(&pkt, client);
	if (unlikely(b->next))
		outbound_pick(&pkt);
	if (!pkt.conf)
		return 0;
	translated = outbound_vip(&pkt, &w->scan, client) &&
		     pkt.conf->balance.forward == FORWARD_NAT;
	outbound_learn(&pkt, &w->scan, client);
	if (translated && pkt.f->fragment == FRAGMENT_FIRST)
		fragment_remember_outbound(&pkt, w);
	return translated;
}

/* A later fragment in the same way. */
static __always_inline void outbound_fragment_tc(struct __sk_buff *skb, struct packet *pkt)
{
	struct fragment_key key;
	const struct fragment *first;

	packet_addresses(pkt);
	fragment_key(pkt, &key);
	first = bpf_map_lookup_elem(&fragments, &key);
	if (!first || !first->from_backend || first->until_ns <= clock_now(pkt->cfg))
		return;
	pkt->f->vip.addr = first->addr;
	outbound_rewrite(skb, pkt->f);
}

#endif
