/* SPDX-License-Identifier: GPL-2.0-only */
/* Method names (RFC 3261 section 7.1), which are case-sensitive. */
#ifndef SIPXDP_SIP_METHOD_H
#define SIPXDP_SIP_METHOD_H

#include <sipxdp/class.h>

#include "sip/slice.h"

/* The method that the piece of `text` spells; SIP_OTHER for any it does not know. */
enum sip_method sip_method_of(const char *text, struct sip_slice name);

/* "INVITE" for SIP_INVITE, "OTHER" for SIP_OTHER. */
const char *sip_method_text(enum sip_method method);

#endif
