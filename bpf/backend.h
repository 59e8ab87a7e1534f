/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of `backends`: which of them hold the calls that are pinned to them, and how many there are. */
#ifndef BPF_BACKEND_H
#define BPF_BACKEND_H

#include "packet.h"

static __always_inline struct backend *backend_at(__u32 place)
{
	return place ? bpf_map_lookup_elem(&backends, &place) : NULL;
}

/* Does it still get what belongs to the calls it has? */
static __always_inline bool backend_holds(const struct backend *b, __u32 service)
{
	return b && b->service == service && (b->state == BACKEND_UP || b->state == BACKEND_DRAIN);
}

static __always_inline void backend_add_calls(__u32 place, __s64 calls)
{
	struct backend *b = backend_at(place);

	if (b && b->state != BACKEND_DOWN && b->state != BACKEND_FREE)
		__sync_fetch_and_add(&b->calls, calls);
}

/* Pin a call to facts.backend. */
static __always_inline void backend_move_pin(const struct facts *f, struct dialog *d)
{
	const __s64 calls = d->state != DIALOG_TERMINATED;

	if (d->backend == f->backend)
		return;
	backend_add_calls(d->backend, -calls);
	d->backend = f->backend;
	backend_add_calls(d->backend, calls);
}

#endif
