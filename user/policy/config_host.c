/* SPDX-License-Identifier: GPL-2.0-only */
/* What a configuration says of the host that it is to run on. */
#include <errno.h>
#include <string.h>

#include "policy/config_error.h"

int config_check_host(const struct config *cfg, struct config_errors *errs)
{
	char key[sizeof("interfaces[]") + 20], quoted[CONFIG_QUOTE_SIZE];

	memset(errs, 0, sizeof(*errs));
	for (size_t i = 0; i < cfg->interface_count; i++) {
		const struct config_interface *interface = &cfg->interfaces[i];

		if (if_nametoindex(interface->name))
			continue;
		snprintf(key, sizeof(key), "interfaces[%zu]", i);
		config_error_add(errs, cfg->file, interface->place, key,
				 "a network interface of this host", "%s does not exist here",
				 config_quote(interface->name, strlen(interface->name), quoted));
	}
	return errs->count ? -ENODEV : 0;
}
