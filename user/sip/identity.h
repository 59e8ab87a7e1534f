/* SPDX-License-Identifier: GPL-2.0-only */
/* Identity (RFC 8224, STIR/SHAKEN RFC 8588): found and taken apart; no signature is verified. */
#ifndef SIPXDP_SIP_IDENTITY_H
#define SIPXDP_SIP_IDENTITY_H

#include "sip/cursor.h"

struct sip_identity {
	struct sip_slice
		digest;	       /* signed-identity-digest: header.payload.signature or ..signature */
	struct sip_slice info; /* URI of the certificate, without <>; length 0: none */
	struct sip_slice alg;  /* length 0: none */
	struct sip_slice ppt;  /* shaken, div …; length 0: none */
};

bool sip_take_identity(struct sip_cursor *c, struct sip_identity *identity);

#endif
