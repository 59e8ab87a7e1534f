/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers digest challenges (RFC 3261 section 22, RFC 7616, RFC 8760): keeps what each realm has
 * asked for, and writes the credentials that belong into the next request. */
#ifndef SIPXDP_UA_AUTHORIZATION_H
#define SIPXDP_UA_AUTHORIZATION_H

#include <stdbool.h>
#include <stdint.h>

#include "sip/digest.h"
#include "sip/message.h"
#include "ua/text.h"

#define UA_REALMS_MAX 4 /* of one call: its proxies and its server */

/* One realm's latest challenge. Texts as they stood between the quotes. */
struct ua_realm {
	bool proxy; /* Proxy-Authenticate, not WWW-Authenticate */
	bool qop_auth, qop_auth_int;
	enum sip_digest_algorithm algorithm;
	char algorithm_name[32]; /* "": none was named */
	char name[256];
	char nonce[1024];
	char opaque[1024]; /* "": none */
	uint32_t count;	   /* how often that nonce was used (nc) */
};

struct ua_authorization {
	struct ua_realm realms[UA_REALMS_MAX];
	unsigned int count;
};

/* What credentials are made of. */
struct ua_secret {
	const char *user, *password;
};

/* The request that they are for. */
struct ua_signed {
	const char *method, *uri; /* Request-URI */
	const char *body;
	size_t body_length;
	const char *cnonce;
};

/*
 * Takes in the challenges of a 401 or 407, the strongest algorithm that is known here of each
 * realm's (RFC 8760 section 2.4). again: the request had answered a challenge before, and not only
 * carried credentials on the off chance.
 *
 * 0: a new request with credentials is worth sending; -EACCES: the credentials were refused;
 * -ENOENT: no challenge that can be answered; -ENOSPC: more realms than there is room for.
 */
int ua_authorization_take(struct ua_authorization *a, const struct sip_message *response,
			  bool again);

/* Writes an Authorization or Proxy-Authorization line for every realm that is known, and counts
 * the nonces' uses. */
void ua_authorization_write(struct ua_authorization *a, const struct ua_secret *secret,
			    const struct ua_signed *request, struct ua_text *out);

/* Can the name stand in credentials: no quote, backslash or control octet? */
bool ua_user_is_quotable(const char *user);

#endif
