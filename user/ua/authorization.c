/* SPDX-License-Identifier: GPL-2.0-only */
/* Digest challenges in, credentials out. */
#include "ua/authorization.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sip/digest.h"
#include "ua/hash.h"

/* Is the challenge one that can be answered? One that asks for a qop must offer one of the two that
 * are known; the parser keeps no other. */
static bool is_usable(const struct sip_challenge *challenge)
{
	return challenge->is_digest && ua_hash_strength(challenge->algorithm);
}

static struct ua_realm *find_realm(struct ua_authorization *a, bool proxy, const char *name)
{
	for (unsigned int i = 0; i < a->count; i++)
		if (a->realms[i].proxy == proxy && strcmp(a->realms[i].name, name) == 0)
			return &a->realms[i];
	return NULL;
}

/* False if a value is longer than there is room for: such a challenge is not answered. */
static bool copy_challenge(const char *text, const struct sip_challenge *challenge, bool proxy,
			   struct ua_realm *realm)
{
	*realm = (struct ua_realm){
		.proxy = proxy,
		.qop_auth = challenge->qop_auth,
		.qop_auth_int = challenge->qop_auth_int,
		.algorithm = challenge->algorithm,
	};
	return ua_text_copy(text, challenge->realm, realm->name, sizeof(realm->name)) &&
	       ua_text_copy(text, challenge->nonce, realm->nonce, sizeof(realm->nonce)) &&
	       ua_text_copy(text, challenge->opaque, realm->opaque, sizeof(realm->opaque)) &&
	       ua_text_copy(text, challenge->algorithm_name, realm->algorithm_name,
			    sizeof(realm->algorithm_name));
}

/* What one response asks for: a row for each realm. */
struct asked {
	struct ua_realm realms[UA_REALMS_MAX];
	bool stale[UA_REALMS_MAX];
	unsigned int count;
	bool too_many;
};

static void note_challenge(struct asked *asked, const struct ua_realm *realm, bool stale)
{
	unsigned int i = 0;

	while (i < asked->count && (asked->realms[i].proxy != realm->proxy ||
				    strcmp(asked->realms[i].name, realm->name) != 0))
		i++;
	if (i == UA_REALMS_MAX) {
		asked->too_many = true;
		return;
	}
	if (i < asked->count &&
	    ua_hash_strength(realm->algorithm) <= ua_hash_strength(asked->realms[i].algorithm))
		return;
	asked->realms[i] = *realm;
	asked->stale[i] = stale;
	asked->count += i == asked->count;
}

static void read_challenges(const struct sip_message *response, bool proxy, struct asked *asked)
{
	enum sip_header_id id = proxy ? SIP_HEADER_PROXY_AUTHENTICATE : SIP_HEADER_WWW_AUTHENTICATE;

	for (const struct sip_header *h = sip_message_header(response, id, NULL); h;
	     h = sip_message_header(response, id, h)) {
		struct sip_cursor c = sip_message_cursor(response, h);
		struct sip_challenge challenge;
		struct ua_realm realm;

		if (sip_take_challenge(&c, &challenge) && is_usable(&challenge) &&
		    copy_challenge(response->text, &challenge, proxy, &realm))
			note_challenge(asked, &realm, challenge.stale);
	}
}

/* A realm that asks again although the request had answered it refuses the credentials, unless it
 * says that only the nonce was too old. */
static bool is_refusal(struct ua_authorization *a, const struct asked *asked, unsigned int i)
{
	return !asked->stale[i] && find_realm(a, asked->realms[i].proxy, asked->realms[i].name);
}

static int keep_realm(struct ua_authorization *a, const struct ua_realm *asked)
{
	struct ua_realm *known = find_realm(a, asked->proxy, asked->name);
	uint32_t count = 0;

	if (!known) {
		if (a->count == UA_REALMS_MAX)
			return -ENOSPC;
		known = &a->realms[a->count++];
	} else if (strcmp(known->nonce, asked->nonce) == 0) {
		count = known->count;
	}
	*known = *asked;
	known->count = count;
	return 0;
}

int ua_authorization_take(struct ua_authorization *a, const struct sip_message *response,
			  bool again)
{
	struct asked asked = { 0 };
	int err;

	read_challenges(response, response->start.status == 407, &asked);
	if (asked.too_many)
		return -ENOSPC;
	if (!asked.count)
		return -ENOENT;
	for (unsigned int i = 0; again && i < asked.count; i++)
		if (is_refusal(a, &asked, i))
			return -EACCES;
	for (unsigned int i = 0; i < asked.count; i++) {
		err = keep_realm(a, &asked.realms[i]);
		if (err)
			return err;
	}
	return 0;
}

static bool is_session_algorithm(enum sip_digest_algorithm algorithm)
{
	return algorithm == SIP_DIGEST_MD5_SESS || algorithm == SIP_DIGEST_SHA256_SESS ||
	       algorithm == SIP_DIGEST_SHA512_256_SESS;
}

/* "auth" where it is offered; "" as in RFC 2069 where nothing is (RFC 3261 section 22.4). */
static const char *choose_qop(const struct ua_realm *realm)
{
	if (realm->qop_auth)
		return "auth";
	return realm->qop_auth_int ? "auth-int" : "";
}

/* RFC 7616 section 3.4.1 */
static void compute_response(const struct ua_realm *realm, const struct ua_secret *secret,
			     const struct ua_signed *request, const char *qop, const char *nc,
			     char hex[UA_HEX_SIZE])
{
	enum sip_digest_algorithm algorithm = realm->algorithm;
	char a1[UA_HEX_SIZE], a2[UA_HEX_SIZE], body[UA_HEX_SIZE];

	ua_hash_texts(algorithm, a1, 3, secret->user, realm->name, secret->password);
	if (is_session_algorithm(algorithm))
		ua_hash_texts(algorithm, a1, 3, a1, realm->nonce, request->cnonce);
	if (realm->qop_auth_int && !realm->qop_auth) {
		ua_hash_octets(algorithm, request->body, request->body_length, body);
		ua_hash_texts(algorithm, a2, 3, request->method, request->uri, body);
	} else {
		ua_hash_texts(algorithm, a2, 2, request->method, request->uri);
	}
	if (*qop)
		ua_hash_texts(algorithm, hex, 6, a1, realm->nonce, nc, request->cnonce, qop, a2);
	else
		ua_hash_texts(algorithm, hex, 3, a1, realm->nonce, a2);
}

static void write_realm(struct ua_realm *realm, const struct ua_secret *secret,
			const struct ua_signed *request, struct ua_text *out)
{
	const char *qop = choose_qop(realm);
	char response[UA_HEX_SIZE], nc[9];

	snprintf(nc, sizeof(nc), "%08" PRIx32, ++realm->count);
	compute_response(realm, secret, request, qop, nc, response);
	ua_text_add(out, "%s: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\"",
		    realm->proxy ? "Proxy-Authorization" : "Authorization", secret->user,
		    realm->name, realm->nonce, request->uri);
	ua_text_add(out, ", response=\"%s\"", response);
	if (*realm->algorithm_name)
		ua_text_add(out, ", algorithm=%s", realm->algorithm_name);
	if (*qop || is_session_algorithm(realm->algorithm))
		ua_text_add(out, ", cnonce=\"%s\"", request->cnonce);
	if (*qop)
		ua_text_add(out, ", qop=%s, nc=%s", qop, nc);
	if (*realm->opaque)
		ua_text_add(out, ", opaque=\"%s\"", realm->opaque);
	ua_text_add(out, "\r\n");
}

void ua_authorization_write(struct ua_authorization *a, const struct ua_secret *secret,
			    const struct ua_signed *request, struct ua_text *out)
{
	for (unsigned int i = 0; i < a->count; i++)
		write_realm(&a->realms[i], secret, request, out);
}

bool ua_user_is_quotable(const char *user)
{
	for (const unsigned char *p = (const unsigned char *)user; *p; p++)
		if (*p < 0x20 || *p == 0x7f || *p == '"' || *p == '\\')
			return false;
	return true;
}
