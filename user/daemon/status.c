/* SPDX-License-Identifier: GPL-2.0-only */
/* What the daemon alone knows of itself: see status.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sipxdp/version.h>

#include "daemon/forwarding.h"
#include "daemon/log.h"
#include "daemon/quality_reply.h"
#include "daemon/status.h"
#include "plane/clock.h"

#define WARNING_TEXT_SIZE 256

static void set_number(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void set_text(json_t *object, const char *key, const char *value)
{
	json_object_set_new(object, key, json_string(value));
}

static void warn(json_t *warnings, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void warn(json_t *warnings, const char *format, ...)
{
	char text[WARNING_TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(warnings, json_string(text));
}

static void set_tracking(json_t *reply, const struct tracking_stats *stats)
{
	set_number(reply, "tap_records", stats->records);
	set_number(reply, "tap_lost", stats->lost);
	set_number(reply, "tap_lost_unix_ns", stats->lost_unix_ns);
	set_number(reply, "tap_damaged", stats->damaged);
	set_number(reply, "messages", stats->messages);
	set_number(reply, "faulty_messages", stats->faulty);
	set_number(reply, "parse_errors", stats->parse_errors);
	set_number(reply, "cut_short", stats->cut_short);
	set_number(reply, "samples", stats->samples);
	set_number(reply, "calls", stats->track.calls);
	set_number(reply, "registrations", stats->track.registrations);
	set_number(reply, "transactions", stats->track.transactions);
	set_number(reply, "retransmissions", stats->track.retransmissions);
	set_number(reply, "strays", stats->track.strays);
	set_number(reply, "unhashed", stats->track.unhashed);
	set_number(reply, "calls_full", stats->track.calls_full);
	set_number(reply, "registrations_full", stats->track.registrations_full);
	set_number(reply, "transactions_full", stats->track.transactions_full);
	set_number(reply, "calls_evicted", stats->track.calls_evicted);
	set_number(reply, "calls_forgotten", stats->track.calls_forgotten);
	set_number(reply, "calls_found_over", stats->track.calls_found_over);
	set_number(reply, "forks_lost", stats->track.forks_lost);
	set_number(reply, "put_failed", stats->track.put_failed);
	set_number(reply, "trust_renewed", stats->facts.trusted);
	set_number(reply, "trust_revoked", stats->facts.revoked);
	set_number(reply, "trust_withheld", stats->facts.withheld);
	set_number(reply, "bans_made", stats->facts.bans);
	set_number(reply, "facts_failed", stats->facts.failed);
	set_number(reply, "history_calls", stats->history.calls);
	set_number(reply, "history_messages", stats->history.messages);
	set_number(reply, "history_bytes", stats->history.bytes);
}

/* Where to, and how it goes; nothing without a collector. */
static void set_hep(json_t *reply, const struct config_hep *config, const struct hep_stats *stats)
{
	char text[ENDPOINT_TEXT_SIZE];

	if (!config->wanted)
		return;
	set_text(reply, "hep_collector", endpoint_print(&config->address, text));
	set_number(reply, "hep_sent", stats->sent);
	set_number(reply, "hep_lost", stats->lost);
}

static void set_balancing(json_t *reply, const struct balancing_stats *stats)
{
	set_number(reply, "backends_came_up", stats->ups);
	set_number(reply, "backends_went_down", stats->downs);
	set_number(reply, "backend_tables_made", stats->tables);
	set_number(reply, "pins_dropped", stats->pins_dropped);
	set_number(reply, "probes", stats->watch.probes);
	set_number(reply, "probes_failed", stats->watch.failures);
	set_number(reply, "probes_not_sent", stats->watch.unasked);
	set_number(reply, "backend_silences", stats->watch.silences);
}

static void warn_blindness(const struct daemon *daemon, const struct tracking_stats *stats,
			   json_t *warnings)
{
	const struct track_stats *track = &stats->track;
	char forwarding[FORWARDING_TEXT_SIZE];

	if (stats->lost_unix_ns)
		warn(warnings,
		     "calls that were under way %llu s ago may be incomplete: their "
		     "messages did not fit into the tap's ring",
		     (unsigned long long)((clock_realtime_ns() - stats->lost_unix_ns) /
					  NSEC_PER_SEC));
	if (stats->cut_short)
		warn(warnings, "%llu messages were not tracked: their headers go on beyond the tap",
		     (unsigned long long)stats->cut_short);
	if (track->calls_full + track->registrations_full + track->transactions_full)
		warn(warnings,
		     "tables were full: %llu calls, %llu registrations, %llu requests not tracked",
		     (unsigned long long)track->calls_full,
		     (unsigned long long)track->registrations_full,
		     (unsigned long long)track->transactions_full);
	if (forwarding_missing(daemon->config, forwarding))
		warn(warnings, "%s", forwarding);
	if (track->calls_evicted)
		warn(warnings,
		     "the table of calls was full: %llu calls that were not answered made room for "
		     "answered ones",
		     (unsigned long long)track->calls_evicted);
	if (stats->hep.lost)
		warn(warnings, "%llu messages could not be sent to the HEP collector: %s",
		     (unsigned long long)stats->hep.lost, strerror(stats->hep.error));
	if (!daemon->sandboxed)
		warn(warnings, "system calls of the daemon are not filtered");
	if (log_lost())
		warn(warnings, "%llu log lines could not be written",
		     (unsigned long long)log_lost());
}

/* The tracker knows how much of its tables is in use; the others sipxdpctl counts by itself, as
 * going over them would hold up the loop. */
static json_t *tables_json(const struct daemon *daemon, const struct tracking_stats *stats)
{
	const struct maps *maps = plane_maps(daemon->plane);

	return json_pack("[{s:s, s:I, s:I}, {s:s, s:I, s:I}]", "name", maps_name(MAP_CALLS),
			 "entries", (json_int_t)stats->track.calls, "room",
			 (json_int_t)maps_room(maps, MAP_CALLS), "name",
			 maps_name(MAP_REGISTRATIONS), "entries",
			 (json_int_t)stats->track.registrations, "room",
			 (json_int_t)maps_room(maps, MAP_REGISTRATIONS));
}

json_t *status_reply(const struct daemon *daemon)
{
	json_t *reply = control_ok(), *warnings = json_array();
	struct balancing_stats balancing;
	struct tracking_stats stats;

	tracking_stats(daemon->tracking, &stats);
	set_number(reply, "pid", (uint64_t)getpid());
	set_text(reply, "version", SIPXDP_VERSION);
	set_text(reply, "instance", daemon->config->instance);
	set_text(reply, "config", daemon->options.config_path);
	set_text(reply, "mode",
		 daemon->config->mode == CONFIG_MODE_MONITOR ? "monitor" : "enforce");
	set_text(reply, "on_exit",
		 daemon->config->on_exit == CONFIG_ON_EXIT_KEEP ? "keep" : "detach");
	set_number(reply, "started_unix_ns", daemon->started_unix_ns);
	set_number(reply, "reloaded_unix_ns", daemon->reloaded_unix_ns);
	set_tracking(reply, &stats);
	set_hep(reply, &daemon->config->hep, &stats.hep);
	balancing_stats(daemon->balancing, &balancing);
	set_balancing(reply, &balancing);
	json_object_set_new(reply, "tables", tables_json(daemon, &stats));
	json_object_set_new(reply, "quality", quality_json(daemon));
	warn_blindness(daemon, &stats, warnings);
	json_object_set_new(reply, "warnings", warnings);
	return reply;
}
