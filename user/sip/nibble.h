/* SPDX-License-Identifier: GPL-2.0-only */
/* Character classes in the shape that a byte shuffle can look up: for each low nibble, the set of
 * high nibbles with which it makes a member. An octet is a member when its high nibble's bit is in
 * the set of its low nibble: two shuffles for any class within ASCII. */
#ifndef SIPXDP_SIP_NIBBLE_H
#define SIPXDP_SIP_NIBBLE_H

#include <stdint.h>

/* Repeated, so that one load fills both lanes of a 256-bit register. */
struct nibble_table {
	uint8_t sets[32];
};

struct nibble_tables {
	struct nibble_table token, label, text;
	struct nibble_table
		high_bit; /* bit n for the high nibble n; none, so in no set, from 8 on */
} __attribute__((aligned(32)));

/* Made from the table in octet.c before main() runs. */
extern struct nibble_tables sip_nibbles;

#endif
