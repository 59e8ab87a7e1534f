/* SPDX-License-Identifier: GPL-2.0-only */
/* Who talks to the services. Three tables make one list: unknown, banned and network sources by
 * address, trusted and provisional ones by address and port. */
#ifndef SIPXDP_CTL_TALKERS_H
#define SIPXDP_CTL_TALKERS_H

#include <stdbool.h>

#include "ctl/rows.h"
#include "plane/maps.h"
#include "policy/address.h"

struct talker {
	struct prefix net;
	__u16 port;   /* 0: the whole address */
	__u8 service; /* SERVICE_HOST: of no one service */
	__u8 last_reason;
	__u8 last_class;
	bool has_last; /* else drops and last_* are not known, or there was no packet yet */
	const char *tier;
	__u64 packets;
	__u64 bytes; /* 0: not counted for this tier */
	__u64 drops;
	__u64 first_seen_ns;
	__u64 last_seen_ns; /* 0: not known for this tier */
};

#define TALKER_TEXT_SIZE ENDPOINT_TEXT_SIZE

/* All of them, rows of struct talker. 0 or -errno. */
int talkers_read(const struct maps *maps, struct rows *talkers);

/* For rows_sort(): the most packets or drops first, then the latest. */
int talkers_by_packets(const void *left, const void *right);
int talkers_by_drops(const void *left, const void *right);

/* The tier that it has now, by bans and networks too. Static text. */
const char *talker_tier(const struct maps *maps, const struct talker *talker, __u64 now);

/* "192.0.2.1", "192.0.2.1:5060", "2001:db8::/64". Returns out. */
const char *talker_print(const struct talker *talker, char out[TALKER_TEXT_SIZE]);

#endif
