/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpd: puts the packet path into the kernel, tracks what passes it, and answers sipxdpctl. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sipxdp/version.h>

#include "daemon/configuration.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/start.h"

static int check(const struct options *options)
{
	struct config *config;
	char *problems;
	int err = configuration_load(options, &config, &problems);

	if (err) {
		fputs(problems ? problems : strerror(-err), stderr);
		free(problems);
		return configuration_exit_code(err);
	}
	printf("%s: good\n", options->config_path);
	config_free(config);
	return DAEMON_DONE;
}

static int run(const struct options *options)
{
	struct daemon daemon = { .options = *options, .lock_fd = -1, .links_fd = -1 };
	int exit_code, err;

	log_open(options->verbose ? LOG_DEBUG : LOG_INFO);
	umask(0077);
	err = loop_block_signals();
	if (err) {
		log_error("signals: %s", strerror(-err));
		return DAEMON_UNREACHABLE;
	}
	exit_code = start(&daemon);
	if (exit_code != DAEMON_DONE)
		return exit_code;
	err = loop_run(&daemon);
	if (err < 0) {
		log_error("event loop: %s", strerror(-err));
		exit_code = DAEMON_UNREACHABLE;
	}
	stop(&daemon);
	return exit_code;
}

int main(int argc, char **argv)
{
	struct options options;

	if (options_parse(argc, argv, &options)) {
		options_help(stderr);
		return DAEMON_USAGE;
	}
	if (options.help) {
		options_help(stdout);
		return DAEMON_DONE;
	}
	if (options.version) {
		puts("sipxdpd " SIPXDP_VERSION);
		return DAEMON_DONE;
	}
	return options.check_only ? check(&options) : run(&options);
}
