/* SPDX-License-Identifier: GPL-2.0-only */
/* The OPTIONS request that a probe sends (RFC 3261 section 11), and what comes back. No I/O. */
#ifndef SIPXDP_BALANCE_OPTIONS_MESSAGE_H
#define SIPXDP_BALANCE_OPTIONS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"
#include "sip/message.h"

#define OPTIONS_SIZE 768 /* of the longest request, with a NUL */

/* One request: where it comes from and goes to, and a number that nobody can guess. */
struct options_message {
	struct endpoint from;
	struct endpoint to;
	bool tcp;
	uint64_t id;
};

/* Writes the request. Its length. */
size_t options_write(const struct options_message *message, char out[OPTIONS_SIZE]);

enum options_answer {
	OPTIONS_NONE,	     /* not SIP, or no answer to this request */
	OPTIONS_PROVISIONAL, /* 1xx: the final one is to come */
	OPTIONS_FINAL,
};

/*
 * Reads what came back: one datagram, or one message off a stream. It is an answer if Call-ID,
 * CSeq and branch are those of the request (RFC 3261 section 17.1.3). msg is scratch; *status is
 * written for an answer.
 */
enum options_answer options_read(const struct options_message *message, const char *data,
				 size_t length, struct sip_message *msg, uint16_t *status);

/*
 * How long the first message of a stream is. 0; -EAGAIN: more is to come; -EINVAL: not SIP. Octets
 * of CRLF before it count (RFC 5626 section 3.5.1).
 */
int options_stream_message(const char *data, size_t length, size_t *message);

#endif
