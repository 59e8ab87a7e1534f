/* SPDX-License-Identifier: GPL-2.0-only */
/* Putting a changed configuration in force while running: all of it, or nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/configuration.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/reload.h"
#include "daemon/start.h"
#include "plane/clock.h"

struct difference {
	const char *key;
	bool differs;
};

/* What the maps are made with, and what they are found by: read at the start only. */
static json_t *needing_restart(const struct config *old, const struct config *new)
{
	const struct config_tables *was = &old->tables, *is = &new->tables;
	const struct difference differences[] = {
		{ "instance", strcmp(old->instance, new->instance) != 0 },
		{ "hash_seed",
		  old->hash_seed_set != new->hash_seed_set ||
			  memcmp(old->hash_seed, new->hash_seed, sizeof(new->hash_seed)) != 0 },
		{ "tables.sources", was->sources != is->sources },
		{ "tables.trusted", was->trusted != is->trusted },
		{ "tables.provisional", was->provisional != is->provisional },
		{ "tables.dialogs", was->dialogs != is->dialogs },
		{ "tables.calls", was->calls != is->calls },
		{ "tables.bans", was->bans != is->bans },
		{ "tables.registrations", was->registrations != is->registrations },
		{ "tables.fragments", was->fragments != is->fragments },
		{ "tables.networks", was->networks != is->networks },
		{ "tap.buffer_bytes", old->tap.buffer_bytes != new->tap.buffer_bytes },
	};
	json_t *keys = json_array();

	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++) {
		if (!differences[i].differs)
			continue;
		log_warning("reload: %s: the change needs a restart", differences[i].key);
		json_array_append_new(keys, json_string(differences[i].key));
	}
	return keys;
}

/* Those that need a restart stay what they are, so that the next reload still sees them differ. */
static void keep_fixed(struct config *new, const struct config *old)
{
	memcpy(new->instance, old->instance, sizeof(new->instance));
	memcpy(new->hash_seed, old->hash_seed, sizeof(new->hash_seed));
	new->hash_seed_set = old->hash_seed_set;
	new->tables = old->tables;
	new->tap.buffer_bytes = old->tap.buffer_bytes;
}

/* 0, or -errno and the old configuration is in force. */
static int put_in_force(struct daemon *daemon, struct config *config)
{
	size_t samples_before = daemon->config->tap.keep_samples;
	int err = samples_resize(daemon->samples, config->tap.keep_samples);

	if (err)
		return err;
	err = plane_reload(daemon->plane, config);
	if (err) {
		samples_resize(daemon->samples, samples_before);
		return err;
	}
	tracking_reconfigure(daemon->tracking, config);
	balancing_reconfigure(daemon->balancing, config);
	config_free(daemon->config);
	daemon->config = config;
	daemon->reloaded_unix_ns = clock_realtime_ns();
	return 0;
}

/* problems: of the configuration, or NULL when it is good but could not be put in force. */
static json_t *refuse(int err, const char *problems)
{
	char text[LOG_LINE_MAX];
	size_t length;

	if (problems)
		snprintf(text, sizeof(text), "%s", problems);
	else
		snprintf(text, sizeof(text), "cannot be put in force: %s", strerror(-err));
	length = strlen(text);
	while (length && text[length - 1] == '\n')
		text[--length] = '\0';
	log_error("%s", text);
	log_error("reload: failed, the old configuration stays in force");
	return control_error(problems ? "invalid" : NULL, "%s", text);
}

static json_t *reload_file(struct daemon *daemon)
{
	struct config *config;
	json_t *restart, *reply;
	char *problems;
	int err = configuration_load(&daemon->options, &config, &problems);

	if (err) {
		reply = refuse(err, problems);
		free(problems);
		return reply;
	}
	restart = needing_restart(daemon->config, config);
	keep_fixed(config, daemon->config);
	err = put_in_force(daemon, config);
	if (err) {
		config_free(config);
		json_decref(restart);
		return refuse(err, NULL);
	}
	log_notice("reload: %s is in force", daemon->options.config_path);
	reply = control_ok();
	json_object_set_new(reply, "file", json_string(daemon->options.config_path));
	json_object_set_new(reply, "needs_restart", restart);
	return reply;
}

json_t *reload(struct daemon *daemon)
{
	json_t *reply;

	notify_reloading();
	daemon->running = false; /* the packet path's messages are wanted in full now */
	reply = reload_file(daemon);
	daemon->running = true;
	start_notify_ready(daemon);
	return reply;
}
