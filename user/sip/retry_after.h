/* SPDX-License-Identifier: GPL-2.0-only */
/* Retry-After (RFC 3261 section 20.33). */
#ifndef SIPXDP_SIP_RETRY_AFTER_H
#define SIPXDP_SIP_RETRY_AFTER_H

#include "sip/cursor.h"

struct sip_retry_after {
	uint32_t seconds;
	uint32_t duration;	  /* seconds; 0: not said */
	struct sip_slice comment; /* without its outer parentheses; length 0: none */
};

/* Reads the whole value. */
bool sip_take_retry_after(struct sip_cursor *c, struct sip_retry_after *retry);

#endif
