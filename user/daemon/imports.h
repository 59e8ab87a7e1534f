/* SPDX-License-Identifier: GPL-2.0-only */
/* News of the files that pools are imported from: written anew, or replaced by another. */
#ifndef SIPXDP_DAEMON_IMPORTS_H
#define SIPXDP_DAEMON_IMPORTS_H

#include <systemd/sd-event.h>

#include "policy/config.h"

/* The import of config->services[index] may have changed. */
typedef void imports_news(void *context, size_t index);

struct imports;

/* 0 and *out, or -errno. */
int imports_open(sd_event *event, imports_news *news, void *context, struct imports **out);
void imports_close(struct imports *imports);

/* Follows the imports of another configuration, and no others. What cannot be followed is logged.
 * config must stay until the next call. */
void imports_follow(struct imports *imports, const struct config *config);

#endif
