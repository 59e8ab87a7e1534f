/* SPDX-License-Identifier: GPL-2.0-only */
/* Texts that come from elsewhere than a message: a configuration, a command line, a table. */
#include "sip/text.h"

#define RFC "RFC 3261 25.1"

bool sip_text_open(struct sip_text *t, const char *text, size_t len, struct sip_cursor *c)
{
	*c = (struct sip_cursor){ .text = (const uint8_t *)t->copy, .index = &t->index };
	if (len > SIP_TEXT_MAX)
		return sip_fail(c, SIP_TEXT_MAX, RFC, "text longer than 2048 octets");
	memcpy(t->copy, text, len);
	memcpy(t->copy + len, "\r\n\r\n", 4);
	c->end = (uint32_t)len;
	if (sip_index_build(&t->index, c->text, len + 4) != SIP_FRAMING_WHOLE ||
	    t->index.lines != 1 || t->index.size != len + 4)
		return sip_fail(c, 0, RFC, "CR or LF in a text of one line");
	return true;
}

void sip_text_error(const struct sip_cursor *c, struct sip_error *error)
{
	*error = (struct sip_error){ .offset = c->fault.offset,
				     .line = 1,
				     .response = c->fault.response,
				     .rfc = c->fault.rfc,
				     .what = c->fault.what };
}
