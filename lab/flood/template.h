/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes the frames a flood consists of: one template for each kind of packet. */
#ifndef LAB_FLOOD_TEMPLATE_H
#define LAB_FLOOD_TEMPLATE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include "flood.h"

/* Where every packet of the flood goes. */
struct flood_target {
	uint8_t to_mac[6];
	uint8_t from_mac[6];
	bool ipv6;
	struct in6_addr address; /* IPv4: in its first four octets */
	uint16_t port;		 /* host order */
	const char *user_agent;
};

/* Names of the kinds, by number: what --mix takes; NULL beyond the last. */
const char *flood_kind_name(unsigned int kind);

/* Fills in the template of a kind. 0, -EINVAL for an unknown kind, -EMSGSIZE when the frame would
 * not fit in FLOOD_FRAME_MAX octets. */
int flood_template_make(struct flood_template *t, unsigned int kind,
			const struct flood_target *target);

#endif
