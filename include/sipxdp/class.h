/* SPDX-License-Identifier: GPL-2.0-only */
/* What a packet is: SIP method, traffic class and limit class. Each list is append-only: a number
 * that has been released keeps its meaning, because pinned maps outlive the programs. */
#ifndef SIPXDP_CLASS_H
#define SIPXDP_CLASS_H

/* Request methods: RFC 3261 (ACK BYE CANCEL INVITE OPTIONS REGISTER), RFC 6086 (INFO),
 * RFC 3428 (MESSAGE), RFC 6665 (NOTIFY SUBSCRIBE), RFC 3262 (PRACK), RFC 3903 (PUBLISH),
 * RFC 3515 (REFER), RFC 3311 (UPDATE). Any other token is SIP_OTHER. */
#define SIP_METHODS(X)                                                                             \
	X(ACK)                                                                                     \
	X(BYE)                                                                                     \
	X(CANCEL)                                                                                  \
	X(INFO)                                                                                    \
	X(INVITE)                                                                                  \
	X(MESSAGE)                                                                                 \
	X(NOTIFY)                                                                                  \
	X(OPTIONS)                                                                                 \
	X(PRACK)                                                                                   \
	X(PUBLISH)                                                                                 \
	X(REFER)                                                                                   \
	X(REGISTER)                                                                                \
	X(SUBSCRIBE)                                                                               \
	X(UPDATE)

enum sip_method {
#define X(name) SIP_##name,
	SIP_METHODS(X)
#undef X
		SIP_OTHER, /* any other token */
	SIP_METHOD_COUNT,
};

/* Traffic classes: the rows of `counters`. The first SIP_METHOD_COUNT are the request methods, in
 * the same order and with the same numbers. X(id, name, help) */
#define TRAFFIC_CLASSES(X)                                                                         \
	X(ACK, "ack", "ACK request")                                                               \
	X(BYE, "bye", "BYE request")                                                               \
	X(CANCEL, "cancel", "CANCEL request")                                                      \
	X(INFO, "info", "INFO request")                                                            \
	X(INVITE, "invite", "INVITE request")                                                      \
	X(MESSAGE, "message", "MESSAGE request")                                                   \
	X(NOTIFY, "notify", "NOTIFY request")                                                      \
	X(OPTIONS, "options", "OPTIONS request")                                                   \
	X(PRACK, "prack", "PRACK request")                                                         \
	X(PUBLISH, "publish", "PUBLISH request")                                                   \
	X(REFER, "refer", "REFER request")                                                         \
	X(REGISTER, "register", "REGISTER request")                                                \
	X(SUBSCRIBE, "subscribe", "SUBSCRIBE request")                                             \
	X(UPDATE, "update", "UPDATE request")                                                      \
	X(OTHER, "other-method", "request with any other method")                                  \
	X(1XX, "1xx", "provisional response")                                                      \
	X(2XX, "2xx", "success response")                                                          \
	X(3XX, "3xx", "redirection response")                                                      \
	X(4XX, "4xx", "client failure response")                                                   \
	X(5XX, "5xx", "server failure response")                                                   \
	X(6XX, "6xx", "global failure response")                                                   \
	X(CRLF, "crlf", "CRLF keepalive (pong) or CRLFCRLF (ping), RFC 5626 section 3.5.1")        \
	X(NUL, "nul", "keepalive of one to eight NUL, blank or zero octets, as many phones send")  \
	X(STUN, "stun", "STUN message, RFC 8489")                                                  \
	X(GARBAGE, "garbage", "does not start as a SIP message, a keepalive or STUN does")         \
	X(FRAGMENT, "fragment", "IP fragment other than the first")                                \
	X(STREAM, "stream", "TCP segment to a TCP or TLS listener")                                \
	X(DAMAGED, "damaged", "IP or UDP header for a listener that contradicts itself")

enum traffic_class {
#define X(id, name, help) CLASS_##id,
	TRAFFIC_CLASSES(X)
#undef X
		CLASS_COUNT,
};

#define CLASS_SLOTS 32 /* room for classes in the index of `counters` */
_Static_assert((int)CLASS_COUNT <= CLASS_SLOTS, "classes outgrew their slots");
_Static_assert((int)CLASS_OTHER == (int)SIP_OTHER, "methods and request classes share numbers");

/* Limit classes: what a configured rate can name. X(id, name) */
#define LIMIT_CLASSES(X)                                                                           \
	X(INVITE, "invite")                                                                        \
	X(REGISTER, "register")                                                                    \
	X(OPTIONS, "options")                                                                      \
	X(OTHER, "other")                                                                          \
	X(MALFORMED, "malformed")

enum limit_class {
#define X(id, name) LIMIT_##id,
	LIMIT_CLASSES(X)
#undef X
		LIMIT_CLASS_COUNT,
};

#endif
