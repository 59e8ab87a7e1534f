/* SPDX-License-Identifier: GPL-2.0-only */
/* Two looks at the maps, and what has grown between them. */
#include "ctl/top.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/names.h"
#include "plane/clock.h"

/* A round over the calls, which may take more than one look. */
struct call_round {
	struct maps_cursor cursor;
	__u64 in_state[TOP_STATES];
	struct call_record newest[TOP_CALLS_MAX];
	size_t count;
};

struct top {
	const struct maps *maps;
	bool by_drops;
	bool looked; /* once at least: `last` and `before` are from then */
	struct counters *now, *last;
	struct rows talkers, before; /* struct talker, by place */
	__u64 talkers_ns;	     /* when `before` was read */
	struct call_round round;
	struct top_view view;
};

int top_new(const struct maps *maps, bool by_drops, struct top **out)
{
	struct top *top = calloc(1, sizeof(*top));

	if (!top)
		return -ENOMEM;
	top->maps = maps;
	top->by_drops = by_drops;
	top->now = calloc(1, sizeof(*top->now));
	top->last = calloc(1, sizeof(*top->last));
	top->talkers.size = top->before.size = sizeof(struct talker);
	if (!top->now || !top->last) {
		top_free(top);
		return -ENOMEM;
	}
	*out = top;
	return 0;
}

void top_free(struct top *top)
{
	if (!top)
		return;
	free(top->now);
	free(top->last);
	rows_free(&top->talkers);
	rows_free(&top->before);
	free(top);
}

void top_order(struct top *top, bool by_drops)
{
	top->by_drops = by_drops;
}

const struct top_view *top_view(const struct top *top)
{
	return &top->view;
}

/* What has grown, a second. A row that was taken out and came again starts from zero. */
static double rate_of(__u64 now, __u64 before, double seconds)
{
	if (seconds <= 0)
		return 0;
	return (double)(now >= before ? now - before : now) / seconds;
}

/* ---- counters ---- */

static void add_cell(struct top_view *view, struct top_service *service, unsigned int reason,
		     enum verdict verdict, const struct packet_count *now,
		     const struct packet_count *last)
{
	double rate = rate_of(now->packets, last->packets, view->seconds);
	size_t i = 0;

	service->rate[verdict] += rate;
	view->rate[verdict] += rate;
	view->bytes_rate += rate_of(now->bytes, last->bytes, view->seconds);
	while (i < view->reason_count &&
	       (view->reasons[i].reason != reason || view->reasons[i].verdict != verdict))
		i++;
	if (i == TOP_REASONS_MAX)
		return;
	if (i == view->reason_count)
		view->reasons[view->reason_count++] = (struct top_reason){ .verdict = verdict,
									   .reason = reason };
	view->reasons[i].rate += rate;
	view->reasons[i].packets += now->packets;
}

static int by_rate(const void *left, const void *right)
{
	const struct top_reason *a = left, *b = right;

	if (a->rate != b->rate)
		return a->rate > b->rate ? -1 : 1;
	if (a->packets != b->packets)
		return a->packets > b->packets ? -1 : 1;
	return (int)a->reason - (int)b->reason;
}

/* Was anything ever counted for it? */
static bool add_service(struct top *top, unsigned int service, struct top_service *out)
{
	bool any = false;

	for (unsigned int row = 2 * service * CLASS_SLOTS; row < 2 * (service + 1) * CLASS_SLOTS;
	     row++) {
		bool would_drop = row / CLASS_SLOTS % 2;

		for (unsigned int reason = 0; reason < REASON_SLOTS; reason++) {
			const struct packet_count *now = &top->now->row[row].by_reason[reason];

			if (!now->packets)
				continue;
			any = true;
			add_cell(&top->view, out, reason, counter_verdict(would_drop, reason), now,
				 &top->last->row[row].by_reason[reason]);
		}
	}
	return any;
}

static void describe_service(const struct top *top, unsigned int number, struct top_service *out)
{
	__u64 now = clock_monotonic_ns();
	struct service service;

	if (number >= SERVICE_MAX || maps_service(top->maps, number, &service))
		return;
	out->monitor = service.monitor == MONITOR_ALL;
	out->under_attack = top->maps->service_state[number].under_attack_until_ns > now;
}

static void count_packets(struct top *top)
{
	struct top_view *view = &top->view;
	struct service_names names;

	service_names_read(top->maps, &names);
	for (unsigned int i = 0; i <= SERVICE_MAX; i++) {
		struct top_service *out = &view->services[view->service_count];
		struct service service;
		bool in_use = i < SERVICE_MAX && maps_service(top->maps, i, &service) == 0 &&
			      service.in_use;

		*out = (struct top_service){ 0 };
		snprintf(out->name, sizeof(out->name), "%s", service_name(&names, i));
		describe_service(top, i, out);
		view->service_count += add_service(top, i, out) || in_use;
	}
	qsort(view->reasons, view->reason_count, sizeof(view->reasons[0]), by_rate);
}

static int look_at_counters(struct top *top)
{
	struct counters *swap = top->last;
	int code;

	top->last = top->now;
	top->now = swap;
	code = counters_read(top->maps, top->now);
	if (code)
		return code;
	if (top->looked)
		top->view.seconds = (double)(top->now->time_ns - top->last->time_ns) / NSEC_PER_SEC;
	count_packets(top);
	return CTL_DONE;
}

/* ---- talkers ---- */

static int by_place(const void *left, const void *right)
{
	const struct talker *a = left, *b = right;

	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	if (a->service != b->service)
		return a->service < b->service ? -1 : 1;
	return prefix_compare(&a->net, &b->net);
}

static struct top_talker rate_talker(const struct top *top, const struct talker *talker,
				     double seconds)
{
	const struct talker *before = NULL;

	if (top->before.count)
		before = bsearch(talker, top->before.data, top->before.count, sizeof(*before),
				 by_place);
	return (struct top_talker){
		.talker = *talker,
		.packet_rate = rate_of(talker->packets, before ? before->packets : 0, seconds),
		.drop_rate = rate_of(talker->drops, before ? before->drops : 0, seconds),
	};
}

static bool comes_before(const struct top *top, const struct top_talker *a,
			 const struct top_talker *b)
{
	double rate_a = top->by_drops ? a->drop_rate : a->packet_rate;
	double rate_b = top->by_drops ? b->drop_rate : b->packet_rate;

	if (rate_a != rate_b)
		return rate_a > rate_b;
	return (top->by_drops ? talkers_by_drops : talkers_by_packets)(&a->talker, &b->talker) < 0;
}

/* Keeps the first TOP_TALKERS_MAX, in order. */
static void offer_talker(struct top *top, const struct top_talker *talker)
{
	struct top_view *view = &top->view;
	size_t at = view->talker_count;

	while (at > 0 && comes_before(top, talker, &view->talkers[at - 1]))
		at--;
	if (at == TOP_TALKERS_MAX)
		return;
	if (view->talker_count < TOP_TALKERS_MAX)
		view->talker_count++;
	memmove(&view->talkers[at + 1], &view->talkers[at],
		(view->talker_count - at - 1) * sizeof(view->talkers[0]));
	view->talkers[at] = *talker;
}

static int look_at_talkers(struct top *top)
{
	__u64 now = clock_monotonic_ns();
	double seconds = top->looked ? (double)(now - top->talkers_ns) / NSEC_PER_SEC : 0;
	int err;

	top->talkers.count = 0;
	err = talkers_read(top->maps, &top->talkers);
	if (err)
		return instance_fail("sources", err);
	top->view.talkers_known = top->talkers.count;
	for (size_t i = 0; i < top->talkers.count; i++) {
		struct top_talker talker = rate_talker(top, rows_at(&top->talkers, i), seconds);

		top->view.trusted_known += talker.talker.tier &&
					   strcmp(talker.talker.tier, "trusted") == 0;
		offer_talker(top, &talker);
	}
	for (size_t i = 0; i < top->view.talker_count; i++)
		top->view.talkers[i].tier = talker_tier(top->maps, &top->view.talkers[i].talker,
							now);
	return CTL_DONE;
}

/* This look's talkers are the next one's past. */
static void keep_talkers(struct top *top)
{
	struct rows swap = top->before;

	rows_sort(&top->talkers, by_place);
	top->before = top->talkers;
	top->talkers = swap;
	top->talkers_ns = clock_monotonic_ns();
}

/* ---- calls ---- */

static void offer_call(struct call_round *round, const struct call_record *call)
{
	size_t at = round->count;

	while (at > 0 && call->started_unix_ns > round->newest[at - 1].started_unix_ns)
		at--;
	if (at == TOP_CALLS_MAX)
		return;
	if (round->count < TOP_CALLS_MAX)
		round->count++;
	memmove(&round->newest[at + 1], &round->newest[at],
		(round->count - at - 1) * sizeof(round->newest[0]));
	round->newest[at] = *call;
}

static int take_call(const void *key, const void *value, void *ctx)
{
	const struct call_record *call = value;
	struct call_round *round = ctx;
	unsigned int state = (unsigned int)call->state;

	(void)key;
	if (state < TOP_STATES)
		round->in_state[state]++;
	if (state < CALL_ENDED)
		offer_call(round, call);
	return 0;
}

static int look_at_calls(struct top *top)
{
	struct call_round *round = &top->round;
	struct top_view *view = &top->view;
	int err = maps_walk_some(top->maps, MAP_CALLS, &round->cursor, TOP_CALLS_A_LOOK, take_call,
				 round);

	if (err)
		return instance_fail("calls", err);
	if (!round->cursor.done)
		return CTL_DONE;
	memcpy(view->calls_in_state, round->in_state, sizeof(view->calls_in_state));
	memcpy(view->calls, round->newest, round->count * sizeof(view->calls[0]));
	view->call_count = round->count;
	memset(round, 0, sizeof(*round));
	return CTL_DONE;
}

/* ---- a look ---- */

/* All but the calls, which stay until their next round is over. */
static void start_view(struct top *top)
{
	struct top_view *view = &top->view;

	memcpy(view->instance, top->maps->instance, sizeof(view->instance));
	view->unix_ns = clock_realtime_ns();
	view->daemon_alive = maps_daemon_alive(top->maps->instance) == 1;
	view->monitor = top->maps->settings->monitor == MONITOR_ALL;
	view->seconds = view->bytes_rate = 0;
	memset(view->rate, 0, sizeof(view->rate));
	view->service_count = view->reason_count = view->talker_count = 0;
	view->talkers_known = view->trusted_known = 0;
}

int top_look(struct top *top)
{
	int code;

	start_view(top);
	code = look_at_counters(top);
	if (!code)
		code = look_at_talkers(top);
	if (!code)
		code = look_at_calls(top);
	if (code)
		return code;
	keep_talkers(top);
	top->looked = true;
	return CTL_DONE;
}
