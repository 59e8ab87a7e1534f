/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration as the command line asks for it: see configuration.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/configuration.h"
#include "daemon/log.h"
#include "policy/config_scalar.h"

static char *print_errors(const struct config_errors *errors)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	config_errors_print(errors, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int override_instance(struct config *config, const char *name, char **problems)
{
	if (!name)
		return 0;
	if (!config_instance_parse(name, strlen(name), config->instance))
		return 0;
	if (asprintf(problems,
		     "--instance: not a name; expected letters, digits, '-' and '_', at most %d\n",
		     CONFIG_NAME_SIZE - 1) < 0)
		*problems = NULL;
	return -EINVAL;
}

static int load(const struct options *options, struct config **out, struct config_errors *errors,
		char **problems)
{
	struct config *config;
	int err = config_load(options->config_path, &config, errors);

	if (err) {
		*problems = print_errors(errors);
		return err;
	}
	err = override_instance(config, options->instance, problems);
	if (!err) {
		err = config_check_host(config, errors);
		if (err)
			*problems = print_errors(errors);
	}
	if (err) {
		config_free(config);
		return err;
	}
	*out = config;
	return 0;
}

int configuration_load(const struct options *options, struct config **out, char **problems)
{
	struct config_errors *errors = malloc(sizeof(*errors)); /* too large for the stack */
	int err;

	*problems = NULL;
	if (!errors)
		return -ENOMEM;
	err = load(options, out, errors, problems);
	free(errors);
	return err;
}
