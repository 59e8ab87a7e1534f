/* SPDX-License-Identifier: GPL-2.0-only */
/* challenge = auth-scheme LWS auth-param *(COMMA auth-param); credentials likewise. */
#include "sip/digest.h"

#include "sip/param.h"

#define RFC		"RFC 3261 25.1"
#define RFC_CREDENTIALS "RFC 3261 22.4"

#define NONCE_COUNT_DIGITS 8

static const struct {
	const char *name;
	enum sip_digest_algorithm algorithm;
} algorithms[] = {
	{ "MD5", SIP_DIGEST_MD5 },
	{ "MD5-sess", SIP_DIGEST_MD5_SESS },
	{ "SHA-256", SIP_DIGEST_SHA256 },
	{ "SHA-256-sess", SIP_DIGEST_SHA256_SESS },
	{ "SHA-512-256", SIP_DIGEST_SHA512_256 },
	{ "SHA-512-256-sess", SIP_DIGEST_SHA512_256_SESS },
	{ "AKAv1-MD5", SIP_DIGEST_AKA },
	{ "AKAv2-MD5", SIP_DIGEST_AKA },
	{ "AKAv1-SHA-256", SIP_DIGEST_AKA },
	{ "AKAv2-SHA-256", SIP_DIGEST_AKA },
};

static enum sip_digest_algorithm algorithm_of(const uint8_t *text, struct sip_slice name)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (sip_slice_is_nocase((const char *)text, name, algorithms[i].name))
			return algorithms[i].algorithm;
	}
	return SIP_DIGEST_OTHER;
}

/* Where a named parameter goes. */
struct target {
	const char *name;
	struct sip_slice *to;
};

/* auth-param = auth-param-name EQUAL ( token / quoted-string ) */
static bool take_auth_param(struct sip_cursor *c, struct sip_param *param)
{
	if (!sip_take_token(c, &param->name))
		return sip_fail(c, c->at, RFC, "empty authentication parameter");
	if (!sip_take_separator(c, '='))
		return sip_fail(c, c->at, RFC, "authentication parameter without =");
	param->kind = SIP_PARAM_TOKEN;
	return sip_take_param_value(c, param);
}

static bool store_param(struct sip_cursor *c, const struct sip_param *param,
			const struct target *targets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!sip_slice_is_nocase((const char *)c->text, param->name, targets[i].name))
			continue;
		if (targets[i].to->length)
			return sip_fail(c, param->name.offset, RFC_CREDENTIALS,
					"second authentication parameter of one name");
		*targets[i].to = param->value;
	}
	return true;
}

/* auth-scheme LWS; *digest tells which it is. */
static bool take_scheme(struct sip_cursor *c, struct sip_slice *scheme, bool *digest)
{
	if (!sip_take_token(c, scheme))
		return sip_fail(c, c->at, RFC, "no authentication scheme");
	if (!sip_is_space(sip_peek(c)) || sip_at_end(c))
		return sip_fail(c, c->at, RFC, "nothing behind the authentication scheme");
	c->at = sip_skip_space(c, c->at);
	*digest = sip_is_word(c->text, *scheme, "Digest");
	return true;
}

static bool take_params(struct sip_cursor *c, const struct target *targets, size_t count)
{
	struct sip_param param;

	do {
		if (!take_auth_param(c, &param) || !store_param(c, &param, targets, count))
			return false;
	} while (sip_take_separator(c, ','));
	return sip_expect_end(c, RFC, "octet that fits neither a parameter nor a comma");
}

/* Is `word` one of the comma-separated tokens of the list? */
static bool list_has(const uint8_t *text, struct sip_slice list, const char *word)
{
	uint32_t at = list.offset, end = sip_slice_end(list);

	while (at < end) {
		uint32_t from = at;

		while (at < end && sip_octet_is(text[at], SIP_TOKEN))
			at++;
		if (sip_slice_is_nocase((const char *)text, sip_slice_of(from, at), word))
			return true;
		at += at == from || at < end;
	}
	return false;
}

bool sip_take_challenge(struct sip_cursor *c, struct sip_challenge *challenge)
{
	struct sip_slice qop = { 0 }, stale = { 0 };
	const struct target targets[] = {
		{ "realm", &challenge->realm },
		{ "nonce", &challenge->nonce },
		{ "opaque", &challenge->opaque },
		{ "domain", &challenge->domain },
		{ "qop", &qop },
		{ "algorithm", &challenge->algorithm_name },
		{ "stale", &stale },
	};
	uint32_t from = c->at;

	*challenge = (struct sip_challenge){ 0 };
	if (!take_scheme(c, &challenge->scheme, &challenge->is_digest))
		return false;
	if (!take_params(c, targets, challenge->is_digest ? sizeof(targets) / sizeof(*targets) : 0))
		return false;
	if (!challenge->is_digest)
		return true;
	if (!challenge->nonce.length)
		return sip_fail(c, from, RFC_CREDENTIALS, "Digest challenge without a nonce");
	challenge->stale = sip_is_word(c->text, stale, "true");
	challenge->qop_auth = list_has(c->text, qop, "auth");
	challenge->qop_auth_int = list_has(c->text, qop, "auth-int");
	if (challenge->algorithm_name.length)
		challenge->algorithm = algorithm_of(c->text, challenge->algorithm_name);
	return true;
}

/* nc-value = 8LHEX */
static bool set_nonce_count(struct sip_cursor *c, struct sip_slice nc,
			    struct sip_credentials *credentials)
{
	uint32_t value = 0;

	if (!nc.length)
		return true;
	if (nc.length != NONCE_COUNT_DIGITS)
		return sip_fail(c, nc.offset, RFC, "nc is not eight hexadecimal digits");
	for (uint32_t at = nc.offset; at < sip_slice_end(nc); at++) {
		if (!sip_octet_is(c->text[at], SIP_HEX))
			return sip_fail(c, at, RFC, "nc is not eight hexadecimal digits");
		value = value << 4 | sip_hex_value(c->text[at]);
	}
	credentials->nc = value;
	credentials->has_nc = true;
	return true;
}

bool sip_take_credentials(struct sip_cursor *c, struct sip_credentials *credentials)
{
	struct sip_slice nc = { 0 };
	const struct target targets[] = {
		{ "username", &credentials->username },
		{ "realm", &credentials->realm },
		{ "nonce", &credentials->nonce },
		{ "uri", &credentials->uri },
		{ "response", &credentials->response },
		{ "cnonce", &credentials->cnonce },
		{ "opaque", &credentials->opaque },
		{ "qop", &credentials->qop },
		{ "nc", &nc },
		{ "algorithm", &credentials->algorithm_name },
	};
	bool digest = false;

	*credentials = (struct sip_credentials){ 0 };
	if (!take_scheme(c, &credentials->scheme, &digest))
		return false;
	credentials->is_digest = digest;
	if (!take_params(c, targets, digest ? sizeof(targets) / sizeof(*targets) : 0))
		return false;
	if (!digest)
		return true;
	if (credentials->algorithm_name.length)
		credentials->algorithm = algorithm_of(c->text, credentials->algorithm_name);
	return set_nonce_count(c, nc, credentials);
}
