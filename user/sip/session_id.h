/* SPDX-License-Identifier: GPL-2.0-only */
/* Session-ID (RFC 7989): the UUIDs of a call's two ends, which stay the same through B2BUAs. */
#ifndef SIPXDP_SIP_SESSION_ID_H
#define SIPXDP_SIP_SESSION_ID_H

#include "sip/cursor.h"

struct sip_session_id {
	struct sip_slice local;	 /* 32 lower-case hexadecimal digits */
	struct sip_slice remote; /* the same; length 0: none, all "0": not known yet */
};

/* Reads the whole value. */
bool sip_take_session_id(struct sip_cursor *c, struct sip_session_id *id);

#endif
