// SPDX-License-Identifier: GPL-2.0-only
/* The kernel side of an instance: up, reload, down. */
#include "plane/plane.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plane/attach.h"
#include "plane/ban.h"
#include "plane/clock.h"
#include "plane/dispatcher.h"
#include "plane/expire.h"
#include "plane/hash_key.h"
#include "plane/log.h"
#include "plane/log_library.h"
#include "plane/object.h"
#include "plane/pin.h"
#include "plane/rights_needed.h"
#include "plane/tables.h"
#include "plane/tick.h"
#include "policy/apply.h"

struct plane {
	char instance[NAME_SIZE];
	int lock;
	int clock_fd;
	struct object *object;
	struct xdp_program *chained; /* NULL: links of our own */
	bool guard_only;	     /* the programs that balance are not loaded */
	bool alone;		     /* no dispatcher takes our program here */
	struct maps maps;
	struct attachments attached;
	struct expiry expiry;
	unsigned char number[CONFIG_SERVICES_MAX];
};

static struct plane *plane_new(const struct config *cfg)
{
	struct plane *plane = calloc(1, sizeof(*plane));

	if (!plane)
		return NULL;
	memcpy(plane->instance, cfg->instance, sizeof(plane->instance));
	plane->instance[sizeof(plane->instance) - 1] = '\0';
	plane->lock = -1;
	plane->clock_fd = -1;
	for (int id = 0; id < MAP_COUNT; id++)
		plane->maps.fd[id] = -1;
	return plane;
}

/* Lets go of all but the lock; what is attached and pinned stays. */
static void plane_reset(struct plane *plane)
{
	attach_forget(&plane->attached);
	dispatcher_program_close(plane->chained);
	plane->chained = NULL;
	plane->guard_only = false;
	maps_close(&plane->maps);
	object_close(plane->object);
	plane->object = NULL;
	if (plane->clock_fd >= 0)
		close(plane->clock_fd);
	plane->clock_fd = -1;
}

static void plane_free(struct plane *plane)
{
	plane_reset(plane);
	if (plane->lock >= 0)
		close(plane->lock);
	free(plane);
}

static struct hook_programs programs_of(const struct plane *plane)
{
	return (struct hook_programs){ .object = plane->object, .chained = plane->chained };
}

/* ---- settings ---- */

/* A new instance's key; one that runs keeps its own, by which its tables are addressed. */
static int settings_key(const struct config *cfg, bool adopted, struct settings *settings)
{
	__u64 key[HASH_KEY_WORDS];

	if (cfg->hash_seed_set) {
		hash_key_derive(cfg->hash_seed, key);
		if (adopted && memcmp(key, settings->hash_key, sizeof(key)))
			plane_log(PLANE_LOG_WARNING,
				  "hash_seed is not the one that the running instance began with, "
				  "which stays in force; to change it, detach and start again");
	}
	if (adopted)
		return 0;
	if (!cfg->hash_seed_set)
		return hash_key_draw(settings->hash_key);
	memcpy(settings->hash_key, key, sizeof(key));
	return 0;
}

static int settings_begin(struct plane *plane, const struct config *cfg, bool adopted)
{
	struct settings *settings = plane->maps.settings;
	struct tick tick;
	int err;

	plane->clock_fd = object_load_clock();
	if (plane->clock_fd < 0) {
		plane_log(PLANE_LOG_ERROR, "the clock program cannot be loaded: %s",
			  strerror(-plane->clock_fd));
		return plane->clock_fd;
	}
	err = tick_measure(plane->clock_fd, &tick);
	if (err) {
		plane_log(PLANE_LOG_ERROR, "the kernel's clocks cannot be read: %s",
			  strerror(-err));
		return err;
	}
	err = settings_key(cfg, adopted, settings);
	if (err)
		return err;
	__atomic_store_n(&settings->tick_ns, tick.tick_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&settings->tick_offset_ns, tick.offset_ns, __ATOMIC_RELAXED);
	settings->layout = SIPXDP_LAYOUT;
	return 0;
}

static int plane_apply(struct plane *plane, const struct config *cfg)
{
	int err;

	if (plane->guard_only && config_balances(cfg)) {
		plane_log(PLANE_LOG_ERROR,
			  "instance '%s' was attached by way of libxdp, where it cannot balance; "
			  "`sipxdpctl detach` it and start again",
			  plane->instance);
		return -EOPNOTSUPP;
	}
	err = apply_config(cfg, &plane->maps, plane->number);
	if (err == -ENOSPC)
		plane_log(PLANE_LOG_ERROR,
			  "%zu networks are configured, and the table has room for %u: raise "
			  "tables.networks and start again",
			  cfg->network_count, maps_room(&plane->maps, MAP_NETWORKS));
	else if (err == -EOVERFLOW)
		plane_log(PLANE_LOG_ERROR,
			  "more backends than there is room for: %d in all, those included that "
			  "have left and still have calls",
			  BACKEND_MAX - 1);
	else if (err)
		plane_log(PLANE_LOG_ERROR, "the configuration cannot be written to the maps: %s",
			  strerror(-err));
	return err;
}

/* ---- programs ---- */

/* Chained programs go on being chained, links go on being links; else what this host can do. */
static int plane_load(struct plane *plane, const struct config *cfg)
{
	bool links = attach_holds(&plane->attached, PIN_XDP);
	bool chain = attach_holds(&plane->attached, PIN_DISPATCHER);

	if (links && chain) {
		plane_log(PLANE_LOG_ERROR,
			  "instance '%s' is attached partly through libxdp's dispatcher and "
			  "partly not; `sipxdpctl detach` it first",
			  plane->instance);
		return -EBUSY;
	}
	if (!chain && (links || plane->alone || config_balances(cfg) || !dispatcher_possible()))
		return object_load(plane->object);
	object_without_balance(plane->object);
	plane->guard_only = true;
	/* libxdp loads the object itself, for the place in the dispatcher that it is given. */
	plane->chained = dispatcher_program(object_bpf(plane->object), OBJECT_INGRESS);
	return plane->chained ? 0 : -EINVAL;
}

static int plane_attach(struct plane *plane, const struct config *cfg, bool replace,
			struct attach_change *change)
{
	struct hook_programs programs = programs_of(plane);
	int err = attach_begin(plane->instance, &programs, cfg, replace, &plane->attached, change);

	if (err != -EOPNOTSUPP || !plane->chained)
		return err;
	plane_log(PLANE_LOG_INFO,
		  "libxdp's dispatcher does not work here: attaching by links of our own");
	dispatcher_program_close(plane->chained);
	plane->chained = NULL;
	programs = programs_of(plane);
	return attach_begin(plane->instance, &programs, cfg, replace, &plane->attached, change);
}

/* ---- up ---- */

/*
 * What is new is filled before a program sees it; what is in force is changed after the new
 * programs are in place, since until then everything can be undone.
 */
static int plane_enforce(struct plane *plane, const struct config *cfg, struct tables *tables)
{
	struct attach_change change;
	int err = tables_move(tables, BPF_ANY);

	if (!err && !tables->adopted)
		err = plane_apply(plane, cfg);
	if (!err)
		err = tables_pin(tables);
	if (err)
		return err;
	err = plane_attach(plane, cfg, true, &change);
	if (!err && tables->adopted) {
		err = plane_apply(plane, cfg);
		if (err)
			attach_undo(plane->instance, &plane->attached, &change);
	}
	if (err) {
		tables_undo(tables);
		return err;
	}
	tables_move(tables, BPF_NOEXIST);
	tables_commit(tables);
	attach_commit(plane->instance, &plane->attached, &change);
	return 0;
}

static int plane_start(struct plane *plane, const struct config *cfg, struct tables *tables)
{
	char why[MAPS_MESSAGE_SIZE];
	int err = maps_take(plane->instance, tables->fd, &plane->maps, why);

	if (err) {
		plane_log(PLANE_LOG_ERROR, "%s", why);
		return err;
	}
	err = settings_begin(plane, cfg, tables->adopted);
	if (!err)
		err = attach_adopt(plane->instance, &plane->attached);
	if (!err)
		err = plane_load(plane, cfg);
	if (!err)
		err = plane_enforce(plane, cfg, tables);
	if (!err)
		ban_refresh(&plane->maps);
	return err;
}

static int check_interfaces(const struct config *cfg)
{
	int err = 0;

	for (size_t i = 0; i < cfg->interface_count && !err; i++) {
		unsigned int ifindex;

		err = attach_interface(cfg->interfaces[i].name, &ifindex);
	}
	return err;
}

static int plane_attempt(struct plane *plane, const struct config *cfg, bool fresh)
{
	struct tables tables;
	int err = object_open(false, &plane->object);

	if (!err)
		err = tables_open(plane->instance, plane->object, cfg, fresh, &tables);
	if (err)
		return err;
	err = plane_start(plane, cfg, &tables);
	if (!err)
		plane_log(PLANE_LOG_INFO, "instance '%s' %s", plane->instance,
			  tables.adopted ? "adopted" : "begun");
	tables_close(&tables);
	return err;
}

int plane_up(const struct config *cfg, const struct plane_options *options, struct plane **out)
{
	bool fresh = options && options->fresh;
	struct plane *plane;
	int err;

	log_libraries();
	err = rights_needed();
	if (!err)
		err = check_interfaces(cfg);
	if (err)
		return err;
	plane = plane_new(cfg);
	if (!plane)
		return -ENOMEM;
	err = pin_begin(plane->instance, &plane->lock);
	if (!err)
		err = plane_attempt(plane, cfg, fresh);
	if (err == -ENOEXEC) {
		plane_log(PLANE_LOG_INFO,
			  "this kernel does not take our program in the dispatcher of this libxdp: "
			  "attaching by links of our own");
		plane_reset(plane);
		plane->alone = true;
		err = plane_attempt(plane, cfg, fresh);
	}
	if (err) {
		if (plane->lock >= 0)
			pin_tidy(plane->instance);
		plane_free(plane);
		return err;
	}
	*out = plane;
	return 0;
}

/* ---- reload ---- */

/* What is read at start only. */
static void warn_unchangeable(const struct plane *plane, const struct config *cfg)
{
	if (strcmp(cfg->instance, plane->instance))
		plane_log(PLANE_LOG_WARNING, "instance: another name counts from the next start");
	for (int id = 0; id < MAP_COUNT; id++) {
		if (object_entries(plane->object, cfg, (enum map_id)id) !=
		    maps_room(&plane->maps, (enum map_id)id))
			plane_log(PLANE_LOG_WARNING, "%s: another size counts from the next start",
				  maps_name((enum map_id)id));
	}
	settings_key(cfg, true, plane->maps.settings);
}

int plane_reload(struct plane *plane, const struct config *cfg)
{
	struct attach_change change;
	int err;

	warn_unchangeable(plane, cfg);
	err = plane_attach(plane, cfg, false, &change);
	if (err)
		return err;
	err = plane_apply(plane, cfg);
	if (err) {
		attach_undo(plane->instance, &plane->attached, &change);
		return err;
	}
	attach_commit(plane->instance, &plane->attached, &change);
	return 0;
}

/* ---- down ---- */

int plane_down(struct plane *plane, bool keep)
{
	int err = 0;

	if (!keep) {
		err = attach_release(plane->instance, &plane->attached);
		/* With a program still attached its pins are how it can be found again. */
		if (!err)
			err = pin_remove_all(plane->instance);
	}
	plane_free(plane);
	return err;
}

static int detach_one(enum pin_kind kind, const struct pin_interface *interface, const char *path,
		      void *ctx)
{
	int *first = ctx;
	struct hook hook;
	int err = hook_open(kind, interface, path, &hook);

	if (!err)
		err = hook_release(NULL, &hook);
	if (!err)
		err = pin_remove(path);
	if (err == -EXDEV)
		plane_log(
			PLANE_LOG_ERROR,
			"%s is attached in another network namespace: detach it there; if that is "
			"gone, remove this file and try again",
			path);
	else if (err)
		plane_log(PLANE_LOG_ERROR, "%s: %s", path, strerror(-err));
	if (err && !*first)
		*first = err;
	return 0;
}

int plane_detach(const char *instance)
{
	int lock, first = 0;
	int err = pin_lock(instance, &lock);

	if (err)
		return err;
	log_libraries();
	err = pin_walk(instance, detach_one, &first);
	if (!err)
		err = first;
	if (!err)
		err = pin_remove_all(instance);
	close(lock);
	return err;
}

/* ---- what others ask ---- */

struct maps *plane_maps(struct plane *plane)
{
	return &plane->maps;
}

unsigned int plane_service(const struct plane *plane, size_t index)
{
	return index < CONFIG_SERVICES_MAX ? plane->number[index] : SERVICE_HOST;
}

bool plane_dispatched(const struct plane *plane)
{
	return plane->chained != NULL;
}

/* ---- pins that somebody else has removed ---- */

static bool is_unpinned(const struct plane *plane)
{
	char path[PIN_PATH_SIZE];

	return !pin_path(plane->instance, maps_name(MAP_SETTINGS), path) && access(path, F_OK) &&
	       errno == ENOENT;
}

static int pin_maps_again(const struct plane *plane)
{
	char path[PIN_PATH_SIZE];
	int err = 0;

	/* `settings` last, as tables_pin() has it. */
	for (int id = MAP_COUNT - 1; id >= 0 && !err; id--) {
		err = pin_path(plane->instance, maps_name((enum map_id)id), path);
		if (!err && access(path, F_OK))
			err = pin_object(plane->maps.fd[id], path);
	}
	return err;
}

/* What is attached stays so as long as we hold it; by its pins it outlives us. */
static int hold_pins(struct plane *plane)
{
	int err;

	if (!is_unpinned(plane))
		return 0;
	plane_log(PLANE_LOG_WARNING,
		  "the pins of instance '%s' were removed by somebody: pinning again",
		  plane->instance);
	err = pin_begin(plane->instance, &plane->lock);
	if (err)
		return err;
	err = attach_pin_again(plane->instance, &plane->attached);
	if (!err)
		err = pin_maps_again(plane);
	if (err)
		plane_log(PLANE_LOG_ERROR, "instance '%s' cannot be pinned again: %s",
			  plane->instance, strerror(-err));
	return err;
}

int plane_expire(struct plane *plane, __u64 now_ns)
{
	int err = expire_step(&plane->expiry, &plane->maps, now_ns);
	int clock = expire_hold_clock(&plane->expiry, &plane->maps, plane->clock_fd, now_ns);
	int pins = hold_pins(plane);

	return err ? err : clock ? clock : pins;
}
