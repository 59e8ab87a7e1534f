/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls for help: the Request-URI names an emergency service, by URN (RFC 5031) or by number. */
#ifndef BPF_EMERGENCY_H
#define BPF_EMERGENCY_H

#include "packet.h"

#define EMERGENCY_READ 24 /* octets of the Request-URI looked at */

/* Does the name that ends in front of `behind` end there? All in lower case. */
static __always_inline bool emergency_ends(__u8 behind)
{
	return behind == ('@' | 0x20) || behind == (';' | 0x20) || behind == ' ' || behind == '.' ||
	       behind == (':' | 0x20) || behind == ('>' | 0x20);
}

/* Could it be one, by the first letter of the URN or of the user part? Most INVITEs end here. */
static __always_inline bool emergency_is_likely(const struct packet *pkt)
{
	__u64 at = pkt->f->text_offset;
	const __u8 *uri;
	__u8 first;

	SCAN_MASK(at, 0x3ff);
	uri = pkt->data + at + sizeof("INVITE ") - 1;
	if ((const void *)(uri + 5) > pkt->data_end)
		return false;
	first = uri[4] | 0x20; /* behind "sip:" or "tel:" */
	if ((uri[0] | 0x20) == 'u')
		first = 'u';
	return first == (':' | 0x20) || /* "sips:" */
	       pkt->cfg->emergency_first >> (first & 63) & 1;
}

static __always_inline bool emergency_matches(const struct emergency_name *e, const char *uri)
{
	__u64 want[2], low, high, mask, scheme = SCAN_WORD(uri) | SCAN_EACH(0x20);
	__u32 length = e->length, at;

	if (!length || length > EMERGENCY_LENGTH)
		return false;
	__builtin_memcpy(want, e->text, sizeof(want));
	if (e->urn)
		at = 0;
	else if ((scheme & NAME_MASK(4)) == W4("sip:") || (scheme & NAME_MASK(4)) == W4("tel:"))
		at = 4;
	else if ((scheme & NAME_MASK(5)) == W5("sips:"))
		at = 5;
	else
		return false;
	if (length <= 7) {
		low = SCAN_WORD(uri + at) | SCAN_EACH(0x20);
		mask = (1ULL << (length * 8)) - 1;
		return !((low ^ want[0]) & mask) && emergency_ends(low >> (length * 8));
	}
	low = SCAN_WORD(uri + at) | SCAN_EACH(0x20);
	high = SCAN_WORD(uri + at + 8) | SCAN_EACH(0x20);
	mask = length == 16 ? ~0ULL : (1ULL << ((length - 8) * 8 & 63)) - 1;
	if (low != want[0] || (high ^ want[1]) & mask)
		return false;
	return length > 15 || emergency_ends(high >> ((length - 8) * 8 & 63));
}

/* Is the INVITE whose start line is at `offset` in the frame an emergency call? A global function,
 * as it is seldom called and has a loop. */
__noinline int emergency_call(struct xdp_md *ctx, __u32 offset)
{
	const struct settings *cfg;
	const char *uri;
	__u64 at = offset;
	__u32 zero = 0, i;

	cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!cfg)
		return 0;
	SCAN_MASK(at, 0x3ff);
	uri = (const char *)(long)ctx->data + at + sizeof("INVITE ") - 1;
	if (uri + EMERGENCY_READ > (const char *)(long)ctx->data_end)
		return 0;
	for (i = 0; i < EMERGENCY_MAX; i++)
		if (emergency_matches(&cfg->emergency[i], uri))
			return 1;
	return 0;
}

#endif
