/* SPDX-License-Identifier: GPL-2.0-only */
/* TCP and TLS of balanced services, by addresses and ports: a connection that is known to be one stays
 * on its backend; all else goes by the service's table, which answers the same for each segment as
 * long as it stays. In nat a connection is known once its client has acknowledged the number that the
 * backend drew for it, or the backend has sent something but a SYN or a RST: a flood of made-up
 * segments brings about neither. Else it is known by the client's own segments. */
#ifndef BPF_CONNECTION_H
#define BPF_CONNECTION_H

#include "balance.h"
#include "outbound.h"

#define CONNECTION_TOUCH_NS 1000000000ULL /* rows are written to no more often than this */

/* Between a client and our own address as it knows it. */
static __always_inline __u64 connection_hash(const struct settings *cfg,
					     const struct sipxdp_addr *client, __be16 client_port,
					     const struct sipxdp_addr *vip, __be16 vip_port)
{
	return hash_mix(hash_addr(client, cfg->hash_key + 9) +
			(hash_addr(vip, cfg->hash_key) ^
			 ((__u64)client_port << 16 | vip_port) * (cfg->hash_key[8] | 1)));
}

static __always_inline struct connection *connection_find(__u64 hash, __u64 now)
{
	struct connection_key key = { .hash = hash };
	struct connection *known = bpf_map_lookup_elem(&connections, &key);

	if (known && known->last_seen_ns + CONNECTION_TOUCH_NS < now)
		known->last_seen_ns = now;
	return known;
}

static __always_inline void connection_note(const struct facts *f, struct work *w, __u64 hash)
{
	struct connection_key key = { .hash = hash };

	w->row.connection = (struct connection){
		.created_ns = f->now,
		.last_seen_ns = f->now,
		.vip = f->vip,
		.backend = f->backend,
		.service = f->service,
	};
	bpf_map_update_elem(&connections, &key, &w->row.connection, BPF_ANY);
}

/* The header of the segment; NULL: not all of it is there. */
static __always_inline const struct tcphdr *connection_header(struct xdp_md *ctx,
							      const struct facts *f)
{
	__u64 at = f->payload_offset;
	const struct tcphdr *tcp;

	FORWARD_FORGET(ctx);
	SCAN_MASK(at, 0x3ff);
	tcp = (void *)(long)ctx->data + at;
	return (void *)(tcp + 1) <= (void *)(long)ctx->data_end ? tcp : NULL;
}

/* ---- opened, and not yet known ---- */

static __always_inline struct handshake *handshake_at(__u64 hash)
{
	__u32 index = hash & (HANDSHAKES - 1);

	return bpf_map_lookup_elem(&handshakes, &index);
}

/* A backend takes a connection: what its client has to acknowledge. */
static __always_inline void handshake_note(const struct facts *f, __u64 hash,
					   const struct tcphdr *tcp)
{
	struct handshake *h = handshake_at(hash);

	if (!h)
		return;
	*(volatile __u64 *)&h->hash = 0;
	h->acknowledged = bpf_htonl(bpf_ntohl(tcp->seq) + 1);
	h->backend = f->backend;
	*(volatile __u64 *)&h->hash = hash;
}

/* The backend whose number the client's segment acknowledges; 0: none. */
static __always_inline __u32 handshake_backend(const struct facts *f, __u64 hash,
					       const struct tcphdr *tcp)
{
	const struct handshake *h = handshake_at(hash);

	if (!h || h->hash != hash || !tcp->ack || h->acknowledged != tcp->ack_seq ||
	    !backend_holds(backend_at(h->backend), f->service))
		return 0;
	return h->backend;
}

/* ---- from clients ---- */

/* Where a connection is. One that is over makes room for the next one between the same ports. */
static __always_inline __u32 connection_known(const struct packet *pkt, __u64 hash,
					      const struct tcphdr *tcp)
{
	const struct facts *f = pkt->f;
	struct connection_key key = { .hash = hash };
	struct connection *known = connection_find(hash, f->now);

	if (!known || !backend_holds(backend_at(known->backend), f->service))
		return 0;
	if (unlikely(f->syn && known->over)) {
		bpf_map_delete_elem(&connections, &key);
		return 0;
	}
	if (unlikely((tcp->fin || tcp->rst) && pkt->conf->balance.forward != FORWARD_NAT))
		known->over = 1; /* where what the backend says of it is not seen */
	return known->backend;
}

/* Where it is to be, into facts.backend. */
static __always_inline void connection_place(const struct packet *pkt, struct work *w, __u64 hash,
					     const struct tcphdr *tcp)
{
	struct facts *f = pkt->f;
	const bool nat = pkt->conf->balance.forward == FORWARD_NAT;

	f->backend = nat && !f->opening && !f->reset ? handshake_backend(f, hash, tcp) : 0;
	if (f->backend)
		return connection_note(f, w, hash);
	f->backend = balance_maglev(pkt, hash);
	if (f->backend && !nat && !f->opening && !f->reset)
		connection_note(f, w, hash);
}

/* Where a backend takes connections: TLS is one port further than the rest (RFC 3261 section
 * 19.1.2: 5060 and 5061). */
static __always_inline void connection_peer(const struct facts *f, const struct backend *b,
					    struct sipxdp_peer *peer)
{
	*peer = b->peer;
	if (f->tls)
		peer->port = bpf_htons(bpf_ntohs(peer->port) + 1);
}

/* A segment for a TCP or TLS listener of a balanced service, as balance_packet(). */
__noinline int connection_balance(struct xdp_md *ctx)
{
	struct work *w = work_scratch();
	struct packet pkt = { .xdp = ctx };
	const struct backend *b = NULL;
	const struct tcphdr *tcp;
	struct facts *f;
	__u64 hash;

	if (!w)
		return VERDICT_DROP;
	f = pkt.f = &w->facts;
	tcp = connection_header(ctx, f);
	if (!tcp || !service_again(&pkt))
		return balance_refuse(f, DROP_INTERNAL);
	f->vip.addr = f->daddr;
	f->vip.port = f->dport;
	hash = connection_hash(pkt.cfg, &f->saddr, f->sport, &f->daddr, f->dport);
	f->backend = connection_known(&pkt, hash, tcp);
	if (!f->backend)
		connection_place(&pkt, w, hash, tcp);
	b = backend_at(f->backend);
	if (unlikely(!b)) {
		if (pkt.conf->balance.no_backend == NO_BACKEND_PASS)
			return VERDICT_PASS;
		return balance_refuse(f, DROP_NO_BACKEND);
	}
	connection_peer(f, b, &w->client);
	return balance_send_to(ctx, &pkt, w, b, &w->client);
}

/* ---- from backends ---- */

/* What a backend's segment says of its connection. */
static __always_inline void connection_learn(const struct facts *f, struct work *w, __u64 hash,
					     const struct tcphdr *tcp)
{
	struct connection *known = connection_find(hash, f->now);
	const bool over = tcp->fin || tcp->rst;

	if (f->opening && !f->reset)
		handshake_note(f, hash, tcp);
	else if (!f->reset && (!known || known->backend != f->backend))
		connection_note(f, w, hash);
	if (known && known->backend == f->backend && over)
		known->over = 1;
}

/* A backend's segment on its way to a client, in nat. Returned is XDP_PASS ^ the action. */
__noinline int connection_outbound(struct xdp_md *ctx)
{
	struct packet pkt = { .xdp = ctx };
	struct work *w = work_scratch();
	const struct tcphdr *tcp;
	struct next_hop *hop;
	struct facts *f;
	__u64 hash;

	if (!w)
		return 0;
	f = pkt.f = &w->facts;
	if (!outbound_find_stream(&pkt))
		return 0;
	packet_renew(&pkt);
	frame_tcp(&pkt);
	tcp = connection_header(ctx, f);
	if (f->damaged || !tcp)
		return 0;
	hash = connection_hash(pkt.cfg, &f->daddr, f->dport, &f->vip.addr, f->vip.port);
	connection_learn(f, w, hash, tcp);
	if (!outbound_route(ctx, w, &hop))
		return 0;
	if (!forward_translate(ctx, f, &f->vip, FORWARD_SOURCE))
		return XDP_PASS ^ XDP_DROP;
	forward_take_hop(ctx, f);
	return XDP_PASS ^ forward_send(ctx, hop);
}

#endif
