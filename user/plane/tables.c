// SPDX-License-Identifier: GPL-2.0-only
/* Maps at start: adopted, made, resized. */
#include "plane/tables.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plane/log.h"
#include "plane/pin.h"

static void log_refusal(const char *instance, const char *why)
{
	plane_log(PLANE_LOG_ERROR,
		  "instance '%s': %s. Its bans, trust and dialogs cannot be taken over. Start once "
		  "with --fresh to go on with empty maps, or remove it with `sipxdpctl --instance "
		  "%s detach` first",
		  instance, why, instance);
}

/* A file descriptor, -ENOENT or other -errno (logged). */
static int open_map(const char *instance, enum map_id id)
{
	char path[PIN_PATH_SIZE];
	int fd, err = pin_path(instance, maps_name(id), path);

	if (err)
		return err;
	fd = pin_open(path);
	if (fd < 0 && fd != -ENOENT)
		plane_log(PLANE_LOG_ERROR, "%s cannot be opened as a map: %s", path, strerror(-fd));
	return fd;
}

/* Whether there are maps to adopt: 1, 0, -EPROTO (logged) or other -errno. */
static int look_for_settings(const char *instance)
{
	char why[MAPS_MESSAGE_SIZE];
	__u32 layout = 0;
	int fd = open_map(instance, MAP_SETTINGS);
	int err;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	err = maps_layout(fd, &layout);
	close(fd);
	if (err == -EPROTO || (!err && layout != SIPXDP_LAYOUT)) {
		snprintf(why, sizeof(why), "the pinned maps have layout %u, this program has %u",
			 layout, SIPXDP_LAYOUT);
		log_refusal(instance, why);
		return -EPROTO;
	}
	return err ? err : 1;
}

/* bpffs allows no dot; no map's name ends like this. */
static int beside_path(const struct tables *tables, enum map_id id, char out[PIN_PATH_SIZE])
{
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "%s-new", maps_name(id));
	return pin_path(tables->instance, name, out);
}

/*
 * The programs of this start are in a map of their own. Those that run go on in theirs until they
 * are replaced: they and these have no scratch in common, and may be of another version.
 */
static bool is_adopted(enum map_id id)
{
	return id != MAP_PROGRAMS;
}

/* The kernel empties a map of programs as soon as it is neither pinned nor open. The one beside is of a
 * start that was killed, and may be the one in force. */
static void hold_programs(struct tables *tables)
{
	char path[PIN_PATH_SIZE];

	if (!pin_path(tables->instance, maps_name(MAP_PROGRAMS), path))
		tables->running[0] = pin_open(path);
	if (!beside_path(tables, MAP_PROGRAMS, path))
		tables->running[1] = pin_open(path);
}

/* Takes the pinned map if it has the layout and the size; keeps it as old[] for another size. */
static int adopt_map(struct tables *tables, enum map_id id, __u32 entries)
{
	char why[MAPS_MESSAGE_SIZE];
	int fd = open_map(tables->instance, id);
	struct maps maps;
	__u32 room;
	int err;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	err = maps_check(id, fd, why);
	if (err) {
		close(fd);
		if (err == -EPROTO)
			log_refusal(tables->instance, why);
		return err;
	}
	maps.fd[id] = fd;
	room = maps_room(&maps, id);
	if (room == entries) {
		tables->fd[id] = fd;
		tables->pinned[id] = true;
		return 0;
	}
	plane_log(PLANE_LOG_INFO, "map %s goes from %u to %u entries", maps_name(id), room,
		  entries);
	tables->old[id] = fd;
	return 0;
}

int tables_open(const char *instance, struct object *object, const struct config *cfg, bool fresh,
		struct tables *out)
{
	struct tables tables = { .instance = instance, .running = { -1, -1 } };
	int err = fresh ? 0 : look_for_settings(instance);

	if (err < 0)
		return err;
	tables.adopted = err == 1;
	for (int id = 0; id < MAP_COUNT; id++)
		tables.fd[id] = tables.old[id] = -1;
	hold_programs(&tables);
	err = 0;
	for (int id = 0; id < MAP_COUNT && !err; id++) {
		__u32 entries = object_entries(object, cfg, (enum map_id)id);

		if (tables.adopted && is_adopted((enum map_id)id))
			err = adopt_map(&tables, (enum map_id)id, entries);
		if (!err && tables.fd[id] < 0) {
			tables.fd[id] = object_make_map(object, (enum map_id)id, entries);
			if (tables.fd[id] < 0)
				err = tables.fd[id];
		}
		if (!err)
			err = object_use_map(object, (enum map_id)id, tables.fd[id]);
	}
	if (err) {
		tables_close(&tables);
		return err;
	}
	*out = tables;
	return 0;
}

void tables_close(struct tables *tables)
{
	for (int id = 0; id < MAP_COUNT; id++) {
		if (tables->fd[id] >= 0)
			close(tables->fd[id]);
		if (tables->old[id] >= 0)
			close(tables->old[id]);
		tables->fd[id] = tables->old[id] = -1;
	}
	for (int i = 0; i < 2; i++) {
		if (tables->running[i] >= 0)
			close(tables->running[i]);
		tables->running[i] = -1;
	}
}

/* ---- moving ---- */

struct move {
	const struct maps *to;
	enum map_id id;
	__u64 flags;
	__u64 lost;
};

static int move_one(const void *key, const void *value, void *ctx)
{
	struct move *move = ctx;
	int err = maps_put(move->to, move->id, key, value, move->flags);

	if (err == -E2BIG || err == -ENOSPC) {
		move->lost++;
		return 0;
	}
	return err == -EEXIST ? 0 : err;
}

int tables_move(const struct tables *tables, __u64 flags)
{
	struct maps from, to;
	int err = 0;

	for (int id = 0; id < MAP_COUNT && !err; id++) {
		struct move move = { .to = &to, .id = (enum map_id)id, .flags = flags };

		/* What is in the ring is read by nobody now; placements are where their hash
		 * says, and last for minutes. */
		if (tables->old[id] < 0 || id == MAP_TAP || id == MAP_PLACEMENTS)
			continue;
		from.fd[id] = tables->old[id];
		to.fd[id] = tables->fd[id];
		err = maps_walk(&from, (enum map_id)id, move_one, &move);
		if (move.lost && flags == BPF_ANY)
			plane_log(PLANE_LOG_WARNING,
				  "map %s: %llu entries do not fit into its new size",
				  maps_name((enum map_id)id), (unsigned long long)move.lost);
		if (err)
			plane_log(PLANE_LOG_ERROR, "map %s cannot be moved: %s",
				  maps_name((enum map_id)id), strerror(-err));
	}
	return err;
}

/* ---- pins ---- */

static int pin_map(struct tables *tables, enum map_id id)
{
	char path[PIN_PATH_SIZE], beside[PIN_PATH_SIZE];
	int err;

	if (tables->pinned[id])
		return 0;
	err = pin_path(tables->instance, maps_name(id), path);
	if (!err)
		err = beside_path(tables, id, beside);
	if (!err)
		err = pin_remove(beside); /* left by a start that was killed */
	if (err)
		return err;
	tables->beside[id] = access(path, F_OK) == 0;
	err = pin_object(tables->fd[id], tables->beside[id] ? beside : path);
	if (!err)
		tables->placed[id] = true;
	return err;
}

int tables_pin(struct tables *tables)
{
	/* `settings` last: without it nothing else that is pinned counts. */
	for (int id = MAP_COUNT - 1; id >= 0; id--) {
		int err = pin_map(tables, (enum map_id)id);

		if (err) {
			plane_log(PLANE_LOG_ERROR, "map %s cannot be pinned: %s",
				  maps_name((enum map_id)id), strerror(-err));
			tables_undo(tables);
			return err;
		}
	}
	return 0;
}

void tables_commit(struct tables *tables)
{
	for (int id = MAP_COUNT - 1; id >= 0; id--) {
		char path[PIN_PATH_SIZE], beside[PIN_PATH_SIZE];
		int err;

		if (tables->beside[id]) {
			err = pin_path(tables->instance, maps_name((enum map_id)id), path);
			if (!err)
				err = beside_path(tables, (enum map_id)id, beside);
			if (!err)
				err = pin_move(beside, path);
			if (err)
				plane_log(PLANE_LOG_WARNING,
					  "map %s keeps a pin of its old self: %s",
					  maps_name((enum map_id)id), strerror(-err));
		}
		tables->beside[id] = false;
		tables->placed[id] = false;
		tables->pinned[id] = true;
	}
}

void tables_undo(struct tables *tables)
{
	/* `settings` first, see tables_pin(). */
	for (int id = 0; id < MAP_COUNT; id++) {
		char path[PIN_PATH_SIZE];
		int err;

		if (!tables->placed[id])
			continue;
		err = tables->beside[id]
			      ? beside_path(tables, (enum map_id)id, path)
			      : pin_path(tables->instance, maps_name((enum map_id)id), path);
		if (!err)
			pin_remove(path);
		tables->placed[id] = false;
		tables->beside[id] = false;
	}
}
