/* SPDX-License-Identifier: GPL-2.0-only */
/* Request-Line and Status-Line (RFC 3261 sections 7.1 and 7.2). */
#ifndef SIPXDP_SIP_START_LINE_H
#define SIPXDP_SIP_START_LINE_H

#include "sip/cursor.h"
#include "sip/method.h"
#include "sip/uri.h"

struct sip_start_line {
	uint16_t status;	      /* 100 to 699; 0: a request */
	uint8_t method;		      /* request: enum sip_method */
	struct sip_slice method_name; /* request */
	struct sip_uri request_uri;   /* request */
	struct sip_slice reason;      /* response: Reason-Phrase, may be empty */
};

/* Reads the line that ends at c->end. */
bool sip_take_start_line(struct sip_cursor *c, struct sip_start_line *line);

#endif
