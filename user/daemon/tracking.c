/* SPDX-License-Identifier: GPL-2.0-only */
/* From the tap to the maps: see tracking.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sipxdp/tap.h>
#include <sipxdp/time.h>

#include "daemon/log.h"
#include "daemon/losses.h"
#include "daemon/sink.h"
#include "daemon/tracking.h"
#include "plane/clock.h"
#include "plane/tap.h"
#include "track/siphash.h"

/* So many records at a time, some milliseconds of work, before others get their turn. */
#define DRAIN_RECORDS 1024

/* Messages that come in less time than this one behind the other are not told of one by one: they are
 * looked for. */
#define OFTEN_NS (2 * TAP_POLL_MS * NSEC_PER_MSEC)

/* So many in one go mean that there is much to do; records are then written this often. */
#define BUSY_RECORDS 64
#define FLUSH_NS     (100 * NSEC_PER_MSEC)

/* Requests outside of calls that wait for their answer, or were answered within 5 s. */
#define TRANSACTIONS 65536

/* Messages of calls that are remembered: for some minutes of a busy server. */
#define HISTORY_BYTES	 (32u << 20)
#define HISTORY_PER_CALL 128

struct tracking {
	struct maps *maps;
	struct samples *samples;
	struct sink sink;
	struct track *track;
	struct facts *facts;
	struct history *history;
	struct siphash_key history_key;
	struct hep_sender *hep;
	struct tap *tap;
	struct losses losses;
	bool caught_up;		/* what was in the tap from before the start has been taken in */
	uint64_t taken_ns;	/* CLOCK_MONOTONIC, when there was something in the tap last */
	uint64_t flushed_ns;	/* and when the records were last brought up to date */
	int64_t unix_offset_ns; /* what CLOCK_REALTIME is ahead of CLOCK_MONOTONIC */
	uint64_t record_ns;	/* CLOCK_MONOTONIC of the record at hand */
	uint64_t hep_lost;	/* messages that the log has told of */
	struct tracking_stats stats;
	struct sip_message message;
	char padded[SIP_MESSAGE_MAX + 2];
};

/* ---- one message ---- */

/*
 * What follows what was captured is body, of which only the length counts; blanks stand for it. A
 * header block that goes on beyond it does not end.
 */
static const char *pad(struct tracking *tracking, const struct tap_record *record)
{
	memcpy(tracking->padded, record->data, record->captured);
	memset(tracking->padded + record->captured, ' ',
	       (size_t)(record->length - record->captured));
	return tracking->padded;
}

static bool parse(struct tracking *tracking, const struct tap_record *record)
{
	bool whole = record->captured == record->length;
	const char *data = whole ? record->data : pad(tracking, record);
	struct sip_error error;

	/* What the server may take is followed, or a slip in a header would hide who sends it. */
	if (!sip_message_read(data, record->length, &tracking->message, &error)) {
		tracking->stats.faulty += tracking->message.faulty;
		return true;
	}
	if (!whole && error.offset >= record->captured) {
		/* What comes first in a header block mostly tells whose message it is. */
		if (!sip_message_read_start(record->data, record->captured, tracking->padded,
					    &tracking->message, NULL)) {
			tracking->stats.faulty++;
			return true;
		}
		tracking->stats.cut_short++;
	} else {
		tracking->stats.parse_errors++;
		log_limited(LOG_DEBUG, "not tracked: %s at offset %u: %s", error.rfc, error.offset,
			    error.what);
	}
	return false;
}

static uint64_t history_key(const struct tracking *tracking, const char *call_id, size_t length)
{
	return siphash_of(&tracking->history_key, call_id, length);
}

static void remember(struct tracking *tracking, const struct tap_record *record,
		     const struct track_arrival *arrival, const struct track_outcome *outcome)
{
	const struct sip_message *m = &tracking->message;
	bool from_server = arrival->direction == TRACK_FROM_SERVER;
	const struct history_message message = {
		.time_unix_ns = arrival->now_ns,
		.source = from_server ? arrival->server : arrival->peer,
		.destination = from_server ? arrival->peer : arrival->server,
		.length = record->length,
		.captured = record->captured,
		.from_server = from_server,
		.again = outcome->again,
		.data = record->data,
	};

	history_add(tracking->history,
		    history_key(tracking, sip_message_text(m, m->call_id), m->call_id.length),
		    outcome->answered, &message);
}

static void export_message(struct tracking *tracking, const struct tap_record *record,
			   const struct sipxdp_peer *source, const struct sipxdp_peer *destination,
			   uint64_t now_unix_ns)
{
	const struct hep_message message = {
		.time_unix_ns = now_unix_ns,
		.source = *source,
		.destination = *destination,
		.data = record->data,
		.length = record->captured,
	};

	hep_sender_add(tracking->hep, &message);
}

static void take_message(struct tracking *tracking, const struct tap_record *record)
{
	struct sipxdp_peer source = { .addr = record->saddr, .port = record->sport };
	struct sipxdp_peer destination = { .addr = record->daddr, .port = record->dport };
	bool ingress = record->direction == TAP_INGRESS;
	struct track_arrival arrival = {
		.now_ns = record->time_ns + (uint64_t)tracking->unix_offset_ns,
		.call_id_hash = record->call_id_hash,
		.peer = ingress ? source : destination,
		.server = ingress ? destination : source,
		.service = record->service,
		.direction = ingress ? TRACK_TO_SERVER : TRACK_FROM_SERVER,
	};
	struct track_outcome outcome;

	tracking->stats.messages++;
	/* What the tracker will want comes into the caches while the message is parsed. */
	track_prefetch(tracking->track, arrival.call_id_hash);
	export_message(tracking, record, &source, &destination, arrival.now_ns);
	if (!parse(tracking, record))
		return;
	outcome = track_message(tracking->track, &arrival, &tracking->message);
	if (outcome.of_call)
		remember(tracking, record, &arrival, &outcome);
}

static void take_record(const struct tap_record *record, void *context)
{
	struct tracking *tracking = context;

	tracking->stats.records++;
	tracking->record_ns = record->time_ns;
	if (record->kind == TAP_SAMPLE) {
		tracking->stats.samples++;
		samples_add(tracking->samples, record, tracking->unix_offset_ns);
	} else if (record->traffic_class < CLASS_CRLF) { /* a request or a response */
		take_message(tracking, record);
	}
}

static void take_fact(void *context, const struct track_fact *fact)
{
	struct tracking *tracking = context;

	facts_take(tracking->facts, fact, tracking->record_ns);
}

/* ---- start and end ---- */

/* Secrets for user space's tables, the same after a restart: their root is kept in `settings`. */
static void derive_keys(const struct maps *maps, uint64_t *keys, size_t count)
{
	const struct siphash_key root = { { maps->settings->hash_key[HASH_KEY_WORDS - 2],
					    maps->settings->hash_key[HASH_KEY_WORDS - 1] } };

	for (size_t i = 0; i < count; i++) {
		const char label[] = { 't', 'r', 'a', 'c', 'k', (char)('0' + i) };

		keys[i] = siphash_of(&root, label, sizeof(label));
	}
}

static int open_tracker(struct tracking *tracking, const struct config *config)
{
	struct track_config track = {
		.calls = config->tables.calls,
		.registrations = config->tables.registrations,
		.transactions = TRANSACTIONS,
		.idle_ns = config->dialogs.idle_ns,
	};
	struct track_sink callbacks = sink_callbacks(&tracking->sink);
	const struct history_config history = {
		.bytes = HISTORY_BYTES,
		.per_call = HISTORY_PER_CALL,
	};
	struct sink_adopted adopted;
	uint64_t keys[8];
	int err;

	derive_keys(tracking->maps, keys, sizeof(keys) / sizeof(keys[0]));
	memcpy(track.seed, keys, sizeof(track.seed));
	memcpy(&tracking->history_key, keys + 6, sizeof(tracking->history_key));
	err = history_new(&history, &tracking->history);
	if (err)
		return err;
	err = facts_open(config, tracking->maps, keys + 2, &tracking->facts);
	if (err)
		return err;
	err = sink_open(&tracking->sink);
	if (err)
		return err;
	err = track_new(&track, &callbacks, clock_realtime_ns(), &tracking->track);
	if (err)
		return err;
	err = sink_adopt(&tracking->sink, tracking->track, &adopted);
	if (!err && adopted.calls + adopted.registrations + adopted.left_out)
		log_notice("adopted %llu calls and %llu registrations; %llu had run out",
			   (unsigned long long)adopted.calls,
			   (unsigned long long)adopted.registrations,
			   (unsigned long long)adopted.left_out);
	return err;
}

int tracking_open(const struct config *config, struct plane *plane, struct samples *samples,
		  struct tracking **out)
{
	struct tracking *tracking = calloc(1, sizeof(*tracking));
	int err;

	if (!tracking)
		return -ENOMEM;
	tracking->maps = plane_maps(plane);
	tracking->samples = samples;
	tracking->sink = (struct sink){
		.maps = tracking->maps,
		.fact = take_fact,
		.fact_context = tracking,
	};
	losses_begin(&tracking->losses, tracking->maps->host_state);
	err = open_tracker(tracking, config);
	if (!err)
		err = hep_sender_open(&config->hep, &tracking->hep);
	if (!err)
		err = tap_open(tracking->maps, take_record, tracking, &tracking->tap);
	if (err) {
		tracking_close(tracking);
		return err;
	}
	*out = tracking;
	return 0;
}

void tracking_close(struct tracking *tracking)
{
	if (!tracking)
		return;
	tap_close(tracking->tap);
	if (tracking->track) {
		track_flush(tracking->track);
		track_free(tracking->track);
	}
	sink_close(&tracking->sink);
	facts_close(tracking->facts);
	history_free(tracking->history);
	hep_sender_close(tracking->hep);
	free(tracking);
}

void tracking_reconfigure(struct tracking *tracking, const struct config *config)
{
	track_set_idle(tracking->track, config->dialogs.idle_ns);
	facts_reconfigure(tracking->facts, config);
	hep_sender_configure(tracking->hep, &config->hep);
}

/* ---- running ---- */

int tracking_fd(const struct tracking *tracking)
{
	return tap_fd(tracking->tap);
}

static void flush(struct tracking *tracking, uint64_t now_ns)
{
	int err;

	track_flush(tracking->track);
	err = sink_flush(&tracking->sink);
	if (err)
		log_limited(LOG_WARNING, "calls and registrations: records cannot be written: %s",
			    strerror(-err));
	tracking->flushed_ns = now_ns;
}

/* Records, while they come often; 0: they do not, or no more. */
static int take_often(struct tracking *tracking, uint64_t now_ns)
{
	return now_ns - tracking->taken_ns < OFTEN_NS ? tap_take(tracking->tap, DRAIN_RECORDS) : 0;
}

/* What was sent while no daemon ran waits in the ring as far as it had room. Of the calls in it the end may
 * be missing. */
static void catch_up(struct tracking *tracking)
{
	tracking->caught_up = true;
	track_ask_kernel(tracking->track);
}

/* With little to do, the packet path tells of each message, and records are written at once; else now
 * and then, for it is the number of both that takes time, and a call under way changes often. */
int tracking_drain(struct tracking *tracking)
{
	uint64_t now_ns = clock_monotonic_ns();
	int records, often;

	tracking->unix_offset_ns = (int64_t)(clock_realtime_ns() - now_ns);
	often = take_often(tracking, now_ns);
	records = often ? often : tap_drain(tracking->tap, DRAIN_RECORDS);
	if (records < 0)
		log_limited(LOG_ERR, "tap: %s", strerror(-records));
	if (records)
		tracking->taken_ns = now_ns;
	hep_sender_flush(tracking->hep);
	if (!tracking->caught_up && records < DRAIN_RECORDS)
		catch_up(tracking);
	if (records < BUSY_RECORDS || now_ns - tracking->flushed_ns >= FLUSH_NS)
		flush(tracking, now_ns);
	if (records >= DRAIN_RECORDS)
		return 0; /* there are more, and nobody will tell */
	return often ? TAP_POLL_MS : -1;
}

/* Says once a second what did not reach the collector, and looks for another way to it. */
static void tend_collector(struct tracking *tracking)
{
	struct hep_stats stats;

	hep_sender_stats(tracking->hep, &stats);
	if (stats.lost != tracking->hep_lost)
		log_limited(LOG_WARNING, "hep: %llu messages could not be sent: %s",
			    (unsigned long long)(stats.lost - tracking->hep_lost),
			    strerror(stats.error));
	tracking->hep_lost = stats.lost;
	hep_sender_tick(tracking->hep);
}

void tracking_tick(struct tracking *tracking, uint64_t now_ns)
{
	uint64_t lost = losses_of_tap(&tracking->losses);

	tracking->record_ns = now_ns;
	losses_report(&tracking->losses, tracking->maps->host_state);
	if (losses_of_tap(&tracking->losses) != lost) {
		track_messages_lost(tracking->track);
		facts_messages_lost(tracking->facts, now_ns);
	}
	track_advance(tracking->track, clock_realtime_ns());
	tend_collector(tracking);
	flush(tracking, now_ns);
}

void tracking_stats(const struct tracking *tracking, struct tracking_stats *out)
{
	struct tracking_stats stats = tracking->stats;

	stats.damaged = tap_damaged(tracking->tap);
	stats.lost = losses_of_tap(&tracking->losses);
	stats.lost_unix_ns = losses_of_tap_at(&tracking->losses);
	track_stats(tracking->track, &stats.track);
	facts_stats(tracking->facts, &stats.facts);
	history_stats(tracking->history, &stats.history);
	hep_sender_stats(tracking->hep, &stats.hep);
	*out = stats;
}

bool tracking_history(const struct tracking *tracking, const char *call_id, size_t length,
		      struct history_walk *out)
{
	return history_find(tracking->history, history_key(tracking, call_id, length), out);
}

const struct track_quality *tracking_quality(const struct tracking *tracking, uint32_t service)
{
	return track_quality(tracking->track, service);
}
