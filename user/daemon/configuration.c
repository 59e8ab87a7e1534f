/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration as the command line asks for it: see configuration.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/configuration.h"
#include "daemon/daemon.h"
#include "daemon/log.h"

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

static int load(const struct options *options, struct config **out, struct config_errors *errors,
		char **problems)
{
	struct config *config;
	int err = config_load(options->config_path, &config, errors);

	if (err) {
		*problems = print_errors(errors);
		return err;
	}
	if (options->instance) /* options_parse() has looked at it */
		snprintf(config->instance, sizeof(config->instance), "%s", options->instance);
	err = config_check_host(config, errors);
	if (err) {
		*problems = print_errors(errors);
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

int configuration_exit_code(int err)
{
	return err == -EACCES || err == -EPERM ? DAEMON_NOT_PERMITTED : DAEMON_INVALID;
}
