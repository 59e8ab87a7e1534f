/* SPDX-License-Identifier: GPL-2.0-only */
/* The scanner at both hooks. Global functions, which the verifier checks once and by themselves:
 * inlined, every state it has reached a caller in would walk the whole scanner again. What is
 * found goes into `work`. */
#ifndef BPF_SCAN_H
#define BPF_SCAN_H

#include "packet.h"

static __always_inline int scan_at(void *data, void *data_end, __u64 offset, __u64 length,
				   __u64 whole, __u32 want_to_tag)
{
	struct scan_text text = { .end = data_end };
	const struct settings *cfg;
	struct work *w = work_scratch();
	struct scan *s;
	__u64 readable = data_end -
			 data; /* compared as numbers: pointers would fork the verifier */
	__u32 zero = 0;

	cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!w || !cfg)
		return 0;
	s = &w->scan;
	SCAN_MASK(offset, 0x3ff);
	text.msg = data + offset;
	readable = readable > offset ? readable - offset : 0;
	scan_begin(s, length < readable ? length : readable, whole);
	SCAN_SETTLE();
	scan_message(&text, s, cfg->hash_key);
	if (want_to_tag)
		scan_to_tag(&text, s);
	return 0;
}

/* Scan the message at `offset` in the frame: `length` octets of it are in this frame, `whole` in
 * the datagram. The tag of To is looked for where it decides something. */
__noinline int scan_ingress(struct xdp_md *ctx, __u32 offset, __u32 length, __u32 whole,
			    __u32 want_to_tag)
{
	return scan_at((void *)(long)ctx->data, (void *)(long)ctx->data_end, offset, length, whole,
		       want_to_tag);
}

__noinline int scan_egress(struct __sk_buff *skb, __u32 offset, __u32 length, __u32 whole)
{
	return scan_at((void *)(long)skb->data, (void *)(long)skb->data_end, offset, length, whole,
		       0);
}

#endif
