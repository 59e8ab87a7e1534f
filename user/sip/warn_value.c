/* SPDX-License-Identifier: GPL-2.0-only */
/* warning-value = warn-code SP warn-agent SP warn-text */
#include "sip/warn_value.h"

#include "sip/number.h"
#include "sip/quoted.h"

#define RFC "RFC 3261 20.43"

#define CODE_DIGITS 3

bool sip_take_warn_value(struct sip_cursor *c, struct sip_warn_value *warn)
{
	uint32_t from = c->at;
	struct sip_number code = sip_take_number(c);

	if (code.digits != CODE_DIGITS || !sip_is_space(sip_peek(c)))
		return sip_fail(c, from, RFC, "Warning does not start with a code of three digits");
	warn->code = (uint16_t)code.value;
	c->at = sip_skip_space(c, c->at);

	/* warn-agent = hostport / pseudonym: no white space in either */
	from = c->at;
	while (!sip_is_space(sip_peek(c)) && sip_peek(c) != '"')
		c->at++;
	if (c->at == from)
		return sip_fail(c, from, RFC, "Warning without an agent");
	warn->agent = sip_slice_of(from, c->at);
	c->at = sip_skip_space(c, c->at);
	if (sip_peek(c) != '"')
		return sip_fail(c, c->at, RFC, "Warning without a quoted text");
	return sip_take_quoted(c, &warn->text);
}
