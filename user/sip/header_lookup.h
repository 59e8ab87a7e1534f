/* SPDX-License-Identifier: GPL-2.0-only */
/* From a header's name to its number, as the message parser does it for every line: a hash of the
 * name's length and last three octets leads to the one row, nearly always, that there is to compare
 * with. */
#ifndef SIPXDP_SIP_HEADER_LOOKUP_H
#define SIPXDP_SIP_HEADER_LOOKUP_H

#include "sip/cursor.h"
#include "sip/header.h"

#define SIP_NAME_SLOTS	    1024 /* an eighth of them used */
#define SIP_NAME_SLOT_SHIFT 54

/* A name as the table holds it, in lower case. A name is compared from both its ends, eight octets
 * at a time; before a shorter one stand octets that are not its own, and `own` masks them. */
struct sip_name_key {
	uint64_t last;	/* its last eight octets */
	uint64_t own;	/* those of them that are the name's: 0xff each */
	uint64_t first; /* its first eight, if it has more than eight */
	uint16_t length;
	uint16_t seen_length; /* the length if the two words hold all of the name, else 0 */
	uint8_t id;	      /* enum sip_header_id */
} __attribute__((aligned(32)));

/* Filled before main() runs; only read afterwards. A slot holds the number of a key; key 0 is that
 * of no name, and its slots are free. A name is searched from its slot onwards. */
#define SIP_NAME_KEYS_MAX 160
extern struct sip_name_key sip_name_keys[SIP_NAME_KEYS_MAX];
extern uint8_t sip_name_slots[SIP_NAME_SLOTS];

/* Setting the bit of case loses nothing else: no two octets of a token differ in that alone but the
 * two cases of a letter. */
#define SIP_LOWER_CASE 0x2020202020202020ull

/* `last` is the name's last eight octets in lower case; before a name of one or two octets stands a
 * CRLF. The multiplier was picked so that no two share a slot but those that must with any; whatever
 * shares one is still found. */
static inline uint32_t sip_name_slot(uint64_t last, uint32_t length)
{
	uint64_t mixed = last >> 40 | (uint64_t)length << 24;

	return (uint32_t)(mixed * 0xf08db22fd293056bull >> SIP_NAME_SLOT_SHIFT);
}

/* The rest of the search: for a name longer than what two words hold, one that another took the
 * slot of, and one that is not known. */
enum sip_header_id sip_name_search(const uint8_t *name, uint32_t length);

/* The name stands behind a CRLF, and that behind a start line: the eight octets before its end can
 * be read. One of no length is SIP_HEADER_OTHER. */
static inline enum sip_header_id sip_header_lookup(const uint8_t *name, uint32_t length)
{
	uint64_t last = sip_load64(name + length - 8) | SIP_LOWER_CASE;
	uint32_t slot = sip_name_slot(last, length);
	const struct sip_name_key *known = &sip_name_keys[sip_name_slots[slot]];

	if (sip_unlikely((last ^ known->last) & known->own || known->seen_length != length))
		return sip_name_search(name, length);
	if (length > 8 && sip_unlikely((sip_load64(name) | SIP_LOWER_CASE) != known->first))
		return sip_name_search(name, length);
	return known->id;
}

#endif
