/* SPDX-License-Identifier: GPL-2.0-only */
/* Which way a captured frame went, seen from the host of the services. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

#include "ctl/direction.h"

#define VLAN_TAGS_MAX 2
#define VLAN_TAG      4
#define IPV4_OFFSET   0x1fff /* of the fragment, in frag_off */

/* One end of a packet; port 0: not known. */
struct end {
	struct in6_addr address;
	uint16_t port;
};

struct ends {
	bool stream; /* TCP */
	struct end source;
	struct end destination;
};

static uint16_t load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void read_ports(struct ends *ends, uint8_t protocol, const uint8_t *p, size_t length)
{
	ends->stream = protocol == IPPROTO_TCP;
	if ((protocol != IPPROTO_UDP && protocol != IPPROTO_TCP) || length < 4)
		return;
	ends->source.port = load_be16(p);
	ends->destination.port = load_be16(p + 2);
}

static bool read_ipv4(struct ends *ends, const uint8_t *p, size_t length)
{
	struct iphdr ip;
	size_t header;

	if (length < sizeof(ip))
		return false;
	memcpy(&ip, p, sizeof(ip));
	header = ip.ihl * 4u;
	if (ip.version != 4 || header < sizeof(ip) || length < header)
		return false;
	ends->source.address = address_from_ipv4(ip.saddr);
	ends->destination.address = address_from_ipv4(ip.daddr);
	if (!(ntohs(ip.frag_off) & IPV4_OFFSET))
		read_ports(ends, ip.protocol, p + header, length - header);
	return true;
}

/* Extension headers are not walked: a packet that has some is judged by address. */
static bool read_ipv6(struct ends *ends, const uint8_t *p, size_t length)
{
	struct ip6_hdr ip;

	if (length < sizeof(ip))
		return false;
	memcpy(&ip, p, sizeof(ip));
	ends->source.address = ip.ip6_src;
	ends->destination.address = ip.ip6_dst;
	read_ports(ends, ip.ip6_nxt, p + sizeof(ip), length - sizeof(ip));
	return true;
}

static bool read_ends(struct ends *ends, const uint8_t *frame, size_t length)
{
	size_t at = ETH_HLEN;
	uint16_t ethertype;

	if (length < at)
		return false;
	ethertype = load_be16(frame + at - 2);
	for (int tag = 0; tag < VLAN_TAGS_MAX; tag++) {
		if (ethertype != ETH_P_8021Q && ethertype != ETH_P_8021AD)
			break;
		if (length < at + VLAN_TAG)
			return false;
		ethertype = load_be16(frame + at + 2);
		at += VLAN_TAG;
	}
	*ends = (struct ends){ 0 };
	if (ethertype == ETH_P_IP)
		return read_ipv4(ends, frame + at, length - at);
	if (ethertype == ETH_P_IPV6)
		return read_ipv6(ends, frame + at, length - at);
	return false;
}

enum match { MATCH_NONE, MATCH_WILDCARD, MATCH_ADDRESS };

static enum match match_listen(const struct config_listen *listen, const struct prefix *local,
			       const struct end *end, bool stream)
{
	const struct in6_addr *address = &listen->endpoint.address;

	if (end->port && end->port != listen->endpoint.port)
		return MATCH_NONE;
	if (end->port && stream != (listen->transport != CONFIG_TRANSPORT_UDP))
		return MATCH_NONE;
	if (memcmp(address, &end->address, sizeof(*address)) == 0)
		return MATCH_ADDRESS;
	if (!address_is_any(address) || address_is_ipv4(address) != address_is_ipv4(&end->address))
		return MATCH_NONE;
	if (local)
		return prefix_contains(local, &end->address) ? MATCH_ADDRESS : MATCH_NONE;
	/* without a port, a wildcard means anybody */
	return end->port ? MATCH_WILDCARD : MATCH_NONE;
}

static enum match match_end(const struct config *cfg, const struct prefix *local,
			    const struct end *end, bool stream)
{
	enum match best = MATCH_NONE;

	for (size_t i = 0; i < cfg->service_count; i++) {
		const struct config_service *service = &cfg->services[i];

		for (size_t j = 0; j < service->listen_count; j++) {
			enum match match = match_listen(&service->listens[j], local, end, stream);

			if (match > best)
				best = match;
		}
	}
	return best;
}

bool direction_is_from_service(const struct config *cfg, const struct prefix *local,
			       const uint8_t *frame, size_t length)
{
	enum match source, destination;
	struct ends ends;

	if (!read_ends(&ends, frame, length))
		return false;
	source = match_end(cfg, local, &ends.source, ends.stream);
	destination = match_end(cfg, local, &ends.destination, ends.stream);
	if (source == MATCH_ADDRESS)
		return true;
	return source == MATCH_WILDCARD && destination == MATCH_NONE;
}
