/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts that turn the tree into struct config share while they do it. */
#ifndef SIPXDP_POLICY_CONFIG_READER_H
#define SIPXDP_POLICY_CONFIG_READER_H

#include "policy/config.h"
#include "policy/config_schema.h"
#include "policy/config_tree.h"

#define CONFIG_PATH_SIZE 128

struct config_networks; /* see config_networks.c */

struct config_reader {
	struct config *cfg;
	struct config_errors *errs;
	const struct config_tree *tree;
	struct config_networks *networks;
	bool no_memory;
	char path[CONFIG_PATH_SIZE]; /* of what is being read: services[0].limits.dialog */
};

/*
 * The tree to the struct, by the schema: all defaults, then what the file says. Errors are added
 * to reader->errs.
 */
void config_read(struct config_reader *reader);

/*
 * One value (of a list: one item) into its place at base, which is what key->offset counts in.
 * 0; or -EINVAL: not such a value; -ERANGE: out of bounds; -EEXIST: the list has it already;
 * -ENOMEM; or -ECANCELED: wrong, and the error has been added.
 */
int config_value_set(struct config_reader *reader, const struct config_key *key,
		     const struct config_node *node, void *base);

/* Empties a list before the first item is put into it. */
void config_list_clear(const struct config_key *key, void *base);

/* One item of networks.exempt, deny or feed: a prefix, or the file that has them. As above. */
int config_networks_add(struct config_reader *reader, enum config_network_kind kind,
			const struct config_node *node);

/*
 * Sorts what was added into cfg->networks, without what is double and what a feed has inside
 * exempt networks, and checks it. To be called once, at the end, after errors too.
 */
void config_networks_finish(struct config_reader *reader);

/* Bursts and rates that follow from others, and what bounds them. */
void config_limits_finish(struct config_reader *reader);

/* What only holds between several keys: names, listens, pools, times, table sizes. */
void config_cross_check(struct config_reader *reader);

/* Reads the files that pools are imported from. */
void config_imports(struct config_reader *reader);

/* An error at reader->path and that place. */
void config_reader_error(struct config_reader *reader, struct config_place place,
			 const char *expected, const char *what, ...)
	__attribute__((format(printf, 4, 5)));

/* An error at the key that path names, or the nearest key above it that is in the file. */
void config_reader_error_at(struct config_reader *reader, const char *expected, const char *path,
			    const char *what, ...) __attribute__((format(printf, 4, 5)));

/* Appends to reader->path; the return is what config_reader_leave() wants to undo it. */
size_t config_reader_enter(struct config_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void config_reader_leave(struct config_reader *reader, size_t mark);

/* path beside the configuration's own file, unless it is absolute. NULL: no memory. */
char *config_path_resolve(const char *file, const char *path, size_t len);

#endif
