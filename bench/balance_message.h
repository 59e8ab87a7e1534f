/* SPDX-License-Identifier: GPL-2.0-only */
/* The messages of the calls that bench_balance makes: written from templates, and read no further
 * than their answers need. */
#ifndef BENCH_BALANCE_MESSAGE_H
#define BENCH_BALANCE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BALANCE_MESSAGE_MAX 4096 /* octets */
#define BALANCE_ROUTES	    4	 /* Record-Route header fields */

/* A stretch of a message; it ends with the buffer that it points into. */
struct balance_slice {
	const char *at;
	size_t length;
};

enum balance_method {
	BALANCE_INVITE,
	BALANCE_ACK,
	BALANCE_BYE,
	BALANCE_OPTIONS,
	BALANCE_OTHER,
};

/* What is read of a message: header fields with their names and CRLF, but for contact, which is the
 * URI alone, and to and call_id, which are values. */
struct balance_view {
	enum balance_method method; /* of the request, or by the CSeq of a response */
	unsigned int status;	    /* 0: a request */
	struct balance_slice vias[8];
	size_t via_count;
	struct balance_slice routes[BALANCE_ROUTES];
	size_t route_count;
	struct balance_slice from, cseq;
	struct balance_slice to, call_id, contact;
};

/* Fills *out with what points into the message. Whether it is one that can be answered. */
bool balance_read(const char *message, size_t length, struct balance_view *out);

/* A call of a caller. */
struct balance_call {
	const char *address; /* of the caller, as text */
	unsigned int port;
	const char *target; /* ADDRESS:PORT that it is addressed to */
	uint64_t serial;    /* of the call: makes its Call-ID, branches and tag */
};

/* The Call-ID of a call, NUL-terminated. Its length. */
size_t balance_call_id(char out[64], const struct balance_call *call);

/*
 * Each writes one message and returns its length; 0 if it does not fit into BALANCE_MESSAGE_MAX.
 * In a dialog: `ok` is the 2xx to the INVITE.
 */
size_t balance_invite(char *out, const struct balance_call *call);
size_t balance_in_dialog(char *out, const struct balance_call *call, enum balance_method method,
			 const struct balance_view *ok);

/* own: ADDRESS:PORT of the callee, for its Contact. */
size_t balance_response(char *out, const struct balance_view *request, unsigned int status,
			const char *own);

#endif
