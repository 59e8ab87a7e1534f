/* SPDX-License-Identifier: GPL-2.0-only */
/* From what the server answered to trust and bans: see facts.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/facts.h"
#include "daemon/log.h"
#include "plane/ban.h"
#include "plane/clock.h"
#include "plane/key.h"
#include "plane/trust.h"
#include "policy/config_scalar.h"
#include "policy/offence.h"
#include "track/siphash.h"

/* A refresh that is sent as late as the registration allows may take this long to be answered
 * (64 * T1: Timer F, RFC 3261 section 17.1.2.2). */
#define REFRESH_NS (32 * NSEC_PER_SEC)

/* Trust that calls give is renewed when this share of its time is over: a quarter. */
#define RENEWAL_SHARE 4

/* Counting those who are trusted at an address takes at most this share of the daemon's time. */
#define COUNTING_SHARE 20

/* Addresses, and trusted peers, watched for offences at a time. */
#define SOURCES_WATCHED 16384
#define PEERS_WATCHED	4096

/* Peers whose trust was looked up less than a second ago, each in the cell of its hash: all calls of a
 * trunk ask for the same one, twice each, and each look-up is a system call. */
#define TRUST_KEPT    1024
#define TRUST_KEPT_NS NSEC_PER_SEC

struct kept_trust {
	struct sipxdp_peer peer;
	uint64_t asked_ns; /* 0: free */
	struct trusted trusted;
};

struct facts {
	struct maps *maps;
	struct config_trust trust;
	struct siphash_key peer_key;
	struct offences *of_sources;
	struct offences *of_peers;
	uint64_t count_again_ns;  /* CLOCK_MONOTONIC: not before then, see COUNTING_SHARE */
	uint64_t unsure_since_ns; /* CLOCK_MONOTONIC, as is the next one: see know_less() */
	uint64_t unsure_until_ns;
	struct facts_stats stats;
	struct kept_trust kept[TRUST_KEPT];
};

int facts_open(const struct config *config, struct maps *maps, const uint64_t key[4],
	       struct facts **out)
{
	struct facts *facts = calloc(1, sizeof(*facts));
	int err;

	if (!facts)
		return -ENOMEM;
	facts->maps = maps;
	facts->trust = config->trust;
	facts->peer_key = (struct siphash_key){ { key[3], key[0] } };
	err = offences_new(&config->bans, SOURCES_WATCHED, key, &facts->of_sources);
	if (!err)
		err = offences_new(&config->bans, PEERS_WATCHED, key, &facts->of_peers);
	if (err) {
		facts_close(facts);
		return err;
	}
	/* what was sent while no daemon ran */
	facts_messages_lost(facts, clock_monotonic_ns());
	*out = facts;
	return 0;
}

void facts_close(struct facts *facts)
{
	if (!facts)
		return;
	offences_free(facts->of_peers);
	offences_free(facts->of_sources);
	free(facts);
}

void facts_reconfigure(struct facts *facts, const struct config *config)
{
	facts->trust = config->trust;
	offences_configure(facts->of_sources, &config->bans);
	offences_configure(facts->of_peers, &config->bans);
}

void facts_stats(const struct facts *facts, struct facts_stats *out)
{
	*out = facts->stats;
}

static bool trust_lookup(const struct facts *facts, const struct sipxdp_peer *peer, uint64_t now_ns,
			 struct trusted *out)
{
	return !maps_get(facts->maps, MAP_TRUSTED, peer, out) &&
	       (!out->until_ns || out->until_ns > now_ns);
}

static struct kept_trust *kept_cell(struct facts *facts, const struct sipxdp_peer *peer)
{
	uint32_t hash = (peer->addr.word[3] ^ peer->addr.word[1]) * 0x9e3779b1u +
			peer->port * 0x85ebca6bu;

	return &facts->kept[hash >> 16 & (TRUST_KEPT - 1)];
}

/* As trust_lookup(), where it does no harm if trust was taken back within the last second. */
static bool trust_recall(struct facts *facts, const struct sipxdp_peer *peer, uint64_t now_ns,
			 struct trusted *out)
{
	struct kept_trust *cell = kept_cell(facts, peer);

	if (cell->asked_ns && now_ns - cell->asked_ns < TRUST_KEPT_NS &&
	    !memcmp(&cell->peer, peer, sizeof(*peer)) &&
	    (!cell->trusted.until_ns || cell->trusted.until_ns > now_ns)) {
		*out = cell->trusted;
		return true;
	}
	if (!trust_lookup(facts, peer, now_ns, out))
		return false;
	*cell = (struct kept_trust){ .peer = *peer, .asked_ns = now_ns, .trusted = *out };
	return true;
}

static void trust_forget(struct facts *facts, const struct sipxdp_peer *peer)
{
	kept_cell(facts, peer)->asked_ns = 0;
}

/* Did the peer answer something that only the true owner of its address could have seen? */
static bool is_proven(const struct facts *facts, const struct sipxdp_peer *peer, uint64_t now_ns)
{
	struct provisional provisional;

	return !maps_get(facts->maps, MAP_PROVISIONAL, peer, &provisional) &&
	       provisional.until_ns > now_ns && provisional.proven;
}

/* Had it been challenged before the answer of now_ns? Else its credentials were for an older nonce, as
 * those of every phone are after its server was restarted: that is no offence. */
static bool was_challenged(const struct facts *facts, const struct sipxdp_peer *peer,
			   uint64_t now_ns)
{
	struct provisional provisional;

	return maps_get(facts->maps, MAP_PROVISIONAL, peer, &provisional) ||
	       provisional.since_ns < now_ns;
}

static bool is_exempt(const struct facts *facts, const struct sipxdp_addr *addr)
{
	struct sipxdp_prefix host = { .prefix_len = 128, .addr = *addr };
	struct network network;

	return __atomic_load_n(&facts->maps->settings->has_networks, __ATOMIC_RELAXED) &&
	       !maps_get(facts->maps, MAP_NETWORKS, &host, &network) &&
	       network.policy == POLICY_EXEMPT;
}

static void give_trust(struct facts *facts, const struct sipxdp_peer *peer, uint64_t until_ns,
		       enum trust_origin origin)
{
	int err = trust_add(facts->maps, peer, until_ns, origin);

	trust_forget(facts, peer);
	if (err) {
		facts->stats.failed++;
		log_limited(LOG_WARNING, "trust: cannot be written: %s", strerror(-err));
	} else {
		facts->stats.trusted++;
	}
}

/* Trust may have been given for a registration that the tracker does not know of, to last until then. Who
 * earns trust from now on is known. */
static void know_less(struct facts *facts, uint64_t until_ns)
{
	facts->unsure_since_ns = clock_monotonic_ns();
	if (facts->unsure_until_ns < until_ns)
		facts->unsure_until_ns = until_ns;
}

void facts_messages_lost(struct facts *facts, uint64_t now_ns)
{
	know_less(facts, now_ns + facts->trust.trusted_ns);
}

/* Up to when a trusted peer stays so whatever its registrations have: what a call gave it, and all that it
 * has if there may be registrations that are not known. */
static uint64_t kept_until(const struct facts *facts, const struct track_fact *fact,
			   const struct trusted *trusted, uint64_t now_ns)
{
	uint64_t called_ns = (trusted->called_s + 1) * TRUST_CALLED_NS + facts->trust.trusted_ns;
	bool unsure = now_ns < facts->unsure_until_ns &&
		      trusted->since_ns <= facts->unsure_since_ns;

	if (fact->more || fact->untracked || unsure)
		return trusted->until_ns;
	if (!trusted->called_s)
		return 0;
	return called_ns < trusted->until_ns ? called_ns : trusted->until_ns;
}

/* The time that the peer's registrations have takes the place of the kernel's default, longer or shorter.
 * When the last one was taken back, what is still under way may come to its end. */
static void take_registered(struct facts *facts, const struct track_fact *fact, uint64_t now_ns)
{
	uint64_t granted_ns = fact->seconds * NSEC_PER_SEC, until_ns;
	struct trusted trusted = { .until_ns = 0 };

	if (granted_ns > facts->trust.longest_ns)
		granted_ns = facts->trust.longest_ns;
	until_ns = now_ns + granted_ns + REFRESH_NS;
	if (fact->untracked) {
		/* as if it had been missed, but for the time that is given here */
		facts_messages_lost(facts, now_ns);
		know_less(facts, until_ns);
	}
	if (trust_lookup(facts, &fact->peer, now_ns, &trusted)) {
		uint64_t kept_ns = kept_until(facts, fact, &trusted, now_ns);

		if (until_ns < kept_ns)
			until_ns = kept_ns;
	}
	if (fact->seconds)
		give_trust(facts, &fact->peer, until_ns, TRUST_REGISTER);
	else if (until_ns < trusted.until_ns && trusted.origin != TRUST_HAND)
		give_trust(facts, &fact->peer, until_ns, trusted.origin);
}

/* An answered call renews trust, and never shortens it. What has most of its time left is let be:
 * a busy trunk would have its row rewritten with every call. */
static void take_answered(struct facts *facts, const struct track_fact *fact, uint64_t now_ns)
{
	uint64_t until_ns = now_ns + facts->trust.trusted_ns;
	uint64_t soon_ns = until_ns - facts->trust.trusted_ns / RENEWAL_SHARE;
	struct trusted trusted = { .origin = TRUST_INVITE };

	if (trust_recall(facts, &fact->peer, now_ns, &trusted) &&
	    (!trusted.until_ns || trusted.until_ns >= soon_ns))
		return;
	give_trust(facts, &fact->peer, until_ns, trusted.origin);
}

static void ban(struct facts *facts, const struct offence_verdict *verdict, bool proven,
		uint64_t now_ns)
{
	struct ban ban = {
		.until_ns = now_ns + verdict->ban_ns,
		.origin = verdict->origin,
		.proven = proven,
	};
	struct prefix prefix = key_to_prefix(&verdict->prefix);
	char text[PREFIX_TEXT_SIZE], duration[CONFIG_DURATION_TEXT_SIZE];
	int err;

	memcpy(ban.reason, verdict->reason, sizeof(ban.reason));
	prefix_print(&prefix, text);
	err = ban_add(facts->maps, &verdict->prefix, &ban, NULL);
	if (err == -EACCES)
		return; /* an exempt network, made so in this very moment or part of the prefix */
	if (err) {
		facts->stats.failed++;
		log_limited(LOG_WARNING, "ban: %s cannot be written: %s", text, strerror(-err));
		return;
	}
	facts->stats.bans++;
	log_limited(LOG_NOTICE, "ban: %s for %s: %s%s", text,
		    config_duration_print(verdict->ban_ns, duration), verdict->reason,
		    proven ? "" : " (address not proven)");
}

/* A row of its own in `of_peers`, which tells sources apart by address: a made-up IPv6 /64. */
static struct sipxdp_addr address_of_peer(const struct facts *facts, const struct sipxdp_peer *peer)
{
	uint64_t hash = siphash_of(&facts->peer_key, peer, sizeof(*peer));
	struct sipxdp_addr addr = { { htonl(0x20000000u | (uint32_t)(hash >> 35)),
				      htonl((uint32_t)hash), 0, 0 } };

	return addr;
}

static void note_trusted(struct facts *facts, const struct track_fact *fact,
			 struct offence *offence)
{
	struct endpoint endpoint = key_to_endpoint(&fact->peer);
	struct offence_verdict verdict;
	char text[ENDPOINT_TEXT_SIZE];

	offence->addr = address_of_peer(facts, &fact->peer);
	if (!offences_note(facts->of_peers, offence, &verdict))
		return;
	trust_forget(facts, &fact->peer);
	if (trust_delete(facts->maps, &fact->peer))
		return;
	facts->stats.revoked++;
	log_limited(LOG_NOTICE, "trust: taken from %s: %s", endpoint_print(&endpoint, text),
		    verdict.reason);
}

/* How many others are trusted at the address. 0 also when there is no time to count them: an attack
 * from many addresses at once is not to keep the daemon busy. */
static uint32_t count_others(struct facts *facts, const struct sipxdp_prefix *address,
			     const struct sipxdp_peer *peer, uint64_t now_ns)
{
	uint64_t begin_ns = clock_monotonic_ns(), end_ns;
	uint32_t others = 0;

	if (begin_ns < facts->count_again_ns ||
	    trust_count_others(facts->maps, address, peer, now_ns, &others))
		return 0;
	end_ns = clock_monotonic_ns();
	facts->count_again_ns = end_ns + (end_ns - begin_ns) * COUNTING_SHARE;
	return others;
}

/* The port alone is refused for as long as its address would have been banned. */
static void withhold(struct facts *facts, const struct sipxdp_peer *peer,
		     const struct offence_verdict *verdict, uint64_t now_ns)
{
	struct endpoint endpoint = key_to_endpoint(peer);
	char text[ENDPOINT_TEXT_SIZE], duration[CONFIG_DURATION_TEXT_SIZE];
	int err = trust_withhold(facts->maps, peer, now_ns + verdict->ban_ns);

	if (err) {
		facts->stats.failed++;
		log_limited(LOG_WARNING, "trust: cannot be withheld: %s", strerror(-err));
		return;
	}
	facts->stats.withheld++;
	log_limited(LOG_NOTICE,
		    "trust: withheld from %s for %s: %s; others at its address are trusted",
		    endpoint_print(&endpoint, text),
		    config_duration_print(verdict->ban_ns, duration), verdict->reason);
}

/* Neighbours do not answer for each other: where others are trusted, phones that are not yet are to be
 * spared as well. */
static void punish(struct facts *facts, const struct sipxdp_peer *peer,
		   const struct offence *offence, const struct offence_verdict *verdict)
{
	uint32_t others = count_others(facts, &verdict->prefix, peer, offence->now_ns);

	if (others && offences_excuse(facts->of_sources, offence, verdict, others))
		withhold(facts, peer, verdict, offence->now_ns);
	else
		ban(facts, verdict, offence->proven, offence->now_ns);
}

static void take_offence(struct facts *facts, const struct track_fact *fact, enum offence_kind kind,
			 uint64_t now_ns)
{
	struct offence_verdict verdict;
	struct trusted trusted;
	bool is_trusted;
	struct offence offence = {
		.addr = fact->peer.addr,
		.kind = kind,
		.exempt = is_exempt(facts, &fact->peer.addr),
		.aor_hash = fact->aor_hash,
		.now_ns = now_ns,
	};

	if (kind == OFFENCE_REFUSED && !was_challenged(facts, &fact->peer, now_ns))
		return;
	is_trusted = kind == OFFENCE_NONE ? trust_recall(facts, &fact->peer, now_ns, &trusted)
					  : trust_lookup(facts, &fact->peer, now_ns, &trusted);
	if (!offence.exempt && is_trusted) {
		/* What was trusted by hand only a hand takes back. */
		if (trusted.origin != TRUST_HAND)
			note_trusted(facts, fact, &offence);
		return;
	}
	offence.proven = is_proven(facts, &fact->peer, now_ns);
	if (offences_note(facts->of_sources, &offence, &verdict))
		punish(facts, &fact->peer, &offence, &verdict);
}

void facts_take(struct facts *facts, const struct track_fact *fact, uint64_t now_ns)
{
	switch (fact->kind) {
	case TRACK_REGISTERED: take_registered(facts, fact, now_ns); break;
	case TRACK_ANSWERED: take_answered(facts, fact, now_ns); break;
	case TRACK_REFUSED: take_offence(facts, fact, OFFENCE_REFUSED, now_ns); break;
	case TRACK_UNKNOWN: take_offence(facts, fact, OFFENCE_UNKNOWN, now_ns); break;
	case TRACK_FOUND: take_offence(facts, fact, OFFENCE_NONE, now_ns); break;
	}
}
