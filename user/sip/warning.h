/* SPDX-License-Identifier: GPL-2.0-only */
/* What a message may do and still be accepted: each a bit in `warnings`.
 * X(NAME, "RFC section", "what") */
#ifndef SIPXDP_SIP_WARNING_H
#define SIPXDP_SIP_WARNING_H

#define SIP_WARNINGS(X)                                                                            \
	X(NO_MAX_FORWARDS, "RFC 3261 8.1.1.6", "request without Max-Forwards")                     \
	X(NO_FROM_TAG, "RFC 3261 8.1.1.3", "From without a tag")                                   \
	X(NO_BRANCH, "RFC 3261 8.1.1.7", "top Via without the branch of RFC 3261")                 \
	X(EMPTY_BRANCH, "RFC 4475 3.2.1", "branch is nothing but the magic cookie")                \
	X(NO_CONTACT, "RFC 3261 8.1.1.8", "INVITE without Contact")                                \
	X(OCTETS_AFTER_BODY, "RFC 3261 18.3", "octets after the body that Content-Length counts")  \
	X(NO_CONTENT_TYPE, "RFC 3261 20.15", "a body without Content-Type")                        \
	X(IPV6_THREE_COLONS, "RFC 5118 4.10", "IPv6 address with three colons in a row")           \
	X(RECEIVED_IN_BRACKETS, "RFC 5118 4.5", "received parameter in square brackets")           \
	X(PORT_ZERO, "RFC 3261 19.1.1", "port 0")                                                  \
	X(EXPIRES_RANGE, "RFC 3261 10.3", "expires is not a number below 2^32, taken as 3600")     \
	X(LOCAL_NUMBER, "RFC 3966 5.1.5", "local tel number without phone-context")                \
	X(REPEATED, "RFC 3261 7.3.1", "a header that may stand once stands again; the first counts")

enum sip_warning_bit {
#define X(name, rfc, what) SIP_WARNING_BIT_##name,
	SIP_WARNINGS(X)
#undef X
		SIP_WARNING_COUNT,
};

enum sip_warning {
#define X(name, rfc, what) SIP_WARN_##name = 1 << SIP_WARNING_BIT_##name,
	SIP_WARNINGS(X)
#undef X
};

#endif
