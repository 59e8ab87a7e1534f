// SPDX-License-Identifier: GPL-2.0-only
/* One probe of a backend: see probe.h. */
#include "balance/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sipxdp/time.h>

#include "policy/socket_address.h"

#define T1_NS (500 * NSEC_PER_MSEC)
#define T2_NS (4 * NSEC_PER_SEC)

/* ---- errors ---- */

/* What a failed call says: of this host, or of the way to the backend. */
static enum probe_outcome outcome_of(int err)
{
	switch (err) {
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
	case EADDRNOTAVAIL:
	case EACCES:
	case EPERM: return PROBE_NO_RESOURCE;
	default: return PROBE_REFUSED;
	}
}

static enum probe_outcome fail(struct probe *probe, enum probe_outcome outcome)
{
	probe_end(probe);
	return outcome;
}

/* ---- sending ---- */

static enum probe_outcome send_request(struct probe *probe)
{
	char text[OPTIONS_SIZE];
	size_t length = options_write(&probe->message, text);

	/* A request is shorter than any socket's buffer: it is sent whole, or not at all. */
	if (send(probe->fd, text, length, MSG_NOSIGNAL) < 0 && errno != EAGAIN && errno != EINTR)
		return fail(probe, outcome_of(errno));
	return PROBE_PENDING;
}

/* ICMP errors that say "not now" are wanted as well, not only "nobody listens". */
static void ask_for_errors(int fd, bool ipv4)
{
	int on = 1;

	if (ipv4)
		setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	else
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
}

static enum probe_outcome connect_socket(struct probe *probe, bool tcp)
{
	const struct endpoint *to = &probe->message.to;
	union socket_address address;
	socklen_t size = socket_address_make(to, &address);

	probe->fd = socket(address.any.sa_family,
			   (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe->fd < 0)
		return PROBE_NO_RESOURCE;
	if (!tcp)
		ask_for_errors(probe->fd, address.any.sa_family == AF_INET);
	if (connect(probe->fd, &address.any, size) && errno != EINPROGRESS)
		return fail(probe, outcome_of(errno));
	size = sizeof(address);
	if (getsockname(probe->fd, &address.any, &size))
		return fail(probe, PROBE_NO_RESOURCE);
	probe->message.from = socket_address_read(&address);
	return PROBE_PENDING;
}

enum probe_outcome probe_begin(struct probe *probe, const struct endpoint *to, bool tcp,
			       uint64_t timeout_ns, uint64_t id, uint64_t now_ns)
{
	enum probe_outcome outcome;

	probe->message = (struct options_message){ .to = *to, .tcp = tcp, .id = id };
	probe->begun_ns = now_ns;
	probe->deadline_ns = now_ns + timeout_ns;
	probe->resend_after_ns = T1_NS;
	probe->resend_ns = tcp ? UINT64_MAX : now_ns + T1_NS;
	probe->connecting = tcp;
	probe->status = 0;
	probe->round_trip_us = 0;
	probe->input_length = 0;
	outcome = connect_socket(probe, tcp);
	if (outcome != PROBE_PENDING || tcp)
		return outcome;
	return send_request(probe);
}

void probe_end(struct probe *probe)
{
	if (probe->fd >= 0)
		close(probe->fd);
	probe->fd = -1;
}

/* ---- what comes back ---- */

static enum probe_outcome answered(struct probe *probe, uint64_t now_ns)
{
	uint64_t us = (now_ns - probe->begun_ns) / 1000;

	probe->round_trip_us = us ? (uint32_t)us : 1;
	return fail(probe, PROBE_ANSWERED);
}

static enum probe_outcome read_datagrams(struct probe *probe, struct sip_message *msg,
					 uint64_t now_ns)
{
	for (int i = 0; i < 8; i++) { /* more are left for the next turn */
		ssize_t length = recv(probe->fd, probe->input, sizeof(probe->input), 0);

		if (length < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (length < 0)
			return fail(probe, outcome_of(errno));
		switch (options_read(&probe->message, probe->input, (size_t)length, msg,
				     &probe->status)) {
		case OPTIONS_FINAL: return answered(probe, now_ns);
		case OPTIONS_PROVISIONAL:
			/* It has arrived: from here on rarely again (timer E). */
			probe->resend_after_ns = T2_NS;
			probe->resend_ns = now_ns + T2_NS;
			break;
		case OPTIONS_NONE: break;
		}
	}
	return PROBE_PENDING;
}

/* All whole messages in the input. */
static enum probe_outcome read_messages(struct probe *probe, struct sip_message *msg,
					uint64_t now_ns)
{
	size_t length;
	int err;

	while (!(err = options_stream_message(probe->input, probe->input_length, &length))) {
		if (options_read(&probe->message, probe->input, length, msg, &probe->status) ==
		    OPTIONS_FINAL)
			return answered(probe, now_ns);
		probe->input_length -= length;
		memmove(probe->input, probe->input + length, probe->input_length);
	}
	if (err == -EAGAIN && probe->input_length < sizeof(probe->input))
		return PROBE_PENDING;
	return fail(probe, PROBE_REFUSED); /* no SIP, or too long for an answer to OPTIONS */
}

static enum probe_outcome read_stream(struct probe *probe, struct sip_message *msg, uint64_t now_ns)
{
	ssize_t length = recv(probe->fd, probe->input + probe->input_length,
			      sizeof(probe->input) - probe->input_length, 0);

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return PROBE_PENDING;
	if (length <= 0)
		return fail(probe, length ? outcome_of(errno) : PROBE_REFUSED);
	probe->input_length += (size_t)length;
	return read_messages(probe, msg, now_ns);
}

/* ETIMEDOUT, ECONNREFUSED ..., or 0 when the connection stands. */
static int connect_error(int fd)
{
	socklen_t size = sizeof(int);
	int err = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size) ? errno : err;
}

enum probe_outcome probe_ready(struct probe *probe, struct sip_message *msg, uint64_t now_ns)
{
	if (probe->connecting) {
		int err = connect_error(probe->fd);

		if (err)
			return fail(probe, outcome_of(err));
		probe->connecting = false;
		return send_request(probe);
	}
	if (probe->message.tcp)
		return read_stream(probe, msg, now_ns);
	return read_datagrams(probe, msg, now_ns);
}

/* Something to be read, or a connection that stands. */
static bool has_news(const struct probe *probe)
{
	struct pollfd news = { .fd = probe->fd, .events = probe->connecting ? POLLOUT : POLLIN };

	return poll(&news, 1, 0) > 0;
}

enum probe_outcome probe_elapsed(struct probe *probe, struct sip_message *msg, uint64_t now_ns)
{
	/* Who looks late must not call the other one late: the answer may have been waiting. */
	if (has_news(probe)) {
		enum probe_outcome outcome = probe_ready(probe, msg, now_ns);

		if (outcome != PROBE_PENDING)
			return outcome;
	}
	if (now_ns >= probe->deadline_ns)
		return fail(probe, PROBE_SILENT);
	if (now_ns < probe->resend_ns)
		return PROBE_PENDING;
	probe->resend_after_ns *= 2;
	if (probe->resend_after_ns > T2_NS)
		probe->resend_after_ns = T2_NS;
	probe->resend_ns = now_ns + probe->resend_after_ns;
	return send_request(probe);
}

uint64_t probe_next_ns(const struct probe *probe)
{
	return probe->resend_ns < probe->deadline_ns ? probe->resend_ns : probe->deadline_ns;
}

const char *probe_outcome_text(enum probe_outcome outcome)
{
	switch (outcome) {
	case PROBE_PENDING: return "pending";
	case PROBE_ANSWERED: return "answered";
	case PROBE_REFUSED: return "unreachable, or nobody listens";
	case PROBE_SILENT: return "no answer";
	case PROBE_NO_RESOURCE: return "cannot be asked";
	}
	return "unknown";
}
