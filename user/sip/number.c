/* SPDX-License-Identifier: GPL-2.0-only */
/* 1*DIGIT of any length, saturating. */
#include "sip/number.h"

/* The value of five to eight decimal digits at the low end of `octets`, as sip_number_of() has it:
 * joined into four numbers of two digits, and those in one sum. */
static uint64_t eight_digits(uint64_t octets, uint32_t digits)
{
	const uint64_t pair = 0x000000ff000000ff;
	uint64_t v = octets << (64 - 8 * digits) & 0x0f0f0f0f0f0f0f0f;

	v = v * 10 + (v >> 8);
	return ((v & pair) * (100 + (1000000ull << 32)) +
		(v >> 16 & pair) * (1 + (10000ull << 32))) >>
	       32;
}

static struct sip_number longer_number(const uint8_t *first)
{
	const uint8_t *p = first;
	uint64_t value = 0;
	uint32_t digit;

	for (; (digit = *p - (uint32_t)'0') <= 9; p++) {
		value = value * 10 + digit;
		if (sip_unlikely(value > SIP_NUMBER_SATURATES))
			value = SIP_NUMBER_SATURATES;
	}
	return (struct sip_number){ .value = value, .digits = (uint32_t)(p - first) };
}

__attribute__((noinline)) struct sip_number sip_long_number(const uint8_t *p)
{
	uint64_t octets = sip_load64(p), others = octets ^ 0x3030303030303030;
	uint32_t digits;

	others = (others | (others + 0x7676767676767676)) & 0x8080808080808080;
	if (sip_unlikely(!others))
		return longer_number(p);
	digits = (uint32_t)__builtin_ctzll(others) / 8;
	return (struct sip_number){ .value = eight_digits(octets, digits), .digits = digits };
}
