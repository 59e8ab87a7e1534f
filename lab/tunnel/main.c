// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a tunnel, for backends of a lab on kernels without tunnel devices: takes the outer
 * header off IP in IP packets (RFC 2003, RFC 4213, RFC 2473) and gives what was in them to the host,
 * by a tun device. The kernel puts outer fragments together before raw sockets see them.
 *
 *	tunnel DEVICE: until it is ended by a signal
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKET_MAX 65536

static const struct {
	int family;
	int protocol; /* of the outer header: what it carries */
} outers[] = {
	{ AF_INET, IPPROTO_IPIP },
	{ AF_INET, IPPROTO_IPV6 },
	{ AF_INET6, IPPROTO_IPIP },
	{ AF_INET6, IPPROTO_IPV6 },
};
#define OUTERS (sizeof(outers) / sizeof(outers[0]))

static int fail(const char *what)
{
	fprintf(stderr, "tunnel: %s: %s\n", what, strerror(errno));
	return 1;
}

static int open_device(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -1;
	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	return ioctl(fd, TUNSETIFF, &request) ? -1 : fd;
}

static int set_up(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -1;
	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	err = ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return err;
}

/* An IPv4 raw socket gives the outer header too, an IPv6 one only what is behind it. */
static size_t outer_length(int family, const unsigned char *packet)
{
	return family == AF_INET ? (packet[0] & 0xfu) * 4u : 0;
}

static void take_packet(int socket_fd, int family, int device)
{
	static unsigned char packet[PACKET_MAX];
	ssize_t length = recv(socket_fd, packet, sizeof(packet), 0);
	size_t outer;

	if (length <= 0)
		return;
	outer = outer_length(family, packet);
	if ((size_t)length <= outer)
		return;
	/* What the host does not take is lost, as with any tunnel. */
	if (write(device, packet + outer, (size_t)length - outer) < 0)
		fprintf(stderr, "tunnel: a packet of %zd octets: %s\n", length, strerror(errno));
}

int main(int argc, char **argv)
{
	struct pollfd ready[OUTERS];
	int device;

	if (argc != 2) {
		fputs("usage: tunnel DEVICE\n", stderr);
		return 2;
	}
	device = open_device(argv[1]);
	if (device < 0 || set_up(argv[1]))
		return fail(argv[1]);
	for (size_t i = 0; i < OUTERS; i++) {
		ready[i].fd = socket(outers[i].family, SOCK_RAW | SOCK_CLOEXEC, outers[i].protocol);
		ready[i].events = POLLIN;
		if (ready[i].fd < 0)
			return fail("raw socket");
	}
	for (;;) {
		if (poll(ready, OUTERS, -1) < 0 && errno != EINTR)
			return fail("poll");
		for (size_t i = 0; i < OUTERS; i++) {
			if (ready[i].revents & POLLIN)
				take_packet(ready[i].fd, outers[i].family, device);
		}
	}
}
