// SPDX-License-Identifier: GPL-2.0-only
/* Texts of records. */
#include "track/record.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How much of text[0..length) fits into room octets without a part of a UTF-8 character (RFC 3629
 * section 3: all but the first octet are 10xxxxxx). */
static size_t fitting(const char *text, size_t length, size_t room)
{
	if (length <= room)
		return length;
	while (room && ((uint8_t)text[room] & 0xc0) == 0x80)
		room--;
	return room;
}

static bool is_control(uint8_t octet)
{
	return octet < 0x20 || octet == 0x7f;
}

size_t record_text(char *out, size_t size, const char *text, size_t length)
{
	size_t n;

	if (!size)
		return length;
	n = fitting(text, length, size - 1);
	for (size_t i = 0; i < n; i++)
		out[i] = is_control((uint8_t)text[i]) ? ' ' : text[i];
	out[n] = '\0';
	return length;
}

void record_peer(char *out, size_t size, const struct sipxdp_peer *peer)
{
	bool ipv4 = addr_is_ipv4(&peer->addr);
	char text[INET6_ADDRSTRLEN];

	inet_ntop(ipv4 ? AF_INET : AF_INET6, ipv4 ? &peer->addr.word[3] : &peer->addr.word[0], text,
		  sizeof(text));
	snprintf(out, size, ipv4 ? "%s:%u" : "[%s]:%u", text, ntohs(peer->port));
}

static bool read_port(const char *text, __be16 *out)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (end == text || *end || port > UINT16_MAX)
		return false;
	*out = htons((uint16_t)port);
	return true;
}

bool record_peer_read(const char *text, size_t size, struct sipxdp_peer *out)
{
	char host[RECORD_PEER], *colon, *start = host, *end;
	struct sipxdp_peer peer = { .addr = { { 0, 0, htonl(0xffff), 0 } } };
	size_t length = strnlen(text, size);

	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	colon = strrchr(host, ':');
	if (!colon || !read_port(colon + 1, &peer.port))
		return false;
	*colon = '\0';
	end = colon - 1;
	if (*host == '[' && end > host && *end == ']') {
		start++;
		*end = '\0';
		if (inet_pton(AF_INET6, start, &peer.addr.word[0]) != 1)
			return false;
	} else if (inet_pton(AF_INET, start, &peer.addr.word[3]) != 1) {
		return false;
	}
	*out = peer;
	return true;
}
