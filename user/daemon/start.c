/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The order in which the daemon starts, and why: what can fail without a trace comes first, then
 * the packet path and what reads from it; the control socket appears when it can be answered, and
 * before the right to give it its group is dropped with the others. Stopping goes the way back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/commands.h"
#include "daemon/configuration.h"
#include "daemon/links.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/notify.h"
#include "daemon/rights.h"
#include "daemon/rundir.h"
#include "daemon/sandbox.h"
#include "daemon/start.h"
#include "plane/clock.h"
#include "plane/log.h"

#define DESCRIPTION_SIZE 128

static int fail(int exit_code, const char *what, int err)
{
	log_error("%s: %s", what, strerror(-err));
	return exit_code;
}

static int configuration_up(struct daemon *daemon)
{
	char *problems;
	int err = configuration_load(&daemon->options, &daemon->config, &problems);

	if (!err)
		return DAEMON_DONE;
	log_error("%s", problems ? problems : strerror(-err));
	free(problems);
	return configuration_exit_code(err);
}

static void configuration_down(struct daemon *daemon)
{
	config_free(daemon->config);
}

static int rights_up(struct daemon *daemon)
{
	char missing[RIGHTS_TEXT_SIZE];

	(void)daemon;
	if (!rights_check(missing))
		return DAEMON_DONE;
	log_error("missing rights: %s; run sipxdpd as root, or with these capabilities", missing);
	return DAEMON_NOT_PERMITTED;
}

/* A full disk costs the control socket, not the guard: the packet path has a lock of its own. */
static bool go_without_control(struct daemon *daemon, const char *what, int err)
{
	if (err != -ENOSPC && err != -EDQUOT && err != -EROFS)
		return false;
	log_error("%s: %s: going on without a control socket", what, strerror(-err));
	daemon->no_control = true;
	return true;
}

static int rundir_up(struct daemon *daemon)
{
	int err;

	daemon->group = rundir_group();
	if (daemon->group == (gid_t)-1)
		log_info("no group %s on this host: only root can use the control socket",
			 RUNDIR_GROUP);
	err = rundir_make(daemon->group);
	if (!err || go_without_control(daemon, RUNDIR_PATH, err))
		return DAEMON_DONE;
	if (err == -EPERM)
		log_error(RUNDIR_PATH ": not a directory that only its owner can write to");
	else
		fail(0, RUNDIR_PATH, err);
	return DAEMON_NOT_PERMITTED;
}

static int lock_up(struct daemon *daemon)
{
	pid_t holder = 0;
	int err;

	if (daemon->no_control)
		return DAEMON_DONE;
	err = rundir_lock(daemon->config->instance, &daemon->lock_fd, &holder);
	if (!err || go_without_control(daemon, "lock in " RUNDIR_PATH, err))
		return DAEMON_DONE;
	if (err == -EALREADY) {
		log_error("instance %s is already running (pid %d)", daemon->config->instance,
			  (int)holder);
		return DAEMON_INVALID;
	}
	return fail(DAEMON_NOT_PERMITTED, "lock in " RUNDIR_PATH, err);
}

static void lock_down(struct daemon *daemon)
{
	if (daemon->lock_fd >= 0)
		rundir_unlock(daemon->config->instance, daemon->lock_fd);
}

static int event_up(struct daemon *daemon)
{
	int err = sd_event_new(&daemon->event);

	return err < 0 ? fail(DAEMON_UNREACHABLE, "event loop", err) : DAEMON_DONE;
}

static void event_down(struct daemon *daemon)
{
	sd_event_source_unref(daemon->poll_timer); /* it holds the loop */
	sd_event_unref(daemon->event);
}

static int samples_up(struct daemon *daemon)
{
	int err = samples_open(daemon->config->tap.keep_samples, &daemon->samples);

	return err ? fail(DAEMON_UNREACHABLE, "samples", err) : DAEMON_DONE;
}

static void samples_down(struct daemon *daemon)
{
	samples_close(daemon->samples);
}

static int control_up(struct daemon *daemon)
{
	int err;

	if (daemon->no_control)
		return DAEMON_DONE;
	err = control_open(daemon->config->instance, daemon->group, daemon->event, commands_run,
			   daemon, &daemon->control);
	if (err >= 0 || go_without_control(daemon, "control socket", err))
		return DAEMON_DONE;
	return fail(DAEMON_NOT_PERMITTED, "control socket", err);
}

static void control_down(struct daemon *daemon)
{
	control_close(daemon->control);
}

/* The libraries' messages may have traffic as their cause once the start is over. */
static void log_plane(enum plane_log_level level, const char *text, void *context)
{
	static const int priorities[] = {
		[PLANE_LOG_ERROR] = LOG_ERR,
		[PLANE_LOG_WARNING] = LOG_WARNING,
		[PLANE_LOG_INFO] = LOG_INFO,
		[PLANE_LOG_DEBUG] = LOG_DEBUG,
	};
	const struct daemon *daemon = context;

	if (level == PLANE_LOG_DEBUG && daemon->options.verbose < 2)
		return;
	if (daemon->running)
		log_limited(priorities[level], "%s", text);
	else
		log_line(priorities[level], "%s", text);
}

static bool is_pinned(const char *instance)
{
	struct maps maps;

	if (maps_open(instance, &maps, NULL))
		return false;
	maps_close(&maps);
	return true;
}

static int plane_step_up(struct daemon *daemon)
{
	struct plane_options options = { .fresh = daemon->options.fresh };
	int err;

	plane_log_set(log_plane, daemon);
	daemon->adopted = is_pinned(daemon->config->instance);
	err = plane_up(daemon->config, &options, &daemon->plane);
	switch (err) { /* what went wrong is in the log by now */
	case 0: return DAEMON_DONE;
	case -EPERM:
	case -EACCES: return DAEMON_NOT_PERMITTED;
	case -ENODEV:
	case -EMEDIUMTYPE:
	case -EPROTO: return DAEMON_INVALID;
	default: return DAEMON_UNREACHABLE;
	}
}

/* A start that fails after all must not take away what enforced before it. */
static void plane_step_down(struct daemon *daemon)
{
	bool keep = daemon->running ? daemon->config->on_exit == CONFIG_ON_EXIT_KEEP
				    : daemon->adopted;

	if (!daemon->plane)
		return; /* a command has detached it */
	if (keep)
		log_notice("the programs stay attached and go on enforcing");
	plane_down(daemon->plane, keep); /* it logs what fails */
}

static int tracking_up(struct daemon *daemon)
{
	int err = tracking_open(daemon->config, daemon->plane, daemon->samples, &daemon->tracking);

	return err ? fail(DAEMON_UNREACHABLE, "tracking", err) : DAEMON_DONE;
}

static void tracking_down(struct daemon *daemon)
{
	tracking_close(daemon->tracking);
}

static int balancing_up(struct daemon *daemon)
{
	int err = balancing_open(daemon->config, daemon->plane, daemon->event, &daemon->balancing);

	return err ? fail(DAEMON_UNREACHABLE, "balancing", err) : DAEMON_DONE;
}

static void balancing_down(struct daemon *daemon)
{
	balancing_close(daemon->balancing);
}

static int links_up(struct daemon *daemon)
{
	int err = links_open(&daemon->links_fd);

	return err ? fail(DAEMON_UNREACHABLE, "news of interfaces", err) : DAEMON_DONE;
}

static void links_down(struct daemon *daemon)
{
	close(daemon->links_fd);
}

static int loop_up(struct daemon *daemon)
{
	int err = loop_prepare(daemon);

	return err ? fail(DAEMON_UNREACHABLE, "event loop", err) : DAEMON_DONE;
}

static int confinement_up(struct daemon *daemon)
{
	int err = rights_drop(plane_dispatched(daemon->plane));

	if (err)
		return fail(DAEMON_NOT_PERMITTED, "dropping rights", err);
	err = sandbox_enter();
	daemon->sandboxed = !err;
	if (err)
		log_warning("system calls are not filtered: %s", strerror(-err));
	return DAEMON_DONE;
}

static const struct step {
	int (*up)(struct daemon *daemon);
	void (*down)(struct daemon *daemon);
} steps[] = {
	{ configuration_up, configuration_down },
	{ rights_up, NULL },
	{ rundir_up, NULL },
	{ lock_up, lock_down },
	{ event_up, event_down },
	{ samples_up, samples_down },
	{ plane_step_up, plane_step_down },
	{ tracking_up, tracking_down },
	{ balancing_up, balancing_down },
	{ links_up, links_down },
	{ loop_up, NULL },
	{ control_up, control_down },
	{ confinement_up, NULL },
};

#define STEP_COUNT (sizeof(steps) / sizeof(steps[0]))

static void undo(struct daemon *daemon, size_t done)
{
	while (done--) {
		if (steps[done].down)
			steps[done].down(daemon);
	}
}

static void describe(const struct daemon *daemon, char text[DESCRIPTION_SIZE])
{
	const struct config *config = daemon->config;

	snprintf(text, DESCRIPTION_SIZE, "instance %s: %zu service%s on %zu interface%s, %s",
		 config->instance, config->service_count, config->service_count == 1 ? "" : "s",
		 config->interface_count, config->interface_count == 1 ? "" : "s",
		 config->mode == CONFIG_MODE_MONITOR ? "monitoring only" : "enforcing");
}

void start_notify_ready(const struct daemon *daemon)
{
	char text[DESCRIPTION_SIZE];

	describe(daemon, text);
	notify_ready(text);
}

int start(struct daemon *daemon)
{
	char text[DESCRIPTION_SIZE];

	for (size_t i = 0; i < STEP_COUNT; i++) {
		int exit_code = steps[i].up(daemon);

		if (exit_code != DAEMON_DONE) {
			undo(daemon, i);
			return exit_code;
		}
	}
	daemon->started_unix_ns = clock_realtime_ns();
	daemon->running = true;
	describe(daemon, text);
	log_notice("%s", text);
	notify_ready(text);
	return DAEMON_DONE;
}

void stop(struct daemon *daemon)
{
	notify_stopping();
	undo(daemon, STEP_COUNT);
}
