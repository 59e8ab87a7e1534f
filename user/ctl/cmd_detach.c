/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl detach: takes an instance off its interfaces, through the daemon if there is one. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "ctl/client.h"
#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/options.h"
#include "plane/maps.h"
#include "plane/plane.h"

static int print_done(const char *by)
{
	if (ctl_global.json)
		printf("{\"detached\":\"%s\",\"by\":\"%s\"}\n", ctl_global.instance, by);
	else
		printf("instance %s is detached (by %s)\n", ctl_global.instance, by);
	return CTL_DONE;
}

static int detach_pinned(void)
{
	int err;

	instance_log_errors();
	err = plane_detach(ctl_global.instance);
	switch (err) {
	case 0: return print_done("sipxdpctl");
	case -ENOENT:
		return ctl_fail(CTL_NO, "there is no instance '%s' to detach", ctl_global.instance);
	case -EBUSY:
		return ctl_fail(CTL_UNREACHABLE, "a daemon holds instance '%s' but does not answer",
				ctl_global.instance);
	}
	return instance_fail("detach", err);
}

int cmd_detach(int argc, char **argv)
{
	json_t *reply;
	int code;

	if (!options_parse(&argc, argv, NULL, 0, &code))
		return code;
	if (maps_daemon_alive(ctl_global.instance) == 0)
		return detach_pinned();
	code = client_command("detach", &reply);
	if (code)
		return code;
	json_decref(reply);
	return print_done("sipxdpd");
}
