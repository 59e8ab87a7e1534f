/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the tracker's records go: see sink.h. */
#include "daemon/sink.h"

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
