// SPDX-License-Identifier: GPL-2.0-only
/* Sockets and addresses of phones. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "phone.h"

#define SOCKET_BUFFER (1 << 20)

struct sockaddr_storage address_step(const struct sockaddr_storage *first, unsigned int number,
				     uint16_t port)
{
	struct sockaddr_storage address = *first;
	struct sockaddr_in6 *v6 = (void *)&address;
	struct sockaddr_in *v4 = (void *)&address;
	uint32_t low;

	if (address.ss_family == AF_INET) {
		v4->sin_addr.s_addr = htonl(ntohl(v4->sin_addr.s_addr) + number);
		v4->sin_port = htons(port);
		return address;
	}
	memcpy(&low, v6->sin6_addr.s6_addr + 12, sizeof(low));
	low = htonl(ntohl(low) + number);
	memcpy(v6->sin6_addr.s6_addr + 12, &low, sizeof(low));
	v6->sin6_port = htons(port);
	return address;
}

static void write_peer(const struct sockaddr_storage *address, char peer[PEER_MAX])
{
	const struct sockaddr_in6 *v6 = (const void *)address;
	const struct sockaddr_in *v4 = (const void *)address;
	char text[INET6_ADDRSTRLEN];

	if (address->ss_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
		snprintf(peer, PEER_MAX, "%s:%u", text, ntohs(v4->sin_port));
	} else {
		inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
		snprintf(peer, PEER_MAX, "[%s]:%u", text, ntohs(v6->sin6_port));
	}
}

int phone_open(struct phone *p, const struct site *site, const struct sockaddr_storage *address)
{
	socklen_t length = address->ss_family == AF_INET ? sizeof(struct sockaddr_in)
							 : sizeof(struct sockaddr_in6);
	int fd = socket(address->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err;
	int buffer = SOCKET_BUFFER;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	if (bind(fd, (const struct sockaddr *)address, length) ||
	    connect(fd, (const struct sockaddr *)&site->server, length)) {
		err = -errno;
		close(fd);
		return err;
	}
	write_peer(address, p->peer);
	p->fd = fd;
	return 0;
}

void phone_send(const struct phone *p, const char *octets, size_t length)
{
	while (send(p->fd, octets, length, 0) < 0 && errno == EINTR)
		;
}

int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}
