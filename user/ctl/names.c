/* SPDX-License-Identifier: GPL-2.0-only */
/* What the numbers in the maps are called. */
#include <stddef.h>

#include "ctl/names.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *name_at(const char *const *list, size_t count, unsigned int index)
{
	return index < count && list[index] ? list[index] : NAME_UNKNOWN;
}

/* Reasons are identifiers in the list, as members of `counters`: people read '-' for '_'. */
#define REASON_NAME_MAX 32
static const char *const reasons[REASON_SLOTS] = {
#define X(id, name, help) [PASS_##id] = #name,
	PASS_REASONS(X)
#undef X
#define X(id, name, help) [DROP_##id] = #name,
		DROP_REASONS(X)
#undef X
};

const char *reason_name(unsigned int reason)
{
	static char names[REASON_SLOTS][REASON_NAME_MAX];
	const char *text = name_at(reasons, REASON_SLOTS, reason);
	char *name = names[reason % REASON_SLOTS];

	if (reason >= REASON_SLOTS || !reasons[reason])
		return NAME_UNKNOWN;
	for (size_t i = 0; text[i] && i < REASON_NAME_MAX - 1; i++)
		name[i] = text[i] == '_' ? '-' : text[i];
	return name;
}

const char *class_name(unsigned int traffic_class)
{
	static const char *const names[] = {
#define X(id, name, help) [CLASS_##id] = name,
		TRAFFIC_CLASSES(X)
#undef X
	};

	return name_at(names, COUNT(names), traffic_class);
}

const char *verdict_name(unsigned int verdict)
{
	static const char *const names[] = {
#define X(id, name, help) [VERDICT_##id] = name,
		VERDICTS(X)
#undef X
	};

	return name_at(names, COUNT(names), verdict);
}

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
