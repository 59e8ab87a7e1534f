/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads the list of destinations that Kamailio's dispatcher module reads: a line each, of
 *
 *	SETID DESTINATION [FLAGS [PRIORITY [ATTRS]]]
 *
 * and comments behind '#'. DESTINATION is a SIP URI; its host must be an address here, as nothing
 * resolves names. FLAGS: what is inactive (1) or disabled (4) gets no new calls, the others say how
 * Kamailio probes. PRIORITY orders destinations that Kamailio tries in turn, and means nothing to a
 * table. ATTRS: of NAME=VALUE;..., `weight` (0 to 1000) and `duid`, a name, count here.
 */
#ifndef SIPXDP_BALANCE_DISPATCHER_H
#define SIPXDP_BALANCE_DISPATCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"

#define DISPATCHER_WEIGHT_MAX 1000
#define DISPATCHER_PORT	      5060 /* where the URI has none; sips: one more */
#define DISPATCHER_FLAGS_OFF  5u   /* inactive or disabled */

struct dispatcher_entry {
	uint32_t set;
	struct endpoint endpoint;
	uint32_t flags;
	uint32_t weight;  /* 1 unless given; 0: no new calls */
	const char *duid; /* into the text, not terminated; NULL: none */
	size_t duid_length;
	uint32_t line;	 /* both from 1 */
	uint32_t column; /* of the destination */
};

/* Where to put what was read, and what is wrong. All text but the entry's is static. */
struct dispatcher_sink {
	void (*entry)(void *context, const struct dispatcher_entry *entry);
	void (*error)(void *context, uint32_t line, uint32_t column, const char *what,
		      const char *expected);
	void *context;
};

/* Goes over all lines, the wrong ones too. Whether none was wrong. */
bool dispatcher_read(const char *text, size_t length, const struct dispatcher_sink *sink);

#endif
