/* SPDX-License-Identifier: GPL-2.0-only */
/* Keys and values of the pinned maps: the contract between the programs in bpf/, the daemon and
 * the command line. Fixed-width types, padding explicit and zero. Times ending in _ns are
 * CLOCK_MONOTONIC, as the kernel's packet path reads it; times ending in _unix_ns are
 * CLOCK_REALTIME. Change anything here and raise SIPXDP_LAYOUT. */
#ifndef SIPXDP_MAP_H
#define SIPXDP_MAP_H

#include <linux/types.h>
#include <sipxdp/address.h>
#include <sipxdp/balance.h>
#include <sipxdp/class.h>
#include <sipxdp/rate.h>
#include <sipxdp/reason.h>

#define SIPXDP_LAYOUT 7

#define SERVICE_MAX  16		 /* services of one instance */
#define SERVICE_HOST SERVICE_MAX /* counters of what belongs to no one service */
#define NAME_SIZE    32
_Static_assert(MAGLEV_TABLES == 4 * SERVICE_MAX, "tables of all services");

/* ---- settings: one element, written by the daemon (and generation, has_bans by sipxdpctl) ---- */

#define HASH_KEY_WORDS	 18
#define AGENT_BITS	 1024
#define EMERGENCY_MAX	 8
#define EMERGENCY_LENGTH 16

/* One way of naming an emergency service in a Request-URI: the user part of a SIP or tel URI
 * ("112"), or a whole URN ("urn:service:sos", which also covers its sub-services). */
struct emergency_name {
	__u32 length;		     /* 0: unused */
	__u32 urn;		     /* 1: compare from the start of the Request-URI */
	char text[EMERGENCY_LENGTH]; /* lower case */
};

/* The packet path has banned somebody since user space last looked: user space sets has_bans to 1
 * and raises the generation, so that all rows of `sources` learn of it. */
#define BANS_NEW 2

struct settings {
	__u32 layout;	  /* SIPXDP_LAYOUT of the maps beside it */
	__u32 generation; /* raised after every change of bans and networks */
	__u32 bank;	  /* which half of listeners and services is in force: 0 or 1 */
	__u32 monitor; /* MONITOR_BIT()s: for these reasons count what would be dropped, drop nothing */
	__u32 has_bans;	    /* 0: `bans` is known to be empty; BANS_NEW: see there */
	__u32 has_networks; /* 0: `networks` is known to be empty */
	__u32 has_hosts6;   /* 1: bans or networks hold IPv6 prefixes longer than /64 */
	__u32 balanced;	    /* 1: some service is balanced, so packets of backends may come by */
	__u32 filter_bank;  /* which half of trust_filter is read */
	__u32 filter_both;  /* 1: a rebuild is on, set bits in both halves */
	__u32 trust_epoch;  /* raised whenever an address gets its bit in trust_filter */
	__u32 pad_epoch;
	__u32 tap_reader_idle; /* set by the reader before it sleeps, cleared by who wakes it */
	__u32 tap_bytes;       /* how much of a passed message goes to the tap, 0 = no tap */
	__u32 sample_bytes;    /* how much of a dropped packet goes to the tap */
	__u32 zero;	       /* stays 0: a value the verifier does not know */
	__u64 tick_ns;	       /* length of a jiffy */
	__u64 tick_offset_ns;  /* CLOCK_MONOTONIC = jiffies * tick_ns + tick_offset_ns, modulo 2^64
				*/
	__u64 provisional_ns;  /* how long a challenge vouches for its target */
	__u64 trust_ns;	       /* how long a 2xx vouches, until the daemon sets the granted time */
	__u64 scanner_ban_ns; /* ban of a proven source that names a scanner as User-Agent, 0 = none
			       */
	__u64 unproven_ban_ns;	    /* ban of a source that was never proven real */
	__u64 dialog_idle_ns;	    /* a dialog without a message for so long is no longer known */
	struct sipxdp_rate samples; /* drop samples to the tap */
	struct sipxdp_rate unordered;	/* fragments before their first one, whole host */
	struct sipxdp_rate inserts;	/* rows of `sources` made for banned or denied sources */
	struct sipxdp_rate proofs;	/* proof-of-source questions sent, whole host */
	struct sipxdp_rate replies;	/* 503 responses sent, whole host */
	struct sipxdp_rate icmp;	/* ICMP errors about balanced packets, whole host */
	__u64 hash_key[HASH_KEY_WORDS]; /* secret: Call-ID hash, sketches, filters, cookies */
	__u64 agent_filter[AGENT_BITS / 64]; /* bit of each scanner name's first four letters */
	__u64 emergency_first; /* bit (letter & 63) of each emergency name's first letter */
	struct emergency_name emergency[EMERGENCY_MAX];
};

/* ---- state: one element, written by the kernel: what host-wide limits remember ---- */
struct host_state {
	__u64 samples_tat;
	__u64 unordered_tat;
	__u64 strange_tat; /* fragments of those who are not known */
	__u64 inserts_tat;
	__u64 proofs_tat;
	__u64 replies_tat;
	__u64 icmp_tat;
	__u64 tap_lost;	    /* records the full ring refused */
	__u64 dialogs_full; /* dialogs the full table refused */
	__u64 trusted_full;
	__u64 bans_full;
};

/* ---- listeners: two elements (banks) ---- */

#define LISTENER_MAX   256 /* entry 0 is unused: it ends a chain */
#define LISTENER_CHAIN 32  /* addresses that share a port */

enum listener_transport { LISTENER_UDP, LISTENER_STREAM, LISTENER_TRANSPORTS };

struct listener {
	struct sipxdp_addr addr;
	__u8 service;
	__u8 next;     /* next listener on the same port and transport, 0 = none; wildcards last */
	__u8 wildcard; /* 0: addr; 4: any IPv4; 6: any IPv6; 46: any */
	__u8 tls;
};
_Static_assert(sizeof(struct listener) == 20, "listener layout");

struct listener_table {
	__u8 head[LISTENER_TRANSPORTS][65536]; /* by port in host order: first listener, 0 = none */
	struct listener entry[LISTENER_MAX];
};

/* ---- services: two banks of SERVICE_MAX elements, [bank * SERVICE_MAX + service] ---- */

enum verify_source { VERIFY_OFF, VERIFY_UNDER_ATTACK, VERIFY_ALWAYS };

struct service {
	char name[NAME_SIZE];
	__u32 in_use;
	__u32 monitor; /* the same for the service, besides those of settings */
	enum verify_source verify_source;
	__u32 pad;
	struct sipxdp_rate per_source[LIMIT_CLASS_COUNT];
	struct sipxdp_rate per_prefix[LIMIT_CLASS_COUNT];
	struct sipxdp_rate unknown[LIMIT_CLASS_COUNT];
	struct sipxdp_rate trusted[LIMIT_CLASS_COUNT]; /* trusted ports; exempt addresses tenfold */
	struct sipxdp_rate total[LIMIT_CLASS_COUNT];
	struct sipxdp_rate total_all;	    /* overall ceiling, shed in order */
	struct sipxdp_rate emergency;	    /* emergency calls of all unknown sources */
	struct sipxdp_rate provisional;	    /* all messages of one provisional port */
	struct sipxdp_rate provisional_all; /* of all of them together */
	struct sipxdp_rate dialog;	    /* all messages of one dialog */
	struct sipxdp_rate undecided; /* messages the kernel cannot decide about, whole service */
	struct sipxdp_rate syn;	      /* new connections of one source */
	struct balance balance;
};

/* ---- service_state: SERVICE_MAX elements, written by the kernel, survives a reload ---- */
struct service_state {
	__u64 unknown_tat[LIMIT_CLASS_COUNT];
	__u64 total_tat[LIMIT_CLASS_COUNT];
	__u64 total_all_tat;
	__u64 emergency_tat;
	__u64 undecided_tat;
	__u64 provisional_tat;
	__u64 under_attack_until_ns; /* unknown budget was exhausted: proof of source is asked */
	__u32 maglev_bank;	     /* which half of the service's table is in force */
	__u32 backends_up;
};

/* ---- sources: talkers, by address (IPv6: by /64) and service ---- */

struct source_key {
	__be32 net[2]; /* IPv4: address, 0; IPv6: first 64 bits */
	__u8 family;   /* 4 or 6 */
	__u8 service;
	__u16 zero;
};
_Static_assert(sizeof(struct source_key) == 12, "source key layout");

/* What bans and networks said of a source when settings.generation was source.generation. */
enum source_policy {
	POLICY_NONE,
	POLICY_EXEMPT,
	POLICY_DENY,
	POLICY_FEED,
	POLICY_BANNED,
};

struct source {
	__u64 tat[LIMIT_CLASS_COUNT];
	__u64 first_seen_ns;
	__u64 last_seen_ns;
	__u64 packets;
	__u64 bytes;
	__u64 drops;
	__u64 ban_until_ns; /* with POLICY_BANNED; 0 = for ever */
	__u64 syn_tat;
	__u32 generation;
	__u32 ban_hits; /* drops not yet added to the ban's own count */
	enum source_policy policy;
	__u8 last_reason;
	__u8 last_class;
	__u16 zero;
};
_Static_assert(sizeof(struct source) == 112, "source layout");

/* ---- refusals: one element a CPU: unknown sources that flood, and until when they are refused
 * ---- */

#define REFUSAL_CELLS 512
struct refusal {
	__u64 until_ns; /* 0: free */
	struct source_key key;
	__u8 limit; /* enum limit_class */
	__u8 reason;
	__u16 zero;
	__u32 generation;
	__u32 packets; /* refused since the row of `sources` was last brought up to date */
	__u64 bytes;
	__u32 alone; /* 1: nobody at the address was known in that epoch */
	__u32 trust_epoch;
};
_Static_assert(sizeof(struct refusal) == 48, "refusal layout");

struct refusals {
	struct refusal cell[REFUSAL_CELLS];
};

/* ---- trusted, provisional: by address and port (struct sipxdp_peer) ---- */

#define TRUST_CALLED_NS 1000000000ULL /* unit of called_s */

enum trust_origin { TRUST_REGISTER, TRUST_INVITE, TRUST_ANSWER, TRUST_HAND };

struct trusted {
	__u64 tat[LIMIT_CLASS_COUNT];
	__u64 since_ns;
	__u64 until_ns; /* 0 = for ever (by hand) */
	__u64 last_seen_ns;
	__u64 packets;
	__u64 drops;
	enum trust_origin origin;
	__u8 last_reason;
	__u8 last_class;
	__u16 zero;
	struct sipxdp_peer vip; /* balanced services: the address of ours it speaks to */
	__u32 called_s;		/* seconds: the last 2xx to an INVITE, of either side; 0: none */
};
_Static_assert(sizeof(struct trusted) == 112, "trusted layout");

struct provisional {
	__u64 tat;
	__u64 since_ns;
	__u64 until_ns;
	__u32 proven; /* 1: it answered a question only its true owner could have seen */
	__u32 packets;
};

/* ---- trust_filter: two elements (banks): addresses that may have trusted ports ---- */
#define TRUST_FILTER_BITS (1U << 20)
struct trust_filter {
	__u64 word[TRUST_FILTER_BITS / 64];
};

/* ---- prefix_limits: one element: a sketch of buckets for /24 and /48 networks ---- */
#define PREFIX_ROWS  2
#define PREFIX_CELLS 65536
struct prefix_limits {
	__u64 tat[PREFIX_ROWS][PREFIX_CELLS];
};

/* ---- sightings: one element: marks of unknown ports that were refused, see bpf/verify.h ---- */
#define SIGHTINGS (1U << 18)
struct sightings {
	__u32 mark[SIGHTINGS];
};

/* ---- bans, networks: longest prefix match (struct sipxdp_prefix) ---- */

enum ban_origin { BAN_HAND, BAN_SCANNER, BAN_AUTH_FAILURES, BAN_ENUMERATION };

#define BAN_TEXT 40
struct ban {
	__u64 since_ns;
	__u64 until_ns; /* 0 = for ever */
	__u64 hits;
	enum ban_origin origin;
	__u32 proven;
	__u32 prefix_len; /* of its key, which an LPM look-up does not tell */
	__u32 zero;
	char reason[BAN_TEXT];
};
_Static_assert(sizeof(struct ban) == 80, "ban layout");

struct network {
	enum source_policy policy; /* POLICY_EXEMPT, POLICY_DENY or POLICY_FEED */
	__u32 zero;
};

/* ---- agents: scanner names, longest prefix match on lower-case text ---- */
#define AGENT_LENGTH 16
struct agent_prefix {
	__u32 prefix_len; /* bits: 8 * characters */
	char text[AGENT_LENGTH];
};

/* ---- dialogs: by the keyed hash of the Call-ID, each side of a call by itself: a proxy keeps the Call-ID,
 * so that a call which comes in by one service, or family, and goes out by another is one in both ---- */

#define DIALOG_SIDES (2 * SERVICE_MAX)

/* The families are apart where backends are of one: in nat and dsr. */
static inline __u32 dialog_side(const struct balance *balance, __u32 service, __u32 ipv6)
{
	const __u32 apart = balance->forward == FORWARD_NAT || balance->forward == FORWARD_DSR;

	return service * 2 + (apart & ipv6);
}

struct dialog_key {
	__u64 call_id_hash; /* on side 0; see dialog_key_of() */
};

static inline struct dialog_key dialog_key_of(__u64 call_id_hash, __u32 side)
{
	return (struct dialog_key){ .call_id_hash = call_id_hash ^ side * 0x9e3779b97f4a7c15ULL };
}

enum dialog_state { DIALOG_EARLY, DIALOG_CONFIRMED, DIALOG_TERMINATED };

struct dialog {
	__u64 tat;
	__u64 created_ns;
	__u64 last_seen_ns;
	__u64 packets;
	struct sipxdp_peer peer; /* the far side as the server sees it */
	enum dialog_state state;
	__u16 service;
	__u16 from_server;	/* 1: the server sent the INVITE, to `peer` */
	__u32 backend;		/* place in `backends`, 0 = none */
	struct sipxdp_peer vip; /* balanced services: the address of ours the far side speaks to */
	__u8 answers;		/* 1: the server answered an INVITE of the far side */
	__u8 forked;		/* 1: the server sent its INVITE to others as well as to `peer` */
	__u8 hangs_up;		/* 1: the server sent BYE */
	__u8 acknowledged;	/* 1: the far side sent ACK, or another request, once it stood */
};
_Static_assert(sizeof(struct dialog) == 88, "dialog layout");

/* ---- fragments: verdict of a datagram's first fragment, for the later ones ---- */

struct fragment_key {
	struct sipxdp_addr saddr;
	struct sipxdp_addr daddr;
	__be32 id;
	__u32 protocol;
};

struct fragment {
	__u64 until_ns;
	__u8 pass;
	__u8 reason;
	__u8 service;
	__u8 ours;		 /* 0: belongs to no service, and is neither limited nor counted */
	__u32 later;		 /* fragments that have followed */
	__u32 backend;		 /* 0: not balanced */
	__u32 from_backend;	 /* 1: the backend sent it */
	struct sipxdp_addr addr; /* nat: the address that takes the place of one in the packet */
};

/* ---- counters: per CPU; row COUNTER_ROW(service, would_drop, class) ---- */

struct packet_count {
	__u64 packets;
	__u64 bytes; /* of the frame, without its FCS */
};

#define COUNTER_ROW(service, would_drop, class)                                                    \
	((((service)*2U) + (would_drop)) * CLASS_SLOTS + (class))
#define COUNTER_ROWS ((SERVICE_MAX + 1) * 2U * CLASS_SLOTS)

/* One named member a reason, so that a raw dump reads as text; indexed as an array elsewhere. */
union counter_row {
	struct {
#define X(id, name, help) struct packet_count name;
		PASS_REASONS(X)
		struct packet_count pass_unused[REASON_DROP_BASE - PASS_REASON_COUNT];
#undef X
#define X(id, name, help) struct packet_count drop_##name;
		DROP_REASONS(X)
#undef X
		struct packet_count drop_unused[REASON_SLOTS - REASON_END];
	};
	struct packet_count by_reason[REASON_SLOTS];
};
_Static_assert(sizeof(union counter_row) == REASON_SLOTS * sizeof(struct packet_count),
	       "counter row layout");

#endif
