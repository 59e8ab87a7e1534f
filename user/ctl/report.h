/* SPDX-License-Identifier: GPL-2.0-only */
/* One answer in two forms: a table for people, or an array in a JSON document for programs. A
 * command names the columns once, then gives each row cell by cell. */
#ifndef SIPXDP_CTL_REPORT_H
#define SIPXDP_CTL_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPORT_COLUMNS_MAX 32
#define REPORT_TEXT_MAX	   1024 /* octets of one text cell, before escaping */

enum report_align { ALIGN_LEFT, ALIGN_RIGHT };

/* Where a column is shown. */
enum report_where { SHOWN_BOTH, SHOWN_TEXT, SHOWN_JSON };

struct report_column {
	const char *title; /* table: "SETUP" */
	const char *key;   /* JSON: "setup_ms", the unit in the name */
	enum report_align align;
	enum report_where where;
	bool shrinks; /* may be cut where the terminal is too narrow */
};

/* How the rows of a table are laid out in text; JSON is the same for all. */
enum report_form {
	FORM_TABLE,
	FORM_CARD, /* "TITLE  value" lines, an empty line between rows: for one thing in full */
};

struct report;

/*
 * Starts an answer: {"name":[…]}, or count columns (kept by reference) of text. NULL when out of
 * memory, after a complaint. Of text, the first rows are held back to find the widths, and the
 * others flow: memory is bounded, however many rows there are.
 */
struct report *report_open(enum report_form form, const char *name,
			   const struct report_column *columns, size_t count);

/* Ends the rows so far and starts another array of the same document, or another table, whatever
 * the form before. */
void report_next(struct report *report, const char *name, const struct report_column *columns,
		 size_t count);

/* In JSON, ends the rows so far and adds a member to the document; value is the report's from here
 * on. In text, nothing. */
void report_member(struct report *report, const char *key, json_t *value);

/*
 * The next cell of the row; the row ends with the last column. Text may be hostile: it is read up
 * to its first NUL, size or REPORT_TEXT_MAX octets, and escaped. Durations and moments are words
 * in a table; in JSON they are integers in the unit that the key ends in: _ms, _s or _ns.
 */
void report_text(struct report *report, const char *text, size_t size);
void report_string(struct report *report, const char *text); /* NULL: report_none() */
void report_number(struct report *report, uint64_t number);
void report_number_if(struct report *report, bool known, uint64_t number);
void report_rate(struct report *report, double per_second);
void report_decimal(struct report *report, double number); /* one digit behind the point in text */
void report_flag(struct report *report, bool yes);
void report_duration(struct report *report, uint64_t ns);
void report_moment(struct report *report, uint64_t unix_ns);	/* 0: report_none() */
void report_moment_ms(struct report *report, uint64_t unix_ns); /* with milliseconds in text */
void report_none(struct report *report); /* not known, not applicable: "-" and null */

/* Prints what is left and frees report (may be NULL). Returns an exit code: CTL_DONE, or CTL_NO
 * after a complaint that the answer could not be written or held. */
int report_close(struct report *report);

#endif
