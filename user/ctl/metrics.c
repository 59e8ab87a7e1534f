/* SPDX-License-Identifier: GPL-2.0-only */
/* Metrics for Prometheus: packets, tables, services, and calls as the daemon counts them. */
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/metrics.h"
#include "ctl/names.h"
#include "ctl/text.h"
#include "export/prometheus.h"
#include "plane/clock.h"

#define LABELS_MAX 5

struct labels {
	struct prometheus_label list[LABELS_MAX];
	size_t count;
};

/* Whose it is goes first; not as "instance", which Prometheus has for the host. */
static struct labels labels_begin(void)
{
	return (struct labels){ .list = { { "sipxdp", ctl_global.instance } }, .count = 1 };
}

static void label(struct labels *labels, const char *name, const char *value)
{
	labels->list[labels->count++] = (struct prometheus_label){ name, value };
}

static void print_number(FILE *file, const char *metric, const struct labels *labels,
			 uint64_t value)
{
	prometheus_number(file, metric, labels->list, labels->count, value);
}

/* A sample with one label more. */
static void print_of(FILE *file, const char *metric, const char *name, const char *value,
		     uint64_t number)
{
	struct labels labels = labels_begin();

	label(&labels, name, value);
	print_number(file, metric, &labels, number);
}

/* A metric of one sample. */
static void print_alone(FILE *file, const char *metric, const char *type, const char *help,
			uint64_t number)
{
	struct labels labels = labels_begin();

	prometheus_head(file, metric, type, help);
	print_number(file, metric, &labels, number);
}

/* ---- packets ---- */

static void print_cell(FILE *file, const struct view *view, const char *metric, unsigned int row,
		       unsigned int reason, uint64_t number)
{
	struct labels labels = labels_begin();

	label(&labels, "service", service_name(&view->names, row / (2 * CLASS_SLOTS)));
	label(&labels, "class", class_name(row % CLASS_SLOTS));
	label(&labels, "verdict", verdict_name(counter_verdict(row / CLASS_SLOTS % 2, reason)));
	label(&labels, "reason", reason_name(reason));
	print_number(file, metric, &labels, number);
}

static void print_cells(FILE *file, const struct view *view, const char *metric, bool octets)
{
	for (unsigned int row = 0; row < COUNTER_ROWS; row++) {
		const struct packet_count *cell = view->counters->row[row].by_reason;

		for (unsigned int reason = 0; reason < REASON_SLOTS; reason++)
			if (cell[reason].packets)
				print_cell(file, view, metric, row, reason,
					   octets ? cell[reason].bytes : cell[reason].packets);
	}
}

static void print_packets(FILE *file, const struct view *view)
{
	prometheus_head(file, "sipxdp_packets_total", "counter",
			"Packets, and what became of them");
	print_cells(file, view, "sipxdp_packets_total", false);
	prometheus_head(file, "sipxdp_bytes_total", "counter", "Octets of these packets");
	print_cells(file, view, "sipxdp_bytes_total", true);
}

/* ---- what is in force ---- */

static void print_interfaces(FILE *file, const struct view *view)
{
	prometheus_head(file, "sipxdp_interface_guarded", "gauge",
			"1: the interface has the XDP program, and the egress hook");
	for (size_t i = 0; !view->attach_err && i < view->attach.interface_count; i++) {
		const struct status_interface *interface = &view->attach.interface[i];
		char name[TEXT_ESCAPED_SIZE(sizeof(interface->name))];

		text_escape(interface->name, sizeof(interface->name), name, sizeof(name));
		print_of(file, "sipxdp_interface_guarded", "interface", name,
			 interface->ingress != STATUS_INGRESS_NONE &&
				 interface->egress != STATUS_EGRESS_NONE);
	}
}

static uint64_t service_under_attack(const struct view *view, unsigned int service)
{
	return view->maps->service_state[service].under_attack_until_ns > clock_monotonic_ns();
}

static uint64_t service_backends_up(const struct view *view, unsigned int service)
{
	return view->maps->service_state[service].backends_up;
}

static uint64_t service_backends(const struct view *view, unsigned int service)
{
	return blind_backends(view, service, NULL);
}

static void print_services(FILE *file, const struct view *view)
{
	static const struct {
		const char *metric, *help;
		uint64_t (*number)(const struct view *view, unsigned int service);
		bool balanced; /* of balanced services only */
	} gauges[] = {
		{ "sipxdp_under_attack",
		  "1: the budget of all unknown sources was used up just now", service_under_attack,
		  false },
		{ "sipxdp_backends", "Backends of a balanced service", service_backends, true },
		{ "sipxdp_backends_up", "Those of them that get calls", service_backends_up, true },
	};

	for (size_t g = 0; g < sizeof(gauges) / sizeof(gauges[0]); g++) {
		prometheus_head(file, gauges[g].metric, "gauge", gauges[g].help);
		for (unsigned int i = 0; i < SERVICE_MAX; i++) {
			const struct service *service = &view->services[i];

			if (service->in_use &&
			    (!gauges[g].balanced || service->balance.forward != FORWARD_NONE))
				print_of(file, gauges[g].metric, "service",
					 service_name(&view->names, i), gauges[g].number(view, i));
		}
	}
}

static void print_tables(FILE *file, const struct view *view)
{
	prometheus_head(file, "sipxdp_table_entries", "gauge", "Entries in a table");
	for (size_t i = 0; i < TABLES_MAX; i++)
		if (!view->tables[i].err)
			print_of(file, "sipxdp_table_entries", "table",
				 maps_name(view->tables[i].id), view->tables[i].entries);
	prometheus_head(file, "sipxdp_table_room", "gauge", "Entries that the table has room for");
	for (size_t i = 0; i < TABLES_MAX; i++)
		print_of(file, "sipxdp_table_room", "table", maps_name(view->tables[i].id),
			 view->tables[i].room);
}

static void print_losses(FILE *file, const struct host_state *host)
{
	print_alone(file, "sipxdp_tap_lost_total", "counter",
		    "Messages that did not fit into the ring to the daemon", host->tap_lost);
	print_alone(file, "sipxdp_dialogs_full_total", "counter",
		    "Dialogs that their full table refused", host->dialogs_full);
	print_alone(file, "sipxdp_trusted_full_total", "counter",
		    "Times that trust was earned and its full table refused it",
		    host->trusted_full);
	print_alone(file, "sipxdp_bans_full_total", "counter", "Bans that their full table refused",
		    host->bans_full);
}

/* ---- what the daemon has counted since it was started: RFC 6076 ---- */

struct quality_metric {
	const char *key; /* in the daemon's answer */
	const char *metric;
	const char *help;
};

static const struct quality_metric counts[] = {
	{ "attempts", "sipxdp_invites_total", "INVITEs that set out to start a call" },
	{ "challenged", "sipxdp_invites_challenged_total", "Those answered by 401 or 407" },
	{ "answered", "sipxdp_invites_answered_total", "Those answered by a 2xx" },
	{ "redirected", "sipxdp_invites_redirected_total", "Those answered by a 3xx" },
	{ "failed_4xx", "sipxdp_invites_4xx_total", "Those refused by a 4xx that is no challenge" },
	{ "failed_5xx", "sipxdp_invites_5xx_total", "Those refused by a 5xx" },
	{ "failed_6xx", "sipxdp_invites_6xx_total", "Those refused by a 6xx" },
	{ "unanswered", "sipxdp_invites_unanswered_total", "Those without a final response" },
	{ "ineffective", "sipxdp_invites_ineffective_total",
	  "Those answered by 408, 500, 503 or 504, or by nothing" },
	{ "completed", "sipxdp_calls_completed_total", "Answered calls that a BYE has ended" },
	{ "short_calls", "sipxdp_calls_short_total", "Those of them that were over within 6 s" },
	{ "registers", "sipxdp_registers_total", "REGISTERs" },
	{ "registers_challenged", "sipxdp_registers_challenged_total",
	  "Those answered by 401 or 407" },
	{ "registers_granted", "sipxdp_registers_granted_total", "Those answered by a 2xx" },
	{ "registers_failed", "sipxdp_registers_failed_total", "Those refused, or not answered" },
};

static const struct quality_metric delays[] = {
	{ "ringing", "sipxdp_ringing_seconds", "From the INVITE to ringing (SRD)" },
	{ "connecting", "sipxdp_setup_seconds", "From the INVITE to its 2xx" },
	{ "ending", "sipxdp_hangup_seconds", "From the BYE to its 2xx (SDD)" },
	{ "registering", "sipxdp_register_seconds", "From the REGISTER to its 2xx (RRD)" },
};

static uint64_t number_of(const json_t *object, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(object, key));

	return number > 0 ? (uint64_t)number : 0;
}

static struct labels labels_of(const json_t *service, char *name, size_t size)
{
	const char *text = json_string_value(json_object_get(service, "service"));
	struct labels labels = labels_begin();

	text_escape(text ? text : "", NAME_SIZE, name, size);
	label(&labels, "service", name);
	return labels;
}

static void print_quality(FILE *file, const json_t *quality)
{
	char name[TEXT_ESCAPED_SIZE(NAME_SIZE)];
	const json_t *service;
	struct labels labels;
	size_t index;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		prometheus_head(file, counts[i].metric, "counter", counts[i].help);
		json_array_foreach (quality, index, service) {
			labels = labels_of(service, name, sizeof(name));
			print_number(file, counts[i].metric, &labels,
				     number_of(service, counts[i].key));
		}
	}
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		prometheus_head(file, delays[i].metric, "summary", delays[i].help);
		json_array_foreach (quality, index, service) {
			const json_t *delay = json_object_get(service, delays[i].key);

			labels = labels_of(service, name, sizeof(name));
			prometheus_delays(file, delays[i].metric, labels.list, labels.count,
					  number_of(delay, "total_us"), number_of(delay, "count"));
		}
	}
}

static void print_hep(FILE *file, const json_t *daemon)
{
	if (!json_object_get(daemon, "hep_collector"))
		return;
	print_alone(file, "sipxdp_hep_sent_total", "counter", "Messages sent to the HEP collector",
		    number_of(daemon, "hep_sent"));
	print_alone(file, "sipxdp_hep_lost_total", "counter",
		    "Messages that could not be sent to the HEP collector",
		    number_of(daemon, "hep_lost"));
}

void metrics_print(FILE *file, const struct view *view, const struct blind *blind)
{
	print_alone(file, "sipxdp_daemon_up", "gauge", "1: the daemon answers",
		    view->daemon != NULL);
	print_alone(file, "sipxdp_warnings", "gauge",
		    "Ways in which sipxdp is blind: see its status", blind->count);
	print_alone(file, "sipxdp_monitor", "gauge", "1: all drops are withheld",
		    view->maps->settings->monitor == MONITOR_ALL);
	print_interfaces(file, view);
	print_services(file, view);
	print_packets(file, view);
	print_tables(file, view);
	print_losses(file, view->maps->host_state);
	if (!view->daemon)
		return;
	print_quality(file, json_object_get(view->daemon, "quality"));
	print_hep(file, view->daemon);
}
