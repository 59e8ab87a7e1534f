/* SPDX-License-Identifier: GPL-2.0-only */
/* What route look-ups of the balanced paths need for an answer. */
#ifndef BENCH_ROUTES_H
#define BENCH_ROUTES_H

/* Makes it in the network namespace of the caller, which is to be its own. 0 or -errno. */
int routes_make(void);

#endif
