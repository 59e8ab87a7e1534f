/* SPDX-License-Identifier: GPL-2.0-only */
/* media-type = m-type SLASH m-subtype *(SEMI m-parameter), disp-type *( SEMI disp-param ) */
#include "sip/content.h"

#include "sip/param.h"

#define RFC_TYPE	"RFC 3261 20.15"
#define RFC_DISPOSITION "RFC 3261 20.11"

/* m-parameter = m-attribute EQUAL m-value: unlike others, never without a value. */
static bool take_media_param(struct sip_cursor *c, const struct sip_param *param,
			     struct sip_content_type *type)
{
	if (param->kind == SIP_PARAM_FLAG)
		return sip_fail(c, param->name.offset, RFC_TYPE, "media parameter without a value");
	if (sip_is_word(c->text, param->name, "boundary"))
		type->boundary = param->value;
	return true;
}

bool sip_take_content_type(struct sip_cursor *c, struct sip_content_type *type)
{
	struct sip_param param;
	uint32_t from;

	type->boundary = sip_slice_of(0, 0);
	if (sip_unlikely(!sip_take_token(c, &type->type) || !sip_take_separator(c, '/') ||
			 !sip_take_token(c, &type->subtype)))
		return sip_fail(c, c->at, RFC_TYPE, "Content-Type is not type/subtype");
	from = c->at;
	while (sip_next_param(c, &param)) {
		if (!take_media_param(c, &param, type))
			return false;
	}
	type->params = sip_slice_of(from, c->at);
	return sip_params_end(c) &&
	       sip_expect_end(c, RFC_TYPE, "octet that Content-Type cannot hold");
}

bool sip_take_content_disposition(struct sip_cursor *c, struct sip_content_disposition *d)
{
	struct sip_param param;

	d->optional = false;
	if (!sip_take_token(c, &d->type))
		return sip_fail(c, c->at, RFC_DISPOSITION, "Content-Disposition without a type");
	while (sip_next_param(c, &param)) {
		if (sip_is_word(c->text, param.name, "handling"))
			d->optional = sip_is_word(c->text, param.value, "optional");
	}
	return sip_params_end(c) &&
	       sip_expect_end(c, RFC_DISPOSITION, "octet that Content-Disposition cannot hold");
}
