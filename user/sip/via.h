/* SPDX-License-Identifier: GPL-2.0-only */
/* via-parm (RFC 3261 section 20.42, RFC 3581, RFC 5118). */
#ifndef SIPXDP_SIP_VIA_H
#define SIPXDP_SIP_VIA_H

#include "sip/cursor.h"
#include "sip/host.h"

/* What a branch starts with since RFC 3261 (section 8.1.1.7). */
#define SIP_MAGIC_COOKIE "z9hG4bK"

struct sip_via {
	struct sip_slice transport; /* UDP, TCP, TLS, WS … as written */
	struct sip_host sent_by;
	struct sip_slice branch;   /* length 0: none (RFC 2543) */
	struct sip_slice received; /* an address, IPv6 without brackets; length 0: none */
	struct sip_slice maddr;	   /* length 0: none */
	uint16_t rport;		   /* 0: none, or not filled in yet */
	uint8_t has_rport;	   /* 1: the parameter is there, with or without a value */
	uint8_t has_cookie;	   /* 1: branch starts with the magic cookie */
	uint8_t ttl;		   /* 0: none */
};

bool sip_take_via(struct sip_cursor *c, struct sip_via *via);

#endif
