/* SPDX-License-Identifier: GPL-2.0-only */
/* A message as the state machines see it: what identifies it, hashed once. */
#ifndef SIPXDP_TRACK_EVENT_H
#define SIPXDP_TRACK_EVENT_H

#include "track/tracker.h"

struct event {
	const struct track_arrival *arrival;
	const struct sip_message *message;
	uint64_t transaction; /* transaction_id() */
	uint64_t from_tag;    /* hashes; track.no_tag: there is none */
	uint64_t to_tag;
	uint64_t now_ns;
	uint32_t cseq;
	uint16_t status; /* 0: a request */
	uint8_t method;	 /* enum sip_method, of the CSeq */
	bool from_server;
	bool has_to_tag;
	bool credentials; /* a request with Authorization or Proxy-Authorization */
};

void event_read(struct event *e, const struct track *t, const struct track_arrival *arrival,
		const struct sip_message *message);

static inline bool event_is_request(const struct event *e)
{
	return e->status == 0;
}

static inline bool event_is_success(const struct event *e)
{
	return e->status / 100 == 2;
}

/* Did the server challenge the request: an answer that asks for credentials (RFC 3261 section 22)?
 */
static inline bool event_is_challenge(const struct event *e)
{
	return e->status == 401 || e->status == 407;
}

/* Does a challenge say that the credentials were good and only their nonce too old (RFC 7616 section
 * 3.3, stale)? */
bool event_is_stale(const struct event *e);

/* The interval of Session-Expires (RFC 4028 section 4) in seconds, never below the 90 that the RFC
 * allows; 0: there is none. */
uint32_t event_session_expires(const struct event *e);

/* The AoR that a request asks for: To of a REGISTER (RFC 3261 section 10.3), else the Request-URI.
 */
uint64_t event_target(const struct track *t, const struct event *e);

#endif
