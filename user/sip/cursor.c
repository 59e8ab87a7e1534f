/* SPDX-License-Identifier: GPL-2.0-only */
/* The rare ends of every reader: white space, and noting what was wrong and where. */
#include "sip/cursor.h"

#define STATUS_BAD_REQUEST 400

__attribute__((cold)) bool sip_fail(struct sip_cursor *c, uint32_t at, const char *rfc,
				    const char *what)
{
	if (!c->fault.what) {
		c->fault = (struct sip_fault){
			.offset = at, .response = STATUS_BAD_REQUEST, .rfc = rfc, .what = what
		};
	}
	return false;
}

uint32_t sip_skip_spaces(const struct sip_cursor *c, uint32_t at)
{
	while (at < c->end && sip_is_space(c->text[at]))
		at++;
	return at;
}

bool sip_take_spaced_separator(struct sip_cursor *c, uint8_t octet)
{
	uint32_t at = sip_skip_spaces(c, c->at);

	if (c->text[at] != octet)
		return false;
	c->at = sip_skip_spaces(c, at + 1);
	return true;
}
