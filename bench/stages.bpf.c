// SPDX-License-Identifier: GPL-2.0-only
/* Where the time goes: the way of an unknown source's message through the stages of bpf/, cut off
 * behind each of them. The stages are the real ones, their order is that of sipxdp_ingress() and
 * guard_datagram(). */
#include "finish.h"
#include "foreign.h"
#include "frame.h"
#include "guard.h"
#include "scan.h"
#include "service.h"
#include "stages.h"

char LICENSE[] SEC("license") = "GPL";

enum path_stage {
#define X(name, text) PATH_##name,
	PATH_STAGES(X)
#undef X
};

/* As admit(), as far as `last`. */
__noinline int admit_upto(struct xdp_md *ctx, struct source *source, struct trusted *trusted,
			  struct provisional *provisional, __u32 last)
{
	struct packet pkt = {
		.xdp = ctx,
		.data = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
		.source = source,
		.trusted = trusted,
		.provisional = provisional,
	};
	struct work *w = work_scratch();

	if (!w)
		return VERDICT_DROP;
	pkt.f = &w->facts;
	if (!service_again(&pkt))
		return VERDICT_DROP;
	if (last == PATH_call)
		return VERDICT_PASS;
	if (admit_message(&pkt, &w->scan) != VERDICT_COUNT)
		return VERDICT_DROP;
	return last == PATH_scan ? VERDICT_PASS : admit_within_limits(&pkt);
}

static __always_inline int path_guard(struct packet *pkt, const enum path_stage last)
{
	enum verdict verdict;

	classify(pkt);
	if (last == PATH_classify)
		return XDP_PASS;
	source_trust(pkt);
	if (last == PATH_trust)
		return XDP_PASS;
	if (guard_unknown_first(pkt) != VERDICT_COUNT)
		return XDP_ABORTED;
	if (last == PATH_first)
		return XDP_PASS;
	source_find(pkt);
	if (last == PATH_source)
		return XDP_PASS;
	if (pkt->f->policy != POLICY_NONE || guard_unknown_early(pkt) != VERDICT_COUNT)
		return XDP_ABORTED;
	if (last == PATH_early)
		return XDP_PASS;
	verdict = admit_upto(pkt->xdp, pkt->source, pkt->trusted, pkt->provisional, last);
	if (verdict != VERDICT_PASS)
		return XDP_ABORTED;
	if (last <= PATH_limit)
		return XDP_PASS;
	finish_count(pkt, 0);
	if (last == PATH_count)
		return XDP_PASS;
	note_rows(pkt, verdict == VERDICT_DROP);
	return XDP_PASS;
}

static __always_inline int path(struct xdp_md *ctx, const enum path_stage last)
{
	struct packet pkt = {
		.xdp = ctx,
		.data = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
	};
	const struct ports *ports;
	struct work *w;
	__u8 protocol;

	if (!service_begin(&pkt))
		return XDP_ABORTED;
	ports = frame_plain(&pkt, &protocol);
	if (!ports || foreign_is(&pkt, ports, protocol, SERVICE_AT_DESTINATION))
		return XDP_ABORTED;
	if (last == PATH_foreign)
		return XDP_PASS;
	w = work_scratch();
	if (!w)
		return XDP_ABORTED;
	pkt.f = &w->facts;
	frame_note_plain(&pkt, ports, protocol, pkt.data_end - pkt.data);
	if (last == PATH_frame)
		return XDP_PASS;
	if (!service_find(&pkt, SERVICE_AT_DESTINATION))
		return XDP_ABORTED;
	if (last == PATH_service)
		return XDP_PASS;
	frame_udp(&pkt);
	return path_guard(&pkt, last);
}

#define X(name, text)                                                                              \
	SEC("xdp.frags")                                                                           \
	int upto_##name(struct xdp_md *ctx)                                                        \
	{                                                                                          \
		return path(ctx, PATH_##name);                                                     \
	}
PATH_STAGES(X)
#undef X

enum scan_step {
#define X(name, text) SCAN_STEP_##name,
	SCAN_STAGES(X)
#undef X
};

#define HEADERS 42 /* octets in front of the message: Ethernet, IPv4, UDP */

/* As scan_message() and scan_to_tag(), and the line table of messages that it begins with. */
static __always_inline void scan_steps(const struct scan_text *t, struct scan *s, const __u64 *key,
				       const enum scan_step last)
{
	if (last == SCAN_STEP_begin)
		return;
	scan_lines(t, s);
	if (last == SCAN_STEP_lines)
		return;
	scan_value(t, s, SLOT_CALL_ID, &s->call_id);
	if (last == SCAN_STEP_call_id)
		return;
	if (s->call_id.length)
		s->call_id_hash = scan_hash(t, s, s->call_id, key);
	if (last == SCAN_STEP_hash)
		return;
	scan_value(t, s, SLOT_CSEQ, &s->cseq);
	scan_cseq_method(t, s);
	if (last == SCAN_STEP_cseq)
		return;
	scan_value(t, s, SLOT_USER_AGENT, &s->user_agent);
	if (s->user_agent.length) {
		s->agent[0] = scan_load(t, s, s->user_agent.offset) | SCAN_EACH(0x20);
		s->agent[1] = scan_load(t, s, s->user_agent.offset + 8U) | SCAN_EACH(0x20);
	}
	if (last == SCAN_STEP_agent)
		return;
	scan_value(t, s, SLOT_CONTENT_LENGTH, &s->content_length);
	SCAN_SETTLE();
	scan_check(t, s);
	if (last == SCAN_STEP_check)
		return;
	scan_to_tag(t, s);
	if (last == SCAN_STEP_to_tag)
		return;
	scan_details(t, s);
}

static __always_inline int scan_alone(struct xdp_md *ctx, const enum scan_step last)
{
	struct scan_text text = { .msg = (void *)(long)ctx->data + HEADERS,
				  .end = (void *)(long)ctx->data_end };
	struct work *w = work_scratch();
	__u64 length = text.end - text.msg;
	const struct settings *cfg;
	__u32 zero = 0;

	cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!w || !cfg)
		return XDP_ABORTED;
	scan_begin(&w->scan, length, length);
	SCAN_SETTLE();
	scan_steps(&text, &w->scan, cfg->hash_key, last);
	return w->scan.flags & (SCAN_BROKEN | SCAN_REPEATED) ? XDP_ABORTED : XDP_PASS;
}

#define X(name, text)                                                                              \
	SEC("xdp.frags")                                                                           \
	int upto_scan_##name(struct xdp_md *ctx)                                                   \
	{                                                                                          \
		return scan_alone(ctx, SCAN_STEP_##name);                                          \
	}
SCAN_STAGES(X)
#undef X
