/* SPDX-License-Identifier: GPL-2.0-only */
/* The session description in the body of a message. */
#ifndef SIPXDP_SIP_SDP_BODY_H
#define SIPXDP_SIP_SDP_BODY_H

#include "sip/message.h"

#define SIP_SDP_PARTS_MAX 16 /* of a multipart body, looked through */

/* Where it stands, for sip_sdp_parse(): all of the body, or one part of a multipart. False if the
 * message has none, by its Content-Type; whether it is valid is not asked. */
bool sip_find_sdp(const struct sip_message *msg, struct sip_slice *sdp);

#endif
