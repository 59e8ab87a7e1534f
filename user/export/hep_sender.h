/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages on their way to a HEP3 collector over UDP, some of them at a time. Nothing here waits: what
 * the socket does not take is lost, and counted.
 */
#ifndef SIPXDP_EXPORT_HEP_SENDER_H
#define SIPXDP_EXPORT_HEP_SENDER_H

#include <stdint.h>

#include "export/hep.h"
#include "policy/config.h"

/* Numbers since hep_sender_open(). What was sent may still be lost on its way. */
struct hep_stats {
	uint64_t sent; /* messages */
	uint64_t lost; /* that could not be sent */
	int error;     /* why the last of them could not: errno; 0: all were sent */
};

struct hep_sender;

/* A collector that cannot be reached now is no error. 0 and *out, or -ENOMEM. */
int hep_sender_open(const struct config_hep *config, struct hep_sender **out);

/* What has been added is sent first. sender may be NULL. */
void hep_sender_close(struct hep_sender *sender);

/* Another collector from now on, or none. */
void hep_sender_configure(struct hep_sender *sender, const struct config_hep *config);

/* Takes a message, after those that came before it. Its capture_id and password are those of the
 * configuration; its time is moved on where it is not behind that of the last one. It is sent with the
 * next flush at the latest; without a collector it is forgotten. */
void hep_sender_add(struct hep_sender *sender, const struct hep_message *message);
void hep_sender_flush(struct hep_sender *sender);

/* To be called every second: after a failure, the way to the collector is looked for anew. */
void hep_sender_tick(struct hep_sender *sender);

void hep_sender_stats(const struct hep_sender *sender, struct hep_stats *out);

#endif
