/* SPDX-License-Identifier: GPL-2.0-only */
/* Event and Subscription-State (RFC 6665 sections 8.2.1 and 8.2.3). */
#ifndef SIPXDP_SIP_EVENT_H
#define SIPXDP_SIP_EVENT_H

#include "sip/cursor.h"

struct sip_event {
	struct sip_slice type; /* event-package *( "." event-template ) */
	struct sip_slice id;   /* length 0: none */
};

struct sip_subscription_state {
	struct sip_slice state;	 /* active, pending, terminated … */
	struct sip_slice reason; /* length 0: none */
	uint32_t expires;	 /* seconds, 0 also for none */
	uint32_t retry_after;	 /* seconds, 0 also for none */
};

/* Both read the whole value. */
bool sip_take_event(struct sip_cursor *c, struct sip_event *event);
bool sip_take_subscription_state(struct sip_cursor *c, struct sip_subscription_state *s);

#endif
