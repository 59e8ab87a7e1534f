/* SPDX-License-Identifier: GPL-2.0-only */
/* host and hostport (RFC 3261 section 25.1, IPv6 as RFC 5118 reads it). */
#ifndef SIPXDP_SIP_HOST_H
#define SIPXDP_SIP_HOST_H

#include "sip/cursor.h"
#include "sip/number.h"
#include "sip/warning.h"

enum sip_host_kind {
	SIP_HOST_NONE,
	SIP_HOST_NAME,
	SIP_HOST_IPV4,
	SIP_HOST_IPV6, /* its text is without the square brackets */
};

struct sip_host {
	struct sip_slice name;
	uint16_t port;	  /* host byte order; 0: none was given */
	uint8_t kind;	  /* enum sip_host_kind */
	uint8_t has_port; /* 1 also for a port of 0, which is warned of */
};

#define SIP_PORT_MAX 65535

/* The rare halves of the inline functions below: hosts with hyphens, dots at an end or too many
 * octets, IPv6 references, and what is none of these. */
bool sip_take_other_host(struct sip_cursor *c, struct sip_host *host);
bool sip_fail_host(struct sip_cursor *c, uint32_t at);
bool sip_fail_port(struct sip_cursor *c, uint32_t at);

/* IPv6address without brackets. False, without a fault and without moving, if there is none. */
bool sip_take_ipv6(struct sip_cursor *c, struct sip_slice *address);

/* Where the first dot is; 63, farther than any address is long, if there is none. */
static inline uint32_t sip_lowest_dot(uint64_t dots)
{
	return (uint32_t)__builtin_ctzll(dots | 1ull << 63);
}

/* Letters have a bit that digits and dots lack. Among `length` octets of SIP_LABEL, 7 to 15 of
 * them, two words of eight see all; the word that may reach past them is cut off. */
static inline bool sip_has_letter(const uint8_t *octets, uint32_t length)
{
	uint64_t first = sip_load64(octets), last;

	if (length < 8)
		return first & 0x0040404040404040;
	last = sip_load64(octets + length - 8);
	return (first | last) & 0x4040404040404040;
}

/* One to three digits, at most 255; four octets can be read from the first. */
static inline bool sip_is_ipv4_octet(const uint8_t *digits, uint32_t count)
{
	const uint32_t largest = '2' << 16 | '5' << 8 | '5';

	if (sip_unlikely(count - 1 > 2))
		return false;
	return count < 3 || __builtin_bswap32(sip_load32(digits)) >> 8 <= largest;
}

/* IPv4address (RFC 5954 section 4.1, but leading zeros are let pass) */
static inline bool sip_is_ipv4(const uint8_t *p, uint32_t length, uint64_t dots)
{
	uint32_t first, second, third;

	if (sip_unlikely(length < 7 || length > 15 || sip_has_letter(p, length)))
		return false;
	first = sip_lowest_dot(dots);
	dots &= dots - 1;
	second = sip_lowest_dot(dots);
	dots &= dots - 1;
	third = sip_lowest_dot(dots);
	dots &= dots - 1;
	return !dots && sip_is_ipv4_octet(p, first) &&
	       sip_is_ipv4_octet(p + first + 1, second - first - 1) &&
	       sip_is_ipv4_octet(p + second + 1, third - second - 1) &&
	       sip_is_ipv4_octet(p + third + 1, length - third - 1);
}

/* host = hostname / IPv4address / IPv6reference; sets name and kind only. */
static inline __attribute__((always_inline)) bool sip_take_host(struct sip_cursor *c,
								struct sip_host *host)
{
	uint32_t from = c->at, to = sip_run(c->index->not_label, from), length = to - from, top;
	uint64_t dots, edges;

	if (sip_unlikely(length - 1 >= SIP_BITS_VALID - 1 || c->text[to] == '-'))
		return sip_take_other_host(c, host);

	dots = sip_bits(c->index->dot, from) & ((1ull << length) - 1);
	edges = 1ull | 1ull << (length - 1);
	if (sip_unlikely(dots & (dots << 1 | edges)))
		return sip_take_other_host(c, host);

	/* A top label starts with a letter, the last part of an address with a digit. */
	top = dots ? 64 - (uint32_t)__builtin_clzll(dots) : 0;
	if (sip_octet_is(c->text[from + top], SIP_ALPHA))
		host->kind = SIP_HOST_NAME;
	else if (sip_is_ipv4(c->text + from, length, dots))
		host->kind = SIP_HOST_IPV4;
	else
		return sip_fail_host(c, from);
	c->at = to;
	host->name = sip_slice_of(from, to);
	return true;
}

/* The digits of a port behind its colon: 0 to 65535. */
static inline bool sip_take_port(struct sip_cursor *c, struct sip_host *host)
{
	uint32_t from = c->at;
	struct sip_number port = sip_take_number(c);

	if (sip_unlikely(!port.digits || port.value > SIP_PORT_MAX))
		return sip_fail_port(c, from);
	if (sip_unlikely(port.value == 0))
		c->warnings |= SIP_WARN_PORT_ZERO;
	host->port = (uint16_t)port.value;
	host->has_port = 1;
	return true;
}

#endif
