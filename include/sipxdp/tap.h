/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel hands to the daemon through the ring buffer `tap`: one record a message. */
#ifndef SIPXDP_TAP_H
#define SIPXDP_TAP_H

#include <linux/types.h>
#include <sipxdp/address.h>

enum tap_direction { TAP_INGRESS, TAP_EGRESS };

/* Why the record is there. */
enum tap_kind {
	TAP_MESSAGE, /* a SIP message that was let through, for tracking */
	TAP_SAMPLE,  /* a packet that was dropped (or would have been), at a capped rate */
};

struct tap_record {
	__u64 time_ns;	    /* CLOCK_MONOTONIC */
	__u64 call_id_hash; /* 0: no Call-ID was found */
	struct sipxdp_addr saddr;
	struct sipxdp_addr daddr;
	__be16 sport;
	__be16 dport;
	__u16 length;	/* of the SIP message: the UDP payload as the UDP header gives it */
	__u16 captured; /* octets of it that follow this record in `data` */
	__u32 ifindex;
	__u8 kind;	/* enum tap_kind */
	__u8 direction; /* enum tap_direction */
	__u8 service;
	__u8 traffic_class; /* enum traffic_class */
	__u8 verdict;	    /* enum verdict */
	__u8 reason;	    /* enum reason */
	__u8 tier;	    /* enum source_tier of the far side */
	__u8 zero[5];
	char data[]; /* the UDP payload from its first octet, less leading CRLFs */
};
_Static_assert(sizeof(struct tap_record) == 72, "tap record layout");

/* A record is reserved in one of these sizes: the verifier wants constants. */
#define TAP_SMALL  1024
#define TAP_MEDIUM 2048
#define TAP_LARGE  8192

enum source_tier { TIER_UNKNOWN, TIER_PROVISIONAL, TIER_TRUSTED, TIER_EXEMPT, TIER_BANNED };

#endif
