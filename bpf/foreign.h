/* SPDX-License-Identifier: GPL-2.0-only */
/* The one test for nearly all that is not ours, the media of calls above all: a plain packet whose
 * port no listener and no backend has. */
#ifndef BPF_FOREIGN_H
#define BPF_FOREIGN_H

#include "frame.h"
#include "outbound.h"
#include "service.h"

/* Surely not ours; what is not plain is for frame_parse and service_find to tell. */
static __always_inline bool foreign_is_sure(const struct packet *pkt, const enum service_side side)
{
	const struct listener_table *table;
	const struct settings *cfg;
	const struct ports *ports;
	__u32 zero = 0;
	__u8 protocol;

	ports = frame_plain(pkt, &protocol);
	cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!ports || !cfg)
		return false;
	table = service_table(cfg);
	return table &&
	       !service_head(table, protocol,
			     side == SERVICE_AT_SOURCE ? ports->source : ports->dest) &&
	       !outbound_has_port(cfg, protocol, ports->source);
}

#endif
