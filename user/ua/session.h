/* SPDX-License-Identifier: GPL-2.0-only */
/* Session descriptions of a phone that says and hears nothing (RFC 4566, RFC 3264): one audio
 * stream to a port that is bound and silent. */
#ifndef SIPXDP_UA_SESSION_H
#define SIPXDP_UA_SESSION_H

#include <stdbool.h>

#include "policy/address.h"
#include "sip/sdp.h"
#include "ua/text.h"

#define UA_SDP_MAX 4096

struct ua_session {
	struct endpoint media;
	uint64_t id;	  /* o=: the same for the life of the session */
	uint32_t version; /* o=: one more with each new description */
	bool held;	  /* neither side is to send (a=inactive); else the other may (recvonly) */
};

/* An offer of G.711. */
void ua_session_offer(const struct ua_session *session, struct ua_text *out);

/* The answer to an offer, stream by stream (RFC 3264 section 6): the first audio stream is taken
 * with the codec it prefers, all others are refused by port 0. False if there is none to take. */
bool ua_session_answer(const struct ua_session *session, const char *text,
		       const struct sip_sdp *offer, struct ua_text *out);

#endif
