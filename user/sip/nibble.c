/* SPDX-License-Identifier: GPL-2.0-only */
/* The shuffle tables, derived from the one table of character classes when the program starts. */
#include "sip/nibble.h"

#include <string.h>

#include "sip/octet.h"

struct nibble_tables sip_nibbles;

static void fill_second_lane(struct nibble_table *table)
{
	memcpy(table->sets + 16, table->sets, 16);
}

static void make_table(struct nibble_table *table, uint16_t class)
{
	for (unsigned int octet = 0; octet < 128; octet++) {
		if (sip_octet_is((uint8_t)octet, class))
			table->sets[octet & 15] |= (uint8_t)(1u << (octet >> 4));
	}
	fill_second_lane(table);
}

__attribute__((constructor)) static void make_nibble_tables(void)
{
	make_table(&sip_nibbles.token, SIP_TOKEN);
	make_table(&sip_nibbles.label, SIP_LABEL);
	make_table(&sip_nibbles.text, SIP_TEXT);
	for (unsigned int high = 0; high < 8; high++)
		sip_nibbles.high_bit.sets[high] = (uint8_t)(1u << high);
	fill_second_lane(&sip_nibbles.high_bit);
}
