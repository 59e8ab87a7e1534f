/* SPDX-License-Identifier: GPL-2.0-only */
/* Known calls: messages of a dialog that the server has agreed to have a budget of their own. */
#ifndef BPF_DIALOG_H
#define BPF_DIALOG_H

#include "classify.h"
#include "limit.h"

/* Could it be of a dialog? Requests with a To tag, CANCEL and ACK (which may have none), responses.
 */
static __always_inline bool dialog_may_have(const struct packet *pkt, const struct scan *s)
{
	if (!s->call_id_hash)
		return false;
	return s->to_tag.length || pkt->f->class == CLASS_CANCEL || pkt->f->class == CLASS_ACK ||
	       class_is_response(pkt->f->class);
}

static __always_inline struct dialog *dialog_find(const struct packet *pkt, const struct scan *s)
{
	struct dialog_key key = { .call_id_hash = s->call_id_hash };
	struct dialog *d = bpf_map_lookup_elem(&dialogs, &key);

	if (!d || d->service != pkt->f->service ||
	    d->last_seen_ns + pkt->cfg->dialog_idle_ns < pkt->f->now)
		return NULL;
	return d;
}

static __always_inline bool dialog_take(struct packet *pkt, struct dialog *d)
{
	if (!limit_take(&pkt->conf->dialog, &d->tat, pkt->f->now))
		return false;
	d->last_seen_ns = pkt->f->now;
	d->packets++;
	return true;
}

#endif
