// SPDX-License-Identifier: GPL-2.0-only
/* What a message does to its call. Every transition bears being missed, repeated and late: what a
 * message says is held against what is known, never against what should have come before. */
#include "track/call.h"

static void request(struct track *t, uint32_t index, const struct event *e)
{
	switch (e->method) {
	case SIP_INVITE:
		if (e->has_to_tag)
			call_reinvite(t, index, e);
		else
			call_invite(t, index, e);
		break;
	case SIP_ACK: call_ack(t, index, e); break;
	case SIP_CANCEL: call_cancel(t, index, e); break;
	case SIP_BYE: call_bye(t, index, e); break;
	case SIP_UPDATE: call_update(t, index, e); break;
	case SIP_PRACK: call_prack(t, index, e); break;
	case SIP_REFER: call_refer(t, index, e); break;
	default: break; /* INFO, NOTIFY …: a sign of life */
	}
}

static void response(struct track *t, uint32_t index, const struct event *e)
{
	switch (e->method) {
	case SIP_INVITE: call_invite_response(t, index, e); break;
	case SIP_BYE: call_bye_response(t, index, e); break;
	case SIP_UPDATE: call_update_response(t, index, e); break;
	default: break;
	}
}

void call_handle(struct track *t, uint32_t index, const struct event *e)
{
	if (event_is_request(e))
		request(t, index, e);
	else
		response(t, index, e);
}
