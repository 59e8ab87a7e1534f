/* SPDX-License-Identifier: GPL-2.0-only */
/* The counters of RFC 6076 for the control socket: see quality_reply.h. */
#include <stddef.h>
#include <string.h>

#include "daemon/quality_reply.h"

_Static_assert(TRACK_SERVICES == SERVICE_MAX, "services of the tracker are those of the maps");

static const struct member {
	const char *key;
	size_t offset;
} numbers[] = {
#define NUMBER(name)                                                                               \
	{                                                                                          \
#name, offsetof(struct track_quality, name)                                        \
	}
	NUMBER(attempts),
	NUMBER(challenged),
	NUMBER(answered),
	NUMBER(redirected),
	NUMBER(failed_4xx),
	NUMBER(failed_5xx),
	NUMBER(failed_6xx),
	NUMBER(declined),
	NUMBER(ineffective),
	NUMBER(cancelled),
	NUMBER(unanswered),
	NUMBER(completed),
	NUMBER(short_calls),
	NUMBER(lost_byes),
	NUMBER(talked_ms),
	NUMBER(registers),
	NUMBER(registers_challenged),
	NUMBER(registers_granted),
	NUMBER(registers_failed),
#undef NUMBER
};

static const struct member delays[] = {
#define DELAY(name)                                                                                \
	{                                                                                          \
#name, offsetof(struct track_quality, name)                                        \
	}
	DELAY(ringing), DELAY(failing), DELAY(connecting), DELAY(ending), DELAY(registering),
#undef DELAY
};

static json_t *delay_json(const struct quality_delay *delay)
{
	return json_pack("{s:I, s:I, s:I}", "count", (json_int_t)delay->count, "total_us",
			 (json_int_t)delay->total_us, "longest_us", (json_int_t)delay->longest_us);
}

static const void *member_of(const struct track_quality *quality, const struct member *member)
{
	return (const char *)quality + member->offset;
}

static json_t *number_json(const uint64_t *number)
{
	return json_integer((json_int_t)*number);
}

static json_t *service_json(const struct service *service, const struct track_quality *quality)
{
	json_t *object = json_object();

	json_object_set_new(
		object, "service",
		json_stringn(service->name, strnlen(service->name, sizeof(service->name))));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_object_set_new(object, numbers[i].key,
				    number_json(member_of(quality, &numbers[i])));
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++)
		json_object_set_new(object, delays[i].key,
				    delay_json(member_of(quality, &delays[i])));
	return object;
}

json_t *quality_json(const struct daemon *daemon)
{
	const struct maps *maps = plane_maps(daemon->plane);
	json_t *list = json_array();
	struct service service;

	for (uint32_t i = 0; i < TRACK_SERVICES; i++) {
		if (maps_service(maps, i, &service) || !service.in_use)
			continue;
		json_array_append_new(
			list, service_json(&service, tracking_quality(daemon->tracking, i)));
	}
	return list;
}
