/* SPDX-License-Identifier: GPL-2.0-only */
/* TCP and TLS of balanced services, by addresses and ports: a connection that is known to be one stays
 * on its backend; all else goes by the service's table, which answers the same for each segment as
 * long as it stays. In nat a connection is known once its backend has sent something but a SYN or a
 * RST, which a flood of made-up SYNs does not bring about; else by the client's own segments. */
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
	struct connection *known;
	struct facts *f;
	__u64 hash;

	if (!w)
		return VERDICT_DROP;
	f = pkt.f = &w->facts;
	if (!service_again(&pkt))
		return balance_refuse(f, DROP_INTERNAL);
	f->vip.addr = f->daddr;
	f->vip.port = f->dport;
	hash = connection_hash(pkt.cfg, &f->saddr, f->sport, &f->daddr, f->dport);
	known = connection_find(hash, f->now);
	if (known && backend_holds(backend_at(known->backend), f->service)) {
		f->backend = known->backend;
	} else {
		f->backend = balance_maglev(&pkt, hash);
		if (f->backend && !f->syn && !f->reset && pkt.conf->balance.forward != FORWARD_NAT)
			connection_note(f, w, hash);
	}
	b = backend_at(f->backend);
	if (unlikely(!b)) {
		if (pkt.conf->balance.no_backend == NO_BACKEND_PASS)
			return VERDICT_PASS;
		return balance_refuse(f, DROP_NO_BACKEND);
	}
	connection_peer(f, b, &w->client);
	return balance_send_to(ctx, &pkt, w, b, &w->client);
}

/* A backend's segment on its way to a client, in nat. Returned is XDP_PASS ^ the action. */
__noinline int connection_outbound(struct xdp_md *ctx)
{
	struct packet pkt = { .xdp = ctx };
	struct work *w = work_scratch();
	struct connection *known;
	struct next_hop *hop;
	struct facts *f;
	__u64 hash;

	if (!w)
		return 0;
	f = pkt.f = &w->facts;
	if (!outbound_find_stream(&pkt) || !outbound_route(ctx, w, &hop))
		return 0;
	packet_renew(&pkt);
	frame_tcp(&pkt);
	if (f->damaged)
		return 0;
	hash = connection_hash(pkt.cfg, &f->daddr, f->dport, &f->vip.addr, f->vip.port);
	known = connection_find(hash, f->now);
	if (!f->opening && !f->reset && (!known || known->backend != f->backend))
		connection_note(f, w, hash);
	if (!forward_translate(ctx, f, &f->vip, FORWARD_SOURCE))
		return XDP_PASS ^ XDP_DROP;
	forward_take_hop(ctx, f);
	return XDP_PASS ^ forward_send(ctx, hop);
}

#endif
