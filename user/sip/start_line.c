/* SPDX-License-Identifier: GPL-2.0-only */
/* Request-Line = Method SP Request-URI SP SIP-Version; Status-Line = SIP-Version SP Status-Code SP
 * Reason-Phrase. One SP each, and no other white space. */
#include "sip/start_line.h"

#define RFC_REQUEST "RFC 3261 7.1"
#define RFC_STATUS  "RFC 3261 7.2"

#define VERSION			     "SIP/2.0"
#define VERSION_LENGTH		     (sizeof(VERSION) - 1)
#define STATUS_MIN		     100
#define STATUS_MAX		     699
#define STATUS_VERSION_NOT_SUPPORTED 505

/* SIP-Version = "SIP" "/" 1*DIGIT "." 1*DIGIT; the name in any case. */
static bool is_sip_version(const struct sip_cursor *c, uint32_t at, uint32_t end)
{
	return end - at == VERSION_LENGTH &&
	       (sip_load32(c->text + at) & 0xffdfdfdf) == sip_load32(VERSION) &&
	       sip_load32(c->text + at + 3) == sip_load32(&VERSION[3]);
}

static bool looks_like_version(const struct sip_cursor *c, uint32_t at)
{
	return (sip_load32(c->text + at) & 0xffdfdfdf) == sip_load32("SIP/") && at + 4 < c->end &&
	       sip_octet_is(c->text[at + 4], SIP_DIGIT);
}

static bool fail_version(struct sip_cursor *c, uint32_t at)
{
	bool other_version = looks_like_version(c, at) && !sip_is_space(c->text[c->end - 1]);

	sip_fail(c, at, RFC_REQUEST, "Request-Line does not end in SIP/2.0");
	if (other_version)
		c->fault.response = STATUS_VERSION_NOT_SUPPORTED;
	return false;
}

static bool take_request_line(struct sip_cursor *c, struct sip_start_line *line)
{
	if (sip_unlikely(!sip_take_token(c, &line->method_name) || sip_peek(c) != ' '))
		return sip_fail(c, c->at, RFC_REQUEST, "start line does not begin with a method");
	line->status = 0;
	line->method = (uint8_t)sip_method_of((const char *)c->text, line->method_name);
	c->at++;
	if (!sip_take_uri(c, SIP_URI_REQUEST, &line->request_uri))
		return false;
	if (sip_unlikely(sip_peek(c) != ' '))
		return sip_fail(c, c->at, RFC_REQUEST, "octet that a Request-URI cannot hold");
	c->at++;
	return sip_likely(is_sip_version(c, c->at, c->end)) || fail_version(c, c->at);
}

/* Status-Code = 3DIGIT, then SP even before an empty Reason-Phrase. */
static bool take_status_line(struct sip_cursor *c, struct sip_start_line *line)
{
	const uint8_t *p = c->text + VERSION_LENGTH + 1;
	uint32_t status, code_at = VERSION_LENGTH + 1, reason_at = code_at + 4;

	if (reason_at > c->end || !sip_octet_is(p[0], SIP_DIGIT) ||
	    !sip_octet_is(p[1], SIP_DIGIT) || !sip_octet_is(p[2], SIP_DIGIT) || p[3] != ' ')
		return sip_fail(c, code_at, RFC_STATUS,
				"status code is not three digits and a space");
	status = (p[0] & 15u) * 100 + (p[1] & 15u) * 10 + (p[2] & 15u);
	if (status < STATUS_MIN || status > STATUS_MAX)
		return sip_fail(c, code_at, RFC_STATUS, "status code is not from 100 to 699");
	line->status = (uint16_t)status;
	line->method = SIP_OTHER;
	line->reason = sip_slice_of(reason_at, c->end);
	return true;
}

/* A response is known by its version; a request's method is followed by SP, never by "/". */
bool sip_take_start_line(struct sip_cursor *c, struct sip_start_line *line)
{
	if (c->end > VERSION_LENGTH && c->text[VERSION_LENGTH] == ' ' &&
	    is_sip_version(c, 0, VERSION_LENGTH))
		return take_status_line(c, line);
	return take_request_line(c, line);
}
