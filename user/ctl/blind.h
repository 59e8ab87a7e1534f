/* SPDX-License-Identifier: GPL-2.0-only */
/* What `status` has gathered, and every way in which sipxdp is blind or idle, said in words. */
#ifndef SIPXDP_CTL_BLIND_H
#define SIPXDP_CTL_BLIND_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/counters.h"
#include "ctl/instance.h"
#include "plane/maps.h"
#include "plane/status.h"

/* A table this full, in percent, is worth a warning. */
#define BLIND_FILL_PERCENT 90

struct table_fill {
	enum map_id id;
	bool evicts; /* full: the entry used least lately goes; else new ones are refused */
	int err;     /* of counting: 0 or -errno */
	__u64 entries;
	__u64 room;
};
#define TABLES_MAX 9

struct view {
	const struct maps *maps;
	int attach_err; /* of status_read(): 0 or -errno, then attach means nothing */
	struct status attach;
	int daemon_err; /* of client_ask() */
	json_t *daemon; /* its reply, or NULL */
	struct counters *counters;
	struct service_names names;
	struct service services[SERVICE_MAX]; /* in_use 0: not configured */
	struct table_fill tables[TABLES_MAX];
};

#define BLIND_MAX  48
#define BLIND_TEXT 512

struct blind {
	char text[BLIND_MAX][BLIND_TEXT]; /* printable ASCII */
	size_t count;
};

/* Fills out with one sentence for each way; what is worst comes first. */
void blind_find(const struct view *view, struct blind *out);

/* Backends of a service, those that are leaving left out; *down (may be NULL): of these, how many
 * get nothing. */
unsigned int blind_backends(const struct view *view, unsigned int service, unsigned int *down);

#endif
