/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of `calls` and `registrations`: what the daemon knows, written to be read by people in a
 * raw map dump. Texts are NUL-terminated and cut (never in mid-character) where they do not fit.
 * Times are CLOCK_REALTIME nanoseconds. */
#ifndef SIPXDP_RECORD_H
#define SIPXDP_RECORD_H

#include <linux/types.h>

#define RECORD_CALL_ID 80
#define RECORD_URI     64
#define RECORD_CONTACT 96
#define RECORD_PEER    48 /* "[v6 address]:port" */
#define RECORD_AGENT   48
#define RECORD_CODEC   16
#define RECORD_DIALOGS 4 /* dialogs of a call that are told apart */

struct call_key {
	__u64 call_id_hash; /* as in `dialogs`, on side 0 */
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

/* The sides that have put the call on hold: bits. */
#define CALL_HELD_BY_CALLER 1
#define CALL_HELD_BY_CALLEE 2

/* What is below `codec` is the daemon's own: all that another one needs to go on with the call. With
 * the room that the kernel takes for an element of its own, this fills 512 octets. */
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
	__u32 ring_ms;	/* INVITE to the first 101..199; 0: none */
	__u32 setup_ms; /* INVITE to the first 2xx; 0: not answered */
	__u32 messages; /* seen, retransmissions included */
	__u32 retransmissions;
	__u16 service;
	__u16 final_status; /* of the INVITE; 0: none yet */
	__u16 reinvites;
	__u16 updates;
	__u16 pracks;
	__u16 refers;
	__u16 holds;		  /* how often it was put on hold */
	__u16 codec_changes;	  /* since it was answered */
	__u16 forks;		  /* dialogs that its INVITE made */
	__u16 held;		  /* CALL_HELD_BY_…: by whom, now */
	char codec[RECORD_CODEC]; /* of the first stream, as answered; "": none was seen */
	__u64 session_hash; /* of the Session-ID of the calling side (RFC 7989), 0: none: the same
			     * for all legs of one call through back-to-back user agents */
	__u64 caller_tag;   /* hashes, as are dialog_tag and transaction */
	__u64 transaction;
	__u32 dialog_tag[RECORD_DIALOGS];
	__u8 dialog_state[RECORD_DIALOGS];
	__u32 invite_cseq;
	__u32 session_end_unix_s; /* RFC 4028; 0: no session timer */
	__u32 flags;
};
_Static_assert(sizeof(struct call_record) == 448, "call record layout");

struct registration_key {
	__u64 binding_hash; /* of the AoR and the contact */
};

struct registration_record {
	char aor[RECORD_URI];
	char contact[RECORD_CONTACT];
	char path[RECORD_URI]; /* the way to it (RFC 3327), first URI; "": straight */
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
	__u32 reg_id; /* flow of a device with several (RFC 5626), 0: none */
	__u32 zero2;
};
_Static_assert(sizeof(struct registration_record) == 448, "registration record layout");

#endif
