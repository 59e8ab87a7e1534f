/* SPDX-License-Identifier: GPL-2.0-only */
/* The one test for nearly all that is not ours, the media of calls above all: its port is no listener's
 * and no backend's. */
#ifndef BPF_FOREIGN_H
#define BPF_FOREIGN_H

#include "frame.h"
#include "outbound.h"
#include "service.h"

static __always_inline bool foreign_is(const struct packet *pkt, const struct ports *ports,
				       __u8 protocol, const enum service_side side)
{
	__be16 port = side == SERVICE_AT_SOURCE ? ports->source : ports->dest;

	return !service_head(pkt->listeners, protocol, port) &&
	       !outbound_has_port(pkt->cfg, protocol, ports->source);
}

#endif
