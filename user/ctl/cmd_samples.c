/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl samples: the packets dropped lately, as the daemon remembers them. */
#include <jansson.h>

#include "ctl/client.h"
#include "ctl/ctl.h"
#include "ctl/options.h"
#include "ctl/report.h"
#include "policy/config.h"

#define LAST_DEFAULT 50
#define LAST_MAX     CONFIG_SAMPLES_MAX

static const struct report_column columns[] = {
	{ .title = "TIME", .key = "time_unix_ns" },
	{ .title = "SOURCE", .key = "source" },
	{ .title = "DESTINATION", .key = "destination" },
	{ .title = "SERVICE", .key = "service" },
	{ .title = "CLASS", .key = "class" },
	{ .title = "VERDICT", .key = "verdict" },
	{ .title = "REASON", .key = "reason" },
	{ .title = "START LINE", .key = "start_line", .shrinks = true },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* A member that the daemon did not send is not known. */
static void report_cell(struct report *report, const json_t *sample, const char *key)
{
	const json_t *value = json_object_get(sample, key);

	if (json_is_string(value))
		report_text(report, json_string_value(value), json_string_length(value));
	else if (json_is_integer(value))
		report_moment_ms(report, (uint64_t)json_integer_value(value));
	else
		report_none(report);
}

/* The last ones, in the order in which they came. */
static int report_samples(const json_t *samples, size_t last)
{
	struct report *report = report_open(FORM_TABLE, "samples", columns, COLUMNS);
	size_t count = json_array_size(samples);

	for (size_t i = count > last ? count - last : 0; report && i < count; i++)
		for (size_t column = 0; column < COLUMNS; column++)
			report_cell(report, json_array_get(samples, i), columns[column].key);
	return report_close(report);
}

int cmd_samples(int argc, char **argv)
{
	uint64_t last = LAST_DEFAULT;
	const struct ctl_option options[] = {
		{ .name = "last",
		  .letter = 'n',
		  .kind = OPTION_NUMBER,
		  .placeholder = "N",
		  .help = "how many (default: 50)",
		  .limit = LAST_MAX,
		  .to.number = &last },
		{ .kind = OPTION_END },
	};
	json_t *reply;
	int code;

	if (!options_parse(&argc, argv, options, 0, &code))
		return code;
	code = client_command("samples", &reply);
	if (code)
		return code;
	code = report_samples(json_object_get(reply, "samples"), last);
	json_decref(reply);
	return code;
}
