/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps, each with who writes it, who reads it, and what happens when it is full. Sizes marked *
 * are set from the configuration before loading. */
#ifndef BPF_MAPS_H
#define BPF_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <sipxdp/map.h>
#include <sipxdp/record.h>
#include <sipxdp/scan.h>
#include <sipxdp/tap.h>

/* Written by the daemon and sipxdpctl; read by every packet. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

/* Written by the packet path; read by status. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct host_state);
} host_state SEC(".maps");

/* Written by the daemon, the bank not in force; read by every packet. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct listener_table);
} listeners SEC(".maps");

/* Written by the daemon, the bank not in force; read by every packet of ours. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * SERVICE_MAX);
	__type(key, __u32);
	__type(value, struct service);
} services SEC(".maps");

/* Buckets of whole services, apart from their settings so that a reload keeps them. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERVICE_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct service_state);
} service_state SEC(".maps");

/* Rows are made only for what has passed the budget of all unknown sources together, so a flood
 * cannot turn the table over faster than that budget. Full: the least recently seen row goes. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 262144); /* * */
	__type(key, struct source_key);
	__type(value, struct source);
} sources SEC(".maps");

/* Sources that are over a limit or banned and go on all the same, a cell each by a hash: their
 * packets cost no look-up. Never full: the newest takes the cell. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct refusals);
} refusals SEC(".maps");

/* Rows are made by what the server answered (egress), by the daemon and by hand; never by what
 * comes in alone. Full: the least recently seen one goes. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 262144); /* * */
	__type(key, struct sipxdp_peer);
	__type(value, struct trusted);
} trusted SEC(".maps");

/* Challenged sources, apart from the trusted ones, because a spoofed flood is challenged too. Full:
 * the least recently seen one goes. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536); /* * */
	__type(key, struct sipxdp_peer);
	__type(value, struct provisional);
} provisional SEC(".maps");

/* One bit an address that may have rows in `trusted` or `provisional`: a clear bit saves two
 * look-ups. Set by the packet path, rebuilt by the daemon into the other bank. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct trust_filter);
} trust_filter SEC(".maps");

/* Buckets of networks (/24, /48) in a sketch: never full; networks that share a cell in both rows
 * (one in 2^32 pairs, by a secret hash) share a budget. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct prefix_limits);
} prefix_limits SEC(".maps");

/* Marks of refused unknown ports, direct mapped: never full, the newer one stays. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sightings);
} sightings SEC(".maps");

/* Written by the daemon, by hand and by the packet path (scanners). Full: no further bans, counted
 * in host_state.bans_full; limits hold as ever. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 65536); /* * */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sipxdp_prefix);
	__type(value, struct ban);
} bans SEC(".maps");

/* Written by the daemon from the configuration. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1048576); /* * */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sipxdp_prefix);
	__type(value, struct network);
} networks SEC(".maps");

/* Names of scanners, written by the daemon from the configuration. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 256);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct agent_prefix);
	__type(value, __u32);
} agents SEC(".maps");

/* Rows are made by what the server sends (egress); the daemon removes them when they end or idle.
 * Full: no further dialogs, counted in host_state.dialogs_full; sources' budgets hold as ever. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1048576); /* * */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct dialog_key);
	__type(value, struct dialog);
} dialogs SEC(".maps");

/* Verdicts of first fragments. Full: the least recent one goes, its tails count as unordered. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384); /* * */
	__type(key, struct fragment_key);
	__type(value, struct fragment);
} fragments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTER_ROWS);
	__type(key, __u32);
	__type(value, union counter_row);
} counters SEC(".maps");

/* Written by the daemon, but for the counts of calls, which the packet path raises; read by packets
 * of balanced services. Full: no further backends, the daemon says so. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BACKEND_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct backend);
} backends SEC(".maps");

/* What went to each backend and came from it. Written by the packet path; read by the daemon and
 * sipxdpctl. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BACKEND_MAX);
	__type(key, __u32);
	__type(value, struct backend_load);
} backend_load SEC(".maps");

/* Written by the daemon, the bank that service_state.maglev_bank does not name; read by packets of
 * balanced services. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAGLEV_TABLES);
	__type(key, __u32);
	__type(value, struct maglev_table);
} maglev SEC(".maps");

/* Who is a backend: written by the daemon; read by packets from a port that some backend has. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * BACKEND_MAX);
	__type(key, struct sipxdp_peer);
	__type(value, __u32);
} backend_peers SEC(".maps");

/* Written by the daemon; read by every packet that is for none of the listeners, if anything is
 * balanced. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct backend_ports);
} backend_ports SEC(".maps");

/* Written for requests that have passed every limit. Full: of the four in a set, the one used least
 * lately goes; a call that was answered is in `dialogs` by then. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PLACEMENT_SETS); /* 1 where nothing is balanced at start */
	__type(key, __u32);
	__type(value, struct placement_set);
} placements SEC(".maps");

/* Full: the connection used least lately goes by its hash again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536); /* 1 where nothing is balanced at start */
	__type(key, struct connection_key);
	__type(value, struct connection);
} connections SEC(".maps");

/* Connections that backends have answered, until a newer one has the same place: its clients may be
 * made up, and a row of `connections` is for those who are there. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HANDSHAKES);
	__type(key, __u32);
	__type(value, struct handshake);
} handshakes SEC(".maps");

/* Routes and neighbours remembered, a cell each by a hash: never full, the newest takes the cell. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct next_hops);
} next_hops SEC(".maps");

/* The programs that sipxdp_ingress goes on in. Written by whoever loads them. A slot that is empty
 * leaves a packet of a balanced service dropped, as DROP_INTERNAL, and what backends send to the
 * stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, PROGRAM_COUNT);
	__type(key, __u32);
	__type(value, __u32);
} programs SEC(".maps");

/* What the walk over IPv6 extension headers found. */
struct extensions {
	__u32 length; /* of all of them */
	__be32 fragment_id;
	__u32 fragment; /* enum fragment_part */
	__u32 protocol; /* behind them; 0: none of ours, or endless */
	__u32 endless;	/* more headers than a packet of anybody has, or beyond reach */
};

/* What the stages find out about a packet, in the order in which they do. It lies in a map and not
 * on the stack, and what is branched on is volatile: what is read from a map is unknown to the
 * verifier, which otherwise walks the rest of the program once for every range it has learned. */
struct facts {
	/* frame.h */
	__u64 frame_length;		/* of the whole frame, all buffers */
	volatile __u32 payload_offset;	/* of the UDP payload in the frame */
	volatile __u32 payload_length;	/* of what is in this frame, by the IP header */
	volatile __u32 datagram_length; /* of the UDP payload, by the UDP header */
	__be32 fragment_id;
	volatile __u8 family; /* 4 or 6 */
	volatile __u8 protocol;
	volatile __u8 fragment;	       /* enum fragment_part */
	volatile __u8 damaged;	       /* lengths that contradict each other */
	volatile __u8 unlike;	       /* IPv6: a later fragment that says it is not UDP */
	volatile __u8 endless;	       /* IPv6 headers or fragments made to hide the ports */
	volatile __u32 network_offset; /* of the IP header */
	volatile __u8 tagged;	       /* VLAN tags in front of it */
	volatile __u8 mapped;	       /* IPv6, and says that it is from an IPv4-mapped address */
	__be16 sport;
	__be16 dport;
	struct sipxdp_addr saddr;
	struct sipxdp_addr daddr;
	/* service.h */
	__u64 now;
	volatile __u8 service;
	/* classify.h */
	volatile __u32 text_offset; /* of the message in the frame, behind leading CRLFs */
	volatile __u32 text_length;
	volatile __u8 class;   /* enum traffic_class */
	volatile __u8 limit;   /* enum limit_class */
	volatile __u16 status; /* of a response */
	volatile __u8 syn;     /* opens a connection */
	volatile __u8 opening; /* has SYN, with or without ACK */
	volatile __u8 reset;
	volatile __u8 tls;    /* for a TLS listener, or from a backend's TLS port */
	volatile __u8 urgent; /* an emergency call */
	/* source.h */
	volatile __u8 tier;	 /* enum source_tier */
	volatile __u8 policy;	 /* enum source_policy */
	volatile __u8 neighbour; /* unknown, but a port of its address may be known */
	__u32 trust_epoch;	 /* when that was asked */
	__u64 ban_until;
	/* guard.h */
	volatile __u8 keep;	 /* eighths of the ceiling left for what is more urgent */
	volatile __u8 spared;	 /* an emergency call that a limit would have refused */
	volatile __u8 undecided; /* header fields beyond the scanner's reach */
	volatile __u8 ask;	 /* refused, but to be asked for a proof of source */
	volatile __u8 sighting;	 /* enum sighting */
	volatile __u8 reason;	 /* enum reason */
	volatile __u8 verdict;	 /* enum verdict */
	volatile __u8 scanned;	 /* `scan` is of this packet */
	/* balance.h, backend.h */
	volatile __u32 backend; /* place in `backends`, 0: none */
	volatile __u8 outbound; /* a later fragment that a backend sent */
	volatile __u8 action;	/* what is let through leaves by XDP_PASS ^ action: 0 is XDP_PASS */
	struct sipxdp_peer vip; /* our own end of it, as the far side sees it */
};

/* The packet that an ICMP error is about. */
struct icmp_quote {
	struct sipxdp_peer source;
	struct sipxdp_peer destination;
	__u32 network; /* offsets of its headers in the frame */
	__u32 transport;
	__u32 protocol;
};

/* Scratch of one packet; nothing outlives a run. */
struct work {
	struct facts facts;
	struct scan scan;
	struct extensions extensions;
	struct bpf_fib_lookup fib;
	struct scan_field user_value; /* user_key.h */
	__u64 user_hash;
	struct icmp_quote quote;
	struct fragment_key fragment_key;
	struct sipxdp_peer client;
	union { /* a row about to be inserted: the stack has no room for it */
		struct source source;
		struct trusted trusted;
		struct provisional provisional;
		struct dialog dialog;
		struct ban ban;
		struct fragment fragment;
		struct connection connection;
	} row;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct work);
} work SEC(".maps");

/* Scratch of one response that is made here. */
#define REPLY_ROOM                                                                                 \
	6400 /* two parts, each as long as the scanner reaches, behind offsets up to 0xfff */
struct reply_text {
	char text[REPLY_ROOM];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct reply_text);
} reply_scratch SEC(".maps");

/* To the daemon. Full: records are lost and counted in host_state.tap_lost; packets go on. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 * 1024 * 1024); /* * */
} tap SEC(".maps");

/* Written by the daemon, for people. Full: the newest are not listed, see status. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1048576); /* * */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct call_key);
	__type(value, struct call_record);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144); /* * */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct registration_key);
	__type(value, struct registration_record);
} registrations SEC(".maps");

#endif
