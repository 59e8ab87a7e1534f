// SPDX-License-Identifier: GPL-2.0-only
/* One interface, by which everybody can be reached, with neighbours that need not be asked for. */
#include "routes.h"

#include <errno.h>
#include <stdlib.h>

static const char commands[] =
	"set -e; ip link set lo up; ip link add bench type veth peer name bench-peer\n"
	"ip link set bench up; ip link set bench-peer up\n"
	"ip addr add 10.0.0.1/16 dev bench; ip route add default via 10.0.0.254\n"
	"for n in 0.11 0.12 0.13 0.14 1.11 1.12 1.13 1.14 0.254; do\n"
	"	ip neigh add 10.0.$n lladdr 02:00:00:00:00:01 dev bench\n"
	"done\n"
	"sysctl -qw net.ipv4.ip_forward=1\n";

int routes_make(void)
{
	return system(commands) ? -EIO : 0;
}
