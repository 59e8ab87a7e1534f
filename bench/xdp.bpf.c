// SPDX-License-Identifier: GPL-2.0-only
/* The feeders: each run of one takes the next of 256 prepared frames at random, makes the packet
 * out of it, and goes on into the program under test by a tail call, so that BPF_PROG_RUN with
 * `repeat` sees varied packets and the program is the very one that the daemon attaches. What a
 * feeder costs is measured in the same way, with the null programs as the target. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include "feed.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct feed);
} feed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FEED_PATHS *FEED_FRAMES);
	__type(key, __u32);
	__type(value, struct feed_frame);
} frames SEC(".maps");

/* One program each: the target of the feeder. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} xdp_target SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} tc_target SEC(".maps");

/* The next frame, and a random number. */
static __always_inline struct feed_frame *next_frame(struct feed **at, __u64 *random)
{
	__u32 zero = 0, index;
	struct feed *f = bpf_map_lookup_elem(&feed, &zero);

	if (!f)
		return NULL;
	/* Knuth's MMIX generator; its high bits are the good ones */
	f->random = f->random * 6364136223846793005ULL + 1442695040888963407ULL;
	*random = f->random;
	*at = f;
	index = f->first + (*random >> 56);
	return bpf_map_lookup_elem(&frames, &index);
}

SEC("xdp.frags")
int feed_xdp(struct xdp_md *ctx)
{
	struct feed_frame *frame;
	struct feed *f;
	__u64 random;
	__u32 length, *source, before;
	__u16 call;

	frame = next_frame(&f, &random);
	if (!frame)
		return XDP_ABORTED;
	/* what a tunnel put in front of the last packet goes */
	before = bpf_xdp_get_buff_len(ctx);
	if (f->length && before > f->length && bpf_xdp_adjust_head(ctx, before - f->length))
		return XDP_ABORTED;
	length = frame->length;
	f->length = length;
	if (length < FEED_FRAME_MIN || length > FEED_FRAME_MAX ||
	    bpf_xdp_adjust_tail(ctx, (int)length - (int)bpf_xdp_get_buff_len(ctx)) ||
	    bpf_xdp_store_bytes(ctx, 0, frame->data, length))
		return XDP_ABORTED;
	if (f->source_vary) {
		source = (void *)(long)ctx->data + FEED_SOURCE;
		if ((void *)(source + 1) > (void *)(long)ctx->data_end)
			return XDP_ABORTED;
		*source = f->source | ((__u32)(random >> 24) & f->source_vary);
	}
	if (f->call_vary) {
		call = feed_call(random >> 40);
		if (bpf_xdp_store_bytes(ctx, frame->call, &call, sizeof(call)))
			return XDP_ABORTED;
	}
	bpf_tail_call_static(ctx, &xdp_target, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int null_xdp(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

/* A packet buffer keeps its length: that of the longest frame, whose IP header says the truth. */
SEC("tc")
int feed_tc(struct __sk_buff *skb)
{
	struct feed_frame *frame;
	struct feed *f;
	__u64 random;
	__u32 length;

	frame = next_frame(&f, &random);
	if (!frame)
		return TC_ACT_SHOT;
	length = frame->length;
	if (length < FEED_FRAME_MIN || length > FEED_FRAME_MAX ||
	    bpf_skb_store_bytes(skb, 0, frame->data, length, 0))
		return TC_ACT_SHOT;
	bpf_tail_call_static(skb, &tc_target, 0);
	return TC_ACT_SHOT;
}

SEC("tc")
int null_tc(struct __sk_buff *skb)
{
	(void)skb;
	return TC_ACT_UNSPEC;
}
