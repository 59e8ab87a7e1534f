/* SPDX-License-Identifier: GPL-2.0-only */
/* Tap records of whole calls for the benchmark of the tracker: seven messages a call, of many calls
 * at a time, in the order in which a busy server would see them. */
#ifndef BENCH_TRACK_FEED_H
#define BENCH_TRACK_FEED_H

#include <stddef.h>
#include <stdint.h>

#include <sipxdp/tap.h>

#define FEED_CALL_MESSAGES 7 /* INVITE, 100, 180, 200, ACK, BYE, 200 */

struct track_feed {
	char *octets;
	const struct tap_record **records;
	size_t count;
};

/* So many calls, `at_a_time` of them under way at once. 0 or -ENOMEM. */
int track_feed_make(size_t calls, size_t at_a_time, struct track_feed *out);
void track_feed_free(struct track_feed *feed);

#endif
