/* SPDX-License-Identifier: GPL-2.0-only */
/* How a stage says what becomes of a packet: a verdict and its reason. */
#ifndef BPF_VERDICT_H
#define BPF_VERDICT_H

#include "limit.h"
#include "refusal.h"
#include "verify.h"

static __always_inline enum verdict verdict_drop(struct packet *pkt, enum reason reason)
{
	pkt->f->reason = reason;
	return VERDICT_DROP;
}

static __always_inline enum verdict verdict_pass(struct packet *pkt, enum reason reason)
{
	pkt->f->reason = reason;
	return VERDICT_PASS;
}

/* About to be refused: an emergency call still has the emergency budget. */
static __always_inline bool verdict_is_spared(struct packet *pkt)
{
	return unlikely(pkt->f->urgent) &&
	       limit_conforms(&pkt->conf->emergency, &pkt->state->emergency_tat, pkt->f->now);
}

/* An emergency call that a limit would refuse spends from the budget of those. */
static __always_inline enum verdict verdict_spare(struct packet *pkt)
{
	limit_spend(&pkt->conf->emergency, &pkt->state->emergency_tat, pkt->f->now);
	pkt->f->spared = 1;
	return verdict_pass(pkt, PASS_EMERGENCY);
}

static __always_inline enum reason verdict_source_reason(const struct packet *pkt)
{
	return pkt->f->limit == LIMIT_MALFORMED ? DROP_GARBAGE_LIMIT : DROP_SOURCE_LIMIT;
}

#define ATTACK_HOLD_NS 10000000000ULL /* how long status calls it an attack */

/* The budget of all unknown sources is spent: refuse, and perhaps ask for a proof of source. */
static __always_inline enum verdict verdict_under_attack(struct packet *pkt, enum reason reason)
{
	if (pkt->state->under_attack_until_ns < pkt->f->now + ATTACK_HOLD_NS / 2)
		pkt->state->under_attack_until_ns = pkt->f->now + ATTACK_HOLD_NS;
	verify_refused(pkt, reason);
	return VERDICT_DROP;
}

#endif
