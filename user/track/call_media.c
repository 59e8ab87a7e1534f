// SPDX-License-Identifier: GPL-2.0-only
/* Offers and answers of a call (RFC 3264): which codec was agreed on, who has put whom on hold. The
 * first offer alone tells nothing, so it is not read. */
#include "track/call.h"
#include "track/media.h"

void call_offer(struct track *t, struct call *call, const struct event *e)
{
	enum call_side side = call_side_of(call, e);
	struct media media;

	call_clear(call, (CALL_OFFER | CALL_OFFER_HOLDS) << side);
	if (!media_read(e->message, &t->sdp, &media))
		return;
	call_set(call, CALL_OFFER << side);
	if (media.held)
		call_set(call, CALL_OFFER_HOLDS << side);
}

void call_offer_refused(struct call *call, const struct event *e)
{
	call_clear(call, (CALL_OFFER | CALL_OFFER_HOLDS) << call_side_of(call, e));
}

static void set_held(struct call *call, enum call_side side, bool held)
{
	uint32_t flag = (CALL_HELD_BY_CALLER << CALL_HELD_SHIFT) << side;

	if (held && !(call->flags & flag))
		call_count(&call->holds);
	if (held)
		call_set(call, flag);
	else
		call_clear(call, flag);
}

/* An answer to "sendonly" is "recvonly" or "inactive" and says nothing of its own; one to "sendrecv"
 * tells what the answering side wants (section 6.1). */
static void settle_hold(struct call *call, const struct event *e, const struct media *answer)
{
	enum call_side offerer = call_side_of(call, e);
	bool holds = call->flags & CALL_OFFER_HOLDS << offerer;

	if (event_is_request(e) || !(call->flags & CALL_OFFER << offerer))
		return;
	call_clear(call, (CALL_OFFER | CALL_OFFER_HOLDS) << offerer);
	set_held(call, offerer, holds);
	if (!holds)
		set_held(call, offerer == CALL_CALLER ? CALL_CALLEE : CALL_CALLER, answer->held);
}

/* An ACK may bring the first answer after the 2xx brought the offer: that changes no codec. */
static void settle_codec(struct track *t, uint32_t index, const struct media *answer)
{
	struct call *call = call_at(t, index);
	uint32_t codec = (uint32_t)siphash_of(&t->key, answer->codec, sizeof(answer->codec)) | 1;

	if (!answer->codec[0] || codec == call->codec)
		return;
	if (call->codec && call->state == CALL_CONFIRMED)
		call_count(&call->codec_changes);
	call->codec = codec;
	call_write_codec(t, index, answer->codec);
}

void call_answer(struct track *t, uint32_t index, const struct event *e)
{
	struct media media;

	if (!media_read(e->message, &t->sdp, &media))
		return;
	settle_hold(call_at(t, index), e, &media);
	settle_codec(t, index, &media);
}
