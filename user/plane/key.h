/* SPDX-License-Identifier: GPL-2.0-only */
/* Map keys from and to the addresses that the rest of user space works with. */
#ifndef SIPXDP_PLANE_KEY_H
#define SIPXDP_PLANE_KEY_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include <sipxdp/address.h>
#include <sipxdp/map.h>

#include "policy/address.h"

static inline struct sipxdp_addr key_from_address(const struct in6_addr *address)
{
	struct sipxdp_addr key;

	memcpy(&key, address, sizeof(key));
	return key;
}

static inline struct in6_addr key_to_address(const struct sipxdp_addr *key)
{
	struct in6_addr address;

	memcpy(&address, key, sizeof(address));
	return address;
}

static inline struct sipxdp_prefix key_from_prefix(const struct prefix *prefix)
{
	return (struct sipxdp_prefix){ .prefix_len = prefix->length,
				       .addr = key_from_address(&prefix->address) };
}

static inline struct prefix key_to_prefix(const struct sipxdp_prefix *key)
{
	return (struct prefix){ .address = key_to_address(&key->addr),
				.length = (uint8_t)key->prefix_len };
}

static inline struct sipxdp_peer key_from_endpoint(const struct endpoint *endpoint)
{
	return (struct sipxdp_peer){ .addr = key_from_address(&endpoint->address),
				     .port = htons(endpoint->port) };
}

static inline struct endpoint key_to_endpoint(const struct sipxdp_peer *key)
{
	return (struct endpoint){ .address = key_to_address(&key->addr), .port = ntohs(key->port) };
}

/* Does it tell hosts of one /64 apart? Rows of `sources` do not, so settings.has_hosts6 must be set
 * before such an entry of `bans` or `networks` can hold. */
static inline bool key_tells_hosts_apart(const struct sipxdp_prefix *key)
{
	struct in6_addr address = key_to_address(&key->addr);

	return key->prefix_len > 64 && !address_is_ipv4(&address);
}

/* The row of `sources` that an address has: IPv4 by address, IPv6 by /64. */
static inline struct source_key key_of_source(const struct in6_addr *address, __u8 service)
{
	struct sipxdp_addr addr = key_from_address(address);
	struct source_key key = { .service = service };

	if (address_is_ipv4(address)) {
		key.family = 4;
		key.net[0] = addr.word[3];
	} else {
		key.family = 6;
		key.net[0] = addr.word[0];
		key.net[1] = addr.word[1];
	}
	return key;
}

/* What a row of `sources` stands for: an IPv4 host (length 128) or an IPv6 /64. */
static inline struct prefix key_source_prefix(const struct source_key *key)
{
	struct sipxdp_addr addr = { { 0 } };
	struct prefix prefix = { .length = 128 };

	if (key->family == 4) {
		addr.word[2] = htonl(0xffff);
		addr.word[3] = key->net[0];
	} else {
		addr.word[0] = key->net[0];
		addr.word[1] = key->net[1];
		prefix.length = 64;
	}
	prefix.address = key_to_address(&addr);
	return prefix;
}

#endif
