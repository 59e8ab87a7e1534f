/* SPDX-License-Identifier: GPL-2.0-only */
/* The character classes of RFC 3261 section 25.1, one row per octet. */
#include "sip/octet.h"

/* Rows name the classes that `unreserved` characters (alphanum / mark) have in common, then what
 * the reserved characters belong to besides. */
#define USERINFO   (SIP_USER | SIP_PASSWORD | SIP_BARE_USER)
#define ANY_URIC   (SIP_URIC | SIP_BARE_URIC)
#define UNRESERVED (USERINFO | ANY_URIC | SIP_URI_PARAM | SIP_URI_HEADER | SIP_TEXT)
#define MARK	   (UNRESERVED | SIP_TOKEN | SIP_WORD)
#define ALPHANUM   (MARK | SIP_LABEL | SIP_SCHEME)
#define LETTER	   (ALPHANUM | SIP_ALPHA)

/* clang-format off */
const uint16_t sip_octet[256] = {
	['\t'] = SIP_TEXT,
	['\n'] = SIP_TEXT,
	['\r'] = SIP_TEXT,
	[' ']  = SIP_TEXT,

	['0' ... '9'] = ALPHANUM | SIP_DIGIT | SIP_HEX,
	['A' ... 'F'] = LETTER | SIP_HEX,
	['G' ... 'Z'] = LETTER,
	['a' ... 'f'] = LETTER | SIP_HEX,
	['g' ... 'z'] = LETTER,

	['-']  = MARK | SIP_SCHEME,
	['.']  = MARK | SIP_SCHEME | SIP_LABEL,
	['_']  = MARK,
	['!']  = MARK,
	['~']  = MARK,
	['*']  = MARK,
	['\''] = MARK,
	['(']  = UNRESERVED | SIP_WORD,
	[')']  = UNRESERVED | SIP_WORD,

	['+']  = MARK | SIP_SCHEME,
	['%']  = SIP_TEXT | SIP_TOKEN | SIP_WORD,
	['`']  = SIP_TEXT | SIP_TOKEN | SIP_WORD,

	['&']  = SIP_TEXT | USERINFO | ANY_URIC | SIP_URI_PARAM,
	['=']  = SIP_TEXT | USERINFO | ANY_URIC,
	['$']  = SIP_TEXT | USERINFO | ANY_URIC | SIP_URI_PARAM | SIP_URI_HEADER,
	[',']  = SIP_TEXT | SIP_USER | SIP_PASSWORD | SIP_URIC,
	[';']  = SIP_TEXT | SIP_USER | SIP_URIC,
	['?']  = SIP_TEXT | SIP_USER | SIP_URIC | SIP_URI_HEADER | SIP_WORD,
	['/']  = SIP_TEXT | SIP_USER | SIP_BARE_USER | ANY_URIC | SIP_URI_PARAM | SIP_URI_HEADER |
		 SIP_WORD,
	[':']  = SIP_TEXT | ANY_URIC | SIP_URI_PARAM | SIP_URI_HEADER | SIP_WORD,
	['@']  = SIP_TEXT | ANY_URIC,
	['[']  = SIP_TEXT | SIP_URI_PARAM | SIP_URI_HEADER | SIP_WORD,
	[']']  = SIP_TEXT | SIP_URI_PARAM | SIP_URI_HEADER | SIP_WORD,

	['<']  = SIP_TEXT | SIP_WORD,
	['>']  = SIP_TEXT | SIP_WORD,
	['\\'] = SIP_TEXT | SIP_WORD,
	['"']  = SIP_TEXT | SIP_WORD,
	['{']  = SIP_TEXT | SIP_WORD,
	['}']  = SIP_TEXT | SIP_WORD,
	['#']  = SIP_TEXT,
	['^']  = SIP_TEXT,
	['|']  = SIP_TEXT,
};
/* clang-format on */
