/* SPDX-License-Identifier: GPL-2.0-only */
/* The way of a packet for a listener through the stages: verdict and reason. What is cheap to
 * refuse is refused first; a message is scanned only when the scan can still matter. */
#ifndef BPF_GUARD_H
#define BPF_GUARD_H

#include "admit.h"
#include "classify.h"
#include "emergency.h"
#include "refusal.h"
#include "source.h"
#include "verdict.h"

/* What bans and networks have to say. VERDICT_COUNT: nothing. */
static __always_inline enum verdict guard_policy(struct packet *pkt)
{
	switch (pkt->f->policy) {
	case POLICY_DENY: return verdict_drop(pkt, DROP_DENIED);
	case POLICY_FEED: return verdict_drop(pkt, DROP_FEED);
	case POLICY_BANNED:
		refusal_note(pkt, pkt->f->ban_until ? pkt->f->ban_until : ~0ULL, DROP_BANNED);
		source_ban_hit(pkt);
		return verdict_drop(pkt, DROP_BANNED);
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

#define AGAIN_KEEP 2 /* eighths of the unknown ones' burst for those that were refused before */

/* The budget of all unknown sources for this class is spent. From an address where somebody is
 * known it may still be a request within a call, from another port: only the scan can tell. In an attack
 * the last of it goes to requests that are sent again (RFC 3261 section 17.1), as those of a flood
 * from addresses that it makes up are not: so a new caller gets in who answers no question. */
static __always_inline bool guard_unknown_is_over(const struct packet *pkt, __u32 limit)
{
	const struct sipxdp_rate *rate = &pkt->conf->unknown[limit];
	const __u64 *tat = &pkt->state->unknown_tat[limit];

	if (unlikely(pkt->f->neighbour) && dialog_is_told_by_tag(pkt->f->class))
		return false;
	if (!limit_conforms(rate, tat, pkt->f->now))
		return true;
	return unlikely(pkt->state->under_attack_until_ns > pkt->f->now) &&
	       !limit_conforms_keeping(rate, tat, pkt->f->now, AGAIN_KEEP) && verify_applies(pkt) &&
	       !verify_seen_before(pkt);
}

/* All unknown sources are refused, without a look-up? VERDICT_COUNT: not decided. */
static __always_inline enum verdict guard_unknown_first(struct packet *pkt)
{
	__u32 limit = pkt->f->limit & 7;

	if (limit >= LIMIT_CLASS_COUNT || !guard_limits_early(pkt->f->class))
		return VERDICT_COUNT;
	/* who is exempt can only be told by a look-up */
	if (guard_unknown_is_over(pkt, limit) && !pkt->cfg->has_networks && !verdict_is_spared(pkt))
		return verdict_under_attack(pkt, DROP_UNKNOWN_LIMIT);
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
		if (verdict_is_spared(pkt))
			return VERDICT_COUNT;
		refusal_note(pkt,
			     pkt->source->tat[limit] - pkt->conf->per_source[limit].tolerance_ns,
			     verdict_source_reason(pkt));
		return verdict_drop(pkt, verdict_source_reason(pkt));
	}
	if (guard_unknown_is_over(pkt, limit) && !verdict_is_spared(pkt))
		return verdict_under_attack(pkt, DROP_UNKNOWN_LIMIT);
	return VERDICT_COUNT;
}

/* A challenged port, before the scan: whoever floods is challenged, too. A port with an answered call is
 * trusted, so hardly any request within a call comes this way. VERDICT_COUNT: not yet. */
static __always_inline enum verdict guard_provisional_early(struct packet *pkt)
{
	if (!pkt->provisional || !guard_limits_early(pkt->f->class) ||
	    limit_conforms(&pkt->conf->provisional, &pkt->provisional->tat, pkt->f->now) ||
	    verdict_is_spared(pkt))
		return VERDICT_COUNT;
	return verdict_drop(pkt, pkt->f->limit == LIMIT_MALFORMED ? DROP_GARBAGE_LIMIT
								  : DROP_PROVISIONAL_LIMIT);
}

/* The verdict, but for the question to a source that must prove itself. */
static __always_inline enum verdict guard_unasked(struct packet *pkt)
{
	struct refusal *refused = NULL;
	enum verdict verdict = VERDICT_COUNT;

	if (unlikely(pkt->f->damaged)) {
		pkt->f->class = CLASS_DAMAGED;
		return verdict_drop(pkt, DROP_DAMAGED);
	}
	classify(pkt);
	if (pkt->f->class == CLASS_INVITE && unlikely(emergency_is_likely(pkt)))
		pkt->f->urgent = emergency_call(pkt->xdp, pkt->f->text_offset);
	packet_renew(pkt);
	/* refused a moment ago, as all but the known ports of its address are */
	if (guard_limits_early(pkt->f->class) && !unlikely(pkt->f->urgent))
		refused = refusal_find(pkt);
	if (refused && refusal_is_alone(pkt, refused))
		return refusal_use(pkt, refused);
	source_trust(pkt);
	if (likely(pkt->f->tier == TIER_UNKNOWN)) {
		if (refused)
			return refusal_use(pkt, refused);
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
	if (pkt->f->tier == TIER_UNKNOWN)
		verdict = guard_unknown_early(pkt);
	else if (pkt->f->tier == TIER_PROVISIONAL)
		verdict = guard_provisional_early(pkt);
	if (verdict != VERDICT_COUNT)
		return verdict;
	verdict = admit(pkt->xdp, pkt->source, pkt->trusted, pkt->provisional);
	pkt->source = NULL; /* noted there */
	pkt->trusted = NULL;
	return verdict;
}

/* A datagram for a UDP listener. */
static __always_inline enum verdict guard_datagram(struct packet *pkt)
{
	enum verdict verdict = guard_unasked(pkt);

	return unlikely(pkt->f->ask) ? verify_ask(pkt) : verdict;
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
		return verdict_drop(pkt, DROP_DAMAGED);
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
			return verdict_drop(pkt, DROP_SYN_LIMIT);
	}
	return verdict_pass(pkt, PASS_STREAM);
}

#endif
