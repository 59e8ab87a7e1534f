/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the server's answers say of a peer, put into the kernel's tables: trust for as long as the
 * longest of its registrations, bans for those that have earned one.
 *
 * Offences of a peer that is not trusted count against its address, and lead to a ban, which the
 * kernel does not hold against trusted ports behind that address. Where others are trusted there,
 * the port that offended is refused instead, unless that happens more often than there are others.
 * Offences of a trusted peer count against itself alone, and cost it its trust: neighbours behind
 * one NAT do not answer for each other.
 */
#ifndef SIPXDP_DAEMON_FACTS_H
#define SIPXDP_DAEMON_FACTS_H

#include <stdint.h>

#include "plane/maps.h"
#include "policy/config.h"
#include "track/track.h"

/* Numbers since facts_open(). */
struct facts_stats {
	uint64_t trusted; /* trust given, renewed or corrected */
	uint64_t revoked; /* trust taken from a peer that offended */
	uint64_t bans;
	uint64_t withheld; /* ports refused in place of a ban */
	uint64_t failed;   /* of these, what a table refused */
};

struct facts;

/* key: four secret words. 0 and *out, to be given to facts_close(), or -errno. */
int facts_open(const struct config *config, struct maps *maps, const uint64_t key[4],
	       struct facts **out);
void facts_close(struct facts *facts);

/* New rules after a reload. */
void facts_reconfigure(struct facts *facts, const struct config *config);

/* Messages may have been missed up to now_ns, CLOCK_MONOTONIC: who was trusted by then may have a
 * registration that no fact tells of, and its trust is not cut for as long as that may have given. */
void facts_messages_lost(struct facts *facts, uint64_t now_ns);

/* Acts on one fact; now_ns is CLOCK_MONOTONIC. */
void facts_take(struct facts *facts, const struct track_fact *fact, uint64_t now_ns);

void facts_stats(const struct facts *facts, struct facts_stats *out);

#endif
