/* SPDX-License-Identifier: GPL-2.0-only */
/* The header fields that are known by name: long and compact form, and how often each may stand. */
#ifndef SIPXDP_SIP_HEADER_H
#define SIPXDP_SIP_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "sip/slice.h"

/* X(ID, "Name", compact form or 0, ONCE | LIST | TEXT)
 *   ONCE: a second one is an error; its value is no comma-separated list (RFC 3261 section 7.3.1)
 *   LIST: may stand any number of times
 *   TEXT: should stand once, but says nothing that a call depends on: a second one is warned of;
 *         it is free text (TEXT-UTF8-TRIM and the like), in which quotes have no meaning
 * From: RFC 3261 section 20, 3262, 3265/6665, 3323, 3325, 3326, 3327, 3329, 3455, 3515, 3581, 3608,
 * 3840, 3841, 3891, 3892, 3903, 3911, 4028, 4244, 4412, 4488, 4538, 5009, 5365, 5373, 5626, 5806,
 * 6086, 6442, 6809, 7044, 7315, 7433, 7989, 8224. */
#define SIP_HEADERS(X)                                                                             \
	X(ACCEPT, "Accept", 0, LIST)                                                               \
	X(ACCEPT_CONTACT, "Accept-Contact", 'a', LIST)                                             \
	X(ACCEPT_ENCODING, "Accept-Encoding", 0, LIST)                                             \
	X(ACCEPT_LANGUAGE, "Accept-Language", 0, LIST)                                             \
	X(ACCEPT_RESOURCE_PRIORITY, "Accept-Resource-Priority", 0, LIST)                           \
	X(ALERT_INFO, "Alert-Info", 0, LIST)                                                       \
	X(ALLOW, "Allow", 0, LIST)                                                                 \
	X(ALLOW_EVENTS, "Allow-Events", 'u', LIST)                                                 \
	X(ANSWER_MODE, "Answer-Mode", 0, LIST)                                                     \
	X(AUTHENTICATION_INFO, "Authentication-Info", 0, LIST)                                     \
	X(AUTHORIZATION, "Authorization", 0, LIST)                                                 \
	X(CALL_ID, "Call-ID", 'i', ONCE)                                                           \
	X(CALL_INFO, "Call-Info", 0, LIST)                                                         \
	X(CONTACT, "Contact", 'm', LIST)                                                           \
	X(CONTENT_DISPOSITION, "Content-Disposition", 0, ONCE)                                     \
	X(CONTENT_ENCODING, "Content-Encoding", 'e', LIST)                                         \
	X(CONTENT_ID, "Content-ID", 0, ONCE)                                                       \
	X(CONTENT_LANGUAGE, "Content-Language", 0, LIST)                                           \
	X(CONTENT_LENGTH, "Content-Length", 'l', ONCE)                                             \
	X(CONTENT_TYPE, "Content-Type", 'c', ONCE)                                                 \
	X(CSEQ, "CSeq", 0, ONCE)                                                                   \
	X(DATE, "Date", 0, ONCE)                                                                   \
	X(DIVERSION, "Diversion", 0, LIST)                                                         \
	X(ERROR_INFO, "Error-Info", 0, LIST)                                                       \
	X(EVENT, "Event", 'o', ONCE)                                                               \
	X(EXPIRES, "Expires", 0, ONCE)                                                             \
	X(FEATURE_CAPS, "Feature-Caps", 0, LIST)                                                   \
	X(FLOW_TIMER, "Flow-Timer", 0, ONCE)                                                       \
	X(FROM, "From", 'f', ONCE)                                                                 \
	X(GEOLOCATION, "Geolocation", 0, LIST)                                                     \
	X(GEOLOCATION_ERROR, "Geolocation-Error", 0, LIST)                                         \
	X(GEOLOCATION_ROUTING, "Geolocation-Routing", 0, LIST)                                     \
	X(HISTORY_INFO, "History-Info", 0, LIST)                                                   \
	X(IDENTITY, "Identity", 'y', LIST)                                                         \
	X(IDENTITY_INFO, "Identity-Info", 'n', LIST)                                               \
	X(INFO_PACKAGE, "Info-Package", 0, ONCE)                                                   \
	X(IN_REPLY_TO, "In-Reply-To", 0, LIST)                                                     \
	X(JOIN, "Join", 0, ONCE)                                                                   \
	X(MAX_BREADTH, "Max-Breadth", 0, ONCE)                                                     \
	X(MAX_FORWARDS, "Max-Forwards", 0, ONCE)                                                   \
	X(MIME_VERSION, "MIME-Version", 0, ONCE)                                                   \
	X(MIN_EXPIRES, "Min-Expires", 0, ONCE)                                                     \
	X(MIN_SE, "Min-SE", 0, ONCE)                                                               \
	X(ORGANIZATION, "Organization", 0, TEXT)                                                   \
	X(P_ACCESS_NETWORK_INFO, "P-Access-Network-Info", 0, LIST)                                 \
	X(P_ASSERTED_IDENTITY, "P-Asserted-Identity", 0, LIST)                                     \
	X(P_ASSOCIATED_URI, "P-Associated-URI", 0, LIST)                                           \
	X(P_CALLED_PARTY_ID, "P-Called-Party-ID", 0, LIST)                                         \
	X(P_CHARGING_VECTOR, "P-Charging-Vector", 0, LIST)                                         \
	X(P_EARLY_MEDIA, "P-Early-Media", 0, LIST)                                                 \
	X(P_PREFERRED_IDENTITY, "P-Preferred-Identity", 0, LIST)                                   \
	X(P_SERVED_USER, "P-Served-User", 0, LIST)                                                 \
	X(P_VISITED_NETWORK_ID, "P-Visited-Network-ID", 0, LIST)                                   \
	X(PATH, "Path", 0, LIST)                                                                   \
	X(PRIORITY, "Priority", 0, ONCE)                                                           \
	X(PRIVACY, "Privacy", 0, LIST)                                                             \
	X(PROXY_AUTHENTICATE, "Proxy-Authenticate", 0, LIST)                                       \
	X(PROXY_AUTHORIZATION, "Proxy-Authorization", 0, LIST)                                     \
	X(PROXY_REQUIRE, "Proxy-Require", 0, LIST)                                                 \
	X(RACK, "RAck", 0, ONCE)                                                                   \
	X(REASON, "Reason", 0, LIST)                                                               \
	X(RECORD_ROUTE, "Record-Route", 0, LIST)                                                   \
	X(RECV_INFO, "Recv-Info", 0, LIST)                                                         \
	X(REFER_SUB, "Refer-Sub", 0, ONCE)                                                         \
	X(REFER_TO, "Refer-To", 'r', ONCE)                                                         \
	X(REFERRED_BY, "Referred-By", 'b', ONCE)                                                   \
	X(REJECT_CONTACT, "Reject-Contact", 'j', LIST)                                             \
	X(REMOTE_PARTY_ID, "Remote-Party-ID", 0, LIST)                                             \
	X(REPLACES, "Replaces", 0, ONCE)                                                           \
	X(REPLY_TO, "Reply-To", 0, ONCE)                                                           \
	X(REQUEST_DISPOSITION, "Request-Disposition", 'd', LIST)                                   \
	X(REQUIRE, "Require", 0, LIST)                                                             \
	X(RESOURCE_PRIORITY, "Resource-Priority", 0, LIST)                                         \
	X(RETRY_AFTER, "Retry-After", 0, ONCE)                                                     \
	X(ROUTE, "Route", 0, LIST)                                                                 \
	X(RSEQ, "RSeq", 0, ONCE)                                                                   \
	X(SECURITY_CLIENT, "Security-Client", 0, LIST)                                             \
	X(SECURITY_SERVER, "Security-Server", 0, LIST)                                             \
	X(SECURITY_VERIFY, "Security-Verify", 0, LIST)                                             \
	X(SERVER, "Server", 0, TEXT)                                                               \
	X(SERVICE_ROUTE, "Service-Route", 0, LIST)                                                 \
	X(SESSION_EXPIRES, "Session-Expires", 'x', ONCE)                                           \
	X(SESSION_ID, "Session-ID", 0, ONCE)                                                       \
	X(SIP_ETAG, "SIP-ETag", 0, ONCE)                                                           \
	X(SIP_IF_MATCH, "SIP-If-Match", 0, ONCE)                                                   \
	X(SUBJECT, "Subject", 's', TEXT)                                                           \
	X(SUBSCRIPTION_STATE, "Subscription-State", 0, ONCE)                                       \
	X(SUPPORTED, "Supported", 'k', LIST)                                                       \
	X(TARGET_DIALOG, "Target-Dialog", 0, ONCE)                                                 \
	X(TIMESTAMP, "Timestamp", 0, ONCE)                                                         \
	X(TO, "To", 't', ONCE)                                                                     \
	X(UNSUPPORTED, "Unsupported", 0, LIST)                                                     \
	X(USER_AGENT, "User-Agent", 0, TEXT)                                                       \
	X(USER_TO_USER, "User-to-User", 0, LIST)                                                   \
	X(VIA, "Via", 'v', LIST)                                                                   \
	X(WARNING, "Warning", 0, LIST)                                                             \
	X(WWW_AUTHENTICATE, "WWW-Authenticate", 0, LIST)

enum sip_header_id {
	SIP_HEADER_OTHER, /* any other name: kept as name and value */
#define X(id, name, compact, repeat) SIP_HEADER_##id,
	SIP_HEADERS(X)
#undef X
		SIP_HEADER_COUNT,
};

#define SIP_HEADERS_KNOWN_MAX 128
_Static_assert((int)SIP_HEADER_COUNT <= SIP_HEADERS_KNOWN_MAX,
	       "more headers than there is room for");

enum sip_repeat {
	SIP_REPEAT_LIST,
	SIP_REPEAT_ONCE,
	SIP_REPEAT_TEXT,
};

/* Which header the name text[from..from+length) is, long or compact, in any case. The name is a
 * token behind a CRLF and, before that, a start line: the eight octets before its end can be read.
 */
enum sip_header_id sip_header_of(const uint8_t *text, uint32_t from, uint32_t length);

/* "Call-ID" for SIP_HEADER_CALL_ID; "" for SIP_HEADER_OTHER. */
const char *sip_header_name(enum sip_header_id id);

enum sip_repeat sip_header_repeat(enum sip_header_id id);

#endif
