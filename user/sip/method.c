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
#define KEY(length, letter) ((length) << 8 | (letter))

static enum sip_method candidate(size_t length, char letter)
{
	switch (KEY(length, (unsigned char)letter)) {
	case KEY(3, 'A'): return SIP_ACK;
	case KEY(3, 'B'): return SIP_BYE;
	case KEY(4, 'I'): return SIP_INFO;
	case KEY(5, 'P'): return SIP_PRACK;
	case KEY(5, 'R'): return SIP_REFER;
	case KEY(6, 'C'): return SIP_CANCEL;
	case KEY(6, 'I'): return SIP_INVITE;
	case KEY(6, 'N'): return SIP_NOTIFY;
	case KEY(6, 'U'): return SIP_UPDATE;
	case KEY(7, 'M'): return SIP_MESSAGE;
	case KEY(7, 'O'): return SIP_OPTIONS;
	case KEY(7, 'P'): return SIP_PUBLISH;
	case KEY(8, 'R'): return SIP_REGISTER;
	case KEY(9, 'S'): return SIP_SUBSCRIBE;
	}
	return SIP_OTHER;
}

enum sip_method sip_method_of(const char *text, struct sip_slice name)
{
	enum sip_method method = candidate(name.length, name.length ? text[name.offset] : 0);

	if (method != SIP_OTHER && memcmp(text + name.offset, names[method], name.length) != 0)
		return SIP_OTHER;
	return method;
}

const char *sip_method_name(enum sip_method method)
{
	return names[method];
}
