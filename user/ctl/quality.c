/* SPDX-License-Identifier: GPL-2.0-only */
/* How well services do: see quality.h. Ratios and means are made here, from the daemon's counters. */
#include "ctl/quality.h"

#include <stdbool.h>
#include <stdint.h>

#include <sipxdp/time.h>

#include "ctl/client.h"
#include "ctl/ctl.h"

static const struct report_column columns[] = {
	{ .title = "SERVICE", .key = "service" },
	{ .title = "INVITES", .key = "attempts", .align = ALIGN_RIGHT },
	{ .title = "CHALLENGED", .key = "challenged", .where = SHOWN_JSON },
	{ .title = "ANSWERED", .key = "answered", .align = ALIGN_RIGHT },
	{ .title = "3XX", .key = "redirected", .where = SHOWN_JSON },
	{ .title = "4XX", .key = "failed_4xx", .align = ALIGN_RIGHT },
	{ .title = "5XX", .key = "failed_5xx", .align = ALIGN_RIGHT },
	{ .title = "6XX", .key = "failed_6xx", .align = ALIGN_RIGHT },
	{ .title = "DECLINED", .key = "declined", .where = SHOWN_JSON },
	{ .title = "CANCELLED", .key = "cancelled", .where = SHOWN_JSON },
	{ .title = "NO ANSWER", .key = "unanswered", .align = ALIGN_RIGHT },
	{ .title = "INEFFECTIVE", .key = "ineffective", .where = SHOWN_JSON },
	{ .title = "COMPLETED", .key = "completed", .where = SHOWN_JSON },
	{ .title = "SHORT", .key = "short_calls", .align = ALIGN_RIGHT },
	{ .title = "BYE LOST", .key = "lost_byes", .where = SHOWN_JSON },
	{ .title = "SER %", .key = "ser_percent", .align = ALIGN_RIGHT },
	{ .title = "SEER %", .key = "seer_percent", .align = ALIGN_RIGHT },
	{ .title = "ISA %", .key = "isa_percent", .align = ALIGN_RIGHT },
	{ .title = "SRD", .key = "srd_ms", .align = ALIGN_RIGHT },
	{ .title = "SRD FAILED", .key = "srd_failed_ms", .where = SHOWN_JSON },
	{ .title = "SETUP", .key = "setup_ms", .align = ALIGN_RIGHT },
	{ .title = "SDD", .key = "sdd_ms", .align = ALIGN_RIGHT },
	{ .title = "TALK", .key = "talk_s", .align = ALIGN_RIGHT },
	{ .title = "REGISTERS", .key = "registers", .align = ALIGN_RIGHT },
	{ .title = "GRANTED", .key = "registers_granted", .where = SHOWN_JSON },
	{ .title = "REFUSED", .key = "registers_failed", .where = SHOWN_JSON },
	{ .title = "IRA %", .key = "ira_percent", .align = ALIGN_RIGHT },
	{ .title = "RRD", .key = "rrd_ms", .align = ALIGN_RIGHT },
	{ .title = "RRD LONGEST", .key = "rrd_longest_ms", .where = SHOWN_JSON },
	{ .title = "SRD LONGEST", .key = "srd_longest_ms", .where = SHOWN_JSON },
	{ .title = "SDD LONGEST", .key = "sdd_longest_ms", .where = SHOWN_JSON },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))
_Static_assert(COLUMNS <= REPORT_COLUMNS_MAX, "a report holds them");

static uint64_t number_of(const json_t *object, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(object, key));

	return number > 0 ? (uint64_t)number : 0;
}

static void report_member_number(struct report *report, const json_t *service, const char *key)
{
	report_number(report, number_of(service, key));
}

static void report_percent(struct report *report, uint64_t part, uint64_t whole)
{
	if (whole)
		report_rate(report, 100.0 * (double)part / (double)whole);
	else
		report_none(report);
}

static void report_mean(struct report *report, const json_t *service, const char *key)
{
	const json_t *delay = json_object_get(service, key);
	uint64_t count = number_of(delay, "count");

	if (count)
		report_duration(report, number_of(delay, "total_us") / count * NSEC_PER_USEC);
	else
		report_none(report);
}

static void report_longest(struct report *report, const json_t *service, const char *key)
{
	const json_t *delay = json_object_get(service, key);

	if (number_of(delay, "count"))
		report_duration(report, number_of(delay, "longest_us") * NSEC_PER_USEC);
	else
		report_none(report);
}

static void report_talk(struct report *report, const json_t *service)
{
	uint64_t completed = number_of(service, "completed");

	if (completed)
		report_duration(report,
				number_of(service, "talked_ms") * NSEC_PER_MSEC / completed);
	else
		report_none(report);
}

/* SER, SEER, ISA of RFC 6076 sections 4.6 to 4.8: challenged and redirected INVITEs are tried again,
 * and are no part of the whole. */
static void report_ratios(struct report *report, const json_t *service)
{
	uint64_t attempts = number_of(service, "attempts");
	uint64_t again = number_of(service, "challenged") + number_of(service, "redirected");
	uint64_t whole = attempts > again ? attempts - again : 0;
	uint64_t answered = number_of(service, "answered");

	report_percent(report, answered, whole);
	report_percent(report, answered + number_of(service, "declined"), whole);
	report_percent(report, number_of(service, "ineffective"), attempts);
}

static void report_registers(struct report *report, const json_t *service)
{
	uint64_t registers = number_of(service, "registers");
	uint64_t challenged = number_of(service, "registers_challenged");
	uint64_t failed = number_of(service, "registers_failed");

	report_number(report, registers);
	report_member_number(report, service, "registers_granted");
	report_number(report, failed);
	report_percent(report, failed, registers > challenged ? registers - challenged : 0);
	report_mean(report, service, "registering");
}

static void report_service(struct report *report, const json_t *service)
{
	static const char *const counts[] = {
		"attempts",    "challenged", "answered",    "redirected", "failed_4xx",
		"failed_5xx",  "failed_6xx", "declined",    "cancelled",  "unanswered",
		"ineffective", "completed",  "short_calls", "lost_byes",
	};

	report_string(report, json_string_value(json_object_get(service, "service")));
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		report_member_number(report, service, counts[i]);
	report_ratios(report, service);
	report_mean(report, service, "ringing");
	report_mean(report, service, "failing");
	report_mean(report, service, "connecting");
	report_mean(report, service, "ending");
	report_talk(report, service);
	report_registers(report, service);
	report_longest(report, service, "registering");
	report_longest(report, service, "ringing");
	report_longest(report, service, "ending");
}

void quality_report(struct report *report, const json_t *quality)
{
	report_next(report, "quality", columns, COLUMNS);
	for (size_t i = 0; i < json_array_size(quality); i++)
		report_service(report, json_array_get(quality, i));
}

void quality_ask_and_report(struct report *report)
{
	json_t *reply = NULL;
	bool there = report && !client_ask("status", &reply) &&
		     json_is_true(json_object_get(reply, "ok"));

	if (report && (there || ctl_global.json))
		quality_report(report, json_object_get(reply, "quality"));
	json_decref(reply);
}
