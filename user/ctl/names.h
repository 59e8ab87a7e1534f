/* SPDX-License-Identifier: GPL-2.0-only */
/* What the numbers in the maps are called. Every name is lower case with '-' between words; a
 * number that this version does not know is "unknown". All text is static. */
#ifndef SIPXDP_CTL_NAMES_H
#define SIPXDP_CTL_NAMES_H

#include <stdbool.h>

#include <sipxdp/class.h>
#include <sipxdp/map.h>
#include <sipxdp/reason.h>
#include <sipxdp/record.h>
#include <sipxdp/tap.h>

#define NAME_UNKNOWN "unknown-number"

const char *class_name(unsigned int traffic_class);
const char *verdict_name(unsigned int verdict);
const char *reason_name(unsigned int reason); /* "garbage-limit" */
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
