/* SPDX-License-Identifier: GPL-2.0-only */
/* 1*DIGIT of any length, saturating. */
#include "sip/number.h"

__attribute__((noinline)) struct sip_number sip_take_long_number(struct sip_cursor *c)
{
	struct sip_number n = { 0 };

	for (; sip_octet_is(sip_peek(c), SIP_DIGIT); c->at++, n.digits++) {
		uint64_t digit = sip_peek(c) & 15u;

		n.value = n.value > UINT32_MAX ? UINT64_MAX : n.value * 10 + digit;
	}
	return n;
}
