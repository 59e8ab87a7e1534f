/* SPDX-License-Identifier: GPL-2.0-only */
/* via-parm = sent-protocol LWS sent-by *( SEMI via-params ) */
#include "sip/via.h"

#include "sip/param.h"
#include "sip/warning.h"

#define RFC	  "RFC 3261 20.42"
#define RFC_RPORT "RFC 3581 3"

#define TTL_MAX	 255
#define PORT_MAX 65535

static bool take_protocol_part(struct sip_cursor *c)
{
	struct sip_slice part;

	if (!sip_take_token(c, &part) || !sip_take_separator(c, '/'))
		return sip_fail(c, c->at, RFC, "sent-protocol is not name/version/transport");
	return true;
}

/* sent-protocol = protocol-name SLASH protocol-version SLASH transport; nearly always without the
 * white space that may stand around the slashes. */
static bool take_sent_protocol(struct sip_cursor *c, struct sip_via *via)
{
	const uint64_t upper_case_sip = 0xffffffffffdfdfdf;

	if (sip_likely(c->at + 8 <= c->end && (sip_load64(c->text + c->at) & upper_case_sip) ==
						      (sip_load64("SIP/2.0/") & upper_case_sip)))
		c->at += 8;
	else if (!take_protocol_part(c) || !take_protocol_part(c))
		return false;
	if (sip_unlikely(!sip_take_token(c, &via->transport)))
		return sip_fail(c, c->at, RFC, "Via without a transport");
	return true;
}

static bool take_sent_by(struct sip_cursor *c, struct sip_via *via)
{
	if (sip_unlikely(!sip_take_space(c)))
		return sip_fail(c, c->at, RFC, "no white space between transport and sent-by");
	if (!sip_take_host(c, &via->sent_by))
		return false;
	return !sip_take_separator(c, ':') || sip_take_port(c, &via->sent_by);
}

static bool set_branch(struct sip_cursor *c, const struct sip_param *param, struct sip_via *via)
{
	const uint32_t cookie_length = sizeof(SIP_MAGIC_COOKIE) - 1;
	const uint8_t *p = c->text + param->value.offset;

	if (sip_unlikely(param->kind != SIP_PARAM_TOKEN))
		return sip_fail(c, param->name.offset, RFC, "branch is not a token");
	if (sip_unlikely(via->branch.length))
		return sip_fail(c, param->name.offset, "RFC 3261 7.3.1", "second branch");
	via->branch = param->value;
	via->has_cookie = param->value.length >= cookie_length &&
			  memcmp(p, SIP_MAGIC_COOKIE, cookie_length) == 0;
	if (sip_unlikely(via->has_cookie && param->value.length == cookie_length))
		c->warnings |= SIP_WARN_EMPTY_BRANCH;
	return true;
}

/* response-port = "rport" [EQUAL 1*DIGIT] */
static bool set_rport(struct sip_cursor *c, const struct sip_param *param, struct sip_via *via)
{
	struct sip_number port = sip_param_number(c, param);

	if (param->kind != SIP_PARAM_FLAG && (!port.digits || port.value > PORT_MAX))
		return sip_fail(c, param->name.offset, RFC_RPORT,
				"rport is not a number from 0 to 65535");
	via->has_rport = 1;
	via->rport = (uint16_t)port.value;
	return true;
}

static bool set_ttl(struct sip_cursor *c, const struct sip_param *param, struct sip_via *via)
{
	struct sip_number ttl = sip_param_number(c, param);

	if (!ttl.digits || ttl.value > TTL_MAX)
		return sip_fail(c, param->name.offset, RFC, "ttl is not a number from 0 to 255");
	via->ttl = (uint8_t)ttl.value;
	return true;
}

static bool set_maddr(struct sip_cursor *c, const struct sip_param *param, struct sip_via *via)
{
	if (param->kind != SIP_PARAM_TOKEN && param->kind != SIP_PARAM_HOST)
		return sip_fail(c, param->name.offset, RFC, "maddr is not a host");
	via->maddr = param->value;
	return true;
}

/* via-received = "received" EQUAL (IPv4address / IPv6address); the latter also within brackets. */
static bool set_received(struct sip_cursor *c, const struct sip_param *param, struct sip_via *via)
{
	struct sip_cursor address = *c;
	struct sip_host host;

	if (param->kind == SIP_PARAM_TOKEN) {
		address.at = param->value.offset;
		if (!sip_take_host(&address, &host) || host.kind != SIP_HOST_IPV4 ||
		    address.at != sip_slice_end(param->value))
			return sip_fail(c, param->name.offset, RFC, "received is not an address");
	} else if (param->kind != SIP_PARAM_HOST) {
		return sip_fail(c, param->name.offset, RFC, "received is not an address");
	}
	via->received = param->value;
	return true;
}

static bool set_param(struct sip_cursor *c, const struct sip_param *param, struct sip_via *via)
{
	switch (param->name.length) {
	case 3:
		if (sip_is_word(c->text, param->name, "ttl"))
			return set_ttl(c, param, via);
		break;
	case 5:
		if (sip_is_word(c->text, param->name, "rport"))
			return set_rport(c, param, via);
		if (sip_is_word(c->text, param->name, "maddr"))
			return set_maddr(c, param, via);
		break;
	case 6:
		if (sip_is_word(c->text, param->name, "branch"))
			return set_branch(c, param, via);
		break;
	case 8:
		if (sip_is_word(c->text, param->name, "received"))
			return set_received(c, param, via);
		break;
	}
	return true;
}

/* An IPv6 address as in received=2001:db8::1 is the one value in SIP that holds colons without
 * brackets or quotes: the first of them ends what would else be a token, or stands at its start. */
static bool take_received(struct sip_cursor *c, struct sip_param *param)
{
	uint32_t token_end = sip_run(c->index->not_token, c->at);

	if (c->text[token_end] == ':') {
		param->kind = SIP_PARAM_HOST;
		return sip_take_ipv6(c, &param->value) ||
		       sip_fail(c, c->at, RFC, "received is not an address");
	}
	if (sip_peek(c) == '[')
		c->warnings |= SIP_WARN_RECEIVED_IN_BRACKETS;
	return sip_take_param_value(c, param);
}

static inline bool take_value(struct sip_cursor *c, struct sip_param *param)
{
	if (sip_is_word(c->text, param->name, "received"))
		return take_received(c, param);
	return sip_take_param_value(c, param);
}

bool sip_take_via(struct sip_cursor *c, struct sip_via *via)
{
	struct sip_param param;

	*via = (struct sip_via){ 0 };
	if (!take_sent_protocol(c, via) || !take_sent_by(c, via))
		return false;
	while (sip_next_param_name(c, &param)) {
		if (param.kind != SIP_PARAM_FLAG && !take_value(c, &param))
			return false;
		if (!set_param(c, &param, via))
			return false;
	}
	return sip_params_end(c);
}
