// SPDX-License-Identifier: GPL-2.0-only
/* Probes and silence of all backends: see watch.h. */
#include "daemon/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "balance/health.h"
#include "balance/pool.h"
#include "balance/probe.h"
#include "balance/silence.h"
#include "daemon/log.h"
#include "plane/backend.h"
#include "plane/clock.h"
#include "plane/key.h"

#define PROBES_AT_ONCE 256 /* sockets; what is due beyond that waits a moment */
#define BUSY_NS	       (20 * NSEC_PER_MSEC)
#define ACCURACY_US    UINT64_C(5000)

/* A backend and its probe. */
struct watched {
	struct watch *watch;
	__u32 place;
	bool in_use;
	bool held;
	struct sipxdp_peer peer; /* whose health it is */
	struct health health;
	struct silence silence;
	uint64_t begin_ns;   /* of the next probe */
	uint64_t silence_ns; /* next look */
	struct probe *probe; /* under way, or NULL */
	sd_event_source *source;
};

struct watch {
	struct maps *maps;
	sd_event *event;
	sd_event_source *timer;
	watch_news *news;
	void *context;
	const struct config_probe *rules[SERVICE_MAX];
	struct watched *list; /* BACKEND_MAX, by place */
	unsigned int probing;
	struct watch_stats stats;
	struct sip_message message; /* scratch */
};

static const struct config_probe *rules_of(const struct watch *watch, __u32 place)
{
	return watch->rules[watch->maps->backends[place].service % SERVICE_MAX];
}

static struct health_rules health_rules(const struct config_probe *rules)
{
	return (struct health_rules){ .interval_ns = rules->interval_ns,
				      .timeout_ns = rules->timeout_ns,
				      .rise = rules->rise,
				      .fall = rules->fall };
}

static uint64_t random_number(void)
{
	uint64_t number = 0;

	/* Cannot fail for so few octets once the kernel has started. */
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		number = clock_monotonic_ns();
	return number;
}

/* ---- outcomes ---- */

static bool is_accepted(const struct config_probe *rules, uint16_t status)
{
	for (size_t i = 0; i < rules->accept_count; i++) {
		if (status >= rules->accept[i].first && status <= rules->accept[i].last)
			return true;
	}
	return false;
}

static void take_outcome(struct watched *watched, const struct config_probe *rules, bool good,
			 const char *why, uint64_t now_ns)
{
	struct watch *watch = watched->watch;
	struct health_rules health = health_rules(rules);
	bool changed;

	if (good && watched->held)
		return;
	changed = health_take(&watched->health, &health, good, now_ns);
	watch->maps->backends[watched->place].probe_failures = watched->health.bad;
	if (changed)
		watch->news(watch->context, watched->place, watched->health.up, why);
}

static void forget_probe(struct watched *watched)
{
	if (!watched->probe)
		return;
	watched->source = sd_event_source_disable_unref(watched->source);
	probe_end(watched->probe);
	free(watched->probe);
	watched->probe = NULL;
	watched->watch->probing--;
}

static void finish_probe(struct watched *watched, enum probe_outcome outcome, uint64_t now_ns)
{
	struct watch *watch = watched->watch;
	const struct config_probe *rules = rules_of(watch, watched->place);
	struct backend *row = &watch->maps->backends[watched->place];
	const char *why = probe_outcome_text(outcome);
	bool good = false;

	if (outcome == PROBE_PENDING)
		return;
	row->source = key_from_address(&watched->probe->message.from.address);
	if (outcome == PROBE_ANSWERED) {
		row->probe_us = watched->probe->round_trip_us;
		row->probe_status = watched->probe->status;
		good = rules && is_accepted(rules, watched->probe->status);
		why = good ? "answers" : "answers with a status that is not accepted";
	}
	forget_probe(watched);
	if (!rules)
		return;
	if (outcome == PROBE_NO_RESOURCE) {
		watch->stats.unasked++;
		log_limited(LOG_WARNING, "backend %.*s: %s", BACKEND_NAME, row->name, why);
		return;
	}
	watch->stats.failures += !good;
	take_outcome(watched, rules, good, why, now_ns);
}

static int on_probe(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct watched *watched = context;
	bool was_connecting = watched->probe->connecting;
	uint64_t now_ns = clock_monotonic_ns();
	enum probe_outcome outcome;

	(void)fd;
	(void)events;
	outcome = probe_ready(watched->probe, &watched->watch->message, now_ns);
	if (outcome != PROBE_PENDING)
		finish_probe(watched, outcome, now_ns);
	else if (was_connecting)
		sd_event_source_set_io_events(source, EPOLLIN);
	return 0;
}

static void begin_probe(struct watched *watched, const struct config_probe *rules, uint64_t now_ns)
{
	struct watch *watch = watched->watch;
	struct endpoint to = key_to_endpoint(&watched->peer);
	bool tcp = rules->transport == CONFIG_PROBE_TCP;
	enum probe_outcome outcome;
	int err;

	watched->probe = malloc(sizeof(*watched->probe));
	if (!watched->probe)
		return;
	watch->probing++;
	watch->stats.probes++;
	watched->probe->fd = -1;
	memset(&watched->probe->message, 0, sizeof(watched->probe->message));
	outcome = probe_begin(watched->probe, &to, tcp, rules->timeout_ns, random_number(), now_ns);
	if (outcome == PROBE_PENDING) {
		err = sd_event_add_io(watch->event, &watched->source, watched->probe->fd,
				      tcp ? EPOLLOUT : EPOLLIN, on_probe, watched);
		if (err < 0)
			outcome = PROBE_NO_RESOURCE;
	}
	finish_probe(watched, outcome, now_ns);
}

/* ---- the clock ---- */

static void look_for_silence(struct watched *watched, const struct config_probe *rules,
			     uint64_t now_ns)
{
	struct watch *watch = watched->watch;
	struct backend_load load;

	watched->silence_ns = now_ns + rules->interval_ns;
	if (backend_state(&watch->maps->backends[watched->place]) == BACKEND_DOWN ||
	    backend_load_sum(watch->maps, watched->place, &load) ||
	    !silence_look(&watched->silence, &load))
		return;
	watch->stats.silences++;
	take_outcome(watched, rules, false, "answers nothing that it is sent", now_ns);
}

/* A sixteenth sooner at most, by chance: backends are not to be asked all at once. */
static uint64_t pause_of(const struct watched *watched, const struct config_probe *rules)
{
	struct health_rules health = health_rules(rules);
	uint64_t pause = health_pause_ns(&watched->health, &health);
	uint64_t span = (pause - rules->timeout_ns) / 16;

	return span ? pause - random_number() % span : pause;
}

/* What is due. When the next thing is. */
static uint64_t turn(struct watched *watched, uint64_t now_ns)
{
	struct watch *watch = watched->watch;
	const struct config_probe *rules = rules_of(watch, watched->place);
	uint64_t next;

	if (!rules)
		return UINT64_MAX;
	if (now_ns >= watched->silence_ns)
		look_for_silence(watched, rules, now_ns);
	if (watched->probe && now_ns >= probe_next_ns(watched->probe))
		finish_probe(watched, probe_elapsed(watched->probe, &watch->message, now_ns),
			     now_ns);
	if (!watched->probe && now_ns >= watched->begin_ns) {
		if (watch->probing >= PROBES_AT_ONCE)
			return now_ns + BUSY_NS;
		begin_probe(watched, rules, now_ns);
		watched->begin_ns = now_ns + pause_of(watched, rules);
	}
	next = watched->probe ? probe_next_ns(watched->probe) : watched->begin_ns;
	return next < watched->silence_ns ? next : watched->silence_ns;
}

static void set_timer(struct watch *watch, uint64_t next_ns)
{
	sd_event_source_set_time(watch->timer, next_ns == UINT64_MAX ? UINT64_MAX : next_ns / 1000);
	sd_event_source_set_enabled(watch->timer,
				    next_ns == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct watch *watch = context;
	uint64_t now_ns = clock_monotonic_ns(), next = UINT64_MAX;

	(void)source;
	(void)usec;
	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		if (watch->list[place].in_use) {
			uint64_t due = turn(&watch->list[place], now_ns);

			next = due < next ? due : next;
		}
	}
	set_timer(watch, next);
	return 0;
}

/* ---- who is watched ---- */

static void stop_watching(struct watched *watched)
{
	forget_probe(watched);
	watched->in_use = false;
}

static void start_watching(struct watched *watched, uint64_t now_ns)
{
	struct maps *maps = watched->watch->maps;
	struct backend *row = &maps->backends[watched->place];
	struct backend_load load = { 0 };
	bool up = backend_state(row) != BACKEND_DOWN || row->order == ORDER_DOWN;

	watched->in_use = true;
	watched->held = false;
	watched->peer = row->peer;
	watched->begin_ns = watched->silence_ns = now_ns;
	health_begin(&watched->health, up, now_ns);
	backend_load_sum(maps, watched->place, &load);
	silence_begin(&watched->silence, &load);
}

void watch_sync(struct watch *watch, const struct config_probe *const rules[SERVICE_MAX])
{
	uint64_t now_ns = clock_monotonic_ns();

	memcpy(watch->rules, rules, sizeof(watch->rules));
	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		struct watched *watched = &watch->list[place];
		const struct backend *row = &watch->maps->backends[place];
		bool wanted = backend_state(row) != BACKEND_FREE && rules_of(watch, place);

		if (watched->in_use && (!wanted || pool_compare(&watched->peer, &row->peer)))
			stop_watching(watched);
		if (wanted && !watched->in_use)
			start_watching(watched, now_ns);
		/* The rules may have changed: at the latest when the new ones say so. */
		if (wanted && watched->begin_ns > now_ns + rules_of(watch, place)->interval_ns)
			watched->begin_ns = now_ns + rules_of(watch, place)->interval_ns;
	}
	set_timer(watch, now_ns);
}

void watch_restore(struct watch *watch, __u32 place)
{
	if (place && place < BACKEND_MAX && watch->list[place].in_use)
		health_restore(&watch->list[place].health, clock_monotonic_ns());
}

void watch_hold(struct watch *watch, __u32 place, bool hold)
{
	if (place < BACKEND_MAX)
		watch->list[place].held = hold;
}

void watch_stats(const struct watch *watch, struct watch_stats *out)
{
	*out = watch->stats;
}

/* ---- start and end ---- */

int watch_open(struct maps *maps, sd_event *event, watch_news *news, void *context,
	       struct watch **out)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int err;

	if (!watch)
		return -ENOMEM;
	watch->maps = maps;
	watch->event = event;
	watch->news = news;
	watch->context = context;
	watch->list = calloc(BACKEND_MAX, sizeof(*watch->list));
	err = watch->list ? sd_event_add_time(event, &watch->timer, CLOCK_MONOTONIC, UINT64_MAX,
					      ACCURACY_US, on_timer, watch)
			  : -ENOMEM;
	if (err < 0) {
		watch_close(watch);
		return err;
	}
	for (__u32 place = 0; place < BACKEND_MAX; place++) {
		watch->list[place].watch = watch;
		watch->list[place].place = place;
	}
	*out = watch;
	return 0;
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	for (__u32 place = 1; watch->list && place < BACKEND_MAX; place++)
		stop_watching(&watch->list[place]);
	sd_event_source_disable_unref(watch->timer);
	free(watch->list);
	free(watch);
}
