/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes a text of bounded size, piece by piece. A piece that does not fit leaves the text marked
 * as full, and so does every one behind it: who writes asks once, at the end. */
#ifndef SIPXDP_UA_TEXT_H
#define SIPXDP_UA_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "sip/slice.h"

struct ua_text {
	char *data;    /* the caller's; always ends in a NUL */
	size_t size;   /* with the NUL */
	size_t length; /* without it */
	bool full;     /* a piece did not fit */
};

/* Starts an empty text in data[0..size), size at least 1. */
struct ua_text ua_text_in(char *data, size_t size);

void ua_text_add(struct ua_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ua_text_octets(struct ua_text *t, const char *octets, size_t count);

/* A piece of a received message. CR and LF, which occur in values only where a line was folded,
 * become spaces: a received value never ends a line of ours. */
void ua_text_slice(struct ua_text *t, const char *text, struct sip_slice slice);

/* Copies a piece, as above, to out[0..size) as a text of its own. False, with an empty text, if it
 * does not fit, or holds a NUL (as a quoted-pair may). */
bool ua_text_copy(const char *text, struct sip_slice slice, char *out, size_t size);

#endif
