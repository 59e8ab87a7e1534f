/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses, prefixes and endpoints: text to v4-mapped IPv6 and back. */
#include "policy/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/decimal.h"

_Static_assert(ADDRESS_TEXT_SIZE == INET6_ADDRSTRLEN, "room for the longest address");

#define PORT_MAX 65535

static const struct prefix all_ipv4 = {
	.address = { .s6_addr = { [10] = 0xff, [11] = 0xff } },
	.length = ADDRESS_IPV4_OFFSET,
};

struct in6_addr address_from_ipv4(in_addr_t ipv4)
{
	struct in6_addr address = all_ipv4.address;

	memcpy(&address.s6_addr[12], &ipv4, sizeof(ipv4));
	return address;
}

bool address_is_ipv4(const struct in6_addr *address)
{
	return prefix_contains(&all_ipv4, address);
}

bool address_is_any(const struct in6_addr *address)
{
	return IN6_IS_ADDR_UNSPECIFIED(address) ||
	       memcmp(address, &all_ipv4.address, sizeof(*address)) == 0;
}

bool address_is_loopback(const struct in6_addr *address)
{
	if (address_is_ipv4(address))
		return address->s6_addr[12] == 127;
	return IN6_IS_ADDR_LOOPBACK(address);
}

bool address_is_multicast(const struct in6_addr *address)
{
	if (address_is_ipv4(address))
		return (address->s6_addr[12] & 0xf0) == 0xe0;
	return address->s6_addr[0] == 0xff;
}

/* inet_pton() keeps to RFC 4291 §2.2 and knows no zones, but wants a NUL. */
int address_parse(const char *text, size_t len, struct in6_addr *out)
{
	char copy[ADDRESS_TEXT_SIZE];
	struct in_addr ipv4;
	struct in6_addr ipv6;

	if (len == 0 || len >= sizeof(copy) || memchr(text, '\0', len))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';

	if (inet_pton(AF_INET, copy, &ipv4) == 1)
		*out = address_from_ipv4(ipv4.s_addr);
	else if (inet_pton(AF_INET6, copy, &ipv6) == 1)
		*out = ipv6;
	else
		return -EINVAL;
	return 0;
}

struct prefix prefix_of(const struct in6_addr *address, uint8_t length)
{
	struct prefix prefix = { .length = length };
	size_t whole = length / 8;

	memcpy(&prefix.address, address, whole);
	if (length % 8)
		prefix.address.s6_addr[whole] = address->s6_addr[whole] &
						(uint8_t)(0xff00u >> (length % 8));
	return prefix;
}

int prefix_parse(const char *text, size_t len, struct prefix *out)
{
	const char *slash = len ? memchr(text, '/', len) : NULL;
	size_t address_len = slash ? (size_t)(slash - text) : len;
	bool ipv4 = !(len && memchr(text, ':', address_len));
	uint64_t length = ipv4 ? ADDRESS_BITS - ADDRESS_IPV4_OFFSET : ADDRESS_BITS;
	struct in6_addr address;
	struct prefix prefix;
	int err;

	if (address_parse(text, address_len, &address))
		return -EINVAL;
	if (slash) {
		err = decimal_parse(slash + 1, len - address_len - 1, length, &length);
		if (err)
			return err;
	}
	if (ipv4)
		length += ADDRESS_IPV4_OFFSET;

	prefix = prefix_of(&address, (uint8_t)length);
	if (memcmp(&prefix.address, &address, sizeof(address)) != 0)
		return -EDOM;
	if (!ipv4 && length < ADDRESS_IPV4_OFFSET && prefix_covers(&prefix, &all_ipv4))
		return -EXDEV;
	*out = prefix;
	return 0;
}

const char *prefix_strerror(int err)
{
	switch (err) {
	case 0: return "no error";
	case -ERANGE: return "has a prefix length beyond its family's";
	case -EDOM: return "has bits set beyond its prefix length";
	case -EXDEV: return "holds IPv4 as well as IPv6";
	default: return "is not an address or prefix";
	}
}

/* The two halves of a.b.c.d:PORT or [IPv6]:PORT; false if text has another shape. */
static bool endpoint_split(const char *text, size_t len, size_t *address_at, size_t *address_len,
			   size_t *port_at)
{
	const char *colon = len ? memrchr(text, ':', len) : NULL;
	size_t at;

	if (!colon)
		return false;
	at = (size_t)(colon - text);
	*port_at = at + 1;
	if (text[0] == '[') {
		if (at < 2 || text[at - 1] != ']')
			return false;
		*address_at = 1;
		*address_len = at - 2;
		return memchr(text + 1, ':', at - 2) != NULL;
	}
	*address_at = 0;
	*address_len = at;
	return memchr(text, ':', at) == NULL;
}

int endpoint_parse(const char *text, size_t len, struct endpoint *out)
{
	size_t address_at, address_len, port_at;
	struct endpoint endpoint;
	uint64_t port;
	int err;

	if (!endpoint_split(text, len, &address_at, &address_len, &port_at))
		return -EINVAL;
	if (address_parse(text + address_at, address_len, &endpoint.address))
		return -EINVAL;
	err = decimal_parse(text + port_at, len - port_at, PORT_MAX, &port);
	if (err)
		return err;
	if (port == 0)
		return -ERANGE;
	endpoint.port = (uint16_t)port;
	*out = endpoint;
	return 0;
}

const char *address_print(const struct in6_addr *address, char out[ADDRESS_TEXT_SIZE])
{
	/* Neither can fail: the family is known and there is room. */
	if (address_is_ipv4(address))
		inet_ntop(AF_INET, &address->s6_addr[12], out, ADDRESS_TEXT_SIZE);
	else
		inet_ntop(AF_INET6, address, out, ADDRESS_TEXT_SIZE);
	return out;
}

const char *prefix_print(const struct prefix *prefix, char out[PREFIX_TEXT_SIZE])
{
	char address[ADDRESS_TEXT_SIZE];
	bool ipv4 = prefix->length >= ADDRESS_IPV4_OFFSET && address_is_ipv4(&prefix->address);

	address_print(&prefix->address, address);
	snprintf(out, PREFIX_TEXT_SIZE, "%s/%d", address,
		 prefix->length - (ipv4 ? ADDRESS_IPV4_OFFSET : 0));
	return out;
}

const char *endpoint_print(const struct endpoint *endpoint, char out[ENDPOINT_TEXT_SIZE])
{
	char address[ADDRESS_TEXT_SIZE];
	bool ipv4 = address_is_ipv4(&endpoint->address);

	address_print(&endpoint->address, address);
	snprintf(out, ENDPOINT_TEXT_SIZE, ipv4 ? "%s:%u" : "[%s]:%u", address, endpoint->port);
	return out;
}

bool prefix_contains(const struct prefix *outer, const struct in6_addr *address)
{
	struct prefix masked = prefix_of(address, outer->length);

	return memcmp(&masked.address, &outer->address, sizeof(masked.address)) == 0;
}

bool prefix_covers(const struct prefix *outer, const struct prefix *inner)
{
	return outer->length <= inner->length && prefix_contains(outer, &inner->address);
}

int prefix_compare(const struct prefix *a, const struct prefix *b)
{
	int order = memcmp(&a->address, &b->address, sizeof(a->address));

	return order ? order : (int)a->length - (int)b->length;
}
