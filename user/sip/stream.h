/* SPDX-License-Identifier: GPL-2.0-only */
/* Where one message ends and the next begins in a stream of octets, such as a TCP connection
 * (RFC 3261 sections 7.5 and 18.3). */
#ifndef SIPXDP_SIP_STREAM_H
#define SIPXDP_SIP_STREAM_H

#include <stddef.h>

#include "sip/error.h"

enum sip_stream_piece {
	SIP_STREAM_PARTIAL, /* what is there is not enough to tell: read on, ask again */
	SIP_STREAM_CRLF,    /* CRLFs between messages: keepalives (RFC 5626 section 3.5.1) */
	SIP_STREAM_MESSAGE, /* a message by its length; whether it is valid is not asked */
	SIP_STREAM_BROKEN,  /* no message can be cut out from here on: close the connection */
};

/* What stands at the start of data[0..len). Of a piece that is not partial *size is set to its
 * octets, 1 to SIP_MESSAGE_MAX; with SIP_STREAM_BROKEN *error (may be NULL) is filled in instead.
 * Uses 34 KiB of stack. */
enum sip_stream_piece sip_stream_next(const char *data, size_t len, size_t *size,
				      struct sip_error *error);

#endif
