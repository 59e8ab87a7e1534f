/* SPDX-License-Identifier: GPL-2.0-only */
/* What the other numbers in the maps are called, in the manner of export/names.h. */
#ifndef SIPXDP_CTL_NAMES_H
#define SIPXDP_CTL_NAMES_H

#include <stdbool.h>

#include <sipxdp/class.h>
#include <sipxdp/map.h>
#include <sipxdp/reason.h>
#include <sipxdp/record.h>
#include <sipxdp/tap.h>

#include "export/names.h"

const char *policy_name(unsigned int policy);
const char *ban_origin_name(unsigned int origin);
const char *trust_origin_name(unsigned int origin);
const char *backend_state_name(unsigned int state, unsigned int order); /* "up", "leaving" */
const char *call_state_name(unsigned int state);

/* The words of call_state_name() in order, ending with NULL. */
extern const char *const call_states[];

/* What became of the packets in a cell of `counters`: the row tells would_drop, the column the
 * reason. */
enum verdict counter_verdict(bool would_drop, unsigned int reason);

#endif
