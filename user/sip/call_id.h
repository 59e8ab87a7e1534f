/* SPDX-License-Identifier: GPL-2.0-only */
/* Call-ID (RFC 3261 section 20.8). */
#ifndef SIPXDP_SIP_CALL_ID_H
#define SIPXDP_SIP_CALL_ID_H

#include "sip/cursor.h"

/* Reads callid = word [ "@" word ], without moving past what follows it. */
bool sip_take_callid(struct sip_cursor *c, struct sip_slice *call_id);

/* Reads the whole value. */
bool sip_take_call_id(struct sip_cursor *c, struct sip_slice *call_id);

#endif
