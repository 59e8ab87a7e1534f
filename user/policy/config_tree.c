/* SPDX-License-Identifier: GPL-2.0-only */
/* libyaml's events to a tree, refusing whatever a configuration has no use for. */
#include "policy/config_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "policy/config_error.h"

#define BLOCK_BYTES 16384

/* Nodes and texts live in blocks that are freed together. */
struct block {
	struct block *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) char bytes[];
};

struct config_tree {
	struct block *blocks;
	struct config_node *root;
	size_t nodes;
};

/* One map or list that is still open. */
struct level {
	struct config_node *node;
	struct config_node *last;
	const char *key; /* of the member whose value comes next; NULL: the key comes next */
	size_t key_len;
	struct config_place key_place;
};

struct builder {
	struct config_tree *tree;
	struct config_errors *errs;
	const char *name;
	struct level level[CONFIG_TREE_DEPTH_MAX];
	size_t depth;
};

static void *tree_alloc(struct config_tree *tree, size_t size)
{
	struct block *block = tree->blocks;
	void *bytes;

	size = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	if (!block || block->size - block->used < size) {
		size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;

		block = calloc(1, sizeof(*block) + room);
		if (!block)
			return NULL;
		block->size = room;
		block->next = tree->blocks;
		tree->blocks = block;
	}
	bytes = block->bytes + block->used;
	block->used += size;
	return bytes;
}

static struct config_place place_of(yaml_mark_t mark)
{
	/* libyaml counts from 0; the file's size keeps both well below 2^32. */
	return (struct config_place){ (uint32_t)mark.line + 1, (uint32_t)mark.column + 1 };
}

static int refuse(struct builder *b, struct config_place place, const char *expected,
		  const char *what)
{
	config_error_add(b->errs, b->name, place, "", expected, "%s", what);
	return -EINVAL;
}

static int no_memory(struct builder *b)
{
	config_error_add(b->errs, b->name, (struct config_place){ 0 }, "", "", "out of memory");
	return -ENOMEM;
}

static struct level *top(struct builder *b)
{
	return b->depth ? &b->level[b->depth - 1] : NULL;
}

static bool has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return true;
	return false;
}

static const struct config_node *find_member(const struct config_node *map, const char *key,
					     size_t len)
{
	if (!map || map->kind != CONFIG_NODE_MAP)
		return NULL;
	for (const struct config_node *node = map->first; node; node = node->next)
		if (node->key_len == len && memcmp(node->key, key, len) == 0)
			return node;
	return NULL;
}

static int check_key(struct builder *b, const struct level *map, const yaml_event_t *event)
{
	const char *key = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	struct config_place place = place_of(event->start_mark);
	const struct config_node *before;
	char quoted[CONFIG_QUOTE_SIZE];

	if (len == 0)
		return refuse(b, place, "a key", "a member without a key");
	if (map->node->count == CONFIG_TREE_MEMBERS_MAX)
		return refuse(b, place, "", "too many keys in one map");
	before = find_member(map->node, key, len);
	if (before) {
		config_error_add(b->errs, b->name, place, "", "each key once",
				 "%s stands here a second time, it is also in line %u",
				 config_quote(key, len, quoted), before->key_place.line);
		return -EINVAL;
	}
	return 0;
}

static const char *copy_text(struct builder *b, const yaml_event_t *event)
{
	size_t len = event->data.scalar.length;
	char *copy = tree_alloc(b->tree, len + 1);

	if (copy)
		memcpy(copy, event->data.scalar.value, len);
	return copy;
}

/* Appends a node to the innermost open map or list, under the key that was read before it. */
static int add_node(struct builder *b, enum config_node_kind kind, struct config_place place,
		    struct config_node **out)
{
	struct level *parent = top(b);
	struct config_node *node;

	if (b->tree->nodes == CONFIG_TREE_NODES_MAX)
		return refuse(b, place, "", "too many values in one file");
	node = tree_alloc(b->tree, sizeof(*node));
	if (!node)
		return no_memory(b);
	b->tree->nodes++;
	node->kind = kind;
	node->place = place;
	if (!parent) {
		b->tree->root = node;
	} else {
		node->key = parent->key;
		node->key_len = parent->key_len;
		node->key_place = parent->key_place;
		parent->key = NULL;
		if (parent->last)
			parent->last->next = node;
		else
			parent->node->first = node;
		parent->last = node;
		parent->node->count++;
	}
	*out = node;
	return 0;
}

static bool key_comes_next(struct builder *b)
{
	struct level *parent = top(b);

	return parent && parent->node->kind == CONFIG_NODE_MAP && !parent->key;
}

static int on_scalar(struct builder *b, const yaml_event_t *event)
{
	struct config_place place = place_of(event->start_mark);
	size_t len = event->data.scalar.length;
	bool is_key = key_comes_next(b);
	struct config_node *node;
	const char *text;
	int err;

	if (has_control((const char *)event->data.scalar.value, len))
		return refuse(b, place, "text on one line",
			      "a line break or another control character in a value");
	if (is_key) {
		err = check_key(b, top(b), event);
		if (err)
			return err;
	}
	text = copy_text(b, event);
	if (!text)
		return no_memory(b);
	if (is_key) {
		struct level *map = top(b);

		map->key = text;
		map->key_len = len;
		map->key_place = place;
		return 0;
	}
	err = add_node(b, CONFIG_NODE_SCALAR, place, &node);
	if (err)
		return err;
	node->text = text;
	node->len = len;
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return 0;
}

static int on_open(struct builder *b, enum config_node_kind kind, const yaml_event_t *event)
{
	struct config_place place = place_of(event->start_mark);
	struct config_node *node;
	int err;

	if (key_comes_next(b))
		return refuse(b, place, "a plain word", "a map or list as a key");
	if (b->depth == CONFIG_TREE_DEPTH_MAX)
		return refuse(b, place, "", "maps and lists are nested too deeply");
	err = add_node(b, kind, place, &node);
	if (err)
		return err;
	b->level[b->depth++] = (struct level){ .node = node };
	return 0;
}

static int refuse_extras(struct builder *b, struct config_place place, const yaml_char_t *anchor,
			 const yaml_char_t *tag)
{
	if (anchor)
		return refuse(b, place, "the value itself", "anchors (&name) are not used here");
	if (tag)
		return refuse(b, place, "the value alone", "tags (!name) are not used here");
	return 0;
}

static int on_event(struct builder *b, const yaml_event_t *event)
{
	struct config_place place = place_of(event->start_mark);
	int err;

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->tree->root)
			return refuse(b, place, "one document", "a second document in the file");
		return 0;
	case YAML_ALIAS_EVENT:
		return refuse(b, place, "the value itself", "aliases (*name) are not used here");
	case YAML_SCALAR_EVENT:
		err = refuse_extras(b, place, event->data.scalar.anchor, event->data.scalar.tag);
		return err ? err : on_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		err = refuse_extras(b, place, event->data.sequence_start.anchor,
				    event->data.sequence_start.tag);
		return err ? err : on_open(b, CONFIG_NODE_LIST, event);
	case YAML_MAPPING_START_EVENT:
		err = refuse_extras(b, place, event->data.mapping_start.anchor,
				    event->data.mapping_start.tag);
		return err ? err : on_open(b, CONFIG_NODE_MAP, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT: b->depth--; return 0;
	default: return 0;
	}
}

/* For bytes that are no text libyaml gives an offset instead of a line and column. */
static struct config_place place_of_offset(const char *text, size_t len, size_t offset)
{
	struct config_place place = { 1, 1 };

	for (size_t i = 0; i < offset && i < len; i++) {
		place.column++;
		if (text[i] == '\n')
			place = (struct config_place){ place.line + 1, 1 };
	}
	return place;
}

static int syntax_error(struct builder *b, const yaml_parser_t *parser, const char *text,
			size_t len)
{
	struct config_place place = place_of(parser->problem_mark);
	const char *problem = parser->problem ? parser->problem : "not YAML";

	if (parser->error == YAML_MEMORY_ERROR)
		return no_memory(b);
	if (parser->error == YAML_READER_ERROR)
		place = place_of_offset(text, len, parser->problem_offset);
	config_error_add(b->errs, b->name, place, "", "", "not valid YAML: %s%s%s", problem,
			 parser->context ? " " : "", parser->context ? parser->context : "");
	return -EINVAL;
}

static int read_events(struct builder *b, yaml_parser_t *parser, const char *text, size_t len)
{
	yaml_event_type_t type;
	int err;

	do {
		yaml_event_t event;

		if (!yaml_parser_parse(parser, &event))
			return syntax_error(b, parser, text, len);
		type = event.type;
		err = on_event(b, &event);
		yaml_event_delete(&event);
	} while (!err && type != YAML_STREAM_END_EVENT);
	return err;
}

static int check_root(struct builder *b)
{
	const struct config_node *root = b->tree->root;
	char found[CONFIG_QUOTE_SIZE];

	if (!root || config_node_is_null(root))
		return refuse(b, (struct config_place){ 1, 1 }, "at least interfaces and services",
			      "the file says nothing");
	if (root->kind == CONFIG_NODE_MAP)
		return 0;
	config_error_add(b->errs, b->name, root->place, "", "keys and values: interfaces: [eth0]",
			 "the file is %s", config_node_describe(root, found, sizeof(found)));
	return -EINVAL;
}

int config_tree_parse(const char *text, size_t len, const char *name, struct config_tree **out,
		      struct config_errors *errs)
{
	struct builder b = { .name = name, .errs = errs };
	yaml_parser_t parser;
	int err;

	b.tree = calloc(1, sizeof(*b.tree));
	if (!b.tree || !yaml_parser_initialize(&parser)) {
		free(b.tree);
		return no_memory(&b);
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	err = read_events(&b, &parser, text, len);
	if (!err)
		err = check_root(&b);
	yaml_parser_delete(&parser);
	if (err)
		config_tree_free(b.tree);
	else
		*out = b.tree;
	return err;
}

void config_tree_free(struct config_tree *tree)
{
	if (!tree)
		return;
	for (struct block *block = tree->blocks, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(tree);
}

const struct config_node *config_tree_root(const struct config_tree *tree)
{
	return tree->root;
}

const struct config_node *config_node_member(const struct config_node *map, const char *key)
{
	return find_member(map, key, strlen(key));
}

static const struct config_node *find_item(const struct config_node *list, size_t index)
{
	const struct config_node *node = list->kind == CONFIG_NODE_LIST ? list->first : NULL;

	while (node && index--)
		node = node->next;
	return node;
}

struct config_place config_tree_place(const struct config_tree *tree, const char *path)
{
	const struct config_node *node = tree->root;
	const struct config_node *found = node;

	while (found && *path) {
		if (*path == '[') {
			found = find_item(node, strtoul(path + 1, NULL, 10));
			path += strcspn(path, "]");
			path += *path == ']';
		} else {
			size_t len;

			path += *path == '.';
			len = strcspn(path, ".[");
			found = find_member(node, path, len);
			path += len;
		}
		if (found)
			node = found;
	}
	return node->place;
}

bool config_node_is_null(const struct config_node *node)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };

	if (node->kind != CONFIG_NODE_SCALAR || node->quoted)
		return false;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
		if (node->len == strlen(nulls[i]) && memcmp(node->text, nulls[i], node->len) == 0)
			return true;
	return false;
}

const char *config_node_describe(const struct config_node *node, char *out, size_t size)
{
	char quoted[CONFIG_QUOTE_SIZE];

	if (node->kind == CONFIG_NODE_MAP)
		snprintf(out, size, "a map");
	else if (node->kind == CONFIG_NODE_LIST)
		snprintf(out, size, "a list");
	else if (config_node_is_null(node))
		snprintf(out, size, "nothing");
	else
		snprintf(out, size, "%s", config_quote(node->text, node->len, quoted));
	return out;
}
