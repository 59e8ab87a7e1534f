/* SPDX-License-Identifier: GPL-2.0-only */
/* Identity = signed-identity-digest SEMI ident-info *( SEMI ident-info-params ) */
#include "sip/identity.h"

#include "sip/param.h"
#include "sip/quoted.h"

#define RFC "RFC 8224 4.1"

static bool is_base64_octet(uint8_t octet)
{
	return sip_octet_is(octet, SIP_ALPHA | SIP_DIGIT) || octet == '+' || octet == '/' ||
	       octet == '=' || octet == '-' || octet == '_' || octet == '.';
}

/* signed-identity-digest = 1*(base64-char / "."), URL-safe base64 in practice. RFC 4474 had it
 * within quotes. */
static bool take_digest(struct sip_cursor *c, struct sip_identity *identity)
{
	uint32_t from = c->at;

	if (sip_peek(c) == '"')
		return sip_take_quoted(c, &identity->digest);
	while (is_base64_octet(sip_peek(c)))
		c->at++;
	if (c->at == from)
		return sip_fail(c, from, RFC, "Identity without a signed digest");
	identity->digest = sip_slice_of(from, c->at);
	return true;
}

/* ident-info = "info" EQUAL LAQUOT absoluteURI RAQUOT */
static bool take_info(struct sip_cursor *c, struct sip_identity *identity)
{
	uint32_t from = c->at + 1;

	while (c->at < c->end && sip_peek(c) != '>')
		c->at++;
	if (sip_at_end(c))
		return sip_fail(c, from - 1, RFC, "info is not a URI within <>");
	identity->info = sip_slice_of(from, c->at);
	c->at++;
	return true;
}

static bool take_value(struct sip_cursor *c, struct sip_param *param, struct sip_identity *identity)
{
	if (sip_is_word(c->text, param->name, "info") && sip_peek(c) == '<')
		return take_info(c, identity);
	if (!sip_take_param_value(c, param))
		return false;
	if (sip_is_word(c->text, param->name, "alg"))
		identity->alg = param->value;
	else if (sip_is_word(c->text, param->name, "ppt"))
		identity->ppt = param->value;
	return true;
}

bool sip_take_identity(struct sip_cursor *c, struct sip_identity *identity)
{
	struct sip_param param;

	*identity = (struct sip_identity){ 0 };
	if (!take_digest(c, identity))
		return false;
	while (sip_next_param_name(c, &param)) {
		if (param.kind != SIP_PARAM_FLAG && !take_value(c, &param, identity))
			return false;
	}
	return sip_params_end(c);
}
