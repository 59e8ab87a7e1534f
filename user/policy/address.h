/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses, prefixes and endpoints as all of user space holds them: IPv6 in network byte order,
 * IPv4 as ::ffff:a.b.c.d, and prefix lengths always in terms of 128 bits.
 */
#ifndef SIPXDP_POLICY_ADDRESS_H
#define SIPXDP_POLICY_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDRESS_BITS	    128
#define ADDRESS_IPV4_OFFSET 96 /* bits in front of an IPv4 address in its v4-mapped form */

/* Room for the longest text, with its NUL. */
#define ADDRESS_TEXT_SIZE  46 /* INET6_ADDRSTRLEN */
#define PREFIX_TEXT_SIZE   50 /* ADDRESS/128 */
#define ENDPOINT_TEXT_SIZE 54 /* [ADDRESS]:65535 */

/* Bits of the address beyond length are zero. 192.0.2.0/24 has length 120. */
struct prefix {
	struct in6_addr address;
	uint8_t length; /* 0..128 */
};

struct endpoint {
	struct in6_addr address;
	uint16_t port; /* host byte order; 1..65535 */
};

/*
 * The parsers read exactly len bytes (no NUL needed), want nothing before or after, and write
 * *out on success only. IPv4 is four decimal numbers without leading zeros, IPv6 as RFC 4291
 * §2.2 has it; a zone ("%eth0") and brackets are no part of an address.
 */

/* 0, or -EINVAL: not an IPv4 or IPv6 address. */
int address_parse(const char *text, size_t len, struct in6_addr *out);

/*
 * ADDRESS or ADDRESS/LENGTH, LENGTH in the family's own terms; without it, one host.
 * 0, or -EINVAL: not an address; -ERANGE: no such length; -EDOM: bits set beyond the length;
 * -EXDEV: an IPv6 prefix so short that it holds all of IPv4 too (::/0), which nobody means.
 */
int prefix_parse(const char *text, size_t len, struct prefix *out);

/* What is wrong, in words, for an error of prefix_parse(). Static text. */
const char *prefix_strerror(int err);

/* a.b.c.d:PORT or [IPv6]:PORT. 0, or -EINVAL: not that shape; -ERANGE: port not 1..65535. */
int endpoint_parse(const char *text, size_t len, struct endpoint *out);

/* The printers write the shortest usual text (RFC 5952) and return out, to be used in printf. */
const char *address_print(const struct in6_addr *address, char out[ADDRESS_TEXT_SIZE]);
const char *prefix_print(const struct prefix *prefix, char out[PREFIX_TEXT_SIZE]);
const char *endpoint_print(const struct endpoint *endpoint, char out[ENDPOINT_TEXT_SIZE]);

bool address_is_ipv4(const struct in6_addr *address);

/* 0.0.0.0 or :: */
bool address_is_any(const struct in6_addr *address);

/* 127.0.0.0/8 or ::1 */
bool address_is_loopback(const struct in6_addr *address);

/* 224.0.0.0/4 or ff00::/8 */
bool address_is_multicast(const struct in6_addr *address);

/* The v4-mapped form of an IPv4 address in network byte order. */
struct in6_addr address_from_ipv4(in_addr_t ipv4);

/* The network of that length (0..128) which holds the address: bits beyond it cleared. */
struct prefix prefix_of(const struct in6_addr *address, uint8_t length);

bool prefix_contains(const struct prefix *outer, const struct in6_addr *address);

/* Whether every address of inner is in outer. */
bool prefix_covers(const struct prefix *outer, const struct prefix *inner);

/* Order of address, then the shorter prefix first: a prefix comes before all that it covers. */
int prefix_compare(const struct prefix *a, const struct prefix *b);

#endif
