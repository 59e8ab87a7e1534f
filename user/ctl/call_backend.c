/* SPDX-License-Identifier: GPL-2.0-only */
/* On which backend a call is: its row in `dialogs` has the place, `backends` the name. */
#include "ctl/call_backend.h"

#include <stdio.h>
#include <string.h>

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
	const struct dialog_key dialog_key = { .call_id_hash = key->call_id_hash };
	struct dialog dialog;

	if (maps_get(maps, MAP_DIALOGS, &dialog_key, &dialog) || !dialog.backend)
		return false;
	if (dialog.backend >= BACKEND_MAX)
		return false;
	snprintf(out, CALL_BACKEND_SIZE, "%.*s", BACKEND_NAME, maps->backends[dialog.backend].name);
	return *out != '\0';
}
