/* SPDX-License-Identifier: GPL-2.0-only */
/* Text from the wire on its way to people and programs. Whoever sends packets chooses these bytes:
 * they must neither steer a terminal nor break a JSON document. */
#ifndef SIPXDP_CTL_TEXT_H
#define SIPXDP_CTL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Longest escaped form of len octets, with its NUL. */
#define TEXT_ESCAPED_SIZE(len) (4 * (len) + 1)

/*
 * Writes the len octets of in up to the first NUL as printable ASCII: any other octet becomes \xNN.
 * Cuts what does not fit into size, never within an escape. Returns out, always NUL-terminated
 * (size > 0).
 */
const char *text_escape(const char *in, size_t len, char *out, size_t size);

/*
 * Writes the len octets of in up to the first NUL as valid UTF-8 (RFC 3629): what already is stays,
 * other octets become \xNN. Returns out, always NUL-terminated; cuts as text_escape().
 */
const char *text_utf8(const char *in, size_t len, char *out, size_t size);

#endif
