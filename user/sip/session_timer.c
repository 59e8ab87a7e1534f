/* SPDX-License-Identifier: GPL-2.0-only */
/* Session-Expires = delta-seconds *(SEMI se-params), Min-SE = delta-seconds *(SEMI generic-param)
 */
#include "sip/session_timer.h"

#include "sip/number.h"
#include "sip/param.h"

#define RFC "RFC 4028 4"

static bool set_refresher(struct sip_cursor *c, const struct sip_param *param,
			  struct sip_session_timer *timer)
{
	if (sip_is_word(c->text, param->value, "uac"))
		timer->refresher = SIP_REFRESHER_UAC;
	else if (sip_is_word(c->text, param->value, "uas"))
		timer->refresher = SIP_REFRESHER_UAS;
	else
		return sip_fail(c, param->name.offset, RFC, "refresher is neither uac nor uas");
	return true;
}

bool sip_take_session_timer(struct sip_cursor *c, struct sip_session_timer *timer)
{
	uint32_t from = c->at;
	struct sip_number seconds = sip_take_number(c);
	struct sip_param param;

	if (!seconds.digits || seconds.value > UINT32_MAX)
		return sip_fail(c, from, RFC, "session timer is not a number of seconds");
	*timer = (struct sip_session_timer){ .seconds = (uint32_t)seconds.value };
	while (sip_next_param(c, &param)) {
		if (sip_is_word(c->text, param.name, "refresher") &&
		    !set_refresher(c, &param, timer))
			return false;
	}
	return sip_params_end(c) &&
	       sip_expect_end(c, RFC, "octet that a session timer cannot hold");
}
