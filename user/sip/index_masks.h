/* SPDX-License-Identifier: GPL-2.0-only */
/* What the index learns of 64 octets: bit i of each mask speaks of octet i. */
#ifndef SIPXDP_SIP_INDEX_MASKS_H
#define SIPXDP_SIP_INDEX_MASKS_H

#include <stdint.h>

struct octet_masks {
	uint64_t cr, lf, dot;			 /* is that octet */
	uint64_t not_token, not_label, not_text; /* is not of that class of octet.h */
};

#endif
