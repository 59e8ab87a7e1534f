/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which backend each slot of a service's table belongs to. The table is that of Maglev (Eisenbud et
 * al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, section 3.4): 65,537
 * slots, and for each backend a permutation of them by its hash. The filling differs: the backends
 * do not take turns, each slot goes to the backend in whose permutation it comes first (later, the
 * smaller the weight, as in weighted rendezvous hashing), unless that one has its share and a little
 * more already; then it keeps those that it is first for, and the others go to their next choice.
 *
 * Turns make shares exact, but whoever leaves moves slots of others too: with 100 backends
 * 1.6 times its own share, with 1,000 seven times. Here it is at most 1.2 times, and a share may be
 * 4 % above what the weight says (more where a share is less than 900 slots: 1.2 times its square
 * root); maglev_limit() tells.
 *
 * The table follows from the set of members alone: neither from their order nor from what it was
 * before. So two hosts with the same members and the same key make the same table.
 */
#ifndef SIPXDP_BALANCE_MAGLEV_H
#define SIPXDP_BALANCE_MAGLEV_H

#include <stddef.h>

#include <sipxdp/map.h>

struct maglev_member {
	__u64 id;     /* a keyed hash of who it is, see maglev_id(); no two the same */
	__u32 weight; /* 1..MAGLEV_WEIGHT_MAX */
	__u32 place;  /* what its slots hold */
};

#define MAGLEV_WEIGHT_MAX 1000000

/* The id of a backend under the key of the maps' hashes. */
__u64 maglev_id(const struct sipxdp_peer *peer, const __u64 key[HASH_KEY_WORDS]);

/* The most slots that a member with that weight of all weights together gets. */
__u32 maglev_limit(__u32 weight, __u64 all_weights);

/* Fills the table; without members with zeros. 0; -EINVAL: a weight out of range, or more members
 * than BACKEND_MAX; -ENOMEM. */
int maglev_build(const struct maglev_member *members, size_t count, struct maglev_table *out);

#endif
