/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watches every backend: sends probes, looks for silence, and keeps what it finds in the rows of
 * `backends`. What follows from it is the caller's.
 */
#ifndef SIPXDP_DAEMON_WATCH_H
#define SIPXDP_DAEMON_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "plane/maps.h"
#include "policy/config.h"

/* Numbers since watch_open(). */
struct watch_stats {
	uint64_t probes;
	uint64_t failures; /* probes without an answer that counts */
	uint64_t silences; /* intervals in which a backend answered nothing that it was sent */
	uint64_t unasked;  /* probes that this host had no resources for */
};

/* A backend is found to live, or to be dead; why is static text. */
typedef void watch_news(void *context, __u32 place, bool healthy, const char *why);

struct watch;

/* maps and event must outlive it. 0 and *out, or -errno. */
int watch_open(struct maps *maps, sd_event *event, watch_news *news, void *context,
	       struct watch **out);
void watch_close(struct watch *watch);

/*
 * Watches who is in the rows now, by the rules of its service, and stops watching who is not; to be
 * called after every change of a pool. rules[service]: NULL where it is not balanced; they must
 * stay until the next call.
 */
void watch_sync(struct watch *watch, const struct config_probe *const rules[SERVICE_MAX]);

/* By order of an operator: taken to live until probes say otherwise. */
void watch_restore(struct watch *watch, __u32 place);

/* Good news of that place do not count for now. */
void watch_hold(struct watch *watch, __u32 place, bool hold);

void watch_stats(const struct watch *watch, struct watch_stats *out);

#endif
