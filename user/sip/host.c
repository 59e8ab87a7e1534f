/* SPDX-License-Identifier: GPL-2.0-only */
/* Host names, IPv4 addresses, IPv6 references and ports (RFC 3261 section 25.1). */
#include "sip/host.h"

#define RFC "RFC 3261 25.1"

#define IPV6_GROUPS	  8
#define IPV6_GROUP_DIGITS 4

/* hostname = *( domainlabel "." ) toplabel [ "." ], octet by octet: for those with hyphens, with a
 * dot at the end, or too long for a word of bits. A domainlabel starts and ends with an alphanum,
 * a toplabel starts with a letter. */
static bool take_long_name(struct sip_cursor *c, struct sip_host *host)
{
	const uint16_t alphanum = SIP_ALPHA | SIP_DIGIT;
	uint32_t at = c->at, label = at;
	bool top_is_letter = false;

	for (;;) {
		label = at;
		while (sip_octet_is(c->text[at], alphanum) || c->text[at] == '-')
			at++;
		if (at == label)
			break;
		if (c->text[label] == '-' || c->text[at - 1] == '-')
			return sip_fail(c, label, RFC, "host label with a hyphen at its edge");
		top_is_letter = sip_octet_is(c->text[label], SIP_ALPHA);
		if (c->text[at] != '.')
			break;
		at++;
	}
	if (at == c->at || c->text[at] == '.')
		return sip_fail(c, at, RFC, "host with an empty label");
	if (!top_is_letter)
		return sip_fail_host(c, c->at);
	host->name = sip_slice_of(c->at, at);
	host->kind = SIP_HOST_NAME;
	c->at = at;
	return true;
}

/* IPv6reference = "[" IPv6address "]" */
static bool take_ipv6_reference(struct sip_cursor *c, struct sip_host *host)
{
	uint32_t from = c->at++;

	if (!sip_take_ipv6(c, &host->name) || sip_peek(c) != ']')
		return sip_fail(c, from, "RFC 5118 4.2", "no IPv6 address in square brackets");
	c->at++;
	host->kind = SIP_HOST_IPV6;
	return true;
}

bool sip_take_other_host(struct sip_cursor *c, struct sip_host *host)
{
	return sip_peek(c) == '[' ? take_ipv6_reference(c, host) : take_long_name(c, host);
}

__attribute__((cold)) bool sip_fail_host(struct sip_cursor *c, uint32_t at)
{
	return sip_fail(c, at, RFC, "host is neither a name nor an address");
}

__attribute__((cold)) bool sip_fail_port(struct sip_cursor *c, uint32_t at)
{
	return sip_fail(c, at, "RFC 3261 19.1.1", "port is not a number from 0 to 65535");
}

/* The IPv4address that may end an IPv6address. */
static bool take_ipv4_tail(const struct sip_cursor *c, uint32_t *at)
{
	uint32_t from = *at, to = sip_run(c->index->not_label, from), length = to - from;

	*at = to;
	return length < SIP_BITS_VALID &&
	       sip_is_ipv4(c->text + from, length,
			   sip_bits(c->index->dot, from) & ((1ull << length) - 1));
}

/* How far the groups of an IPv6address have been read. */
struct ipv6_groups {
	uint32_t at;
	uint32_t count;
	bool gap;	/* "::" was seen; it stands for one group of zeros at the least */
	bool after_gap; /* the cursor stands right behind it */
	bool complete;	/* nothing can follow */
};

/* The colons before a group: one, or once "::", or the ":::" before an IPv4 tail that RFC 5118
 * section 4.10 wants tolerated. */
static bool take_colons(const struct sip_cursor *c, struct ipv6_groups *g)
{
	const uint8_t *p = c->text + g->at;

	g->after_gap = p[0] == ':' && p[1] == ':';
	if (g->after_gap) {
		g->at += 2;
		if (g->gap)
			return false;
		g->gap = true;
	} else if (g->count && p[0] == ':') {
		g->at++;
	} else {
		g->complete = g->count;
	}
	return true;
}

static bool take_group(struct sip_cursor *c, struct ipv6_groups *g)
{
	bool third_colon = g->after_gap && c->text[g->at] == ':';
	uint32_t from = g->at + third_colon, to = from;

	while (sip_octet_is(c->text[to], SIP_HEX))
		to++;
	if (c->text[to] == '.' && to > from) {
		g->at = from;
		g->count += 2;
		g->complete = true;
		if (third_colon)
			c->warnings |= SIP_WARN_IPV6_THREE_COLONS;
		return take_ipv4_tail(c, &g->at);
	}
	if (to == from) {
		g->complete = true;
		return g->after_gap && !third_colon;
	}
	g->at = to;
	g->count++;
	return !third_colon && to - from <= IPV6_GROUP_DIGITS;
}

bool sip_take_ipv6(struct sip_cursor *c, struct sip_slice *address)
{
	struct ipv6_groups g = { .at = c->at };

	while (!g.complete && g.count < IPV6_GROUPS) {
		if (!take_colons(c, &g))
			return false;
		if (!g.complete && !take_group(c, &g))
			return false;
	}
	if (g.gap ? g.count >= IPV6_GROUPS : g.count != IPV6_GROUPS)
		return false;
	*address = sip_slice_of(c->at, g.at);
	c->at = g.at;
	return true;
}
