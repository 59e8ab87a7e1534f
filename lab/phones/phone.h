/* SPDX-License-Identifier: GPL-2.0-only */
/* A phone: a user, an address and a UDP socket of its own, and the server all of them share. */
#ifndef LAB_PHONES_PHONE_H
#define LAB_PHONES_PHONE_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include "digest.h"
#include "message.h"

#define NSEC_PER_MSEC 1000000LL
#define NSEC_PER_SEC  1000000000LL

#define USER_MAX 32
#define PEER_MAX (INET6_ADDRSTRLEN + 9) /* "[address]:port" */

struct site {
	const char *domain;   /* of every address of record */
	const char *password; /* of every user */
	struct sockaddr_storage server;
	int64_t give_up;      /* ns after which a request without an answer has failed */
	unsigned int padding; /* octets by which INVITEs are made longer */
	uint64_t run;	      /* makes this process's Call-IDs, tags and branches its own */
};

struct phone {
	int fd;
	char user[USER_MAX];
	char peer[PEER_MAX]; /* as it stands in Via and Contact */
	struct credentials credentials;
};

/* Opens the phone's socket at an address (whose port is set), connected to the server.
 * 0 or -errno. */
int phone_open(struct phone *p, const struct site *site, const struct sockaddr_storage *address);

/* The same address, number further, and port. Source: the last octets, carried over. */
struct sockaddr_storage address_step(const struct sockaddr_storage *first, unsigned int number,
				     uint16_t port);

/* Sends one datagram. What cannot be sent now is lost, as on a network. */
void phone_send(const struct phone *p, const char *octets, size_t length);

int64_t now_ns(void); /* CLOCK_MONOTONIC */

#endif
