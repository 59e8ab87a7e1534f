/* SPDX-License-Identifier: GPL-2.0-only */
/* The client of the daemon's control socket. */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/ctl.h"
#include "ctl/text.h"
#include "plane/clock.h"

#define REPLY_FIRST_SIZE 16384
#define ERROR_TEXT_MAX	 4096

static int connect_daemon(int *out)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int len, err = 0;
	int fd;

	len = snprintf(address.sun_path, sizeof(address.sun_path), CLIENT_SOCKET_DIR "/%s.sock",
		       ctl_global.instance);
	if (len < 0 || (size_t)len >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		err = errno == EAGAIN ? -ETIMEDOUT : -errno;
		close(fd);
		return err == -EPERM ? -EACCES : err;
	}
	*out = fd;
	return 0;
}

/* Waits for one of events on fd. 0, or -ETIMEDOUT when deadline_ns has come. */
static int wait_for(int fd, short events, uint64_t deadline_ns)
{
	for (;;) {
		struct pollfd pollfd = { .fd = fd, .events = events };
		uint64_t now = clock_monotonic_ns();
		int n;

		if (now >= deadline_ns)
			return -ETIMEDOUT;
		n = poll(&pollfd, 1, (int)((deadline_ns - now) / NSEC_PER_MSEC) + 1);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

static int send_request(int fd, const char *line, uint64_t deadline_ns)
{
	size_t len = strlen(line);

	while (len) {
		ssize_t n = send(fd, line, len, MSG_NOSIGNAL);

		if (n >= 0) {
			line += n;
			len -= (size_t)n;
			continue;
		}
		if (errno == EAGAIN) {
			int err = wait_for(fd, POLLOUT, deadline_ns);

			if (err)
				return err;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

/* Reads until the daemon closes. 0 and *text (the caller's) with its *len, or -errno. */
static int receive_reply(int fd, uint64_t deadline_ns, char **text, size_t *len)
{
	size_t size = 0, at = 0;
	char *buffer = NULL;
	int err = 0;

	for (;;) {
		ssize_t n;

		if (at == size) {
			char *larger;

			size = size ? 2 * size : REPLY_FIRST_SIZE;
			larger = size <= CLIENT_REPLY_MAX ? realloc(buffer, size) : NULL;
			if (!larger) {
				err = size <= CLIENT_REPLY_MAX ? -ENOMEM : -EPROTO;
				break;
			}
			buffer = larger;
		}
		n = recv(fd, buffer + at, size - at, 0);
		if (n > 0) {
			at += (size_t)n;
		} else if (n == 0) {
			*text = buffer;
			*len = at;
			return 0;
		} else if (errno == EAGAIN) {
			err = wait_for(fd, POLLIN, deadline_ns);
			if (err)
				break;
		} else if (errno == ECONNRESET && at) {
			*text = buffer; /* closed without having read it all */
			*len = at;
			return 0;
		} else if (errno != EINTR) {
			err = -errno;
			break;
		}
	}
	free(buffer);
	return err;
}

static int request_line(const json_t *request, char **line)
{
	char *text = request ? json_dumps(request, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	int err = text && asprintf(line, "%s\n", text) >= 0 ? 0 : -ENOMEM;

	free(text);
	return err;
}

static uint64_t timeout_s(const json_t *request)
{
	const char *command = json_string_value(json_object_get(request, "command"));

	return command && strcmp(command, "reload") == 0 ? CLIENT_RELOAD_S : CLIENT_TIMEOUT_S;
}

int client_ask_json(const json_t *request, json_t **reply)
{
	uint64_t deadline = clock_monotonic_ns() + timeout_s(request) * NSEC_PER_SEC;
	char *line = NULL, *text = NULL;
	json_t *object = NULL;
	size_t len = 0;
	int fd = -1, err;

	err = request_line(request, &line);
	if (!err)
		err = connect_daemon(&fd);
	if (!err)
		err = send_request(fd, line, deadline);
	if (!err || err == -EPIPE) /* who is refused is told so, and not read */
		err = receive_reply(fd, deadline, &text, &len);
	if (!err) {
		object = json_loadb(text ? text : "", len, JSON_ALLOW_NUL, NULL);
		if (json_is_boolean(json_object_get(object, "ok"))) {
			*reply = object;
			object = NULL;
		} else {
			err = -EPROTO;
		}
	}
	json_decref(object);
	free(text);
	free(line);
	if (fd >= 0)
		close(fd);
	return err;
}

int client_ask(const char *command, json_t **reply)
{
	json_t *request = json_pack("{s:s}", "command", command);
	int err = client_ask_json(request, reply);

	json_decref(request);
	return err;
}

const char *client_strerror(int err)
{
	switch (err) {
	case -ENOENT: return "it is not running (no control socket)";
	case -ECONNREFUSED: return "it is dead (nobody listens on its control socket)";
	case -EACCES: return "permission denied on its control socket";
	case -ETIMEDOUT: return "it does not answer in time";
	case -EPROTO: return "its answer is not understood";
	case -EBUSY: return "it has too many clients at the moment";
	}
	return strerror(-err);
}

/* Text of the daemon's to standard error: several lines are fine, control characters are not. */
static void complain(const char *command, const char *text)
{
	char escaped[TEXT_ESCAPED_SIZE(ERROR_TEXT_MAX)];

	while (*text) {
		size_t len = strcspn(text, "\n");

		text_escape(text, len < ERROR_TEXT_MAX ? len : ERROR_TEXT_MAX, escaped,
			    sizeof(escaped));
		ctl_fail(CTL_NO, "%s: %s", command, escaped);
		text += len + (text[len] == '\n');
	}
}

static int refused(const char *command, const json_t *reply)
{
	const char *code = json_string_value(json_object_get(reply, "code"));
	const char *error = json_string_value(json_object_get(reply, "error"));

	complain(command, error && *error ? error : "the daemon refused, without a reason");
	if (code && strcmp(code, "not_permitted") == 0)
		return CTL_NOT_PERMITTED;
	if (code && strcmp(code, "busy") == 0)
		return CTL_UNREACHABLE;
	return CTL_NO;
}

int client_command_json(const json_t *request, json_t **reply)
{
	const char *command = json_string_value(json_object_get(request, "command"));
	json_t *object;
	int code, err = client_ask_json(request, &object);

	if (err)
		return ctl_fail(err == -EACCES ? CTL_NOT_PERMITTED : CTL_UNREACHABLE,
				"the daemon of instance '%s' cannot be reached: %s",
				ctl_global.instance, client_strerror(err));
	if (json_is_true(json_object_get(object, "ok"))) {
		*reply = object;
		return CTL_DONE;
	}
	code = refused(command, object);
	json_decref(object);
	return code;
}

int client_command(const char *command, json_t **reply)
{
	json_t *request = json_pack("{s:s}", "command", command);
	int code = client_command_json(request, reply);

	json_decref(request);
	return code;
}
