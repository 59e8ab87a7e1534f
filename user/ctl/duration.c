/* SPDX-License-Identifier: GPL-2.0-only */
/* Durations and moments as people write and read them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sipxdp/time.h>

#include "ctl/duration.h"

#define S_PER_MIN  60
#define S_PER_HOUR (60 * S_PER_MIN)
#define S_PER_DAY  (24 * S_PER_HOUR)
#define NS_PER_DAY (S_PER_DAY * NSEC_PER_SEC)

#define DURATION_MAX_NS (DURATION_MAX_DAYS * NS_PER_DAY)

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	/* "ms" stands before "m", which is its beginning */
	{ "ms", NSEC_PER_MSEC },  { "s", NSEC_PER_SEC }, { "m", NS_PER_DAY / (24 * 60) },
	{ "h", NS_PER_DAY / 24 }, { "d", NS_PER_DAY },	 { "w", NS_PER_DAY * 7 },
};
#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

static const struct unit *unit_at(const char *text)
{
	for (size_t i = 0; i < UNIT_COUNT; i++)
		if (strncmp(text, units[i].name, strlen(units[i].name)) == 0)
			return &units[i];
	return NULL;
}

int duration_parse(const char *text, uint64_t *ns)
{
	uint64_t sum = 0, last = UINT64_MAX;

	if (!*text)
		return -EINVAL;
	while (*text) {
		const struct unit *unit;
		uint64_t number = 0;

		if (*text < '0' || *text > '9')
			return -EINVAL;
		for (; *text >= '0' && *text <= '9'; text++) {
			if (number > DURATION_MAX_NS / 10)
				return -ERANGE;
			number = number * 10 + (uint64_t)(*text - '0');
		}
		unit = unit_at(text);
		if (!unit || unit->ns >= last)
			return -EINVAL;
		if (number > (DURATION_MAX_NS - sum) / unit->ns)
			return -ERANGE;
		sum += number * unit->ns;
		last = unit->ns;
		text += strlen(unit->name);
	}
	*ns = sum;
	return 0;
}

const char *duration_print(uint64_t ns, char out[DURATION_TEXT_SIZE])
{
	uint64_t s = ns / NSEC_PER_SEC;

	if (ns < NSEC_PER_SEC)
		snprintf(out, DURATION_TEXT_SIZE, "%" PRIu64 "ms", ns / NSEC_PER_MSEC);
	else if (s < 10)
		snprintf(out, DURATION_TEXT_SIZE, "%" PRIu64 ".%" PRIu64 "s", s,
			 ns % NSEC_PER_SEC / (NSEC_PER_SEC / 10));
	else if (s < S_PER_MIN)
		snprintf(out, DURATION_TEXT_SIZE, "%" PRIu64 "s", s);
	else if (s < S_PER_HOUR)
		snprintf(out, DURATION_TEXT_SIZE, "%" PRIu64 "m%02" PRIu64 "s", s / S_PER_MIN,
			 s % S_PER_MIN);
	else if (s < S_PER_DAY)
		snprintf(out, DURATION_TEXT_SIZE, "%" PRIu64 "h%02" PRIu64 "m", s / S_PER_HOUR,
			 s % S_PER_HOUR / S_PER_MIN);
	else
		snprintf(out, DURATION_TEXT_SIZE, "%" PRIu64 "d%02" PRIu64 "h", s / S_PER_DAY,
			 s % S_PER_DAY / S_PER_HOUR);
	return out;
}

static const char *print_moment(uint64_t unix_ns, const char *fraction, char *out)
{
	time_t s = (time_t)(unix_ns / NSEC_PER_SEC);
	char date[24], offset[8];
	struct tm tm;

	if (!localtime_r(&s, &tm) || !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) ||
	    strftime(offset, sizeof(offset), "%z", &tm) != 5) {
		snprintf(out, MOMENT_TEXT_SIZE, "@%" PRIu64, unix_ns / NSEC_PER_SEC);
		return out;
	}
	/* strftime says +0100, RFC 3339 wants +01:00 */
	snprintf(out, MOMENT_TEXT_SIZE, "%s%s%.3s:%.2s", date, fraction, offset, offset + 3);
	return out;
}

const char *moment_print(uint64_t unix_ns, char out[MOMENT_TEXT_SIZE])
{
	return print_moment(unix_ns, "", out);
}

const char *moment_print_ms(uint64_t unix_ns, char out[MOMENT_TEXT_SIZE])
{
	char fraction[8];

	snprintf(fraction, sizeof(fraction), ".%03u",
		 (unsigned int)(unix_ns % NSEC_PER_SEC / NSEC_PER_MSEC) % 1000);
	return print_moment(unix_ns, fraction, out);
}
