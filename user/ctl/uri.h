/* SPDX-License-Identifier: GPL-2.0-only */
/* Just enough of URIs to find records by what people call a phone. Records hold URIs that the
 * daemon has parsed, cut where they did not fit. */
#ifndef SIPXDP_CTL_URI_H
#define SIPXDP_CTL_URI_H

#include <stdbool.h>
#include <stddef.h>

/* Most octets that a record's text is shorter than its room when it was cut: one character of
 * UTF-8, and the NUL. */
#define RECORD_CUT_MAX 4

/*
 * Whether the URI in text (up to its first NUL or size octets) names that user: the user part of a
 * SIP URI without password and parameters, or the number of a tel URI. Case counts (RFC 3261
 * section 19.1.4).
 */
bool uri_has_user(const char *text, size_t size, const char *user);

/*
 * Whether the address of record in text is the one wanted: "sip:alice@example.com", or without the
 * scheme. The user part is compared as it stands, the host in any case.
 */
bool uri_is_aor(const char *text, size_t size, const char *wanted);

#endif
