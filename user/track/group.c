// SPDX-License-Identifier: GPL-2.0-only
/* Lists of bindings: see group.h. */
#include "track/group.h"

#include "track/registration.h"

static struct group_link *link_of(const struct track *t, enum group_kind kind, uint32_t index)
{
	struct registration *r = table_entry(&t->registrations.table, index);

	return &r->link[kind];
}

static struct group *group_at(const struct track *t, enum group_kind kind, uint32_t group)
{
	return table_entry(&t->groups[kind], group);
}

void group_leave(struct track *t, enum group_kind kind, uint32_t index)
{
	struct group_link *link = link_of(t, kind, index);
	struct group *group;

	if (!link->group)
		return;
	group = group_at(t, kind, link->group);
	if (link->next)
		link_of(t, kind, link->next)->previous = link->previous;
	if (link->previous)
		link_of(t, kind, link->previous)->next = link->next;
	else
		group->first = link->next;
	if (!group->first)
		table_remove(&t->groups[kind], link->group);
	*link = (struct group_link){ .group = 0 };
}

/* There are as many groups as bindings at most, so there is always room. */
void group_join(struct track *t, enum group_kind kind, uint32_t index, uint64_t key)
{
	struct group_link *link = link_of(t, kind, index);
	struct group *group;
	uint32_t at;

	group_leave(t, kind, index);
	at = table_find(&t->groups[kind], key);
	if (!at)
		at = table_add(&t->groups[kind], key);
	if (!at)
		return;
	group = group_at(t, kind, at);
	*link = (struct group_link){ .group = at, .next = group->first };
	if (group->first)
		link_of(t, kind, group->first)->previous = index;
	group->first = index;
}

uint64_t group_of(const struct track *t, enum group_kind kind, uint32_t index)
{
	uint32_t at = link_of(t, kind, index)->group;

	return at ? group_at(t, kind, at)->key : 0;
}

uint32_t group_first(const struct track *t, enum group_kind kind, uint64_t key)
{
	uint32_t at = table_find(&t->groups[kind], key);

	return at ? group_at(t, kind, at)->first : 0;
}

uint32_t group_next(const struct track *t, enum group_kind kind, uint32_t index)
{
	return link_of(t, kind, index)->next;
}
