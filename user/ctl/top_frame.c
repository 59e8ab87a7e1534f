/* SPDX-License-Identifier: GPL-2.0-only */
/* The picture that `top` shows, line by line. */
#include "ctl/top_frame.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/duration.h"
#include "ctl/names.h"
#include "ctl/text.h"

#define REASON_LINES 8 /* more are not shown, and fewer where there is little height */
#define REASON_SHARE 6 /* at most this part of the height */
#define URI_WIDTH    28
#define RATE_SIZE    24

static void add_line(struct top_frame *frame, enum top_style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add_line(struct top_frame *frame, enum top_style style, const char *format, ...)
{
	struct top_line *line = &frame->lines[frame->count];
	va_list args;

	if (frame->count >= frame->height)
		return;
	va_start(args, format);
	vsnprintf(line->text, sizeof(line->text), format, args);
	va_end(args);
	line->text[frame->width] = 0;
	line->style = style;
	frame->count++;
}

/* "0", "0.4", "12.5", "950", "1.2k", "3.4M" */
static const char *rate_print(double rate, char out[RATE_SIZE])
{
	if (rate >= 999950)
		snprintf(out, RATE_SIZE, "%.1fM", rate / 1e6);
	else if (rate >= 9999.5)
		snprintf(out, RATE_SIZE, "%.1fk", rate / 1e3);
	else if (rate >= 99.95 || rate <= 0)
		snprintf(out, RATE_SIZE, "%.0f", rate);
	else
		snprintf(out, RATE_SIZE, "%.1f", rate);
	return out;
}

static void draw_head(const struct top_view *view, struct top_frame *frame)
{
	char now[MOMENT_TEXT_SIZE], rate[VERDICT_COUNT][RATE_SIZE], bits[RATE_SIZE];

	for (unsigned int i = 0; i < VERDICT_COUNT; i++)
		rate_print(view->rate[i], rate[i]);
	add_line(frame, TOP_BOLD, "sipxdp %s  %s  daemon %s  %s", view->instance,
		 view->monitor ? "monitor" : "enforce", view->daemon_alive ? "alive" : "not alive",
		 moment_print(view->unix_ns, now));
	add_line(frame, view->rate[VERDICT_DROP] > 0 ? TOP_WARN : TOP_PLAIN,
		 "packets/s: pass %s  drop %s  tx %s  would-drop %s  bit/s: %s", rate[VERDICT_PASS],
		 rate[VERDICT_DROP], rate[VERDICT_TX], rate[VERDICT_WOULD_DROP],
		 rate_print(view->bytes_rate * 8, bits));
	add_line(frame, TOP_PLAIN, "sources %zu, of them trusted %zu", view->talkers_known,
		 view->trusted_known);
}

static const char *service_note(const struct top_service *service)
{
	if (service->under_attack)
		return "under attack";
	return service->monitor ? "monitor" : "";
}

static void draw_services(const struct top_view *view, struct top_frame *frame)
{
	add_line(frame, TOP_HEAD, "%-16s %9s %9s %9s %9s", "SERVICE", "PASS/s", "DROP/s", "TX/s",
		 "WOULD/s");
	for (size_t i = 0; i < view->service_count; i++) {
		const struct top_service *service = &view->services[i];
		char rate[VERDICT_COUNT][RATE_SIZE], name[TEXT_ESCAPED_SIZE(NAME_SIZE)];

		for (unsigned int v = 0; v < VERDICT_COUNT; v++)
			rate_print(service->rate[v], rate[v]);
		add_line(frame, service->under_attack ? TOP_WARN : TOP_PLAIN,
			 "%-16s %9s %9s %9s %9s  %s",
			 text_escape(service->name, NAME_SIZE, name, sizeof(name)),
			 rate[VERDICT_PASS], rate[VERDICT_DROP], rate[VERDICT_TX],
			 rate[VERDICT_WOULD_DROP], service_note(service));
	}
}

static void draw_reasons(const struct top_view *view, struct top_frame *frame)
{
	size_t share = frame->height / REASON_SHARE;
	size_t lines = share < REASON_LINES ? share : REASON_LINES;

	add_line(frame, TOP_HEAD, "%-11s %-20s %9s %14s", "VERDICT", "REASON", "PACKETS/s",
		 "PACKETS");
	for (size_t i = 0; i < view->reason_count && i < lines; i++) {
		const struct top_reason *reason = &view->reasons[i];
		char rate[RATE_SIZE];

		add_line(frame, TOP_PLAIN, "%-11s %-20s %9s %14" PRIu64,
			 verdict_name(reason->verdict), reason_name(reason->reason),
			 rate_print(reason->rate, rate), (uint64_t)reason->packets);
	}
}

static void draw_talkers(const struct top_view *view, bool by_drops, size_t lines,
			 struct top_frame *frame)
{
	add_line(frame, TOP_HEAD, "%-32s %-11s %9s %9s %12s %12s  %s",
		 by_drops ? "SOURCE, by drops" : "SOURCE, by packets", "TIER", "PACKETS/s",
		 "DROPS/s", "PACKETS", "DROPS", "LAST REASON");
	for (size_t i = 0; i < view->talker_count && i < lines; i++) {
		const struct top_talker *t = &view->talkers[i];
		char text[TALKER_TEXT_SIZE], packets[RATE_SIZE], drops[RATE_SIZE];

		add_line(frame, TOP_PLAIN, "%-32s %-11s %9s %9s %12" PRIu64 " %12" PRIu64 "  %s",
			 talker_print(&t->talker, text), t->tier,
			 rate_print(t->packet_rate, packets), rate_print(t->drop_rate, drops),
			 (uint64_t)t->talker.packets, (uint64_t)t->talker.drops,
			 t->talker.has_last ? reason_name(t->talker.last_reason) : "-");
	}
}

/* A text of a record in at most URI_WIDTH columns; "~" marks what was cut. */
static const char *short_text(const char *text, size_t size, char out[URI_WIDTH + 1])
{
	char escaped[TEXT_ESCAPED_SIZE(256)];
	size_t length;

	text_escape(text, size < 256 ? size : 256, escaped, sizeof(escaped));
	length = strlen(escaped);
	if (length > URI_WIDTH)
		length = URI_WIDTH;
	memcpy(out, escaped, length);
	out[length] = 0;
	if (strlen(escaped) > URI_WIDTH)
		out[URI_WIDTH - 1] = '~';
	return out;
}

static void draw_call(const struct top_view *view, const struct call_record *call,
		      struct top_frame *frame)
{
	char from[URI_WIDTH + 1], to[URI_WIDTH + 1], source[URI_WIDTH + 1];
	__u64 since = call->answered_unix_ns ? call->answered_unix_ns : call->started_unix_ns;
	char duration[DURATION_TEXT_SIZE];

	add_line(frame, TOP_PLAIN, "%-10s %8s  %-28s %-28s %s", call_state_name(call->state),
		 duration_print(view->unix_ns > since ? view->unix_ns - since : 0, duration),
		 short_text(call->from, sizeof(call->from), from),
		 short_text(call->to, sizeof(call->to), to),
		 short_text(call->source, sizeof(call->source), source));
}

static void draw_calls(const struct top_view *view, size_t lines, struct top_frame *frame)
{
	const __u64 *n = view->calls_in_state;

	add_line(frame, TOP_PLAIN,
		 "calls: trying %" PRIu64 "  ringing %" PRIu64 "  answered %" PRIu64
		 "  confirmed %" PRIu64 "  cancelling %" PRIu64 "  just ended %" PRIu64,
		 (uint64_t)n[CALL_TRYING], (uint64_t)n[CALL_RINGING], (uint64_t)n[CALL_ANSWERED],
		 (uint64_t)n[CALL_CONFIRMED], (uint64_t)n[CALL_CANCELLING],
		 (uint64_t)(n[CALL_ENDED] + n[CALL_FAILED]));
	add_line(frame, TOP_HEAD, "%-10s %8s  %-28s %-28s %s", "CALL", "FOR", "FROM", "TO",
		 "SOURCE");
	for (size_t i = 0; i < view->call_count && i < lines; i++)
		draw_call(view, &view->calls[i], frame);
}

/* Half of what is left for each, and what one does not need for the other. */
static size_t talker_lines(const struct top_view *view, size_t left)
{
	size_t half = left / 2;
	size_t calls = view->call_count < left - half ? view->call_count : left - half;

	return left - calls;
}

static size_t within(size_t value, size_t least, size_t most)
{
	if (value < least)
		return least;
	return value < most ? value : most;
}

void top_draw(const struct top_view *view, bool by_drops, size_t width, size_t height,
	      struct top_frame *frame)
{
	const size_t heads = 6; /* lines between and above sources and calls */
	size_t left;

	frame->width = within(width, TOP_WIDTH_MIN, TOP_WIDTH_MAX);
	frame->height = within(height, 1, TOP_LINES_MAX);
	frame->count = 0;
	draw_head(view, frame);
	add_line(frame, TOP_PLAIN, "%s", "");
	draw_services(view, frame);
	add_line(frame, TOP_PLAIN, "%s", "");
	draw_reasons(view, frame);
	left = frame->height - frame->count;
	left = left > heads ? left - heads : 0;
	add_line(frame, TOP_PLAIN, "%s", "");
	draw_talkers(view, by_drops, talker_lines(view, left), frame);
	add_line(frame, TOP_PLAIN, "%s", "");
	draw_calls(view, left, frame);
}
