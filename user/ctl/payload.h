/* SPDX-License-Identifier: GPL-2.0-only */
/* What a captured frame carries: the payload of a UDP datagram. */
#ifndef SIPXDP_CTL_PAYLOAD_H
#define SIPXDP_CTL_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct payload {
	const char *data; /* within the frame */
	size_t length;
	uint16_t source_port, destination_port; /* host byte order */
};

/*
 * Finds the UDP payload of an Ethernet frame: up to two VLAN tags, IPv4 or IPv6. False for anything
 * else, for fragments, and where the headers contradict each other.
 */
bool payload_find(const uint8_t *frame, size_t length, struct payload *payload);

#endif
