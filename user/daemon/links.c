/* SPDX-License-Identifier: GPL-2.0-only */
/* Interfaces that go and come back, as rtnetlink(7) tells: see links.h. */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/links.h"
#include "plane/status.h"

#define NEWS_SIZE 16384 /* of one datagram; the kernel's are at most this large */
#define NEWS_MAX  64	/* datagrams taken in at a time */

int links_open(int *fd)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int link = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (link < 0)
		return -errno;
	if (bind(link, (const struct sockaddr *)&address, sizeof(address))) {
		int err = -errno;

		close(link);
		return err;
	}
	*fd = link;
	return 0;
}

static bool read_name(struct nlmsghdr *message, char name[IF_NAMESIZE])
{
	struct ifinfomsg *info = NLMSG_DATA(message);
	int left = (int)message->nlmsg_len - (int)NLMSG_LENGTH(sizeof(*info));

	for (struct rtattr *attribute = IFLA_RTA(info); RTA_OK(attribute, left);
	     attribute = RTA_NEXT(attribute, left)) {
		size_t length = RTA_PAYLOAD(attribute);

		if (attribute->rta_type != IFLA_IFNAME || !length || length > IF_NAMESIZE)
			continue;
		memcpy(name, RTA_DATA(attribute), length);
		name[length - 1] = '\0';
		return true;
	}
	return false;
}

static void read_datagram(void *data, int left, links_news *news, void *context)
{
	char name[IF_NAMESIZE];

	for (struct nlmsghdr *message = data; NLMSG_OK(message, (unsigned int)left);
	     message = NLMSG_NEXT(message, left)) {
		bool gone = message->nlmsg_type == RTM_DELLINK;

		if (!gone && message->nlmsg_type != RTM_NEWLINK)
			continue;
		if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifinfomsg)) &&
		    read_name(message, name))
			news(context, name, gone);
	}
}

void links_read(int fd, links_news *news, void *context)
{
	char data[NEWS_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));

	for (int i = 0; i < NEWS_MAX; i++) {
		struct sockaddr_nl from = { 0 };
		socklen_t size = sizeof(from);
		ssize_t length = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from,
					  &size);

		if (length < 0 && errno == ENOBUFS)
			news(context, "", false);
		else if (length < 0)
			return;
		else if (from.nl_pid == 0) /* the kernel, and not another process */
			read_datagram(data, (int)length, news, context);
	}
}

static bool is_attached(const struct status *status, unsigned int ifindex)
{
	for (size_t i = 0; i < status->interface_count; i++) {
		const struct status_interface *interface = &status->interface[i];

		if (interface->ifindex == ifindex && interface->ingress != STATUS_INGRESS_NONE)
			return true;
	}
	return false;
}

bool links_guarded(const char *instance, const char *name)
{
	unsigned int ifindex = if_nametoindex(name);
	struct status *status;
	bool guarded = true;

	if (!ifindex)
		return true;
	status = malloc(sizeof(*status));
	if (status && !status_read(instance, status))
		guarded = is_attached(status, ifindex);
	free(status);
	return guarded;
}
