// SPDX-License-Identifier: GPL-2.0-only
/* Two pairs of veth interfaces in a network namespace of our own, configured with ip(8). */
#include "links.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const mac_text[] = {
	[MAC_CLIENT] = "02:00:00:00:00:c0",
	[MAC_SERVER] = "02:00:00:00:00:50",
	[MAC_GATEWAY] = "02:00:00:00:00:c1",
	[MAC_BACKEND] = "02:00:00:00:00:11",
};

#define BACKENDS 4

void links_mac(enum links_mac which, unsigned int add, __u8 out[6])
{
	unsigned int octet[6];

	cr_assert_eq(sscanf(mac_text[which], "%x:%x:%x:%x:%x:%x", &octet[0], &octet[1], &octet[2],
			    &octet[3], &octet[4], &octet[5]),
		     6);
	for (int i = 0; i < 6; i++)
		out[i] = (__u8)octet[i];
	out[5] = (__u8)(out[5] + add);
}

static void run(const char *command)
{
	cr_assert_eq(system(command), 0, "%s", command);
}

void links_ip(const char *format, ...)
{
	char text[256];
	va_list args;
	int length = snprintf(text, sizeof(text), "ip ");

	va_start(args, format);
	vsnprintf(text + length, sizeof(text) - (size_t)length, format, args);
	va_end(args);
	run(text);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	cr_assert_not_null(file, "%s", path);
	fputs(text, file);
	cr_assert_eq(fclose(file), 0, "%s", path);
}

static void pair(const char *name, enum links_mac mac)
{
	links_ip("link add %s type veth peer name %s-peer", name, name);
	links_ip("link set %s address %s up", name, mac_text[mac]);
	links_ip("link set %s-peer up", name);
}

static void neighbours(void)
{
	__u8 mac[6];

	links_ip("neigh add 192.0.2.1 lladdr %s dev client", mac_text[MAC_GATEWAY]);
	links_ip("neigh add 2001:db8::1 lladdr %s dev client", mac_text[MAC_GATEWAY]);
	for (unsigned int i = 0; i < BACKENDS; i++) {
		links_mac(MAC_BACKEND, i, mac);
		links_ip("neigh add 10.0.0.%u lladdr 02:00:00:00:00:%02x dev server", 11 + i,
			 mac[5]);
		links_ip("neigh add fd00::%u lladdr 02:00:00:00:00:%02x dev server", 11 + i,
			 mac[5]);
	}
}

void links_open(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNET))
		cr_skip("needs the right to make a network namespace");
	links_ip("link set lo up");
	pair("client", MAC_CLIENT);
	pair("server", MAC_SERVER);
	write_file("/proc/sys/net/ipv4/ip_forward", "1");
	write_file("/proc/sys/net/ipv6/conf/all/forwarding", "1");
	links_ip("addr add 192.0.2.10/24 dev client");
	links_ip("addr add 10.0.0.1/24 dev server");
	links_ip("addr add 2001:db8::10/64 dev client nodad");
	links_ip("addr add fd00::1/64 dev server nodad");
	links_ip("route add default via 192.0.2.1");
	links_ip("route add 2001:db8:1::/48 via 2001:db8::1");
	neighbours();
}
