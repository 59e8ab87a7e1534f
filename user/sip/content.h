/* SPDX-License-Identifier: GPL-2.0-only */
/* Content-Type and Content-Disposition (RFC 3261 sections 20.15 and 20.11), and the parts of a
 * multipart body (RFC 2046 section 5.1, RFC 5621). */
#ifndef SIPXDP_SIP_CONTENT_H
#define SIPXDP_SIP_CONTENT_H

#include "sip/cursor.h"

struct sip_content_type {
	struct sip_slice type, subtype;
	struct sip_slice boundary; /* of a multipart, without quotes; length 0: none */
	struct sip_slice params;   /* from the first ";"; length 0: none */
};

struct sip_content_disposition {
	struct sip_slice type; /* session, render, early-session … */
	bool optional;	       /* handling=optional; required if not said */
};

/* Both read the whole value. */
bool sip_take_content_type(struct sip_cursor *c, struct sip_content_type *type);
bool sip_take_content_disposition(struct sip_cursor *c, struct sip_content_disposition *d);

#endif
