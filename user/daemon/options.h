/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of sipxdpd. */
#ifndef SIPXDP_DAEMON_OPTIONS_H
#define SIPXDP_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#define OPTIONS_CONFIG_DEFAULT "/etc/sipxdp/sipxdp.yaml"

struct options {
	const char *config_path;
	const char *instance; /* NULL: as the configuration says */
	bool check_only;
	bool fresh;	      /* begin with empty maps */
	unsigned int verbose; /* 1: debugging messages; 2: those of the BPF libraries too */
	bool version;
	bool help;
};

/* 0, or -EINVAL after one line about it on stderr. Texts point into argv. */
int options_parse(int argc, char **argv, struct options *out);

void options_help(FILE *out);

#endif
