/* SPDX-License-Identifier: GPL-2.0-only */
/* How well services do by RFC 6076, as the daemon has counted it since its start. */
#ifndef SIPXDP_CTL_QUALITY_H
#define SIPXDP_CTL_QUALITY_H

#include <jansson.h>

#include "ctl/report.h"

/* Goes on with an array "quality", or a table, a row for each service; quality is the array of that
 * name in the daemon's status, or NULL: no rows. */
void quality_report(struct report *report, const json_t *quality);

/* The same with what the daemon says when asked; if it is not there, nothing is added to text. */
void quality_ask_and_report(struct report *report);

#endif
