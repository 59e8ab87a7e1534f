/* SPDX-License-Identifier: GPL-2.0-only */
/* One answer in two forms: a table for people, or an array in a JSON document for programs. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <sipxdp/time.h>

#include "ctl/ctl.h"
#include "ctl/duration.h"
#include "ctl/report.h"
#include "ctl/text.h"

#define ROWS_HELD     4096 /* rows from which the widths are found */
#define WIDTH_MIN     8	   /* a shrinking column keeps that much */
#define COLUMN_GAP    2
#define JSON_ROW_FORM (JSON_COMPACT | JSON_ENSURE_ASCII)

struct report {
	enum report_form form;
	const struct report_column *columns;
	size_t count;
	size_t column;	 /* of the next cell */
	size_t rows;	 /* ended so far in this part */
	bool first_part; /* of the document */
	bool in_part;	 /* rows may come */
	bool flowing;	 /* widths are fixed, rows are printed as they come */
	int err;
	json_t *row;
	char *held; /* cells of the rows held back, each with its NUL */
	size_t held_len;
	size_t held_size;
	int width[REPORT_COLUMNS_MAX];
};

static bool is_shown(const struct report *report, size_t column)
{
	enum report_where hidden = ctl_global.json ? SHOWN_TEXT : SHOWN_JSON;

	return report->columns[column].where != hidden;
}

static int terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return 0;
	return size.ws_col;
}

static int widest_shrinking(const struct report *report)
{
	int widest = -1;

	for (size_t i = 0; i < report->count; i++)
		if (report->columns[i].shrinks && is_shown(report, i) &&
		    report->width[i] > WIDTH_MIN &&
		    (widest < 0 || report->width[i] > report->width[widest]))
			widest = (int)i;
	return widest;
}

static void fit_to_terminal(struct report *report)
{
	int room = terminal_width(), total = -COLUMN_GAP, widest;

	if (!room)
		return;
	for (size_t i = 0; i < report->count; i++)
		if (is_shown(report, i))
			total += report->width[i] + COLUMN_GAP;
	while (total > room && (widest = widest_shrinking(report)) >= 0) {
		report->width[widest]--;
		total--;
	}
}

static void find_widths(struct report *report)
{
	const char *cell = report->held;

	for (size_t i = 0; i < report->count; i++)
		report->width[i] = (int)strlen(report->columns[i].title);
	for (size_t row = 0; row < report->rows; row++) {
		for (size_t i = 0; i < report->count; i++) {
			size_t len = strlen(cell);

			if ((int)len > report->width[i])
				report->width[i] = (int)len;
			cell += len + 1;
		}
	}
	fit_to_terminal(report);
}

/* One cell of a table, padded; what a shrunk column has no room for is cut and marked by '~'. */
static void print_cell(const struct report *report, size_t column, const char *cell, bool last)
{
	int width = report->width[column], len = (int)strlen(cell);

	if (len > width && report->columns[column].shrinks && width > 0)
		printf("%.*s~", width - 1, cell);
	else if (report->columns[column].align == ALIGN_RIGHT)
		printf("%*s", width, cell);
	else
		printf("%s%*s", cell, last || len > width ? 0 : width - len, "");
	if (!last)
		printf("%*s", COLUMN_GAP, "");
}

static size_t last_shown(const struct report *report)
{
	size_t last = 0;

	for (size_t i = 0; i < report->count; i++)
		if (is_shown(report, i))
			last = i;
	return last;
}

static const char *print_row(const struct report *report, const char *cell)
{
	size_t last = last_shown(report);

	for (size_t i = 0; i < report->count; i++) {
		if (is_shown(report, i))
			print_cell(report, i, cell, i == last);
		cell += strlen(cell) + 1;
	}
	putchar('\n');
	return cell;
}

static void print_titles(const struct report *report)
{
	size_t last = last_shown(report);

	for (size_t i = 0; i < report->count; i++)
		if (is_shown(report, i))
			print_cell(report, i, report->columns[i].title, i == last);
	putchar('\n');
}

static const char *print_card(const struct report *report, const char *cell)
{
	int width = 0;

	for (size_t i = 0; i < report->count; i++)
		if (is_shown(report, i) && (int)strlen(report->columns[i].title) > width)
			width = (int)strlen(report->columns[i].title);
	for (size_t i = 0; i < report->count; i++) {
		if (is_shown(report, i))
			printf("%-*s  %s\n", width, report->columns[i].title, cell);
		cell += strlen(cell) + 1;
	}
	return cell;
}

/* Prints the rows held back; from here on the widths stay. */
static void release(struct report *report)
{
	const char *cell = report->held;

	if (report->form == FORM_TABLE && !report->flowing) {
		find_widths(report);
		print_titles(report);
	}
	for (size_t row = 0; cell && cell < report->held + report->held_len; row++) {
		if (report->form == FORM_TABLE) {
			cell = print_row(report, cell);
			continue;
		}
		if (row)
			putchar('\n');
		cell = print_card(report, cell);
	}
	report->held_len = 0;
	report->flowing = true;
}

static void end_row(struct report *report)
{
	report->column = 0;
	if (ctl_global.json) {
		fputs(report->rows ? ",\n" : "\n", stdout);
		if (report->row && json_dumpf(report->row, stdout, JSON_ROW_FORM))
			report->err = report->err ? report->err : -ENOMEM;
		json_decref(report->row);
		report->row = NULL;
		report->rows++;
		return;
	}
	report->rows++;
	if (report->form == FORM_TABLE && (report->flowing || report->rows == ROWS_HELD))
		release(report);
}

static void hold(struct report *report, const char *cell)
{
	size_t len = strlen(cell) + 1;

	if (report->held_size - report->held_len < len) {
		size_t size = 2 * report->held_size + len;
		char *held = realloc(report->held, size);

		if (!held) {
			report->err = -ENOMEM;
			return;
		}
		report->held = held;
		report->held_size = size;
	}
	memcpy(report->held + report->held_len, cell, len);
	report->held_len += len;
}

static const char *key_of(const struct report *report)
{
	return report->columns[report->column].key;
}

/* Takes one cell in whichever form is wanted; value (owned) may be NULL when text is. */
static void put(struct report *report, const char *text, json_t *value)
{
	if (report->err) {
		json_decref(value);
	} else if (!ctl_global.json) {
		hold(report, text);
	} else if (!is_shown(report, report->column)) {
		json_decref(value);
	} else {
		if (!report->row)
			report->row = json_object();
		if (json_object_set_new(report->row, key_of(report), value))
			report->err = -ENOMEM;
	}
	if (++report->column == report->count)
		end_row(report);
}

static void begin_part(struct report *report, const char *name, const struct report_column *columns,
		       size_t count)
{
	report->columns = columns;
	report->count = count;
	report->column = report->rows = 0;
	report->flowing = false;
	if (ctl_global.json)
		printf("%s\"%s\":[", report->first_part ? "{" : ",\n", name);
	else if (!report->first_part)
		putchar('\n');
	report->first_part = false;
	report->in_part = true;
}

static void end_part(struct report *report)
{
	if (!report->in_part)
		return;
	report->in_part = false;
	if (ctl_global.json)
		fputs(report->rows ? "\n]" : "]", stdout);
	else if (!report->flowing)
		release(report);
}

struct report *report_open(enum report_form form, const char *name,
			   const struct report_column *columns, size_t count)
{
	struct report *report = calloc(1, sizeof(*report));

	if (!report) {
		ctl_fail(CTL_NO, "out of memory");
		return NULL;
	}
	report->form = form;
	report->first_part = true;
	begin_part(report, name, columns, count);
	return report;
}

void report_next(struct report *report, const char *name, const struct report_column *columns,
		 size_t count)
{
	end_part(report);
	report->form = FORM_TABLE;
	begin_part(report, name, columns, count);
}

void report_member(struct report *report, const char *key, json_t *value)
{
	if (ctl_global.json) {
		end_part(report);
		printf(",\n\"%s\":", key);
		if (!value || json_dumpf(value, stdout, JSON_ROW_FORM | JSON_ENCODE_ANY))
			report->err = report->err ? report->err : -ENOMEM;
	}
	json_decref(value);
}

int report_close(struct report *report)
{
	int err;

	if (!report)
		return CTL_NO;
	end_part(report);
	if (ctl_global.json)
		fputs("}\n", stdout);
	err = report->err;
	json_decref(report->row);
	free(report->held);
	free(report);
	if (err)
		return ctl_fail(CTL_NO, "the answer is not complete: %s", strerror(-err));
	return CTL_DONE;
}

void report_text(struct report *report, const char *text, size_t size)
{
	char escaped[TEXT_ESCAPED_SIZE(REPORT_TEXT_MAX)];

	if (size > REPORT_TEXT_MAX)
		size = REPORT_TEXT_MAX;
	if (ctl_global.json) {
		text_utf8(text, size, escaped, sizeof(escaped));
		put(report, NULL, json_string(escaped));
	} else {
		text_escape(text, size, escaped, sizeof(escaped));
		put(report, escaped[0] ? escaped : "-", NULL);
	}
}

void report_string(struct report *report, const char *text)
{
	if (text)
		report_text(report, text, strlen(text));
	else
		report_none(report);
}

void report_number(struct report *report, uint64_t number)
{
	char text[24];

	if (ctl_global.json) {
		put(report, NULL, json_integer((json_int_t)(number & INT64_MAX)));
		return;
	}
	snprintf(text, sizeof(text), "%" PRIu64, number);
	put(report, text, NULL);
}

void report_number_if(struct report *report, bool known, uint64_t number)
{
	if (known)
		report_number(report, number);
	else
		report_none(report);
}

void report_rate(struct report *report, double per_second)
{
	char text[40];

	if (ctl_global.json) {
		put(report, NULL, json_real((double)(uint64_t)(per_second * 10 + 0.5) / 10));
		return;
	}
	snprintf(text, sizeof(text), "%.0f", per_second);
	put(report, text, NULL);
}

void report_decimal(struct report *report, double number)
{
	char text[40];

	snprintf(text, sizeof(text), "%.1f", number);
	if (ctl_global.json)
		put(report, NULL, json_real((double)(uint64_t)(number * 1000 + 0.5) / 1000));
	else
		put(report, text, NULL);
}

void report_flag(struct report *report, bool yes)
{
	if (ctl_global.json)
		put(report, NULL, json_boolean(yes));
	else
		put(report, yes ? "yes" : "no", NULL);
}

/* ns in the unit that the column's key ends in. */
static json_t *time_value(const struct report *report, uint64_t ns)
{
	const char *unit = strrchr(key_of(report), '_');

	if (unit && strcmp(unit, "_s") == 0)
		ns /= NSEC_PER_SEC;
	else if (unit && strcmp(unit, "_ms") == 0)
		ns /= NSEC_PER_MSEC;
	return json_integer((json_int_t)(ns & INT64_MAX));
}

void report_duration(struct report *report, uint64_t ns)
{
	char text[DURATION_TEXT_SIZE];

	if (ctl_global.json)
		put(report, NULL, time_value(report, ns));
	else
		put(report, duration_print(ns, text), NULL);
}

static void put_moment(struct report *report, uint64_t unix_ns,
		       const char *(*print)(uint64_t, char *))
{
	char text[MOMENT_TEXT_SIZE];

	if (!unix_ns)
		report_none(report);
	else if (ctl_global.json)
		put(report, NULL, time_value(report, unix_ns));
	else
		put(report, print(unix_ns, text), NULL);
}

void report_moment(struct report *report, uint64_t unix_ns)
{
	put_moment(report, unix_ns, moment_print);
}

void report_moment_ms(struct report *report, uint64_t unix_ns)
{
	put_moment(report, unix_ns, moment_print_ms);
}

void report_none(struct report *report)
{
	if (ctl_global.json)
		put(report, NULL, json_null());
	else
		put(report, "-", NULL);
}
