/* SPDX-License-Identifier: GPL-2.0-only */
/* What the numbers in the maps are called. */
#include "ctl/names.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

const char *policy_name(unsigned int policy)
{
	static const char *const names[] = {
		[POLICY_NONE] = "unknown", [POLICY_EXEMPT] = "exempt", [POLICY_DENY] = "denied",
		[POLICY_FEED] = "feed",	   [POLICY_BANNED] = "banned",
	};

	return name_at(names, COUNT(names), policy);
}

const char *ban_origin_name(unsigned int origin)
{
	static const char *const names[] = {
		[BAN_HAND] = "hand",
		[BAN_SCANNER] = "scanner",
		[BAN_AUTH_FAILURES] = "auth-failures",
		[BAN_ENUMERATION] = "enumeration",
	};

	return name_at(names, COUNT(names), origin);
}

const char *backend_state_name(unsigned int state, unsigned int order)
{
	static const char *const names[] = {
		[BACKEND_FREE] = "gone",
		[BACKEND_UP] = "up",
		[BACKEND_DRAIN] = "drain",
		[BACKEND_DOWN] = "down",
	};

	if (state == BACKEND_DRAIN && order == ORDER_LEAVE)
		return "leaving";
	return name_at(names, COUNT(names), state);
}

const char *trust_origin_name(unsigned int origin)
{
	static const char *const names[] = {
		[TRUST_REGISTER] = "register",
		[TRUST_INVITE] = "invite",
		[TRUST_ANSWER] = "answer",
		[TRUST_HAND] = "hand",
	};

	return name_at(names, COUNT(names), origin);
}

const char *const call_states[] = {
	[CALL_TRYING] = "trying",	  [CALL_RINGING] = "ringing",
	[CALL_ANSWERED] = "answered",	  [CALL_CONFIRMED] = "confirmed",
	[CALL_CANCELLING] = "cancelling", [CALL_ENDED] = "ended",
	[CALL_FAILED] = "failed",	  [CALL_FAILED + 1] = NULL,
};

const char *call_state_name(unsigned int state)
{
	return name_at(call_states, COUNT(call_states) - 1, state);
}

enum verdict counter_verdict(bool would_drop, unsigned int reason)
{
	if (would_drop)
		return VERDICT_WOULD_DROP;
	if (reason == DROP_UNPROVEN)
		return VERDICT_TX; /* the question is sent back instead of the packet */
	return reason >= REASON_DROP_BASE ? VERDICT_DROP : VERDICT_PASS;
}
