/* SPDX-License-Identifier: GPL-2.0-only */
/* The ring of drop samples: what it keeps, in what order, and what it makes of odd octets. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sipxdp/class.h>
#include <sipxdp/reason.h>

#include "export/samples.h"

/* A sampled packet of exactly that text, on the heap so that ASan sees a read beyond it. */
static struct tap_record *make_record(const char *data, size_t captured)
{
	struct tap_record *record = calloc(1, sizeof(*record) + captured);

	cr_assert(record);
	record->time_ns = 1000;
	record->kind = TAP_SAMPLE;
	record->service = 3;
	record->traffic_class = CLASS_INVITE;
	record->verdict = VERDICT_DROP;
	record->reason = DROP_SOURCE_LIMIT;
	record->tier = TIER_UNKNOWN;
	record->length = (__u16)captured;
	record->captured = (__u16)captured;
	record->sport = htons(5060);
	memcpy(record->data, data, captured);
	return record;
}

static void add_text(struct samples *samples, const char *text, int64_t offset_ns)
{
	struct tap_record *record = make_record(text, strlen(text));

	samples_add(samples, record, offset_ns);
	free(record);
}

static void add_numbered(struct samples *samples, int first, int last)
{
	char text[16];

	for (int i = first; i <= last; i++) {
		snprintf(text, sizeof(text), "%d", i);
		add_text(samples, text, 0);
	}
}

/* The ring holds first..last, oldest first, and nothing beyond. */
static void expect_numbers(const struct samples *samples, int first, int last)
{
	char line[SAMPLE_LINE_SIZE], text[16];
	size_t count = (size_t)(last - first + 1);

	cr_assert_eq(samples_count(samples), count);
	for (size_t i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "%d", first + (int)i);
		cr_assert_str_eq(sample_line_print(samples_at(samples, i), line), text);
	}
	cr_assert_null(samples_at(samples, count));
}

Test(samples, the_newest_stay_oldest_first)
{
	struct samples *samples;

	cr_assert_eq(samples_open(4, &samples), 0);
	cr_assert_null(samples_at(samples, 0));
	add_numbered(samples, 1, 3);
	expect_numbers(samples, 1, 3);
	add_numbered(samples, 4, 11);
	expect_numbers(samples, 8, 11);
	cr_assert_eq(samples_seen(samples), 11);
	samples_close(samples);
}

Test(samples, a_resize_keeps_the_newest_that_fit)
{
	struct samples *samples;

	cr_assert_eq(samples_open(4, &samples), 0);
	add_numbered(samples, 1, 6);
	cr_assert_eq(samples_resize(samples, 2), 0);
	expect_numbers(samples, 5, 6);
	cr_assert_eq(samples_resize(samples, 3), 0);
	expect_numbers(samples, 5, 6);
	add_numbered(samples, 7, 8);
	expect_numbers(samples, 6, 8);
	cr_assert_eq(samples_resize(samples, SAMPLES_MAX + 1), -EINVAL);
	expect_numbers(samples, 6, 8);
	samples_close(samples);
}

Test(samples, a_ring_of_none_only_counts)
{
	struct samples *samples;

	cr_assert_eq(samples_open(0, &samples), 0);
	add_numbered(samples, 1, 5);
	cr_assert_eq(samples_count(samples), 0);
	cr_assert_eq(samples_seen(samples), 5);
	cr_assert_eq(samples_resize(samples, 2), 0);
	add_numbered(samples, 6, 8);
	expect_numbers(samples, 7, 8);
	samples_close(samples);
}

Test(samples, a_sample_carries_what_the_kernel_said)
{
	const struct sample *sample;
	struct samples *samples;

	cr_assert_eq(samples_open(1, &samples), 0);
	add_text(samples, "INVITE sip:a@b SIP/2.0\r\nVia: x", 5000);
	sample = samples_at(samples, 0);
	cr_assert_eq(sample->time_unix_ns, 6000);
	cr_assert_eq(sample->source.port, htons(5060));
	cr_assert_eq(sample->service, 3);
	cr_assert_eq(sample->traffic_class, CLASS_INVITE);
	cr_assert_eq(sample->verdict, VERDICT_DROP);
	cr_assert_eq(sample->reason, DROP_SOURCE_LIMIT);
	cr_assert_eq(sample->length, 30);
	samples_close(samples);
}

Test(samples, a_line_is_printed_safely_whatever_it_holds)
{
	static const struct {
		const char *name;
		const char *data;
		size_t captured;
		const char *line;
	} rows[] = {
		{ "ends at CR", "OPTIONS x\r\ny", 12, "OPTIONS x" },
		{ "ends at LF", "OPTIONS x\ny", 11, "OPTIONS x" },
		{ "nothing captured", "", 0, "" },
		{ "escape sequence", "a\033[2Jb", 6, "a\\x1b[2Jb" },
		{ "NUL and all bits", "\0\377", 2, "\\x00\\xff" },
		{ "backslash", "a\\x00", 5, "a\\\\x00" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tap_record *record = make_record(rows[i].data, rows[i].captured);
		char line[SAMPLE_LINE_SIZE];
		struct samples *samples;

		cr_assert_eq(samples_open(1, &samples), 0);
		samples_add(samples, record, 0);
		cr_assert_str_eq(sample_line_print(samples_at(samples, 0), line), rows[i].line,
				 "%s: %s", rows[i].name, line);
		samples_close(samples);
		free(record);
	}
}

Test(samples, a_long_line_is_cut_and_fits_when_all_of_it_is_escaped)
{
	char data[1000], line[SAMPLE_LINE_SIZE];
	struct tap_record *record;
	struct samples *samples;

	memset(data, 0xff, sizeof(data));
	record = make_record(data, sizeof(data));
	cr_assert_eq(samples_open(1, &samples), 0);
	samples_add(samples, record, 0);
	sample_line_print(samples_at(samples, 0), line);
	cr_assert_eq(strlen(line), SAMPLE_LINE_SIZE - 1);
	samples_close(samples);
	free(record);
}
