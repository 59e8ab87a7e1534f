/* SPDX-License-Identifier: GPL-2.0-only */
/* The character classes of RFC 3261 section 25.1, as one bit each in a table by octet. */
#ifndef SIPXDP_SIP_OCTET_H
#define SIPXDP_SIP_OCTET_H

#include <stdbool.h>
#include <stdint.h>

enum sip_octet_class {
	SIP_TOKEN = 1 << 0,	 /* token: alphanum and -.!%*_+`'~ */
	SIP_LABEL = 1 << 1,	 /* alphanum and ".": IPv4 addresses, host names without a hyphen,
				  * and most of what any other class is used for */
	SIP_USER = 1 << 2,	 /* user: unreserved / user-unreserved */
	SIP_PASSWORD = 1 << 3,	 /* password: unreserved and &=+$, */
	SIP_BARE_USER = 1 << 4,	 /* user in an addr-spec without <>: no comma, semicolon, "?" */
	SIP_URI_PARAM = 1 << 5,	 /* paramchar: unreserved / param-unreserved */
	SIP_URI_HEADER = 1 << 6, /* hname, hvalue: unreserved / hnv-unreserved */
	SIP_URIC = 1 << 7,	 /* uric: unreserved / reserved */
	SIP_BARE_URIC = 1 << 8,	 /* uric in an addr-spec without <>: no comma, semicolon, "?" */
	SIP_WORD = 1 << 9,	 /* word: of a Call-ID */
	SIP_DIGIT = 1 << 10,
	SIP_HEX = 1 << 11,
	SIP_ALPHA = 1 << 12,
	SIP_SCHEME = 1 << 13, /* what may follow the first letter of a URI scheme */
	SIP_TEXT = 1 << 14,   /* printable ASCII, SP, HTAB, CR, LF: no control, no UTF-8 */
};

extern const uint16_t sip_octet[256];

static inline bool sip_octet_is(uint8_t octet, uint16_t classes)
{
	return (sip_octet[octet] & classes) != 0;
}

/* The value of a hexadecimal digit; the octet must be of class SIP_HEX. */
static inline unsigned int sip_hex_value(uint8_t octet)
{
	return (octet & 0xfu) + (octet >= 'A' ? 9 : 0);
}

#endif
