/* SPDX-License-Identifier: GPL-2.0-only */
/* Session-Expires and Min-SE (RFC 4028 sections 4 and 5). */
#ifndef SIPXDP_SIP_SESSION_TIMER_H
#define SIPXDP_SIP_SESSION_TIMER_H

#include "sip/cursor.h"

enum sip_refresher {
	SIP_REFRESHER_NONE, /* not said, as always in Min-SE */
	SIP_REFRESHER_UAC,
	SIP_REFRESHER_UAS,
};

struct sip_session_timer {
	uint32_t seconds;
	enum sip_refresher refresher;
};

/* Reads the whole value of either header. */
bool sip_take_session_timer(struct sip_cursor *c, struct sip_session_timer *timer);

#endif
