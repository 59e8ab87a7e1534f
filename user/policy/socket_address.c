// SPDX-License-Identifier: GPL-2.0-only
/* Endpoints as the socket calls want and give them: see socket_address.h. */
#include "policy/socket_address.h"

#include <string.h>

#define IPV4_BYTE (ADDRESS_IPV4_OFFSET / 8)

socklen_t socket_address_make(const struct endpoint *endpoint, union socket_address *out)
{
	memset(out, 0, sizeof(*out));
	if (!address_is_ipv4(&endpoint->address)) {
		out->ipv6.sin6_family = AF_INET6;
		out->ipv6.sin6_addr = endpoint->address;
		out->ipv6.sin6_port = htons(endpoint->port);
		return sizeof(out->ipv6);
	}
	out->ipv4.sin_family = AF_INET;
	memcpy(&out->ipv4.sin_addr, &endpoint->address.s6_addr[IPV4_BYTE],
	       sizeof(out->ipv4.sin_addr));
	out->ipv4.sin_port = htons(endpoint->port);
	return sizeof(out->ipv4);
}

struct endpoint socket_address_read(const union socket_address *address)
{
	if (address->any.sa_family == AF_INET)
		return (struct endpoint){ address_from_ipv4(address->ipv4.sin_addr.s_addr),
					  ntohs(address->ipv4.sin_port) };
	return (struct endpoint){ address->ipv6.sin6_addr, ntohs(address->ipv6.sin6_port) };
}
