/* SPDX-License-Identifier: GPL-2.0-only */
/* SIP and SIPS URIs (RFC 3261 section 19.1), tel URIs (RFC 3966), and any other absoluteURI. */
#ifndef SIPXDP_SIP_URI_H
#define SIPXDP_SIP_URI_H

#include "sip/cursor.h"
#include "sip/error.h"
#include "sip/host.h"

enum sip_scheme {
	SIP_SCHEME_SIP,
	SIP_SCHEME_SIPS,
	SIP_SCHEME_TEL,
	SIP_SCHEME_OTHER, /* urn, http, im …: only `text` is set */
};

struct sip_uri {
	uint8_t scheme;	       /* enum sip_scheme */
	uint8_t lr;	       /* 1: has the lr parameter (RFC 3261 section 19.1.1) */
	struct sip_slice text; /* all of it, scheme included */
	struct sip_slice user; /* escapes as they are; of a tel URI the number; length 0: none */
	struct sip_slice password;
	struct sip_host host;	  /* kind SIP_HOST_NONE unless SIP or SIPS */
	struct sip_slice params;  /* from the first ";", which it includes; length 0: none */
	struct sip_slice headers; /* behind the "?" ; length 0: none */
};

/* Where a URI stands decides what it may hold. */
enum sip_uri_place {
	SIP_URI_REQUEST, /* Request-URI: no headers (RFC 3261 section 19.1.1, table 1) */
	SIP_URI_ANGLED,	 /* between < and >: anything */
	SIP_URI_BARE,	 /* addr-spec alone: ends at ";", "," or "?" (RFC 3261 section 20) */
};

/* Reads the URI at the cursor. */
bool sip_take_uri(struct sip_cursor *c, enum sip_uri_place place, struct sip_uri *uri);

/* Parses a text of at most SIP_TEXT_MAX octets that is one URI and nothing else, as between < and
 * >; slices are relative to `text`. 0, or -EINVAL with *error filled in (may be NULL). Uses 34 KiB
 * of stack. */
int sip_uri_parse(const char *text, size_t len, struct sip_uri *uri, struct sip_error *error);

/* The value of the uri-parameter `name` (any case), escapes as they are. False if it is not there;
 * a parameter without value gives a slice of length 0. */
bool sip_uri_param(const char *text, const struct sip_uri *uri, const char *name,
		   struct sip_slice *value);

/* Are two URIs equivalent by the rules of RFC 3261 section 19.1.4 (SIP, SIPS), RFC 3966 section 4
 * (tel), or octet by octet but for the scheme's case (any other)? A URI that has a parameter twice
 * (which section 19.1.1 forbids), or more than 64, may differ even from itself. */
bool sip_uri_equal(const char *a_text, const struct sip_uri *a, const char *b_text,
		   const struct sip_uri *b);

#endif
