/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The running side of the balancer: pools that change, backends that die and come back, tables that
 * follow, pins of the dead. The maps hold all of it: a daemon that is started again goes on where
 * the last one stopped.
 */
#ifndef SIPXDP_DAEMON_BALANCING_H
#define SIPXDP_DAEMON_BALANCING_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "daemon/watch.h"
#include "plane/plane.h"
#include "policy/config.h"

/* Numbers since balancing_open(). */
struct balancing_stats {
	uint64_t ups;	 /* backends that were found to live again */
	uint64_t downs;	 /* that were found dead */
	uint64_t tables; /* made and put in force */
	uint64_t pins_dropped;
	struct watch_stats watch;
};

struct balancing;

/* config and plane must outlive it; what config has imported is replaced when the file changes. 0 and *out, to be given to balancing_close(); or -errno. */
int balancing_open(struct config *config, struct plane *plane, sd_event *event,
		   struct balancing **out);

/* May be NULL. The kernel goes on balancing by the tables that are in force. */
void balancing_close(struct balancing *balancing);

/* The pools are what another configuration says: it was put in force before. */
void balancing_reconfigure(struct balancing *balancing, struct config *config);

/* To be called every second. */
void balancing_tick(struct balancing *balancing);

void balancing_stats(const struct balancing *balancing, struct balancing_stats *out);

/* ---- by hand; each logs what it does. name: of a backend; service: of its service, or NULL where
 * the name is enough ---- */

enum balancing_answer {
	BALANCING_DONE,
	BALANCING_NO_SERVICE,
	BALANCING_NOT_BALANCED,
	BALANCING_WHICH_SERVICE, /* several have it, or could */
	BALANCING_NO_BACKEND,
	BALANCING_EXISTS, /* that name, or that address and port */
	BALANCING_BAD_ADDRESS,
	BALANCING_FULL,
};

/* *why is set with BALANCING_BAD_ADDRESS: static text. */
enum balancing_answer balancing_add(struct balancing *balancing, const char *service,
				    const char *name, const struct endpoint *endpoint,
				    uint32_t weight, const char **why);
enum balancing_answer balancing_remove(struct balancing *balancing, const char *service,
				       const char *name);
enum balancing_answer balancing_weight(struct balancing *balancing, const char *service,
				       const char *name, uint32_t weight);

/* ORDER_DRAIN, ORDER_DOWN, or ORDER_NONE: up, and probes decide. */
enum balancing_answer balancing_order(struct balancing *balancing, const char *service,
				      const char *name, enum backend_order order);

#endif
