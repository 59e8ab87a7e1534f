/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl backend: the backends of balanced services, and changes of their pools. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/client.h"
#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/names.h"
#include "ctl/options.h"
#include "ctl/report.h"
#include "ctl/rows.h"
#include "balance/maglev.h"
#include "plane/backend.h"
#include "plane/clock.h"
#include "plane/key.h"
#include "policy/config.h"

#define RATE_OVER_NS (500 * (long)NSEC_PER_MSEC)

/* ---- list ---- */

struct backend_row {
	__u32 place;
	struct backend backend;
	struct backend_load before;
	struct backend_load load;
};

struct backend_search {
	const struct maps *maps;
	const char *service;
	const struct service_names *names;
	struct rows found;
};

static int take_backend(struct backend_search *search, __u32 place)
{
	const struct backend *backend = &search->maps->backends[place];
	struct backend_row *row;

	if (backend_state(backend) == BACKEND_FREE)
		return 0;
	if (search->service &&
	    strcmp(search->service, service_name(search->names, backend->service)) != 0)
		return 0;
	row = rows_add(&search->found);
	if (!row)
		return -ENOMEM;
	row->place = place;
	return backend_load_sum(search->maps, place, &row->before);
}

/* Rates are of the time between two looks. */
static int look_again(struct backend_search *search, double *seconds)
{
	const struct timespec wait = { .tv_nsec = RATE_OVER_NS };
	__u64 begun = clock_monotonic_ns();
	int err = 0;

	if (search->found.count)
		nanosleep(&wait, NULL);
	*seconds = (double)(clock_monotonic_ns() - begun) / (double)NSEC_PER_SEC;
	for (size_t i = 0; i < search->found.count && !err; i++) {
		struct backend_row *row = rows_at(&search->found, i);

		row->backend = search->maps->backends[row->place];
		err = backend_load_sum(search->maps, row->place, &row->load);
	}
	return err;
}

static int by_name(const void *left, const void *right)
{
	const struct backend *a = &((const struct backend_row *)left)->backend;
	const struct backend *b = &((const struct backend_row *)right)->backend;

	if (a->service != b->service)
		return (int)a->service - (int)b->service;
	return strncmp(a->name, b->name, sizeof(a->name));
}

static const struct report_column columns[] = {
	{ .title = "SERVICE", .key = "service" },
	{ .title = "NAME", .key = "name" },
	{ .title = "ADDRESS", .key = "address" },
	{ .title = "STATE", .key = "state" },
	{ .title = "BY HAND", .key = "by_hand" },
	{ .title = "SINCE", .key = "since_unix_ns" },
	{ .title = "WEIGHT", .key = "weight", .align = ALIGN_RIGHT },
	{ .title = "SHARE %", .key = "share_percent", .align = ALIGN_RIGHT },
	{ .title = "CALLS", .key = "calls", .align = ALIGN_RIGHT },
	{ .title = "MSGS/S", .key = "messages_per_second", .align = ALIGN_RIGHT },
	{ .title = "RTT MS", .key = "probe_ms", .align = ALIGN_RIGHT },
	{ .title = "STATUS", .key = "probe_status", .align = ALIGN_RIGHT },
	{ .title = "FAILURES", .key = "probe_failures", .align = ALIGN_RIGHT },
	{ .title = "PACKETS", .key = "packets", .where = SHOWN_JSON },
	{ .title = "BYTES", .key = "bytes", .where = SHOWN_JSON },
	{ .title = "REQUESTS", .key = "requests", .where = SHOWN_JSON },
	{ .title = "ANSWERS", .key = "answers", .where = SHOWN_JSON },
	{ .title = "ICMP ERRORS", .key = "icmp_errors", .where = SHOWN_JSON },
	{ .title = "PLACE", .key = "place", .where = SHOWN_JSON },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void report_row(struct report *report, const struct service_names *names,
		       const struct backend_row *row, double seconds)
{
	const struct backend *backend = &row->backend;
	const struct backend_load *load = &row->load;
	bool by_hand = backend->order == ORDER_DRAIN || backend->order == ORDER_DOWN;
	struct endpoint endpoint = key_to_endpoint(&backend->peer);
	char text[ENDPOINT_TEXT_SIZE];

	report_string(report, service_name(names, backend->service));
	report_text(report, backend->name, sizeof(backend->name));
	report_string(report, endpoint_print(&endpoint, text));
	report_string(report, backend_state_name(backend->state, backend->order));
	report_string(report, !by_hand ? NULL : backend->order == ORDER_DOWN ? "down" : "drain");
	report_moment(report, backend->since_unix_ns);
	report_number(report, backend->weight);
	report_decimal(report, 100.0 * backend->share / MAGLEV_SLOTS);
	report_number(report, backend_calls(backend));
	report_rate(report, (double)(load->packets - row->before.packets) / seconds);
	if (backend->probe_us)
		report_decimal(report, backend->probe_us / 1000.0);
	else
		report_none(report);
	report_number_if(report, backend->probe_status != 0, backend->probe_status);
	report_number(report, backend->probe_failures);
	report_number(report, load->packets);
	report_number(report, load->bytes);
	report_number(report, load->requests);
	report_number(report, load->answers);
	report_number(report, load->icmp_errors);
	report_number(report, row->place);
}

static int report_backends(struct backend_search *search)
{
	double seconds = 1;
	struct report *report;
	int err = 0;

	for (__u32 place = 1; place < BACKEND_MAX && !err; place++)
		err = take_backend(search, place);
	if (!err)
		err = look_again(search, &seconds);
	if (err)
		return instance_fail("backends", err);
	rows_sort(&search->found, by_name);
	report = report_open(FORM_TABLE, "backends", columns, COLUMNS);
	for (size_t i = 0; report && i < search->found.count; i++)
		report_row(report, search->names, rows_at(&search->found, i), seconds);
	return report_close(report);
}

static bool has_service(const struct maps *maps, const char *name)
{
	struct service service;

	for (unsigned int i = 0; i < SERVICE_MAX; i++)
		if (!maps_service(maps, i, &service) && service.in_use &&
		    !strncmp(service.name, name, sizeof(service.name)))
			return true;
	return false;
}

static int list(const char *service)
{
	struct backend_search search = { .service = service,
					 .found.size = sizeof(struct backend_row) };
	struct service_names names;
	struct maps maps;
	int code = instance_open(&maps);

	if (code)
		return code;
	service_names_read(&maps, &names);
	search.maps = &maps;
	search.names = &names;
	code = service && !has_service(&maps, service)
		       ? ctl_fail(CTL_NO, "there is no service '%s'", service)
		       : report_backends(&search);
	rows_free(&search.found);
	maps_close(&maps);
	return code;
}

/* ---- changes ---- */

static const struct verb {
	const char *name;
	const char *missing; /* what the word behind the name is, or NULL where there is none */
	const char *done;
} verbs[] = {
	{ "add", "which address and port?", "is added" },
	{ "remove", NULL, "is removed; calls that it has go on" },
	{ "weight", "which weight?", "has another weight" },
	{ "drain", NULL, "keeps its calls and gets no new ones" },
	{ "up", NULL, "is up; probes decide from here on" },
	{ "down", NULL, "is down, and its calls are taken from it" },
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	}
	return NULL;
}

static int parse_weight(const char *text, uint64_t *weight)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || number > CONFIG_WEIGHT_MAX)
		return ctl_fail(CTL_USAGE, "'%s': a weight is 0 to %d", text, CONFIG_WEIGHT_MAX);
	*weight = number;
	return CTL_DONE;
}

static int change(const struct verb *verb, const char *name, const char *address, uint64_t weight,
		  const char *service)
{
	json_t *request = json_pack("{s:s, s:s, s:s, s:I, s:s*, s:s*}", "command", "backend",
				    "action", verb->name, "name", name, "weight",
				    (json_int_t)weight, "address", address, "service", service);
	json_t *reply;
	int code = client_command_json(request, &reply);

	json_decref(request);
	if (code)
		return code;
	json_decref(reply);
	if (ctl_global.json) {
		json_t *answer = json_pack("{s:s, s:s}", "backend", name, "action", verb->name);

		json_dumpf(answer, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		putchar('\n');
		json_decref(answer);
	} else {
		printf("%s %s\n", name, verb->done);
	}
	return CTL_DONE;
}

int cmd_backend(int argc, char **argv)
{
	const char *service = NULL, *word, *name;
	const struct verb *verb;
	uint64_t weight = 0;
	const struct ctl_option options[] = {
		{ .name = "service",
		  .kind = OPTION_TEXT,
		  .placeholder = "NAME",
		  .help = "of that service, where several have a backend of that name",
		  .to.text = &service },
		{ .name = "weight",
		  .kind = OPTION_NUMBER,
		  .placeholder = "N",
		  .help = "of a backend that is added (default: 1)",
		  .limit = CONFIG_WEIGHT_MAX,
		  .to.number = &weight },
		{ .kind = OPTION_END },
	};
	int code;

	if (!options_parse(&argc, argv, options, 3, &code))
		return code;
	name = argc > 2 ? argv[2] : NULL;
	word = argc > 3 ? argv[3] : NULL;
	if (argc < 2 || !strcmp(argv[1], "list"))
		return name || weight ? ctl_fail_usage(argv[0], "list takes no backend")
				      : list(service);
	verb = find_verb(argv[1]);
	if (!verb)
		return ctl_fail_usage(
			argv[0],
			"backend what? '%s' is none of list, add, remove, weight, drain, up, down",
			argv[1]);
	if (!name)
		return ctl_fail_usage(argv[0], "which backend?");
	if (!verb->missing == (word != NULL))
		return ctl_fail_usage(argv[0], "%s", word ? "too many words" : verb->missing);
	if (weight && strcmp(verb->name, "add") != 0)
		return ctl_fail_usage(argv[0], "--weight belongs to 'backend add'");
	if (!strcmp(verb->name, "weight")) {
		code = parse_weight(word, &weight);
		if (code)
			return code;
		word = NULL;
	} else if (!weight) {
		weight = 1;
	}
	return change(verb, name, word, weight, service);
}
