/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl status: what is attached where, who is alive, how full it is, and what it misses. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "ctl/blind.h"
#include "ctl/client.h"
#include "ctl/ctl.h"
#include "ctl/duration.h"
#include "ctl/metrics.h"
#include "ctl/names.h"
#include "ctl/options.h"
#include "ctl/quality.h"
#include "ctl/report.h"
#include "ctl/text.h"
#include "plane/clock.h"

/* ---- gather ---- */

static void count_tables(struct view *view)
{
	static const struct table_fill tables[TABLES_MAX] = {
		{ .id = MAP_SOURCES, .evicts = true },
		{ .id = MAP_TRUSTED, .evicts = true },
		{ .id = MAP_PROVISIONAL, .evicts = true },
		{ .id = MAP_BANS },
		{ .id = MAP_NETWORKS },
		{ .id = MAP_DIALOGS },
		{ .id = MAP_FRAGMENTS, .evicts = true },
		{ .id = MAP_CALLS },
		{ .id = MAP_REGISTRATIONS },
	};

	memcpy(view->tables, tables, sizeof(tables));
	for (size_t i = 0; i < TABLES_MAX; i++) {
		struct table_fill *table = &view->tables[i];

		table->room = maps_room(view->maps, table->id);
		table->err = maps_count(view->maps, table->id, &table->entries);
	}
}

static void read_services(struct view *view)
{
	service_names_read(view->maps, &view->names);
	for (unsigned int i = 0; i < SERVICE_MAX; i++)
		if (maps_service(view->maps, i, &view->services[i]))
			view->services[i].in_use = 0;
}

/* The daemon's answer, if it has one; a refusal is as good as none. */
static void ask_daemon(struct view *view)
{
	view->daemon = NULL;
	view->daemon_err = client_ask("status", &view->daemon);
	if (view->daemon && !json_is_true(json_object_get(view->daemon, "ok"))) {
		const char *code = json_string_value(json_object_get(view->daemon, "code"));

		view->daemon_err = code && strcmp(code, "busy") == 0 ? -EBUSY : -EPROTO;
		json_decref(view->daemon);
		view->daemon = NULL;
	}
}

static int gather(struct view *view)
{
	int code = counters_read(view->maps, view->counters);

	if (code)
		return code;
	view->attach_err = status_read(ctl_global.instance, &view->attach);
	read_services(view);
	count_tables(view);
	ask_daemon(view);
	return CTL_DONE;
}

static uint64_t daemon_number(const struct view *view, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(view->daemon, key));

	return number > 0 ? (uint64_t)number : 0;
}

/* Since when the packet path runs, for `uptime`. 0: not known. */
static uint64_t loaded_unix_ns(const struct view *view)
{
	return view->attach_err ? 0 : view->attach.loaded_unix_ns;
}

static uint64_t since(uint64_t unix_ns)
{
	uint64_t now = clock_realtime_ns();

	return now > unix_ns ? now - unix_ns : 0;
}

/* ---- as text ---- */

static void print_line(const char *key, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void print_line(const char *key, const char *format, ...)
{
	char text[512], escaped[TEXT_ESCAPED_SIZE(sizeof(text))];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("%-9s %s\n", key, text_escape(text, sizeof(text), escaped, sizeof(escaped)));
}

static void print_daemon(const struct view *view)
{
	const char *version = json_string_value(json_object_get(view->daemon, "version"));
	const char *config = json_string_value(json_object_get(view->daemon, "config"));
	uint64_t started = daemon_number(view, "started_unix_ns");
	uint64_t reloaded = daemon_number(view, "reloaded_unix_ns");
	char up[DURATION_TEXT_SIZE], moment[MOMENT_TEXT_SIZE];

	if (!view->daemon) {
		print_line("daemon", "%s: %s", view->daemon_err == -EBUSY ? "alive" : "not there",
			   client_strerror(view->daemon_err));
		return;
	}
	print_line("daemon", "alive, pid %" PRIu64 ", version %s, up %s",
		   daemon_number(view, "pid"), version ? version : "unknown",
		   started ? duration_print(since(started), up) : "unknown");
	if (config)
		print_line("config", "%s%s%s", config, reloaded ? ", reloaded " : "",
			   reloaded ? moment_print(reloaded, moment) : "");
}

/* Where messages are sent to, if anywhere. */
static void print_hep(const struct view *view)
{
	const char *collector = json_string_value(json_object_get(view->daemon, "hep_collector"));

	if (collector)
		print_line("hep", "to %s: %" PRIu64 " messages sent, %" PRIu64 " not", collector,
			   daemon_number(view, "hep_sent"), daemon_number(view, "hep_lost"));
}

/* One whose drops are withheld for some reasons only enforces. */
static const char *mode_name(__u32 monitor)
{
	return monitor == MONITOR_ALL ? "monitor" : "enforce";
}

static void print_head(const struct view *view)
{
	char up[DURATION_TEXT_SIZE], moment[MOMENT_TEXT_SIZE];
	uint64_t loaded = loaded_unix_ns(view);
	struct utsname host;

	print_line("instance", "%s", ctl_global.instance);
	print_line("mode", "%s", mode_name(view->maps->settings->monitor));
	if (loaded)
		print_line("uptime", "%s, loaded %s", duration_print(since(loaded), up),
			   moment_print(loaded, moment));
	else
		print_line("uptime", "unknown");
	print_daemon(view);
	print_line("tap", "%llu records lost for a full ring", view->maps->host_state->tap_lost);
	print_hep(view);
	print_line("layout", "%u", view->maps->settings->layout);
	if (uname(&host) == 0)
		print_line("kernel", "%s %s", host.sysname, host.release);
	putchar('\n');
}

static const struct report_column interface_columns[] = {
	{ .title = "INTERFACE", .key = "name" },
	{ .title = "XDP", .key = "ingress" },
	{ .title = "HELD BY", .key = "holder" },
	{ .title = "EGRESS", .key = "egress" },
	{ .title = "PROG", .key = "ingress_program", .align = ALIGN_RIGHT },
	{ .title = "EGRESS PROG", .key = "egress_program", .align = ALIGN_RIGHT },
	{ .title = "OTHERS", .key = "other_programs", .align = ALIGN_RIGHT },
	{ .title = "MTU", .key = "mtu", .align = ALIGN_RIGHT },
	{ .title = "UP", .key = "up" },
};
#define INTERFACE_COLUMNS (sizeof(interface_columns) / sizeof(interface_columns[0]))

static void report_interface(struct report *report, const struct status_interface *interface)
{
	report_text(report, interface->name, sizeof(interface->name));
	report_string(report, status_ingress_name(interface->ingress));
	report_string(report, interface->ingress == STATUS_INGRESS_NONE
				      ? NULL
				      : status_holder_name(interface->holder));
	report_string(report, status_egress_name(interface->egress));
	report_number_if(report, interface->ingress_program != 0, interface->ingress_program);
	report_number_if(report, interface->egress_program != 0, interface->egress_program);
	report_number(report, interface->other_programs);
	report_number_if(report, interface->here, interface->mtu);
	report_flag(report, interface->up);
}

static const struct report_column service_columns[] = {
	{ .title = "SERVICE", .key = "name" },
	{ .title = "MODE", .key = "mode" },
	{ .title = "VERIFY SOURCE", .key = "verify_source" },
	{ .title = "UNDER ATTACK", .key = "under_attack" },
	{ .title = "BACKENDS UP", .key = "backends_up", .align = ALIGN_RIGHT },
	{ .title = "OF", .key = "backends", .align = ALIGN_RIGHT },
};
#define SERVICE_COLUMNS (sizeof(service_columns) / sizeof(service_columns[0]))

static const char *verify_name(enum verify_source verify)
{
	switch (verify) {
	case VERIFY_OFF: return "off";
	case VERIFY_UNDER_ATTACK: return "under-attack";
	case VERIFY_ALWAYS: return "always";
	}
	return NAME_UNKNOWN;
}

static void report_backends(struct report *report, const struct view *view, unsigned int service)
{
	bool balanced = view->services[service].balance.forward != FORWARD_NONE;

	report_number_if(report, balanced, view->maps->service_state[service].backends_up);
	report_number_if(report, balanced, blind_backends(view, service, NULL));
}

static void report_services(struct report *report, const struct view *view)
{
	const struct settings *settings = view->maps->settings;
	uint64_t now = clock_monotonic_ns();

	for (unsigned int i = 0; i < SERVICE_MAX; i++) {
		const struct service *service = &view->services[i];

		if (!service->in_use)
			continue;
		report_string(report, service_name(&view->names, i));
		report_string(report, mode_name(settings->monitor | service->monitor));
		report_string(report, verify_name(service->verify_source));
		report_flag(report, view->maps->service_state[i].under_attack_until_ns > now);
		report_backends(report, view, i);
	}
}

static const struct report_column table_columns[] = {
	{ .title = "TABLE", .key = "name" },
	{ .title = "ENTRIES", .key = "entries", .align = ALIGN_RIGHT },
	{ .title = "ROOM", .key = "room", .align = ALIGN_RIGHT },
	{ .title = "FILL %", .key = "fill_percent", .align = ALIGN_RIGHT },
	{ .title = "WHEN FULL", .key = "when_full" },
};
#define TABLE_COLUMNS (sizeof(table_columns) / sizeof(table_columns[0]))

static void report_table(struct report *report, const struct table_fill *table)
{
	bool counted = !table->err && table->room;

	report_string(report, maps_name(table->id));
	report_number_if(report, counted, table->entries);
	report_number_if(report, table->room != 0, table->room);
	report_number_if(report, counted, counted ? table->entries * 100 / table->room : 0);
	report_string(report, table->evicts ? "evicts" : "refuses");
}

static void print_warnings(const struct blind *blind)
{
	printf("\nwarnings:%s\n", blind->count ? "" : " none");
	for (size_t i = 0; i < blind->count; i++)
		printf("  - %s\n", blind->text[i]);
}

/* ---- as JSON, beside the arrays of the tables ---- */

static json_t *number_json(uint64_t number)
{
	return json_integer((json_int_t)(number & INT64_MAX));
}

static json_t *text_json(const char *text)
{
	return text ? json_string(text) : json_null();
}

/* What the daemon says of itself, or why it does not. */
static json_t *daemon_json(const struct view *view)
{
	json_t *object;

	if (!view->daemon)
		return json_pack("{s:b, s:s}", "alive", view->daemon_err == -EBUSY, "error",
				 client_strerror(view->daemon_err));
	object = json_copy(view->daemon);
	json_object_del(object, "ok");
	json_object_del(object, "quality"); /* an array of its own */
	json_object_set_new(object, "alive", json_true());
	return object;
}

static json_t *warnings_json(const struct blind *blind)
{
	json_t *list = json_array();

	for (size_t i = 0; i < blind->count; i++)
		json_array_append_new(list, json_string(blind->text[i]));
	return list;
}

static void report_members(struct report *report, const struct view *view,
			   const struct blind *blind)
{
	const struct settings *settings = view->maps->settings;
	const struct host_state *host = view->maps->host_state;
	uint64_t loaded = loaded_unix_ns(view);
	struct utsname kernel;

	report_member(report, "instance", text_json(ctl_global.instance));
	report_member(report, "mode", text_json(mode_name(settings->monitor)));
	report_member(report, "loaded_unix_ns", loaded ? number_json(loaded) : json_null());
	report_member(report, "uptime_s",
		      loaded ? number_json(since(loaded) / NSEC_PER_SEC) : json_null());
	report_member(report, "layout", number_json(settings->layout));
	report_member(report, "kernel", text_json(uname(&kernel) ? NULL : kernel.release));
	report_member(report, "tap_lost", number_json(host->tap_lost));
	report_member(report, "dialogs_full", number_json(host->dialogs_full));
	report_member(report, "trusted_full", number_json(host->trusted_full));
	report_member(report, "bans_full", number_json(host->bans_full));
	report_member(report, "daemon", daemon_json(view));
	report_member(report, "warnings", warnings_json(blind));
}

static int report_status(const struct view *view, const struct blind *blind)
{
	struct report *report;
	int code;

	if (!ctl_global.json)
		print_head(view);
	report = report_open(FORM_TABLE, "interfaces", interface_columns, INTERFACE_COLUMNS);
	if (!report)
		return CTL_NO;
	for (size_t i = 0; !view->attach_err && i < view->attach.interface_count; i++)
		report_interface(report, &view->attach.interface[i]);
	report_next(report, "services", service_columns, SERVICE_COLUMNS);
	report_services(report, view);
	report_next(report, "tables", table_columns, TABLE_COLUMNS);
	for (size_t i = 0; i < TABLES_MAX; i++)
		report_table(report, &view->tables[i]);
	if (view->daemon)
		quality_report(report, json_object_get(view->daemon, "quality"));
	report_members(report, view, blind);
	code = report_close(report);
	if (!ctl_global.json)
		print_warnings(blind);
	return code;
}

static int show(struct view *view, struct blind *blind, bool metrics)
{
	int code = gather(view);

	if (code)
		return code;
	blind_find(view, blind);
	if (metrics)
		metrics_print(stdout, view, blind);
	else
		code = report_status(view, blind);
	json_decref(view->daemon);
	return code;
}

int cmd_status(int argc, char **argv)
{
	bool metrics = false;
	const struct ctl_option options[] = {
		{ .name = "prometheus",
		  .kind = OPTION_FLAG,
		  .help = "print metrics for Prometheus instead",
		  .to.flag = &metrics },
		{ .kind = OPTION_END },
	};
	struct counters *counters;
	struct blind *blind;
	struct view *view;
	struct maps maps;
	int code;

	if (!options_parse(&argc, argv, options, 0, &code))
		return code;
	if (metrics && ctl_global.json)
		return ctl_fail_usage("status", "--json or --prometheus?");
	code = instance_open(&maps);
	if (code)
		return code;
	counters = malloc(sizeof(*counters));
	blind = malloc(sizeof(*blind));
	view = calloc(1, sizeof(*view));
	if (counters && blind && view) {
		view->maps = &maps;
		view->counters = counters;
		code = show(view, blind, metrics);
	} else {
		code = ctl_fail(CTL_NO, "out of memory");
	}
	free(view);
	free(blind);
	free(counters);
	maps_close(&maps);
	return code;
}
