/* SPDX-License-Identifier: GPL-2.0-only */
/* Maps of the balancer: who writes which is said at each. Included by map.h. */
#ifndef SIPXDP_BALANCE_H
#define SIPXDP_BALANCE_H

#include <linux/types.h>
#include <sipxdp/address.h>

/* ---- backends: BACKEND_MAX elements; element 0 is unused: 0 is "no backend" everywhere ---- */

#define BACKEND_MAX  4096
#define BACKEND_NAME 32

enum backend_state {
	BACKEND_FREE,
	BACKEND_UP,
	BACKEND_DRAIN, /* keeps the calls it has, gets no new ones */
	BACKEND_DOWN,  /* gets nothing; pins to it do not hold */
};

/* What keeps a backend from new calls, whatever its health. */
enum backend_order {
	ORDER_NONE,
	ORDER_DRAIN, /* by hand */
	ORDER_DOWN,  /* by hand */
	ORDER_LEAVE, /* no longer in the pool: goes when its calls are over */
};

/* Written by the daemon, but for `calls`: the packet path adds one for every call it pins, and takes
 * it off when the call is over; the daemon does that for every pin of a live call that it removes. The
 * place of a backend is its identity: it stays where it is while any pin may point to it. */
struct backend {
	char name[BACKEND_NAME];
	struct sipxdp_peer peer; /* where requests go */
	enum backend_state state;
	__u32 service;
	__u32 weight;
	__u64 since_unix_ns;  /* in this state */
	__s64 calls;	      /* pinned now, and not over */
	__u32 share;	      /* slots of the table in force that are its own */
	__u32 probe_us;	      /* round trip of the last probe that was answered; 0: none yet */
	__u32 probe_failures; /* in a row */
	__u16 probe_status;   /* of the last answer; 0: none yet */
	__u16 order;	      /* enum backend_order */
	struct sipxdp_addr
		source; /* our own address towards it: outer source in ipip; 0: unknown */
	__u32 next;	/* place of the same peer in another service; 0: none */
	__u32 zero;
};
_Static_assert(sizeof(struct backend) == 120, "backend layout");

/* ---- backend_peers: struct sipxdp_peer to the first place that has it; written by the daemon. For
 * TLS there is a second row, with the port behind that of the backend and `zero` set to this ---- */
#define BACKEND_PEER_TLS 1

/* ---- backend_ports: one element, a bit a port in host order: some backend has it. A bit too many
 * costs look-ups only. Written by the daemon ---- */
#define BACKEND_TRANSPORTS 2 /* as enum listener_transport */
struct backend_ports {
	__u64 word[BACKEND_TRANSPORTS][65536 / 64];
};

/* ---- backend_load: per CPU, BACKEND_MAX elements, written by the packet path ---- */
struct backend_load {
	__u64 packets; /* sent to it */
	__u64 bytes;
	__u64 requests;	       /* of these: requests other than ACK, which want an answer */
	__u64 answers;	       /* packets that came from it */
	__u64 icmp_errors;     /* ICMP errors that came from it */
	__u64 last_request_ns; /* or segment; CLOCK_MONOTONIC */
	__u64 last_answer_ns;
};

/* ---- maglev: MAGLEV_TABLES elements, see maglev_index(); written by the daemon, always the bank
 * that service_state.maglev_bank does not name, which it then switches to. A packet of each family
 * has a table of its own, with the backends that it can be sent to: nat and dsr leave the family
 * as it is, in ipip both have all. ---- */

#define MAGLEV_SLOTS  65537
#define MAGLEV_TABLES (4 * 16) /* 4 * SERVICE_MAX */
struct maglev_table {
	__u16 backend[MAGLEV_SLOTS]; /* place in `backends`; 0 everywhere: none is up */
	__u16 zero[3];
};

/* ---- programs: PROGRAM_COUNT elements: what the packet path goes on in ---- */

enum balance_program {
	PROGRAM_BALANCE,  /* a packet of a balanced service, behind the guard */
	PROGRAM_RESCAN,	  /* the same, not scanned yet */
	PROGRAM_OUTBOUND, /* a packet from a port that some backend has */
	PROGRAM_ICMP,
	PROGRAM_COUNT,
};

/* ---- how a service balances: in struct service ---- */

enum balance_forward { FORWARD_NONE, FORWARD_NAT, FORWARD_DSR, FORWARD_IPIP };
enum balance_key { KEY_CALL_ID, KEY_SOURCE, KEY_FROM_USER, KEY_TO_USER, KEY_RURI_USER };
enum balance_method { METHOD_MAGLEV, METHOD_LEAST_CALLS };
enum balance_no_backend { NO_BACKEND_DROP, NO_BACKEND_REPLY_503, NO_BACKEND_PASS };

struct balance {
	enum balance_forward forward; /* FORWARD_NONE: the service is guarded only */
	enum balance_key key;
	enum balance_key register_key;
	enum balance_method method;
	enum balance_no_backend no_backend;
	__u32 many_vips; /* bit 0: IPv4, bit 1: IPv6: there is more than one UDP listen of that */
	/* IPv4 and IPv6: where packets of a backend come from, as the far side sees it, when nothing
	 * tells which of the service's addresses it knows; port 0: none */
	struct sipxdp_peer vip[2];
	/* the same for connections: the one listen of each family for TCP, and for TLS */
	struct sipxdp_peer tcp[2];
	struct sipxdp_peer tls[2];
};
_Static_assert(sizeof(struct balance) == 144, "balance layout");

/* ---- placements: PLACEMENT_SETS elements, or one where nothing is balanced at start; written by
 * the packet path. What was placed and is no dialog yet, by the keyed hash of its Call-ID; and the
 * backend that a client was last placed on, by the hash of its address and port. A set of four:
 * the one used least lately goes. ---- */

#define PLACEMENT_SETS 65536
#define PLACEMENT_WAYS 4

/* So long a request that is not part of a dialog stays where its Call-ID was placed: longer than an
 * INVITE may wait for its answer (RFC 3261 section 16.8, timer C). */
#define PLACEMENT_HOLD_NS 300000000000ULL

/* One that is no INVITE: longer than it is sent again (RFC 3261 section 17.1.2.2, timer F), and than it
 * takes to answer a challenge. A phone that registers again by then finds the pool as it is now. */
#define PLACEMENT_HOLD_SHORT_NS 40000000000ULL

struct placement {
	__u64 key; /* 0: free */
	__u64 placed_ns;
	__u64 used_ns;
	struct sipxdp_peer vip; /* the address of the service that the client spoke to */
	__u32 backend;
	__u32 service;
	__u32 peer_mark; /* of a Call-ID: low bits of the key of the client that sent the request */
	__u32 zero[2];
};
_Static_assert(sizeof(struct placement) == 64, "a placement is a cache line");

struct placement_set {
	struct placement way[PLACEMENT_WAYS];
};

/* ---- connections: TCP and TLS, by the keyed hash of addresses and ports, one row a direction;
 * written by the packet path ---- */

struct connection_key {
	__u64 hash;
};

struct connection {
	__u64 created_ns;
	__u64 last_seen_ns;
	struct sipxdp_peer vip;
	__u32 backend;
	__u32 service;
	__u32 over; /* its end was seen: a SYN begins another one */
};
_Static_assert(sizeof(struct connection) == 48, "connection layout");

/* ---- handshakes: HANDSHAKES elements, by the hash of the connection; written by the packet path. What
 * backends answered to SYNs last, in nat: a client that acknowledges it is there. ---- */

#define HANDSHAKES 16384

struct handshake {
	__u64 hash;	     /* as in connection_key; 0: free */
	__be32 acknowledged; /* what the client's segments acknowledge if it has the answer */
	__u32 backend;
};
_Static_assert(sizeof(struct handshake) == 16, "handshake layout");

/* A pin in `dialogs` holds for so long without a message: a call may be silent for hours. */
#define PIN_IDLE_NS (12 * 3600 * 1000000000ULL)

/* ---- next_hops: one element a CPU: where packets to an address leave, as the kernel's routes and
 * neighbours said not long ago ---- */

#define NEXT_HOP_CELLS	 256
#define NEXT_HOP_HOLD_NS 100000000ULL

struct next_hop {
	struct sipxdp_addr to;
	__u64 until_ns;
	__u32 ingress; /* interface the packets came in on */
	__u32 ifindex; /* and leave by */
	__u32 mtu;
	__u32 on_link; /* 1: no gateway between */
	__u8 dmac[6];
	__u8 smac[6];
	__u32 zero;
};
_Static_assert(sizeof(struct next_hop) == 56, "next hop layout");

struct next_hops {
	struct next_hop cell[NEXT_HOP_CELLS];
};

/* The element of `maglev` for packets of a service. */
static inline __u32 maglev_index(__u32 service, __u32 ipv6, __u32 bank)
{
	return (service * 2 + ipv6) * 2 + (bank & 1);
}

/* Where a packet goes in the table. `hash` is keyed with settings.hash_key, or, for call-id, is
 * the Call-ID's own hash. */
static inline __u32 maglev_slot(__u64 hash)
{
	return (__u32)(((hash >> 32) * (__u64)MAGLEV_SLOTS) >> 32);
}

#endif
