// SPDX-License-Identifier: GPL-2.0-only
/* Dialogs of a call, by To tag. */
#include "track/fork.h"

static uint32_t short_tag(uint64_t tag)
{
	return (uint32_t)(tag >> 32);
}

static int find(const struct forks *forks, uint64_t tag)
{
	for (int i = 0; i < FORKS_MAX; i++)
		if (forks->state[i] != FORK_UNUSED && forks->tag[i] == short_tag(tag))
			return i;
	return -1;
}

static int find_state(const struct forks *forks, enum fork_state state)
{
	for (int i = 0; i < FORKS_MAX; i++)
		if (forks->state[i] == state)
			return i;
	return -1;
}

enum fork_state fork_state(const struct forks *forks, uint64_t tag)
{
	int i = find(forks, tag);

	return i < 0 ? FORK_UNUSED : forks->state[i];
}

/* A place for one more dialog of that state, -1: none. */
static int room_for(const struct forks *forks, enum fork_state state)
{
	int i = find_state(forks, FORK_UNUSED);

	if (i < 0 && state != FORK_EARLY)
		i = find_state(forks, FORK_TERMINATED);
	if (i < 0 && state == FORK_CONFIRMED)
		i = find_state(forks, FORK_EARLY);
	return i;
}

bool fork_set(struct forks *forks, uint64_t tag, enum fork_state state)
{
	int i = find(forks, tag);

	if (i < 0)
		i = room_for(forks, state);
	if (i < 0)
		return false;
	forks->tag[i] = short_tag(tag);
	forks->state[i] = state;
	return true;
}

bool fork_any(const struct forks *forks, enum fork_state state)
{
	return find_state(forks, state) >= 0;
}
