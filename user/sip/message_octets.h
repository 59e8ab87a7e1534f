/* SPDX-License-Identifier: GPL-2.0-only */
/* The slow looks at single octets, taken only when the index says that there is something. */
#ifndef SIPXDP_SIP_MESSAGE_OCTETS_H
#define SIPXDP_SIP_MESSAGE_OCTETS_H

#include "sip/message.h"

/* Where the first CR or LF stands that is not half of a CRLF; `size` if there is none. */
uint32_t sip_find_bare_cr_lf(const uint8_t *text, uint32_t size);

/* Fails unless the header block is UTF-8, and control octets occur in it only behind the backslash
 * of a quoted-pair. */
bool sip_check_octets(const struct sip_message *msg, struct sip_cursor *c);

#endif
