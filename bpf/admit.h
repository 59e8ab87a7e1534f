/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a datagram is admitted that was not refused at first sight: it is scanned, then its dialog
 * or the limits of its source decide. A global function, which the verifier checks once and not
 * again for everything the guard may know of a source by then. */
#ifndef BPF_ADMIT_H
#define BPF_ADMIT_H

#include "agent.h"
#include "classify.h"
#include "dialog.h"
#include "note.h"
#include "prefix.h"
#include "scan.h"
#include "service.h"
#include "trust.h"
#include "verdict.h"

/* Eighths of the overall ceiling that are kept for what is more urgent: the order of shedding.
 * Those who are not known leave a part of every ceiling to those who are. */
static __always_inline __u32 admit_keep(const struct packet *pkt)
{
	if (pkt->f->limit == LIMIT_MALFORMED)
		return 6;
	if (pkt->f->tier <= TIER_PROVISIONAL)
		return pkt->f->class == CLASS_OPTIONS					   ? 5
		       : pkt->f->class == CLASS_REGISTER				   ? 4
		       : pkt->f->class == CLASS_INVITE || pkt->f->class == CLASS_SUBSCRIBE ? 3
											   : 2;
	if (pkt->f->class == CLASS_INVITE || pkt->f->class == CLASS_SUBSCRIBE ||
	    pkt->f->class == CLASS_OPTIONS || pkt->f->class == CLASS_REGISTER)
		return 1;
	return 0;
}

#define KNOWN_SHARE 3 /* eighths of a class's ceiling that only known sources may spend */

/* Ceilings of the service, for every tier. Checked last and spent with the rest. */
static __always_inline enum verdict admit_totals(struct packet *pkt, __u32 limit)
{
	__u32 share = pkt->f->tier <= TIER_PROVISIONAL ? KNOWN_SHARE : 0;
	__u32 over = 0;

	pkt->f->keep = admit_keep(pkt);
	if (!limit_conforms_keeping(&pkt->conf->total[limit], &pkt->state->total_tat[limit],
				    pkt->f->now, share))
		over = DROP_TOTAL_LIMIT;
	else if (!limit_conforms_keeping(&pkt->conf->total_all, &pkt->state->total_all_tat,
					 pkt->f->now, pkt->f->keep))
		over = DROP_SHED;
	if (likely(!over))
		return VERDICT_PASS;
	if (!verdict_is_spared(pkt))
		return verdict_drop(pkt, over);
	verdict_spare(pkt);
	return VERDICT_PASS;
}

static __always_inline void admit_spend_totals(struct packet *pkt, __u32 limit)
{
	limit_spend(&pkt->conf->total[limit], &pkt->state->total_tat[limit], pkt->f->now);
	limit_spend(&pkt->conf->total_all, &pkt->state->total_all_tat, pkt->f->now);
}

static __always_inline enum reason admit_pass_reason(const struct packet *pkt, enum reason reason)
{
	if (pkt->f->limit == LIMIT_MALFORMED)
		return PASS_MALFORMED;
	if (pkt->f->spared)
		return PASS_EMERGENCY;
	if (pkt->f->undecided)
		return PASS_UNDECIDED;
	return class_is_keepalive(pkt->f->class) ? PASS_KEEPALIVE : reason;
}

/* Rows are made for what has passed: a flood that is refused leaves nothing behind. */
static __always_inline void admit_note_passed(struct packet *pkt)
{
	if (!pkt->source)
		source_create(pkt);
}

static __always_inline enum verdict admit_limit_unknown(struct packet *pkt, __u32 limit)
{
	const struct service *conf = pkt->conf;
	struct service_state *state = pkt->state;
	struct prefix_buckets prefix;
	__u32 over = 0;

	if (pkt->source &&
	    !limit_conforms(&conf->per_source[limit], &pkt->source->tat[limit], pkt->f->now))
		over = verdict_source_reason(pkt);
	else if (!limit_conforms(&conf->unknown[limit], &state->unknown_tat[limit], pkt->f->now))
		over = DROP_UNKNOWN_LIMIT;
	else if (conf->verify_source == VERIFY_ALWAYS && verify_applies(pkt))
		over = DROP_UNPROVEN_LIMIT;
	if (!prefix_find(pkt, limit, &prefix))
		return verdict_pass(pkt, PASS_UNKNOWN);
	if (!over && !prefix_conforms(&conf->per_prefix[limit], &prefix, pkt->f->now))
		over = DROP_PREFIX_LIMIT;
	if (over) {
		if (verdict_is_spared(pkt))
			return verdict_spare(pkt);
		if (over == DROP_UNKNOWN_LIMIT || over == DROP_UNPROVEN_LIMIT)
			return verdict_under_attack(pkt, over);
		return verdict_drop(pkt, over);
	}
	if (admit_totals(pkt, limit) != VERDICT_PASS)
		return VERDICT_DROP;
	admit_note_passed(pkt);
	if (pkt->source)
		limit_spend(&conf->per_source[limit], &pkt->source->tat[limit], pkt->f->now);
	prefix_spend(&conf->per_prefix[limit], &prefix, pkt->f->now);
	limit_spend(&conf->unknown[limit], &state->unknown_tat[limit], pkt->f->now);
	admit_spend_totals(pkt, limit);
	return verdict_pass(pkt, admit_pass_reason(pkt, PASS_UNKNOWN));
}

/* One bucket of the source's own, then the ceilings. */
static __always_inline enum verdict admit_limit_own(struct packet *pkt, __u32 limit,
						    const struct sipxdp_rate *rate, __u64 *tat,
						    enum reason over, enum reason within)
{
	if (!limit_conforms(rate, tat, pkt->f->now)) {
		if (verdict_is_spared(pkt))
			return verdict_spare(pkt);
		return verdict_drop(pkt, limit == LIMIT_MALFORMED ? DROP_GARBAGE_LIMIT : over);
	}
	if (admit_totals(pkt, limit) != VERDICT_PASS)
		return VERDICT_DROP;
	limit_spend(rate, tat, pkt->f->now);
	admit_spend_totals(pkt, limit);
	admit_note_passed(pkt);
	return verdict_pass(pkt, admit_pass_reason(pkt, within));
}

/* A challenge goes to spoofed addresses, too, so all provisional ports together have a budget. */
static __always_inline enum verdict admit_limit_provisional(struct packet *pkt, __u32 limit)
{
	enum verdict verdict;

	if (!limit_conforms(&pkt->conf->provisional_all, &pkt->state->provisional_tat, pkt->f->now))
		return verdict_drop(pkt, DROP_PROVISIONAL_LIMIT);
	verdict = admit_limit_own(pkt, limit, &pkt->conf->provisional, &pkt->provisional->tat,
				  DROP_PROVISIONAL_LIMIT, PASS_PROVISIONAL);
	if (verdict == VERDICT_PASS) {
		limit_spend(&pkt->conf->provisional_all, &pkt->state->provisional_tat, pkt->f->now);
		pkt->provisional->packets++;
	}
	return verdict;
}

/* Exempt addresses have ten times the budget of a trusted port: a carrier is one address. */
#define EXEMPT_SHARE 10

static __always_inline enum verdict admit_limit_exempt(struct packet *pkt, __u32 limit)
{
	struct sipxdp_rate rate = pkt->conf->trusted[limit];

	admit_note_passed(pkt);
	/* no row of its own: the table would not take it, or it shares one with its /64 */
	if (!pkt->source || (pkt->f->family == 6 && pkt->cfg->has_hosts6)) {
		if (admit_totals(pkt, limit) != VERDICT_PASS)
			return VERDICT_DROP;
		admit_spend_totals(pkt, limit);
		return verdict_pass(pkt, admit_pass_reason(pkt, PASS_EXEMPT));
	}
	if (rate.cost_ns)
		rate.cost_ns = rate.cost_ns / EXEMPT_SHARE + 1;
	return admit_limit_own(pkt, limit, &rate, &pkt->source->tat[limit], DROP_TRUSTED_LIMIT,
			       PASS_EXEMPT);
}

/* Does a message in fragments, of somebody who is not known, find room where fragments wait? The others
 * of its parts may never come. */
static __always_inline bool admit_fragment(struct packet *pkt)
{
	__u32 zero = 0;
	struct host_state *host = bpf_map_lookup_elem(&host_state, &zero);

	return !host || verdict_is_spared(pkt) ||
	       limit_take_strange(&pkt->cfg->unordered, &host->strange_tat, pkt->f->now);
}

/* The budgets of the packet's tier. */
static __always_inline enum verdict admit_within_limits(struct packet *pkt)
{
	__u32 limit = pkt->f->limit & 7;

	if (limit >= LIMIT_CLASS_COUNT)
		return verdict_pass(pkt, PASS_UNKNOWN);
	if (unlikely(pkt->f->fragment == FRAGMENT_FIRST) && pkt->f->tier <= TIER_PROVISIONAL &&
	    !admit_fragment(pkt))
		return verdict_drop(pkt, DROP_FRAGMENT_LIMIT);
	if (pkt->f->tier == TIER_EXEMPT)
		return admit_limit_exempt(pkt, limit);
	if (pkt->trusted)
		return admit_limit_own(pkt, limit, &pkt->conf->trusted[limit],
				       &pkt->trusted->tat[limit], DROP_TRUSTED_LIMIT, PASS_TRUSTED);
	/* what is malformed the daemon cannot read: a challenge is not to let a guesser be quick with it */
	if (pkt->provisional && limit != LIMIT_MALFORMED)
		return admit_limit_provisional(pkt, limit);
	return admit_limit_unknown(pkt, limit);
}

/* A message of a known dialog spends from the dialog's budget. VERDICT_COUNT: it is none, or the
 * budget is spent, and the source's own decides. */
static __always_inline enum verdict admit_dialog(struct packet *pkt, const struct scan *s)
{
	struct dialog *d;

	if (!dialog_may_have(pkt, s))
		return VERDICT_COUNT;
	d = dialog_find(pkt, s);
	if (!d)
		return VERDICT_COUNT;
	pkt->f->backend = d->backend;
	if (class_is_response(pkt->f->class))
		trust_learn_answer(pkt, s, d);
	if (!limit_conforms_keeping(&pkt->conf->total_all, &pkt->state->total_all_tat, pkt->f->now,
				    0))
		return verdict_drop(pkt, DROP_SHED);
	if (!dialog_take(pkt, d))
		return VERDICT_COUNT;
	limit_spend(&pkt->conf->total_all, &pkt->state->total_all_tat, pkt->f->now);
	return verdict_pass(pkt, PASS_DIALOG);
}

/* A SIP message is scanned. VERDICT_COUNT: its limits decide. */
static __always_inline enum verdict admit_message(struct packet *pkt, struct scan *s)
{
	const struct facts *f = pkt->f;
	struct scan_text text;

	scan_text(&text, pkt->data, pkt->data_end, f->text_offset);
	scan_at(&text, s, pkt->cfg, pkt->data_end - pkt->data, f->text_offset, f->text_length,
		f->datagram_length - (f->text_offset - f->payload_offset));
	if (dialog_is_told_by_tag(f->class))
		scan_to_tag(&text, s);
	pkt->f->scanned = 1;
	if (s->flags & (SCAN_BROKEN | SCAN_REPEATED)) {
		pkt->f->limit = LIMIT_MALFORMED;
		return VERDICT_COUNT;
	}
	if (s->flags & SCAN_BEYOND && !scan_is_whole(s)) {
		pkt->f->undecided = 1;
		if (!limit_take(&pkt->conf->undecided, &pkt->state->undecided_tat, pkt->f->now))
			return verdict_drop(pkt, DROP_UNDECIDED_LIMIT);
	}
	if (class_is_response(pkt->f->class) && verify_is_answer(pkt, s)) {
		struct sipxdp_peer peer;

		source_peer(pkt, &peer);
		trust_provisional(pkt, &peer, 1);
		return verdict_drop(pkt, DROP_PROOF);
	}
	return admit_dialog(pkt, s);
}

/* The scan, if it is SIP, then the limits. Rows are of the packet's source, or NULL; they are noted
 * here, as is a row that is made here. Returned is a verdict, with its reason in `work`. */
__noinline int admit(struct xdp_md *ctx, struct source *source, struct trusted *trusted,
		     struct provisional *provisional)
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
	enum verdict verdict = VERDICT_COUNT;

	if (!w)
		return VERDICT_PASS;
	pkt.f = &w->facts;
	if (!service_again(&pkt))
		return VERDICT_PASS;
	if (likely(class_is_sip(pkt.f->class)))
		verdict = admit_message(&pkt, &w->scan);
	if (verdict == VERDICT_COUNT)
		verdict = admit_within_limits(&pkt);
	/* asked last, so that a flood of scanners' names is a flood like any other */
	if (verdict == VERDICT_PASS && pkt.f->tier <= TIER_PROVISIONAL &&
	    class_is_request(pkt.f->class) && agent_is_scanner(&pkt, &w->scan)) {
		agent_ban(&pkt);
		verdict = verdict_drop(&pkt, DROP_SCANNER);
	}
	note_rows(&pkt, verdict != VERDICT_PASS);
	return verdict;
}

#endif
