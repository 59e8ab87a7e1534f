/* SPDX-License-Identifier: GPL-2.0-only */
/* Drop samples as the control socket gives them: numbers become the names of include/sipxdp. */
#include <string.h>

#include <sipxdp/class.h>
#include <sipxdp/reason.h>

#include "daemon/samples_reply.h"
#include "plane/key.h"

#define NAME_TEXT_SIZE 32

static json_t *name_of(const char *const *names, size_t count, unsigned int number)
{
	return json_string(number < count && names[number] ? names[number] : "unknown");
}

static json_t *class_json(unsigned int traffic_class)
{
	static const char *const names[] = {
#define X(id, name, help) [CLASS_##id] = name,
		TRAFFIC_CLASSES(X)
#undef X
	};

	return name_of(names, CLASS_COUNT, traffic_class);
}

static json_t *verdict_json(unsigned int verdict)
{
	static const char *const names[] = {
#define X(id, name, help) [VERDICT_##id] = name,
		VERDICTS(X)
#undef X
	};

	return name_of(names, VERDICT_COUNT, verdict);
}

/* Reasons are named as the members of `counters`; people read '-' for '_'. */
static json_t *reason_json(unsigned int reason)
{
	static const char *const names[REASON_SLOTS] = {
#define X(id, name, help) [PASS_##id] = #name,
		PASS_REASONS(X)
#undef X
#define X(id, name, help) [DROP_##id] = #name,
			DROP_REASONS(X)
#undef X
	};
	char text[NAME_TEXT_SIZE] = "unknown";

	if (reason < REASON_SLOTS && names[reason])
		strncpy(text, names[reason], sizeof(text) - 1);
	for (char *c = text; *c; c++) {
		if (*c == '_')
			*c = '-';
	}
	return json_string(text);
}

static json_t *peer_json(const struct sipxdp_peer *peer)
{
	struct endpoint endpoint = key_to_endpoint(peer);
	char text[ENDPOINT_TEXT_SIZE];

	return json_string(endpoint_print(&endpoint, text));
}

static json_t *service_json(const struct maps *maps, unsigned int number)
{
	struct service service;

	if (number >= SERVICE_MAX || maps_service(maps, number, &service))
		return json_null();
	service.name[sizeof(service.name) - 1] = '\0';
	return json_string(service.name);
}

static json_t *sample_json(const struct sample *sample, json_t *service)
{
	char line[SAMPLE_LINE_SIZE];
	json_t *object = json_object();

	json_object_set_new(object, "time_unix_ns", json_integer((json_int_t)sample->time_unix_ns));
	json_object_set_new(object, "source", peer_json(&sample->source));
	json_object_set_new(object, "destination", peer_json(&sample->destination));
	json_object_set(object, "service", service);
	json_object_set_new(object, "class", class_json(sample->traffic_class));
	json_object_set_new(object, "verdict", verdict_json(sample->verdict));
	json_object_set_new(object, "reason", reason_json(sample->reason));
	json_object_set_new(object, "length", json_integer(sample->length));
	json_object_set_new(object, "start_line", json_string(sample_line_print(sample, line)));
	return object;
}

json_t *samples_reply(const struct daemon *daemon, size_t last)
{
	size_t count = samples_count(daemon->samples);
	size_t first = count > last ? count - last : 0;
	json_t *services[SERVICE_HOST + 1];
	json_t *list = json_array(), *reply = control_ok();

	for (unsigned int i = 0; i <= SERVICE_HOST; i++)
		services[i] = service_json(plane_maps(daemon->plane), i);
	for (size_t i = first; i < count; i++) {
		const struct sample *sample = samples_at(daemon->samples, i);
		unsigned int service = sample->service < SERVICE_HOST ? sample->service
								      : SERVICE_HOST;

		json_array_append_new(list, sample_json(sample, services[service]));
	}
	for (unsigned int i = 0; i <= SERVICE_HOST; i++)
		json_decref(services[i]);
	json_object_set_new(reply, "samples", list);
	json_object_set_new(reply, "seen", json_integer((json_int_t)samples_seen(daemon->samples)));
	return reply;
}
