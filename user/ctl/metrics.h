/* SPDX-License-Identifier: GPL-2.0-only */
/* What `status` has gathered, as metrics for Prometheus. */
#ifndef SIPXDP_CTL_METRICS_H
#define SIPXDP_CTL_METRICS_H

#include <stdio.h>

#include "ctl/blind.h"

/* What only the daemon knows is left out where it is not there. Labels are ASCII. */
void metrics_print(FILE *file, const struct view *view, const struct blind *blind);

#endif
