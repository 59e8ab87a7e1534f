// SPDX-License-Identifier: GPL-2.0-only
/* Refused credentials and AoR enumeration by source. A window is cut into slices, of which the
 * latest ones that fit into it count: so nothing older than the window is ever held against a
 * source, and what is forgotten early is at most one slice. */
#include "policy/offence.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sipxdp/hash.h>
#include <sipxdp/time.h>

#define REFUSED_SLICES 8
#define AOR_SLICES     4
#define AOR_BITS       512u
#define AOR_WORDS      (AOR_BITS / 64)
#define WAYS	       8 /* sources that share a hash value's place */

/* Where more AoRs than that are asked for, only one in `sample` is looked at, so that some
 * SAMPLED of them make up the number. */
#define UNSAMPLED_MAX 1000u
#define SAMPLED	      500u

struct aor_slice {
	uint64_t tried[AOR_WORDS];
	uint64_t found[AOR_WORDS];
};

struct offender {
	struct sipxdp_addr net; /* all zero: place is free */
	uint64_t last_ns;
	uint64_t refused_slice; /* number, since the clock's start, of the latest slice */
	uint64_t aor_slice;
	uint64_t excused_ns; /* since when `excused` counts */
	uint32_t excused;    /* bans that were earned and not made */
	uint32_t refused[REFUSED_SLICES];
	struct aor_slice aors[AOR_SLICES];
};

struct offences {
	struct config_bans bans;
	uint32_t set_mask;
	uint32_t sample; /* one AoR in so many is counted */
	uint64_t key[3];
	uint32_t estimate[AOR_BITS + 1]; /* AoRs that have probably set so many bits */
	struct offender offenders[];	 /* sets of WAYS */
};

/* So many draws are expected until `bits` of AOR_BITS different bits are set; a full map says no
 * more than "many". */
static void fill_estimates(uint32_t estimate[AOR_BITS + 1])
{
	double draws = 0;

	for (uint32_t bits = 0; bits <= AOR_BITS; bits++) {
		estimate[bits] = (uint32_t)draws;
		if (bits < AOR_BITS)
			draws += (double)AOR_BITS / (AOR_BITS - bits);
	}
}

static uint32_t round_up(uint32_t sources)
{
	uint32_t n = OFFENCE_SOURCES_MIN;

	while (n < sources && n < OFFENCE_SOURCES_MAX)
		n *= 2;
	return n;
}

int offences_new(const struct config_bans *bans, uint32_t sources, const uint64_t key[3],
		 struct offences **out)
{
	struct offences *o;

	if (!sources)
		return -EINVAL;
	sources = round_up(sources);
	o = calloc(1, sizeof(*o) + (size_t)sources * sizeof(struct offender));
	if (!o)
		return -ENOMEM;
	o->set_mask = sources / WAYS - 1;
	memcpy(o->key, key, sizeof(o->key));
	fill_estimates(o->estimate);
	offences_configure(o, bans);
	*out = o;
	return 0;
}

void offences_free(struct offences *o)
{
	free(o);
}

void offences_configure(struct offences *o, const struct config_bans *bans)
{
	uint32_t aors = bans->enumeration.distinct_aors;
	uint32_t sample = aors > UNSAMPLED_MAX ? aors / SAMPLED : 1;
	bool same = o->bans.auth_failures.within_ns == bans->auth_failures.within_ns &&
		    o->bans.enumeration.within_ns == bans->enumeration.within_ns &&
		    o->sample == sample;

	o->bans = *bans;
	o->sample = sample;
	if (!same) /* slices of another length cannot be told apart from ours */
		memset(o->offenders, 0, (o->set_mask + 1ull) * WAYS * sizeof(struct offender));
}

/* The network that stands for one source: a host of IPv4, a /64 of IPv6. */
static struct sipxdp_prefix source_of(const struct sipxdp_addr *addr)
{
	struct sipxdp_prefix source = { .prefix_len = 128, .addr = *addr };

	if (!addr_is_ipv4(addr)) {
		source.prefix_len = 64;
		source.addr.word[2] = 0;
		source.addr.word[3] = 0;
	}
	return source;
}

/* The record of a source; if it has none, the place of the one that was silent for longest. */
static struct offender *offender_of(struct offences *o, const struct sipxdp_addr *net,
				    uint64_t now_ns)
{
	uint64_t set = hash_addr(net, (const __u64 *)o->key) & o->set_mask;
	struct offender *ways = &o->offenders[set * WAYS];
	struct offender *oldest = ways;

	for (int i = 0; i < WAYS; i++) {
		if (!memcmp(&ways[i].net, net, sizeof(*net)))
			return &ways[i];
		if (ways[i].last_ns < oldest->last_ns)
			oldest = &ways[i];
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->net = *net;
	oldest->last_ns = now_ns;
	return oldest;
}

/* The number of the slice that now_ns falls into; what comes a little late, as from another CPU,
 * goes with the latest one. */
static uint64_t slice_at(uint64_t now_ns, uint64_t within_ns, uint32_t slices, uint64_t latest)
{
	uint64_t length = within_ns / slices;
	uint64_t slice = length ? now_ns / length : now_ns;

	return slice + 1 == latest ? latest : slice;
}

/* How many of `slices` slices are over when slice `now` follows on slice `then`. A clock that was
 * set back makes all of them old: in doubt, nothing is held against a source. */
static uint64_t slices_over(uint64_t then, uint64_t now, uint64_t slices)
{
	if (now < then || now - then > slices)
		return slices;
	return now - then;
}

/* Moves the refusals on to now, adds one, and says how many the window holds. */
static uint32_t count_refused(struct offender *f, uint64_t within_ns, uint64_t now_ns)
{
	uint64_t slice = slice_at(now_ns, within_ns, REFUSED_SLICES, f->refused_slice);
	uint64_t over = slices_over(f->refused_slice, slice, REFUSED_SLICES);
	uint32_t sum = 0;

	for (uint64_t i = 0; i < over; i++)
		f->refused[(slice - i) % REFUSED_SLICES] = 0;
	f->refused_slice = slice;
	f->refused[slice % REFUSED_SLICES]++;
	for (int i = 0; i < REFUSED_SLICES; i++)
		sum += f->refused[i];
	return sum;
}

static struct aor_slice *current_aors(struct offender *f, uint64_t within_ns, uint64_t now_ns)
{
	uint64_t slice = slice_at(now_ns, within_ns, AOR_SLICES, f->aor_slice);
	uint64_t over = slices_over(f->aor_slice, slice, AOR_SLICES);

	for (uint64_t i = 0; i < over; i++)
		memset(&f->aors[(slice - i) % AOR_SLICES], 0, sizeof(f->aors[0]));
	f->aor_slice = slice;
	return &f->aors[slice % AOR_SLICES];
}

/* How many AoRs the source asked for within the window, and how many of them exist. */
static void count_aors(const struct offences *o, const struct offender *f, uint32_t *tried,
		       uint32_t *found)
{
	uint32_t tried_bits = 0, found_bits = 0;

	for (uint32_t word = 0; word < AOR_WORDS; word++) {
		uint64_t t = 0, s = 0;

		for (int i = 0; i < AOR_SLICES; i++) {
			t |= f->aors[i].tried[word];
			s |= f->aors[i].found[word];
		}
		tried_bits += (uint32_t)__builtin_popcountll(t);
		found_bits += (uint32_t)__builtin_popcountll(s);
	}
	*tried = o->estimate[tried_bits] * o->sample;
	*found = o->estimate[found_bits] * o->sample;
}

static bool too_many_refusals(const struct offences *o, struct offender *f,
			      const struct offence *what)
{
	const struct config_auth_failures *rule = &o->bans.auth_failures;

	if (what->kind != OFFENCE_REFUSED || !rule->count || !rule->ban_ns)
		return false;
	return count_refused(f, rule->within_ns, what->now_ns) >= rule->count;
}

static bool enumerates(const struct offences *o, struct offender *f, const struct offence *what)
{
	const struct config_enumeration *rule = &o->bans.enumeration;
	uint32_t bit = what->aor_hash % AOR_BITS, tried, found;
	struct aor_slice *aors;

	if (!rule->distinct_aors || !rule->ban_ns || what->aor_hash / AOR_BITS % o->sample)
		return false;
	aors = current_aors(f, rule->within_ns, what->now_ns);
	aors->tried[bit / 64] |= 1ull << bit % 64;
	if (what->kind == OFFENCE_NONE) {
		aors->found[bit / 64] |= 1ull << bit % 64;
		return false;
	}
	count_aors(o, f, &tried, &found);
	return tried >= rule->distinct_aors &&
	       (uint64_t)found * 100 < (uint64_t)tried * rule->success_below_percent;
}

static void pass_sentence(const struct offences *o, const struct offence *what,
			  struct offence_verdict *verdict)
{
	const struct config_bans *bans = &o->bans;

	if (verdict->origin == BAN_AUTH_FAILURES) {
		verdict->ban_ns = bans->auth_failures.ban_ns;
		snprintf(verdict->reason, sizeof(verdict->reason), "%u refused credentials in %us",
			 bans->auth_failures.count,
			 (uint32_t)(bans->auth_failures.within_ns / NSEC_PER_SEC));
	} else {
		verdict->ban_ns = bans->enumeration.ban_ns;
		snprintf(verdict->reason, sizeof(verdict->reason), "%u AoRs tried in %us",
			 bans->enumeration.distinct_aors,
			 (uint32_t)(bans->enumeration.within_ns / NSEC_PER_SEC));
	}
	if (!what->proven && verdict->ban_ns > bans->unproven_ns)
		verdict->ban_ns = bans->unproven_ns;
}

/* Its counts start again; what it was excused stays. */
static void forget_counts(struct offender *f)
{
	const struct offender kept = {
		.net = f->net,
		.last_ns = f->last_ns,
		.excused_ns = f->excused_ns,
		.excused = f->excused,
	};

	*f = kept;
}

bool offences_note(struct offences *o, const struct offence *what, struct offence_verdict *verdict)
{
	struct offence_verdict v = { .prefix = source_of(&what->addr) };
	bool refused, enumerating;
	struct offender *f;

	if (what->exempt)
		return false;
	f = offender_of(o, &v.prefix.addr, what->now_ns);
	f->last_ns = what->now_ns;
	refused = too_many_refusals(o, f, what);
	enumerating = enumerates(o, f, what);
	if (!refused && !enumerating)
		return false;
	v.origin = refused ? BAN_AUTH_FAILURES : BAN_ENUMERATION;
	pass_sentence(o, what, &v);
	forget_counts(f);
	if (!v.ban_ns)
		return false;
	*verdict = v;
	return true;
}

bool offences_excuse(struct offences *o, const struct offence *what,
		     const struct offence_verdict *verdict, uint32_t others)
{
	struct offender *f = offender_of(o, &verdict->prefix.addr, what->now_ns);
	uint64_t within_ns = verdict->origin == BAN_AUTH_FAILURES ? o->bans.auth_failures.within_ns
								  : o->bans.enumeration.within_ns;

	if (!f->excused || what->now_ns - f->excused_ns >= within_ns) {
		f->excused_ns = what->now_ns;
		f->excused = 0;
	}
	if (f->excused >= others)
		return false;
	f->excused++;
	return true;
}
