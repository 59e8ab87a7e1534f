/* SPDX-License-Identifier: GPL-2.0-only */
/* Batches of HEP3 packets to one collector: see hep_sender.h. */
#include "export/hep_sender.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sipxdp/time.h>

#include "policy/socket_address.h"

#define BATCH_MESSAGES 64
#define BATCH_OCTETS   131072
#define SEND_BUFFER    (1 << 20) /* what is wanted of the kernel; it may give less */

/* Moments are told apart that are no further back than this; beyond, somebody has set the clock. */
#define SAME_TIME_NS (100 * NSEC_PER_MSEC)

struct hep_sender {
	struct config_hep config;
	int fd;	     /* connected to the collector; -1: there is no way to it, or none is wanted */
	bool failed; /* since the socket was opened */
	struct hep_stats stats;
	uint64_t time_unix_ns; /* of the last message */
	uint32_t count;	       /* of the batch */
	size_t used;
	struct iovec parts[BATCH_MESSAGES];
	struct mmsghdr headers[BATCH_MESSAGES];
	char octets[BATCH_OCTETS];
};

/* ---- the socket ---- */

static void disconnect(struct hep_sender *sender)
{
	if (sender->fd >= 0)
		close(sender->fd);
	sender->fd = -1;
}

/* Connected, so that the kernel tells what the other end refuses, and chooses our address once. */
static int connected_socket(const struct endpoint *to)
{
	union socket_address address;
	socklen_t length = socket_address_make(to, &address);
	int fd = socket(address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int room = SEND_BUFFER;
	int err;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	if (!connect(fd, &address.any, length))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static void reconnect(struct hep_sender *sender)
{
	int fd;

	disconnect(sender);
	sender->failed = false;
	if (!sender->config.wanted)
		return;
	fd = connected_socket(&sender->config.address);
	if (fd >= 0)
		sender->fd = fd;
	else
		sender->stats.error = -fd;
}

/* ---- messages ---- */

static void begin_batch(struct hep_sender *sender)
{
	sender->count = 0;
	sender->used = 0;
}

/* A message was not taken. Whether the next one may be. */
static bool note_failure(struct hep_sender *sender, int error)
{
	sender->stats.error = error;
	sender->stats.lost++;
	if (error == EAGAIN || error == ENOBUFS)
		return false;
	sender->failed = true;
	return true;
}

void hep_sender_flush(struct hep_sender *sender)
{
	uint32_t done = 0;
	bool open = sender->fd >= 0;

	while (open && done < sender->count) {
		int sent = sendmmsg(sender->fd, sender->headers + done, sender->count - done, 0);

		if (sent > 0) {
			done += (uint32_t)sent;
			sender->stats.sent += (uint32_t)sent;
		} else if (errno != EINTR) {
			open = note_failure(sender, errno);
			done++;
		}
	}
	sender->stats.lost += sender->count - done;
	begin_batch(sender);
}

/* Collectors sort messages by their time, and the packet clock goes in ticks: what came later is said to
 * be a microsecond later at least. */
static uint64_t time_in_order(struct hep_sender *sender, uint64_t time_unix_ns)
{
	uint64_t next = sender->time_unix_ns + NSEC_PER_USEC;

	if (time_unix_ns < next && next - time_unix_ns < SAME_TIME_NS)
		time_unix_ns = next;
	sender->time_unix_ns = time_unix_ns;
	return time_unix_ns;
}

static size_t write_next(struct hep_sender *sender, const struct hep_message *message)
{
	return hep_write(message, sender->octets + sender->used, BATCH_OCTETS - sender->used);
}

void hep_sender_add(struct hep_sender *sender, const struct hep_message *message)
{
	struct hep_message ours = *message;
	size_t length;

	if (!sender->config.wanted)
		return;
	ours.time_unix_ns = time_in_order(sender, message->time_unix_ns);
	ours.capture_id = sender->config.capture_id;
	ours.password = sender->config.password;
	if (sender->count == BATCH_MESSAGES)
		hep_sender_flush(sender);
	length = write_next(sender, &ours);
	if (!length && sender->count) {
		hep_sender_flush(sender);
		length = write_next(sender, &ours);
	}
	if (!length) { /* it fits into no packet */
		sender->stats.error = EMSGSIZE;
		sender->stats.lost++;
		return;
	}
	sender->parts[sender->count].iov_base = sender->octets + sender->used;
	sender->parts[sender->count].iov_len = length;
	sender->used += length;
	sender->count++;
}

void hep_sender_tick(struct hep_sender *sender)
{
	if (sender->config.wanted && (sender->fd < 0 || sender->failed))
		reconnect(sender);
}

void hep_sender_stats(const struct hep_sender *sender, struct hep_stats *out)
{
	*out = sender->stats;
}

/* ---- start and end ---- */

void hep_sender_configure(struct hep_sender *sender, const struct config_hep *config)
{
	hep_sender_flush(sender);
	sender->config = *config;
	reconnect(sender);
}

int hep_sender_open(const struct config_hep *config, struct hep_sender **out)
{
	struct hep_sender *sender = calloc(1, sizeof(*sender));

	if (!sender)
		return -ENOMEM;
	for (size_t i = 0; i < BATCH_MESSAGES; i++) {
		sender->headers[i].msg_hdr.msg_iov = &sender->parts[i];
		sender->headers[i].msg_hdr.msg_iovlen = 1;
	}
	sender->fd = -1;
	sender->config = *config;
	reconnect(sender);
	*out = sender;
	return 0;
}

void hep_sender_close(struct hep_sender *sender)
{
	if (!sender)
		return;
	hep_sender_flush(sender);
	disconnect(sender);
	free(sender);
}
