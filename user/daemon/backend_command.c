// SPDX-License-Identifier: GPL-2.0-only
/* Changes of pools by hand: see backend_command.h. */
#include "daemon/backend_command.h"

#include <string.h>

#include "daemon/balancing.h"
#include "policy/config_scalar.h"

/* What was asked for; members that the request does not have are NULL or 0. */
struct backend_request {
	const char *action;
	const char *service;
	const char *name;
	const char *address;
	json_int_t weight;
	const char *why; /* of a refused address */
};

static json_t *refuse(const struct backend_request *request, enum balancing_answer answer)
{
	const char *service = request->service ? request->service : "";

	switch (answer) {
	case BALANCING_DONE: break;
	case BALANCING_NO_SERVICE:
		return control_error("not_found", "there is no service '%s'", service);
	case BALANCING_NOT_BALANCED:
		return control_error("invalid", "%s%s",
				     request->service ? "that service has no 'balance': "
						      : "no service has 'balance': ",
				     "nothing to do with backends");
	case BALANCING_WHICH_SERVICE:
		return control_error("invalid", "several services could be meant: --service NAME");
	case BALANCING_NO_BACKEND:
		return control_error("not_found", "there is no backend '%s'", request->name);
	case BALANCING_EXISTS:
		return control_error("invalid",
				     "a backend with that name, or that address and port, is "
				     "there already");
	case BALANCING_BAD_ADDRESS:
		return control_error("invalid", "%s: %s", request->address, request->why);
	case BALANCING_FULL:
		return control_error("invalid", "there is no room for another backend");
	}
	return control_ok();
}

/* ---- the actions ---- */

static enum balancing_answer run_add(struct daemon *daemon, struct backend_request *request)
{
	struct endpoint endpoint;

	request->why = "not an address and port: 192.0.2.1:5060 or [2001:db8::1]:5060";
	if (endpoint_parse(request->address, strlen(request->address), &endpoint))
		return BALANCING_BAD_ADDRESS;
	return balancing_add(daemon->balancing, request->service, request->name, &endpoint,
			     (uint32_t)request->weight, &request->why);
}

static enum balancing_answer run_remove(struct daemon *daemon, struct backend_request *request)
{
	return balancing_remove(daemon->balancing, request->service, request->name);
}

static enum balancing_answer run_weight(struct daemon *daemon, struct backend_request *request)
{
	return balancing_weight(daemon->balancing, request->service, request->name,
				(uint32_t)request->weight);
}

static enum balancing_answer run_drain(struct daemon *daemon, struct backend_request *request)
{
	return balancing_order(daemon->balancing, request->service, request->name, ORDER_DRAIN);
}

static enum balancing_answer run_down(struct daemon *daemon, struct backend_request *request)
{
	return balancing_order(daemon->balancing, request->service, request->name, ORDER_DOWN);
}

static enum balancing_answer run_up(struct daemon *daemon, struct backend_request *request)
{
	return balancing_order(daemon->balancing, request->service, request->name, ORDER_NONE);
}

static const struct action {
	const char *name;
	enum balancing_answer (*run)(struct daemon *daemon, struct backend_request *request);
	bool wants_address;
	bool wants_weight;
} actions[] = {
	{ "add", run_add, true, true },	       { "remove", run_remove, false, false },
	{ "weight", run_weight, false, true }, { "drain", run_drain, false, false },
	{ "down", run_down, false, false },    { "up", run_up, false, false },
};

static const struct action *find_action(const char *name)
{
	for (size_t i = 0; name && i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!strcmp(actions[i].name, name))
			return &actions[i];
	}
	return NULL;
}

json_t *backend_command(struct daemon *daemon, const json_t *json)
{
	const json_t *weight = json_object_get(json, "weight");
	struct backend_request request = {
		.action = json_string_value(json_object_get(json, "action")),
		.service = json_string_value(json_object_get(json, "service")),
		.name = json_string_value(json_object_get(json, "name")),
		.address = json_string_value(json_object_get(json, "address")),
		.weight = weight ? json_integer_value(weight) : 1,
	};
	const struct action *action = find_action(request.action);
	char name[CONFIG_NAME_SIZE];

	if (!action)
		return control_error("invalid", "\"action\" is add, remove, weight, drain, up or "
						"down");
	if (!request.name)
		return control_error("invalid", "which backend? \"name\" is missing");
	/* Names of an import may be addresses, which a new one may not be. */
	if (action->wants_address && config_name_parse(request.name, strlen(request.name), name))
		return control_error("invalid",
				     "a name is letters, digits, '-', '_' and '.', at most %d",
				     CONFIG_NAME_SIZE - 1);
	if (action->wants_address && !request.address)
		return control_error("invalid", "\"address\" is missing");
	if (action->wants_weight && ((weight && !json_is_integer(weight)) || request.weight < 0 ||
				     request.weight > CONFIG_WEIGHT_MAX))
		return control_error("invalid", "a weight is 0 to %d", CONFIG_WEIGHT_MAX);
	return refuse(&request, action->run(daemon, &request));
}
