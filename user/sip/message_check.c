/* SPDX-License-Identifier: GPL-2.0-only */
/* The headers that a message can be parsed without, held against their grammar one by one. */
#include <errno.h>

#include "sip/call_id.h"
#include "sip/content.h"
#include "sip/dialog_id.h"
#include "sip/digest.h"
#include "sip/identity.h"
#include "sip/message.h"
#include "sip/quoted.h"
#include "sip/reason_value.h"
#include "sip/retry_after.h"
#include "sip/session_id.h"
#include "sip/warn_value.h"

#define RFC	     "RFC 3261 25.1"
#define RFC_PRIORITY "RFC 4412 3.1"

/* Reads a header's whole value, or one element of its list. */
typedef bool check(struct sip_cursor *c);

static bool at_end(struct sip_cursor *c)
{
	return sip_expect_end(c, RFC, "octet that fits neither the value nor a comma");
}

static bool check_list(struct sip_cursor *c, check *element)
{
	do {
		if (!element(c))
			return false;
	} while (sip_take_separator(c, ','));
	return at_end(c);
}

static bool token(struct sip_cursor *c)
{
	struct sip_slice ignored;

	return sip_take_token(c, &ignored) || sip_fail(c, c->at, RFC, "no token");
}

static bool token_with_params(struct sip_cursor *c)
{
	return token(c) && sip_skip_params(c);
}

/* ( token / quoted-string ) *( SEMI generic-param ), as User-to-User has it (RFC 7433 section 4.1) */
static bool text_with_params(struct sip_cursor *c)
{
	struct sip_slice ignored;

	if (sip_peek(c) == '"')
		return sip_take_quoted(c, &ignored) && sip_skip_params(c);
	return token_with_params(c);
}

/* media-range = m-type SLASH m-subtype *( SEMI m-parameter ), either of them "*" */
static bool media_range(struct sip_cursor *c)
{
	if (!token(c))
		return false;
	if (!sip_take_separator(c, '/'))
		return sip_fail(c, c->at, "RFC 3261 20.1", "media range is not type/subtype");
	return token_with_params(c);
}

static bool address(struct sip_cursor *c)
{
	struct sip_address ignored;

	return sip_take_address(c, &ignored) && sip_skip_params(c);
}

static bool route(struct sip_cursor *c)
{
	struct sip_address ignored;

	return sip_take_route(c, &ignored);
}

/* LAQUOT absoluteURI RAQUOT *( SEMI generic-param ), as Alert-Info has it */
static bool angled_uri(struct sip_cursor *c)
{
	if (sip_peek(c) != '<')
		return sip_fail(c, c->at, RFC, "URI that is not within <>");
	return address(c);
}

static bool callid(struct sip_cursor *c)
{
	struct sip_slice ignored;

	return sip_take_callid(c, &ignored);
}

static bool reason(struct sip_cursor *c)
{
	struct sip_reason_value ignored;

	return sip_take_reason(c, &ignored);
}

static bool warn_value(struct sip_cursor *c)
{
	struct sip_warn_value ignored;

	return sip_take_warn_value(c, &ignored);
}

static bool identity(struct sip_cursor *c)
{
	struct sip_identity ignored;

	return sip_take_identity(c, &ignored);
}

/* ainfo = name EQUAL ( token / quoted-string ) */
static bool auth_info(struct sip_cursor *c)
{
	struct sip_param param;

	if (!token(c))
		return false;
	if (!sip_take_separator(c, '='))
		return sip_fail(c, c->at, "RFC 3261 20.6", "authentication info without =");
	return sip_take_param_value(c, &param);
}

/* charge-params, the first of which stands behind no semicolon (RFC 7315 section 5.6) */
static bool charging_params(struct sip_cursor *c)
{
	struct sip_param param;

	if (!token(c))
		return false;
	if (!sip_take_separator(c, '='))
		return sip_fail(c, c->at, "RFC 7315 5.6", "charging parameter without =");
	return sip_take_param_value(c, &param) && sip_skip_params(c);
}

/* r-value = namespace "." r-priority, tokens without a dot in them */
static bool resource_priority(struct sip_cursor *c)
{
	uint32_t from = c->at, dots = 0;
	struct sip_slice value;

	if (!sip_take_token(c, &value))
		return sip_fail(c, from, RFC_PRIORITY, "no namespace and priority");
	for (uint32_t at = from; at < c->at; at++)
		dots += c->text[at] == '.';
	if (dots != 1 || c->text[from] == '.' || c->text[c->at - 1] == '.')
		return sip_fail(c, from, RFC_PRIORITY, "not a namespace, a dot and a priority");
	return true;
}

static bool check_tokens(struct sip_cursor *c)
{
	return check_list(c, token);
}

static bool check_maybe_tokens(struct sip_cursor *c)
{
	return sip_at_end(c) || check_list(c, token);
}

static bool check_tokens_with_params(struct sip_cursor *c)
{
	return check_list(c, token_with_params);
}

static bool check_maybe_tokens_with_params(struct sip_cursor *c)
{
	return sip_at_end(c) || check_list(c, token_with_params);
}

static bool check_token(struct sip_cursor *c)
{
	return token(c) && at_end(c);
}

static bool check_token_with_params(struct sip_cursor *c)
{
	return token_with_params(c) && at_end(c);
}

static bool check_texts_with_params(struct sip_cursor *c)
{
	return check_list(c, text_with_params);
}

static bool check_charging(struct sip_cursor *c)
{
	return check_list(c, charging_params);
}

static bool check_resource_priorities(struct sip_cursor *c)
{
	return check_list(c, resource_priority);
}

static bool check_maybe_resource_priorities(struct sip_cursor *c)
{
	return sip_at_end(c) || check_list(c, resource_priority);
}

static bool check_media_ranges(struct sip_cursor *c)
{
	return sip_at_end(c) || check_list(c, media_range);
}

static bool check_addresses(struct sip_cursor *c)
{
	return check_list(c, address);
}

static bool check_maybe_addresses(struct sip_cursor *c)
{
	return sip_at_end(c) || check_list(c, address);
}

static bool check_address(struct sip_cursor *c)
{
	return address(c) && at_end(c);
}

static bool check_routes(struct sip_cursor *c)
{
	return check_list(c, route);
}

static bool check_angled_uris(struct sip_cursor *c)
{
	return check_list(c, angled_uri);
}

static bool check_callids(struct sip_cursor *c)
{
	return check_list(c, callid);
}

static bool check_reasons(struct sip_cursor *c)
{
	return check_list(c, reason);
}

static bool check_warn_values(struct sip_cursor *c)
{
	return check_list(c, warn_value);
}

static bool check_identities(struct sip_cursor *c)
{
	return check_list(c, identity);
}

static bool check_auth_info(struct sip_cursor *c)
{
	return check_list(c, auth_info);
}

/* priv-value *( SEMI priv-value ) (RFC 3323 section 4.2) */
static bool check_privacy(struct sip_cursor *c)
{
	do {
		if (!token(c))
			return false;
	} while (sip_take_separator(c, ';'));
	return at_end(c);
}

static bool check_number(struct sip_cursor *c)
{
	uint32_t from = c->at;
	struct sip_number n = sip_take_number(c);

	if (!n.digits || n.value > UINT32_MAX)
		return sip_fail(c, from, RFC, "no number below 2^32");
	return at_end(c);
}

static bool take_decimal(struct sip_cursor *c, bool digits_needed)
{
	uint32_t from = c->at;

	if (!sip_take_number(c).digits && digits_needed)
		return sip_fail(c, from, "RFC 3261 20.38", "Timestamp is not a number");
	if (sip_peek(c) == '.') {
		c->at++;
		sip_take_number(c);
	}
	return true;
}

/* Timestamp = 1*(DIGIT) [ "." *(DIGIT) ] [ LWS delay ], delay = *(DIGIT) [ "." *(DIGIT) ] */
static bool check_timestamp(struct sip_cursor *c)
{
	if (!take_decimal(c, true))
		return false;
	c->at = sip_skip_space(c, c->at);
	return take_decimal(c, false) && at_end(c);
}

/* refer-sub-value = "true" / "false" */
static bool check_refer_sub(struct sip_cursor *c)
{
	uint32_t from = c->at;
	struct sip_slice value;

	sip_take_token(c, &value);
	if (!sip_is_word(c->text, value, "true") && !sip_is_word(c->text, value, "false"))
		return sip_fail(c, from, "RFC 4488 4", "Refer-Sub is neither true nor false");
	return sip_skip_params(c) && at_end(c);
}

/* MIME-Version = 1*DIGIT "." 1*DIGIT */
static bool check_mime_version(struct sip_cursor *c)
{
	uint32_t from = c->at;

	if (sip_take_number(c).digits && sip_peek(c) == '.') {
		c->at++;
		if (sip_take_number(c).digits)
			return at_end(c);
	}
	return sip_fail(c, from, "RFC 3261 20.24", "MIME-Version is not two numbers and a dot");
}

static bool check_challenge(struct sip_cursor *c)
{
	struct sip_challenge ignored;

	return sip_take_challenge(c, &ignored);
}

static bool check_credentials(struct sip_cursor *c)
{
	struct sip_credentials ignored;

	return sip_take_credentials(c, &ignored);
}

static bool check_disposition(struct sip_cursor *c)
{
	struct sip_content_disposition ignored;

	return sip_take_content_disposition(c, &ignored);
}

static bool check_dialog_id(struct sip_cursor *c)
{
	struct sip_dialog_id ignored;

	return sip_take_dialog_id(c, &ignored);
}

static bool check_session_id(struct sip_cursor *c)
{
	struct sip_session_id ignored;

	return sip_take_session_id(c, &ignored);
}

static bool check_retry_after(struct sip_cursor *c)
{
	struct sip_retry_after ignored;

	return sip_take_retry_after(c, &ignored);
}

static check *const checks[SIP_HEADER_COUNT] = {
	[SIP_HEADER_ACCEPT] = check_media_ranges,
	[SIP_HEADER_ACCEPT_CONTACT] = check_tokens_with_params,
	[SIP_HEADER_ACCEPT_ENCODING] = check_maybe_tokens_with_params,
	[SIP_HEADER_ACCEPT_LANGUAGE] = check_maybe_tokens_with_params,
	[SIP_HEADER_ACCEPT_RESOURCE_PRIORITY] = check_maybe_resource_priorities,
	[SIP_HEADER_ALERT_INFO] = check_angled_uris,
	[SIP_HEADER_ALLOW] = check_maybe_tokens,
	[SIP_HEADER_ALLOW_EVENTS] = check_tokens,
	[SIP_HEADER_ANSWER_MODE] = check_token_with_params,
	[SIP_HEADER_AUTHENTICATION_INFO] = check_auth_info,
	[SIP_HEADER_AUTHORIZATION] = check_credentials,
	[SIP_HEADER_CALL_INFO] = check_angled_uris,
	[SIP_HEADER_CONTENT_DISPOSITION] = check_disposition,
	[SIP_HEADER_CONTENT_ENCODING] = check_tokens,
	[SIP_HEADER_CONTENT_LANGUAGE] = check_tokens,
	[SIP_HEADER_DIVERSION] = check_addresses,
	[SIP_HEADER_ERROR_INFO] = check_angled_uris,
	[SIP_HEADER_FEATURE_CAPS] = check_tokens_with_params,
	[SIP_HEADER_FLOW_TIMER] = check_number,
	[SIP_HEADER_GEOLOCATION] = check_angled_uris,
	[SIP_HEADER_GEOLOCATION_ERROR] = check_tokens_with_params,
	[SIP_HEADER_GEOLOCATION_ROUTING] = check_token_with_params,
	[SIP_HEADER_HISTORY_INFO] = check_addresses,
	[SIP_HEADER_IDENTITY] = check_identities,
	[SIP_HEADER_INFO_PACKAGE] = check_token_with_params,
	[SIP_HEADER_IN_REPLY_TO] = check_callids,
	[SIP_HEADER_JOIN] = check_dialog_id,
	[SIP_HEADER_MAX_BREADTH] = check_number,
	[SIP_HEADER_MIME_VERSION] = check_mime_version,
	[SIP_HEADER_PATH] = check_routes,
	[SIP_HEADER_PRIORITY] = check_token,
	[SIP_HEADER_PRIVACY] = check_privacy,
	[SIP_HEADER_PROXY_AUTHENTICATE] = check_challenge,
	[SIP_HEADER_PROXY_AUTHORIZATION] = check_credentials,
	[SIP_HEADER_PROXY_REQUIRE] = check_tokens,
	[SIP_HEADER_P_ACCESS_NETWORK_INFO] = check_tokens_with_params,
	[SIP_HEADER_P_ASSERTED_IDENTITY] = check_addresses,
	[SIP_HEADER_P_ASSOCIATED_URI] = check_maybe_addresses,
	[SIP_HEADER_P_CALLED_PARTY_ID] = check_address,
	[SIP_HEADER_P_CHARGING_VECTOR] = check_charging,
	[SIP_HEADER_P_EARLY_MEDIA] = check_maybe_tokens,
	[SIP_HEADER_P_PREFERRED_IDENTITY] = check_addresses,
	[SIP_HEADER_P_SERVED_USER] = check_address,
	[SIP_HEADER_P_VISITED_NETWORK_ID] = check_texts_with_params,
	[SIP_HEADER_REASON] = check_reasons,
	[SIP_HEADER_RECV_INFO] = check_maybe_tokens_with_params,
	[SIP_HEADER_REFERRED_BY] = check_address,
	[SIP_HEADER_REFER_SUB] = check_refer_sub,
	[SIP_HEADER_REFER_TO] = check_address,
	[SIP_HEADER_REJECT_CONTACT] = check_tokens_with_params,
	[SIP_HEADER_REMOTE_PARTY_ID] = check_addresses,
	[SIP_HEADER_REPLACES] = check_dialog_id,
	[SIP_HEADER_REPLY_TO] = check_address,
	[SIP_HEADER_REQUEST_DISPOSITION] = check_tokens,
	[SIP_HEADER_REQUIRE] = check_tokens,
	[SIP_HEADER_RESOURCE_PRIORITY] = check_resource_priorities,
	[SIP_HEADER_RETRY_AFTER] = check_retry_after,
	[SIP_HEADER_SECURITY_CLIENT] = check_tokens_with_params,
	[SIP_HEADER_SECURITY_SERVER] = check_tokens_with_params,
	[SIP_HEADER_SECURITY_VERIFY] = check_tokens_with_params,
	[SIP_HEADER_SERVICE_ROUTE] = check_routes,
	[SIP_HEADER_SESSION_ID] = check_session_id,
	[SIP_HEADER_SIP_ETAG] = check_token,
	[SIP_HEADER_SIP_IF_MATCH] = check_token,
	[SIP_HEADER_SUPPORTED] = check_maybe_tokens,
	[SIP_HEADER_TARGET_DIALOG] = check_dialog_id,
	[SIP_HEADER_TIMESTAMP] = check_timestamp,
	[SIP_HEADER_UNSUPPORTED] = check_tokens,
	[SIP_HEADER_USER_TO_USER] = check_texts_with_params,
	[SIP_HEADER_WARNING] = check_warn_values,
	[SIP_HEADER_WWW_AUTHENTICATE] = check_challenge,
};

int sip_message_check(const struct sip_message *msg, struct sip_error *err)
{
	for (uint32_t i = 0; i < msg->header_count; i++) {
		const struct sip_header *header = &msg->headers[i];
		struct sip_cursor c = sip_message_cursor(msg, header);

		if (!checks[header->id] || checks[header->id](&c))
			continue;
		if (err)
			sip_message_error(msg, &c, err);
		return -EINVAL;
	}
	return 0;
}
