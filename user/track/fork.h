/* SPDX-License-Identifier: GPL-2.0-only */
/* The dialogs of one call: a forked INVITE makes one for each To tag that answers (RFC 3261
 * sections 12 and 13.2.2.4). */
#ifndef SIPXDP_TRACK_FORK_H
#define SIPXDP_TRACK_FORK_H

#include <stdbool.h>
#include <stdint.h>

#include <sipxdp/record.h>

#define FORKS_MAX RECORD_DIALOGS /* dialogs of one call that are told apart */

enum fork_state {
	FORK_UNUSED,
	FORK_EARLY,
	FORK_CONFIRMED,
	FORK_TERMINATED,
};

struct forks {
	uint32_t tag[FORKS_MAX];  /* half the keyed hash of the To tag: enough within a call */
	uint8_t state[FORKS_MAX]; /* enum fork_state */
};

/* The state of the dialog with the To tag of that hash; FORK_UNUSED: not known. */
enum fork_state fork_state(const struct forks *forks, uint64_t tag);

/* Sets the state of a dialog, making it known if there is room: an answered dialog takes the place
 * of one that is not, a dialog that is over only that of another one that is. False: no room. */
bool fork_set(struct forks *forks, uint64_t tag, enum fork_state state);

/* Is any dialog in that state? */
bool fork_any(const struct forks *forks, enum fork_state state);

#endif
