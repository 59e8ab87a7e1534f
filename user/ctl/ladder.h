/* SPDX-License-Identifier: GPL-2.0-only */
/* A call's messages as a diagram: an upright line for each peer and for the server, an arrow for
 * each message, from the top down. */
#ifndef SIPXDP_CTL_LADDER_H
#define SIPXDP_CTL_LADDER_H

#include <stdio.h>

#include "ctl/flow.h"

/* Beyond so many lines, the peers that came last share one. */
#define LADDER_LINES_MAX 8

/* Prints it in ASCII. Text of messages is escaped. */
void ladder_print(FILE *file, const struct flow *flow);

#endif
