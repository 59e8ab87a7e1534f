/* SPDX-License-Identifier: GPL-2.0-only */
/* A text of its own, not part of a message, made readable for the grammar. */
#ifndef SIPXDP_SIP_TEXT_H
#define SIPXDP_SIP_TEXT_H

#include "sip/cursor.h"
#include "sip/error.h"

#define SIP_TEXT_MAX 2048 /* octets */

/* The text's copy, with the blank line behind it that readers rely on, and its index. */
struct sip_text {
	char copy[SIP_TEXT_MAX + 4];
	struct sip_index index;
};

/* Makes a cursor over all of text[0..len). False, with a fault, if it holds a CR or LF, or more
 * than SIP_TEXT_MAX octets. */
bool sip_text_open(struct sip_text *t, const char *text, size_t len, struct sip_cursor *c);

/* What a reader noted in such a cursor. */
void sip_text_error(const struct sip_cursor *c, struct sip_error *error);

#endif
