/* SPDX-License-Identifier: GPL-2.0-only */
/* One value of Reason (RFC 3326): why a request was sent, as in Q.850;cause=16. */
#ifndef SIPXDP_SIP_REASON_VALUE_H
#define SIPXDP_SIP_REASON_VALUE_H

#include "sip/cursor.h"

struct sip_reason_value {
	struct sip_slice protocol; /* SIP, Q.850, Preemption … */
	struct sip_slice text;	   /* without quotes; length 0: none */
	uint32_t cause;		   /* 0 also for none */
};

bool sip_take_reason(struct sip_cursor *c, struct sip_reason_value *reason);

#endif
