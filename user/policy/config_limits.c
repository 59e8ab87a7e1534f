/* SPDX-License-Identifier: GPL-2.0-only */
/* What the rates of a configuration leave open: bursts, and the budget of trusted sources. */
#include <string.h>

#include "policy/config_reader.h"

#define TRUSTED_FACTOR 20 /* trusted sources have so many times what an unknown one has */
#define SERVICE_PREFIX "services[]."

static uint32_t at_most(uint64_t value, uint64_t max)
{
	return (uint32_t)(value < max ? value : max);
}

static uint64_t rate_count_max(const struct config_rate *rate)
{
	uint64_t max = CONFIG_RATE_MAX * rate->period_s;

	return max < UINT32_MAX ? max : UINT32_MAX;
}

/* One second's worth, and at least one message. */
static uint32_t second_burst(const struct config_rate *rate)
{
	return rate->count < rate->period_s ? 1 : rate->count / rate->period_s;
}

static void fill_burst(struct config_rate *rate)
{
	if (config_rate_unlimited(rate))
		rate->burst = 0;
	else if (rate->burst == 0)
		rate->burst = rate->usual_burst ? rate->usual_burst : second_burst(rate);
}

/* The burst that those who are trusted have a multiple of: a usual one that makes room for many who
 * are new at one address is none of theirs. */
static uint32_t burst_to_derive(const struct config_rate *rate)
{
	if (rate->usual_burst && rate->burst == rate->usual_burst)
		return second_burst(rate);
	return rate->burst;
}

static void derive_trusted(struct config_limits *limits)
{
	for (size_t i = 0; i < LIMIT_CLASS_COUNT; i++) {
		const struct config_rate *base = &limits->per_source.rate[i];
		struct config_rate *rate = &limits->trusted.rate[i];

		if (rate->period_s)
			continue; /* the file says it */
		rate->period_s = base->period_s;
		rate->count = at_most((uint64_t)base->count * TRUSTED_FACTOR, rate_count_max(base));
		if (!rate->burst)
			rate->burst = at_most((uint64_t)burst_to_derive(base) * TRUSTED_FACTOR,
					      CONFIG_BURST_MAX);
		fill_burst(rate);
	}
}

static bool rate_is_below(const struct config_rate *a, const struct config_rate *b)
{
	if (config_rate_unlimited(a))
		return false;
	if (config_rate_unlimited(b))
		return true;
	return (uint64_t)a->count * b->period_s < (uint64_t)b->count * a->period_s;
}

static void check_trusted(struct config_reader *reader, size_t service)
{
	static const char *const names[] = {
#define X(id, name) [LIMIT_##id] = name,
		LIMIT_CLASSES(X)
#undef X
	};
	const struct config_limits *limits = &reader->cfg->services[service].limits;
	char path[CONFIG_PATH_SIZE];

	for (size_t i = 0; i < LIMIT_CLASS_COUNT; i++) {
		if (!rate_is_below(&limits->trusted.rate[i], &limits->per_source.rate[i]))
			continue;
		snprintf(path, sizeof(path), "services[%zu].limits.trusted.%s", service, names[i]);
		config_reader_error_at(reader, "at least the rate of per_source", path,
				       "trusted sources have less than unknown ones");
	}
}

/* A bucket that takes months to fill again is no limit, and its time must fit into 64 bits. */
static void check_burst(struct config_reader *reader, const char *path,
			const struct config_rate *rate)
{
	uint64_t span_s;

	if (config_rate_unlimited(rate))
		return;
	span_s = (uint64_t)rate->burst * rate->period_s / rate->count;
	if (span_s > CONFIG_BURST_SPAN_S)
		config_reader_error_at(reader, "a burst that is earned again within 30 days", path,
				       "a burst of %u takes %llu hours", rate->burst,
				       (unsigned long long)span_s / 3600);
}

enum pass { PASS_FILL, PASS_CHECK };

/* All rates of the schema whose key begins with prefix, at base. */
static void each_rate(struct config_reader *reader, enum pass pass, const char *prefix,
		      const char *shown, void *base)
{
	size_t count, len = strlen(prefix);
	const struct config_key *schema = config_schema(&count);
	char path[CONFIG_PATH_SIZE];

	for (size_t i = 0; i < count; i++) {
		struct config_rate *rate = (void *)((char *)base + schema[i].offset);

		if (schema[i].type != CONFIG_TYPE_RATE ||
		    strncmp(schema[i].path, prefix, len) != 0 || strchr(schema[i].path + len, '['))
			continue;
		if (pass == PASS_FILL) {
			if (rate->period_s)
				fill_burst(rate);
			continue;
		}
		snprintf(path, sizeof(path), "%s%s", shown, schema[i].path + len);
		check_burst(reader, path, rate);
	}
}

static void finish_service(struct config_reader *reader, size_t number)
{
	struct config_service *service = &reader->cfg->services[number];
	char shown[sizeof("services[].") + 20];
	size_t errors = reader->errs->count;

	snprintf(shown, sizeof(shown), "services[%zu].", number);
	each_rate(reader, PASS_FILL, SERVICE_PREFIX, shown, service);
	each_rate(reader, PASS_CHECK, SERVICE_PREFIX, shown, service);
	/* What is wrong in per_source would be reported again of what is derived from it. */
	if (reader->errs->count > errors)
		return;
	derive_trusted(&service->limits);
	each_rate(reader, PASS_CHECK, SERVICE_PREFIX, shown, service);
	check_trusted(reader, number);
}

void config_limits_finish(struct config_reader *reader)
{
	struct config *cfg = reader->cfg;

	each_rate(reader, PASS_FILL, "", "", cfg);
	each_rate(reader, PASS_CHECK, "", "", cfg);
	for (size_t i = 0; i < cfg->service_count; i++)
		finish_service(reader, i);
}
