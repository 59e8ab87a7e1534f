/* SPDX-License-Identifier: GPL-2.0-only */
/* Date (RFC 3261 section 20.17): always GMT, always rfc1123-date. */
#ifndef SIPXDP_SIP_DATE_H
#define SIPXDP_SIP_DATE_H

#include "sip/cursor.h"

struct sip_date {
	uint16_t year;
	uint8_t month, day; /* 1 is January; 1 is the first */
	uint8_t weekday;    /* 0 is Monday, as written */
	uint8_t hour, minute, second;
};

/* Reads the whole value. */
bool sip_take_date(struct sip_cursor *c, struct sip_date *date);

#endif
