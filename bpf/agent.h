/* SPDX-License-Identifier: GPL-2.0-only */
/* Scanners that say who they are: a User-Agent that begins with a configured name, in any case. */
#ifndef BPF_AGENT_H
#define BPF_AGENT_H

#include "source.h"

/* The configured names' first four letters, as one bit of settings.agent_filter: most legitimate
 * User-Agents end here. User space sets the bits by the same function. */
static __always_inline bool agent_may_match(const struct settings *cfg, __u64 word)
{
	__u32 bit = agent_filter_bit(word);

	return cfg->agent_filter[bit / 64] >> (bit % 64) & 1;
}

static __always_inline bool agent_is_scanner(const struct packet *pkt, const struct scan *s)
{
	struct agent_prefix key = {};
	__u32 length = s->user_agent.length;

	if (!length || likely(!agent_may_match(pkt->cfg, s->agent[0])))
		return false;
	if (length > AGENT_LENGTH)
		length = AGENT_LENGTH;
	key.prefix_len = length * 8;
	__builtin_memcpy(key.text, s->agent, sizeof(key.text));
	return bpf_map_lookup_elem(&agents, &key) != NULL;
}

/* Ban the source of a scan: for long if it has proven to be real, else briefly, and only when it
 * does it again, so that a flood from addresses that are made up bans none of them. */
static __always_inline void agent_ban(struct packet *pkt)
{
	__u64 length = pkt->cfg->scanner_ban_ns;
	bool proven = pkt->provisional && pkt->provisional->proven;
	struct work *w = work_scratch();
	struct sipxdp_prefix key;

	if (!w || !length || !pkt->source || (!proven && pkt->source->last_reason != DROP_SCANNER))
		return;
	if (!proven && length > pkt->cfg->unproven_ban_ns)
		length = pkt->cfg->unproven_ban_ns;
	source_prefix(pkt, &key);
	w->row.ban = (struct ban){
		.since_ns = pkt->f->now,
		.until_ns = pkt->f->now + length,
		.origin = BAN_SCANNER,
		.proven = proven,
		.prefix_len = key.prefix_len,
		.reason = "User-Agent of a scanner",
	};
	if (bpf_map_update_elem(&bans, &key, &w->row.ban, BPF_ANY)) {
		__u32 zero = 0;
		struct host_state *host = bpf_map_lookup_elem(&host_state, &zero);

		if (host)
			__sync_fetch_and_add(&host->bans_full, 1);
		return;
	}
	/* rows of other services learn it when the daemon raises the generation */
	((struct settings *)pkt->cfg)->has_bans = BANS_NEW;
	pkt->source->policy = POLICY_BANNED;
	pkt->source->ban_until_ns = w->row.ban.until_ns;
}

#endif
