/* SPDX-License-Identifier: GPL-2.0-only */
/* 1*DIGIT, as in ports, CSeq, Content-Length and delta-seconds. */
#ifndef SIPXDP_SIP_NUMBER_H
#define SIPXDP_SIP_NUMBER_H

#include "sip/cursor.h"

/* Beyond every range of SIP; larger numbers count as this one. */
#define SIP_NUMBER_SATURATES (1ull << 60)

struct sip_number {
	uint64_t value;
	uint32_t digits; /* 0: there is none */
};

/* A number that starts with five digits or more; the fourth octet behind the fourth digit can be
 * read. */
struct sip_number sip_long_number(const uint8_t *p);

/* The value of one to four decimal digits at the low end of `octets`, first digit lowest: lined up
 * at the high end, with zeros before them, they are joined into two numbers of two digits, and
 * those. */
static inline uint32_t sip_number_of(uint32_t octets, uint32_t digits)
{
	uint32_t v = octets << (32 - 8 * digits) & 0x0f0f0f0f;

	v = v * 10 + (v >> 8);
	return (v & 0xff) * 100 + (v >> 16 & 0xff);
}

/* Any count of digits at `p`, from where four octets can be read, and from behind a digit too. */
static inline struct sip_number sip_number_at(const uint8_t *p)
{
	const uint32_t zeros = 0x30303030, high_bits = 0x80808080;
	uint32_t octets = sip_load32(p), others = octets ^ zeros, digits;

	/* A digit XOR "0" is below 10; adding 0x76 to anything else sets its high bit. */
	others = (others | (others + 0x76767676)) & high_bits;
	digits = (uint32_t)__builtin_ctzll(others | 1ull << 39) / 8;
	if (sip_unlikely(!digits))
		return (struct sip_number){ 0 };
	if (sip_unlikely(digits == 4 && sip_octet_is(p[4], SIP_DIGIT)))
		return sip_long_number(p);
	return (struct sip_number){ .value = sip_number_of(octets, digits), .digits = digits };
}

/* The number at the cursor, which moves past it. */
static inline struct sip_number sip_take_number(struct sip_cursor *c)
{
	struct sip_number n = sip_number_at(c->text + c->at);

	c->at += n.digits;
	return n;
}

#endif
