/* SPDX-License-Identifier: GPL-2.0-only */
/* What `send` shows: each message with its time and direction, as it comes, or all of them in one
 * JSON document. */
#ifndef SIPXDP_CTL_SEND_LOG_H
#define SIPXDP_CTL_SEND_LOG_H

#include <jansson.h>

#include "ua/ua.h"

/* The arrays are NULL when text is printed. */
struct send_log {
	json_t *messages, *notes;
};

/* Starts a log in the form that was asked for. */
void send_log_open(struct send_log *log);

/* For struct ua_world: context is the log. */
void send_log_event(void *context, const struct ua_event *event);

/* A stream that was closed, as no message could be cut out of it. */
void send_log_garble(struct send_log *log, const struct ua_peer *peer, const char *data,
		     size_t length, const struct sip_error *fault);

/* Prints the document, of a JSON log, and frees it. Returns an exit code: CTL_DONE, or CTL_NO after
 * a complaint. */
int send_log_close(struct send_log *log, const struct ua_order *order,
		   const struct ua_result *result);

#endif
