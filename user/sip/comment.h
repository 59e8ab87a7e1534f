/* SPDX-License-Identifier: GPL-2.0-only */
/* comment (RFC 3261 section 25.1). */
#ifndef SIPXDP_SIP_COMMENT_H
#define SIPXDP_SIP_COMMENT_H

#include "sip/cursor.h"

#define SIP_COMMENT_DEPTH_MAX 16 /* comments within comments */

/* Reads the comment whose "(" is at the cursor; `content` is without the outer parentheses. */
bool sip_take_comment(struct sip_cursor *c, struct sip_slice *content);

#endif
