/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tracker: SIP messages in, records of calls and registrations out. It knows nothing of BPF and
 * of sockets: records go through a sink of callbacks, and the clock comes with each message.
 *
 *	track_new(&config, &sink, now, &tracker);
 *	for each record in the pinned maps: track_adopt_call(), track_adopt_registration()
 *	for each message of a batch: track_message()
 *	after each batch: track_flush(); at least once a second: track_advance(), track_flush()
 *
 * Texts (Call-ID, URIs, addresses) live in the records alone, wherever the sink keeps them; the
 * tracker holds hashes, numbers and times. All memory is reserved by track_new(); a message
 * allocates nothing. A full table leaves what is newest untracked and counts it.
 *
 * What ends a call that falls silent (RFC 3261 unless another is named):
 *
 *	no response at all for 32 s			Timer B, section 17.1.1.2; then it is forgotten
 *	challenged, and no new attempt for 5 s after	T4, section 17.2.1: the transaction of the
 *	the ACK, or for 10 s if there is none		INVITE is over; then it is forgotten
 *	no final response 180 s after the last one	Timer C, section 16.6
 *	no final response 32 s after a CANCEL		section 9.1
 *	no ACK 32 s after a 2xx				section 13.3.1.4
 *	no refresh within its session timer, and 32 s	RFC 4028 section 10
 *	no message for config.idle_ns
 *	the kernel has seen its end			sink.call_dialog, where messages were lost
 *
 * A call that is over stays to be seen for 32 s more, but for those that are forgotten: they never
 * were more than an INVITE.
 *
 * When the table of calls is full, a new INVITE is not tracked. A call that the server answers
 * takes the place of one that is over or not answered, if one is found near at hand.
 */
#ifndef SIPXDP_TRACK_TRACK_H
#define SIPXDP_TRACK_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include <sipxdp/address.h>
#include <sipxdp/record.h>
#include <sipxdp/time.h>

#include "sip/message.h"
#include "track/quality.h"

#define TRACK_SERVICES	      16 /* numbers of services are below that */
#define TRACK_IDLE_DEFAULT_NS (12 * 3600 * NSEC_PER_SEC)

struct track_config {
	uint32_t calls;		/* at once; 248 octets each */
	uint32_t registrations; /* bindings, and AoRs, at once; 184 octets each */
	uint32_t transactions;	/* requests outside of calls, unanswered or answered within 5 s */
	uint64_t idle_ns;	/* of an answered call without a session timer; 0: the default */
	uint64_t seed[2];	/* secret; the same after a restart, for keys are made with it */
};

enum track_direction {
	TRACK_TO_SERVER,   /* seen at ingress */
	TRACK_FROM_SERVER, /* seen at egress */
};

/* Where and when a message was seen. */
struct track_arrival {
	uint64_t now_ns;	   /* CLOCK_REALTIME */
	uint64_t call_id_hash;	   /* keyed; 0: not known, and no call is tracked */
	struct sipxdp_peer peer;   /* the far side */
	struct sipxdp_peer server; /* the service's own address and port */
	uint32_t service;	   /* number, below TRACK_SERVICES */
	enum track_direction direction;
};

/* What the server's answers say of a peer. */
enum track_fact_kind {
	TRACK_REGISTERED, /* its REGISTER was granted: `seconds` that its bindings have now */
	TRACK_ANSWERED,	  /* a call with it was answered */
	TRACK_REFUSED,	  /* its credentials were refused: 401, 407 or 403 to a request with some */
	TRACK_UNKNOWN,	  /* it asked for an AoR that does not exist: 404 or 604 */
	TRACK_FOUND,	  /* it asked for an AoR that does exist */
};

struct track_fact {
	enum track_fact_kind kind;
	struct sipxdp_peer peer;
	uint32_t service;
	uint64_t now_ns;
	uint64_t aor_hash; /* of the AoR asked for; keyed */
	uint32_t seconds;  /* TRACK_REGISTERED: the longest of its bindings, of all AoRs; 0: none */
	uint16_t status;   /* of the answer */
	uint8_t method;	   /* enum sip_method */
	bool more;	   /* TRACK_REGISTERED: it has more bindings than were looked at */
	bool untracked;	   /* TRACK_REGISTERED: what it was granted is not tracked */
};

/* What the kernel knows of a call, whose messages it goes on seeing while no daemon runs. */
enum track_dialog {
	TRACK_DIALOG_UNKNOWN, /* nothing can be told */
	TRACK_DIALOG_EARLY,
	TRACK_DIALOG_CONFIRMED,
	TRACK_DIALOG_OVER, /* a BYE was answered, it has idled, or the kernel knows it no more */
};

/*
 * Where records go. The put callbacks write or overwrite, the get callbacks read back what was put
 * (-ENOENT: it is not there), the delete callbacks take out what may have gone already. All return
 * 0 or -errno; a put that fails is counted and tried again when the call or binding is next heard
 * of. call_dialog tells what the kernel knows of a call and, but for TRACK_DIALOG_UNKNOWN, when it
 * last saw a message of it (CLOCK_REALTIME, 0: not known). call_abandoned tells of a call that a BYE has
 * ended to which nobody agreed, so that the kernel may not know. fact, call_dialog and call_abandoned may
 * be NULL.
 */
struct track_sink {
	void *context;
	int (*call_put)(void *context, const struct call_key *key,
			const struct call_record *record);
	int (*call_get)(void *context, const struct call_key *key, struct call_record *record);
	void (*call_delete)(void *context, const struct call_key *key);
	enum track_dialog (*call_dialog)(void *context, const struct call_key *key,
					 uint64_t *seen_unix_ns);
	void (*call_abandoned)(void *context, const struct call_key *key);
	int (*registration_put)(void *context, const struct registration_key *key,
				const struct registration_record *record);
	int (*registration_get)(void *context, const struct registration_key *key,
				struct registration_record *record);
	void (*registration_delete)(void *context, const struct registration_key *key);
	void (*fact)(void *context, const struct track_fact *fact);
};

/* Numbers since track_new(), but for the first three: as of now. */
struct track_stats {
	uint32_t calls, registrations, transactions;
	uint64_t messages;
	uint64_t retransmissions;
	uint64_t strays;	     /* belong to no call or request that we know of */
	uint64_t unhashed;	     /* of calls, left out: call_id_hash was 0 */
	uint64_t calls_full;	     /* calls not tracked because the table was full */
	uint64_t calls_evicted;	     /* calls that made room for one that was answered */
	uint64_t calls_forgotten;    /* INVITEs never answered, or challenged and not tried again */
	uint64_t calls_found_over;   /* ended by what the kernel knew */
	uint64_t registrations_full; /* bindings likewise */
	uint64_t transactions_full;  /* requests likewise */
	uint64_t forks_lost;	     /* dialogs of one call beyond those that are told apart */
	uint64_t put_failed;	     /* records the sink refused */
};

struct track;

/* The sink is copied. 0, -EINVAL (a table of no entries, a callback missing) or -ENOMEM; *out is to
 * be given to track_free(), which leaves all records where they are. */
int track_new(const struct track_config *config, const struct track_sink *sink, uint64_t now_ns,
	      struct track **out);
void track_free(struct track *t);

/* Another config.idle_ns (0: the default), also for calls that are under way: for those within a
 * minute, or when the old time is over where the sink has no call_dialog. */
void track_set_idle(struct track *t, uint64_t idle_ns);

/*
 * Takes over what an earlier daemon wrote. The record is that of the sink, unchanged. 0; -EEXIST:
 * it is tracked already; -ENOSPC: the table is full, and the record was deleted; -ESTALE: its time
 * is over, and it was deleted.
 */
int track_adopt_call(struct track *t, const struct call_key *key, const struct call_record *record);
int track_adopt_registration(struct track *t, const struct registration_key *key,
			     const struct registration_record *record);

/* What a message was to the tracker. */
struct track_outcome {
	bool of_call;  /* of one that is tracked */
	bool again;    /* of a call, and seen before */
	bool answered; /* of a call that is, or was, answered */
};

/* Takes in one message, and first moves the clock on to when it was seen. Nothing of the message
 * is kept. */
struct track_outcome track_message(struct track *t, const struct track_arrival *arrival,
				   const struct sip_message *message);

/* Moves the clock on: what has run out ends or is deleted. */
void track_advance(struct track *t, uint64_t now_ns);

/*
 * Messages may have been missed since the last call of this, or since track_new(). Calls that have
 * not been heard of since are held against what the kernel knows of them, within a minute or when
 * their time is over. Without losses it is not asked, for it tells calls by Call-ID alone, and what
 * was seen of their tags tells more.
 */
void track_messages_lost(struct track *t);

/* Holds every call against what the kernel knows of it, at once: for when messages have been missed
 * before the tracker was there to hear of it. */
void track_ask_kernel(struct track *t);

/* Writes what has changed since it was last written. New calls, registrations and deletions do not
 * wait for this. */
void track_flush(struct track *t);

/* Asks for the memory that a message with this Call-ID will want, some time before it is given. */
void track_prefetch(const struct track *t, uint64_t call_id_hash);

void track_stats(const struct track *t, struct track_stats *out);

/* What was counted of a service since track_new(); NULL: there is no such number. */
const struct track_quality *track_quality(const struct track *t, uint32_t service);

#endif
