/* SPDX-License-Identifier: GPL-2.0-only */
/* name-addr = [ display-name ] "<" addr-spec ">", and what From, To, Contact and Route add. */
#include "sip/address.h"

#include "sip/quoted.h"
#include "sip/warning.h"

#define RFC	     "RFC 3261 25.1"
#define RFC_OUTBOUND "RFC 5626 11"

#define REG_ID_MAX 0x7fffffff

static inline bool take_angled(struct sip_cursor *c, struct sip_address *address)
{
	c->at++;
	address->angled = 1;
	if (!sip_take_uri(c, SIP_URI_ANGLED, &address->uri))
		return false;
	if (sip_unlikely(sip_peek(c) != '>'))
		return sip_fail(c, c->at, RFC, "octet that a URI cannot hold before >");
	c->at++;
	return true;
}

/* Behind a display-name only "<" can stand; LWS between is not needed (RFC 4475 section 3.1.1.6).
 */
static __attribute__((noinline)) bool take_angled_after_name(struct sip_cursor *c,
							     struct sip_address *address)
{
	c->at = sip_skip_space(c, c->at);
	if (sip_unlikely(sip_peek(c) != '<'))
		return sip_fail(c, c->at, RFC, "display-name is not followed by <");
	return take_angled(c, address);
}

static bool take_quoted_name(struct sip_cursor *c, struct sip_address *address)
{
	address->quoted = 1;
	return sip_take_quoted(c, &address->display) && take_angled_after_name(c, address);
}

/* *(token LWS) */
static void take_token_name(struct sip_cursor *c, struct sip_address *address)
{
	uint32_t from = c->at, to = from;
	struct sip_slice token;

	while (sip_take_token(c, &token)) {
		to = c->at;
		c->at = sip_skip_space(c, to);
	}
	c->at = to;
	address->display = sip_slice_of(from, to);
}

/* Where the address does not start with "<". */
static __attribute__((noinline)) bool take_other_address(struct sip_cursor *c,
							 struct sip_address *address)
{
	uint32_t token_end;

	if (sip_peek(c) == '"')
		return take_quoted_name(c, address);
	token_end = sip_run(c->index->not_token, c->at);
	if (c->text[token_end] == ':')
		return sip_take_uri(c, SIP_URI_BARE, &address->uri);
	take_token_name(c, address);
	return take_angled_after_name(c, address);
}

static inline bool take_address(struct sip_cursor *c, struct sip_address *address)
{
	*address = (struct sip_address){ .expires = SIP_EXPIRES_NONE, .q = SIP_Q_NONE };
	if (sip_likely(sip_peek(c) == '<'))
		return take_angled(c, address);
	return take_other_address(c, address);
}

bool sip_take_address(struct sip_cursor *c, struct sip_address *address)
{
	return take_address(c, address);
}

bool sip_take_tagged(struct sip_cursor *c, struct sip_address *address)
{
	struct sip_param param;
	uint32_t from;

	if (!take_address(c, address))
		return false;
	from = c->at;
	while (sip_next_param(c, &param)) {
		if (!sip_is_word(c->text, param.name, "tag"))
			continue;
		if (sip_unlikely(param.kind != SIP_PARAM_TOKEN))
			return sip_fail(c, param.name.offset, "RFC 3261 19.3",
					"tag is not a token");
		if (sip_unlikely(address->tag.length))
			return sip_fail(c, param.name.offset, "RFC 3261 7.3.1", "second tag");
		address->tag = param.value;
	}
	address->params = sip_slice_of(from, c->at);
	return sip_params_end(c);
}

/* c-p-expires = delta-seconds; what is malformed counts as an hour (RFC 3261 section 10.3, 6). */
static void set_expires(struct sip_cursor *c, const struct sip_param *param,
			struct sip_address *address)
{
	struct sip_number seconds = sip_param_number(c, param);

	if (seconds.digits && seconds.value < SIP_EXPIRES_NONE) {
		address->expires = (uint32_t)seconds.value;
		return;
	}
	c->warnings |= SIP_WARN_EXPIRES_RANGE;
	address->expires = SIP_EXPIRES_DEFAULT;
}

/* qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ) */
static bool set_q(struct sip_cursor *c, const struct sip_param *param, struct sip_address *address)
{
	const uint8_t *p = c->text + param->value.offset;
	uint32_t length = param->value.length, q = 0, weight = 1000;
	bool valid = param->kind == SIP_PARAM_TOKEN && length <= 5 && length != 0 &&
		     (p[0] == '0' || p[0] == '1') && (length == 1 || p[1] == '.');

	for (uint32_t i = 0; valid && i < length; i++) {
		if (i == 1)
			continue;
		valid = sip_octet_is(p[i], SIP_DIGIT);
		q += (p[i] & 15u) * weight;
		weight /= 10;
	}
	if (!valid || q > 1000)
		return sip_fail(c, param->value.offset, RFC, "q is not a number from 0 to 1.000");
	address->q = (uint16_t)q;
	return true;
}

static bool set_reg_id(struct sip_cursor *c, const struct sip_param *param,
		       struct sip_address *address)
{
	struct sip_number id = sip_param_number(c, param);

	if (!id.digits || id.value == 0 || id.value > REG_ID_MAX)
		return sip_fail(c, param->name.offset, RFC_OUTBOUND,
				"reg-id is not a number from 1 to 2^31-1");
	address->reg_id = (uint32_t)id.value;
	return true;
}

/* instance-val = "<" *uric ">" within quotes. */
static bool set_instance(struct sip_cursor *c, const struct sip_param *param,
			 struct sip_address *address)
{
	uint32_t from = param->value.offset, to = sip_slice_end(param->value);

	if (param->kind != SIP_PARAM_QUOTED || to - from < 2 || c->text[from] != '<' ||
	    c->text[to - 1] != '>')
		return sip_fail(c, param->name.offset, RFC_OUTBOUND,
				"+sip.instance is not a URN within \"<>\"");
	address->instance = sip_slice_of(from + 1, to - 1);
	return true;
}

static bool set_contact_param(struct sip_cursor *c, const struct sip_param *param,
			      struct sip_address *address)
{
	switch (param->name.length) {
	case 1:
		if (sip_is_word(c->text, param->name, "q"))
			return set_q(c, param, address);
		break;
	case 6:
		if (sip_is_word(c->text, param->name, "reg-id"))
			return set_reg_id(c, param, address);
		break;
	case 7:
		if (sip_is_word(c->text, param->name, "expires"))
			set_expires(c, param, address);
		break;
	case 13:
		if (sip_is_word(c->text, param->name, "+sip.instance"))
			return set_instance(c, param, address);
		break;
	}
	return true;
}

bool sip_take_contact(struct sip_cursor *c, struct sip_address *address)
{
	struct sip_param param;
	uint32_t from;

	if (!take_address(c, address))
		return false;
	from = c->at;
	while (sip_next_param(c, &param)) {
		if (!set_contact_param(c, &param, address))
			return false;
	}
	address->params = sip_slice_of(from, c->at);
	return sip_params_end(c);
}

bool sip_take_route(struct sip_cursor *c, struct sip_address *address)
{
	uint32_t from = c->at;

	if (!take_address(c, address))
		return false;
	if (sip_unlikely(!address->angled))
		return sip_fail(c, from, "RFC 3261 20.34", "URI of a route is not within <>");
	from = c->at;
	if (!sip_skip_params(c))
		return false;
	address->params = sip_slice_of(from, c->at);
	return true;
}
