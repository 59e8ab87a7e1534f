/* SPDX-License-Identifier: GPL-2.0-only */
/* SIP messages for the tests of the packet path, put together by the compiler. */
#ifndef TEST_BPF_MESSAGE_H
#define TEST_BPF_MESSAGE_H

/* The headers that a message must have: method of the CSeq, Call-ID, what follows the To URI. */
#define HEADERS(method, call_id, to_tag)                                                           \
	"Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK776asdhds\r\n"                           \
	"Max-Forwards: 70\r\n"                                                                     \
	"From: Alice <sip:alice@example.org>;tag=1928301774\r\n"                                   \
	"To: Bob <sip:bob@example.org>" to_tag "\r\n"                                              \
	"Call-ID: " call_id "\r\n"                                                                 \
	"CSeq: 314159 " method "\r\n"

#define LAST_HEADER "Content-Length: 0\r\n\r\n"

/* A request with more header lines in front of Content-Length. */
#define REQUEST_WITH(method, uri, call_id, to_tag, more)                                           \
	method " " uri " SIP/2.0\r\n" HEADERS(method, call_id, to_tag) more LAST_HEADER

#define REQUEST_OF(method, call_id)                                                                \
	REQUEST_WITH(method, "sip:bob@192.0.2.10", call_id, "",                                    \
		     "Contact: <sip:alice@198.51.100.1>\r\n")
#define REQUEST(method) REQUEST_OF(method, "a84b4c76e66710@pc33.example.org")

/* A request within a dialog: with a tag in To. */
#define IN_DIALOG(method, call_id)                                                                 \
	REQUEST_WITH(method, "sip:bob@192.0.2.10", call_id, ";tag=314159", "")

/* status: "200 OK" */
#define RESPONSE_OF(status, method, call_id)                                                       \
	"SIP/2.0 " status "\r\n" HEADERS(method, call_id, ";tag=314159") LAST_HEADER
#define RESPONSE(status, method) RESPONSE_OF(status, method, "a84b4c76e66710@pc33.example.org")

/* Begins as SIP does, and cannot be valid: no Via, From, To, Call-ID, CSeq. */
#define BROKEN(method)                                                                             \
	method " sip:bob@192.0.2.10 SIP/2.0\r\n"                                                   \
	       "Subject: nothing that a message must have is in here\r\n" LAST_HEADER

#endif
