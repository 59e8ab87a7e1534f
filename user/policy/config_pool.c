// SPDX-License-Identifier: GPL-2.0-only
/* Run-time changes of a pool: see config_pool.h. */
#include "policy/config_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_at(const struct config_backend *backend, const struct endpoint *endpoint)
{
	return backend->endpoint.port == endpoint->port &&
	       IN6_ARE_ADDR_EQUAL(&backend->endpoint.address, &endpoint->address);
}

int config_pool_add(struct config_balance *balance, const char *name,
		    const struct endpoint *endpoint, uint32_t weight)
{
	size_t count = balance->backend_count;
	struct config_backend *list = reallocarray(balance->backends, count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	memset(&list[count], 0, sizeof(list[count]));
	strncpy(list[count].name, name, CONFIG_NAME_SIZE - 1);
	list[count].endpoint = *endpoint;
	list[count].weight = weight;
	balance->backends = list;
	balance->backend_count = count + 1;
	return 0;
}

static void remove_from(struct config_backend *list, size_t *count, const struct endpoint *endpoint)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		if (!is_at(&list[i], endpoint))
			list[kept++] = list[i];
	}
	*count = kept;
}

void config_pool_remove(struct config_balance *balance, const struct endpoint *endpoint)
{
	remove_from(balance->backends, &balance->backend_count, endpoint);
	remove_from(balance->imported, &balance->imported_count, endpoint);
}

static void weigh(struct config_backend *list, size_t count, const struct endpoint *endpoint,
		  uint32_t weight)
{
	for (size_t i = 0; i < count; i++) {
		if (is_at(&list[i], endpoint))
			list[i].weight = weight;
	}
}

void config_pool_weight(struct config_balance *balance, const struct endpoint *endpoint,
			uint32_t weight)
{
	weigh(balance->backends, balance->backend_count, endpoint, weight);
	weigh(balance->imported, balance->imported_count, endpoint, weight);
}
