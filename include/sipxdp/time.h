/* SPDX-License-Identifier: GPL-2.0-only */
/* Units of time. All times are in nanoseconds, unless a name ends in another unit. */
#ifndef SIPXDP_TIME_H
#define SIPXDP_TIME_H

#include <stdint.h>

#define NSEC_PER_USEC UINT64_C(1000)
#define NSEC_PER_MSEC UINT64_C(1000000)
#define NSEC_PER_SEC  UINT64_C(1000000000)

#endif
