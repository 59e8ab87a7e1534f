// SPDX-License-Identifier: GPL-2.0-only
/* The rows of a call in `dialogs`: see dialogs.h. */
#include "plane/dialogs.h"

#include <errno.h>

int dialogs_next(const struct maps *maps, __u64 call_id_hash, __u32 *side, struct dialog *out)
{
	int err = -ENOENT;

	for (__u32 i = *side; i < DIALOG_SIDES && err == -ENOENT; i++) {
		const struct dialog_key key = dialog_key_of(call_id_hash, i);
		struct dialog row;

		err = maps_get(maps, MAP_DIALOGS, &key, &row);
		if (err)
			continue;
		*side = i;
		*out = row;
	}
	return err;
}
