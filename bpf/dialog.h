/* SPDX-License-Identifier: GPL-2.0-only */
/* Known calls: messages of a dialog that the server has agreed to have a budget of their own. */
#ifndef BPF_DIALOG_H
#define BPF_DIALOG_H

#include "classify.h"
#include "limit.h"
#include "service.h"

/* Messages that belong to a call or end up nowhere, whatever their tags; ACK of a failure and CANCEL
 * have no tag in To. */
static __always_inline bool dialog_always_has(__u32 class)
{
	return class_is_response(class) || class == CLASS_ACK || class == CLASS_BYE ||
	       class == CLASS_CANCEL || class == CLASS_PRACK || class == CLASS_UPDATE;
}

/* Requests that are within a dialog or start something new, as the tag of To says (RFC 3261 section
 * 12.2); REGISTER and PUBLISH are never of a call. */
static __always_inline bool dialog_is_told_by_tag(__u32 class)
{
	return !dialog_always_has(class) && class != CLASS_REGISTER && class != CLASS_PUBLISH;
}

static __always_inline bool dialog_may_have(const struct packet *pkt, const struct scan *s)
{
	return s->call_id_hash && (s->to_tag.length || dialog_always_has(pkt->f->class));
}

static __always_inline struct dialog *dialog_find(const struct packet *pkt, const struct scan *s)
{
	struct dialog_key key = dialog_key_of(s->call_id_hash, service_dialog_side(pkt));
	struct dialog *d = bpf_map_lookup_elem(&dialogs, &key);

	return d && d->last_seen_ns + pkt->cfg->dialog_idle_ns >= pkt->f->now ? d : NULL;
}

static __always_inline bool dialog_take(struct packet *pkt, struct dialog *d)
{
	if (!limit_take(&pkt->conf->dialog, &d->tat, pkt->f->now))
		return false;
	d->last_seen_ns = pkt->f->now;
	d->packets++;
	if (d->state == DIALOG_CONFIRMED && class_is_request(pkt->f->class) &&
	    pkt->f->class != CLASS_CANCEL)
		d->acknowledged = 1;
	return true;
}

#endif
