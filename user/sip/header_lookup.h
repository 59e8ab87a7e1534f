/* SPDX-License-Identifier: GPL-2.0-only */
/* From a header's name to its number, as the message parser does it for every line: a hash of the
 * name's length, first letter and last eight octets leads to the one row, nearly always, that there
 * is to compare with. No branch depends on the name but the comparison. */
#ifndef SIPXDP_SIP_HEADER_LOOKUP_H
#define SIPXDP_SIP_HEADER_LOOKUP_H

#include "sip/cursor.h"
#include "sip/header.h"

#define SIP_NAME_SLOTS 1024 /* an eighth of them used */
#define SIP_NAME_SLOT_SHIFT 54

/* A name in lower case, as the table is asked for it. */
struct sip_name_key {
	uint64_t first; /* its first eight octets; all of a shorter one */
	uint64_t last;  /* its last eight octets; all of a shorter one */
	uint32_t length;
	uint8_t id; /* enum sip_header_id */
} __attribute__((aligned(32)));

/* Filled before main() runs; only read afterwards. A slot holds the number of a key, 0 if it is free;
 * a name is searched from its slot onwards. */
#define SIP_NAME_KEYS_MAX 160
extern struct sip_name_key sip_name_keys[SIP_NAME_KEYS_MAX];
extern uint8_t sip_name_slots[SIP_NAME_SLOTS];

/* Setting the bit of case loses nothing else: no two octets of a token differ in that alone but the
 * two cases of a letter. Eight octets before the name's end can be read, which of a short name are in
 * part not its own and shifted out. */
static inline struct sip_name_key sip_name_key(const uint8_t *name, uint32_t length)
{
	const uint64_t lower_case = 0x2020202020202020;
	const uint8_t *tail = name + length - 8, *head = length > 8 ? name : tail;
	uint32_t foreign = length < 8 ? 64 - 8 * length : 0;

	return (struct sip_name_key){ .first = (sip_load64(head) | lower_case) >> foreign,
				      .last = (sip_load64(tail) | lower_case) >> foreign,
				      .length = length };
}

/* The multiplier was picked so that no two names share a slot; the table works with any. */
static inline uint32_t sip_name_slot(const struct sip_name_key *key)
{
	uint64_t mixed = key->last ^ (uint64_t)(key->length << 8 | (uint8_t)key->first) << 24;

	return (uint32_t)(mixed * 0xb82ea6d51a712df1ull >> SIP_NAME_SLOT_SHIFT);
}

/* The rest of the search: for a name that is longer than both words of a key, that another one took
 * the slot of, or that is not known. */
enum sip_header_id sip_name_search(const uint8_t *name, const struct sip_name_key *key);

static inline enum sip_header_id sip_header_lookup(const uint8_t *name, uint32_t length)
{
	struct sip_name_key key = sip_name_key(name, length);
	const struct sip_name_key *known = &sip_name_keys[sip_name_slots[sip_name_slot(&key)]];

	if (sip_likely(known->last == key.last && known->first == key.first &&
		       known->length == length && length <= 16))
		return known->id;
	return sip_name_search(name, &key);
}

#endif
