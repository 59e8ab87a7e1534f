/* SPDX-License-Identifier: GPL-2.0-only */
/* Endpoints as the socket calls want and give them. */
#ifndef SIPXDP_POLICY_SOCKET_ADDRESS_H
#define SIPXDP_POLICY_SOCKET_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "policy/address.h"

union socket_address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

/* *out becomes one of AF_INET for an IPv4 address, else of AF_INET6. Its length. */
socklen_t socket_address_make(const struct endpoint *endpoint, union socket_address *out);

/* address is of AF_INET or AF_INET6; a zone of IPv6 is lost. */
struct endpoint socket_address_read(const union socket_address *address);

#endif
