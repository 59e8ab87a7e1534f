/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of `calls` and `registrations`: what the daemon knows, written to be read by people in a
 * raw map dump. Texts are NUL-terminated and cut (never in mid-character) where they do not fit.
 * Times are CLOCK_REALTIME nanoseconds. */
#ifndef SIPXDP_RECORD_H
#define SIPXDP_RECORD_H

#include <linux/types.h>

#define RECORD_CALL_ID 96
#define RECORD_URI     64
#define RECORD_PEER    56 /* "[v6 address]:port" */
#define RECORD_AGENT   48

struct call_key {
	__u64 call_id_hash; /* as in `dialogs` */
};

enum call_state {
	CALL_TRYING,	 /* INVITE seen */
	CALL_RINGING,	 /* 101..199 seen */
	CALL_ANSWERED,	 /* 2xx seen, ACK not yet */
	CALL_CONFIRMED,	 /* ACK seen */
	CALL_CANCELLING, /* CANCEL seen, final response not yet */
	CALL_ENDED,	 /* BYE, or failed: kept for a short time to be seen */
	CALL_FAILED,
};

struct call_record {
	char call_id[RECORD_CALL_ID];
	char from[RECORD_URI];
	char to[RECORD_URI];
	char source[RECORD_PEER];      /* who sent the INVITE */
	char destination[RECORD_PEER]; /* where it went: the service's address */
	__u64 started_unix_ns;
	__u64 answered_unix_ns; /* 0: not answered */
	__u64 ended_unix_ns;	/* 0: not ended */
	__u64 updated_unix_ns;
	enum call_state state;
	__u32 service;
	__u32 setup_ms; /* INVITE to the first 2xx; 0: not answered */
	__u32 messages; /* seen, retransmissions included */
	__u32 retransmissions;
	__u16 reinvites;
	__u16 final_status; /* of the INVITE; 0: none yet */
};
_Static_assert(sizeof(struct call_record) == 392, "call record layout");

struct registration_key {
	__u64 binding_hash; /* of the AoR and the contact */
};

struct registration_record {
	char aor[RECORD_URI];
	char contact[RECORD_CALL_ID];
	char source[RECORD_PEER];
	char user_agent[RECORD_AGENT];
	char call_id[RECORD_CALL_ID];
	__u64 registered_unix_ns; /* first seen */
	__u64 refreshed_unix_ns;
	__u64 expires_unix_ns;
	__u32 service;
	__u32 refreshes;
	__u32 expires_s; /* as granted last */
	__u16 q_thousandths;
	__u16 zero;
};
_Static_assert(sizeof(struct registration_record) == 400, "registration record layout");

#endif
