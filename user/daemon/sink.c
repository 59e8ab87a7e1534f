/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the tracker's records go: see sink.h. */
#include "daemon/sink.h"

#include "plane/clock.h"
#include "plane/dialogs.h"
#include "plane/expire.h"

/* Records kept on their way: as many calls as a busy server sets up between two flushes. */
#define CALLS_KEPT	   16384
#define REGISTRATIONS_KEPT 4096

int sink_open(struct sink *sink)
{
	int err = record_store_open(sink->maps->fd[MAP_CALLS], sizeof(struct call_record),
				    CALLS_KEPT, &sink->calls);

	if (!err)
		err = record_store_open(sink->maps->fd[MAP_REGISTRATIONS],
					sizeof(struct registration_record), REGISTRATIONS_KEPT,
					&sink->registrations);
	return err;
}

void sink_close(struct sink *sink)
{
	record_store_close(sink->calls);
	record_store_close(sink->registrations);
	sink->calls = sink->registrations = NULL;
}

int sink_flush(struct sink *sink)
{
	int err = record_store_flush(sink->calls);
	int other = record_store_flush(sink->registrations);

	return err ? err : other;
}

static int call_put(void *context, const struct call_key *key, const struct call_record *record)
{
	const struct sink *sink = context;

	return record_store_put(sink->calls, key->call_id_hash, record);
}

static int call_get(void *context, const struct call_key *key, struct call_record *record)
{
	const struct sink *sink = context;

	return record_store_get(sink->calls, key->call_id_hash, record);
}

static void call_delete(void *context, const struct call_key *key)
{
	const struct sink *sink = context;

	record_store_delete(sink->calls, key->call_id_hash);
}

static bool dialog_is_over(const struct maps *maps, const struct dialog *dialog, uint64_t now_ns)
{
	return dialog->state == DIALOG_TERMINATED ||
	       dialog->last_seen_ns + maps->settings->dialog_idle_ns < now_ns;
}

/* What the packet path has noted of the dialog, on its own clock: of a side that is not over, if there are
 * several. A row that is not there tells that the call is over only if rows were never
 * refused. */
static enum track_dialog call_dialog(void *context, const struct call_key *key,
				     uint64_t *seen_unix_ns)
{
	const struct maps *maps = ((const struct sink *)context)->maps;
	uint64_t now_ns = clock_monotonic_ns();
	enum track_dialog told = __atomic_load_n(&maps->host_state->dialogs_full, __ATOMIC_RELAXED)
					 ? TRACK_DIALOG_UNKNOWN
					 : TRACK_DIALOG_OVER;
	struct dialog dialog;

	for (__u32 i = 0; !dialogs_next(maps, key->call_id_hash, &i, &dialog); i++) {
		*seen_unix_ns = clock_realtime_ns() - (now_ns - dialog.last_seen_ns);
		if (!dialog_is_over(maps, &dialog, now_ns))
			return dialog.state == DIALOG_EARLY ? TRACK_DIALOG_EARLY
							    : TRACK_DIALOG_CONFIRMED;
		told = TRACK_DIALOG_OVER;
	}
	return told;
}

static void call_abandoned(void *context, const struct call_key *key)
{
	const struct sink *sink = context;

	expire_abandoned(sink->maps, key->call_id_hash, clock_monotonic_ns());
}

static int registration_put(void *context, const struct registration_key *key,
			    const struct registration_record *record)
{
	const struct sink *sink = context;

	return record_store_put(sink->registrations, key->binding_hash, record);
}

static int registration_get(void *context, const struct registration_key *key,
			    struct registration_record *record)
{
	const struct sink *sink = context;

	return record_store_get(sink->registrations, key->binding_hash, record);
}

static void registration_delete(void *context, const struct registration_key *key)
{
	const struct sink *sink = context;

	record_store_delete(sink->registrations, key->binding_hash);
}

static void tell_fact(void *context, const struct track_fact *fact)
{
	const struct sink *sink = context;

	sink->fact(sink->fact_context, fact);
}

struct track_sink sink_callbacks(struct sink *sink)
{
	return (struct track_sink){
		.context = sink,
		.call_put = call_put,
		.call_get = call_get,
		.call_delete = call_delete,
		.call_dialog = call_dialog,
		.call_abandoned = call_abandoned,
		.registration_put = registration_put,
		.registration_get = registration_get,
		.registration_delete = registration_delete,
		.fact = tell_fact,
	};
}

struct adoption {
	struct track *track;
	struct sink_adopted *counts;
};

/* What the tracker does not want it has deleted: no reason to stop. */
static int adopt_call(const void *key, const void *value, void *context)
{
	const struct adoption *adoption = context;

	if (track_adopt_call(adoption->track, key, value))
		adoption->counts->left_out++;
	else
		adoption->counts->calls++;
	return 0;
}

static int adopt_registration(const void *key, const void *value, void *context)
{
	const struct adoption *adoption = context;

	if (track_adopt_registration(adoption->track, key, value))
		adoption->counts->left_out++;
	else
		adoption->counts->registrations++;
	return 0;
}

int sink_adopt(struct sink *sink, struct track *track, struct sink_adopted *out)
{
	struct sink_adopted counts = { 0 };
	struct adoption adoption = { .track = track, .counts = &counts };
	int err;

	err = maps_walk(sink->maps, MAP_CALLS, adopt_call, &adoption);
	if (!err)
		err = maps_walk(sink->maps, MAP_REGISTRATIONS, adopt_registration, &adoption);
	if (!err)
		*out = counts;
	return err;
}
