// SPDX-License-Identifier: GPL-2.0-only
/* The running side of the balancer: see balancing.h. */
#include "daemon/balancing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "balance/pool.h"
#include "daemon/forwarding.h"
#include "daemon/imports.h"
#include "daemon/log.h"
#include "plane/backend.h"
#include "plane/clock.h"
#include "plane/key.h"
#include "plane/pins.h"
#include "policy/apply_pool.h"
#include "policy/config_pool.h"

/* Tables are not made more often than this, and take at most a fifth of the daemon's time: several
 * changes become one table. */
#define REBUILD_NS    (100 * NSEC_PER_MSEC)
#define REBUILD_SHARE 5
#define PINS_NS	      (10 * NSEC_PER_MSEC) /* between pieces of `dialogs` */
#define ACCURACY_US   UINT64_C(5000)

struct balancing {
	struct config *config;
	struct plane *plane;
	struct maps *maps;
	struct watch *watch;
	struct imports *imports;
	sd_event_source *timer;
	struct pins pins;
	bool stale[SERVICE_MAX]; /* the table does not follow from the rows any more */
	uint64_t rebuild_ns;	 /* not before */
	uint64_t pins_ns;
	struct balancing_stats stats;
};

static const char *state_words(enum backend_state state)
{
	switch (state) {
	case BACKEND_FREE: return "gone";
	case BACKEND_UP: return "up";
	case BACKEND_DRAIN: return "draining";
	case BACKEND_DOWN: return "down";
	}
	return "unknown";
}

/* ---- services ---- */

static struct config_service *service_by_number(const struct balancing *balancing,
						unsigned int number)
{
	struct config *config = balancing->config;

	for (size_t i = 0; i < config->service_count; i++) {
		if (plane_service(balancing->plane, i) == number)
			return &config->services[i];
	}
	return NULL;
}

static const char *service_name(const struct balancing *balancing, unsigned int number)
{
	const struct config_service *service = service_by_number(balancing, number);

	return service ? service->name : "?";
}

static void sync_watch(struct balancing *balancing)
{
	const struct config_probe *rules[SERVICE_MAX] = { NULL };
	const struct config *config = balancing->config;

	for (size_t i = 0; i < config->service_count; i++) {
		unsigned int number = plane_service(balancing->plane, i);

		if (config->services[i].balanced && number < SERVICE_MAX)
			rules[number] = &config->services[i].balance.probe;
	}
	watch_sync(balancing->watch, rules);
}

/* ---- tables and pins, when their time has come ---- */

static bool any_stale(const struct balancing *balancing)
{
	for (int service = 0; service < SERVICE_MAX; service++) {
		if (balancing->stale[service])
			return true;
	}
	return false;
}

static void set_timer(struct balancing *balancing)
{
	uint64_t next = UINT64_MAX;

	if (any_stale(balancing))
		next = balancing->rebuild_ns;
	if (balancing->pins.running && balancing->pins_ns < next)
		next = balancing->pins_ns;
	if (next == UINT64_MAX)
		return;
	sd_event_source_set_time(balancing->timer, next / 1000);
	sd_event_source_set_enabled(balancing->timer, SD_EVENT_ONESHOT);
}

static void rebuild(struct balancing *balancing, unsigned int service)
{
	__u32 before = balancing->maps->service_state[service].backends_up, after;
	const struct config_service *config = service_by_number(balancing, service);
	bool tunnel = config && config->balance.forward == CONFIG_FORWARD_IPIP;
	int err = pool_rebuild(balancing->maps, service, tunnel);

	if (err) { /* tried again; the old table stays in force */
		log_limited(LOG_ERR, "service %s: its table cannot be made: %s",
			    service_name(balancing, service), strerror(-err));
		return;
	}
	balancing->stale[service] = false;
	balancing->stats.tables++;
	after = balancing->maps->service_state[service].backends_up;
	if (before && !after)
		log_error("service %s: no backend is up", service_name(balancing, service));
	else if (!before && after)
		log_notice("service %s: %u backends are up again", service_name(balancing, service),
			   after);
}

static void rebuild_stale(struct balancing *balancing)
{
	uint64_t begun = clock_monotonic_ns(), took;

	for (unsigned int service = 0; service < SERVICE_MAX; service++) {
		if (balancing->stale[service])
			rebuild(balancing, service);
	}
	took = clock_monotonic_ns() - begun;
	balancing->rebuild_ns = begun + REBUILD_NS + took * REBUILD_SHARE;
}

static void drop_pins(struct balancing *balancing, __u32 place)
{
	pins_drop(&balancing->pins, balancing->maps, place);
	watch_hold(balancing->watch, place, true);
	set_timer(balancing);
}

static void release_holds(struct balancing *balancing)
{
	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		if (!pins_dropping(&balancing->pins, place))
			watch_hold(balancing->watch, place, false);
	}
}

static void step_pins(struct balancing *balancing, uint64_t now_ns)
{
	int err = pins_step(&balancing->pins, balancing->maps);

	if (err < 0)
		log_limited(LOG_WARNING, "pins of dead backends: %s", strerror(-err));
	balancing->pins_ns = now_ns + PINS_NS;
	balancing->stats.pins_dropped = balancing->pins.dropped;
	if (!err)
		release_holds(balancing);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct balancing *balancing = context;
	uint64_t now_ns = clock_monotonic_ns();

	(void)source;
	(void)usec;
	if (any_stale(balancing) && now_ns >= balancing->rebuild_ns)
		rebuild_stale(balancing);
	if (balancing->pins.running && now_ns >= balancing->pins_ns)
		step_pins(balancing, now_ns);
	set_timer(balancing);
	return 0;
}

static void make_stale(struct balancing *balancing, unsigned int service)
{
	balancing->stale[service % SERVICE_MAX] = true;
	set_timer(balancing);
}

/* ---- news ---- */

/* Puts a backend into the state that follows; why: what it was that made it so. */
static void settle(struct balancing *balancing, __u32 place, bool healthy, const char *why)
{
	struct backend *row = &balancing->maps->backends[place];
	bool dead = !healthy || row->order == ORDER_DOWN;

	if (!pool_set_state(balancing->maps, place, healthy, clock_realtime_ns()))
		return;
	log_line(dead ? LOG_WARNING : LOG_NOTICE, "service %s: backend %.*s is %s: %s",
		 service_name(balancing, row->service), BACKEND_NAME, row->name,
		 state_words(backend_state(row)), why);
	if (dead)
		drop_pins(balancing, place);
	make_stale(balancing, row->service);
}

static void on_news(void *context, __u32 place, bool healthy, const char *why)
{
	struct balancing *balancing = context;

	balancing->stats.ups += healthy;
	balancing->stats.downs += !healthy;
	settle(balancing, place, healthy, why);
}

/* ---- every second ---- */

/* Those that have left the pool, and whose calls are over. */
void balancing_tick(struct balancing *balancing)
{
	struct maps *maps = balancing->maps;
	bool any = false;

	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		const struct backend *row = &maps->backends[place];

		if (!pool_release(maps, place, clock_monotonic_ns(), clock_realtime_ns()))
			continue;
		log_notice("service %s: backend %.*s has left",
			   service_name(balancing, row->service), BACKEND_NAME, row->name);
		/* A count may be wrong after a crash; a pin must not outlive its place. */
		drop_pins(balancing, place);
		any = true;
	}
	if (any)
		sync_watch(balancing);
}

void balancing_stats(const struct balancing *balancing, struct balancing_stats *out)
{
	*out = balancing->stats;
	watch_stats(balancing->watch, &out->watch);
}

/* ---- imports ---- */

static void log_errors(const struct config_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++) {
		const struct config_error *error = &errors->list[i];

		log_error("%s:%u:%u: %s%s%s", error->file, error->place.line, error->place.column,
			  error->what, *error->expected ? "; expected " : "", error->expected);
	}
}

/* What the file says now; what is wrong with it is logged, and the pool stays. */
static int read_import(struct balancing *balancing, struct config_service *service)
{
	struct config_errors *errors = malloc(sizeof(*errors)); /* too large for the stack */
	struct config_backend *list;
	size_t count;
	int err;

	if (!errors)
		return -ENOMEM;
	err = config_import(balancing->config, service, &list, &count, errors);
	if (err && err != -ENOMEM)
		log_errors(errors);
	free(errors);
	if (err)
		return err;
	free(service->balance.imported);
	service->balance.imported = list;
	service->balance.imported_count = count;
	return 0;
}

static int take_import(struct balancing *balancing, size_t index, struct pool_change *change)
{
	struct config_service *service = &balancing->config->services[index];
	unsigned int number = plane_service(balancing->plane, index);
	int err = read_import(balancing, service);

	if (!err)
		err = apply_pool_change(&service->balance, balancing->maps, number, change);
	if (err) {
		log_error("service %s: %s is not taken over, the pool stays as it was: %s",
			  service->name, service->balance.import_path, strerror(-err));
		return err;
	}
	if (change->joined + change->left + change->weighted)
		make_stale(balancing, number);
	sync_watch(balancing);
	return 0;
}

static void on_import(void *context, size_t index)
{
	struct balancing *balancing = context;
	const struct config_service *service = &balancing->config->services[index];
	struct pool_change change = { 0 };

	if (!take_import(balancing, index, &change))
		log_notice("service %s: %s was read again: %zu backends joined, %zu left, %zu have "
			   "another weight",
			   service->name, service->balance.import_path, change.joined, change.left,
			   change.weighted);
}

/* The files may have changed after the configuration was read, and before they were followed. */
static void take_imports(struct balancing *balancing)
{
	const struct config *config = balancing->config;
	struct pool_change change;

	for (size_t i = 0; i < config->service_count; i++) {
		if (config->services[i].balanced && config->services[i].balance.import_path)
			take_import(balancing, i, &change);
	}
}

/* ---- start, reload, end ---- */

void balancing_reconfigure(struct balancing *balancing, struct config *config)
{
	char missing[FORWARDING_TEXT_SIZE];

	if (forwarding_missing(config, missing))
		log_warning("%s", missing);
	balancing->config = config;
	imports_follow(balancing->imports, config);
	take_imports(balancing);
	sync_watch(balancing);
}

int balancing_open(struct config *config, struct plane *plane, sd_event *event,
		   struct balancing **out)
{
	struct balancing *balancing = calloc(1, sizeof(*balancing));
	int err;

	if (!balancing)
		return -ENOMEM;
	balancing->config = config;
	balancing->plane = plane;
	balancing->maps = plane_maps(plane);
	err = sd_event_add_time(event, &balancing->timer, CLOCK_MONOTONIC, UINT64_MAX, ACCURACY_US,
				on_timer, balancing);
	if (err >= 0)
		err = sd_event_source_set_enabled(balancing->timer, SD_EVENT_OFF);
	if (err >= 0)
		err = watch_open(balancing->maps, event, on_news, balancing, &balancing->watch);
	if (err >= 0)
		err = imports_open(event, on_import, balancing, &balancing->imports);
	if (err < 0) {
		balancing_close(balancing);
		return err;
	}
	err = pins_count(balancing->maps);
	if (err)
		log_warning("calls of backends cannot be counted: %s", strerror(-err));
	balancing_reconfigure(balancing, config);
	*out = balancing;
	return 0;
}

void balancing_close(struct balancing *balancing)
{
	if (!balancing)
		return;
	watch_close(balancing->watch);
	imports_close(balancing->imports);
	sd_event_source_disable_unref(balancing->timer);
	free(balancing);
}

/* ---- by hand ---- */

static enum balancing_answer find_service(const struct balancing *balancing, const char *name,
					  unsigned int *number)
{
	const struct config *config = balancing->config;
	size_t found = config->service_count, balanced = 0;

	for (size_t i = 0; i < config->service_count; i++) {
		if (name ? strcmp(config->services[i].name, name) != 0
			 : !config->services[i].balanced)
			continue;
		found = i;
		balanced += config->services[i].balanced;
	}
	if (found == config->service_count)
		return name ? BALANCING_NO_SERVICE : BALANCING_NOT_BALANCED;
	if (!balanced)
		return BALANCING_NOT_BALANCED;
	if (balanced > 1)
		return BALANCING_WHICH_SERVICE;
	*number = plane_service(balancing->plane, found);
	return BALANCING_DONE;
}

static enum balancing_answer find_backend(const struct balancing *balancing, const char *service,
					  const char *name, __u32 *place)
{
	const struct config *config = balancing->config;
	bool known = false;

	*place = 0;
	for (size_t i = 0; i < config->service_count; i++) {
		__u32 found;

		if (service && strcmp(config->services[i].name, service) != 0)
			continue;
		known = true;
		found = pool_find_name(balancing->maps, plane_service(balancing->plane, i), name);
		if (found && *place)
			return BALANCING_WHICH_SERVICE;
		if (found)
			*place = found;
	}
	if (!known)
		return BALANCING_NO_SERVICE;
	return *place ? BALANCING_DONE : BALANCING_NO_BACKEND;
}

enum balancing_answer balancing_add(struct balancing *balancing, const char *service,
				    const char *name, const struct endpoint *endpoint,
				    uint32_t weight, const char **why)
{
	struct pool_member member = { .peer = key_from_endpoint(endpoint), .weight = weight };
	struct config_service *found;
	unsigned int number = 0;
	const char *expected;
	__u32 place;
	enum balancing_answer answer = find_service(balancing, service, &number);
	int err;

	if (answer)
		return answer;
	if (pool_find_name(balancing->maps, number, name))
		return BALANCING_EXISTS;
	found = service_by_number(balancing, number);
	*why = config_backend_wrong(balancing->config, found, endpoint, &expected);
	if (*why)
		return BALANCING_BAD_ADDRESS;
	strncpy(member.name, name, sizeof(member.name) - 1);
	err = pool_add(balancing->maps, number, &member, true, clock_realtime_ns(), &place);
	if (err)
		return err == -EEXIST ? BALANCING_EXISTS : BALANCING_FULL;
	if (config_pool_add(&found->balance, name, endpoint, weight))
		log_warning("backend %s is forgotten when an interface comes back: no memory",
			    name);
	log_notice("service %s: backend %s is added by hand, %s", service_name(balancing, number),
		   name, state_words(backend_state(&balancing->maps->backends[place])));
	make_stale(balancing, number);
	sync_watch(balancing);
	return BALANCING_DONE;
}

enum balancing_answer balancing_remove(struct balancing *balancing, const char *service,
				       const char *name)
{
	__u32 place;
	enum balancing_answer answer = find_backend(balancing, service, name, &place);
	const struct backend *row;
	struct endpoint endpoint;

	if (answer)
		return answer;
	row = &balancing->maps->backends[place];
	log_notice("service %s: backend %s is removed by hand; %llu calls are left to it",
		   service_name(balancing, row->service), name,
		   (unsigned long long)backend_calls(row));
	endpoint = key_to_endpoint(&row->peer);
	config_pool_remove(&service_by_number(balancing, row->service)->balance, &endpoint);
	pool_remove(balancing->maps, place, clock_realtime_ns());
	make_stale(balancing, row->service);
	sync_watch(balancing);
	return BALANCING_DONE;
}

enum balancing_answer balancing_weight(struct balancing *balancing, const char *service,
				       const char *name, uint32_t weight)
{
	__u32 place;
	enum balancing_answer answer = find_backend(balancing, service, name, &place);
	struct endpoint endpoint;
	struct backend *row;

	if (answer)
		return answer;
	row = &balancing->maps->backends[place];
	log_notice("service %s: backend %s has weight %u by hand, had %u",
		   service_name(balancing, row->service), name, weight, row->weight);
	row->weight = weight;
	endpoint = key_to_endpoint(&row->peer);
	config_pool_weight(&service_by_number(balancing, row->service)->balance, &endpoint, weight);
	make_stale(balancing, row->service);
	return BALANCING_DONE;
}

enum balancing_answer balancing_order(struct balancing *balancing, const char *service,
				      const char *name, enum backend_order order)
{
	__u32 place;
	enum balancing_answer answer = find_backend(balancing, service, name, &place);
	struct backend *row;
	bool healthy;

	if (answer)
		return answer;
	row = &balancing->maps->backends[place];
	healthy = order == ORDER_NONE || backend_state(row) != BACKEND_DOWN ||
		  row->order == ORDER_DOWN;
	if (order == ORDER_NONE)
		watch_restore(balancing->watch, place);
	row->order = (__u16)order;
	settle(balancing, place, healthy, "by hand");
	return BALANCING_DONE;
}
