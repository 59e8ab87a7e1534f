// SPDX-License-Identifier: GPL-2.0-only
/* Housekeeping of the tables. The packet path ignores what is over by itself; this makes room. */
#include "plane/expire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sipxdp/hash.h>

#include "plane/backend.h"
#include "plane/ban.h"
#include "plane/dialogs.h"
#include "plane/log.h"
#include "plane/tick.h"
#include "plane/trust.h"

#define BAN_PIECES 4 /* a full table of bans is gone over in seconds: floods fill it */

/* A clock that is off by more than this many ticks is set right. */
#define CLOCK_TICKS 2

static bool is_over(__u64 until_ns, __u64 now_ns)
{
	return until_ns && until_ns + EXPIRE_GRACE_NS <= now_ns;
}

/* ---- bans ---- */

/* A prefix table must not be deleted from while it is walked. */
struct ban_sweep {
	__u64 now_ns;
	struct sipxdp_prefix over[EXPIRE_PIECE];
	size_t count;
};

static int ban_look(const void *key, const void *value, void *ctx)
{
	struct ban_sweep *sweep = ctx;
	const struct ban *ban = value;

	if (ban->until_ns && ban->until_ns <= sweep->now_ns && sweep->count < EXPIRE_PIECE)
		memcpy(&sweep->over[sweep->count++], key, sizeof(sweep->over[0]));
	return 0;
}

/* The key that the walk goes on from has to stay, else it would begin anew: its turn comes the next
 * time around. How many were over. */
static int sweep_bans(struct maps *maps, struct maps_cursor *cursor, struct ban_sweep *sweep)
{
	int err;

	sweep->count = 0;
	err = maps_walk_some(maps, MAP_BANS, cursor, EXPIRE_PIECE, ban_look, sweep);
	for (size_t i = 0; i < sweep->count; i++) {
		if (cursor->done || memcmp(&sweep->over[i], cursor->token, sizeof(sweep->over[i])))
			maps_delete(maps, MAP_BANS, &sweep->over[i]);
	}
	return err ? err : (int)sweep->count;
}

static int expire_bans(struct expiry *expiry, struct maps *maps, __u64 now_ns)
{
	struct ban_sweep *sweep = malloc(sizeof(*sweep));
	int over = 0, found = 0;

	if (!sweep)
		return -ENOMEM;
	sweep->now_ns = now_ns;
	if (expiry->bans.done)
		expiry->bans = (struct maps_cursor){ .started = false };
	for (int i = 0; i < BAN_PIECES && found >= 0 && !expiry->bans.done; i++) {
		found = sweep_bans(maps, &expiry->bans, sweep);
		over += found > 0 ? found : 0;
	}
	free(sweep);
	ban_notice(maps);
	if (found < 0)
		return found;
	return over ? ban_refresh(maps) : 0;
}

/* ---- trusted, provisional, dialogs ---- */

struct sweep {
	struct maps *maps;
	__u64 now_ns;
};

static int trusted_look(const void *key, const void *value, void *ctx)
{
	const struct sweep *sweep = ctx;
	const struct trusted *seen = value;
	struct trusted trusted;

	if (!is_over(seen->until_ns, sweep->now_ns))
		return 0;
	/* Batches are read ahead: look again, it may have been renewed. */
	if (!maps_get(sweep->maps, MAP_TRUSTED, key, &trusted) &&
	    is_over(trusted.until_ns, sweep->now_ns))
		maps_delete(sweep->maps, MAP_TRUSTED, key);
	return 0;
}

static int provisional_look(const void *key, const void *value, void *ctx)
{
	const struct sweep *sweep = ctx;
	const struct provisional *seen = value;
	struct provisional provisional;

	if (!is_over(seen->until_ns, sweep->now_ns))
		return 0;
	if (!maps_get(sweep->maps, MAP_PROVISIONAL, key, &provisional) &&
	    is_over(provisional.until_ns, sweep->now_ns))
		maps_delete(sweep->maps, MAP_PROVISIONAL, key);
	return 0;
}

/* The server has answered, and waits for ACK; one that it calls itself need not send any. */
static bool dialog_waits(const struct dialog *dialog)
{
	return dialog->state == DIALOG_CONFIRMED && dialog->answers && !dialog->acknowledged;
}

/* The server has hung up, and the far side does not agree: it is gone, or knows of no such call. */
static bool dialog_abandoned(const struct dialog *dialog)
{
	return dialog->state == DIALOG_CONFIRMED && dialog->hangs_up;
}

static bool dialog_over(const struct dialog *dialog, const struct settings *settings, __u64 now_ns)
{
	__u64 idle = settings->dialog_idle_ns;

	if (dialog->state == DIALOG_TERMINATED && EXPIRE_TERMINATED_NS < idle)
		idle = EXPIRE_TERMINATED_NS;
	if (dialog->state == DIALOG_EARLY && EXPIRE_EARLY_NS < idle)
		idle = EXPIRE_EARLY_NS;
	if (dialog_waits(dialog) && EXPIRE_UNACKNOWLEDGED_NS < idle)
		idle = EXPIRE_UNACKNOWLEDGED_NS;
	else if (dialog_abandoned(dialog) && EXPIRE_TERMINATED_NS < idle)
		idle = EXPIRE_TERMINATED_NS;
	/* A call may be silent for hours, and is to find its backend again. */
	else if (dialog->state == DIALOG_CONFIRMED && dialog->backend && PIN_IDLE_NS > idle)
		idle = PIN_IDLE_NS;
	return dialog->last_seen_ns + idle + EXPIRE_GRACE_NS <= now_ns;
}

static int dialog_look(const void *key, const void *value, void *ctx)
{
	const struct sweep *sweep = ctx;
	const struct settings *settings = sweep->maps->settings;
	struct dialog dialog;

	if (!dialog_over(value, settings, sweep->now_ns))
		return 0;
	if (!maps_get(sweep->maps, MAP_DIALOGS, key, &dialog) &&
	    dialog_over(&dialog, settings, sweep->now_ns) &&
	    !maps_delete(sweep->maps, MAP_DIALOGS, key) && dialog.state != DIALOG_TERMINATED)
		backend_unpin(sweep->maps, dialog.backend);
	return 0;
}

void expire_abandoned(struct maps *maps, __u64 call_id_hash, __u64 now_ns)
{
	struct dialog dialog;

	for (__u32 i = 0; !dialogs_next(maps, call_id_hash, &i, &dialog); i++) {
		const struct dialog_key key = dialog_key_of(call_id_hash, i);

		if (dialog.state == DIALOG_CONFIRMED &&
		    dialog.last_seen_ns + EXPIRE_ABANDONED_NS <= now_ns &&
		    !maps_delete(maps, MAP_DIALOGS, &key))
			backend_unpin(maps, dialog.backend);
	}
}

static int expire_piece(struct maps *maps, enum map_id id, struct maps_cursor *cursor,
			maps_walk_fn fn, __u64 now_ns)
{
	struct sweep sweep = { .maps = maps, .now_ns = now_ns };
	int err;

	if (cursor->done)
		*cursor = (struct maps_cursor){ .started = false };
	err = maps_walk_some(maps, id, cursor, EXPIRE_PIECE, fn, &sweep);
	if (err)
		*cursor = (struct maps_cursor){ .started = false };
	return err;
}

/* ---- trust_filter ---- */

static int filter_mark(const void *key, const void *value __attribute__((unused)), void *ctx)
{
	struct maps *maps = ctx;
	const struct sipxdp_peer *peer = key;

	trust_mark(maps, &peer->addr); /* in both halves, as filter_both says */
	return 0;
}

static void filter_enter(struct expiry *expiry, enum filter_stage stage, __u64 now_ns)
{
	expiry->stage = stage;
	expiry->stage_ns = now_ns;
	expiry->filter = (struct maps_cursor){ .started = false };
}

static void filter_begin(struct expiry *expiry, struct maps *maps, __u64 now_ns)
{
	struct settings *settings = maps->settings;
	struct trust_filter *other = &maps->trust_filter[(settings->filter_bank & 1) ^ 1];

	/* Nobody reads the other half: empty first, then marked by everybody. */
	memset(other, 0, sizeof(*other));
	__atomic_store_n(&settings->filter_both, 1, __ATOMIC_SEQ_CST);
	filter_enter(expiry, FILTER_SETTLE, now_ns);
}

static int filter_piece(struct expiry *expiry, struct maps *maps, enum map_id id,
			enum filter_stage next, __u64 now_ns)
{
	int err = maps_walk_some(maps, id, &expiry->filter, EXPIRE_PIECE, filter_mark, maps);

	if (!err && expiry->filter.done)
		filter_enter(expiry, next, now_ns);
	return err;
}

static int filter_step(struct expiry *expiry, struct maps *maps, __u64 now_ns)
{
	struct settings *settings = maps->settings;
	bool settled = now_ns - expiry->stage_ns >= EXPIRE_SETTLE_NS;
	int err = 0;

	switch (expiry->stage) {
	case FILTER_IDLE:
		if (!expiry->filter_ns)
			expiry->filter_ns = now_ns;
		if (now_ns - expiry->filter_ns >= EXPIRE_FILTER_NS)
			filter_begin(expiry, maps, now_ns);
		break;
	case FILTER_SETTLE:
		if (settled)
			filter_enter(expiry, FILTER_TRUSTED, now_ns);
		break;
	case FILTER_TRUSTED:
		err = filter_piece(expiry, maps, MAP_TRUSTED, FILTER_PROVISIONAL, now_ns);
		break;
	case FILTER_PROVISIONAL:
		err = filter_piece(expiry, maps, MAP_PROVISIONAL, FILTER_SWITCHED, now_ns);
		if (!err && expiry->stage == FILTER_SWITCHED)
			__atomic_store_n(&settings->filter_bank, (settings->filter_bank & 1) ^ 1,
					 __ATOMIC_SEQ_CST);
		break;
	case FILTER_SWITCHED:
		if (!settled)
			break;
		__atomic_store_n(&settings->filter_both, 0, __ATOMIC_SEQ_CST);
		expiry->filter_ns = now_ns;
		filter_enter(expiry, FILTER_IDLE, now_ns);
		break;
	}
	if (err) { /* begin again; the half that is read was not touched */
		__atomic_store_n(&settings->filter_both, 0, __ATOMIC_SEQ_CST);
		expiry->filter_ns = now_ns;
		filter_enter(expiry, FILTER_IDLE, now_ns);
	}
	return err;
}

/* ---- all of it ---- */

int expire_step(struct expiry *expiry, struct maps *maps, __u64 now_ns)
{
	const struct {
		const char *what;
		int err;
	} done[] = {
		{ "bans", expire_bans(expiry, maps, now_ns) },
		{ "trusted",
		  expire_piece(maps, MAP_TRUSTED, &expiry->trusted, trusted_look, now_ns) },
		{ "provisional", expire_piece(maps, MAP_PROVISIONAL, &expiry->provisional,
					      provisional_look, now_ns) },
		{ "dialogs",
		  expire_piece(maps, MAP_DIALOGS, &expiry->dialogs, dialog_look, now_ns) },
		{ "trust_filter", filter_step(expiry, maps, now_ns) },
	};

	int first = 0;

	for (size_t i = 0; i < sizeof(done) / sizeof(done[0]); i++) {
		if (!done[i].err)
			continue;
		plane_log(PLANE_LOG_WARNING, "expiry of %s: %s", done[i].what,
			  strerror(-done[i].err));
		if (!first)
			first = done[i].err;
	}
	return first;
}

int expire_hold_clock(struct expiry *expiry, struct maps *maps, int clock_fd, __u64 now_ns)
{
	struct settings *settings = maps->settings;
	struct tick tick = { settings->tick_ns, settings->tick_offset_ns };
	__s64 limit = (__s64)(CLOCK_TICKS * tick.tick_ns);
	__s64 behind;
	int err;

	if (expiry->clock_ns && now_ns - expiry->clock_ns < EXPIRE_CLOCK_NS)
		return 0;
	expiry->clock_ns = now_ns;
	err = tick_error(clock_fd, &tick, &behind);
	if (err || (behind >= -limit && behind <= limit))
		return err;
	/* One look may have met a late tick; a measurement takes the best of many. */
	err = tick_measure(clock_fd, &tick);
	if (err)
		return err;
	if (tick.offset_ns != settings->tick_offset_ns)
		plane_log(PLANE_LOG_DEBUG, "packet clock set right by %lld ns",
			  (long long)(tick.offset_ns - settings->tick_offset_ns));
	__atomic_store_n(&settings->tick_offset_ns, tick.offset_ns, __ATOMIC_RELAXED);
	return 0;
}
