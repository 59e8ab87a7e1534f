/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a text was refused: the place, the rule and its section, in words an operator can act on. */
#ifndef SIPXDP_SIP_ERROR_H
#define SIPXDP_SIP_ERROR_H

#include <stdint.h>

struct sip_error {
	uint32_t offset;   /* octets from the start of the caller's buffer */
	uint32_t line;	   /* 1 is the first line of the buffer; counted by LF */
	uint16_t response; /* status code a server would answer with; 0: drop it silently */
	const char *rfc;   /* "RFC 3261 20.16"; static storage */
	const char *what;  /* "Content-Length is not a number"; static storage */
};

#endif
