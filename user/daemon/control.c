/* SPDX-License-Identifier: GPL-2.0-only */
/* The control socket's clients: one line in, one line out, all of it bounded. See control.h. */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/log.h"
#include "daemon/rundir.h"

#define BACKLOG		CONTROL_CLIENTS_MAX
#define ACCEPT_PAUSE_US 1000000 /* after accept4(2) found no memory or descriptors */
#define TIMEOUT_US	(CONTROL_TIMEOUT_S * UINT64_C(1000000))

struct client {
	struct control *control;
	int fd; /* -1: slot is free */
	sd_event_source *io;
	sd_event_source *timer;
	char *request; /* CONTROL_LINE_MAX octets, until there is a reply */
	size_t received;
	bool too_long; /* the request is read to its end, to be refused then */
	char *reply;   /* NULL until the request is answered */
	size_t reply_length;
	size_t sent;
};

struct control {
	struct sockaddr_un address;
	int fd;
	sd_event *event;
	sd_event_source *listener;
	sd_event_source *pause;
	control_handler *handler;
	void *context;
	struct client clients[CONTROL_CLIENTS_MAX];
};

json_t *control_ok(void)
{
	return json_pack("{s:b}", "ok", 1);
}

json_t *control_error(const char *code, const char *format, ...)
{
	char text[LOG_LINE_MAX];
	va_list args;
	json_t *reply;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	reply = json_pack("{s:b, s:s}", "ok", 0, "error", text);
	/* Text that is not UTF-8 (a file's name, say) cannot be a JSON string. */
	if (!reply)
		reply = json_pack("{s:b, s:s}", "ok", 0, "error",
				  "the command failed, see the log");
	if (reply && code)
		json_object_set_new(reply, "code", json_string(code));
	return reply;
}

static void client_close(struct client *client)
{
	client->io = sd_event_source_disable_unref(client->io);
	client->timer = sd_event_source_disable_unref(client->timer);
	free(client->request);
	free(client->reply);
	if (client->fd >= 0)
		close(client->fd);
	*client = (struct client){ .control = client->control, .fd = -1 };
}

static json_t *answer(struct control *control, const struct client *client, size_t length)
{
	struct ucred peer = { .pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	socklen_t size = sizeof(peer);
	const char *command;
	json_error_t error;
	json_t *request, *reply;

	request = json_loadb(client->request, length, JSON_REJECT_DUPLICATES, &error);
	if (!request)
		return control_error("invalid", "not JSON: column %d: %s", error.column,
				     error.text);
	command = json_string_value(json_object_get(request, "command"));
	if (command) {
		getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
		reply = control->handler(control->context, command, request, &peer);
	} else {
		reply = control_error("invalid", "not an object with a text member \"command\"");
	}
	json_decref(request);
	return reply;
}

/* Sends what the socket takes. Whether the client still has something to fetch. */
static bool reply_send(struct client *client)
{
	while (client->sent < client->reply_length) {
		ssize_t n = send(client->fd, client->reply + client->sent,
				 client->reply_length - client->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		client->sent += (size_t)n;
	}
	return false;
}

static void reply_start(struct client *client, json_t *reply)
{
	char *text = reply ? json_dumps(reply, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	json_decref(reply);
	if (!text) {
		log_limited(LOG_ERR, "control: no memory for a reply");
		client_close(client);
		return;
	}
	free(client->request);
	client->request = NULL;
	client->reply_length = strlen(text);
	client->reply = text;
	text[client->reply_length++] = '\n'; /* in place of the NUL: only the length counts now */

	if (!reply_send(client) || sd_event_source_set_io_events(client->io, EPOLLOUT) < 0 ||
	    sd_event_source_set_time_relative(client->timer, TIMEOUT_US) < 0 ||
	    sd_event_source_set_enabled(client->timer, SD_EVENT_ONESHOT) < 0)
		client_close(client);
}

static json_t *request_answer(struct client *client, size_t length)
{
	if (client->too_long)
		return control_error("invalid", "a request has at most %d octets",
				     CONTROL_LINE_MAX);
	return answer(client->control, client, length);
}

/* A client may leave out the newline and shut down its side instead. */
static void request_receive(struct client *client)
{
	size_t room = CONTROL_LINE_MAX - client->received;
	char *from = client->request + client->received, *end;
	ssize_t n = recv(client->fd, from, room, MSG_DONTWAIT);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			client_close(client);
		return;
	}
	end = memchr(from, '\n', (size_t)n);
	client->received += (size_t)n;
	if (end || (n == 0 && (client->received || client->too_long))) {
		size_t length = end ? (size_t)(end - client->request) : client->received;

		reply_start(client, request_answer(client, length));
	} else if (n == 0) {
		client_close(client);
	} else if (client->received == CONTROL_LINE_MAX) {
		client->too_long = true;
		client->received = 0;
	}
}

static int on_client(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct client *client = context;

	(void)source;
	(void)fd;
	(void)events; /* hang-ups and errors show in what recv(2) and send(2) return */
	if (client->reply) {
		if (!reply_send(client))
			client_close(client);
	} else {
		request_receive(client);
	}
	return 0;
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *context)
{
	(void)source;
	(void)usec;
	client_close(context);
	return 0;
}

static struct client *free_slot(struct control *control)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (control->clients[i].fd < 0)
			return &control->clients[i];
	}
	return NULL;
}

static void refuse(int fd)
{
	static const char busy[] =
		"{\"ok\":false,\"error\":\"too many clients, try again\",\"code\":\"busy\"}\n";

	send(fd, busy, sizeof(busy) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void client_open(struct control *control, int fd)
{
	struct client *client = free_slot(control);

	if (!client) {
		refuse(fd);
		return;
	}
	client->fd = fd;
	client->request = malloc(CONTROL_LINE_MAX);
	if (!client->request ||
	    sd_event_add_io(control->event, &client->io, fd, EPOLLIN, on_client, client) < 0 ||
	    sd_event_add_time_relative(control->event, &client->timer, CLOCK_MONOTONIC, TIMEOUT_US,
				       0, on_timeout, client) < 0)
		client_close(client);
}

static int on_pause_over(sd_event_source *source, uint64_t usec, void *context)
{
	struct control *control = context;

	(void)source;
	(void)usec;
	return sd_event_source_set_enabled(control->listener, SD_EVENT_ON);
}

/* Without this, a listener whose connection cannot be accepted would spin the loop. */
static int accept_pause(struct control *control)
{
	int err = sd_event_source_set_time_relative(control->pause, ACCEPT_PAUSE_US);

	if (err >= 0)
		err = sd_event_source_set_enabled(control->pause, SD_EVENT_ONESHOT);
	if (err >= 0)
		err = sd_event_source_set_enabled(control->listener, SD_EVENT_OFF);
	return err;
}

static int on_listener(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct control *control = context;
	int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)source;
	(void)events;
	if (client >= 0) {
		client_open(control, client);
		return 0;
	}
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return 0;
	log_limited(LOG_WARNING, "control: cannot accept a client: %s", strerror(errno));
	return accept_pause(control);
}

/* 0660, of that group; where the host has none, of root's, which is root alone. */
static int open_to_group(const char *path, gid_t group)
{
	if (group == (gid_t)-1 && chown(path, (uid_t)-1, 0))
		return 0; /* not ours to give: it stays 0600 */
	if (group != (gid_t)-1 && chown(path, (uid_t)-1, group))
		return -errno;
	return chmod(path, 0660) ? -errno : 0;
}

/* Between bind and listen nobody can connect, so the mode is right before the first client. */
static int listen_at(const struct sockaddr_un *address, gid_t group, int *out)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	if ((unlink(address->sun_path) && errno != ENOENT) || fchmod(fd, 0600) ||
	    bind(fd, (const struct sockaddr *)address, sizeof(*address)))
		goto fail;
	err = open_to_group(address->sun_path, group);
	if (err) {
		close(fd);
		return err;
	}
	if (listen(fd, BACKLOG))
		goto fail;
	*out = fd;
	return 0;
fail:
	err = -errno;
	close(fd);
	return err;
}

int control_open(const char *instance, gid_t group, sd_event *event, control_handler *handler,
		 void *context, struct control **out)
{
	struct control *control = calloc(1, sizeof(*control));
	int err;

	if (!control)
		return -ENOMEM;
	control->fd = -1;
	control->event = sd_event_ref(event);
	control->handler = handler;
	control->context = context;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		control->clients[i].control = control;
		control->clients[i].fd = -1;
	}
	control->address.sun_family = AF_UNIX;
	err = snprintf(control->address.sun_path, sizeof(control->address.sun_path),
		       RUNDIR_PATH "/%s.sock", instance);
	err = err < (int)sizeof(control->address.sun_path) ? 0 : -ENAMETOOLONG;
	if (!err)
		err = listen_at(&control->address, group, &control->fd);
	if (!err)
		err = sd_event_add_io(event, &control->listener, control->fd, EPOLLIN, on_listener,
				      control);
	if (err >= 0)
		err = sd_event_add_time_relative(event, &control->pause, CLOCK_MONOTONIC, 0, 0,
						 on_pause_over, control);
	if (err < 0) {
		control_close(control);
		return err;
	}
	*out = control;
	return 0;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		client_close(&control->clients[i]);
	sd_event_source_disable_unref(control->pause);
	sd_event_source_disable_unref(control->listener);
	if (control->fd >= 0) {
		close(control->fd);
		unlink(control->address.sun_path);
	}
	sd_event_unref(control->event);
	free(control);
}
