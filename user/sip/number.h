/* SPDX-License-Identifier: GPL-2.0-only */
/* 1*DIGIT, as in ports, CSeq, Content-Length and delta-seconds. */
#ifndef SIPXDP_SIP_NUMBER_H
#define SIPXDP_SIP_NUMBER_H

#include "sip/cursor.h"

struct sip_number {
	uint64_t value;  /* UINT64_MAX if it is larger than any range of SIP */
	uint32_t digits; /* 0: there is none */
};

/* Any count of digits at the cursor. Moves past them. */
struct sip_number sip_take_long_number(struct sip_cursor *c);

/* The value of `digits` decimal digits, 1 to 8, at the low end of `octets`, first digit lowest:
 * pairs are joined into two-digit numbers, those into four, those into eight. */
static inline uint64_t sip_number_of(uint64_t octets, uint32_t digits)
{
	uint64_t v = octets << (64 - 8 * digits) & 0x0f0f0f0f0f0f0f0f;

	v = v * 10 + (v >> 8);
	v = (v & 0x000000ff000000ff) * (100 + (1000000ull << 32)) +
	    (v >> 16 & 0x000000ff000000ff) * (1 + (10000ull << 32));
	return v >> 32;
}

/* As sip_take_long_number(), which does the rare cases: eight octets are looked at together. */
static inline struct sip_number sip_take_number(struct sip_cursor *c)
{
	const uint64_t zeros = 0x3030303030303030, high_bits = 0x8080808080808080;
	uint64_t octets, others;
	uint32_t digits;

	if (sip_unlikely(c->at + 8 > c->index->size))
		return sip_take_long_number(c);
	octets = sip_load64(c->text + c->at);
	/* A digit XOR "0" is below 10; adding 0x76 to anything else sets its high bit. */
	others = octets ^ zeros;
	others = (others | (others + 0x7676767676767676)) & high_bits;
	if (sip_unlikely(!others))
		return sip_take_long_number(c);
	digits = (uint32_t)__builtin_ctzll(others) / 8;
	if (sip_unlikely(!digits))
		return (struct sip_number){ 0 };
	c->at += digits;
	return (struct sip_number){ .value = sip_number_of(octets, digits), .digits = digits };
}

#endif
