/* SPDX-License-Identifier: GPL-2.0-only */
/* The event loop. Each turn is bounded, so that no work starves another. */
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "daemon/links.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/notify.h"
#include "daemon/reload.h"
#include "plane/clock.h"
#include "plane/tap.h"

#define SECOND_US     UINT64_C(1000000)
#define TAP_US	      (TAP_DRAIN_MS * UINT64_C(1000))
#define POLL_EXACT_US UINT64_C(1000)
#define WATCHDOG_PART 3		      /* a word gets lost without harm */
#define ACCURACY_US   UINT64_C(50000) /* timers may be joined with others this much later */

static const int signals[] = { SIGHUP, SIGINT, SIGTERM };

#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

int loop_block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	return 0;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *context)
{
	struct daemon *daemon = context;

	if (info->ssi_signo == SIGHUP) {
		log_notice("reload: SIGHUP");
		json_decref(reload(daemon));
		return 0;
	}
	log_notice("stopping: %s", strsignal((int)info->ssi_signo));
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* Sets a timer again that has just run out. */
static int again(sd_event_source *timer, uint64_t after_us)
{
	int err = sd_event_source_set_time_relative(timer, after_us);

	return err < 0 ? err : sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static int drain(struct daemon *daemon)
{
	int ms = tracking_drain(daemon->tracking);

	return ms < 0 ? 0 : again(daemon->poll_timer, (uint64_t)ms * 1000);
}

static int on_tap(sd_event_source *source, int fd, uint32_t events, void *context)
{
	(void)source;
	(void)fd;
	(void)events;
	return drain(context);
}

static int on_poll_timer(sd_event_source *source, uint64_t usec, void *context)
{
	(void)source;
	(void)usec;
	return drain(context);
}

static int on_tap_timer(sd_event_source *source, uint64_t usec, void *context)
{
	int err = drain(context);

	(void)usec;
	return err < 0 ? err : again(source, TAP_US);
}

/* ---- interfaces ---- */

static void take_news(void *context, const char *name, bool gone)
{
	struct daemon *daemon = context;
	const struct config *config = daemon->config;

	daemon->links_changed |= !*name;
	for (size_t i = 0; i < config->interface_count; i++) {
		if (strcmp(config->interfaces[i].name, name) != 0)
			continue;
		if (gone)
			log_limited(LOG_WARNING, "%s is gone; it will be guarded when it is back",
				    name);
		daemon->links_changed |= !gone;
	}
}

static int on_links(sd_event_source *source, int fd, uint32_t events, void *context)
{
	(void)source;
	(void)events;
	links_read(fd, take_news, context);
	return 0;
}

static bool is_unguarded(const struct config *config)
{
	for (size_t i = 0; i < config->interface_count; i++) {
		const char *name = config->interfaces[i].name;

		if (links_guarded(config->instance, name))
			continue;
		log_notice("%s is there and not guarded: attaching", name);
		return true;
	}
	return false;
}

/* Attaches to every interface that is there. A failure is logged by the packet path, and tried
 * again at the next change. */
static void guard_links(struct daemon *daemon)
{
	struct config *present;
	size_t count = 0;

	daemon->links_changed = false;
	if (!is_unguarded(daemon->config))
		return;
	present = malloc(sizeof(*present));
	if (!present)
		return;
	*present = *daemon->config; /* what it points to stays the other's */
	for (size_t i = 0; i < present->interface_count; i++) {
		if (if_nametoindex(present->interfaces[i].name))
			present->interfaces[count++] = present->interfaces[i];
	}
	present->interface_count = count;
	plane_reload(daemon->plane, present);
	free(present);
}

/* ---- every second ---- */

static int on_second(sd_event_source *source, uint64_t usec, void *context)
{
	struct daemon *daemon = context;
	uint64_t now_ns = clock_monotonic_ns();

	(void)usec;
	plane_expire(daemon->plane, now_ns); /* it logs what fails */
	tracking_tick(daemon->tracking, now_ns);
	balancing_tick(daemon->balancing);
	if (daemon->links_changed)
		guard_links(daemon);
	return again(source, SECOND_US);
}

/* ---- the service manager's watchdog ---- */

static int on_watchdog(sd_event_source *source, uint64_t usec, void *context)
{
	const struct daemon *daemon = context;

	(void)usec;
	notify_alive();
	return again(source, daemon->watchdog_us);
}

static int add_timer(struct daemon *daemon, uint64_t after_us, sd_event_time_handler_t handler)
{
	return sd_event_add_time_relative(daemon->event, NULL, CLOCK_MONOTONIC, after_us,
					  ACCURACY_US, handler, daemon);
}

int loop_prepare(struct daemon *daemon)
{
	uint64_t watchdog_us;
	int err;

	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		err = sd_event_add_signal(daemon->event, NULL, signals[i], on_signal, daemon);
		if (err < 0)
			return err;
	}
	err = sd_event_add_io(daemon->event, NULL, tracking_fd(daemon->tracking), EPOLLIN, on_tap,
			      daemon);
	if (err >= 0)
		err = sd_event_add_io(daemon->event, NULL, daemon->links_fd, EPOLLIN, on_links,
				      daemon);
	if (err >= 0)
		err = add_timer(daemon, TAP_US, on_tap_timer);
	if (err >= 0)
		err = sd_event_add_time_relative(daemon->event, &daemon->poll_timer,
						 CLOCK_MONOTONIC, 0, POLL_EXACT_US, on_poll_timer,
						 daemon);
	if (err >= 0)
		err = add_timer(daemon, SECOND_US, on_second);
	if (err >= 0 && sd_watchdog_enabled(false, &watchdog_us) > 0) {
		daemon->watchdog_us = watchdog_us / WATCHDOG_PART;
		err = add_timer(daemon, daemon->watchdog_us, on_watchdog);
	}
	return err < 0 ? err : 0;
}

int loop_run(struct daemon *daemon)
{
	return sd_event_loop(daemon->event);
}
