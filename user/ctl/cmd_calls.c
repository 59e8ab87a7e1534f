/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl calls: the calls that the daemon tracks, as they stand in the map. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sipxdp/time.h>

#include "ctl/call_backend.h"
#include "ctl/ctl.h"
#include "ctl/flow.h"
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
	const char *backend;
	const struct prefix *source;
};

struct call_row {
	struct call_key key;
	struct call_record record;
};

struct call_search {
	const struct maps *maps;
	struct call_filter filter;
	struct rows found; /* struct call_row */
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

static bool backend_matches(const struct call_search *search, const struct call_key *key)
{
	char name[CALL_BACKEND_SIZE];

	if (!search->filter.backend)
		return true;
	return call_backend(search->maps, key, name) && strcmp(name, search->filter.backend) == 0;
}

/* The backend costs a look-up of its own, so it is asked for last. */
static int take_call(const void *key, const void *value, void *ctx)
{
	struct call_search *search = ctx;
	struct call_row *row;

	if (!call_matches(&search->filter, value) || !backend_matches(search, key))
		return 0;
	row = rows_add(&search->found);
	if (!row)
		return -ENOMEM;
	memcpy(&row->key, key, sizeof(row->key));
	memcpy(&row->record, value, sizeof(row->record));
	return 0;
}

static int newest_first(const void *left, const void *right)
{
	const struct call_record *a = &((const struct call_row *)left)->record;
	const struct call_record *b = &((const struct call_row *)right)->record;

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
	{ .title = "BACKEND", .key = "backend" },
	{ .title = "CODEC", .key = "codec" },
	{ .title = "STATUS", .key = "final_status", .align = ALIGN_RIGHT },
	{ .title = "MESSAGES", .key = "messages", .align = ALIGN_RIGHT },
	{ .title = "RETR", .key = "retransmissions", .align = ALIGN_RIGHT, .where = SHOWN_JSON },
	{ .title = "RE-INVITES", .key = "re_invites", .align = ALIGN_RIGHT },
	{ .title = "", .key = "reinvites", .where = SHOWN_JSON }, /* as the map has it */
	{ .title = "RINGING", .key = "ring_ms", .where = SHOWN_JSON },
	{ .title = "UPD", .key = "updates", .where = SHOWN_JSON },
	{ .title = "PRACK", .key = "pracks", .where = SHOWN_JSON },
	{ .title = "REFER", .key = "refers", .where = SHOWN_JSON },
	{ .title = "FORKS", .key = "forks", .where = SHOWN_JSON },
	{ .title = "HOLDS", .key = "holds", .where = SHOWN_JSON },
	{ .title = "HELD BY", .key = "held_by", .where = SHOWN_JSON },
	{ .title = "CODECS", .key = "codec_changes", .where = SHOWN_JSON },
	{ .title = "SESSION", .key = "session", .where = SHOWN_JSON },
	{ .title = "ANSWERED", .key = "answered_unix_ns", .where = SHOWN_JSON },
	{ .title = "ENDED", .key = "ended_unix_ns", .where = SHOWN_JSON },
	{ .title = "UPDATED", .key = "updated_unix_ns", .where = SHOWN_JSON },
	{ .title = "CALL-ID", .key = "call_id" },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* One call in full: the same cells, each with a line of its own, and its other legs. */
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
	{ .title = "BACKEND", .key = "backend" },
	{ .title = "CODEC", .key = "codec" },
	{ .title = "FINAL STATUS", .key = "final_status" },
	{ .title = "MESSAGES", .key = "messages" },
	{ .title = "RETRANSMISSIONS", .key = "retransmissions" },
	{ .title = "RE-INVITES", .key = "re_invites" },
	{ .title = "", .key = "reinvites", .where = SHOWN_JSON },
	{ .title = "RINGING AFTER", .key = "ring_ms" },
	{ .title = "UPDATES", .key = "updates" },
	{ .title = "PRACKS", .key = "pracks" },
	{ .title = "REFERS", .key = "refers" },
	{ .title = "FORKS", .key = "forks" },
	{ .title = "HOLDS", .key = "holds" },
	{ .title = "HELD BY", .key = "held_by" },
	{ .title = "CODEC CHANGES", .key = "codec_changes" },
	{ .title = "SESSION", .key = "session" },
	{ .title = "ANSWERED", .key = "answered_unix_ns" },
	{ .title = "ENDED", .key = "ended_unix_ns" },
	{ .title = "LAST MESSAGE", .key = "updated_unix_ns" },
	{ .title = "CALL-ID", .key = "call_id" },
	{ .title = "OTHER LEGS", .key = "other_legs" },
};
#define CARD_COLUMNS (sizeof(card_columns) / sizeof(card_columns[0]))
_Static_assert(CARD_COLUMNS == COLUMNS + 1, "the card shows what the table has, and legs");
_Static_assert(CARD_COLUMNS <= REPORT_COLUMNS_MAX, "a report holds them");

/* From the answer to the end, or to now. */
static uint64_t talked_ns(const struct call_record *call, uint64_t now)
{
	uint64_t end = call->ended_unix_ns ? call->ended_unix_ns : now;

	return end > call->answered_unix_ns ? end - call->answered_unix_ns : 0;
}

static const char *held_by(unsigned int held)
{
	static const char *const names[] = { NULL, "caller", "callee", "both" };

	return names[held & (CALL_HELD_BY_CALLER | CALL_HELD_BY_CALLEE)];
}

static void report_times(struct report *report, const struct call_record *call, uint64_t now)
{
	if (call->answered_unix_ns) {
		report_duration(report, call->setup_ms * NSEC_PER_MSEC);
		report_duration(report, talked_ns(call, now));
	} else {
		report_none(report);
		report_none(report);
	}
}

/* maps: NULL where nothing is balanced, which saves a look-up for each call. */
static void report_backend(struct report *report, const struct maps *maps,
			   const struct call_key *key)
{
	char name[CALL_BACKEND_SIZE];

	report_string(report, maps && call_backend(maps, key, name) ? name : NULL);
}

static void report_counts(struct report *report, const struct call_record *call)
{
	report_number(report, call->messages);
	report_number(report, call->retransmissions);
	report_number(report, call->reinvites);
	report_number(report, call->reinvites);
	if (call->ring_ms)
		report_duration(report, call->ring_ms * NSEC_PER_MSEC);
	else
		report_none(report);
	report_number(report, call->updates);
	report_number(report, call->pracks);
	report_number(report, call->refers);
	report_number(report, call->forks);
	report_number(report, call->holds);
	report_string(report, held_by(call->held));
	report_number(report, call->codec_changes);
}

/* What legs of one call have in common; none where no Session-ID was seen. */
static void report_session(struct report *report, uint64_t hash)
{
	char text[17];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)hash);
	report_string(report, hash ? text : NULL);
}

static void report_call(struct report *report, const struct maps *maps,
			const struct service_names *names, const struct call_row *row, uint64_t now)
{
	const struct call_record *call = &row->record;

	report_string(report, call_state_name(call->state));
	report_moment(report, call->started_unix_ns);
	report_times(report, call, now);
	report_text(report, call->from, sizeof(call->from));
	report_text(report, call->to, sizeof(call->to));
	report_text(report, call->source, sizeof(call->source));
	report_text(report, call->destination, sizeof(call->destination));
	report_string(report, service_name(names, call->service));
	report_backend(report, maps, &row->key);
	if (call->codec[0])
		report_text(report, call->codec, sizeof(call->codec));
	else
		report_none(report);
	report_number_if(report, call->final_status != 0, call->final_status);
	report_counts(report, call);
	report_session(report, call->session_hash);
	report_moment(report, call->answered_unix_ns);
	report_moment(report, call->ended_unix_ns);
	report_moment(report, call->updated_unix_ns);
	report_text(report, call->call_id, sizeof(call->call_id));
}

/* ---- one call ---- */

/* Call-IDs of the other legs, a blank between them. */
struct leg_search {
	const struct call_row *of;
	char text[REPORT_TEXT_MAX];
};

static int take_leg(const void *key, const void *value, void *ctx)
{
	const struct call_record *record = value;
	struct leg_search *search = ctx;
	size_t used = strlen(search->text);

	if (record->session_hash != search->of->record.session_hash ||
	    !memcmp(key, &search->of->key, sizeof(search->of->key)))
		return 0;
	snprintf(search->text + used, sizeof(search->text) - used, "%s%.*s", used ? " " : "",
		 (int)sizeof(record->call_id), record->call_id);
	return 0;
}

static void report_legs(struct report *report, const struct maps *maps, const struct call_row *row)
{
	struct leg_search search = { .of = row };

	if (!row->record.session_hash || maps_walk(maps, MAP_CALLS, take_leg, &search) ||
	    !search.text[0])
		report_none(report);
	else
		report_text(report, search.text, sizeof(search.text));
}

/* Its messages, if the daemon is there and remembers any. */
static void report_messages(struct report *report, const char *call_id)
{
	struct flow flow = { .count = 0 };

	if (flow_ask(call_id, true, &flow) && !ctl_global.json)
		return;
	flow_report(report, &flow);
	flow_free(&flow);
}

static int report_calls(const struct call_search *search, bool card)
{
	const struct maps *balanced = call_backends_in_use(search->maps) ? search->maps : NULL;
	uint64_t now = clock_realtime_ns();
	struct service_names names;
	struct report *report;

	service_names_read(search->maps, &names);
	report = report_open(card ? FORM_CARD : FORM_TABLE, "calls", card ? card_columns : columns,
			     card ? CARD_COLUMNS : COLUMNS);
	for (size_t i = 0; report && i < search->found.count; i++) {
		const struct call_row *row = rows_at(&search->found, i);

		report_call(report, balanced, &names, row, now);
		if (card)
			report_legs(report, search->maps, row);
	}
	if (report && card)
		report_messages(report, search->filter.call_id);
	return report_close(report);
}

static int search_and_report(struct call_search *search)
{
	const char *call_id = search->filter.call_id;
	int code, err = maps_walk(search->maps, MAP_CALLS, take_call, search);

	if (err)
		return instance_fail("calls", err);
	rows_sort(&search->found, newest_first);
	code = report_calls(search, call_id != NULL && search->found.count > 0);
	if (!code && call_id && !search->found.count)
		code = ctl_fail(CTL_NO, "no call with that Call-ID");
	return code;
}

int cmd_calls(int argc, char **argv)
{
	struct call_search search = { .filter.state = ANY_STATE,
				      .found.size = sizeof(struct call_row) };
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
		{ .name = "backend",
		  .kind = OPTION_TEXT,
		  .placeholder = "NAME",
		  .help = "only calls that are on that backend",
		  .to.text = &search.filter.backend },
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
	search.maps = &maps;
	code = search_and_report(&search);
	rows_free(&search.found);
	maps_close(&maps);
	return code;
}
