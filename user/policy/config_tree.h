/* SPDX-License-Identifier: GPL-2.0-only */
/* The YAML file as a tree in which everything knows its line and column. */
#ifndef SIPXDP_POLICY_CONFIG_TREE_H
#define SIPXDP_POLICY_CONFIG_TREE_H

#include "policy/config.h"

#define CONFIG_TREE_DEPTH_MAX	16
#define CONFIG_TREE_NODES_MAX	65536
#define CONFIG_TREE_MEMBERS_MAX 256 /* keys of one map */

enum config_node_kind {
	CONFIG_NODE_SCALAR,
	CONFIG_NODE_LIST,
	CONFIG_NODE_MAP,
};

struct config_node {
	enum config_node_kind kind;
	struct config_place place;
	const char *key; /* as a member of a map; else NULL */
	size_t key_len;
	struct config_place key_place;
	const char *text; /* of a scalar: not NUL-terminated, without control characters */
	size_t len;
	bool quoted;
	struct config_node *first; /* children of a map or list, in the file's order */
	struct config_node *next;  /* sibling */
	size_t count;		   /* of children */
};

struct config_tree;

/*
 * Parses one YAML document whose root is a map. Refuses syntax errors, several documents,
 * anchors, aliases, tags, duplicate keys, keys that are not plain words, control characters, and
 * what exceeds the limits above. 0 and *out, to be given to config_tree_free(); or -EINVAL or
 * -ENOMEM with at least one error added.
 */
int config_tree_parse(const char *text, size_t len, const char *name, struct config_tree **out,
		      struct config_errors *errs);
void config_tree_free(struct config_tree *tree);

const struct config_node *config_tree_root(const struct config_tree *tree);

/* The member with that name, or NULL. map may be NULL. */
const struct config_node *config_node_member(const struct config_node *map, const char *key);

/* Where services[0].limits.dialog stands, or as much of it as is there. */
struct config_place config_tree_place(const struct config_tree *tree, const char *path);

/* Whether a scalar says nothing at all: empty, ~ or null, not quoted. */
bool config_node_is_null(const struct config_node *node);

/* "a map", "a list", "nothing" or the quoted text, for "... is not a number". Returns out. */
const char *config_node_describe(const struct config_node *node, char *out, size_t size);

#endif
