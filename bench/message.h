/* SPDX-License-Identifier: GPL-2.0-only */
/* SIP messages as the Internet has them, for the benchmarks: no two alike in length, order of
 * headers, or shape of the values. */
#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include <stddef.h>

#define MESSAGE_MAX 1440 /* octets: fits into a 1500-byte IPv6 packet */

enum message_kind {
	MESSAGE_INVITE,
	MESSAGE_OPTIONS,
	MESSAGE_BYE,	   /* in the dialog of the INVITE with the same number */
	MESSAGE_OK_INVITE, /* 200 to the INVITE with the same number */
};

/*
 * Writes message `number` of a kind, without a NUL behind it; the same number gives the same
 * message, and parties, Call-ID and tags that go with those of the other kinds. Its length, or
 * -EMSGSIZE.
 */
int message_make(char out[MESSAGE_MAX], enum message_kind kind, unsigned int number);

#endif
