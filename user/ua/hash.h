/* SPDX-License-Identifier: GPL-2.0-only */
/* The hashes of digest authentication (RFC 7616 section 3.2, RFC 8760), by libnettle. */
#ifndef SIPXDP_UA_HASH_H
#define SIPXDP_UA_HASH_H

#include <stdarg.h>
#include <stddef.h>

#include "sip/digest.h"

/* Longest hash as lower-case hexadecimal digits, with its NUL. */
#define UA_HEX_SIZE 65

/* How strong an algorithm is; 0: one that is not known here. "-sess" is as strong as without. */
unsigned int ua_hash_strength(enum sip_digest_algorithm algorithm);

/* The hash of octets, by the function that the algorithm (of strength above 0) uses. */
void ua_hash_octets(enum sip_digest_algorithm algorithm, const void *octets, size_t count,
		    char hex[UA_HEX_SIZE]);

/* The hash of texts with ":" between them, as all of RFC 7616's formulas have it. The arguments are
 * `count` times const char *. */
void ua_hash_texts(enum sip_digest_algorithm algorithm, char hex[UA_HEX_SIZE], unsigned int count,
		   ...);

#endif
