/* SPDX-License-Identifier: GPL-2.0-only */
/* An instance's maps at start: those that are pinned are adopted, others made, and those that are
 * to have another size are made anew and their entries moved. The map of programs is never adopted. */
#ifndef SIPXDP_PLANE_TABLES_H
#define SIPXDP_PLANE_TABLES_H

#include <stdbool.h>

#include "plane/maps.h"
#include "plane/object.h"
#include "policy/config.h"

struct tables {
	const char *instance; /* the caller's */
	int fd[MAP_COUNT];
	int old[MAP_COUNT];	/* the map whose entries are to be moved, or -1 */
	int running[2];		/* maps of the programs that are to be replaced, held until then */
	bool pinned[MAP_COUNT]; /* fd[] is what is pinned under the map's name */
	bool placed[MAP_COUNT]; /* pinned by us, under its name or beside it, to be undone */
	bool beside[MAP_COUNT]; /* pinned beside, to be moved over the pin of that name */
	bool adopted;		/* settings are those of the last run */
};

/*
 * Opens and makes. fresh: adopt nothing. 0; -EPROTO: what is pinned has another layout (logged,
 * with what to do about it); other -errno, logged. On error there is nothing to be closed.
 */
int tables_open(const char *instance, struct object *object, const struct config *cfg, bool fresh,
		struct tables *out);

/* Closes file descriptors; programs that were replaced are done with by then. */
void tables_close(struct tables *tables);

/*
 * Moves the entries of maps that were made anew. flags BPF_ANY before programs use the new maps;
 * BPF_NOEXIST after, for what came into the old ones in between. 0 or -errno.
 */
int tables_move(const struct tables *tables, __u64 flags);

/* Pins what is not pinned; maps made anew beside the old ones. 0 or -errno, logged and undone. */
int tables_pin(struct tables *tables);

/* The new maps take the names of the old ones. */
void tables_commit(struct tables *tables);

/* Takes back what tables_pin() did. */
void tables_undo(struct tables *tables);

#endif
