/* SPDX-License-Identifier: GPL-2.0-only */
/* The rows of a call in `dialogs`: each of its sides has one. */
#ifndef SIPXDP_PLANE_DIALOGS_H
#define SIPXDP_PLANE_DIALOGS_H

#include "plane/maps.h"

/* The row of the call's first side from `*side` on that has one, which `*side` then is. -ENOENT: none has;
 * else 0 or -errno. The next one is found from `*side` + 1 on. */
int dialogs_next(const struct maps *maps, __u64 call_id_hash, __u32 *side, struct dialog *out);

#endif
