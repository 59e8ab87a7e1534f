/* SPDX-License-Identifier: GPL-2.0-only */
/* callid = word [ "@" word ] (RFC 3261 section 25.1) */
#include "sip/call_id.h"

#define RFC "RFC 3261 20.8"

bool sip_take_callid(struct sip_cursor *c, struct sip_slice *call_id)
{
	uint32_t from = c->at, at = sip_run_of(c, from, SIP_WORD);

	if (sip_unlikely(at == from))
		return sip_fail(c, from, RFC, "Call-ID without a word");
	if (c->text[at] == '@') {
		uint32_t host = at + 1;

		at = sip_run_of(c, host, SIP_WORD);
		if (sip_unlikely(at == host))
			return sip_fail(c, at, RFC, "no word behind the @ of a Call-ID");
	}
	*call_id = sip_slice_of(from, at);
	c->at = at;
	return true;
}

bool sip_take_call_id(struct sip_cursor *c, struct sip_slice *call_id)
{
	return sip_take_callid(c, call_id) &&
	       sip_expect_end(c, RFC, "octet that a Call-ID cannot hold");
}
