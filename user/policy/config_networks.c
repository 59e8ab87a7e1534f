/* SPDX-License-Identifier: GPL-2.0-only */
/* networks.exempt, deny and feed: prefixes of the configuration and of the files it names. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/config_error.h"
#include "policy/config_file.h"
#include "policy/config_reader.h"

#define FILE_PREFIX	"file:"
#define FILE_BYTES_MAX	(64u << 20)
#define FILES_MAX	64
#define ENTRIES_AT_ONCE 1024

/* A prefix and where it was read, for an error that shows only when all are there. */
struct entry {
	struct prefix prefix;
	uint8_t kind;  /* enum config_network_kind */
	uint16_t file; /* index of config_networks.files */
	struct config_place place;
};

struct config_networks {
	struct entry *entries;
	size_t count;
	size_t room;
	char *files[FILES_MAX + 1]; /* the first is the configuration itself */
	size_t file_count;
};

/* Where lines of one file go. */
struct origin {
	struct config_reader *reader;
	enum config_network_kind kind;
	uint16_t file;
};

static int networks_start(struct config_reader *reader)
{
	struct config_networks *networks;

	if (reader->networks)
		return 0;
	networks = calloc(1, sizeof(*networks));
	if (!networks)
		return -ENOMEM;
	networks->files[0] = strdup(reader->cfg->file);
	if (!networks->files[0]) {
		free(networks);
		return -ENOMEM;
	}
	networks->file_count = 1;
	reader->networks = networks;
	return 0;
}

static void networks_free(struct config_networks *networks)
{
	for (size_t i = 0; i < networks->file_count; i++)
		free(networks->files[i]);
	free(networks->entries);
	free(networks);
}

/* 0, -ENOMEM, or -ENOSPC: there are too many. */
static int add_entry(struct config_networks *networks, const struct entry *entry)
{
	if (networks->count == CONFIG_NETWORKS_MAX)
		return -ENOSPC;
	if (networks->count == networks->room) {
		size_t room = networks->room ? 2 * networks->room : ENTRIES_AT_ONCE;
		struct entry *more = reallocarray(networks->entries, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		networks->entries = more;
		networks->room = room;
	}
	networks->entries[networks->count++] = *entry;
	return 0;
}

/* Parses and adds one prefix; reports what is wrong at its own file and place. */
static int add_prefix(const struct origin *origin, struct config_place place, const char *text,
		      size_t len)
{
	struct config_networks *networks = origin->reader->networks;
	const char *file = networks->files[origin->file];
	struct entry entry = { .kind = (uint8_t)origin->kind,
			       .file = origin->file,
			       .place = place };
	char quoted[CONFIG_QUOTE_SIZE];
	int err = prefix_parse(text, len, &entry.prefix);

	if (err) {
		config_error_add(origin->reader->errs, file, place, origin->reader->path,
				 "an address or ADDRESS/LENGTH, like 192.0.2.0/24 or 2001:db8::/32",
				 "%s %s", config_quote(text, len, quoted), prefix_strerror(err));
		return -ECANCELED;
	}
	err = add_entry(networks, &entry);
	if (err == -ENOSPC) {
		config_error_add(origin->reader->errs, file, place, origin->reader->path, "",
				 "more than %u networks in all", CONFIG_NETWORKS_MAX);
		return -ECANCELED;
	}
	return err;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A prefix, blanks around it, and a comment behind #; or nothing of it. */
static int add_line(const struct origin *origin, uint32_t number, const char *line, size_t len)
{
	const char *comment = memchr(line, '#', len);
	size_t at = 0;

	if (comment)
		len = (size_t)(comment - line);
	while (at < len && is_blank(line[at]))
		at++;
	while (len > at && is_blank(line[len - 1]))
		len--;
	if (at == len)
		return 0;
	return add_prefix(origin, (struct config_place){ number, (uint32_t)at + 1 }, line + at,
			  len - at);
}

/* Goes on after a wrong line, so that one run shows many; but not when no more are kept. */
static int add_lines(const struct origin *origin, const char *text, size_t len)
{
	const struct config_errors *errs = origin->reader->errs;
	uint32_t number = 1;
	int err = 0, line_err;

	for (size_t at = 0; at < len; number++) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line_len = end ? (size_t)(end - text) - at : len - at;

		line_err = add_line(origin, number, text + at, line_len);
		if (line_err)
			err = line_err;
		if (line_err == -ENOMEM || errs->more ||
		    (line_err && origin->reader->networks->count == CONFIG_NETWORKS_MAX))
			break;
		at += line_len + 1;
	}
	return err;
}

static int report_file(struct config_reader *reader, const struct config_node *node,
		       const char *path, int err)
{
	if (err == -ENOMEM)
		return err;
	if (err == -EFBIG)
		config_reader_error(reader, node->place, "at most 64 MiB", "%s is too large", path);
	else if (err == -EINVAL)
		config_reader_error(reader, node->place, "a file with one prefix in each line",
				    "%s: not a regular file", path);
	else
		config_reader_error(reader, node->place, "a file with one prefix in each line",
				    "%s: %s", path, strerror(-err));
	return -ECANCELED;
}

static int add_file(struct config_reader *reader, enum config_network_kind kind,
		    const struct config_node *node)
{
	struct config_networks *networks = reader->networks;
	struct origin origin = { reader, kind, (uint16_t)networks->file_count };
	size_t skip = strlen(FILE_PREFIX), len;
	char *path, *text;
	int err;

	if (node->len == skip)
		return -EINVAL;
	if (networks->file_count == FILES_MAX + 1) {
		config_reader_error(reader, node->place, "", "more than %d files", FILES_MAX);
		return -ECANCELED;
	}
	path = config_path_resolve(reader->cfg->file, node->text + skip, node->len - skip);
	if (!path)
		return -ENOMEM;
	networks->files[networks->file_count++] = path;
	err = config_file_read(path, FILE_BYTES_MAX, true, &text, &len);
	if (err)
		return report_file(reader, node, path, err);
	err = add_lines(&origin, text, len);
	free(text);
	return err;
}

int config_networks_add(struct config_reader *reader, enum config_network_kind kind,
			const struct config_node *node)
{
	struct origin origin = { reader, kind, 0 };
	int err = networks_start(reader);

	if (err)
		return err;
	if (node->len >= strlen(FILE_PREFIX) &&
	    memcmp(node->text, FILE_PREFIX, strlen(FILE_PREFIX)) == 0)
		return add_file(reader, kind, node);
	return add_prefix(&origin, node->place, node->text, node->len);
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = prefix_compare(&a->prefix, &b->prefix);

	if (order)
		return order;
	if (a->kind != b->kind)
		return (int)a->kind - (int)b->kind;
	if (a->file != b->file)
		return (int)a->file - (int)b->file;
	return a->place.line < b->place.line ? -1 : a->place.line > b->place.line;
}

_Static_assert(CONFIG_NETWORK_EXEMPT < CONFIG_NETWORK_DENY &&
		       CONFIG_NETWORK_DENY < CONFIG_NETWORK_FEED,
	       "of equal prefixes the operator's own word comes first");

/* Of equal prefixes the first one counts; that the operator says both yes and no is an error. */
static bool is_double(struct config_reader *reader, const struct entry *before,
		      const struct entry *entry)
{
	char text[PREFIX_TEXT_SIZE];

	if (prefix_compare(&before->prefix, &entry->prefix) != 0)
		return false;
	if (before->kind == CONFIG_NETWORK_EXEMPT && entry->kind == CONFIG_NETWORK_DENY)
		config_error_add(reader->errs, reader->networks->files[entry->file], entry->place,
				 "networks.deny", "a network in one of the two",
				 "%s is exempt as well", prefix_print(&entry->prefix, text));
	return true;
}

/* In the order of prefix_compare() a prefix comes right before those that it covers. */
static void take_entries(struct config_reader *reader)
{
	struct config_networks *networks = reader->networks;
	struct config *cfg = reader->cfg;
	const struct entry *before = NULL, *exempt = NULL;

	for (size_t i = 0; i < networks->count; i++) {
		const struct entry *entry = &networks->entries[i];

		if (before && is_double(reader, before, entry))
			continue;
		before = entry;
		if (exempt && prefix_covers(&exempt->prefix, &entry->prefix)) {
			if (entry->kind == CONFIG_NETWORK_FEED)
				continue;
		} else if (entry->kind == CONFIG_NETWORK_EXEMPT) {
			exempt = entry;
		}
		cfg->networks[cfg->network_count++] = (struct config_network){
			.prefix = entry->prefix,
			.kind = entry->kind,
		};
	}
}

void config_networks_finish(struct config_reader *reader)
{
	struct config_networks *networks = reader->networks;
	struct config *cfg = reader->cfg;

	if (!networks)
		return;
	if (networks->count) {
		qsort(networks->entries, networks->count, sizeof(struct entry), compare_entries);
		cfg->networks = calloc(networks->count, sizeof(*cfg->networks));
		if (cfg->networks)
			take_entries(reader);
		else
			reader->no_memory = true;
	}
	if (cfg->network_count > cfg->tables.networks)
		config_reader_error_at(reader, "room for all of them", "tables.networks",
				       "%u entries for %zu networks", cfg->tables.networks,
				       cfg->network_count);
	networks_free(networks);
	reader->networks = NULL;
}
