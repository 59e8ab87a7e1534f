/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as a configuration: it is taken, and then holds what config.h promises, or refused
 * with errors that are one printable line each. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_line(const char *text, size_t size)
{
	require(memchr(text, '\0', size));
	for (; *text; text++)
		require(isprint((unsigned char)*text));
}

static void check_errors(const struct config_errors *errs)
{
	require(errs->count > 0 && errs->count <= CONFIG_ERRORS_MAX);
	for (size_t i = 0; i < errs->count; i++) {
		const struct config_error *error = &errs->list[i];

		check_line(error->file, sizeof(error->file));
		check_line(error->key, sizeof(error->key));
		check_line(error->what, sizeof(error->what));
		check_line(error->expected, sizeof(error->expected));
		require(error->what[0] && error->place.column >= !!error->place.line);
	}
}

static void check_rate(const struct config_rate *rate)
{
	require(rate->period_s == 1 || rate->period_s == 60 || rate->period_s == 3600);
	require(config_rate_unlimited(rate) == (rate->burst == 0));
	require(config_rate_unlimited(rate) || config_rate_cost_ns(rate) >= 100);
	require(config_rate_cost_ns(rate) <= UINT64_MAX / 2 / (rate->burst + 1));
}

static void check_service(const struct config_service *service)
{
	require(service->name[0] && service->listen_count > 0);
	for (size_t i = 0; i < service->listen_count; i++)
		require(service->listens[i].endpoint.port);
	for (size_t i = 0; i < LIMIT_CLASS_COUNT; i++) {
		check_rate(&service->limits.per_source.rate[i]);
		check_rate(&service->limits.per_prefix.rate[i]);
		check_rate(&service->limits.unknown.rate[i]);
		check_rate(&service->limits.total.rate[i]);
		check_rate(&service->limits.trusted.rate[i]);
	}
	check_rate(&service->limits.emergency);
	check_rate(&service->limits.total_all);
	check_rate(&service->limits.provisional);
	check_rate(&service->limits.dialog);
	if (service->balanced)
		require(service->balance.backend_count || service->balance.import_path);
}

static void check_config(const struct config *cfg)
{
	require(cfg->interface_count > 0 && cfg->interface_count <= CONFIG_INTERFACES_MAX);
	require(cfg->service_count > 0 && cfg->service_count <= CONFIG_SERVICES_MAX);
	require(cfg->instance[0]);
	for (size_t i = 0; i < cfg->service_count; i++)
		check_service(&cfg->services[i]);
	for (size_t i = 1; i < cfg->network_count; i++)
		require(prefix_compare(&cfg->networks[i - 1].prefix, &cfg->networks[i].prefix) < 0);
	require((cfg->tap.buffer_bytes & (cfg->tap.buffer_bytes - 1)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config_errors errs;
	struct config *cfg = NULL;

	/* What stands in files of this host is no part of the input. */
	if (size && (memmem(data, size, "file:", 5) || memmem(data, size, "import", 6)))
		return 0;
	if (config_parse((const char *)data, size, "fuzz.yaml", &cfg, &errs)) {
		require(!cfg);
		check_errors(&errs);
	} else {
		require(cfg && !errs.count);
		check_config(cfg);
	}
	config_free(cfg);
	return 0;
}
