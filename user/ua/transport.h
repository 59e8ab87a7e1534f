/* SPDX-License-Identifier: GPL-2.0-only */
/* The sockets of a user agent: UDP and TCP at one address and port, ICMP errors, and a port for
 * media that is bound and silent. Every other file of this directory does without sockets. */
#ifndef SIPXDP_UA_TRANSPORT_H
#define SIPXDP_UA_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sip/error.h"
#include "ua/peer.h"

struct ua_sockets;

/* Looks a host up by getaddrinfo(); waits for it. 0, or -ENOENT: there is no such host; -EAGAIN:
 * no name server answered; -errno. */
int ua_look_up(const char *host, uint16_t port, struct endpoint *out);

/* Binds to the address that this host has towards `first`, and to that port (0: a free one). 0, or
 * -errno: there is no way to it, or the port is taken. */
int ua_sockets_open(const struct ua_peer *first, uint16_t port, struct ua_sockets **out);
void ua_sockets_close(struct ua_sockets *sockets); /* may be NULL */

/* Where it is reached, and the port for media. */
struct endpoint ua_sockets_local(const struct ua_sockets *sockets);
uint16_t ua_sockets_media_port(const struct ua_sockets *sockets);

/* Sends one message; over TCP by the stream it names, by one that there is, or by a new one, for
 * which it waits up to 4 s. 0 or -errno. */
int ua_sockets_send(struct ua_sockets *sockets, const struct ua_peer *to, const char *data,
		    size_t length);

/* What has happened. Data is valid until the next call. */
enum ua_arrival_kind {
	UA_ARRIVED_NOTHING,
	UA_ARRIVED_MESSAGE,
	UA_ARRIVED_LOSS,   /* what was sent to `peer` did not arrive: `error` */
	UA_ARRIVED_GARBLE, /* a stream was closed: no message can be cut out of it, see `fault` */
};

struct ua_arrival {
	enum ua_arrival_kind kind;
	struct ua_peer peer;
	const char *data;
	size_t length;
	int error; /* an errno above 0 */
	struct sip_error fault;
};

/*
 * Waits up to timeout_ms (-1: for ever) until something happens, `wake` (a file descriptor, or -1)
 * can be read, or a signal comes, and takes in one thing. What is there is taken in without
 * waiting, so that it may be called until there is nothing.
 */
void ua_sockets_wait(struct ua_sockets *sockets, int timeout_ms, int wake,
		     struct ua_arrival *arrival);

#endif
