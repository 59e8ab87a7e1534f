/* SPDX-License-Identifier: GPL-2.0-only */
/* session-id-value = local-uuid *(SEMI sess-id-param), sess-uuid = 32(DIGIT / %x61-66) */
#include "sip/session_id.h"

#include "sip/param.h"

#define RFC "RFC 7989 5"

#define UUID_DIGITS 32

static bool is_uuid(const struct sip_cursor *c, struct sip_slice uuid)
{
	if (uuid.length != UUID_DIGITS)
		return false;
	for (uint32_t at = uuid.offset; at < sip_slice_end(uuid); at++) {
		if (!sip_octet_is(c->text[at], SIP_DIGIT) &&
		    (c->text[at] < 'a' || c->text[at] > 'f'))
			return false;
	}
	return true;
}

bool sip_take_session_id(struct sip_cursor *c, struct sip_session_id *id)
{
	uint32_t from = c->at;
	struct sip_param param;

	id->remote = sip_slice_of(0, 0);
	if (!sip_take_token(c, &id->local) || !is_uuid(c, id->local))
		return sip_fail(c, from, RFC, "Session-ID is not 32 lower-case hexadecimal digits");
	while (sip_next_param(c, &param)) {
		if (!sip_is_word(c->text, param.name, "remote"))
			continue;
		if (!is_uuid(c, param.value))
			return sip_fail(c, param.value.offset, RFC,
					"remote is not 32 lower-case hexadecimal digits");
		id->remote = param.value;
	}
	return sip_params_end(c) && sip_expect_end(c, RFC, "octet that fits no parameter");
}
