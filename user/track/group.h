/* SPDX-License-Identifier: GPL-2.0-only */
/* Bindings that have something in common, each kind in lists of its own: those of one AoR, those that
 * one peer made. */
#ifndef SIPXDP_TRACK_GROUP_H
#define SIPXDP_TRACK_GROUP_H

#include <stdint.h>

struct track;

enum group_kind {
	GROUP_AOR,  /* key: aor_hash() */
	GROUP_PEER, /* key: hash of the address and port that the last REGISTER came from */
	GROUP_KINDS,
};

struct group {
	uint64_t key;
	uint32_t first; /* binding */
	uint32_t pad;
};

/* In each binding, for each kind. */
struct group_link {
	uint32_t group;		 /* 0: in none */
	uint32_t next, previous; /* other bindings of it */
};

/* Puts a binding in front of all of its group, and takes it out of the one it was in. */
void group_join(struct track *t, enum group_kind kind, uint32_t index, uint64_t key);

/* Takes it out of the one it is in, if any. */
void group_leave(struct track *t, enum group_kind kind, uint32_t index);

/* The key of the group that it is in; 0: none. */
uint64_t group_of(const struct track *t, enum group_kind kind, uint32_t index);

/* The bindings of a group, the one that joined last first; 0: there are no more. */
uint32_t group_first(const struct track *t, enum group_kind kind, uint64_t key);
uint32_t group_next(const struct track *t, enum group_kind kind, uint32_t index);

#endif
