/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as a client of the control socket, in pieces that the first octet decides: whoever
 * sends a line, or ends, gets one line of JSON back that says "ok", and the connection is closed. */
#define RUNDIR_PATH "/tmp/sipxdp-fuzz"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/control.c"
#include "daemon/log.c"

#define REPLY_MAX 65536
#define TURNS_MAX 64 /* of the event loop, by when an answer must be there */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct control *control;

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* As the daemon's commands: some look into the request. */
static json_t *handle(void *context, const char *command, const json_t *request,
		      const struct ucred *peer)
{
	const json_t *last = json_object_get(request, "last");

	(void)context;
	require(peer->pid == getpid());
	if (strcmp(command, "ping") == 0)
		return control_ok();
	if (last && json_integer_value(last) < 1)
		return control_error("invalid", "\"last\" is a number from 1");
	return control_error("not_found", "no such command: %s", command);
}

static void begin(void)
{
	control = calloc(1, sizeof(*control));
	require(control && sd_event_new(&control->event) >= 0);
	control->handler = handle;
	control->fd = -1;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		control->clients[i] = (struct client){ .control = control, .fd = -1 };
}

static void turn(void)
{
	for (int i = 0; i < TURNS_MAX && sd_event_run(control->event, 0) > 0; i++)
		;
}

static size_t receive(int fd, char *reply, size_t length)
{
	ssize_t n;

	while ((n = recv(fd, reply + length, REPLY_MAX - length, MSG_DONTWAIT)) > 0)
		length += (size_t)n;
	return length;
}

static void check_reply(const char *reply, size_t length)
{
	json_error_t error;
	json_t *json;

	require(length && reply[length - 1] == '\n');
	require(memchr(reply, '\n', length) == reply + length - 1);
	json = json_loadb(reply, length, JSON_REJECT_DUPLICATES, &error);
	require(json && json_is_boolean(json_object_get(json, "ok")));
	require(json_is_true(json_object_get(json, "ok")) ||
		json_is_string(json_object_get(json, "error")));
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char reply[REPLY_MAX];
	size_t piece, length = 0;
	int ends[2];

	if (!control)
		begin();
	if (!size)
		return 0;
	piece = data[0] ? (size_t)data[0] * data[0] : size;
	data++;
	size--;
	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
	client_open(control, ends[0]);
	for (size_t at = 0; at < size; at += piece) {
		size_t left = size - at < piece ? size - at : piece;

		if (send(ends[1], data + at, left, MSG_NOSIGNAL) != (ssize_t)left)
			break; /* it has had its answer */
		turn();
		length = receive(ends[1], reply, length);
	}
	shutdown(ends[1], SHUT_WR);
	turn();
	length = receive(ends[1], reply, length);
	if (size)
		check_reply(reply, length);
	else
		require(!length);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		require(control->clients[i].fd < 0);
	close(ends[1]);
	return 0;
}
