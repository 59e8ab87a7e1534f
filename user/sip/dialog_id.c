/* SPDX-License-Identifier: GPL-2.0-only */
/* Replaces = callid *(SEMI replaces-param), with exactly one to-tag and one from-tag. */
#include "sip/dialog_id.h"

#include "sip/call_id.h"
#include "sip/param.h"

#define RFC "RFC 3891 6.1"

static bool set_tag(struct sip_cursor *c, const struct sip_param *param, struct sip_slice *tag)
{
	if (param->kind != SIP_PARAM_TOKEN || tag->length)
		return sip_fail(c, param->name.offset, RFC, "tag is no token, or a second one");
	*tag = param->value;
	return true;
}

static bool set_param(struct sip_cursor *c, const struct sip_param *param, struct sip_dialog_id *id)
{
	if (sip_is_word(c->text, param->name, "to-tag") ||
	    sip_is_word(c->text, param->name, "remote-tag"))
		return set_tag(c, param, &id->to_tag);
	if (sip_is_word(c->text, param->name, "from-tag") ||
	    sip_is_word(c->text, param->name, "local-tag"))
		return set_tag(c, param, &id->from_tag);
	if (sip_is_word(c->text, param->name, "early-only"))
		id->early_only = true;
	return true;
}

bool sip_take_dialog_id(struct sip_cursor *c, struct sip_dialog_id *id)
{
	struct sip_param param;

	*id = (struct sip_dialog_id){ 0 };
	if (!sip_take_callid(c, &id->call_id))
		return false;
	while (sip_next_param(c, &param)) {
		if (!set_param(c, &param, id))
			return false;
	}
	if (!sip_params_end(c))
		return false;
	if (!id->to_tag.length || !id->from_tag.length)
		return sip_fail(c, c->at, RFC, "dialog named without both of its tags");
	return sip_expect_end(c, RFC, "octet that fits no parameter");
}
