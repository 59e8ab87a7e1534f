// SPDX-License-Identifier: GPL-2.0-only
/* Reader of the ring buffer `tap`. */
#include "plane/tap.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "plane/log_library.h"

struct tap {
	struct maps *maps;
	struct ring_buffer *ring;
	tap_fn fn;
	void *ctx;
	unsigned int left; /* of this drain */
	unsigned int taken;
	__u64 damaged;
};

static bool record_sound(const struct tap_record *record, size_t size)
{
	return size >= sizeof(*record) && record->captured <= size - sizeof(*record) &&
	       record->captured <= record->length;
}

static int take_record(void *ctx, void *data, size_t size)
{
	struct tap *tap = ctx;
	const struct tap_record *record = data;

	if (record_sound(record, size))
		tap->fn(record, tap->ctx);
	else
		tap->damaged++;
	tap->taken++;
	/* An error ends the round after this record, which counts as consumed. */
	return --tap->left ? 0 : -ECANCELED;
}

int tap_open(struct maps *maps, tap_fn fn, void *ctx, struct tap **out)
{
	struct tap *tap = calloc(1, sizeof(*tap));

	if (!tap)
		return -ENOMEM;
	log_libraries();
	tap->maps = maps;
	tap->fn = fn;
	tap->ctx = ctx;
	tap->ring = ring_buffer__new(maps->fd[MAP_TAP], take_record, tap, NULL);
	if (!tap->ring) {
		int err = -errno;

		free(tap);
		return err;
	}
	/* Asked to be woken at once: nobody else does it before the first drain. */
	__atomic_store_n(&maps->settings->tap_reader_idle, 1, __ATOMIC_SEQ_CST);
	*out = tap;
	return 0;
}

void tap_close(struct tap *tap)
{
	if (!tap)
		return;
	__atomic_store_n(&tap->maps->settings->tap_reader_idle, 0, __ATOMIC_SEQ_CST);
	ring_buffer__free(tap->ring);
	free(tap);
}

int tap_fd(const struct tap *tap)
{
	return tap->maps->fd[MAP_TAP];
}

static int drain_round(struct tap *tap)
{
	int err = ring_buffer__consume(tap->ring);

	return err < 0 && err != -ECANCELED ? err : 0;
}

static int drain(struct tap *tap, unsigned int max, bool sleeps)
{
	__u32 *idle = &tap->maps->settings->tap_reader_idle;
	int err;

	tap->left = max ? max : TAP_DRAIN_MAX;
	tap->taken = 0;
	__atomic_store_n(idle, 0, __ATOMIC_SEQ_CST);
	err = drain_round(tap);
	if (!err && tap->left && sleeps) {
		/* Announce sleep first, look again after: what is committed later wakes us. */
		__atomic_store_n(idle, 1, __ATOMIC_SEQ_CST);
		err = drain_round(tap);
	}
	return err ? err : (int)tap->taken;
}

int tap_drain(struct tap *tap, unsigned int max)
{
	return drain(tap, max, true);
}

int tap_take(struct tap *tap, unsigned int max)
{
	return drain(tap, max, false);
}

__u64 tap_damaged(const struct tap *tap)
{
	return tap->damaged;
}
