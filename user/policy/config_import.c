// SPDX-License-Identifier: GPL-2.0-only
/* Pools that are read from a file of Kamailio's dispatcher. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "balance/dispatcher.h"
#include "policy/config_error.h"
#include "policy/config_file.h"
#include "policy/config_reader.h"
#include "policy/config_scalar.h"

#define IMPORT_BYTES_MAX (1u << 20)

struct import {
	const struct config *cfg;
	const struct config_service *service;
	const char *key;
	struct config_errors *errs;
	struct config_backend *list; /* room for CONFIG_BACKENDS_MAX */
	size_t count;
};

static void add_error(void *context, uint32_t line, uint32_t column, const char *what,
		      const char *expected)
{
	struct import *import = context;

	config_error_add(import->errs, import->service->balance.import_path,
			 (struct config_place){ line, column }, import->key, expected, "%s", what);
}

static bool has_name(const struct import *import, const char *name)
{
	const struct config_balance *balance = &import->service->balance;

	for (size_t i = 0; i < import->count; i++) {
		if (!strcmp(import->list[i].name, name))
			return true;
	}
	for (size_t i = 0; i < balance->backend_count; i++) {
		if (!strcmp(balance->backends[i].name, name))
			return true;
	}
	return false;
}

/* The duid, if it can be a name; else the address and port; else, of a long IPv6 one, its line. */
static void give_name(const struct import *import, const struct dispatcher_entry *entry,
		      char out[CONFIG_NAME_SIZE])
{
	char text[ENDPOINT_TEXT_SIZE];

	if (entry->duid && !config_name_parse(entry->duid, entry->duid_length, out) &&
	    !has_name(import, out))
		return;
	endpoint_print(&entry->endpoint, text);
	if (strlen(text) < CONFIG_NAME_SIZE)
		memcpy(out, text, strlen(text) + 1);
	else
		snprintf(out, CONFIG_NAME_SIZE, "line-%u", entry->line);
}

static void add_entry(void *context, const struct dispatcher_entry *entry)
{
	struct import *import = context;
	const char *expected, *error;
	struct config_backend *backend;

	if (entry->set != import->service->balance.import_set)
		return;
	error = config_backend_wrong(import->cfg, import->service, &entry->endpoint, &expected);
	if (error) {
		add_error(import, entry->line, entry->column, error, expected);
		return;
	}
	for (size_t i = 0; i < import->count; i++) {
		const struct endpoint *before = &import->list[i].endpoint;

		if (before->port != entry->endpoint.port ||
		    !IN6_ARE_ADDR_EQUAL(&before->address, &entry->endpoint.address))
			continue;
		add_error(import, entry->line, entry->column,
			  "the set has that address and port already", "each once");
		return;
	}
	if (import->count == CONFIG_BACKENDS_MAX) {
		add_error(import, entry->line, entry->column, "too many destinations",
			  "at most 1024 in a set");
		return;
	}
	backend = &import->list[import->count];
	memset(backend, 0, sizeof(*backend));
	give_name(import, entry, backend->name);
	backend->endpoint = entry->endpoint;
	backend->weight = entry->weight;
	backend->place = (struct config_place){ entry->line, entry->column };
	import->count++;
}

static int read_import(struct import *import)
{
	const struct dispatcher_sink sink = { add_entry, add_error, import };
	const char *path = import->service->balance.import_path;
	char *text;
	size_t length;
	int err = config_file_read(path, IMPORT_BYTES_MAX, true, &text, &length);

	if (err == -ENOMEM)
		return err;
	if (err) {
		config_error_add(import->errs, path, (struct config_place){ 0, 0 }, import->key,
				 "a dispatcher.list of at most 1 MiB", "cannot be read: %s",
				 strerror(-err));
		return err;
	}
	dispatcher_read(text, length, &sink);
	free(text);
	if (!import->count && !import->errs->count && !import->service->balance.backend_count)
		config_error_add(import->errs, path, (struct config_place){ 0, 0 }, import->key,
				 "at least one", "no destination in set %u",
				 import->service->balance.import_set);
	return import->errs->count ? -EINVAL : 0;
}

static int import_service(const struct config *cfg, const struct config_service *service,
			  const char *key, struct config_backend **out, size_t *count,
			  struct config_errors *errs)
{
	struct import import = { .cfg = cfg, .service = service, .key = key, .errs = errs };
	int err;

	import.list = calloc(CONFIG_BACKENDS_MAX, sizeof(*import.list));
	if (!import.list)
		return -ENOMEM;
	err = read_import(&import);
	if (err) {
		free(import.list);
		return err;
	}
	*out = import.list;
	*count = import.count;
	return 0;
}

int config_import(const struct config *cfg, const struct config_service *service,
		  struct config_backend **out, size_t *count, struct config_errors *errs)
{
	memset(errs, 0, sizeof(*errs));
	return import_service(cfg, service, "balance.import", out, count, errs);
}

void config_imports(struct config_reader *reader)
{
	struct config *cfg = reader->cfg;

	for (size_t i = 0; i < cfg->service_count; i++) {
		struct config_balance *balance = &cfg->services[i].balance;
		size_t mark;

		if (!cfg->services[i].balanced || !balance->import_path)
			continue;
		mark = config_reader_enter(reader, "services[%zu].balance.import", i);
		if (import_service(cfg, &cfg->services[i], reader->path, &balance->imported,
				   &balance->imported_count, reader->errs) == -ENOMEM)
			reader->no_memory = true;
		config_reader_leave(reader, mark);
	}
}
