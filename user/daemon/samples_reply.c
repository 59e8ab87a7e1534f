/* SPDX-License-Identifier: GPL-2.0-only */
/* Drop samples as the control socket gives them: see samples_reply.h. */
#include "daemon/samples_reply.h"

#include "daemon/peer_reply.h"
#include "export/names.h"

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
	json_object_set_new(object, "source", peer_reply(&sample->source));
	json_object_set_new(object, "destination", peer_reply(&sample->destination));
	json_object_set(object, "service", service);
	json_object_set_new(object, "class", json_string(class_name(sample->traffic_class)));
	json_object_set_new(object, "verdict", json_string(verdict_name(sample->verdict)));
	json_object_set_new(object, "reason", json_string(reason_name(sample->reason)));
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
