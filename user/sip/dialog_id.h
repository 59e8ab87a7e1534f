/* SPDX-License-Identifier: GPL-2.0-only */
/* Headers that name a dialog: Replaces (RFC 3891), Join (RFC 3911), Target-Dialog (RFC 4538). */
#ifndef SIPXDP_SIP_DIALOG_ID_H
#define SIPXDP_SIP_DIALOG_ID_H

#include "sip/cursor.h"

/* Tags as the header names them; Target-Dialog's remote-tag and local-tag are to and from. */
struct sip_dialog_id {
	struct sip_slice call_id;
	struct sip_slice to_tag, from_tag;
	bool early_only; /* Replaces */
};

/* Reads the whole value. */
bool sip_take_dialog_id(struct sip_cursor *c, struct sip_dialog_id *id);

#endif
