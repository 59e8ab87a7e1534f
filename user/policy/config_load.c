/* SPDX-License-Identifier: GPL-2.0-only */
/* From a file or text to a configuration object: the order in which the parts do their work. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/config_error.h"
#include "policy/config_file.h"
#include "policy/config_reader.h"

static const struct config_place nowhere = { 0, 0 };

static void no_memory(const char *name, struct config_errors *errs)
{
	config_error_add(errs, name, nowhere, "", "", "out of memory");
}

/* The tree is whole; what is wrong from here on is wrong with its meaning. */
static int fill_config(struct config *cfg, const struct config_tree *tree,
		       struct config_errors *errs)
{
	struct config_reader reader = { .cfg = cfg, .errs = errs, .tree = tree };

	config_read(&reader);
	config_networks_finish(&reader);
	/* A default stands where a value was wrong: comparing it would only mislead. */
	if (!errs->count) {
		config_limits_finish(&reader);
		config_cross_check(&reader);
		config_imports(&reader);
	}
	config_errors_sort(errs, cfg->file);
	if (reader.no_memory) {
		no_memory(cfg->file, errs);
		return -ENOMEM;
	}
	return errs->count ? -EINVAL : 0;
}

int config_parse(const char *text, size_t len, const char *name, struct config **out,
		 struct config_errors *errs)
{
	struct config_tree *tree;
	struct config *cfg;
	int err;

	memset(errs, 0, sizeof(*errs));
	if (len > CONFIG_FILE_BYTES_MAX) {
		config_error_add(errs, name, nowhere, "", "at most 1 MiB", "the file is too large");
		return -EINVAL;
	}
	err = config_tree_parse(text, len, name, &tree, errs);
	if (err)
		return err;
	cfg = calloc(1, sizeof(*cfg));
	if (cfg)
		cfg->file = strdup(name);
	if (!cfg || !cfg->file) {
		no_memory(name, errs);
		err = -ENOMEM;
	} else {
		err = fill_config(cfg, tree, errs);
	}
	config_tree_free(tree);
	if (err)
		config_free(cfg);
	else
		*out = cfg;
	return err;
}

int config_load(const char *path, struct config **out, struct config_errors *errs)
{
	char *text;
	size_t len;
	int err = config_file_read(path, CONFIG_FILE_BYTES_MAX, false, &text, &len);

	if (err) {
		memset(errs, 0, sizeof(*errs));
		if (err == -EFBIG)
			config_error_add(errs, path, nowhere, "", "at most 1 MiB",
					 "the file is too large");
		else
			config_error_add(errs, path, nowhere, "", "", "cannot be read: %s",
					 strerror(-err));
		return err;
	}
	err = config_parse(text, len, path, out, errs);
	free(text);
	return err;
}

void config_free(struct config *cfg)
{
	if (!cfg)
		return;
	for (size_t i = 0; i < cfg->service_count; i++) {
		free(cfg->services[i].listens);
		free(cfg->services[i].balance.backends);
		free(cfg->services[i].balance.import_path);
		free(cfg->services[i].balance.imported);
	}
	free(cfg->networks);
	free(cfg->file);
	free(cfg);
}
