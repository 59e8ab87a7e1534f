/* SPDX-License-Identifier: GPL-2.0-only */
/* Who talks to whom with which codec: what a session description (RFC 4566, RFC 8866, as used by
 * RFC 3264) says of its originator, addresses, media, codecs and directions. */
#ifndef SIPXDP_SIP_SDP_H
#define SIPXDP_SIP_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sip/error.h"
#include "sip/slice.h"

/* What one description may hold; more is an error. */
#define SIP_SDP_MEDIA_MAX   16
#define SIP_SDP_FORMATS_MAX 32 /* of one media line; those behind are passed over */

enum sip_sdp_direction {
	SIP_SDP_SENDRECV, /* also when nothing is said */
	SIP_SDP_SENDONLY,
	SIP_SDP_RECVONLY,
	SIP_SDP_INACTIVE,
};

/* Slices are relative to the text that was parsed. */
struct sip_sdp_connection {
	struct sip_slice address; /* without "/ttl"; length 0: none given */
	bool ipv6;
};

struct sip_sdp_format {
	struct sip_slice name;	   /* as in the m= line: a payload type, or what the protocol has */
	struct sip_slice encoding; /* of a=rtpmap: PCMU, opus …; length 0: none */
	uint32_t clock_rate;	   /* 0: none */
	uint8_t payload_type;	   /* 0 to 127; 255: name is no payload type */
};

struct sip_sdp_media {
	struct sip_slice type;	   /* audio, video, image … */
	struct sip_slice protocol; /* RTP/AVP, UDP/TLS/RTP/SAVPF … */
	uint16_t port;		   /* 0: refused or taken away (RFC 3264 section 6) */
	enum sip_sdp_direction direction;
	struct sip_sdp_connection connection; /* its own, or the session's */
	uint32_t format_count;
	struct sip_sdp_format formats[SIP_SDP_FORMATS_MAX];
};

struct sip_sdp {
	struct sip_slice origin_user;
	struct sip_slice session_id,
		session_version; /* digits: they tell a new offer from a copy */
	struct sip_sdp_connection origin;
	struct sip_slice name;
	struct sip_sdp_connection connection; /* of the session */
	enum sip_sdp_direction direction;     /* of the session */
	uint32_t media_count;
	struct sip_sdp_media media[SIP_SDP_MEDIA_MAX];
};

/* Parses text[0..len), len below 65536. Lines end in CRLF, LF or CR (RFC 4566 section 5 wants the
 * first and has parsers take the others). 0, or -EINVAL with *error filled in (may be NULL), offset
 * and line counted from `text`; *sdp is undefined then. */
int sip_sdp_parse(const char *text, size_t len, struct sip_sdp *sdp, struct sip_error *error);

/* Is the media stream on hold: does its sender not want to hear (RFC 3264 section 8.4)? */
bool sip_sdp_is_held(const char *text, const struct sip_sdp_media *media);

/* "PCMU" for payload type 0 (RFC 3551 section 6); NULL for those that a=rtpmap has to name. */
const char *sip_sdp_static_encoding(uint8_t payload_type);

#endif
