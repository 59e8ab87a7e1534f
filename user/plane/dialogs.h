/* SPDX-License-Identifier: GPL-2.0-only */
/* The rows of a call in `dialogs`: each service that it passes through has one. */
#ifndef SIPXDP_PLANE_DIALOGS_H
#define SIPXDP_PLANE_DIALOGS_H

#include "plane/maps.h"

/* The row of the call in the first service from `*service` on that has one, which `*service` then is.
 * -ENOENT: none has; else 0 or -errno. The next one is found from `*service` + 1 on. */
int dialogs_next(const struct maps *maps, __u64 call_id_hash, __u32 *service, struct dialog *out);

#endif
