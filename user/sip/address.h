/* SPDX-License-Identifier: GPL-2.0-only */
/* name-addr / addr-spec with their parameters: From, To, Contact, Route, Record-Route and all that
 * are built like them (RFC 3261 sections 20.10, 20.20, 20.30, 20.34, 20.39). */
#ifndef SIPXDP_SIP_ADDRESS_H
#define SIPXDP_SIP_ADDRESS_H

#include "sip/cursor.h"
#include "sip/param.h"
#include "sip/uri.h"

#define SIP_EXPIRES_NONE    UINT32_MAX /* no expires given */
#define SIP_EXPIRES_DEFAULT 3600       /* what a malformed one counts as (RFC 3261 section 10.3) */
#define SIP_Q_NONE	    UINT16_MAX /* no q given */

struct sip_address {
	struct sip_slice display; /* display-name without quotes, escapes as they are; 0: none */
	struct sip_uri uri;
	struct sip_slice params;   /* behind the URI, ";" and all; length 0: none */
	struct sip_slice tag;	   /* From, To; length 0: none */
	uint32_t expires;	   /* Contact: seconds, or SIP_EXPIRES_NONE */
	uint32_t reg_id;	   /* Contact: 1 to 2^31-1, 0: none (RFC 5626 section 11) */
	struct sip_slice instance; /* Contact: +sip.instance without quotes and <> */
	uint16_t q;		   /* Contact: in thousandths, or SIP_Q_NONE */
	uint8_t quoted;		   /* 1: the display-name was a quoted-string */
	uint8_t angled;		   /* 1: the URI stood within <> */
};

/* ( name-addr / addr-spec ), parameters not included. */
bool sip_take_address(struct sip_cursor *c, struct sip_address *address);

/* from-spec: the address, a tag at most once, other parameters. */
bool sip_take_tagged(struct sip_cursor *c, struct sip_address *address);

/* contact-param: the address, q, expires, reg-id, +sip.instance, other parameters. */
bool sip_take_contact(struct sip_cursor *c, struct sip_address *address);

/* route-param: a name-addr (the brackets are required) and parameters. */
bool sip_take_route(struct sip_cursor *c, struct sip_address *address);

#endif
