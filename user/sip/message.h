/* SPDX-License-Identifier: GPL-2.0-only */
/* A SIP message, parsed from one datagram: the public face of the parser.
 *
 *	static struct sip_message msg;
 *	struct sip_error err;
 *
 *	if (sip_message_parse(data, len, &msg, &err) < 0)
 *		log("%s at offset %u: %s", err.rfc, err.offset, err.what);
 *	else if (msg.kind == SIP_REQUEST && msg.start.method == SIP_INVITE)
 *		use(sip_message_text(&msg, msg.call_id), msg.call_id.length);
 *
 * Nothing is copied or allocated: every slice is relative to msg.text, which points into the
 * caller's datagram; the message is good for as long as the datagram is. */
#ifndef SIPXDP_SIP_MESSAGE_H
#define SIPXDP_SIP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sipxdp/class.h>

#include "sip/address.h"
#include "sip/cseq.h"
#include "sip/error.h"
#include "sip/header.h"
#include "sip/index.h"
#include "sip/slice.h"
#include "sip/start_line.h"
#include "sip/uri.h"
#include "sip/via.h"
#include "sip/warning.h"

/* What one message may hold; more is an error. */
#define SIP_HEADERS_MAX	 (SIP_LINES_MAX - 1)
#define SIP_VIAS_MAX	 64
#define SIP_CONTACTS_MAX 64
#define SIP_ROUTES_MAX	 32 /* Route and Record-Route each */

enum sip_message_kind {
	SIP_REQUEST,
	SIP_RESPONSE,
};

/* One header field row. */
struct sip_header {
	uint8_t id; /* enum sip_header_id */
	struct sip_slice name;
	struct sip_slice value; /* without white space at its ends; CRLF in it is folding */
};

/* About 55 KiB, most of it never touched; it need not be cleared. Arrays hold `…_count` entries,
 * and nothing but counts is defined beyond them. */
struct sip_message {
	const char *text; /* the start line; what slices are relative to */
	uint32_t size;	  /* octets from there to the end of the datagram */
	uint32_t lead;	  /* octets of CRLF that stood before it (RFC 3261 section 7.5) */

	enum sip_message_kind kind;
	struct sip_start_line start;

	struct sip_slice call_id;
	struct sip_cseq cseq;
	struct sip_address from, to;

	uint32_t via_count; /* at least 1; via[0] is the topmost */
	uint32_t contact_count;
	uint32_t route_count;
	uint32_t record_route_count;
	uint32_t header_count;

	bool lenient;	      /* read by sip_message_read() */
	bool faulty;	      /* and would not have been parsed */
	bool contact_is_star; /* Contact: * (RFC 3261 section 10.2.2); contact_count is 0 */
	bool has_expires, has_max_forwards, has_content_length;
	uint8_t max_forwards;
	uint32_t expires; /* seconds, of the Expires header */
	uint32_t content_length;

	struct sip_slice user_agent;   /* User-Agent or Server; length 0: neither */
	struct sip_slice content_type; /* the value as it stands; length 0: none */
	struct sip_slice body;	       /* Content-Length octets, or the rest of the datagram */

	uint32_t warnings; /* bits of enum sip_warning */
	uint8_t seen[SIP_HEADERS_KNOWN_MAX] __attribute__((aligned(16))); /* ask
									   * sip_message_has() */

	struct sip_header headers[SIP_HEADERS_MAX];
	struct sip_via via[SIP_VIAS_MAX];
	struct sip_address contact[SIP_CONTACTS_MAX];
	struct sip_address route[SIP_ROUTES_MAX];
	struct sip_address record_route[SIP_ROUTES_MAX];

	struct sip_index index; /* the parser's own, kept for headers that are typed on demand */
};

/* Parses the datagram data[0..len), of which no octet outside is read. A datagram is a whole
 * message: one that is cut short is an error, and octets behind Content-Length's are warned of.
 *
 * Typed and checked at once: start line, Via (all), From, To, Call-ID, CSeq, Contact, Route,
 * Record-Route, Max-Forwards, Expires, Content-Length, and by their form Content-Type, Date, Event,
 * RSeq, RAck, Session-Expires, Min-SE, Min-Expires, Subscription-State. All other headers are found
 * and named; the readers in this directory type them on demand, and sip_message_check() holds them
 * all against their grammar.
 *
 * 0, or -EINVAL with *err filled in (err may be NULL); *msg is undefined then. */
int sip_message_parse(const char *data, size_t len, struct sip_message *msg, struct sip_error *err);

/* The same for who only watches: what the server at the far end may take all the same is read as far
 * as its outlines go, and `faulty` says so. A URI then is SIP_SCHEME_OTHER if its parts cannot be
 * told; a host may be no host; text may be no UTF-8; headers that are not needed to know whose
 * message it is may hold anything, and count as not there. */
int sip_message_read(const char *data, size_t len, struct sip_message *msg, struct sip_error *err);

/* The same for a message of which only its first len octets are there, and the end of its headers is not
 * among them: it is read as far as its last whole line. room is for len + 2 octets; the message points
 * into it. */
int sip_message_read_start(const char *data, size_t len, char *room, struct sip_message *msg,
			   struct sip_error *err);

/* Where a slice's octets are. */
static inline const char *sip_message_text(const struct sip_message *msg, struct sip_slice s)
{
	return msg->text + s.offset;
}

/* Is there a header of that name? */
static inline bool sip_message_has(const struct sip_message *msg, enum sip_header_id id)
{
	return msg->seen[id];
}

/* The header of that name behind `after`, or the first if that is NULL; NULL when there is none. */
const struct sip_header *sip_message_header(const struct sip_message *msg, enum sip_header_id id,
					    const struct sip_header *after);

/* The same by name, for headers that the parser has no number for. */
const struct sip_header *sip_message_header_named(const struct sip_message *msg, const char *name,
						  const struct sip_header *after);

/* A cursor over one of the message's header values, for the readers of the other files here. */
struct sip_cursor sip_message_cursor(const struct sip_message *msg,
				     const struct sip_header *header);

/* What a reader noted in such a cursor, as an error of the datagram. */
void sip_message_error(const struct sip_message *msg, const struct sip_cursor *c,
		       struct sip_error *err);

/* Holds every known header that sip_message_parse() did not type against its grammar. 0, or -EINVAL
 * with the first error in *err. */
int sip_message_check(const struct sip_message *msg, struct sip_error *err);

#endif
