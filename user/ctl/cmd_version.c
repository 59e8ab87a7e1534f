/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl version */
#include <stdio.h>

#include <sipxdp/map.h>
#include <sipxdp/version.h>

#include "ctl/ctl.h"
#include "ctl/options.h"

int cmd_version(int argc, char **argv)
{
	int code;

	if (!options_parse(&argc, argv, NULL, 0, &code))
		return code;
	if (ctl_global.json)
		printf("{\"version\":\"%s\",\"layout\":%d}\n", SIPXDP_VERSION, SIPXDP_LAYOUT);
	else
		printf("sipxdpctl %s (map layout %d)\n", SIPXDP_VERSION, SIPXDP_LAYOUT);
	return CTL_DONE;
}
