/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets of HEP3: see hep.h. */
#include "export/hep.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include <sipxdp/time.h>

#define PACKET_MAX   65535 /* the length is of 16 bits */
#define VENDOR_NONE  0	   /* chunks that are the same for all */
#define PROTOCOL_SIP 1

enum chunk {
	CHUNK_FAMILY = 1,
	CHUNK_TRANSPORT = 2,
	CHUNK_SOURCE_IPV4 = 3,
	CHUNK_DESTINATION_IPV4 = 4,
	CHUNK_SOURCE_IPV6 = 5,
	CHUNK_DESTINATION_IPV6 = 6,
	CHUNK_SOURCE_PORT = 7,
	CHUNK_DESTINATION_PORT = 8,
	CHUNK_SECONDS = 9,
	CHUNK_MICROSECONDS = 10,
	CHUNK_PROTOCOL = 11,
	CHUNK_CAPTURE_ID = 12,
	CHUNK_PASSWORD = 14,
	CHUNK_PAYLOAD = 15,
};

struct packet_head {
	char mark[4];
	uint16_t length; /* of the packet, this head included */
};
_Static_assert(sizeof(struct packet_head) == 6, "HEP3 head");

struct chunk_head {
	uint16_t vendor;
	uint16_t type;
	uint16_t length; /* of the chunk, this head included */
};
_Static_assert(sizeof(struct chunk_head) == 6, "HEP3 chunk head");

struct writer {
	uint8_t *out;
	size_t used;
};

/* There is room: hep_write() has seen to it. */
static void put(struct writer *w, enum chunk type, const void *value, size_t length)
{
	const struct chunk_head head = {
		.vendor = htons(VENDOR_NONE),
		.type = htons((uint16_t)type),
		.length = htons((uint16_t)(sizeof(head) + length)),
	};

	memcpy(w->out + w->used, &head, sizeof(head));
	memcpy(w->out + w->used + sizeof(head), value, length);
	w->used += sizeof(head) + length;
}

static void put_octet(struct writer *w, enum chunk type, uint8_t value)
{
	put(w, type, &value, sizeof(value));
}

static void put_number(struct writer *w, enum chunk type, uint32_t value)
{
	uint32_t wire = htonl(value);

	put(w, type, &wire, sizeof(wire));
}

static void put_ends(struct writer *w, const struct hep_message *m)
{
	bool ipv4 = addr_is_ipv4(&m->source.addr);
	const uint32_t *from = &m->source.addr.word[ipv4 ? 3 : 0];
	const uint32_t *to = &m->destination.addr.word[ipv4 ? 3 : 0];
	size_t length = ipv4 ? sizeof(struct in_addr) : sizeof(struct in6_addr);

	put_octet(w, CHUNK_FAMILY, ipv4 ? AF_INET : AF_INET6);
	put_octet(w, CHUNK_TRANSPORT, IPPROTO_UDP);
	put(w, ipv4 ? CHUNK_SOURCE_IPV4 : CHUNK_SOURCE_IPV6, from, length);
	put(w, ipv4 ? CHUNK_DESTINATION_IPV4 : CHUNK_DESTINATION_IPV6, to, length);
	put(w, CHUNK_SOURCE_PORT, &m->source.port, sizeof(m->source.port));
	put(w, CHUNK_DESTINATION_PORT, &m->destination.port, sizeof(m->destination.port));
}

size_t hep_write(const struct hep_message *m, void *out, size_t room)
{
	struct packet_head head = { .mark = { 'H', 'E', 'P', '3' } };
	struct writer w = { .out = out, .used = sizeof(head) };
	size_t password = strnlen(m->password, HEP_PASSWORD_SIZE - 1);

	if (room > PACKET_MAX)
		room = PACKET_MAX;
	if (room < HEP_HEAD_MAX || m->length > room - HEP_HEAD_MAX ||
	    addr_is_ipv4(&m->source.addr) != addr_is_ipv4(&m->destination.addr))
		return 0;
	put_ends(&w, m);
	put_number(&w, CHUNK_SECONDS, (uint32_t)(m->time_unix_ns / NSEC_PER_SEC));
	put_number(&w, CHUNK_MICROSECONDS,
		   (uint32_t)(m->time_unix_ns % NSEC_PER_SEC / NSEC_PER_USEC));
	put_octet(&w, CHUNK_PROTOCOL, PROTOCOL_SIP);
	put_number(&w, CHUNK_CAPTURE_ID, m->capture_id);
	if (password)
		put(&w, CHUNK_PASSWORD, m->password, password);
	put(&w, CHUNK_PAYLOAD, m->data, m->length);
	head.length = htons((uint16_t)w.used);
	memcpy(w.out, &head, sizeof(head));
	return w.used;
}
