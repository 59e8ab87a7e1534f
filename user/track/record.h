/* SPDX-License-Identifier: GPL-2.0-only */
/* Texts of records: bounded, terminated by a NUL, never cut in mid-character. */
#ifndef SIPXDP_TRACK_RECORD_H
#define SIPXDP_TRACK_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include <sipxdp/address.h>
#include <sipxdp/record.h>

/* Copies length octets of text, control characters as blanks, as far as size (with the NUL)
 * allows. The rest of out is left as it is. Returns length. */
size_t record_text(char *out, size_t size, const char *text, size_t length);

/* "192.0.2.1:5060" or "[2001:db8::1]:5060". */
void record_peer(char *out, size_t size, const struct sipxdp_peer *peer);

/* Reads back what record_peer() wrote into text, of at most size octets. False: it is no such text.
 */
bool record_peer_read(const char *text, size_t size, struct sipxdp_peer *out);

#endif
