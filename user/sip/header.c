/* SPDX-License-Identifier: GPL-2.0-only */
/* The names of headers, and the table they are looked up in. */
#include "sip/header.h"

#include "sip/header_lookup.h"

_Static_assert(SIP_NAME_SLOTS == 1 << (64 - SIP_NAME_SLOT_SHIFT), "the hash fills the table");
_Static_assert(2 * SIP_HEADER_COUNT <= 256, "numbers of keys fit in a slot");

struct sip_name_key sip_name_keys[SIP_NAME_KEYS_MAX];
uint8_t sip_name_slots[SIP_NAME_SLOTS];

static const char *const names[SIP_HEADER_COUNT] = {
	[SIP_HEADER_OTHER] = "",
#define X(id, name, compact, repeat) [SIP_HEADER_##id] = name,
	SIP_HEADERS(X)
#undef X
};

static const uint8_t repeats[SIP_HEADER_COUNT] = {
#define X(id, name, compact, repeat) [SIP_HEADER_##id] = SIP_REPEAT_##repeat,
	SIP_HEADERS(X)
#undef X
};

static bool is_named(const uint8_t *name, const struct sip_name_key *key,
		     const struct sip_name_key *known)
{
	return known->last == key->last && known->first == key->first &&
	       known->length == key->length &&
	       (key->length <= 16 ||
		strncasecmp((const char *)name, names[known->id], key->length) == 0);
}

enum sip_header_id sip_name_search(const uint8_t *name, const struct sip_name_key *key)
{
	uint32_t slot = sip_name_slot(key);

	for (; sip_name_slots[slot]; slot = (slot + 1) % SIP_NAME_SLOTS) {
		const struct sip_name_key *known = &sip_name_keys[sip_name_slots[slot]];

		if (is_named(name, key, known))
			return known->id;
	}
	return SIP_HEADER_OTHER;
}

enum sip_header_id sip_header_of(const uint8_t *text, uint32_t from, uint32_t length)
{
	return sip_header_lookup(text + from, length);
}

const char *sip_header_name(enum sip_header_id id)
{
	return names[id];
}

enum sip_repeat sip_header_repeat(enum sip_header_id id)
{
	return repeats[id];
}

static void enter_name(const char *name, enum sip_header_id id)
{
	static uint8_t count;
	uint8_t padded[8 + 64] = { 0 };
	struct sip_name_key key;
	uint32_t slot;

	memcpy(padded + 8, name, strlen(name));
	key = sip_name_key(padded + 8, (uint32_t)strlen(name));
	key.id = (uint8_t)id;
	slot = sip_name_slot(&key);
	while (sip_name_slots[slot])
		slot = (slot + 1) % SIP_NAME_SLOTS;
	sip_name_keys[++count] = key;
	sip_name_slots[slot] = count;
}

static void enter_names(const char *name, char compact, enum sip_header_id id)
{
	const char form[] = { compact, '\0' };

	enter_name(name, id);
	if (compact)
		enter_name(form, id);
}

__attribute__((constructor)) static void fill_table(void)
{
#define X(id, name, compact, repeat) enter_names(name, compact, SIP_HEADER_##id);
	SIP_HEADERS(X)
#undef X
}
