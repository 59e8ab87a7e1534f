/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands of the control socket: see commands.h. */
#include <string.h>
#include <unistd.h>

#include <sipxdp/map.h>
#include <sipxdp/version.h>

#include "daemon/backend_command.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/history_reply.h"
#include "daemon/log.h"
#include "daemon/reload.h"
#include "daemon/samples_reply.h"
#include "daemon/status.h"

static json_t *command_ping(struct daemon *daemon, const json_t *request)
{
	json_t *reply = control_ok();

	(void)daemon;
	(void)request;
	json_object_set_new(reply, "pid", json_integer(getpid()));
	return reply;
}

static json_t *command_version(struct daemon *daemon, const json_t *request)
{
	json_t *reply = control_ok();

	(void)daemon;
	(void)request;
	json_object_set_new(reply, "version", json_string(SIPXDP_VERSION));
	json_object_set_new(reply, "layout", json_integer(SIPXDP_LAYOUT));
	return reply;
}

static json_t *command_status(struct daemon *daemon, const json_t *request)
{
	(void)request;
	return status_reply(daemon);
}

static json_t *command_samples(struct daemon *daemon, const json_t *request)
{
	const json_t *last = json_object_get(request, "last");
	json_int_t count = SAMPLES_REPLY_MAX;

	if (last) {
		count = json_integer_value(last);
		if (count < 1 || count > SAMPLES_REPLY_MAX)
			return control_error("invalid", "\"last\" is a number from 1 to %d",
					     SAMPLES_REPLY_MAX);
	}
	return samples_reply(daemon, (size_t)count);
}

static json_t *command_history(struct daemon *daemon, const json_t *request)
{
	const json_t *call_id = json_object_get(request, "call_id");

	if (!json_is_string(call_id))
		return control_error("invalid", "\"call_id\" is a text");
	return history_reply(daemon, json_string_value(call_id), json_string_length(call_id));
}

static json_t *command_reload(struct daemon *daemon, const json_t *request)
{
	(void)request;
	return reload(daemon);
}

/* Whoever asked may rely on the answer: the programs are gone when it comes. */
static json_t *command_detach(struct daemon *daemon, const json_t *request)
{
	size_t interfaces = daemon->config->interface_count;
	json_t *reply;
	int err;

	(void)request;
	balancing_close(daemon->balancing);
	daemon->balancing = NULL;
	tracking_close(daemon->tracking);
	daemon->tracking = NULL;
	err = plane_down(daemon->plane, false);
	daemon->plane = NULL;
	sd_event_exit(daemon->event, 0);
	if (err)
		return control_error(NULL, "detaching: %s", strerror(-err));
	reply = control_ok();
	json_object_set_new(reply, "interfaces", json_integer((json_int_t)interfaces));
	return reply;
}

static const struct command {
	const char *name;
	json_t *(*run)(struct daemon *daemon, const json_t *request);
	bool changes; /* who asked for it is logged */
} commands[] = {
	{ "ping", command_ping, false },       { "version", command_version, false },
	{ "status", command_status, false },   { "samples", command_samples, false },
	{ "history", command_history, false }, { "reload", command_reload, true },
	{ "detach", command_detach, true },    { "backend", backend_command, true },
};

json_t *commands_run(void *context, const char *name, const json_t *request,
		     const struct ucred *peer)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(name, commands[i].name) != 0)
			continue;
		if (commands[i].changes)
			log_notice("%s: asked for by pid %d, uid %u", name, (int)peer->pid,
				   peer->uid);
		return commands[i].run(context, request);
	}
	return control_error("not_found", "no such command");
}
