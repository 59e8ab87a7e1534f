/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl sources: who talks to the services, and how they fare. */

#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/names.h"
#include "ctl/options.h"
#include "ctl/report.h"
#include "ctl/rows.h"
#include "ctl/talkers.h"
#include "plane/clock.h"

#define TOP_DEFAULT 20
#define TOP_MAX	    100000000

static const struct report_column columns[] = {
	{ .title = "SOURCE", .key = "source" },
	{ .title = "TIER", .key = "tier" },
	{ .title = "SERVICE", .key = "service" },
	{ .title = "MESSAGES", .key = "messages", .align = ALIGN_RIGHT },
	{ .title = "", .key = "packets", .where = SHOWN_JSON }, /* as the maps have it */
	{ .title = "BYTES", .key = "bytes", .align = ALIGN_RIGHT },
	{ .title = "DROPS", .key = "drops", .align = ALIGN_RIGHT },
	{ .title = "LAST REASON", .key = "last_reason" },
	{ .title = "LAST CLASS", .key = "last_class" },
	{ .title = "FIRST SEEN", .key = "first_seen_unix_ns" },
	{ .title = "LAST SEEN", .key = "last_seen_unix_ns" },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void report_talker(struct report *report, const struct maps *maps,
			  const struct service_names *names, const struct talker *talker, __u64 now)
{
	char text[TALKER_TEXT_SIZE];

	report_string(report, talker_print(talker, text));
	report_string(report, talker_tier(maps, talker, now));
	report_string(report, talker->service == SERVICE_HOST
				      ? NULL
				      : service_name(names, talker->service));
	report_number(report, talker->packets);
	report_number(report, talker->packets);
	report_number_if(report, talker->bytes != 0, talker->bytes);
	report_number_if(report, talker->has_last, talker->drops);
	report_string(report, talker->has_last ? reason_name(talker->last_reason) : NULL);
	report_string(report, talker->has_last ? class_name(talker->last_class) : NULL);
	report_moment(report, clock_monotonic_to_realtime(talker->first_seen_ns));
	report_moment(report, clock_monotonic_to_realtime(talker->last_seen_ns));
}

static int report_top(const struct maps *maps, const struct rows *talkers, uint64_t top)
{
	__u64 now = clock_monotonic_ns();
	struct service_names names;
	struct report *report;

	service_names_read(maps, &names);
	report = report_open(FORM_TABLE, "sources", columns, COLUMNS);
	for (size_t i = 0; report && i < talkers->count && i < top; i++)
		report_talker(report, maps, &names, rows_at(talkers, i), now);
	return report_close(report);
}

int cmd_sources(int argc, char **argv)
{
	static const char *const orders[] = { "packets", "drops", NULL };
	static int (*const compare[])(const void *, const void *) = { talkers_by_packets,
								      talkers_by_drops };
	struct rows talkers = { .size = sizeof(struct talker) };
	uint64_t top = TOP_DEFAULT;
	unsigned int order = 0;
	const struct ctl_option options[] = {
		{ .name = "top",
		  .letter = 'n',
		  .kind = OPTION_NUMBER,
		  .placeholder = "N",
		  .help = "how many (default: 20)",
		  .limit = TOP_MAX,
		  .to.number = &top },
		{ .name = "by",
		  .kind = OPTION_CHOICE,
		  .placeholder = "packets|drops",
		  .help = "what counts (default: packets)",
		  .choices = orders,
		  .to.choice = &order },
		{ .kind = OPTION_END },
	};
	struct maps maps;
	int code, err;

	if (!options_parse(&argc, argv, options, 0, &code))
		return code;
	code = instance_open(&maps);
	if (code)
		return code;
	err = talkers_read(&maps, &talkers);
	if (err)
		code = instance_fail("sources", err);
	rows_sort(&talkers, compare[order]);
	if (!code)
		code = report_top(&maps, &talkers, top);
	rows_free(&talkers);
	maps_close(&maps);
	return code;
}
