/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who misbehaves: counts, for each source address (IPv6: each /64), credentials that the server
 * refused and addresses-of-record (AoRs) that it did not know, and says when a source has earned a
 * ban. Pure counting: the clock is passed in, the ban is the caller's to make. What a server says
 * counts, never what a client sends: a bare challenge, a malformed message or a request without an
 * answer is no offence.
 */
#ifndef SIPXDP_POLICY_OFFENCE_H
#define SIPXDP_POLICY_OFFENCE_H

#include <stdbool.h>
#include <stdint.h>

#include <sipxdp/address.h>
#include <sipxdp/map.h>

#include "policy/config.h"

#define OFFENCE_SOURCES_MIN 64u
#define OFFENCE_SOURCES_MAX (1u << 20)

/* Distinct AoRs are estimated from a bitmap (linear counting): up to some 30 never more than there
 * were, up to 1000 within 8 %, beyond that from a sample, within 20 %. */

enum offence_kind {
	OFFENCE_REFUSED, /* a request with credentials was answered by 401, 407 or 403 */
	OFFENCE_UNKNOWN, /* the AoR asked for does not exist (404, 604) */
	OFFENCE_NONE,	 /* the AoR asked for exists: told for the share of successes */
};

struct offence {
	struct sipxdp_addr addr;
	enum offence_kind kind;
	bool exempt;	   /* in an exempt network: nothing is counted */
	bool proven;	   /* the address was shown to be real: the ban may be long */
	uint64_t aor_hash; /* well mixed */
	uint64_t now_ns;   /* any clock, always the same one */
};

struct offence_verdict {
	struct sipxdp_prefix prefix; /* what to ban */
	enum ban_origin origin;	     /* BAN_AUTH_FAILURES or BAN_ENUMERATION */
	uint64_t ban_ns;	     /* for how long; cut to unproven_ns unless proven */
	char reason[BAN_TEXT];
};

struct offences;

/*
 * sources (rounded up to a power of two within the limits above) is how many are watched at once,
 * at some 600 octets each; when more come, the one not heard of for longest is forgotten. key is
 * secret. Zero for a count or a ban time in bans turns that rule off. 0, -EINVAL or -ENOMEM;
 * *out is to be given to offences_free().
 */
int offences_new(const struct config_bans *bans, uint32_t sources, const uint64_t key[3],
		 struct offences **out);
void offences_free(struct offences *o);

/* New rules after a reload; what was counted stays unless a window's length has changed. */
void offences_configure(struct offences *o, const struct config_bans *bans);

/* Takes in one answer of the server. True: the source has earned a ban, *verdict says which, and
 * its counts start again from nothing. */
bool offences_note(struct offences *o, const struct offence *what, struct offence_verdict *verdict);

/* A ban has just been earned by an address behind which so many others are trusted. True: they are
 * to be spared, and only the port that offended is to be punished; as often as there are others,
 * within the time that the rule of `verdict` looks at. */
bool offences_excuse(struct offences *o, const struct offence *what,
		     const struct offence_verdict *verdict, uint32_t others);

#endif
