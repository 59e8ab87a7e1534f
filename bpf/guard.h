/* SPDX-License-Identifier: GPL-2.0-only */
/* The way of a packet for a listener through the stages: verdict and reason. What is cheap to
 * refuse is refused first; a message is scanned only when the scan can still matter. */
#ifndef BPF_GUARD_H
#define BPF_GUARD_H

#include "agent.h"
#include "classify.h"
#include "dialog.h"
#include "emergency.h"
#include "limit.h"
#include "prefix.h"
#include "refusal.h"
#include "scan.h"
#include "source.h"
#include "trust.h"
#include "verify.h"

static __always_inline enum verdict guard_drop(struct packet *pkt, enum reason reason)
{
	pkt->f->reason = reason;
	return VERDICT_DROP;
}

static __always_inline enum verdict guard_pass(struct packet *pkt, enum reason reason)
{
	pkt->f->reason = reason;
	return VERDICT_PASS;
}

/* About to be refused: an emergency call still has the emergency budget. */
static __always_inline bool guard_is_spared(struct packet *pkt)
{
	return unlikely(pkt->f->urgent) &&
	       limit_conforms(&pkt->conf->emergency, &pkt->state->emergency_tat, pkt->f->now);
}

/* An emergency call that a limit would refuse spends from the budget of those. */
static __always_inline enum verdict guard_spare(struct packet *pkt)
{
	limit_spend(&pkt->conf->emergency, &pkt->state->emergency_tat, pkt->f->now);
	pkt->f->spared = 1;
	return guard_pass(pkt, PASS_EMERGENCY);
}

/* What bans and networks have to say. VERDICT_COUNT: nothing. */
static __always_inline enum verdict guard_policy(struct packet *pkt)
{
	switch (pkt->f->policy) {
	case POLICY_DENY: return guard_drop(pkt, DROP_DENIED);
	case POLICY_FEED: return guard_drop(pkt, DROP_FEED);
	case POLICY_BANNED:
		refusal_note(pkt, pkt->f->ban_until ? pkt->f->ban_until : ~0ULL, DROP_BANNED);
		source_ban_hit(pkt);
		return guard_drop(pkt, DROP_BANNED);
	default: return VERDICT_COUNT;
	}
}

/* A row for a source that is refused by policy, so that its next packet costs one look-up. */
static __always_inline void guard_note_refused(struct packet *pkt)
{
	__u32 zero = 0;
	struct host_state *host = bpf_map_lookup_elem(&host_state, &zero);

	if (host && limit_take(&pkt->cfg->inserts, &host->inserts_tat, pkt->f->now))
		source_create(pkt);
}

/* Classes whose limits can be applied before the message is scanned. */
static __always_inline bool guard_limits_early(__u32 class)
{
	return class == CLASS_INVITE || class == CLASS_REGISTER || class == CLASS_OPTIONS ||
	       class == CLASS_GARBAGE || class_is_keepalive(class);
}

static __always_inline enum reason guard_source_reason(const struct packet *pkt)
{
	return pkt->f->limit == LIMIT_MALFORMED ? DROP_GARBAGE_LIMIT : DROP_SOURCE_LIMIT;
}

#define ATTACK_HOLD_NS 10000000000ULL /* how long status calls it an attack */

/* The budget of all unknown sources is spent: refuse, or ask for a proof of source. */
static __always_inline enum verdict guard_under_attack(struct packet *pkt, enum reason reason)
{
	if (pkt->state->under_attack_until_ns < pkt->f->now + ATTACK_HOLD_NS / 2)
		pkt->state->under_attack_until_ns = pkt->f->now + ATTACK_HOLD_NS;
	return verify_ask(pkt, reason);
}

/* The budget of all unknown sources for this class is spent. */
static __always_inline bool guard_unknown_is_over(const struct packet *pkt, __u32 limit)
{
	return !limit_conforms(&pkt->conf->unknown[limit], &pkt->state->unknown_tat[limit],
			       pkt->f->now);
}

/* An unknown source, without a look-up: known to be refused, or all of them are. VERDICT_COUNT: not
 * decided. */
static __always_inline enum verdict guard_unknown_first(struct packet *pkt)
{
	__u32 limit = pkt->f->limit & 7;

	if (limit >= LIMIT_CLASS_COUNT || !guard_limits_early(pkt->f->class))
		return VERDICT_COUNT;
	if (refusal_holds(pkt) && !guard_is_spared(pkt))
		return VERDICT_DROP;
	/* who is exempt can only be told by a look-up */
	if (guard_unknown_is_over(pkt, limit) && !pkt->cfg->has_networks && !guard_is_spared(pkt))
		return guard_under_attack(pkt, DROP_UNKNOWN_LIMIT);
	return VERDICT_COUNT;
}

/* An unknown source, before the scan: over its limit, or all of them over theirs? VERDICT_COUNT:
 * not yet. */
static __always_inline enum verdict guard_unknown_early(struct packet *pkt)
{
	__u32 limit = pkt->f->limit & 7;

	if (limit >= LIMIT_CLASS_COUNT || !guard_limits_early(pkt->f->class))
		return VERDICT_COUNT;
	if (pkt->source &&
	    !limit_conforms(&pkt->conf->per_source[limit], &pkt->source->tat[limit], pkt->f->now)) {
		if (guard_is_spared(pkt))
			return VERDICT_COUNT;
		refusal_note(pkt,
			     pkt->source->tat[limit] - pkt->conf->per_source[limit].tolerance_ns,
			     guard_source_reason(pkt));
		return guard_drop(pkt, guard_source_reason(pkt));
	}
	if (guard_unknown_is_over(pkt, limit) && !guard_is_spared(pkt))
		return guard_under_attack(pkt, DROP_UNKNOWN_LIMIT);
	return VERDICT_COUNT;
}

/* ---- after the scan ---- */

/* Eighths of the overall ceiling that are kept for what is more urgent: the order of shedding.
 * Those who are not known leave a part of every ceiling to those who are. */
static __always_inline __u32 guard_keep(const struct packet *pkt)
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
static __always_inline enum verdict guard_totals(struct packet *pkt, __u32 limit)
{
	__u32 share = pkt->f->tier <= TIER_PROVISIONAL ? KNOWN_SHARE : 0;
	__u32 over = 0;

	pkt->f->keep = guard_keep(pkt);
	if (!limit_conforms_keeping(&pkt->conf->total[limit], &pkt->state->total_tat[limit],
				    pkt->f->now, share))
		over = DROP_TOTAL_LIMIT;
	else if (!limit_conforms_keeping(&pkt->conf->total_all, &pkt->state->total_all_tat,
					 pkt->f->now, pkt->f->keep))
		over = DROP_SHED;
	if (likely(!over))
		return VERDICT_PASS;
	if (!guard_is_spared(pkt))
		return guard_drop(pkt, over);
	guard_spare(pkt);
	return VERDICT_PASS;
}

static __always_inline void guard_spend_totals(struct packet *pkt, __u32 limit)
{
	limit_spend(&pkt->conf->total[limit], &pkt->state->total_tat[limit], pkt->f->now);
	limit_spend(&pkt->conf->total_all, &pkt->state->total_all_tat, pkt->f->now);
}

static __always_inline enum reason guard_pass_reason(const struct packet *pkt, enum reason reason)
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
static __always_inline void guard_note_passed(struct packet *pkt)
{
	if (!pkt->source)
		source_create(pkt);
}

static __always_inline enum verdict guard_limit_unknown(struct packet *pkt, __u32 limit)
{
	const struct service *conf = pkt->conf;
	struct service_state *state = pkt->state;
	struct prefix_buckets prefix;
	__u32 over = 0;

	if (pkt->source &&
	    !limit_conforms(&conf->per_source[limit], &pkt->source->tat[limit], pkt->f->now))
		over = guard_source_reason(pkt);
	else if (!limit_conforms(&conf->unknown[limit], &state->unknown_tat[limit], pkt->f->now))
		over = DROP_UNKNOWN_LIMIT;
	else if (conf->verify_source == VERIFY_ALWAYS && verify_applies(pkt))
		over = DROP_UNPROVEN_LIMIT;
	if (!prefix_find(pkt, limit, &prefix))
		return guard_pass(pkt, PASS_UNKNOWN);
	if (!over && !prefix_conforms(&conf->per_prefix[limit], &prefix, pkt->f->now))
		over = DROP_PREFIX_LIMIT;
	if (over) {
		if (guard_is_spared(pkt))
			return guard_spare(pkt);
		if (over == DROP_UNKNOWN_LIMIT || over == DROP_UNPROVEN_LIMIT)
			return guard_under_attack(pkt, over);
		return guard_drop(pkt, over);
	}
	if (guard_totals(pkt, limit) != VERDICT_PASS)
		return VERDICT_DROP;
	guard_note_passed(pkt);
	if (pkt->source)
		limit_spend(&conf->per_source[limit], &pkt->source->tat[limit], pkt->f->now);
	prefix_spend(&conf->per_prefix[limit], &prefix, pkt->f->now);
	limit_spend(&conf->unknown[limit], &state->unknown_tat[limit], pkt->f->now);
	guard_spend_totals(pkt, limit);
	return guard_pass(pkt, guard_pass_reason(pkt, PASS_UNKNOWN));
}

/* One bucket of the source's own, then the ceilings. */
static __always_inline enum verdict guard_limit_own(struct packet *pkt, __u32 limit,
						    const struct sipxdp_rate *rate, __u64 *tat,
						    enum reason over, enum reason within)
{
	if (!limit_conforms(rate, tat, pkt->f->now)) {
		if (guard_is_spared(pkt))
			return guard_spare(pkt);
		return guard_drop(pkt, limit == LIMIT_MALFORMED ? DROP_GARBAGE_LIMIT : over);
	}
	if (guard_totals(pkt, limit) != VERDICT_PASS)
		return VERDICT_DROP;
	limit_spend(rate, tat, pkt->f->now);
	guard_spend_totals(pkt, limit);
	guard_note_passed(pkt);
	return guard_pass(pkt, guard_pass_reason(pkt, within));
}

/* A challenge goes to spoofed addresses, too, so all provisional ports together have a budget. */
static __always_inline enum verdict guard_limit_provisional(struct packet *pkt, __u32 limit)
{
	enum verdict verdict;

	if (!limit_conforms(&pkt->conf->provisional_all, &pkt->state->provisional_tat, pkt->f->now))
		return guard_drop(pkt, DROP_PROVISIONAL_LIMIT);
	verdict = guard_limit_own(pkt, limit, &pkt->conf->provisional, &pkt->provisional->tat,
				  DROP_PROVISIONAL_LIMIT, PASS_PROVISIONAL);
	if (verdict == VERDICT_PASS) {
		limit_spend(&pkt->conf->provisional_all, &pkt->state->provisional_tat, pkt->f->now);
		pkt->provisional->packets++;
	}
	return verdict;
}

/* Exempt addresses have ten times the budget of a trusted port: a carrier is one address. */
#define EXEMPT_SHARE 10

static __always_inline enum verdict guard_limit_exempt(struct packet *pkt, __u32 limit)
{
	struct sipxdp_rate rate = pkt->conf->trusted[limit];

	guard_note_passed(pkt);
	/* no row of its own: the table would not take it, or it shares one with its /64 */
	if (!pkt->source || (pkt->f->family == 6 && pkt->cfg->has_hosts6)) {
		if (guard_totals(pkt, limit) != VERDICT_PASS)
			return VERDICT_DROP;
		guard_spend_totals(pkt, limit);
		return guard_pass(pkt, guard_pass_reason(pkt, PASS_EXEMPT));
	}
	if (rate.cost_ns)
		rate.cost_ns = rate.cost_ns / EXEMPT_SHARE + 1;
	return guard_limit_own(pkt, limit, &rate, &pkt->source->tat[limit], DROP_TRUSTED_LIMIT,
			       PASS_EXEMPT);
}

/* The budgets of the packet's tier. */
static __always_inline enum verdict guard_limit(struct packet *pkt)
{
	__u32 limit = pkt->f->limit & 7;

	if (limit >= LIMIT_CLASS_COUNT)
		return guard_pass(pkt, PASS_UNKNOWN);
	if (pkt->f->tier == TIER_EXEMPT)
		return guard_limit_exempt(pkt, limit);
	if (pkt->trusted)
		return guard_limit_own(pkt, limit, &pkt->conf->trusted[limit],
				       &pkt->trusted->tat[limit], DROP_TRUSTED_LIMIT, PASS_TRUSTED);
	if (pkt->provisional)
		return guard_limit_provisional(pkt, limit);
	return guard_limit_unknown(pkt, limit);
}

/* A message of a known dialog spends from the dialog's budget. VERDICT_COUNT: it is none, or the
 * budget is spent, and the source's own decides. */
static __always_inline enum verdict guard_dialog(struct packet *pkt, const struct scan *s)
{
	struct dialog *d;

	if (!dialog_may_have(pkt, s))
		return VERDICT_COUNT;
	d = dialog_find(pkt, s);
	if (!d)
		return VERDICT_COUNT;
	if (class_is_response(pkt->f->class))
		trust_learn_answer(pkt, d);
	if (!limit_conforms_keeping(&pkt->conf->total_all, &pkt->state->total_all_tat, pkt->f->now,
				    0))
		return guard_drop(pkt, DROP_SHED);
	if (!dialog_take(pkt, d))
		return VERDICT_COUNT;
	limit_spend(&pkt->conf->total_all, &pkt->state->total_all_tat, pkt->f->now);
	return guard_pass(pkt, PASS_DIALOG);
}

static __always_inline void guard_scan(struct packet *pkt)
{
	scan_ingress(pkt->xdp, pkt->f->text_offset, pkt->f->text_length,
		     pkt->f->datagram_length - (pkt->f->text_offset - pkt->f->payload_offset),
		     dialog_is_told_by_tag(pkt->f->class));
	pkt->f->scanned = 1;
}

/* A SIP message is scanned. VERDICT_COUNT: its limits decide. */
static __always_inline enum verdict guard_message(struct packet *pkt, const struct scan *s)
{
	guard_scan(pkt);
	if (s->flags & (SCAN_BROKEN | SCAN_REPEATED)) {
		pkt->f->limit = LIMIT_MALFORMED;
		return VERDICT_COUNT;
	}
	if (s->flags & SCAN_BEYOND && !scan_is_whole(s)) {
		pkt->f->undecided = 1;
		if (!limit_take(&pkt->conf->undecided, &pkt->state->undecided_tat, pkt->f->now))
			return guard_drop(pkt, DROP_UNDECIDED_LIMIT);
	}
	if (class_is_response(pkt->f->class) && verify_is_answer(pkt, s)) {
		struct sipxdp_peer peer;

		source_peer(pkt, &peer);
		trust_provisional(pkt, &peer, 1);
		return guard_drop(pkt, DROP_PROOF);
	}
	return guard_dialog(pkt, s);
}

/* A datagram for a UDP listener. */
static __always_inline enum verdict guard_datagram(struct packet *pkt, const struct scan *s)
{
	enum verdict verdict = VERDICT_COUNT;

	if (unlikely(pkt->f->damaged)) {
		pkt->f->class = CLASS_DAMAGED;
		return guard_drop(pkt, DROP_DAMAGED);
	}
	classify(pkt);
	if (pkt->f->class == CLASS_INVITE && unlikely(emergency_is_likely(pkt)))
		pkt->f->urgent = emergency_call(pkt->xdp, pkt->f->text_offset);
	packet_renew(pkt);
	source_trust(pkt);
	if (likely(pkt->f->tier == TIER_UNKNOWN)) {
		verdict = guard_unknown_first(pkt);
		if (verdict != VERDICT_COUNT)
			return verdict;
	}
	source_find(pkt);
	refusal_catch_up(pkt);
	if (unlikely(pkt->f->policy == POLICY_EXEMPT))
		pkt->f->tier = TIER_EXEMPT;
	/* a ban of an address spares the trusted ports behind it */
	if (unlikely(pkt->f->policy != POLICY_NONE &&
		     !(pkt->f->policy == POLICY_BANNED && pkt->trusted))) {
		verdict = guard_policy(pkt);
		if (verdict != VERDICT_COUNT) {
			if (!pkt->source)
				guard_note_refused(pkt);
			return verdict;
		}
	}
	if (pkt->f->tier == TIER_UNKNOWN) {
		verdict = guard_unknown_early(pkt);
		if (verdict != VERDICT_COUNT)
			return verdict;
	}
	if (likely(class_is_sip(pkt->f->class))) {
		verdict = guard_message(pkt, s);
		if (verdict != VERDICT_COUNT)
			return verdict;
	}
	verdict = guard_limit(pkt);
	/* asked last, so that a flood of scanners' names is a flood like any other */
	if (verdict == VERDICT_PASS && pkt->f->tier <= TIER_PROVISIONAL &&
	    class_is_request(pkt->f->class) && agent_is_scanner(pkt, s)) {
		agent_ban(pkt);
		return guard_drop(pkt, DROP_SCANNER);
	}
	return verdict;
}

/* A ban that one spoofed datagram can bring about does not hold for connections. */
static __always_inline bool guard_ban_is_hearsay(const struct packet *pkt)
{
	struct sipxdp_prefix key = { .prefix_len = 128, .addr = pkt->f->saddr };
	const struct ban *ban = bpf_map_lookup_elem(&bans, &key);

	return ban && !ban->proven && ban->origin != BAN_HAND;
}

/* A segment for a TCP or TLS listener: addresses only. */
static __always_inline enum verdict guard_segment(struct packet *pkt)
{
	enum verdict verdict;

	pkt->f->class = CLASS_STREAM;
	pkt->f->limit = LIMIT_OTHER;
	if (unlikely(pkt->f->damaged)) {
		pkt->f->class = CLASS_DAMAGED;
		return guard_drop(pkt, DROP_DAMAGED);
	}
	source_find(pkt);
	if (likely(pkt->f->policy != POLICY_BANNED || !guard_ban_is_hearsay(pkt))) {
		verdict = guard_policy(pkt);
		if (verdict != VERDICT_COUNT) {
			if (!pkt->source)
				guard_note_refused(pkt);
			return verdict;
		}
	}
	if (pkt->f->syn && pkt->conf->syn.cost_ns && pkt->f->policy != POLICY_EXEMPT) {
		if (!pkt->source)
			guard_note_refused(pkt);
		if (pkt->source && !limit_take(&pkt->conf->syn, &pkt->source->syn_tat, pkt->f->now))
			return guard_drop(pkt, DROP_SYN_LIMIT);
	}
	return guard_pass(pkt, PASS_STREAM);
}

#endif
