/* SPDX-License-Identifier: GPL-2.0-only */
/* The instance that a command talks about: its maps, and the names of its services. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/names.h"
#include "plane/log.h"

/* maps_open() says what is wrong in one line; the command line says it once. */
static void swallow(enum plane_log_level level, const char *text, void *ctx)
{
	(void)level;
	(void)text;
	(void)ctx;
}

static void log_error(enum plane_log_level level, const char *text, void *ctx)
{
	(void)ctx;
	if (level == PLANE_LOG_ERROR)
		ctl_fail(CTL_NO, "%s", text);
}

void instance_log_errors(void)
{
	plane_log_set(log_error, NULL);
}

/* For an -errno of a map operation. */
static int exit_code(int err)
{
	switch (err) {
	case 0: return CTL_DONE;
	case -EPERM:
	case -EACCES: return CTL_NOT_PERMITTED;
	}
	return CTL_UNREACHABLE;
}

int instance_open(struct maps *maps)
{
	char message[MAPS_MESSAGE_SIZE] = "";
	int err;

	plane_log_set(swallow, NULL);
	err = maps_open(ctl_global.instance, maps, message);
	instance_log_errors();
	if (!err)
		return CTL_DONE;
	return ctl_fail(exit_code(err), "%s", message[0] ? message : strerror(-err));
}

int instance_fail(const char *what, int err)
{
	if (err == -ENOMEM)
		return ctl_fail(CTL_NO, "%s: out of memory", what);
	return ctl_fail(exit_code(err), "%s: %s", what, strerror(-err));
}

void service_names_read(const struct maps *maps, struct service_names *out)
{
	memset(out, 0, sizeof(*out));
	for (unsigned int i = 0; i < SERVICE_MAX; i++) {
		struct service service;

		if (maps_service(maps, i, &service) == 0 && service.name[0])
			memcpy(out->name[i], service.name, sizeof(service.name) - 1);
		else
			snprintf(out->name[i], NAME_SIZE, "#%u", i);
	}
	snprintf(out->name[SERVICE_HOST], NAME_SIZE, SERVICE_NAME_HOST);
}

const char *service_name(const struct service_names *names, unsigned int service)
{
	return service <= SERVICE_HOST ? names->name[service] : NAME_UNKNOWN;
}
