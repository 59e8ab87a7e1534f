/* SPDX-License-Identifier: GPL-2.0-only */
/* MD5 (RFC 1321), which SIP's digest authentication is made of. Not for anything else. */
#ifndef LAB_PHONES_MD5_H
#define LAB_PHONES_MD5_H

#include <stddef.h>

#define MD5_HEX_SIZE 33 /* 32 lower-case digits and a NUL */

/* Writes the digest of the octets in hexadecimal. */
void md5_hex(const void *octets, size_t length, char hex[MD5_HEX_SIZE]);

#endif
