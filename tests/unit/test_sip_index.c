/* SPDX-License-Identifier: GPL-2.0-only */
/* The index: every variant that this processor can run says the same as the portable one, and none
 * reads behind the text. */
#include "test_sip_fixture.h"

#include "sip/octet.h"

static struct sip_index index_a, index_b;

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

/* The words of a bitmap that are defined, with the bits behind the header block cut off. */
static void assert_same_bits(const uint64_t *a, const uint64_t *b, uint32_t size, const char *what,
			     const char *variant)
{
	for (uint32_t at = 0; at < size; at += SIP_BLOCK) {
		uint64_t x = le64toh(a[at / 64]), y = le64toh(b[at / 64]);
		uint64_t mask = size - at < 64 ? (1ull << (size - at)) - 1 : UINT64_MAX;

		cr_assert_eq(x & mask, y & mask, "%s differs at %u in %s", what, at, variant);
	}
}

static void assert_agree(const struct sip_index_variant *v, const char *text, size_t len)
{
	const uint8_t *octets = (const uint8_t *)text;
	enum sip_framing expected = sip_index_build_portable(&index_a, octets, len);
	uint32_t size;

	cr_assert_eq(v->build(&index_b, octets, len), expected, "%s", v->name);
	if (expected != SIP_FRAMING_WHOLE)
		return;
	size = index_a.size;
	cr_assert_eq(index_b.size, size, "%s", v->name);
	cr_assert_eq(index_b.lines, index_a.lines, "%s", v->name);
	cr_assert_eq(index_b.plain_text, index_a.plain_text, "%s", v->name);
	cr_assert_eq(memcmp(index_a.line_end, index_b.line_end, 2 * index_a.lines), 0, "%s",
		     v->name);
	assert_same_bits(index_a.not_token, index_b.not_token, size, "token", v->name);
	assert_same_bits(index_a.not_label, index_b.not_label, size, "label", v->name);
	assert_same_bits(index_a.dot, index_b.dot, size, "dot", v->name);
	assert_same_bits(index_a.not_text, index_b.not_text, size, "text", v->name);
}

static void with_all_variants(const char *text, size_t len)
{
	size_t count;
	const struct sip_index_variant *variants = sip_index_variants(&count);

	for (size_t i = 0; i < count; i++) {
		if (variants[i].usable)
			assert_agree(&variants[i], text, len);
	}
}

/* Each octet, at each place in a block, is put into the same classes by all variants, and those of
 * the table. */
Test(sip_index, classifies_every_octet)
{
	for (unsigned int octet = 0; octet < 256; octet++) {
		char text[70 + 4];
		uint16_t class = sip_octet[octet];

		if (octet == '\r' || octet == '\n')
			continue;
		memset(text, (int)octet, 70);
		memcpy(text + 70, "\r\n\r\n", 4);
		with_all_variants(text, sizeof(text));
		cr_assert_eq(index_a.size, 74u);
		cr_assert_eq(index_a.not_token[0], class & SIP_TOKEN ? 0 : UINT64_MAX, "%u", octet);
		cr_assert_eq(index_a.not_label[0], class & SIP_LABEL ? 0 : UINT64_MAX, "%u", octet);
		cr_assert_eq(index_a.not_text[0], class & SIP_TEXT ? 0 : UINT64_MAX, "%u", octet);
		cr_assert_eq(index_a.plain_text, (class & SIP_TEXT) != 0, "%u", octet);
	}
}

/* Texts of CR, LF and other octets thrown together, of every length up to four blocks. */
Test(sip_index, agrees_on_random_texts, .timeout = 60)
{
	static const char alphabet[] = "\r\n\r\n\r\naz.-%:\t \xc3";
	uint64_t random = 1;
	char text[256];

	for (unsigned int round = 0; round < 400; round++) {
		for (size_t len = 0; len <= sizeof(text); len++) {
			bool paired = round % 2;

			for (size_t i = 0; i < len; i++)
				text[i] = alphabet[next_random(&random) % (sizeof(alphabet) - 1)];
			/* Every other time CR and LF only in pairs, so that whole ones occur. */
			for (size_t i = 0; paired && i < len; i++) {
				if (text[i] == '\r' && i + 1 < len)
					text[++i] = '\n';
				else if (text[i] == '\n' || text[i] == '\r')
					text[i] = 'a';
			}
			with_all_variants(text, len);
		}
	}
}

/* Real messages, each cut at every length, right before a page that cannot be read. */
Test(sip_index, stays_within_the_text)
{
	static struct sample samples[FILES_MAX];
	size_t count = read_samples(MESSAGES, samples);

	for (size_t i = 0; i < count; i += 5) {
		char *end = guarded(samples[i].data, samples[i].len) + samples[i].len;

		for (size_t len = 0; len <= samples[i].len; len++) {
			memcpy(end - len, samples[i].data, len);
			with_all_variants(end - len, len);
		}
	}
}

/* Whichever way the blank line lies across the blocks, it is found, and nothing before it taken for
 * it. */
Test(sip_index, finds_the_blank_line)
{
	char text[200];

	for (uint32_t at = 1; at < 190; at++) {
		memset(text, 'x', sizeof(text));
		memcpy(text + at, "\r\n\r\n", 4);
		with_all_variants(text, sizeof(text));
		cr_assert_eq(index_a.size, at + 4);
		cr_assert_eq(index_a.lines, 1u);
		cr_assert_eq(index_a.line_end[0], at + 1);
	}
}

/* The best variant that the processor has is the one that runs: there is at least the portable one.
 */
Test(sip_index, has_a_usable_variant)
{
	size_t count;
	const struct sip_index_variant *variants = sip_index_variants(&count);

	cr_assert_str_eq(variants[count - 1].name, "portable");
	cr_assert(variants[count - 1].usable);
}
