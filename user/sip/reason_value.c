/* SPDX-License-Identifier: GPL-2.0-only */
/* reason-value = protocol *(SEMI reason-params) */
#include "sip/reason_value.h"

#include "sip/param.h"

#define RFC "RFC 3326 2"

bool sip_take_reason(struct sip_cursor *c, struct sip_reason_value *reason)
{
	struct sip_param param;
	struct sip_number cause;

	*reason = (struct sip_reason_value){ 0 };
	if (!sip_take_token(c, &reason->protocol))
		return sip_fail(c, c->at, RFC, "Reason without a protocol");
	while (sip_next_param(c, &param)) {
		if (sip_is_word(c->text, param.name, "text"))
			reason->text = param.value;
		if (!sip_is_word(c->text, param.name, "cause"))
			continue;
		cause = sip_param_number(c, &param);
		if (!cause.digits || cause.value > UINT32_MAX)
			return sip_fail(c, param.name.offset, RFC, "cause is not a number");
		reason->cause = (uint32_t)cause.value;
	}
	return sip_params_end(c);
}
