/* SPDX-License-Identifier: GPL-2.0-only */
/* 1*DIGIT of any length, saturating. */
#include "sip/number.h"

__attribute__((noinline)) struct sip_number sip_take_long_number(struct sip_cursor *c)
{
	const uint8_t *first = c->text + c->at, *p = first;
	uint64_t value = 0;
	uint32_t digit;

	for (; (digit = *p - (uint32_t)'0') <= 9; p++) {
		value = value * 10 + digit;
		if (sip_unlikely(value > SIP_NUMBER_SATURATES))
			value = SIP_NUMBER_SATURATES;
	}
	c->at += (uint32_t)(p - first);
	return (struct sip_number){ .value = value, .digits = (uint32_t)(p - first) };
}
