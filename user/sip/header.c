/* SPDX-License-Identifier: GPL-2.0-only */
/* The names of headers, and the table they are looked up in. */
#include "sip/header.h"

#include "sip/header_lookup.h"

_Static_assert(SIP_NAME_SLOTS == 1 << (64 - SIP_NAME_SLOT_SHIFT), "the hash fills the table");
_Static_assert(2 * SIP_HEADER_COUNT <= 256, "numbers of keys fit in a slot");

struct sip_name_key sip_name_keys[SIP_NAME_KEYS_MAX];
uint8_t sip_name_slots[SIP_NAME_SLOTS];

static const char *const names[SIP_HEADER_COUNT] = { [SIP_HEADER_OTHER] = "",
#define X(id, name, compact, repeat) [SIP_HEADER_##id] = name,
						     SIP_HEADERS(X)
#undef X
};

static const uint8_t repeats[SIP_HEADER_COUNT] = {
#define X(id, name, compact, repeat) [SIP_HEADER_##id] = SIP_REPEAT_##repeat,
	SIP_HEADERS(X)
#undef X
};

/* Is that the name of the key, all of it? A compact form is in the key as a whole. */
static bool is_named(const struct sip_name_key *known, const uint8_t *name, uint32_t length)
{
	uint64_t last = sip_load64(name + length - 8) | SIP_LOWER_CASE;

	if (known->length != length || (last ^ known->last) & known->own)
		return false;
	return length == 1 || strncasecmp((const char *)name, names[known->id], length) == 0;
}

__attribute__((noinline)) enum sip_header_id sip_name_search(const uint8_t *name, uint32_t length)
{
	uint64_t last = sip_load64(name + length - 8) | SIP_LOWER_CASE;
	uint32_t slot = sip_name_slot(last, length);

	for (; sip_name_slots[slot]; slot = (slot + 1) % SIP_NAME_SLOTS) {
		const struct sip_name_key *known = &sip_name_keys[sip_name_slots[slot]];

		if (is_named(known, name, length))
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
	uint8_t line[8 + 64] = "xxxxxx\r\n"; /* as it stands in a message: behind a CRLF */
	uint32_t length = (uint32_t)strlen(name), slot;
	struct sip_name_key key = { .length = (uint16_t)length, .id = (uint8_t)id };

	memcpy(line + 8, name, length);
	key.last = sip_load64(line + length) | SIP_LOWER_CASE;
	key.own = length < 8 ? UINT64_MAX << (64 - 8 * length) : UINT64_MAX;
	key.seen_length = length <= 16 ? key.length : 0;
	if (length > 8)
		key.first = sip_load64(line + 8) | SIP_LOWER_CASE;
	slot = sip_name_slot(key.last, length);
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
