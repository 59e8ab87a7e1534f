/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl registrations: who is registered, from where, and until when. */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/options.h"
#include "ctl/report.h"
#include "ctl/rows.h"
#include "ctl/uri.h"
#include "plane/clock.h"

struct registration_search {
	const char *aor;   /* NULL: all */
	struct rows found; /* struct registration_record */
};

static int take_registration(const void *key, const void *value, void *ctx)
{
	const struct registration_record *record = value;
	struct registration_search *search = ctx;
	struct registration_record *row;

	(void)key;
	if (search->aor && !uri_is_aor(record->aor, sizeof(record->aor), search->aor))
		return 0;
	row = rows_add(&search->found);
	if (!row)
		return -ENOMEM;
	*row = *record;
	return 0;
}

static int by_aor(const void *left, const void *right)
{
	const struct registration_record *a = left, *b = right;
	int order = strncmp(a->aor, b->aor, sizeof(a->aor));

	return order ? order : strncmp(a->contact, b->contact, sizeof(a->contact));
}

static const struct report_column columns[] = {
	{ .title = "AOR", .key = "aor", .shrinks = true },
	{ .title = "CONTACT", .key = "contact", .shrinks = true },
	{ .title = "SOURCE", .key = "source" },
	{ .title = "SERVICE", .key = "service" },
	{ .title = "EXPIRES", .key = "expires_in_s", .align = ALIGN_RIGHT },
	{ .title = "EXPIRES AT", .key = "expires_unix_ns", .where = SHOWN_JSON },
	{ .title = "GRANTED", .key = "granted_s", .where = SHOWN_JSON },
	{ .title = "SINCE", .key = "registered_unix_ns" },
	{ .title = "REFRESHED", .key = "refreshed_unix_ns", .where = SHOWN_JSON },
	{ .title = "REFRESHES", .key = "refreshes", .align = ALIGN_RIGHT },
	{ .title = "Q", .key = "q_thousandths", .where = SHOWN_JSON },
	{ .title = "PATH", .key = "path", .where = SHOWN_JSON },
	{ .title = "REG-ID", .key = "reg_id", .where = SHOWN_JSON },
	{ .title = "CALL-ID", .key = "call_id", .where = SHOWN_JSON },
	{ .title = "USER-AGENT", .key = "user_agent", .shrinks = true },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void report_registration(struct report *report, const struct service_names *names,
				const struct registration_record *record, uint64_t now)
{
	uint64_t expires = record->expires_unix_ns;

	report_text(report, record->aor, sizeof(record->aor));
	report_text(report, record->contact, sizeof(record->contact));
	report_text(report, record->source, sizeof(record->source));
	report_string(report, service_name(names, record->service));
	report_duration(report, expires > now ? expires - now : 0);
	report_moment(report, expires);
	report_duration(report, record->expires_s * NSEC_PER_SEC);
	report_moment(report, record->registered_unix_ns);
	report_moment(report, record->refreshed_unix_ns);
	report_number(report, record->refreshes);
	report_number(report, record->q_thousandths);
	if (record->path[0])
		report_text(report, record->path, sizeof(record->path));
	else
		report_none(report);
	report_number_if(report, record->reg_id != 0, record->reg_id);
	report_text(report, record->call_id, sizeof(record->call_id));
	report_text(report, record->user_agent, sizeof(record->user_agent));
}

static int search_and_report(const struct maps *maps, struct registration_search *search)
{
	int code, err = maps_walk(maps, MAP_REGISTRATIONS, take_registration, search);
	uint64_t now = clock_realtime_ns();
	struct service_names names;
	struct report *report;

	if (err)
		return instance_fail("registrations", err);
	rows_sort(&search->found, by_aor);
	service_names_read(maps, &names);
	report = report_open(FORM_TABLE, "registrations", columns, COLUMNS);
	for (size_t i = 0; report && i < search->found.count; i++)
		report_registration(report, &names, rows_at(&search->found, i), now);
	code = report_close(report);
	if (!code && search->aor && !search->found.count)
		code = ctl_fail(CTL_NO, "no registration of that address of record");
	return code;
}

int cmd_registrations(int argc, char **argv)
{
	struct registration_search search = {
		.found.size = sizeof(struct registration_record),
	};
	struct maps maps;
	int code;

	if (!options_parse(&argc, argv, NULL, 1, &code))
		return code;
	search.aor = argv[1];
	code = instance_open(&maps);
	if (code)
		return code;
	code = search_and_report(&maps, &search);
	rows_free(&search.found);
	maps_close(&maps);
	return code;
}
