/* SPDX-License-Identifier: GPL-2.0-only */
/* The control socket under clients of every kind, and the lock of an instance. */
#define RUNDIR_PATH "/tmp/sipxdp-test-rundir"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/control.c"
#include "daemon/log.c"
#include "daemon/rundir.c"

#define TURN_US	  1000
#define TURNS_MAX 4000

static struct {
	sd_event *event;
	struct control *control;
	char instance[32];
} served;

#define BIG (4 * 1024 * 1024)

static json_t *handle(void *context, const char *command, const json_t *request,
		      const struct ucred *peer)
{
	json_t *reply;

	(void)request;
	cr_expect_eq(context, &served);
	cr_expect_eq(peer->pid, getpid());
	if (!strcmp(command, "ping"))
		return control_ok();
	if (!strcmp(command, "big")) {
		char *text = malloc(BIG + 1);

		cr_assert(text);
		memset(text, 'x', BIG);
		text[BIG] = '\0';
		reply = control_ok();
		json_object_set_new(reply, "text", json_string(text));
		free(text);
		return reply;
	}
	return control_error("not_found", "no such command");
}

static void serve(const char *name)
{
	snprintf(served.instance, sizeof(served.instance), "%s-%d", name, (int)getpid());
	cr_assert_eq(rundir_make((gid_t)-1), 0);
	cr_assert_geq(sd_event_new(&served.event), 0);
	cr_assert_geq(control_open(served.instance, (gid_t)-1, served.event, handle, &served,
				   &served.control),
		      0);
}

static void serve_end(void)
{
	char path[128];

	control_close(served.control);
	sd_event_unref(served.event);
	snprintf(path, sizeof(path), RUNDIR_PATH "/%s.sock", served.instance);
	cr_expect_neq(access(path, F_OK), 0, "the socket is left behind");
}

static int client_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), RUNDIR_PATH "/%s.sock",
		 served.instance);
	cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void turn(void)
{
	cr_assert_geq(sd_event_run(served.event, TURN_US), 0);
}

/* Reads to the end, the loop turning meanwhile. The reply's octets; to be freed. */
static char *receive(int fd, size_t *length)
{
	size_t room = BIG + 4096;
	char *reply = calloc(1, room);

	cr_assert(reply);
	*length = 0;
	for (int i = 0; i < TURNS_MAX; i++) {
		ssize_t n = read(fd, reply + *length, room - 1 - *length);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n > 0)
			*length += (size_t)n;
		turn();
	}
	close(fd);
	return reply;
}

static void send_all(int fd, const char *data, size_t length)
{
	for (int i = 0; i < TURNS_MAX && length; i++) {
		ssize_t n = send(fd, data, length, MSG_NOSIGNAL);

		if (n > 0) {
			data += n;
			length -= (size_t)n;
		}
		turn();
	}
	cr_assert_eq(length, 0);
}

static void expect_reply(const char *name, const char *request, size_t length, const char *reply)
{
	int fd = client_connect();
	char *got;
	size_t got_length;

	send_all(fd, request, length);
	got = receive(fd, &got_length);
	cr_expect(strstr(got, reply), "%s: %s", name, got);
	cr_expect(got_length && strchr(got, '\n') == got + got_length - 1, "%s: not one line",
		  name);
	free(got);
}

Test(control, every_request_gets_one_line)
{
	static const struct {
		const char *name, *request, *reply;
	} rows[] = {
		{ "good", "{\"command\":\"ping\"}\n", "{\"ok\":true}" },
		{ "what follows is left alone", "{\"command\":\"ping\"}\n{\"comm", "\"ok\":true" },
		{ "unknown", "{\"command\":\"rm\"}\n", "\"code\":\"not_found\"" },
		{ "no command", "{}\n", "\"code\":\"invalid\"" },
		{ "a number as command", "{\"command\":7}\n", "\"code\":\"invalid\"" },
		{ "an array", "[1]\n", "\"code\":\"invalid\"" },
		{ "no JSON", "ping\n", "not JSON" },
		{ "not UTF-8", "\xff\xfe\n", "not JSON" },
		{ "an empty line", "\n", "not JSON" },
		{ "twice", "{\"command\":\"ping\",\"command\":\"ping\"}\n", "not JSON" },
	};

	serve("rows");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_reply(rows[i].name, rows[i].request, strlen(rows[i].request), rows[i].reply);
	serve_end();
}

Test(control, an_endless_request_is_refused_and_a_deep_one_too)
{
	size_t length = 3 * CONTROL_LINE_MAX;
	char *request = malloc(length + 1);

	cr_assert(request);
	memset(request, '[', length);
	request[length] = '\n';
	serve("long");
	expect_reply("too long", request, length + 1, "at most 65536 octets");
	request[CONTROL_LINE_MAX - 2] = '\n';
	expect_reply("deep", request, CONTROL_LINE_MAX - 1, "not JSON");
	serve_end();
	free(request);
}

Test(control, a_request_may_come_in_pieces_or_end_by_a_shutdown)
{
	static const char request[] = "{\"command\":\"ping\"}";
	int fd;
	char *reply;
	size_t length;

	serve("pieces");
	fd = client_connect();
	for (size_t i = 0; i < strlen(request); i++)
		send_all(fd, request + i, 1);
	cr_assert_eq(shutdown(fd, SHUT_WR), 0);
	reply = receive(fd, &length);
	cr_expect_str_eq(reply, "{\"ok\":true}\n");
	free(reply);
	serve_end();
}

Test(control, a_reply_larger_than_the_socket_holds_arrives_whole)
{
	static const char request[] = "{\"command\":\"big\"}\n";
	int fd;
	char *reply;
	size_t length;

	serve("big");
	fd = client_connect();
	send_all(fd, request, strlen(request));
	reply = receive(fd, &length);
	cr_expect_gt(length, BIG);
	cr_expect_eq(reply[length - 1], '\n');
	free(reply);
	serve_end();
}

Test(control, one_client_too_many_is_told_and_makes_room_for_nobody)
{
	int idle[CONTROL_CLIENTS_MAX];
	char *reply;
	size_t length;

	serve("many");
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		idle[i] = client_connect();
		turn();
	}
	reply = receive(client_connect(), &length);
	cr_expect(strstr(reply, "\"code\":\"busy\""), "%s", reply);
	free(reply);
	close(idle[0]);
	for (int i = 0; i < 10; i++)
		turn();
	expect_reply("room again", "{\"command\":\"ping\"}\n", 19, "\"ok\":true");
	for (int i = 1; i < CONTROL_CLIENTS_MAX; i++)
		close(idle[i]);
	serve_end();
}

Test(control, clients_that_go_away_at_any_time_leave_nothing_behind)
{
	static const char request[] = "{\"command\":\"big\"}\n";

	serve("gone");
	for (size_t sent = 0; sent <= strlen(request); sent++) {
		int fd = client_connect();

		if (sent)
			send_all(fd, request, sent);
		turn();
		close(fd);
		turn();
	}
	for (int i = 0; i < 10; i++)
		turn();
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		cr_expect_eq(served.control->clients[i].fd, -1, "slot %d", i);
	serve_end();
}

Test(control, without_a_group_the_socket_is_of_the_group_of_root)
{
	char path[128];
	struct stat st;

	umask(0);
	if (geteuid() != 0)
		cr_skip_test("needs root");
	cr_assert_eq(setegid(65534), 0);
	serve("mode");
	snprintf(path, sizeof(path), RUNDIR_PATH "/%s.sock", served.instance);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0660, "%o", st.st_mode);
	cr_expect_eq(st.st_gid, 0);
	serve_end();
}

Test(rundir, a_lock_names_its_holder_and_goes_with_it_however_it_dies)
{
	char instance[32];
	int ready[2], status, fd = -1;
	pid_t child, holder = 0;
	char byte;

	snprintf(instance, sizeof(instance), "lock-%d", (int)getpid());
	cr_assert_eq(rundir_make((gid_t)-1), 0);
	cr_assert_eq(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		if (rundir_lock(instance, &fd, &holder) || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	cr_expect_eq(rundir_lock(instance, &fd, &holder), -EALREADY);
	cr_expect_eq(holder, child);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	cr_expect_eq(rundir_lock(instance, &fd, &holder), 0);
	rundir_unlock(instance, fd);
}

/* Who opens the file while its holder leaves gets a lock on a file that is no more: that is not
 * the instance's. */
Test(rundir, a_lock_on_a_file_that_was_taken_away_is_none)
{
	char instance[32], path[128];
	int first, stale, second = -1;
	pid_t holder = 0;

	snprintf(instance, sizeof(instance), "gone-%d", (int)getpid());
	snprintf(path, sizeof(path), RUNDIR_PATH "/%s.lock", instance);
	cr_assert_eq(rundir_make((gid_t)-1), 0);
	cr_assert_eq(rundir_lock(instance, &first, &holder), 0);
	stale = open(path, O_RDWR);
	cr_expect(is_current(stale, path));
	rundir_unlock(instance, first);
	cr_expect_neq(access(path, F_OK), 0);
	cr_expect_not(is_current(stale, path));
	cr_expect_eq(rundir_lock(instance, &second, &holder), 0);
	cr_expect_not(is_current(stale, path));
	cr_expect(is_current(second, path));
	close(stale);
	rundir_unlock(instance, second);
}

Test(rundir, a_directory_that_others_can_write_into_is_refused)
{
	cr_assert_eq(rundir_make((gid_t)-1), 0);
	/* The other tests run meanwhile, but look at the mode at their start only. */
	int fd = open(RUNDIR_PATH, O_RDONLY | O_DIRECTORY);
	struct stat st;

	cr_assert_eq(fstat(fd, &st), 0);
	cr_expect_eq(check_directory(fd, (gid_t)-1), 0);
	close(fd);
	fd = open("/tmp", O_RDONLY | O_DIRECTORY);
	cr_expect_eq(check_directory(fd, (gid_t)-1), -EPERM);
	close(fd);
}
