/* SPDX-License-Identifier: GPL-2.0-only */
/* UDP and TCP for a user agent (RFC 3261 section 18). */
#include "ua/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/socket_address.h"
#include "sip/message.h"
#include "sip/stream.h"

#define STREAMS_MAX	8
#define CONNECT_WAIT_MS 4000
#define WRITE_WAIT_MS	4000
#define PORT_TRIES	16

struct stream {
	int fd; /* -1: free */
	uint32_t id;
	struct ua_peer peer;
	size_t length, taken; /* octets held; of these, at the start, done with */
	char data[SIP_MESSAGE_MAX];
};

struct ua_sockets {
	struct endpoint local;
	uint16_t media_port;
	int udp, listener, media;
	uint32_t last_id;
	char datagram[SIP_MESSAGE_MAX + 1];
	struct stream streams[STREAMS_MAX];
};

/* ---- addresses ---- */

static int family_of(const struct endpoint *at)
{
	return address_is_ipv4(&at->address) ? AF_INET : AF_INET6;
}

static bool same_place(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && memcmp(&a->address, &b->address, sizeof(a->address)) == 0;
}

int ua_look_up(const char *host, uint16_t port, struct endpoint *out)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
					.ai_socktype = SOCK_DGRAM,
					.ai_flags = AI_ADDRCONFIG };
	struct addrinfo *found;
	union socket_address address;
	int err = getaddrinfo(host, NULL, &hints, &found);

	if (err == EAI_SYSTEM)
		return -errno;
	if (err)
		return err == EAI_AGAIN ? -EAGAIN : -ENOENT;
	memset(&address, 0, sizeof(address));
	memcpy(&address, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	*out = socket_address_read(&address);
	out->port = port;
	return 0;
}

/* ---- opening ---- */

/* The address that packets to that endpoint leave from. 0 or -errno. */
static int find_local(const struct endpoint *to, struct endpoint *local)
{
	union socket_address address;
	socklen_t length = socket_address_make(to, &address);
	int fd = socket(family_of(to), SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, &address.any, length) || getsockname(fd, &address.any, &length))
		err = -errno;
	close(fd);
	if (err)
		return err;
	*local = socket_address_read(&address);
	return 0;
}

/* A socket bound to an endpoint; its port, if that was 0, is filled in. The socket or -errno. */
static int open_bound(struct endpoint *at, int type)
{
	union socket_address address;
	socklen_t length = socket_address_make(at, &address);
	int fd = socket(family_of(at), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, err;

	if (fd < 0)
		return -errno;
	/* Connections leave from the port that others come to. */
	if (type == SOCK_STREAM && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
				    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on))))
		goto fail;
	if (bind(fd, &address.any, length) || getsockname(fd, &address.any, &length))
		goto fail;
	*at = socket_address_read(&address);
	return fd;
fail:
	err = -errno;
	close(fd);
	return err;
}

static int want_icmp_errors(int fd, int family)
{
	int on = 1;

	if (family == AF_INET6)
		return setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
	return setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
}

/* One number for UDP and TCP: a Contact names only one. 0 or -errno. */
static int open_pair(struct ua_sockets *s)
{
	int err = -EADDRINUSE, tries = s->local.port ? 1 : PORT_TRIES;

	for (int i = 0; err == -EADDRINUSE && i < tries; i++) {
		struct endpoint at = s->local;

		s->udp = open_bound(&at, SOCK_DGRAM);
		if (s->udp < 0)
			return s->udp;
		s->listener = open_bound(&at, SOCK_STREAM);
		if (s->listener >= 0) {
			s->local.port = at.port;
			return listen(s->listener, STREAMS_MAX) ? -errno : 0;
		}
		err = s->listener;
		close(s->udp);
		s->udp = -1;
	}
	return err;
}

/* RTP has even ports (RFC 3550 section 11). Nothing is ever read from it. */
static int open_media(struct ua_sockets *s)
{
	for (int i = 0; i < PORT_TRIES; i++) {
		struct endpoint at = { s->local.address, 0 };

		if (s->media >= 0)
			close(s->media);
		s->media = open_bound(&at, SOCK_DGRAM);
		if (s->media < 0)
			return s->media;
		s->media_port = at.port;
		if (at.port % 2 == 0)
			break;
	}
	return 0;
}

int ua_sockets_open(const struct ua_peer *first, uint16_t port, struct ua_sockets **out)
{
	struct ua_sockets *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->udp = s->listener = s->media = -1;
	for (int i = 0; i < STREAMS_MAX; i++)
		s->streams[i].fd = -1;
	err = find_local(&first->at, &s->local);
	s->local.port = port;
	err = err ?: open_pair(s) ?: open_media(s);
	if (!err && want_icmp_errors(s->udp, family_of(&s->local)))
		err = -errno;
	if (err)
		ua_sockets_close(s);
	else
		*out = s;
	return err;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void ua_sockets_close(struct ua_sockets *s)
{
	if (!s)
		return;
	for (int i = 0; i < STREAMS_MAX; i++)
		close_if_open(s->streams[i].fd);
	close_if_open(s->udp);
	close_if_open(s->listener);
	close_if_open(s->media);
	free(s);
}

struct endpoint ua_sockets_local(const struct ua_sockets *s)
{
	return s->local;
}

uint16_t ua_sockets_media_port(const struct ua_sockets *s)
{
	return s->media_port;
}

/* ---- sending ---- */

static int wait_for(int fd, short events, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int ready = poll(&p, 1, timeout_ms);

	if (ready < 0)
		return errno == EINTR ? 0 : -errno;
	return ready ? 0 : -ETIMEDOUT;
}

static int send_datagram(struct ua_sockets *s, const struct endpoint *to, const char *data,
			 size_t length)
{
	union socket_address address;
	socklen_t size = socket_address_make(to, &address);

	/* The error of an earlier datagram is told here first, and then no more. */
	for (int i = 0; i < 2; i++)
		if (sendto(s->udp, data, length, 0, &address.any, size) >= 0)
			return 0;
	return errno == EAGAIN ? 0 : -errno; /* a full queue loses it, as the network may */
}

static struct stream *free_stream(struct ua_sockets *s)
{
	for (int i = 0; i < STREAMS_MAX; i++)
		if (s->streams[i].fd < 0)
			return &s->streams[i];
	return NULL;
}

static void keep_stream(struct ua_sockets *s, struct stream *stream, int fd,
			const struct endpoint *peer)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	stream->fd = fd;
	stream->id = ++s->last_id;
	stream->peer = (struct ua_peer){ *peer, UA_TCP, stream->id };
	stream->length = stream->taken = 0;
}

static int finish_connecting(int fd)
{
	int err = wait_for(fd, POLLOUT, CONNECT_WAIT_MS), failed = 0;
	socklen_t size = sizeof(failed);

	if (err)
		return err;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size))
		return -errno;
	return -failed;
}

/* A connection from that port of ours (0: any). The socket or -errno. */
static int connect_from(struct endpoint from, const struct endpoint *to)
{
	union socket_address address;
	socklen_t size = socket_address_make(to, &address);
	int fd = open_bound(&from, SOCK_STREAM), err = 0;

	if (fd < 0)
		return fd;
	if (connect(fd, &address.any, size))
		err = errno == EINPROGRESS ? finish_connecting(fd) : -errno;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

static int connect_stream(struct ua_sockets *s, const struct endpoint *to, struct stream **out)
{
	struct stream *stream = free_stream(s);
	struct endpoint any = { s->local.address, 0 };
	int fd;

	if (!stream)
		return -EMFILE;
	fd = connect_from(s->local, to);
	if (fd == -EADDRNOTAVAIL || fd == -EADDRINUSE) /* an old connection still lingers */
		fd = connect_from(any, to);
	if (fd < 0)
		return fd;
	keep_stream(s, stream, fd, to);
	*out = stream;
	return 0;
}

static struct stream *find_stream(struct ua_sockets *s, const struct ua_peer *to)
{
	for (int i = 0; i < STREAMS_MAX; i++) {
		struct stream *stream = &s->streams[i];

		if (stream->fd >= 0 &&
		    (to->stream ? stream->id == to->stream : same_place(&stream->peer.at, &to->at)))
			return stream;
	}
	return NULL;
}

static void close_stream(struct stream *stream)
{
	close(stream->fd);
	stream->fd = -1;
}

static int write_all(int fd, const char *data, size_t length)
{
	while (length) {
		ssize_t done = send(fd, data, length, MSG_NOSIGNAL);
		int err = 0;

		if (done < 0 && errno == EAGAIN)
			err = wait_for(fd, POLLOUT, WRITE_WAIT_MS);
		else if (done < 0 && errno != EINTR)
			err = -errno;
		if (err)
			return err;
		if (done > 0) {
			data += done;
			length -= (size_t)done;
		}
	}
	return 0;
}

static int send_stream(struct ua_sockets *s, const struct ua_peer *to, const char *data,
		       size_t length)
{
	struct stream *stream = find_stream(s, to);
	int err = stream ? 0 : connect_stream(s, &to->at, &stream);

	if (err)
		return err;
	err = write_all(stream->fd, data, length);
	if (err)
		close_stream(stream);
	return err;
}

int ua_sockets_send(struct ua_sockets *s, const struct ua_peer *to, const char *data, size_t length)
{
	if (family_of(&to->at) != family_of(&s->local))
		return -EAFNOSUPPORT;
	return to->transport == UA_TCP ? send_stream(s, to, data, length)
				       : send_datagram(s, &to->at, data, length);
}

/* ---- receiving ---- */

static void arrive_message(struct ua_arrival *a, const struct ua_peer *peer, const char *data,
			   size_t length)
{
	*a = (struct ua_arrival){
		.kind = UA_ARRIVED_MESSAGE, .peer = *peer, .data = data, .length = length
	};
}

static void arrive_loss(struct ua_arrival *a, const struct ua_peer *peer, int error)
{
	*a = (struct ua_arrival){ .kind = UA_ARRIVED_LOSS, .peer = *peer, .error = error };
}

/* The error in an ICMP report's control messages; 0: none. That a packet was too large is none:
 * the kernel has noted the size, and what is sent again fits. */
static int reported_error(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct sock_extended_err report;

		if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
		    !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
			continue;
		memcpy(&report, CMSG_DATA(c), sizeof(report));
		return report.ee_errno == EMSGSIZE ? 0 : (int)report.ee_errno;
	}
	return 0;
}

static bool take_icmp(struct ua_sockets *s, struct ua_arrival *a)
{
	union socket_address address = { 0 };
	char control[512];
	struct iovec piece = { s->datagram, sizeof(s->datagram) };
	struct msghdr msg = {
		.msg_name = &address,
		.msg_namelen = sizeof(address),
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct ua_peer peer = { .transport = UA_UDP };
	int error;

	if (recvmsg(s->udp, &msg, MSG_ERRQUEUE) < 0)
		return false;
	error = reported_error(&msg);
	if (!error || !msg.msg_namelen)
		return false;
	peer.at = socket_address_read(&address);
	arrive_loss(a, &peer, error);
	return true;
}

/* CRLF, NUL and nothing at all keep a path open, and say nothing (RFC 5626 section 4.4). */
static bool is_keepalive(const char *data, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (data[i] != '\r' && data[i] != '\n' && data[i])
			return false;
	return true;
}

static bool take_datagram(struct ua_sockets *s, struct ua_arrival *a)
{
	union socket_address address = { 0 };
	socklen_t size = sizeof(address);
	struct ua_peer peer = { .transport = UA_UDP };
	ssize_t length = recvfrom(s->udp, s->datagram, sizeof(s->datagram), 0, &address.any, &size);

	if (length < 0 || is_keepalive(s->datagram, (size_t)length))
		return false;
	peer.at = socket_address_read(&address);
	arrive_message(a, &peer, s->datagram, (size_t)length);
	return true;
}

static void take_connection(struct ua_sockets *s)
{
	union socket_address address = { 0 };
	socklen_t size = sizeof(address);
	int fd = accept4(s->listener, &address.any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct stream *stream = free_stream(s);
	struct endpoint peer;

	if (fd < 0)
		return;
	if (!stream) {
		close(fd);
		return;
	}
	peer = socket_address_read(&address);
	keep_stream(s, stream, fd, &peer);
}

static void drop_taken(struct stream *stream)
{
	stream->length -= stream->taken;
	memmove(stream->data, stream->data + stream->taken, stream->length);
	stream->taken = 0;
}

/* What the stream already holds. */
static bool take_piece(struct stream *stream, struct ua_arrival *a)
{
	struct sip_error fault;
	size_t size;

	for (;;) {
		drop_taken(stream);
		if (!stream->length)
			return false;
		switch (sip_stream_next(stream->data, stream->length, &size, &fault)) {
		case SIP_STREAM_PARTIAL: return false;
		case SIP_STREAM_CRLF: stream->taken = size; continue;
		case SIP_STREAM_MESSAGE:
			stream->taken = size;
			arrive_message(a, &stream->peer, stream->data, size);
			return true;
		case SIP_STREAM_BROKEN:
			*a = (struct ua_arrival){ .kind = UA_ARRIVED_GARBLE,
						  .peer = stream->peer,
						  .data = stream->data,
						  .length = stream->length,
						  .fault = fault };
			close_stream(stream);
			return true;
		}
	}
}

static bool read_stream(struct stream *stream, struct ua_arrival *a)
{
	ssize_t got;

	drop_taken(stream);
	got = recv(stream->fd, stream->data + stream->length, sizeof(stream->data) - stream->length,
		   0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got <= 0) {
		arrive_loss(a, &stream->peer, got ? errno : ECONNRESET);
		close_stream(stream);
		return true;
	}
	stream->length += (size_t)got;
	return take_piece(stream, a);
}

static bool take_held(struct ua_sockets *s, struct ua_arrival *a)
{
	for (int i = 0; i < STREAMS_MAX; i++)
		if (s->streams[i].fd >= 0 && take_piece(&s->streams[i], a))
			return true;
	return false;
}

/* An error without a report would be told by every poll(). */
static void clear_error(int fd)
{
	int error;
	socklen_t size = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
}

enum { WAIT_WAKE, WAIT_UDP, WAIT_LISTENER, WAIT_STREAMS, WAIT_COUNT = WAIT_STREAMS + STREAMS_MAX };

static void take_ready(struct ua_sockets *s, const struct pollfd *p, struct ua_arrival *a)
{
	if (p[WAIT_UDP].revents & POLLERR) {
		if (take_icmp(s, a))
			return;
		clear_error(s->udp);
	}
	if (p[WAIT_UDP].revents & POLLIN && take_datagram(s, a))
		return;
	if (p[WAIT_LISTENER].revents & POLLIN)
		take_connection(s);
	for (int i = 0; i < STREAMS_MAX; i++)
		if (p[WAIT_STREAMS + i].revents && read_stream(&s->streams[i], a))
			return;
}

void ua_sockets_wait(struct ua_sockets *s, int timeout_ms, int wake, struct ua_arrival *a)
{
	struct pollfd p[WAIT_COUNT];

	*a = (struct ua_arrival){ .kind = UA_ARRIVED_NOTHING };
	if (take_held(s, a))
		return;
	p[WAIT_WAKE] = (struct pollfd){ .fd = wake, .events = POLLIN };
	p[WAIT_UDP] = (struct pollfd){ .fd = s->udp, .events = POLLIN };
	p[WAIT_LISTENER] = (struct pollfd){ .fd = s->listener, .events = POLLIN };
	for (int i = 0; i < STREAMS_MAX; i++)
		p[WAIT_STREAMS + i] = (struct pollfd){ .fd = s->streams[i].fd, .events = POLLIN };
	if (poll(p, WAIT_COUNT, timeout_ms) > 0)
		take_ready(s, p, a);
}
