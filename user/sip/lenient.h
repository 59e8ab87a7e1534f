/* SPDX-License-Identifier: GPL-2.0-only */
/* Values that break the grammar, read as a server would that lets them pass: for who watches what
 * others say to each other. Seldom called. */
#ifndef SIPXDP_SIP_LENIENT_H
#define SIPXDP_SIP_LENIENT_H

#include "sip/message.h"

/* Is a message without it, or with two that differ, of no use? */
bool sip_lenient_needs(enum sip_header_id id);

/* Read the header value at the cursor, or the start line, of which the strict reader wants nothing. False:
 * it cannot be used at all. */
bool sip_lenient_start_line(struct sip_cursor *c, struct sip_start_line *line);
bool sip_lenient_header(struct sip_message *msg, struct sip_cursor *c, enum sip_header_id id);

#endif
