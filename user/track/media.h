/* SPDX-License-Identifier: GPL-2.0-only */
/* What the session description of a message says of its first stream: with which codec, and whether
 * its sender wants to hear. */
#ifndef SIPXDP_TRACK_MEDIA_H
#define SIPXDP_TRACK_MEDIA_H

#include <stdbool.h>

#include <sipxdp/record.h>

#include "sip/message.h"
#include "sip/sdp.h"

struct media {
	char codec[RECORD_CODEC]; /* "": none is named */
	bool held;		  /* the sender does not want to hear (RFC 3264 section 8.4) */
};

/* Has the message a body that may be or have a session description? A cheap test. */
static inline bool media_is_likely(const struct sip_message *m)
{
	return m->content_type.length && m->body.length;
}

/* Reads it, alone or part of a multipart, with *sdp to work in. Of the streams, the first that is
 * not refused counts. False: there is none, or it is broken. */
bool media_read(const struct sip_message *m, struct sip_sdp *sdp, struct media *out);

#endif
