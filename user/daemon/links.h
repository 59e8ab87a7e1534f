/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interfaces that go and come back: a tunnel redialled, a card plugged in again, a driver reloaded.
 * What comes back under a configured name is another interface to the kernel, and nobody guards it
 * until it is attached to.
 */
#ifndef SIPXDP_DAEMON_LINKS_H
#define SIPXDP_DAEMON_LINKS_H

#include <stdbool.h>

/* Told of an interface: it has appeared or changed, or it is gone. name "": news were lost, any
 * may have changed. */
typedef void links_news(void *context, const char *name, bool gone);

/* Begins to listen; *fd is to be polled for input, and closed. 0 or -errno. */
int links_open(int *fd);

/* Takes in what there is, without waiting. */
void links_read(int fd, links_news *news, void *context);

/* Is a program of the instance attached to the interface that has that name now? True as well when
 * there is no such interface, or when it cannot be told. */
bool links_guarded(const char *instance, const char *name);

#endif
