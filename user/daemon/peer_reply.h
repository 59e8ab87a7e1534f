/* SPDX-License-Identifier: GPL-2.0-only */
/* An address and port as replies give them: "192.0.2.1:5060", "[2001:db8::1]:5060". */
#ifndef SIPXDP_DAEMON_PEER_REPLY_H
#define SIPXDP_DAEMON_PEER_REPLY_H

#include <jansson.h>

#include "plane/key.h"

/* A new reference, or NULL without memory. */
static inline json_t *peer_reply(const struct sipxdp_peer *peer)
{
	struct endpoint endpoint = key_to_endpoint(peer);
	char text[ENDPOINT_TEXT_SIZE];

	return json_string(endpoint_print(&endpoint, text));
}

#endif
