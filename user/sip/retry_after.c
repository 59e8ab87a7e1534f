/* SPDX-License-Identifier: GPL-2.0-only */
/* Retry-After = delta-seconds [ comment ] *( SEMI retry-param ) */
#include "sip/retry_after.h"

#include "sip/comment.h"
#include "sip/param.h"

#define RFC "RFC 3261 20.33"

bool sip_take_retry_after(struct sip_cursor *c, struct sip_retry_after *retry)
{
	uint32_t from = c->at;
	struct sip_number seconds = sip_take_number(c);
	struct sip_param param;

	if (!seconds.digits || seconds.value > UINT32_MAX)
		return sip_fail(c, from, RFC, "Retry-After is not a number of seconds below 2^32");
	*retry = (struct sip_retry_after){ .seconds = (uint32_t)seconds.value };
	c->at = sip_skip_space(c, c->at);
	if (sip_peek(c) == '(' && !sip_take_comment(c, &retry->comment))
		return false;
	while (sip_next_param(c, &param)) {
		if (sip_is_word(c->text, param.name, "duration") &&
		    !sip_param_seconds(c, &param, RFC, &retry->duration))
			return false;
	}
	return sip_params_end(c) && sip_expect_end(c, RFC, "octet that Retry-After cannot hold");
}
