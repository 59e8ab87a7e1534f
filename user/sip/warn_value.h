/* SPDX-License-Identifier: GPL-2.0-only */
/* One value of the Warning header (RFC 3261 section 20.43). */
#ifndef SIPXDP_SIP_WARN_VALUE_H
#define SIPXDP_SIP_WARN_VALUE_H

#include "sip/cursor.h"

struct sip_warn_value {
	uint16_t code;		/* three digits */
	struct sip_slice agent; /* hostport or pseudonym */
	struct sip_slice text;	/* without quotes */
};

bool sip_take_warn_value(struct sip_cursor *c, struct sip_warn_value *warn);

#endif
