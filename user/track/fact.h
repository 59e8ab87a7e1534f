/* SPDX-License-Identifier: GPL-2.0-only */
/* Facts for policy: how they are made and told. */
#ifndef SIPXDP_TRACK_FACT_H
#define SIPXDP_TRACK_FACT_H

#include "track/event.h"

static inline struct track_fact fact_of(const struct event *e, enum track_fact_kind kind,
					const struct sipxdp_peer *peer, uint64_t aor_hash)
{
	return (struct track_fact){
		.kind = kind,
		.peer = *peer,
		.service = e->arrival->service,
		.now_ns = e->now_ns,
		.aor_hash = aor_hash,
		.status = e->status,
		.method = e->method,
	};
}

static inline void fact_tell(const struct track *t, const struct track_fact *fact)
{
	if (t->sink.fact)
		t->sink.fact(t->sink.context, fact);
}

#endif
