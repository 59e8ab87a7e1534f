/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration as the command line asks for it: file, instance name, this host. */
#ifndef SIPXDP_DAEMON_CONFIGURATION_H
#define SIPXDP_DAEMON_CONFIGURATION_H

#include "daemon/options.h"
#include "policy/config.h"

/*
 * Loads and checks the file. 0 and *out, to be given to config_free(). Else -errno, and *problems
 * is the text of what is wrong, a line each, FILE:LINE:COLUMN in front; to be freed (NULL if there
 * is no memory for it).
 */
int configuration_load(const struct options *options, struct config **out, char **problems);

/* What sipxdpd exits with after that -errno. */
int configuration_exit_code(int err);

#endif
