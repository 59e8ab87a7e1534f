/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl reload: makes the daemon read its configuration again. */
#include <jansson.h>
#include <stdio.h>

#include "ctl/client.h"
#include "ctl/ctl.h"
#include "ctl/options.h"

/* What the configuration has changed that counts from the next start only. */
static void print_restart(const json_t *keys)
{
	const json_t *key;
	size_t i;

	json_array_foreach (keys, i, key)
		printf("%s%s", i ? ", " : "\nneeds a restart: ", json_string_value(key));
}

int cmd_reload(int argc, char **argv)
{
	const char *file;
	json_t *reply;
	int code;

	if (!options_parse(&argc, argv, NULL, 0, &code))
		return code;
	code = client_command("reload", &reply);
	if (code)
		return code;
	file = json_string_value(json_object_get(reply, "file"));
	if (ctl_global.json) {
		json_dumpf(reply, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	} else {
		printf("reloaded%s%s", file ? " " : "", file ? file : "");
		print_restart(json_object_get(reply, "needs_restart"));
	}
	putchar('\n');
	json_decref(reply);
	return CTL_DONE;
}
