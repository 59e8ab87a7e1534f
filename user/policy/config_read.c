/* SPDX-License-Identifier: GPL-2.0-only */
/* Walks the tree by the schema: unknown, missing and mistyped keys, defaults, values. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/config_error.h"
#include "policy/config_nearest.h"
#include "policy/config_reader.h"

#define DEFAULT_SEPARATOR ", "

static void read_map(struct config_reader *reader, const struct config_node *map,
		     const char *parent, void *base);

static void report_value(struct config_reader *reader, const struct config_key *key,
			 const struct config_node *node, int err)
{
	char expected[CONFIG_EXPECTED_SIZE], found[CONFIG_QUOTE_SIZE];

	config_key_expected(key, expected);
	config_node_describe(node, found, sizeof(found));
	if (key->type == CONFIG_TYPE_SEED || key->type == CONFIG_TYPE_PASSWORD)
		snprintf(found, sizeof(found), "the value"); /* a secret is not for logs */
	switch (err) {
	case -ENOMEM: reader->no_memory = true; break;
	case -ECANCELED: break;
	case -EEXIST:
		config_reader_error(reader, node->place, "each once", "%s stands here twice",
				    found);
		break;
	case -ERANGE:
		if (key->type == CONFIG_TYPE_RATE)
			snprintf(expected, sizeof(expected), "a rate from 1/h to %llu/s, or off",
				 CONFIG_RATE_MAX);
		config_reader_error(reader, node->place, expected, "%s %s", found,
				    config_type_beyond(key->type));
		break;
	default:
		if (config_node_is_null(node))
			config_reader_error(reader, node->place, expected, "has no value");
		else
			config_reader_error(reader, node->place, expected, "%s is not %s", found,
					    config_type_noun(key->type));
		break;
	}
}

static void read_scalar(struct config_reader *reader, const struct config_key *key,
			const struct config_node *node, void *base)
{
	bool usable = node->kind == CONFIG_NODE_SCALAR && !config_node_is_null(node);
	int err = usable ? config_value_set(reader, key, node, base) : -EINVAL;

	if (err)
		report_value(reader, key, node, err);
}

/* {rate: 20/s, burst: 40}: keys within a value, the same for every rate. */
static void read_rate_map(struct config_reader *reader, const struct config_key *key,
			  const struct config_node *map, void *base)
{
	static const struct config_key burst_key = {
		.type = CONFIG_TYPE_NUMBER,
		.min = 1,
		.max = CONFIG_BURST_MAX,
	};
	struct config_rate *rate = (void *)((char *)base + key->offset);
	const struct config_node *rate_node = config_node_member(map, "rate");
	const struct config_node *burst_node = config_node_member(map, "burst");
	uint32_t burst = 0;
	size_t mark;

	for (const struct config_node *node = map->first; node; node = node->next)
		if (node != rate_node && node != burst_node)
			config_reader_error(reader, node->key_place, "{rate: 20/s, burst: 40}",
					    "a key that is no part of a rate");
	if (!rate_node) {
		config_reader_error(reader, map->place, "{rate: 20/s, burst: 40}",
				    "a rate without rate");
		return;
	}
	mark = config_reader_enter(reader, ".rate");
	read_scalar(reader, key, rate_node, base);
	config_reader_leave(reader, mark);
	if (burst_node) {
		mark = config_reader_enter(reader, ".burst");
		read_scalar(reader, &burst_key, burst_node, &burst);
		config_reader_leave(reader, mark);
		rate->burst = burst;
	}
}

#define LIST_EXPECTED_SIZE (CONFIG_EXPECTED_SIZE + 32)

/* What a list, or one value, must look like. Returns out. */
static const char *whole_expected(const struct config_key *key, char out[LIST_EXPECTED_SIZE])
{
	char expected[CONFIG_EXPECTED_SIZE];

	snprintf(out, LIST_EXPECTED_SIZE, "%s%s",
		 config_type_is_list(key->type) ? "a list, [...], each: " : "",
		 config_key_expected(key, expected));
	return out;
}

/* Whether node is a list of an allowed length; reports it if not. */
static bool check_list(struct config_reader *reader, const struct config_key *key,
		       const struct config_node *node)
{
	char expected[LIST_EXPECTED_SIZE], found[CONFIG_QUOTE_SIZE];

	if (config_node_is_null(node)) {
		config_reader_error(reader, node->place, whole_expected(key, expected),
				    "has no value");
		return false;
	}
	if (node->kind != CONFIG_NODE_LIST) {
		config_reader_error(reader, node->place, whole_expected(key, expected),
				    "%s is not a list",
				    config_node_describe(node, found, sizeof(found)));
		return false;
	}
	if (node->count < key->min || node->count > key->max) {
		snprintf(expected, sizeof(expected), "%zu to %zu", (size_t)key->min,
			 (size_t)key->max);
		config_reader_error(reader, node->place, expected, "a list of %zu", node->count);
		return false;
	}
	return true;
}

static void read_list(struct config_reader *reader, const struct config_key *key,
		      const struct config_node *list, void *base)
{
	size_t i = 0;

	if (!check_list(reader, key, list))
		return;
	config_list_clear(key, base);
	for (const struct config_node *node = list->first; node; node = node->next) {
		size_t mark = config_reader_enter(reader, "[%zu]", i++);

		read_scalar(reader, key, node, base);
		config_reader_leave(reader, mark);
	}
}

/* The default of one key, through the same way as a value of the file. */
static void fill_default(struct config_reader *reader, const struct config_key *key, void *base)
{
	bool list = config_type_is_list(key->type);
	const char *text = key->initial;
	struct config_rate *rate;

	while (text) {
		const char *end = list ? strstr(text, DEFAULT_SEPARATOR) : NULL;
		struct config_node node = {
			.kind = CONFIG_NODE_SCALAR,
			.text = text,
			.len = end ? (size_t)(end - text) : strlen(text),
			.quoted = true,
		};

		read_scalar(reader, key, &node, base);
		text = end ? end + strlen(DEFAULT_SEPARATOR) : NULL;
	}
	if (key->burst) {
		rate = (void *)((char *)base + key->offset);
		rate->usual_burst = key->burst;
	}
}

/* All defaults of the keys that begin with prefix, but not those of lists of maps below. */
static void fill_defaults(struct config_reader *reader, const char *prefix, void *base)
{
	size_t count, len = strlen(prefix);
	const struct config_key *schema = config_schema(&count);

	for (size_t i = 0; i < count; i++)
		if (strncmp(schema[i].path, prefix, len) == 0 && !strchr(schema[i].path + len, '['))
			fill_default(reader, &schema[i], base);
}

static void read_service(struct config_reader *reader, const struct config_node *node)
{
	struct config *cfg = reader->cfg;
	struct config_service *service = &cfg->services[cfg->service_count++];

	service->mode = cfg->mode;
	service->place = node->place;
	fill_defaults(reader, "services[].", service);
	read_map(reader, node, "services[]", service);
}

static void read_backend(struct config_reader *reader, const struct config_node *node,
			 struct config_balance *balance)
{
	struct config_backend *backend = &balance->backends[balance->backend_count++];

	backend->place = node->place;
	fill_defaults(reader, "services[].balance.backends[].", backend);
	read_map(reader, node, "services[].balance.backends[]", backend);
}

static void read_maps(struct config_reader *reader, const struct config_key *key,
		      const struct config_node *list, void *base)
{
	struct config_service *service = base;
	size_t i = 0;

	if (!check_list(reader, key, list))
		return;
	if (key->type == CONFIG_TYPE_BACKENDS && list->count) {
		service->balance.backends = calloc(list->count, sizeof(struct config_backend));
		if (!service->balance.backends) {
			reader->no_memory = true;
			return;
		}
	}
	for (const struct config_node *node = list->first; node; node = node->next) {
		size_t mark = config_reader_enter(reader, "[%zu]", i++);

		if (key->type == CONFIG_TYPE_SERVICES)
			read_service(reader, node);
		else
			read_backend(reader, node, &service->balance);
		config_reader_leave(reader, mark);
	}
}

static void read_key(struct config_reader *reader, const struct config_key *key,
		     const struct config_node *node, void *base)
{
	switch (key->type) {
	case CONFIG_TYPE_SECTION:
		if (key->offset)
			*(bool *)((char *)base + key->offset) = true;
		read_map(reader, node, key->path, base);
		break;
	case CONFIG_TYPE_SERVICES:
	case CONFIG_TYPE_BACKENDS: read_maps(reader, key, node, base); break;
	case CONFIG_TYPE_RATE:
		if (node->kind == CONFIG_NODE_MAP)
			read_rate_map(reader, key, node, base);
		else
			read_scalar(reader, key, node, base);
		break;
	default:
		if (config_type_is_list(key->type))
			read_list(reader, key, node, base);
		else
			read_scalar(reader, key, node, base);
		break;
	}
}

static bool is_plain_word(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~' || strchr("\"[].", text[i]))
			return false;
	return len <= CONFIG_NAME_SIZE;
}

static void report_unknown(struct config_reader *reader, const struct config_node *node,
			   const char *parent)
{
	struct config_nearest nearest = { .word = node->key, .len = node->key_len };
	char expected[sizeof(((struct config_error *)NULL)->expected)] = "one of";
	char quoted[CONFIG_QUOTE_SIZE];
	size_t count, mark, used = strlen(expected);
	const struct config_key *schema = config_schema(&count);
	const char *before = " ", *name;

	for (size_t i = 0; i < count; i++) {
		if (!config_schema_is_child(&schema[i], parent, &name))
			continue;
		config_nearest_try(&nearest, name, strlen(name));
		if (used < sizeof(expected))
			used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s%s",
						 before, name);
		before = ", ";
	}
	config_quote(node->key, node->key_len, quoted);
	mark = strlen(reader->path);
	if (is_plain_word(node->key, node->key_len))
		config_reader_enter(reader, "%s%.*s", mark ? "." : "", (int)node->key_len,
				    node->key);
	if (nearest.best)
		config_reader_error(reader, node->key_place, expected,
				    "unknown key %s (did you mean \"%.*s\"?)", quoted,
				    (int)nearest.best_len, nearest.best);
	else
		config_reader_error(reader, node->key_place, expected, "unknown key %s", quoted);
	config_reader_leave(reader, mark);
}

static void report_missing(struct config_reader *reader, const struct config_node *map,
			   const struct config_key *key)
{
	char expected[LIST_EXPECTED_SIZE];

	config_reader_error(reader, map->place, whole_expected(key, expected),
			    "this key is missing");
}

/* In the schema's order, not the file's: mode goes before services, rates before their burst. */
static void read_map(struct config_reader *reader, const struct config_node *map,
		     const char *parent, void *base)
{
	char found[CONFIG_QUOTE_SIZE];
	size_t count;
	const struct config_key *schema = config_schema(&count);

	if (config_node_is_null(map)) {
		config_reader_error(reader, map->place, "keys with values", "has no value");
		return;
	}
	if (map->kind != CONFIG_NODE_MAP) {
		config_reader_error(reader, map->place, "keys with values",
				    "%s is not a map of keys",
				    config_node_describe(map, found, sizeof(found)));
		return;
	}
	for (const struct config_node *node = map->first; node; node = node->next)
		if (!config_schema_find(parent, node->key, node->key_len))
			report_unknown(reader, node, parent);
	for (size_t i = 0; i < count; i++) {
		const struct config_node *node;
		const char *name;
		size_t mark;

		if (!config_schema_is_child(&schema[i], parent, &name))
			continue;
		node = config_node_member(map, name);
		mark = config_reader_enter(reader, "%s%s", reader->path[0] ? "." : "", name);
		if (node)
			read_key(reader, &schema[i], node, base);
		else if (schema[i].flags & CONFIG_KEY_REQUIRED)
			report_missing(reader, map, &schema[i]);
		config_reader_leave(reader, mark);
	}
}

void config_read(struct config_reader *reader)
{
	fill_defaults(reader, "", reader->cfg);
	read_map(reader, config_tree_root(reader->tree), "", reader->cfg);
}
