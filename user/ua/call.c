/* SPDX-License-Identifier: GPL-2.0-only */
/* A call from its 2xx to its end: ACK, forks, hold by re-INVITE, BYE (RFC 3261 sections 13.2.2.4,
 * 14.1, 15.1.1). */
#include <errno.h>
#include <string.h>

#include <sipxdp/time.h>

#include "ua/core.h"

/* After a 491, who made the Call-ID waits 2.1 to 4 s (section 14.1). */
#define GLARE_MIN_MS  2100
#define GLARE_SPAN_MS 1900

/* ---- hanging up ---- */

void ua_call_end(struct ua *ua, uint64_t now)
{
	if (!ua_client_waiting(ua, UA_FOR_BYE))
		ua_finish(ua, UA_SUCCEEDED, 0, now);
}

static void send_bye(struct ua *ua, struct ua_leg *leg, uint64_t now)
{
	if (leg->dialog.over)
		return;
	leg->dialog.over = true;
	if (!ua_client_follow(ua, UA_FOR_BYE, "BYE", leg, 0, now))
		ua->result.spoilt = true;
}

void ua_call_leave(struct ua *ua, uint64_t now)
{
	if (ua->phase != UA_TALKING)
		return;
	ua->phase = UA_LEAVING;
	send_bye(ua, ua->talk, now);
	ua_call_end(ua, now);
}

/* ---- 2xx to INVITE ---- */

static struct ua_leg *find_leg(struct ua *ua, const struct sip_message *msg, struct sip_slice tag)
{
	for (unsigned int i = 0; i < UA_LEGS_MAX; i++)
		if (ua->legs[i].used && sip_slice_is(msg->text, tag, ua->legs[i].dialog.remote_tag))
			return &ua->legs[i];
	return NULL;
}

static struct ua_leg *take_leg(struct ua *ua)
{
	for (unsigned int i = 0; i < UA_LEGS_MAX; i++)
		if (!ua->legs[i].used)
			return &ua->legs[i];
	return NULL;
}

/* The ACK of a 2xx is a request of the dialog, with a branch of its own, the INVITE's number and
 * the INVITE's credentials (section 13.2.2.4). False if it cannot be sent. */
static bool acknowledge(struct ua *ua, struct ua_leg *leg, const struct ua_client *invite)
{
	struct ua_text out = ua_text_in(leg->ack, sizeof(leg->ack));
	struct ua_request r = invite->request;
	int err;

	err = ua_dialog_path(&leg->dialog, &r.path)
		      ?: ua_find_hop(ua, r.path.next, ua->order.hop.transport, &r.hop);
	if (!err) {
		strcpy(r.to_tag, leg->dialog.remote_tag);
		ua_make_token(ua, SIP_MAGIC_COOKIE, r.branch, sizeof(r.branch));
		ua_write_ack(ua, &r, &out);
		err = out.full ? -EMSGSIZE : 0;
	}
	if (!err) {
		leg->ack_length = out.length;
		leg->ack_hop = r.hop;
		leg->ack_cseq = r.cseq;
		err = ua_emit(ua, &r.hop, leg->ack, leg->ack_length, false, UA_NO_TIMER);
	}
	if (err)
		ua_note(ua, "ACK cannot be sent: %s", strerror(-err));
	return !err;
}

static void acknowledge_again(struct ua *ua, const struct ua_leg *leg, uint32_t cseq)
{
	if (leg->ack_length && leg->ack_cseq == cseq)
		ua_emit(ua, &leg->ack_hop, leg->ack, leg->ack_length, true, UA_NO_TIMER);
}

/* The call begins: how long it lasts, and when it is changed. */
static void talk(struct ua *ua, struct ua_leg *leg, uint64_t now)
{
	ua->talk = leg;
	ua->phase = UA_TALKING;
	ua->hold_until = now + ua->order.hold;
	if (ua->order.reinvite) {
		ua->reinvites_left = 2; /* hold, and back */
		ua->reinvite_at = now + ua->order.hold / 3;
	}
	if (ua->cancel_wanted) {
		ua_note(ua, "the call was answered before the CANCEL took effect: it is hung up");
		ua_call_leave(ua, now);
	}
}

/* A leg for a 2xx from a branch that is new; NULL: there is none. */
static struct ua_leg *make_leg(struct ua *ua, const struct ua_client *c)
{
	struct ua_leg *leg = take_leg(ua);

	if (!leg || ua_dialog_make(&leg->dialog, &ua->msg, c->request.path.uri)) {
		ua_note(ua, "a 2xx cannot be acknowledged: %s",
			leg ? "its Contact or Record-Route is too long" : "too many branches");
		return NULL;
	}
	leg->used = true;
	leg->ack_cseq = 0;
	leg->ack_length = 0;
	return leg;
}

void ua_call_start(struct ua *ua, const struct ua_client *c, uint64_t now)
{
	struct ua_leg *leg = make_leg(ua, c);

	ua->result.outcome = UA_SUCCEEDED;
	if (!leg) {
		ua->result.spoilt = true;
		ua_finish(ua, UA_SUCCEEDED, 0, now);
		return;
	}
	if (!acknowledge(ua, leg, c))
		ua->result.spoilt = true;
	talk(ua, leg, now);
}

void ua_call_again(struct ua *ua, const struct ua_client *c, uint64_t now)
{
	struct ua_leg *leg = find_leg(ua, &ua->msg, ua->msg.to.tag);

	if (leg) {
		acknowledge_again(ua, leg, c->request.cseq);
		return;
	}
	if (c->purpose != UA_FOR_ORDER)
		return;
	leg = make_leg(ua, c);
	if (!leg)
		return;
	ua_note(ua, "another branch of the call answered too: it is hung up");
	acknowledge(ua, leg, c);
	send_bye(ua, leg, now);
	if (ua->phase == UA_OVER)
		ua->over_at = now + UA_LINGER_NS;
}

/* ---- re-INVITE ---- */

static void schedule_reinvite(struct ua *ua, uint64_t delay, uint64_t now)
{
	ua->reinvite_at = now + delay;
	if (ua->hold_until < ua->reinvite_at + UA_T1_NS)
		ua->hold_until = ua->reinvite_at + UA_T1_NS;
}

static uint64_t glare_delay(struct ua *ua)
{
	uint16_t chance;

	ua->world.random(ua->world.context, &chance, sizeof(chance));
	return (GLARE_MIN_MS + chance % GLARE_SPAN_MS) * NSEC_PER_MSEC;
}

void ua_call_unchanged(struct ua *ua, uint64_t now)
{
	uint16_t status = ua->msg.start.status;

	ua->reinvite_until = UA_NEVER;
	if (status == 491 && ua->glares < UA_TRIES_MAX) {
		ua->glares++;
		ua_note(ua, "both sides changed the call at once: ours is sent again");
		ua->session.held = !ua->session.held; /* as it was before */
		ua->reinvites_left++;
		schedule_reinvite(ua, glare_delay(ua), now);
		return;
	}
	ua->result.spoilt = true;
	ua->reinvites_left = 0;
	ua_note(ua, "the call was not changed");
	if (status == 481 || status == 408) /* section 14.1: the dialog is gone */
		ua_call_leave(ua, now);
}

void ua_call_changed(struct ua *ua, const struct ua_client *c, uint64_t now)
{
	ua->reinvite_until = UA_NEVER;
	if (ua_dialog_retarget(&c->leg->dialog, &ua->msg) || !acknowledge(ua, c->leg, c))
		ua->result.spoilt = true;
	if (ua->reinvites_left)
		schedule_reinvite(ua, ua->order.hold / 3, now);
}

static void start_reinvite(struct ua *ua, uint64_t now)
{
	ua->reinvites_left--;
	ua->reinvite_at = UA_NEVER;
	ua->session.held = !ua->session.held;
	ua->session.version++;
	ua->reinvite_until = now + UA_TIMEOUT_NS;
	ua_note(ua, ua->session.held ? "re-INVITE: on hold" : "re-INVITE: back from hold");
	if (!ua_client_follow(ua, UA_FOR_REINVITE, "INVITE", ua->talk, 0, now)) {
		ua->result.spoilt = true;
		ua->reinvites_left = 0;
	}
}

void ua_call_run(struct ua *ua, uint64_t now)
{
	bool pending = ua_client_has_invite(ua);

	if (pending && now >= ua->reinvite_until) {
		ua->result.spoilt = true;
		ua_call_leave(ua, now);
	} else if (!pending && now >= ua->hold_until) {
		ua_call_leave(ua, now);
	} else if (!pending && now >= ua->reinvite_at && !ua_server_has_invite(ua)) {
		start_reinvite(ua, now); /* one INVITE at a time (section 14.1) */
	}
}
