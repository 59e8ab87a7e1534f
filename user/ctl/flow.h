/* SPDX-License-Identifier: GPL-2.0-only */
/* The messages of one call, as the daemon remembers them, read and named. */
#ifndef SIPXDP_CTL_FLOW_H
#define SIPXDP_CTL_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/report.h"
#include "policy/address.h"

#define FLOW_NAME_SIZE	48
#define FLOW_MEDIA_SIZE 32

struct flow_message {
	uint64_t time_unix_ns;
	struct endpoint source, destination;
	bool from_server;
	bool again; /* a retransmission */
	bool cut;   /* not all of the datagram is there */
	uint32_t cseq;
	char name[FLOW_NAME_SIZE];   /* "INVITE"; "180 Ringing" */
	char method[FLOW_NAME_SIZE]; /* of the CSeq */
	char media
		[FLOW_MEDIA_SIZE]; /* what its session description says: "PCMA", "PCMA hold"; "" */
	uint32_t length;	   /* of the datagram */
	uint32_t captured;	   /* octets of it in data */
	char *data;
};

struct flow {
	struct flow_message *messages; /* in the order in which they came */
	size_t count;
	uint64_t omitted; /* older ones */
};

/* Asks the daemon for the call's messages. An exit code after a complaint; but with quiet, nothing
 * is said of a daemon that is not there or knows of no messages. With CTL_DONE, *out is to be given
 * to flow_free(). */
int flow_ask(const char *call_id, bool quiet, struct flow *out);
void flow_free(struct flow *flow);

/* Starts an array "messages" in the report, or a table, and fills it. */
void flow_report(struct report *report, const struct flow *flow);

#endif
