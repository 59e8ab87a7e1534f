/* SPDX-License-Identifier: GPL-2.0-only */
/* Which headers a message is made of, and what is read from each while it is parsed. */
#ifndef SIPXDP_SIP_MESSAGE_RULES_H
#define SIPXDP_SIP_MESSAGE_RULES_H

#include "sip/message.h"

/* Reads the header value under the cursor into the message. */
typedef bool sip_message_rule(struct sip_message *msg, struct sip_cursor *c);

/* NULL for headers that are only found and named. */
extern sip_message_rule *const sip_message_rules[SIP_HEADER_COUNT];

#endif
