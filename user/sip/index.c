/* SPDX-License-Identifier: GPL-2.0-only */
/* Which variant of the index runs: chosen once, when the program starts. */
#include "sip/index.h"

static struct sip_index_variant variants[] = {
#if defined(__x86_64__)
	{ .name = "avx2", .build = sip_index_build_avx2 },
	{ .name = "ssse3", .build = sip_index_build_ssse3 },
#endif
	{ .name = "portable", .build = sip_index_build_portable, .usable = true },
};

#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

static sip_index_builder *build = sip_index_build_portable;

__attribute__((constructor)) static void choose_variant(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	variants[0].usable = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
			     __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
	variants[1].usable = __builtin_cpu_supports("ssse3");
#endif
	for (size_t i = 0; i < VARIANTS; i++) {
		if (variants[i].usable) {
			build = variants[i].build;
			return;
		}
	}
}

enum sip_framing sip_index_build(struct sip_index *index, const uint8_t *text, size_t len)
{
	return build(index, text, len);
}

const struct sip_index_variant *sip_index_variants(size_t *count)
{
	*count = VARIANTS;
	return variants;
}
