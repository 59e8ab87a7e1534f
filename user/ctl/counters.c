/* SPDX-License-Identifier: GPL-2.0-only */
/* The counters of an instance at one moment, and the report made of them. */
#include <stdlib.h>
#include <string.h>

#include "ctl/counters.h"
#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/names.h"
#include "ctl/rows.h"
#include "plane/clock.h"

/* One cell of `counters`. */
struct cell {
	unsigned int service;
	unsigned int traffic_class;
	unsigned int reason;
	enum verdict verdict;
	struct packet_count count;
	struct packet_count before; /* at the time of the last report */
};

static int take_row(__u32 row, const union counter_row *sum, void *ctx)
{
	struct counters *counters = ctx;

	if (row < COUNTER_ROWS)
		counters->row[row] = *sum;
	return 0;
}

int counters_read(const struct maps *maps, struct counters *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	out->time_ns = clock_monotonic_ns();
	err = maps_walk_counters(maps, take_row, out);
	return err ? instance_fail("counters", err) : CTL_DONE;
}

static int compare_place(const struct cell *a, const struct cell *b)
{
	if (a->traffic_class != b->traffic_class)
		return a->traffic_class < b->traffic_class ? -1 : 1;
	if (a->verdict != b->verdict)
		return a->verdict < b->verdict ? -1 : 1;
	return a->reason < b->reason ? -1 : a->reason > b->reason;
}

static int by_place(const void *left, const void *right)
{
	const struct cell *a = left, *b = right;

	if (a->service != b->service)
		return a->service < b->service ? -1 : 1;
	return compare_place(a, b);
}

static int by_packets(const void *left, const void *right)
{
	const struct cell *a = left, *b = right;

	if (a->service != b->service)
		return a->service < b->service ? -1 : 1;
	if (a->count.packets != b->count.packets)
		return a->count.packets > b->count.packets ? -1 : 1;
	return compare_place(a, b);
}

/* Row and column of `counters` to what they stand for. 0, or -1 when out of memory. */
static int collect(const struct counters *now, const struct counters *last, struct rows *cells)
{
	for (unsigned int i = 0; i < COUNTER_ROWS * REASON_SLOTS; i++) {
		unsigned int row = i / REASON_SLOTS, reason = i % REASON_SLOTS;
		const struct packet_count *count = &now->row[row].by_reason[reason];
		struct cell *cell;

		if (!count->packets)
			continue;
		cell = rows_add(cells);
		if (!cell)
			return -1;
		*cell = (struct cell){
			.service = row / CLASS_SLOTS / 2,
			.traffic_class = row % CLASS_SLOTS,
			.reason = reason,
			.verdict = counter_verdict(row / CLASS_SLOTS % 2, reason),
			.count = *count,
		};
		if (last)
			cell->before = last->row[row].by_reason[reason];
	}
	return 0;
}

#define RATES_AT 6 /* the columns from there on are for reports with rates */
static const struct report_column cell_columns[] = {
	{ .title = "SERVICE", .key = "service" },
	{ .title = "CLASS", .key = "class" },
	{ .title = "VERDICT", .key = "verdict" },
	{ .title = "REASON", .key = "reason" },
	{ .title = "PACKETS", .key = "packets", .align = ALIGN_RIGHT },
	{ .title = "BYTES", .key = "bytes", .align = ALIGN_RIGHT },
	{ .title = "PACKETS/S", .key = "packets_per_s", .align = ALIGN_RIGHT },
	{ .title = "BYTES/S", .key = "bytes_per_s", .align = ALIGN_RIGHT },
};
#define CELL_COLUMNS (sizeof(cell_columns) / sizeof(cell_columns[0]))

/* The same without what a cell is of, save the verdict. */
#define TOTAL_RATES_AT 3
static const struct report_column total_columns[] = {
	{ .title = "TOTAL", .key = "verdict" },
	{ .title = "PACKETS", .key = "packets", .align = ALIGN_RIGHT },
	{ .title = "BYTES", .key = "bytes", .align = ALIGN_RIGHT },
	{ .title = "PACKETS/S", .key = "packets_per_s", .align = ALIGN_RIGHT },
	{ .title = "BYTES/S", .key = "bytes_per_s", .align = ALIGN_RIGHT },
};
#define TOTAL_COLUMNS (sizeof(total_columns) / sizeof(total_columns[0]))

/* Counters of a service that was taken out start again from zero. */
static double grown(__u64 now, __u64 before)
{
	return (double)(now >= before ? now - before : now);
}

/* seconds 0: without rates. */
static void report_counts(struct report *report, const struct packet_count *count,
			  const struct packet_count *before, double seconds)
{
	report_number(report, count->packets);
	report_number(report, count->bytes);
	if (seconds > 0) {
		report_rate(report, grown(count->packets, before->packets) / seconds);
		report_rate(report, grown(count->bytes, before->bytes) / seconds);
	}
}

static void report_cells(struct report *report, const struct service_names *names,
			 const struct rows *cells, double seconds)
{
	for (size_t i = 0; i < cells->count; i++) {
		const struct cell *cell = rows_at(cells, i);

		report_string(report, service_name(names, cell->service));
		report_string(report, class_name(cell->traffic_class));
		report_string(report, verdict_name(cell->verdict));
		report_string(report, reason_name(cell->reason));
		report_counts(report, &cell->count, &cell->before, seconds);
	}
}

static void report_totals(struct report *report, const struct rows *cells, double seconds)
{
	struct packet_count now[VERDICT_COUNT] = { { 0 } }, before[VERDICT_COUNT] = { { 0 } };

	for (size_t i = 0; i < cells->count; i++) {
		const struct cell *cell = rows_at(cells, i);

		now[cell->verdict].packets += cell->count.packets;
		now[cell->verdict].bytes += cell->count.bytes;
		before[cell->verdict].packets += cell->before.packets;
		before[cell->verdict].bytes += cell->before.bytes;
	}
	for (unsigned int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
		report_string(report, verdict_name(verdict));
		report_counts(report, &now[verdict], &before[verdict], seconds);
	}
}

struct report *counters_report(const char *name, const struct maps *maps,
			       const struct counters *now, const struct counters *last)
{
	double seconds = last ? (double)(now->time_ns - last->time_ns) / NSEC_PER_SEC : 0;
	struct rows cells = { .size = sizeof(struct cell) };
	struct service_names names;
	struct report *report;

	if (collect(now, last, &cells)) {
		rows_free(&cells);
		ctl_fail(CTL_NO, "out of memory");
		return NULL;
	}
	rows_sort(&cells, last ? by_place : by_packets);
	service_names_read(maps, &names);
	report = report_open(FORM_TABLE, name, cell_columns, last ? CELL_COLUMNS : RATES_AT);
	if (report) {
		report_cells(report, &names, &cells, seconds);
		report_next(report, "totals", total_columns, last ? TOTAL_COLUMNS : TOTAL_RATES_AT);
		report_totals(report, &cells, seconds);
	}
	rows_free(&cells);
	return report;
}

__u64 counters_of_reason(const struct counters *counters, unsigned int reason)
{
	__u64 sum = 0;

	for (unsigned int row = 0; row < COUNTER_ROWS; row++)
		sum += counters->row[row].by_reason[reason].packets;
	return sum;
}

__u64 counters_sum(const struct counters *counters)
{
	__u64 sum = 0;

	for (unsigned int reason = 0; reason < REASON_SLOTS; reason++)
		sum += counters_of_reason(counters, reason);
	return sum;
}
