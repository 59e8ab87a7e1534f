/* SPDX-License-Identifier: GPL-2.0-only */
/* Method names: length and first letter choose the one known name to compare with, for no two of
 * them share both. */
#include "sip/method.h"

#include <string.h>

static const char *const names[SIP_METHOD_COUNT] = {
#define X(name) [SIP_##name] = #name,
	SIP_METHODS(X)
#undef X
		[SIP_OTHER] = "OTHER",
};

/* A value of its own for each pair of length and first letter. */
#define KEY(length, letter) ((uint32_t)(length) << 8 | (letter))

#define CASE(letter, name)                                                                         \
	case KEY(sizeof(#name) - 1, letter):                                                       \
		return memcmp(p, #name, sizeof(#name) - 1) == 0 ? SIP_##name : SIP_OTHER

enum sip_method sip_method_of(const char *text, struct sip_slice name)
{
	const char *p = text + name.offset;

	switch (KEY(name.length, name.length ? (uint8_t)p[0] : 0)) {
		CASE('A', ACK);
		CASE('B', BYE);
		CASE('C', CANCEL);
		CASE('I', INFO);
		CASE('I', INVITE);
		CASE('M', MESSAGE);
		CASE('N', NOTIFY);
		CASE('O', OPTIONS);
		CASE('P', PRACK);
		CASE('P', PUBLISH);
		CASE('R', REFER);
		CASE('R', REGISTER);
		CASE('S', SUBSCRIBE);
		CASE('U', UPDATE);
	}
	return SIP_OTHER;
}

const char *sip_method_text(enum sip_method method)
{
	return names[method];
}
