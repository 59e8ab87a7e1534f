/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of a multipart body (RFC 2046 section 5.1, RFC 5621 section 3). */
#ifndef SIPXDP_SIP_MULTIPART_H
#define SIPXDP_SIP_MULTIPART_H

#include <stdbool.h>
#include <stdint.h>

#include "sip/slice.h"

#define SIP_BOUNDARY_MAX 70 /* octets (RFC 2046 section 5.1.1) */

/* Slices are relative to the text that the body is a slice of. */
struct sip_part {
	struct sip_slice headers;      /* all of them, without the blank line */
	struct sip_slice content_type; /* value; length 0: none, which means text/plain */
	struct sip_slice body;
};

struct sip_multipart {
	const char *text;
	struct sip_slice boundary;
	uint32_t at, end;
};

/* Prepares to walk over the parts of `body`. False if the boundary cannot be one. */
bool sip_multipart_start(struct sip_multipart *m, const char *text, struct sip_slice body,
			 struct sip_slice boundary);

/* The next part; false when there is no further one, or the body is cut short within it. */
bool sip_multipart_next(struct sip_multipart *m, struct sip_part *part);

#endif
