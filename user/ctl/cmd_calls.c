/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl calls: the calls that the daemon tracks, as they stand in the map. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/names.h"
#include "ctl/options.h"
#include "ctl/report.h"
#include "ctl/rows.h"
#include "ctl/uri.h"
#include "plane/clock.h"
#include "policy/address.h"

#define ANY_STATE ~0u

/* What was asked for; a member that is not set lets every call through. */
struct call_filter {
	unsigned int state;
	const char *call_id;
	const char *user;
	const struct prefix *source;
};

struct call_search {
	struct call_filter filter;
	struct rows found; /* struct call_record */
};

/* What does not fit into a record is cut there: so must be what it is compared with. */
static bool call_id_matches(const struct call_record *record, const char *call_id)
{
	size_t len = strnlen(record->call_id, sizeof(record->call_id));

	if (strncmp(record->call_id, call_id, len) != 0)
		return false;
	return call_id[len] == '\0' || len + RECORD_CUT_MAX >= sizeof(record->call_id);
}

static bool source_matches(const char *source, size_t size, const struct prefix *prefix)
{
	struct endpoint endpoint;

	if (endpoint_parse(source, strnlen(source, size), &endpoint))
		return false;
	return prefix_contains(prefix, &endpoint.address);
}

static bool call_matches(const struct call_filter *filter, const struct call_record *record)
{
	if (filter->state != ANY_STATE && filter->state != record->state)
		return false;
	if (filter->call_id && !call_id_matches(record, filter->call_id))
		return false;
	if (filter->user && !uri_has_user(record->from, sizeof(record->from), filter->user) &&
	    !uri_has_user(record->to, sizeof(record->to), filter->user))
		return false;
	return !filter->source ||
	       source_matches(record->source, sizeof(record->source), filter->source);
}

static int take_call(const void *key, const void *value, void *ctx)
{
	struct call_search *search = ctx;
	struct call_record *row;

	(void)key;
	if (!call_matches(&search->filter, value))
		return 0;
	row = rows_add(&search->found);
	if (!row)
		return -ENOMEM;
	memcpy(row, value, sizeof(*row));
	return 0;
}

static int newest_first(const void *left, const void *right)
{
	const struct call_record *a = left, *b = right;

	if (a->started_unix_ns != b->started_unix_ns)
		return a->started_unix_ns > b->started_unix_ns ? -1 : 1;
	return strncmp(a->call_id, b->call_id, sizeof(a->call_id));
}

static const struct report_column columns[] = {
	{ .title = "STATE", .key = "state" },
	{ .title = "STARTED", .key = "started_unix_ns" },
	{ .title = "SETUP", .key = "setup_ms", .align = ALIGN_RIGHT },
	{ .title = "DURATION", .key = "duration_s", .align = ALIGN_RIGHT },
	{ .title = "FROM", .key = "from", .shrinks = true },
	{ .title = "TO", .key = "to", .shrinks = true },
	{ .title = "SOURCE", .key = "source" },
	{ .title = "DESTINATION", .key = "destination", .where = SHOWN_JSON },
	{ .title = "SERVICE", .key = "service" },
	{ .title = "STATUS", .key = "final_status", .align = ALIGN_RIGHT },
	{ .title = "MSGS", .key = "messages", .align = ALIGN_RIGHT },
	{ .title = "RETR", .key = "retransmissions", .align = ALIGN_RIGHT, .where = SHOWN_JSON },
	{ .title = "REINV", .key = "reinvites", .align = ALIGN_RIGHT },
	{ .title = "ANSWERED", .key = "answered_unix_ns", .where = SHOWN_JSON },
	{ .title = "ENDED", .key = "ended_unix_ns", .where = SHOWN_JSON },
	{ .title = "UPDATED", .key = "updated_unix_ns", .where = SHOWN_JSON },
	{ .title = "CALL-ID", .key = "call_id" },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* One call in full: the same cells, each with a line of its own. */
static const struct report_column card_columns[] = {
	{ .title = "STATE", .key = "state" },
	{ .title = "STARTED", .key = "started_unix_ns" },
	{ .title = "SETUP", .key = "setup_ms" },
	{ .title = "DURATION", .key = "duration_s" },
	{ .title = "FROM", .key = "from" },
	{ .title = "TO", .key = "to" },
	{ .title = "SOURCE", .key = "source" },
	{ .title = "DESTINATION", .key = "destination" },
	{ .title = "SERVICE", .key = "service" },
	{ .title = "FINAL STATUS", .key = "final_status" },
	{ .title = "MESSAGES", .key = "messages" },
	{ .title = "RETRANSMISSIONS", .key = "retransmissions" },
	{ .title = "RE-INVITES", .key = "reinvites" },
	{ .title = "ANSWERED", .key = "answered_unix_ns" },
	{ .title = "ENDED", .key = "ended_unix_ns" },
	{ .title = "LAST MESSAGE", .key = "updated_unix_ns" },
	{ .title = "CALL-ID", .key = "call_id" },
};
_Static_assert(sizeof(card_columns) == sizeof(columns), "the card shows what the table has");

/* From the answer to the end, or to now. */
static uint64_t talked_ns(const struct call_record *call, uint64_t now)
{
	uint64_t end = call->ended_unix_ns ? call->ended_unix_ns : now;

	return end > call->answered_unix_ns ? end - call->answered_unix_ns : 0;
}

static void report_call(struct report *report, const struct service_names *names,
			const struct call_record *call, uint64_t now)
{
	report_string(report, call_state_name(call->state));
	report_moment(report, call->started_unix_ns);
	if (call->answered_unix_ns) {
		report_duration(report, call->setup_ms * UINT64_C(1000000));
		report_duration(report, talked_ns(call, now));
	} else {
		report_none(report);
		report_none(report);
	}
	report_text(report, call->from, sizeof(call->from));
	report_text(report, call->to, sizeof(call->to));
	report_text(report, call->source, sizeof(call->source));
	report_text(report, call->destination, sizeof(call->destination));
	report_string(report, service_name(names, call->service));
	report_number_if(report, call->final_status != 0, call->final_status);
	report_number(report, call->messages);
	report_number(report, call->retransmissions);
	report_number(report, call->reinvites);
	report_moment(report, call->answered_unix_ns);
	report_moment(report, call->ended_unix_ns);
	report_moment(report, call->updated_unix_ns);
	report_text(report, call->call_id, sizeof(call->call_id));
}

static int report_calls(const struct maps *maps, const struct rows *found, bool card)
{
	uint64_t now = clock_realtime_ns();
	struct service_names names;
	struct report *report;

	service_names_read(maps, &names);
	report = report_open(card ? FORM_CARD : FORM_TABLE, "calls", card ? card_columns : columns,
			     COLUMNS);
	for (size_t i = 0; report && i < found->count; i++)
		report_call(report, &names, rows_at(found, i), now);
	return report_close(report);
}

static int search_and_report(const struct maps *maps, struct call_search *search)
{
	const char *call_id = search->filter.call_id;
	int code, err = maps_walk(maps, MAP_CALLS, take_call, search);

	if (err)
		return instance_fail("calls", err);
	rows_sort(&search->found, newest_first);
	code = report_calls(maps, &search->found, call_id != NULL && search->found.count > 0);
	if (!code && call_id && !search->found.count)
		code = ctl_fail(CTL_NO, "no call with that Call-ID");
	return code;
}

int cmd_calls(int argc, char **argv)
{
	struct call_search search = { .filter.state = ANY_STATE,
				      .found.size = sizeof(struct call_record) };
	const char *source = NULL;
	const struct ctl_option options[] = {
		{ .name = "state",
		  .kind = OPTION_CHOICE,
		  .placeholder = "STATE",
		  .help = "only calls in that state",
		  .choices = call_states,
		  .to.choice = &search.filter.state },
		{ .name = "source",
		  .kind = OPTION_TEXT,
		  .placeholder = "ADDR[/LEN]",
		  .help = "only calls whose INVITE came from there",
		  .to.text = &source },
		{ .name = "user",
		  .kind = OPTION_TEXT,
		  .placeholder = "USER",
		  .help = "only calls with that user in From or To",
		  .to.text = &search.filter.user },
		{ .kind = OPTION_END },
	};
	struct prefix prefix;
	struct maps maps;
	int code;

	if (!options_parse(&argc, argv, options, 1, &code))
		return code;
	search.filter.call_id = argv[1];
	if (source) {
		int err = prefix_parse(source, strlen(source), &prefix);

		if (err)
			return ctl_fail(CTL_USAGE, "--source: '%s': %s", source,
					prefix_strerror(err));
		search.filter.source = &prefix;
	}
	code = instance_open(&maps);
	if (code)
		return code;
	code = search_and_report(&maps, &search);
	rows_free(&search.found);
	maps_close(&maps);
	return code;
}
