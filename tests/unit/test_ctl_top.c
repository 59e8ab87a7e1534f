/* SPDX-License-Identifier: GPL-2.0-only */
/* The picture that `top` draws: within its size, whatever there is to show, and nothing hostile in
 * it. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/duration.c"
#include "ctl/names.c"
#include "ctl/rows.c"
#include "ctl/talkers.c"
#include "ctl/text.c"
#include "ctl/top_frame.c"

static struct top_view view;
static struct top_frame frame;

static void fill_view(size_t talkers, size_t calls)
{
	view = (struct top_view){ .instance = "default", .unix_ns = 1000000000000000000u };
	view.seconds = 2;
	view.rate[VERDICT_PASS] = 1234567;
	view.rate[VERDICT_DROP] = 0.5;
	view.service_count = 1;
	snprintf(view.services[0].name, sizeof(view.services[0].name), "proxy");
	view.services[0].under_attack = true;
	view.services[0].rate[VERDICT_DROP] = 12345;
	view.reason_count = 1;
	view.reasons[0] = (struct top_reason){
		.verdict = VERDICT_DROP, .reason = DROP_SOURCE_LIMIT, .rate = 12, .packets = 99
	};
	view.talker_count = talkers;
	for (size_t i = 0; i < talkers; i++) {
		struct top_talker *t = &view.talkers[i];

		t->talker.net.address = address_from_ipv4(htonl(0x0a000000u + (uint32_t)i));
		t->talker.net.length = ADDRESS_BITS;
		t->tier = "unknown";
	}
	view.call_count = calls;
	for (size_t i = 0; i < calls; i++) {
		struct call_record *call = &view.calls[i];

		call->state = CALL_CONFIRMED;
		call->started_unix_ns = view.unix_ns - 5000000000u;
		strcpy(call->from, "sip:a\033]0;x\a@example.com");
		memset(call->to, 'x', sizeof(call->to)); /* no NUL */
		strcpy(call->source, "192.0.2.1:5060");
	}
	view.calls_in_state[CALL_CONFIRMED] = calls;
}

static size_t lines_with(const char *text)
{
	size_t found = 0;

	for (size_t i = 0; i < frame.count; i++)
		found += strstr(frame.lines[i].text, text) != NULL;
	return found;
}

Test(top, every_size_is_kept_and_only_printable_ascii_drawn)
{
	static const size_t widths[] = { 0, 39, 80, 240, 10000 };
	static const size_t heights[] = { 0, 1, 5, 24, 60, 200, 10000 };

	fill_view(TOP_TALKERS_MAX, TOP_CALLS_MAX);
	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
		for (size_t h = 0; h < sizeof(heights) / sizeof(heights[0]); h++) {
			size_t height = heights[h] ? heights[h] : 1;

			top_draw(&view, false, widths[w], heights[h], &frame);
			cr_assert(frame.count <= height && frame.count <= TOP_LINES_MAX,
				  "%zu x %zu: %zu lines", widths[w], heights[h], frame.count);
			for (size_t i = 0; i < frame.count; i++) {
				const char *text = frame.lines[i].text;

				cr_assert(strlen(text) <= frame.width, "%zu x %zu", widths[w],
					  heights[h]);
				for (; *text; text++)
					cr_assert(isprint((unsigned char)*text));
			}
		}
	}
}

Test(top, figures_are_where_they_belong)
{
	fill_view(2, 1);
	top_draw(&view, false, 160, 60, &frame);
	cr_assert_eq(lines_with("sipxdp default  enforce  daemon not alive"), 1);
	cr_assert_eq(lines_with("pass 1.2M  drop 0.5"), 1);
	cr_assert_eq(lines_with("12.3k"), 1);
	cr_assert_eq(lines_with("under attack"), 1);
	cr_assert_eq(lines_with("source-limit"), 1);
	cr_assert_eq(lines_with("10.0.0."), 2);
	cr_assert_eq(lines_with("confirmed 1"), 1);
	cr_assert_eq(lines_with("\\x1b]0;x"), 1);
	cr_assert_eq(lines_with("~"), 1, "a long text is marked as cut");
}

/* Neither sources nor calls push the other off the screen. */
Test(top, sources_and_calls_share_what_height_there_is)
{
	fill_view(TOP_TALKERS_MAX, TOP_CALLS_MAX);
	top_draw(&view, false, 160, 40, &frame);
	cr_assert_eq(frame.count, 40);
	cr_assert_geq(lines_with("10.0.0."), 8);
	cr_assert_geq(lines_with("192.0.2.1"), 8);
	fill_view(TOP_TALKERS_MAX, 2);
	top_draw(&view, false, 160, 40, &frame);
	cr_assert_eq(lines_with("192.0.2.1"), 2);
	cr_assert_geq(lines_with("10.0.0."), 15);
}
