/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pins of calls to backends that are gone are taken out of `dialogs`, a piece at a time. The packet
 * path does not heed them while the backend is down or its place free; this is so that they do not
 * come to hold again.
 */
#ifndef SIPXDP_PLANE_PINS_H
#define SIPXDP_PLANE_PINS_H

#include <stdbool.h>

#include "plane/maps.h"

#define PINS_PIECE 8192 /* rows gone over in a step */

/* All zero to begin with. */
struct pins {
	struct maps_cursor cursor;
	__u64 now[BACKEND_MAX / 64];  /* places whose pins this round takes out */
	__u64 next[BACKEND_MAX / 64]; /* those that came up during the round */
	bool running;
	__u64 dropped; /* pins taken out since the start */
};

/* Has the pins of a place taken out, from its count of calls on, which is 0 at once. */
void pins_drop(struct pins *pins, const struct maps *maps, __u32 place);

/* Is that still going on? */
bool pins_dropping(const struct pins *pins, __u32 place);

/* Sets every backend's count of calls to the pins of calls that are not over: a crash, or a table that was made
 * smaller, may have left counts that nothing brings down. Packets go on counting meanwhile: a count that
 * moves during the look at the pins is looked at again. 0 or -errno. */
int pins_count(const struct maps *maps);

/* One piece. 1: there is more to do; 0: done; or -errno, and the round begins again. */
int pins_step(struct pins *pins, const struct maps *maps);

#endif
