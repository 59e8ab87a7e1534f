/* SPDX-License-Identifier: GPL-2.0-only */
/* Digest challenges and credentials (RFC 3261 sections 20.7, 20.27, 20.28, 20.44, 22; algorithms of
 * RFC 8760): WWW-Authenticate, Proxy-Authenticate, Authorization, Proxy-Authorization. */
#ifndef SIPXDP_SIP_DIGEST_H
#define SIPXDP_SIP_DIGEST_H

#include "sip/cursor.h"

enum sip_digest_algorithm {
	SIP_DIGEST_MD5, /* also when none is named */
	SIP_DIGEST_MD5_SESS,
	SIP_DIGEST_SHA256,
	SIP_DIGEST_SHA256_SESS,
	SIP_DIGEST_SHA512_256,
	SIP_DIGEST_SHA512_256_SESS,
	SIP_DIGEST_AKA, /* AKAv1-MD5, AKAv2-… (RFC 3310, 4169) */
	SIP_DIGEST_OTHER,
};

/* Slices are without quotes, escapes as they are; length 0 where a parameter is not there. */
struct sip_challenge {
	bool is_digest; /* false: another scheme, of which only `scheme` is set */
	bool stale;
	bool qop_auth; /* qop offers auth */
	bool qop_auth_int;
	enum sip_digest_algorithm algorithm;
	struct sip_slice scheme;
	struct sip_slice realm, nonce, opaque, domain;
	struct sip_slice algorithm_name;
};

struct sip_credentials {
	bool is_digest; /* false: another scheme, of which only `scheme` is set */
	bool has_nc;
	enum sip_digest_algorithm algorithm;
	uint32_t nc; /* nonce-count */
	struct sip_slice scheme;
	struct sip_slice username, realm, nonce, uri, response, cnonce, opaque, qop;
	struct sip_slice algorithm_name;
};

/* Both read the whole value. */
bool sip_take_challenge(struct sip_cursor *c, struct sip_challenge *challenge);
bool sip_take_credentials(struct sip_cursor *c, struct sip_credentials *credentials);

#endif
