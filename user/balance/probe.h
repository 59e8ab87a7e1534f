/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One probe: a socket, a request, an answer or none. It never waits: the caller polls the socket
 * and passes the clock (CLOCK_MONOTONIC) in. Sockets are plain ones and need no privilege.
 */
#ifndef SIPXDP_BALANCE_PROBE_H
#define SIPXDP_BALANCE_PROBE_H

#include <stdint.h>

#include "balance/options_message.h"

#define PROBE_INPUT_MAX 8192

enum probe_outcome {
	PROBE_PENDING,
	PROBE_ANSWERED,	   /* by a final response: status, round_trip_us */
	PROBE_REFUSED,	   /* an ICMP error, a reset connection, no route */
	PROBE_SILENT,	   /* no answer in time */
	PROBE_NO_RESOURCE, /* this host cannot ask: says nothing of the backend */
};

struct probe {
	int fd;
	struct options_message message;
	uint64_t begun_ns;
	uint64_t deadline_ns;
	uint64_t resend_ns; /* UDP: RFC 3261 section 17.1.2.2, timer E */
	uint64_t resend_after_ns;
	bool connecting; /* TCP: nothing has been sent */
	uint16_t status;
	uint32_t round_trip_us;
	size_t input_length;
	char input[PROBE_INPUT_MAX];
};

/*
 * Sends the request, or begins to connect. id: unguessable. With PROBE_PENDING probe->fd is to be
 * polled, and the probe to be given to probe_end(); otherwise it is over.
 */
enum probe_outcome probe_begin(struct probe *probe, const struct endpoint *to, bool tcp,
			       uint64_t timeout_ns, uint64_t id, uint64_t now_ns);

/* The socket is readable, or, while connecting, writable, or has an error. msg is scratch. */
enum probe_outcome probe_ready(struct probe *probe, struct sip_message *msg, uint64_t now_ns);

/* Time has passed: takes what has come, sends again what may have been lost, and gives up at the
 * deadline. msg is scratch. */
enum probe_outcome probe_elapsed(struct probe *probe, struct sip_message *msg, uint64_t now_ns);

/* When probe_elapsed() has something to do. */
uint64_t probe_next_ns(const struct probe *probe);

void probe_end(struct probe *probe);

/* In words, for logs: "no answer". Static text. */
const char *probe_outcome_text(enum probe_outcome outcome);

#endif
