/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small user agent (RFC 3261: UA) that carries out one order: it sends a request, answers
 * challenges, acknowledges, holds a call for a while, changes it, hangs up or cancels; and answers
 * what it is asked meanwhile. It has no socket and no clock: its owner passes in what arrives and
 * what time it is, and sends what it is given.
 *
 *	ua_new(&order, &world, now, &ua, &error);
 *	while (!ua_is_done(ua, now)) {
 *		wait until ua_next(ua), a message, or an interrupt;
 *		ua_receive(ua, &from, octets, length, now);
 *		ua_run(ua, now);
 *	}
 *	ua_result(ua);
 *	ua_free(ua);
 *
 * All times are nanoseconds of a clock that does not jump.
 */
#ifndef SIPXDP_UA_UA_H
#define SIPXDP_UA_UA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sip/error.h"
#include "ua/authorization.h"
#include "ua/peer.h"
#include "ua/transaction.h"

#define UA_BODY_MAX 32768 /* octets of an order's body */

/* How long a phone may ring before it is cancelled, if the order says nothing else. */
#define UA_RING_NS UINT64_C(180000000000)

/* How long copies of a final response are still answered over UDP before the order is done: a
 * program cannot stay for the 32 s of timer D. */
#define UA_LINGER_NS (2 * UA_T1_NS)

/* What is to be done. Texts must live as long as the user agent. */
struct ua_order {
	const char *method;
	const char *uri;
	const char *from;	 /* URI; NULL: made of the user, or anonymous */
	const char *contact;	 /* URI, or "*"; NULL: where this user agent is reached */
	struct ua_secret secret; /* user NULL: challenges are not answered */
	bool has_expires;
	uint32_t expires;      /* seconds */
	uint64_t patience;     /* timers B and F, and ringing; 0: the RFC's, and UA_RING_NS */
	uint64_t hold;	       /* INVITE: from the 2xx to the BYE */
	bool reinvite;	       /* INVITE: puts the call on hold and takes it back */
	uint64_t cancel_after; /* INVITE: CANCEL if there is no final response; UA_NEVER */
	const char *body;      /* NULL: an offer in an INVITE, else none */
	size_t body_length;
	const char *content_type;
	const char *const *headers; /* "Name: value"; take the place of ours of that name */
	unsigned int header_count;
	struct ua_peer hop;    /* where the request goes */
	struct endpoint local; /* where this user agent is reached, by UDP and by TCP */
	uint16_t media_port;   /* at the same address */
};

enum ua_event_kind {
	UA_SENT,
	UA_RECEIVED,
	UA_NOTE, /* something that no message shows */
};

struct ua_event {
	enum ua_event_kind kind;
	const struct ua_peer *peer; /* sent, received */
	const char *data;	    /* message; text of a note, which ends in a NUL */
	size_t length;
	bool again;		       /* the same was sent or received before */
	enum ua_timer timer;	       /* that had it sent again, or UA_NO_TIMER */
	const struct sip_error *fault; /* received, and no valid message; else NULL */
};

/* What the owner does for it. */
struct ua_world {
	void *context;
	/* 0 or -errno */
	int (*send)(void *context, const struct ua_peer *to, const char *data, size_t length);
	/* Looks up a host name. 0 or -errno. */
	int (*resolve)(void *context, const char *host, uint16_t port, struct endpoint *out);
	/* Fills in octets that nobody can guess. */
	void (*random)(void *context, void *octets, size_t count);
	void (*tell)(void *context, const struct ua_event *event);
};

enum ua_outcome {
	UA_WORKING,
	UA_SUCCEEDED,	/* a 2xx came */
	UA_REFUSED,	/* another final response came */
	UA_NO_ANSWER,	/* none came */
	UA_UNREACHABLE, /* the request could not be delivered */
};

struct ua_result {
	enum ua_outcome outcome;
	uint16_t status;  /* the last response to the order itself; 0: none */
	char reason[128]; /* its reason phrase; may hold anything but control octets */
	char why[192];	  /* in words, unless it succeeded */
	bool spoilt;	  /* it succeeded, but a BYE or re-INVITE did not */
	bool hung_up;	  /* the other side ended the call */
};

struct ua;

/*
 * Starts an order: the first message is sent at once. 0; -ENOMEM; or -EINVAL with *error: the
 * request that the order makes is no valid message.
 */
int ua_new(const struct ua_order *order, const struct ua_world *world, uint64_t now,
	   struct ua **out, struct sip_error *error);
void ua_free(struct ua *ua); /* may be NULL */

/* A datagram, or a message cut out of a stream (sip/stream.h). It may be anything. */
void ua_receive(struct ua *ua, const struct ua_peer *from, const char *data, size_t length,
		uint64_t now);

/* Does what is due. */
void ua_run(struct ua *ua, uint64_t now);

/* When ua_run() is to be called next, unless something else happens before; UA_NEVER. */
uint64_t ua_next(const struct ua *ua);

/* The user has had enough: cancels, or hangs up; the second time, just stops. */
void ua_interrupt(struct ua *ua, uint64_t now);

/* What was sent to this peer did not arrive: an ICMP error, or a connection that failed. error:
 * an errno above 0. */
void ua_lost(struct ua *ua, const struct ua_peer *peer, int error, uint64_t now);

bool ua_is_done(const struct ua *ua, uint64_t now);
const struct ua_result *ua_result(const struct ua *ua);

#endif
