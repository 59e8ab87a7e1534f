/* SPDX-License-Identifier: GPL-2.0-only */
/* The built sipxdpd with a balanced service: backends of a few lines that answer its probes or do not,
 * and sipxdpctl to change the pool and to ask what came of it. */
#include <netinet/in.h>

#include "test_daemon_stage.h"

#define LIST_PATH    "/run/dispatcher.list"
#define BACKENDS_MAX 4

#define POOL(rest)                                                                                 \
	CONFIG "    balance:\n"                                                                    \
	       "      probe: {interval: 100ms, timeout: 80ms, rise: 2, fall: 2}\n" rest

#define TWO_BACKENDS                                                                               \
	"      backends:\n"                                                                        \
	"        - {name: a, address: \"10.9.1.1:5060\"}\n"                                        \
	"        - {name: b, address: \"10.9.1.2:5060\", weight: 3}\n"

/* ---- backends ---- */

static pid_t backends[BACKENDS_MAX + 1];

/* The answer to a probe: its own headers, but for those that only a request has. */
static size_t answer(const char *request, const char *status, char *out, size_t size)
{
	static const char *const kept[] = { "Via:", "From:", "To:", "Call-ID:", "CSeq:" };
	size_t length = (size_t)snprintf(out, size, "SIP/2.0 %s\r\n", status);

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const char *line = strstr(request, kept[i]);

		cr_assert(line, "a probe without %s:\n%s", kept[i], request);
		length += (size_t)snprintf(out + length, size - length, "%.*s%s\r\n",
					   (int)strcspn(line, "\r"), line, i == 2 ? ";tag=b" : "");
	}
	return length + (size_t)snprintf(out + length, size - length, "Content-Length: 0\r\n\r\n");
}

static void serve_datagrams(int fd, const char *status)
{
	char got[2048], text[2048];
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	ssize_t length;

	while ((length = recvfrom(fd, got, sizeof(got) - 1, 0, (struct sockaddr *)&from, &size)) >
	       0) {
		got[length] = '\0';
		sendto(fd, text, answer(got, status, text, sizeof(text)), 0,
		       (struct sockaddr *)&from, size);
		size = sizeof(from);
	}
}

static void serve_connections(int fd, const char *status)
{
	char got[2048], text[2048];
	ssize_t length;
	int client;

	while ((client = accept(fd, NULL, NULL)) >= 0) {
		length = recv(client, got, sizeof(got) - 1, 0);
		if (length > 0) {
			got[length] = '\0';
			length = (ssize_t)answer(got, status, text, sizeof(text));
			if (send(client, text, (size_t)length, MSG_NOSIGNAL) != length)
				_exit(1);
		}
		close(client);
	}
}

/* 10.9.1.NUMBER:5060 answers every probe with that status. */
static void start_backend(int number, int type, const char *status)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
				    .sin_port = htons(5060),
				    .sin_addr = { htonl(0x0a090100 + (unsigned int)number) } };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), on = 1;

	cr_assert(fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0, "%s", strerror(errno));
	cr_assert(type == SOCK_DGRAM || listen(fd, 8) == 0);
	backends[number] = fork();
	if (backends[number] == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (type == SOCK_DGRAM)
			serve_datagrams(fd, status);
		else
			serve_connections(fd, status);
		_exit(0);
	}
	close(fd);
}

static void stop_backend(int number)
{
	end(&backends[number], SIGKILL);
}

static void set_up_pool(void)
{
	set_up();
	for (int i = 1; i <= BACKENDS_MAX; i++)
		cr_assert(shell("ip addr add 10.9.1.%d/32 dev lo", i));
}

static void tear_down_pool(void)
{
	tear_down();
	for (int i = 1; i <= BACKENDS_MAX; i++)
		stop_backend(i);
}

TestSuite(daemon_pool, .init = set_up_pool, .fini = tear_down_pool, .timeout = 120);

/* ---- what the pool is ---- */

static json_t *find_backend(const char *name)
{
	json_t *rows = json_object_get(ctl_json("backend list"), "backends"), *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		if (!strcmp(json_string_value(json_object_get(row, "name")), name))
			return row;
	}
	return NULL;
}

static const char *text_in(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "";
}

/* Waits until it has that state; "" is gone. */
static void await_state(const char *name, const char *state)
{
	for (time_t end_of_it = time(NULL) + WAIT_S; time(NULL) < end_of_it;) {
		json_t *row = find_backend(name); /* takes half a second */

		if (!strcmp(row ? text_in(row, "state") : "", state))
			return;
	}
	cr_assert_fail("%s is not \"%s\":\n%.2000s\n%.3000s", name, state, text_of("/run/ctl"),
		       text_of(LOG_PATH));
}

static void expect_number(const char *name, const char *key, json_int_t wanted)
{
	json_t *row = find_backend(name);

	cr_assert(row, "no backend %s", name);
	cr_assert_eq(json_integer_value(json_object_get(row, key)), wanted, "%s of %s: %.2000s",
		     key, name, text_of("/run/ctl"));
}

/* The daemon's table, not only its rows: made a moment after each change. */
static void await_up(json_int_t count)
{
	for (int i = 0; i < WAIT_S * 20; i++) {
		json_t *services = json_object_get(ctl_json("status"), "services");

		if (json_integer_value(
			    json_object_get(json_array_get(services, 0), "backends_up")) == count)
			return;
		nap();
	}
	cr_assert_fail("not %d backends up: %.2000s", (int)count, text_of("/run/ctl"));
}

/* A change by hand: its exit code and what it says. */
static void change(const char *words, int code, const char *said_then)
{
	char line[200];

	snprintf(line, sizeof(line), "backend %s", words);
	cr_assert_eq(ctl(line), code, "%s: %s", words, text_of("/run/ctl"));
	expect_said("/run/ctl", said_then);
}

/* ---- tests ---- */

Test(daemon_pool, who_does_not_answer_is_taken_down_and_who_does_comes_back)
{
	write_config(POOL(TWO_BACKENDS));
	start_backend(1, SOCK_DGRAM, "200 OK");
	start_guard();
	await_state("b", "down");
	await_up(1);
	await_said("service proxy: backend b is down: ");
	await_state("a", "up");
	expect_number("a", "probe_status", 200);
	start_backend(2, SOCK_DGRAM, "200 OK");
	await_state("b", "up");
	await_said("service proxy: backend b is up: answers");
	await_up(2);
	expect_number("b", "weight", 3);

	stop_backend(1);
	stop_backend(2);
	await_said("service proxy: no backend is up");
	start_backend(1, SOCK_DGRAM, "200 OK");
	await_said("service proxy: 1 backends are up again");
	cr_assert_gt(daemon_number("probes"), 4);
	cr_assert_gt(daemon_number("probes_failed"), 0);
}

Test(daemon_pool, a_status_that_is_not_accepted_is_a_failure)
{
	write_config(CONFIG
		     "    balance:\n"
		     "      probe: {interval: 100ms, timeout: 80ms, rise: 2, fall: 2, accept: "
		     "[200-299, 404]}\n" TWO_BACKENDS);
	start_backend(1, SOCK_DGRAM, "503 Service Unavailable");
	start_backend(2, SOCK_DGRAM, "404 Not Found");
	start_guard();
	await_said("service proxy: backend a is down: answers with a status that is not accepted");
	expect_number("a", "probe_status", 503);
	await_state("b", "up");
	expect_number("b", "probe_status", 404);
}

Test(daemon_pool, probes_go_over_tcp_as_well)
{
	write_config(CONFIG "    balance:\n"
			    "      probe: {interval: 100ms, timeout: 80ms, rise: 2, fall: 2, "
			    "transport: tcp}\n" TWO_BACKENDS);
	start_backend(1, SOCK_STREAM, "200 OK");
	start_guard();
	await_state("b", "down");
	start_backend(2, SOCK_STREAM, "200 OK");
	await_said("service proxy: backend b is up: answers");
	await_state("a", "up");
}

Test(daemon_pool, orders_by_hand_hold_until_they_are_taken_back)
{
	write_config(POOL(TWO_BACKENDS));
	start_backend(1, SOCK_DGRAM, "200 OK");
	start_backend(2, SOCK_DGRAM, "200 OK");
	start_guard();
	await_up(2);
	change("drain a", 0, "a");
	await_state("a", "drain");
	await_up(1);
	change("down b", 0, "b");
	await_state("b", "down");
	cr_assert_str_eq(text_in(find_backend("b"), "by_hand"), "down");
	await_said("service proxy: no backend is up");
	nap(); /* good probes do not lift the order */
	await_state("b", "down");
	change("up b --service proxy", 0, "b");
	await_state("b", "up");
	change("up a", 0, "a");
	await_up(2);

	stop_guard(SIGKILL, 128 + SIGKILL);
	start_guard();
	await_up(2);
}

Test(daemon_pool, backends_are_added_weighted_and_removed_by_hand)
{
	write_config(POOL(TWO_BACKENDS));
	start_backend(1, SOCK_DGRAM, "200 OK");
	start_backend(2, SOCK_DGRAM, "200 OK");
	start_guard();
	await_up(2);
	change("add c 10.9.1.3:5060 --weight 2", 0, "c");
	await_state("c", "down"); /* until it answers */
	start_backend(3, SOCK_DGRAM, "200 OK");
	await_state("c", "up");
	expect_number("c", "weight", 2);
	change("weight c 7", 0, "c");
	expect_number("c", "weight", 7);
	expect_said(LOG_PATH, "backend c has weight 7 by hand, had 2");
	change("remove b", 0, "b");
	await_state("b", ""); /* at once, as nothing was sent to it */
	await_up(2);

	/* The file has the last word. */
	cr_assert_eq(ctl("reload"), 0);
	await_state("c", "");
	await_state("b", "up");
}

Test(daemon_pool, what_cannot_be_done_by_hand_is_refused_with_the_reason)
{
	static const struct {
		const char *words;
		int code;
		const char *said;
	} rows[] = {
		{ "add a 10.9.1.3:5060", 1, "is there already" },
		{ "add c 10.9.1.1:5060", 1, "is there already" },
		{ "add c 10.9.1.3", 1, "not an address and port" },
		{ "add c " SERVER ":5060", 1, SERVER ":5060: " },
		{ "add 'c d' 10.9.1.3:5060", 1, "a name is letters" },
		{ "add c 10.9.1.3:5060 --service other", 1, "there is no service 'other'" },
		{ "add c 10.9.1.3:5060 --service plain", 1, "no 'balance'" },
		{ "drain nobody", 1, "there is no backend 'nobody'" },
		{ "remove nobody", 1, "there is no backend 'nobody'" },
		{ "weight nobody 3", 1, "there is no backend 'nobody'" },
		{ "drain a --service other", 1, "there is no service 'other'" },
		{ "weight a 1001", 2, "1000" },
		{ "weight a", 2, "" },
	};

	write_config(POOL(TWO_BACKENDS "  - name: plain\n"
				       "    listen: [\"udp:" SERVER ":5080\"]\n"));
	start_guard();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		change(rows[i].words, rows[i].code, rows[i].said);
	cr_assert_eq(json_array_size(json_object_get(ctl_json("backend list"), "backends")), 2);

	write_config(POOL(TWO_BACKENDS "  - name: second\n"
				       "    listen: [\"udp:" SERVER ":5080\"]\n"
				       "    balance:\n" TWO_BACKENDS));
	cr_assert_eq(ctl("reload"), 0, "%s", text_of("/run/ctl"));
	change("add c 10.9.1.3:5060", 1, "several services could be meant");
	change("drain a", 1, "several services could be meant");
	change("drain a --service second", 0, "a");

	write_config(CONFIG);
	cr_assert_eq(ctl("reload"), 0);
	change("add c 10.9.1.3:5060", 1, "no service has 'balance'");
}

static void write_list(const char *text)
{
	FILE *file = fopen(LIST_PATH ".new", "w");

	cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
	cr_assert_eq(rename(LIST_PATH ".new", LIST_PATH), 0);
}

Test(daemon_pool, a_list_is_followed_and_a_wrong_one_changes_nothing)
{
	write_list("1 sip:10.9.1.1 0 0 duid=one\n2 sip:10.9.1.4\n");
	write_config(POOL("      import: dispatcher.list\n      import_set: 1\n"));
	start_backend(1, SOCK_DGRAM, "200 OK");
	start_backend(2, SOCK_DGRAM, "200 OK");
	start_guard();
	await_state("one", "up");
	write_list("1 sip:10.9.1.1 0 0 duid=one;weight=5\n1 sip:10.9.1.2 0 0 duid=two\n");
	await_state("two", "up");
	expect_number("one", "weight", 5);
	await_said("was read again: 1 backends joined, 0 left, 1 have another weight");
	write_list("1 sip:10.9.1.2 0 0 duid=two\n1 not-a-uri\n");
	await_said("dispatcher.list:2:3: the destination is not a SIP URI");
	await_said("is not taken over, the pool stays as it was");
	await_state("one", "up");
	write_list("1 sip:10.9.1.2 0 0 duid=two\n");
	await_state("one", "");

	/* Without the list nothing of it is followed any more. */
	write_config(POOL(TWO_BACKENDS));
	cr_assert_eq(ctl("reload"), 0, "%s", text_of("/run/ctl"));
	await_state("a", "up");
	write_list("1 sip:10.9.1.4 0 0 duid=four\n");
	nap();
	cr_assert_null(find_backend("four"));
}

/* The configuration is read first, and the list with it; the packet path takes its time to load. */
Test(daemon_pool, a_list_that_changes_during_the_start_is_not_missed)
{
	char *argv[] = { daemon_path, (char[]){ "-c" }, (char[]){ CONFIG_PATH }, NULL };

	write_list("1 sip:10.9.1.1 0 0 duid=one\n");
	write_config(POOL("      import: dispatcher.list\n      import_set: 1\n"));
	start_backend(2, SOCK_DGRAM, "200 OK");
	guard = start_program(argv, LOG_PATH);
	for (int i = 0; i < WAIT_S * 1000 && access(INSTANCE_AT, F_OK); i++)
		usleep(1000);
	write_list("1 sip:10.9.1.2 0 0 duid=two\n");
	await_news("READY=1");
	await_state("two", "up");
	cr_assert_null(find_backend("one"));
}

Test(daemon_pool, a_host_that_does_not_forward_is_told_so)
{
	cr_assert(shell("sysctl -qw net.ipv4.conf.g0.forwarding=0"));
	write_config(POOL(TWO_BACKENDS));
	start_guard();
	expect_said(LOG_PATH, "IPv4 forwarding is off on g0");
	cr_assert(shell("sysctl -qw net.ipv4.conf.g0.forwarding=1"));
	stop_guard(SIGTERM, 0);
	start_guard();
	cr_assert_not(said(LOG_PATH, "forwarding is off"), "%s", text_of(LOG_PATH));
}
