/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reader of the ring buffer `tap`. The kernel wakes the reader only if it said that it sleeps
 * (settings.tap_reader_idle), so that a busy reader costs no wake-ups:
 *
 *	tap_open(); poll tap_fd() for input, and call tap_drain() whenever it is readable and at
 *	least every TAP_DRAIN_MS (a record committed in the very moment the reader goes to sleep
 *	does not wake it). While records come often, call tap_take() every TAP_POLL_MS instead.
 */
#ifndef SIPXDP_PLANE_TAP_H
#define SIPXDP_PLANE_TAP_H

#include <stddef.h>

#include <sipxdp/tap.h>

#include "plane/maps.h"

#define TAP_DRAIN_MS 200
#define TAP_POLL_MS  5

struct tap;

/* record->captured octets of data are there, never more than record->length. Valid during the
 * call only. */
typedef void (*tap_fn)(const struct tap_record *record, void *ctx);

/* maps must outlive the tap. There is one reader of a ring. 0 and *out, or -errno. */
int tap_open(struct maps *maps, tap_fn fn, void *ctx, struct tap **out);

/* May be NULL. */
void tap_close(struct tap *tap);

/* To be polled for EPOLLIN, level-triggered. */
int tap_fd(const struct tap *tap);

/*
 * Hands over what is in the ring, at most about max records (0: TAP_DRAIN_MAX). When it comes to
 * the end, it announces that the reader sleeps and looks once more. Returns the number of records,
 * or -errno. With max reached the file descriptor stays readable.
 */
#define TAP_DRAIN_MAX 4096
int tap_drain(struct tap *tap, unsigned int max);

/* The same, but does not announce sleep: nobody wakes a reader that comes again by itself. */
int tap_take(struct tap *tap, unsigned int max);

/* Records whose lengths contradict each other; they are left out. Never, unless maps are damaged.
 */
__u64 tap_damaged(const struct tap *tap);

#endif
