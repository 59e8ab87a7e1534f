/* SPDX-License-Identifier: GPL-2.0-only */
/* What classes, verdicts and reasons are called: see names.h. */
#include "export/names.h"

#include <sipxdp/class.h>
#include <sipxdp/reason.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

const char *name_at(const char *const *list, size_t count, unsigned int index)
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
	const char *text;

	if (reason >= REASON_SLOTS || !reasons[reason])
		return NAME_UNKNOWN;
	text = reasons[reason];
	for (size_t i = 0; text[i] && i < REASON_NAME_MAX - 1; i++)
		names[reason][i] = text[i] == '_' ? '-' : text[i];
	return names[reason];
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
