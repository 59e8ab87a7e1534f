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

/* Written by the daemon, but for `calls`: the packet path adds one for every call it pins, the
 * daemon takes one off for every pin it removes. The place of a backend is its identity: it stays
 * where it is while any pin may point to it. */
struct backend {
	char name[BACKEND_NAME];
	struct sipxdp_peer peer; /* where requests go */
	enum backend_state state;
	__u32 service;
	__u32 weight;
	__u64 since_unix_ns;  /* in this state */
	__s64 calls;	      /* pinned now */
	__u32 share;	      /* slots of the table in force that are its own */
	__u32 probe_us;	      /* round trip of the last probe that was answered; 0: none yet */
	__u32 probe_failures; /* in a row */
	__u16 probe_status;   /* of the last answer; 0: none yet */
	__u16 by_hand;	      /* 1: drain, up or down was asked for by an operator */
};
_Static_assert(sizeof(struct backend) == 96, "backend layout");

/* ---- backend_load: per CPU, BACKEND_MAX elements, written by the packet path ---- */
struct backend_load {
	__u64 packets; /* sent to it */
	__u64 bytes;
	__u64 answers;	    /* packets that came from it */
	__u64 last_sent_ns; /* CLOCK_MONOTONIC */
	__u64 last_answer_ns;
};

/* ---- maglev: 2 * SERVICE_MAX elements, [service * 2 + bank]; written by the daemon, always the
 * bank that service_state.maglev_bank does not name, which it then switches to ---- */

#define MAGLEV_SLOTS 65537
struct maglev_table {
	__u16 backend[MAGLEV_SLOTS]; /* place in `backends`; 0 everywhere: none is up */
	__u16 zero[3];
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
	__u32 zero;
};

/* Where a packet goes in the table. `hash` is keyed with settings.hash_key, or, for call-id, is
 * the Call-ID's own hash. */
static inline __u32 maglev_slot(__u64 hash)
{
	return (__u32)(((hash >> 32) * (__u64)MAGLEV_SLOTS) >> 32);
}

#endif
