/* SPDX-License-Identifier: GPL-2.0-only */
/* quoted-string (RFC 3261 section 25.1). */
#ifndef SIPXDP_SIP_QUOTED_H
#define SIPXDP_SIP_QUOTED_H

#include "sip/cursor.h"

/* Reads the quoted-string whose opening quote is at the cursor. `content` is what stands between
 * the quotes, escapes and folding as they are. */
bool sip_take_quoted(struct sip_cursor *c, struct sip_slice *content);

/* Writes the content with its escapes resolved to out[0..size), NUL-terminated and cut to fit.
 * Returns the length it wanted to write, without the NUL. */
size_t sip_unquote(const char *text, struct sip_slice content, char *out, size_t size);

#endif
