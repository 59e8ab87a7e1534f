/* SPDX-License-Identifier: GPL-2.0-only */
/* On which backend a call is: its row in `dialogs` has the place, `backends` the name. */
#include "ctl/call_backend.h"

#include <stdio.h>
#include <string.h>

#include "plane/dialogs.h"

bool call_backends_in_use(const struct maps *maps)
{
	struct service service;

	for (unsigned int i = 0; i < SERVICE_MAX; i++)
		if (!maps_service(maps, i, &service) && service.in_use &&
		    service.balance.forward != FORWARD_NONE)
			return true;
	return false;
}

bool call_backend(const struct maps *maps, const struct call_key *key, char out[CALL_BACKEND_SIZE])
{
	struct dialog dialog = { 0 };

	for (__u32 i = 0; !dialogs_next(maps, key->call_id_hash, &i, &dialog); i++)
		if (dialog.backend)
			break;
	if (!dialog.backend || dialog.backend >= BACKEND_MAX)
		return false;
	snprintf(out, CALL_BACKEND_SIZE, "%.*s", BACKEND_NAME, maps->backends[dialog.backend].name);
	return *out != '\0';
}
