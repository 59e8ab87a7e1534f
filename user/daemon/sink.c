/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the tracker's records go: see sink.h. */
#include "daemon/sink.h"

#include "plane/clock.h"

static struct maps *maps_of(void *context)
{
	const struct sink *sink = context;

	return sink->maps;
}

static int call_put(void *context, const struct call_key *key, const struct call_record *record)
{
	return maps_put(maps_of(context), MAP_CALLS, key, record, BPF_ANY);
}

static int call_get(void *context, const struct call_key *key, struct call_record *record)
{
	return maps_get(maps_of(context), MAP_CALLS, key, record);
}

static void call_delete(void *context, const struct call_key *key)
{
	maps_delete(maps_of(context), MAP_CALLS, key);
}

/* What the packet path has noted of the dialog, on its own clock. A row that is not there tells that
 * the call is over only if rows were never refused. */
static enum track_dialog call_dialog(void *context, const struct call_key *key,
				     uint64_t *seen_unix_ns)
{
	const struct maps *maps = maps_of(context);
	const struct dialog_key dialog_key = { .call_id_hash = key->call_id_hash };
	uint64_t now_ns = clock_monotonic_ns();
	struct dialog dialog;

	if (maps_get(maps, MAP_DIALOGS, &dialog_key, &dialog))
		return __atomic_load_n(&maps->host_state->dialogs_full, __ATOMIC_RELAXED)
			       ? TRACK_DIALOG_UNKNOWN
			       : TRACK_DIALOG_OVER;
	*seen_unix_ns = clock_realtime_ns() - (now_ns - dialog.last_seen_ns);
	if (dialog.state == DIALOG_TERMINATED ||
	    dialog.last_seen_ns + maps->settings->dialog_idle_ns < now_ns)
		return TRACK_DIALOG_OVER;
	return dialog.state == DIALOG_EARLY ? TRACK_DIALOG_EARLY : TRACK_DIALOG_CONFIRMED;
}

static int registration_put(void *context, const struct registration_key *key,
			    const struct registration_record *record)
{
	return maps_put(maps_of(context), MAP_REGISTRATIONS, key, record, BPF_ANY);
}

static int registration_get(void *context, const struct registration_key *key,
			    struct registration_record *record)
{
	return maps_get(maps_of(context), MAP_REGISTRATIONS, key, record);
}

static void registration_delete(void *context, const struct registration_key *key)
{
	maps_delete(maps_of(context), MAP_REGISTRATIONS, key);
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

int sink_adopt(struct maps *maps, struct track *track, struct sink_adopted *out)
{
	struct sink_adopted counts = { 0 };
	struct adoption adoption = { .track = track, .counts = &counts };
	int err;

	err = maps_walk(maps, MAP_CALLS, adopt_call, &adoption);
	if (!err)
		err = maps_walk(maps, MAP_REGISTRATIONS, adopt_registration, &adoption);
	if (!err)
		*out = counts;
	return err;
}
