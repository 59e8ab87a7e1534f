/* SPDX-License-Identifier: GPL-2.0-only */
/* Ladder diagrams: see ladder.h. The caller's line is at the left, the server's next to it, then
 * come the other peers in the order in which they turned up. */
#include "ctl/ladder.h"

#include <string.h>
#include <time.h>

#include <sipxdp/time.h>

#include "ctl/text.h"

#define LINE_GAP    34 /* columns from one line to the next */
#define TIME_WIDTH  13 /* "HH:MM:SS.mmm " */
#define DELTA_WIDTH 10 /* "  +12.345 " */
#define MARGIN	    (TIME_WIDTH + DELTA_WIDTH + LINE_GAP / 2)
#define WIDTH_MAX   (MARGIN + LADDER_LINES_MAX * LINE_GAP)
#define LABEL_MAX   (LINE_GAP - 5) /* in an arrow, with its blanks */

struct lines {
	struct endpoint at[LADDER_LINES_MAX];
	bool shared; /* the last one stands for several peers */
	size_t count;
};

static bool same(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && !memcmp(&a->address, &b->address, sizeof(a->address));
}

/* The line of a peer, which gets one if it has none yet. */
static size_t line_of(struct lines *lines, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < lines->count; i++)
		if (same(&lines->at[i], endpoint))
			return i;
	if (lines->count == LADDER_LINES_MAX) {
		lines->shared = true;
		return LADDER_LINES_MAX - 1;
	}
	lines->at[lines->count] = *endpoint;
	return lines->count++;
}

static void find_lines(struct lines *lines, const struct flow *flow)
{
	for (size_t i = 0; i < flow->count; i++) {
		const struct flow_message *m = &flow->messages[i];

		line_of(lines, &m->source);
		line_of(lines, &m->destination);
	}
}

static size_t column_of(size_t line)
{
	return MARGIN + line * LINE_GAP;
}

/* A row of blanks and upright lines, as wide as the diagram. */
static void blank_row(char row[WIDTH_MAX + 1], const struct lines *lines)
{
	memset(row, ' ', WIDTH_MAX);
	row[WIDTH_MAX] = '\0';
	for (size_t i = 0; i < lines->count; i++)
		row[column_of(i)] = '|';
}

static void print_row(FILE *file, char row[WIDTH_MAX + 1])
{
	size_t length = strlen(row);

	while (length && row[length - 1] == ' ')
		length--;
	fprintf(file, "%.*s\n", (int)length, row);
}

/* Centred on a column, as far as there is room. */
static void put_centred(char row[WIDTH_MAX + 1], size_t column, const char *text)
{
	size_t length = strlen(text);
	size_t from = column > length / 2 ? column - length / 2 : 0;

	if (from + length <= WIDTH_MAX)
		memcpy(row + from, text, length);
}

static void print_heads(FILE *file, const struct lines *lines)
{
	char row[WIDTH_MAX + 1], text[ENDPOINT_TEXT_SIZE];

	memset(row, ' ', WIDTH_MAX);
	row[WIDTH_MAX] = '\0';
	for (size_t i = 0; i < lines->count; i++) {
		bool others = lines->shared && i == lines->count - 1;

		put_centred(row, column_of(i),
			    others ? "others" : endpoint_print(&lines->at[i], text));
	}
	print_row(file, row);
	blank_row(row, lines);
	print_row(file, row);
}

/* "INVITE (PCMA)", "200 OK (INVITE, PCMA hold)", "INVITE (again)". */
static void label_of(const struct flow_message *m, char out[LABEL_MAX + 1])
{
	bool response = strcmp(m->name, m->method) != 0;
	const char *parts[] = { response ? m->method : "", m->media, m->again ? "again" : "" };
	char text[FLOW_NAME_SIZE * 3], escaped[TEXT_ESCAPED_SIZE(sizeof(text))];
	size_t used = (size_t)snprintf(text, sizeof(text), "%s", m->name);
	const char *gap = " (";

	for (size_t i = 0; i < 3; i++) {
		if (!*parts[i])
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", gap, parts[i]);
		gap = ", ";
	}
	if (*gap == ',')
		snprintf(text + used, sizeof(text) - used, ")");
	text_escape(text, sizeof(text), escaped, sizeof(escaped));
	snprintf(out, LABEL_MAX + 1, "%.*s", LABEL_MAX, escaped);
}

/* A reason phrase gives way to what stands behind it. */
static void shorten(struct flow_message *m)
{
	char label[LABEL_MAX + 1];
	size_t length;

	label_of(m, label);
	if (strlen(label) < LABEL_MAX || strcmp(m->name, m->method) == 0)
		return;
	length = strcspn(m->name, " ");
	m->name[length] = '\0';
}

static void draw_arrow(char row[WIDTH_MAX + 1], size_t from, size_t to, const char *label,
		       bool again)
{
	size_t left = from < to ? from : to, right = from < to ? to : from;

	if (left == right) { /* a peer to itself */
		put_centred(row, left, label);
		return;
	}
	memset(row + left + 1, again ? '.' : '-', right - left - 1);
	put_centred(row, left + (right - left) / 2, label);
	if (from < to)
		row[right - 1] = '>';
	else
		row[left + 1] = '<';
}

static void print_message(FILE *file, struct lines *lines, const struct flow *flow, size_t index)
{
	struct flow_message m = flow->messages[index];
	uint64_t before_ns = index ? flow->messages[index - 1].time_unix_ns : m.time_unix_ns;
	uint64_t delta_ns = m.time_unix_ns > before_ns ? m.time_unix_ns - before_ns : 0;
	time_t seconds = (time_t)(m.time_unix_ns / NSEC_PER_SEC);
	char row[WIDTH_MAX + 1], label[LABEL_MAX + 1], padded[LABEL_MAX + 3];
	char moment[TIME_WIDTH + DELTA_WIDTH + 64], day[16];
	struct tm tm;
	int length;

	localtime_r(&seconds, &tm);
	strftime(day, sizeof(day), "%H:%M:%S", &tm);
	blank_row(row, lines);
	length = snprintf(moment, sizeof(moment), "%s.%03u %+9.3f", day,
			  (unsigned int)(m.time_unix_ns % NSEC_PER_SEC / NSEC_PER_MSEC),
			  (double)delta_ns / 1e9);
	memcpy(row, moment, (size_t)length < MARGIN ? (size_t)length : MARGIN);
	shorten(&m);
	label_of(&m, label);
	snprintf(padded, sizeof(padded), " %s ", label);
	draw_arrow(row, column_of(line_of(lines, &m.source)),
		   column_of(line_of(lines, &m.destination)), padded, m.again);
	print_row(file, row);
}

void ladder_print(FILE *file, const struct flow *flow)
{
	struct lines lines = { .count = 0 };

	find_lines(&lines, flow);
	if (flow->omitted)
		fprintf(file, "%llu older messages are not remembered\n\n",
			(unsigned long long)flow->omitted);
	print_heads(file, &lines);
	for (size_t i = 0; i < flow->count; i++)
		print_message(file, &lines, flow, i);
}
