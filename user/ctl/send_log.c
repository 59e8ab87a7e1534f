/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages of `send` as text or JSON. What peers send is hostile: it is escaped. */
#include "ctl/send_log.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sipxdp/time.h>

#include "ctl/ctl.h"
#include "ctl/duration.h"
#include "ctl/text.h"

void send_log_open(struct send_log *log)
{
	*log = (struct send_log){ 0 };
	if (!ctl_global.json)
		return;
	log->messages = json_array();
	log->notes = json_array();
}

static uint64_t now_unix_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

/* ---- text ---- */

static void print_octets(const char *data, size_t length)
{
	/* A line at a time, in pieces: a line may be as long as the message. */
	char escaped[TEXT_ESCAPED_SIZE(256)];

	while (length) {
		size_t piece = length < 256 ? length : 256;
		const char *nul = memchr(data, 0, piece);

		if (nul == data) {
			fputs("\\x00", stdout);
			piece = 1;
		} else {
			if (nul)
				piece = (size_t)(nul - data);
			fputs(text_escape(data, piece, escaped, sizeof(escaped)), stdout);
		}
		data += piece;
		length -= piece;
	}
}

static size_t line_length(const char *data, size_t length)
{
	const char *lf = memchr(data, '\n', length);

	return lf ? (size_t)(lf - data) + 1 : length;
}

static void print_line(const char *data, size_t length)
{
	while (length && (data[length - 1] == '\n' || data[length - 1] == '\r'))
		length--;
	print_octets(data, length);
}

/* Indented, with an empty line at the end. */
static void print_message(const char *data, size_t length)
{
	size_t line = 0;

	for (; length; data += line, length -= line) {
		line = line_length(data, length);
		if (line > 2)
			fputs("    ", stdout);
		print_line(data, line);
		putchar('\n');
	}
	if (line > 2)
		putchar('\n');
	fflush(stdout);
}

static void print_moment(void)
{
	char moment[MOMENT_TEXT_SIZE];

	fputs(moment_print_ms(now_unix_ns(), moment), stdout);
}

static void print_head(const char *arrow, const struct ua_peer *peer)
{
	char endpoint[ENDPOINT_TEXT_SIZE];

	print_moment();
	printf(" %s %s:%s", arrow, ua_transport_name(peer->transport),
	       endpoint_print(&peer->at, endpoint));
}

static void print_fault(const struct sip_error *fault)
{
	printf("  no valid message: %s, offset %u: %s\n", fault->rfc, fault->offset, fault->what);
}

/* What was seen before is told by its first line. */
static void print_copy(const struct ua_event *event)
{
	printf("  again%s%s: ", event->timer ? ", timer " : "", ua_timer_name(event->timer));
	print_line(event->data, line_length(event->data, event->length));
	putchar('\n');
	fflush(stdout);
}

static void print_event(const struct ua_event *event)
{
	if (event->kind == UA_NOTE) {
		print_moment();
		fputs(" -- ", stdout);
		print_octets(event->data, event->length);
		putchar('\n');
		fflush(stdout);
		return;
	}
	print_head(event->kind == UA_SENT ? "->" : "<-", event->peer);
	if (event->again) {
		print_copy(event);
		return;
	}
	if (event->fault)
		print_fault(event->fault);
	else
		putchar('\n');
	print_message(event->data, event->length);
}

/* ---- JSON ---- */

/* Text up to its first NUL; of a message that is all, as a valid one holds none but in a body. */
static json_t *json_text(const char *data, size_t length)
{
	size_t size = TEXT_ESCAPED_SIZE(length);
	char *text = malloc(size);
	json_t *json;

	if (!text)
		return NULL;
	json = json_string(text_utf8(data, length, text, size));
	free(text);
	return json;
}

static void keep_event(struct send_log *log, const struct ua_event *event)
{
	json_int_t at = (json_int_t)now_unix_ns();
	char endpoint[ENDPOINT_TEXT_SIZE];
	json_t *row;

	if (event->kind == UA_NOTE) {
		json_array_append_new(log->notes, json_pack("{s:I,s:o}", "at_unix_ns", at, "text",
							    json_text(event->data, event->length)));
		return;
	}
	row = json_pack("{s:I,s:s,s:s,s:s,s:b,s:s*,s:o}", "at_unix_ns", at, "direction",
			event->kind == UA_SENT ? "sent" : "received", "transport",
			ua_transport_name(event->peer->transport), "peer",
			endpoint_print(&event->peer->at, endpoint), "again", event->again, "timer",
			event->timer ? ua_timer_name(event->timer) : NULL, "text",
			json_text(event->data, event->length));
	if (row && event->fault)
		json_object_set_new(row, "error",
				    json_pack("{s:s,s:i,s:s}", "rfc", event->fault->rfc, "offset",
					      (int)event->fault->offset, "what",
					      event->fault->what));
	json_array_append_new(log->messages, row);
}

void send_log_event(void *context, const struct ua_event *event)
{
	struct send_log *log = context;

	if (log->messages)
		keep_event(log, event);
	else
		print_event(event);
}

void send_log_garble(struct send_log *log, const struct ua_peer *peer, const char *data,
		     size_t length, const struct sip_error *fault)
{
	const struct ua_event event = {
		.kind = UA_RECEIVED, .peer = peer, .data = data, .length = length, .fault = fault
	};

	send_log_event(log, &event);
}

static const char *outcome_name(const struct ua_result *result)
{
	static const char *const names[] = {
		[UA_WORKING] = "none",
		[UA_SUCCEEDED] = "succeeded",
		[UA_REFUSED] = "refused",
		[UA_NO_ANSWER] = "no-answer",
		[UA_UNREACHABLE] = "unreachable",
	};

	return result->spoilt ? "spoilt" : names[result->outcome];
}

int send_log_close(struct send_log *log, const struct ua_order *order,
		   const struct ua_result *result)
{
	json_t *document;
	int failed;

	if (!log->messages)
		return CTL_DONE;
	document = json_pack("{s:s,s:o,s:s,s:i,s:o,s:o,s:b,s:o,s:o}", "method", order->method,
			     "uri", json_text(order->uri, strlen(order->uri)), "outcome",
			     outcome_name(result), "status", result->status, "reason",
			     json_text(result->reason, strlen(result->reason)), "why",
			     json_text(result->why, strlen(result->why)), "hung_up",
			     result->hung_up, "messages", log->messages, "notes", log->notes);
	if (!document)
		return ctl_fail(CTL_NO, "out of memory");
	failed = json_dumpf(document, stdout, JSON_COMPACT) || putchar('\n') == EOF;
	json_decref(document);
	return failed ? ctl_fail(CTL_NO, "cannot write the answer") : CTL_DONE;
}
