/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a message goes or came from, and how a URI says where that is. */
#ifndef SIPXDP_UA_PEER_H
#define SIPXDP_UA_PEER_H

#include "policy/address.h"

#define UA_HOST_MAX 256
#define UA_SIP_PORT 5060

enum ua_transport { UA_UDP, UA_TCP };

struct ua_peer {
	struct endpoint at;
	enum ua_transport transport;
	uint32_t stream; /* TCP: the connection that a message came by; 0: any to that peer */
};

/* What a URI names, before a name is looked up. */
struct ua_hop {
	char host[UA_HOST_MAX]; /* a name, or an address without brackets */
	uint16_t port;
	enum ua_transport transport;
};

/*
 * The hop that a SIP URI leads to (RFC 3261 section 8.1.2 and 19.1.2; no NAPTR or SRV records are
 * looked up, which RFC 3263 would): its maddr or host, its port or 5060, its transport or `usual`.
 *
 * 0; -EINVAL: not a URI; -EPROTONOSUPPORT: a scheme or transport other than sip, UDP and TCP.
 */
int ua_hop_of_uri(const char *uri, enum ua_transport usual, struct ua_hop *hop);

/* "udp", "UDP" */
const char *ua_transport_name(enum ua_transport transport);
const char *ua_transport_token(enum ua_transport transport);

#endif
