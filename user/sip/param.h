/* SPDX-License-Identifier: GPL-2.0-only */
/* generic-param, as header values carry them (RFC 3261 section 25.1). */
#ifndef SIPXDP_SIP_PARAM_H
#define SIPXDP_SIP_PARAM_H

#include "sip/cursor.h"
#include "sip/number.h"

enum sip_param_kind {
	SIP_PARAM_FLAG, /* no value */
	SIP_PARAM_TOKEN,
	SIP_PARAM_QUOTED, /* value is without the quotes, escapes as they are */
	SIP_PARAM_HOST,	  /* an IPv6reference; value is without the brackets */
};

struct sip_param {
	struct sip_slice name;
	struct sip_slice value;
	enum sip_param_kind kind;
};

/* The rare halves of the inline functions below. */
bool sip_fail_empty_param(struct sip_cursor *c);
bool sip_take_other_value(struct sip_cursor *c, struct sip_param *param);

/* Reads  SWS ";" SWS name [ SWS "=" SWS ]  up to the value, if there is one: kind is
 * SIP_PARAM_FLAG, or SIP_PARAM_TOKEN for any value that the caller has yet to read. Ends as
 * sip_next_param(). */
static inline bool sip_next_param_name(struct sip_cursor *c, struct sip_param *param)
{
	if (!sip_take_separator(c, ';'))
		return false;
	if (sip_unlikely(!sip_take_token(c, &param->name)))
		return sip_fail_empty_param(c);
	if (sip_take_separator(c, '=')) {
		param->kind = SIP_PARAM_TOKEN;
	} else {
		param->kind = SIP_PARAM_FLAG;
		param->value = sip_slice_of(c->at, c->at);
	}
	return true;
}

/* The value of generic-param: token / host / quoted-string. */
static inline bool sip_take_param_value(struct sip_cursor *c, struct sip_param *param)
{
	return sip_likely(sip_take_token(c, &param->value)) || sip_take_other_value(c, param);
}

/* Reads  SWS ";" SWS name [ SWS "=" SWS value ]. False at the end of the list (the cursor stands at
 * what follows) and on a fault, which the caller tells apart with sip_params_end(). */
static inline bool sip_next_param(struct sip_cursor *c, struct sip_param *param)
{
	if (!sip_next_param_name(c, param))
		return false;
	return param->kind == SIP_PARAM_FLAG || sip_take_param_value(c, param);
}

/* What a loop over sip_next_param() returns when it is done. */
static inline bool sip_params_end(const struct sip_cursor *c)
{
	return !c->fault.what;
}

/* All parameters, none looked at. */
bool sip_skip_params(struct sip_cursor *c);

/* The parameter's value as a number, of which it must be the whole; no digits if it is none. */
struct sip_number sip_param_number(const struct sip_cursor *c, const struct sip_param *param);

/* The same as delta-seconds, below 2^32; fails with `rfc` if it is none. */
bool sip_param_seconds(struct sip_cursor *c, const struct sip_param *param, const char *rfc,
		       uint32_t *seconds);

/* Finds the parameter `name` (any case) in a list that was read before: `params` starts with a ";"
 * or is empty. For values wanted now and then. */
bool sip_find_param(const char *text, struct sip_slice params, const char *name,
		    struct sip_slice *value);

#endif
