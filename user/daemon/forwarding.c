// SPDX-License-Identifier: GPL-2.0-only
/* The forwarding switches of the host: see forwarding.h. */
#include "daemon/forwarding.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define SWITCH_PATH_SIZE 64

/* What cannot be read is not complained about. */
static bool is_off(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char value = '1';

	if (fd < 0)
		return false;
	if (read(fd, &value, 1) != 1)
		value = '1';
	close(fd);
	return value == '0';
}

static bool is_needed(const struct config *config, bool ipv4)
{
	for (size_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];

		for (size_t j = 0; service->balanced && j < service->listen_count; j++) {
			if (address_is_ipv4(&service->listens[j].endpoint.address) == ipv4)
				return true;
		}
	}
	return false;
}

bool forwarding_missing(const struct config *config, char text[FORWARDING_TEXT_SIZE])
{
	for (int ipv4 = 0; ipv4 < 2; ipv4++) {
		if (!is_needed(config, ipv4))
			continue;
		for (size_t i = 0; i < config->interface_count; i++) {
			const char *name = config->interfaces[i].name;
			char path[SWITCH_PATH_SIZE];

			snprintf(path, sizeof(path), "/proc/sys/net/ipv%d/conf/%s/forwarding",
				 ipv4 ? 4 : 6, name);
			if (!is_off(path))
				continue;
			snprintf(text, FORWARDING_TEXT_SIZE,
				 "IPv%d forwarding is off on %s, packets cannot be sent on to "
				 "backends: sysctl net.ipv%d.conf.%s.forwarding=1",
				 ipv4 ? 4 : 6, name, ipv4 ? 4 : 6, name);
			return true;
		}
	}
	return false;
}
