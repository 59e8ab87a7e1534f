/* SPDX-License-Identifier: GPL-2.0-only */
/* The scanner at both hooks; what is found goes into `work`. For the server's packets it is a global
 * function, which the verifier checks once and by itself: inlined, every state it has reached the
 * caller in would walk the whole scanner again. What comes in is scanned first thing in admit(). */
#ifndef BPF_SCAN_H
#define BPF_SCAN_H

#include "packet.h"

/* Where the message at `offset` in the frame can be read. */
static __always_inline void scan_text(struct scan_text *text, void *data, void *data_end,
				      __u64 offset)
{
	SCAN_MASK(offset, 0x3ff);
	text->msg = data + offset;
	text->end = data_end;
}

/* Scan the message at `offset` in the frame: `length` octets of it are in this frame, `whole` in
 * the datagram. */
static __always_inline void scan_at(const struct scan_text *text, struct scan *s,
				    const struct settings *cfg, __u64 readable, __u64 offset,
				    __u64 length, __u64 whole)
{
	readable = readable > offset ? readable - offset : 0;
	scan_begin(s, length < readable ? length : readable, whole);
	SCAN_SETTLE();
	scan_message(text, s, cfg->hash_key);
}

/* The same for what is not admitted by admit(): packets of backends, and those that monitor mode lets
 * through unseen. */
__noinline int scan_ingress(struct xdp_md *ctx, __u32 offset, __u32 length, __u32 whole)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct work *w = work_scratch();
	const struct settings *cfg;
	struct scan_text text;
	__u32 zero = 0;

	cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!w || !cfg)
		return 0;
	scan_text(&text, data, data_end, offset);
	scan_at(&text, &w->scan, cfg, data_end - data, offset, length, whole);
	return 0;
}

__noinline int scan_egress(struct __sk_buff *skb, __u32 offset, __u32 length, __u32 whole)
{
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	struct work *w = work_scratch();
	const struct settings *cfg;
	struct scan_text text;
	__u32 zero = 0;

	cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!w || !cfg)
		return 0;
	scan_text(&text, data, data_end, offset);
	/* compared as numbers: pointers would fork the verifier */
	scan_at(&text, &w->scan, cfg, data_end - data, offset, length, whole);
	return 0;
}

#endif
