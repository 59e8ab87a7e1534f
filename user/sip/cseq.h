/* SPDX-License-Identifier: GPL-2.0-only */
/* CSeq (RFC 3261 section 20.16) and RAck, which holds one (RFC 3262 section 7.2). */
#ifndef SIPXDP_SIP_CSEQ_H
#define SIPXDP_SIP_CSEQ_H

#include "sip/cursor.h"
#include "sip/method.h"

struct sip_cseq {
	uint32_t number; /* below 2^31 (RFC 3261 section 8.1.1.5) */
	uint8_t method;	 /* enum sip_method */
	struct sip_slice method_name;
};

struct sip_rack {
	uint32_t rseq; /* 1 to 2^32-1 */
	struct sip_cseq cseq;
};

/* Both read the whole value. */
bool sip_take_cseq(struct sip_cursor *c, struct sip_cseq *cseq);
bool sip_take_rack(struct sip_cursor *c, struct sip_rack *rack);

#endif
