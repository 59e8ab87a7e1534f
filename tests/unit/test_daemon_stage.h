/* SPDX-License-Identifier: GPL-2.0-only */
/* A stage for the built sipxdpd, as a service manager runs it: in namespaces of the test's own, guarding
 * one end of a veth, and sipxdpctl to ask what came of it. */
#ifndef SIPXDP_TEST_DAEMON_STAGE_H
#define SIPXDP_TEST_DAEMON_STAGE_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONFIG_PATH "/run/test.yaml"
#define NOTIFY_PATH "/run/notify"
#define LOG_PATH    "/run/daemon.log"
#define INSTANCE_AT "/sys/fs/bpf/sipxdp/progtest"
#define SERVER	    "10.9.0.1"
#define CALLER	    "10.9.0.2"
#define WAIT_S	    20 /* the longest that anything waited for may take */

#define CONFIG                                                                                     \
	"instance: progtest\n"                                                                     \
	"interfaces: [g0]\n"                                                                       \
	"tables: {sources: 4096, trusted: 4096, provisional: 4096, dialogs: 4096, calls: 1024,\n"  \
	"         bans: 4096, registrations: 1024, fragments: 1024, networks: 1024}\n"             \
	"services:\n"                                                                              \
	"  - name: proxy\n"                                                                        \
	"    listen: [\"udp:" SERVER ":5060\"]\n"

/* ---- a world of its own ---- */

static char daemon_path[512], ctl_path[512];
static pid_t peer = -1, guard = -1;
static int notify = -1;

static inline const char *find_programs(void)
{
	char directory[400];
	ssize_t len = readlink("/proc/self/exe", directory, sizeof(directory) - 1);

	if (len < 0)
		return "no /proc";
	directory[len] = '\0';
	for (int up = 0; up < 3; up++) /* build/tests/unit/test_daemon_program */
		*strrchr(directory, '/') = '\0';
	snprintf(daemon_path, sizeof(daemon_path), "%s/sipxdpd", directory);
	snprintf(ctl_path, sizeof(ctl_path), "%s/sipxdpctl", directory);
	return access(daemon_path, X_OK) || access(ctl_path, X_OK) ? "the programs are not built"
								   : NULL;
}

static inline bool shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline bool shell(const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	return system(line) == 0;
}

static inline const char *enter_world(void)
{
	if (geteuid() != 0)
		return "not root";
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return "no mount namespace";
	if (mount("tmpfs", "/run", "tmpfs", 0, "mode=0755"))
		return "no tmpfs";
	if (unshare(CLONE_NEWNET))
		return "no network namespace";
	/* A network namespace sees its own interfaces in a sysfs of its own only. */
	if (mount("sysfs", "/sys", "sysfs", 0, NULL) || mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL))
		return "no bpffs";
	return NULL;
}

/* A process that holds the peer's network namespace. */
static inline void hold_peer(void)
{
	int ready[2];
	char byte;

	cr_assert_eq(pipe(ready), 0);
	peer = fork();
	if (peer == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		unshare(CLONE_NEWNET);
		close(ready[0]);
		close(ready[1]);
		pause();
		_exit(0);
	}
	close(ready[1]);
	cr_assert_eq(read(ready[0], &byte, 1), 0);
	close(ready[0]);
}

static inline void make_veth(void)
{
	cr_assert(shell("ip link add g0 type veth peer name p0 netns %d && ip link set lo up && "
			"ip addr add " SERVER "/24 dev g0 && ip link set g0 up && "
			"nsenter -t %d -n sh -c 'ip addr add " CALLER
			"/24 dev p0; ip link set p0 up; ethtool -K p0 tx off >/dev/null'",
			(int)peer, (int)peer));
}

static inline void write_config(const char *text)
{
	FILE *file = fopen(CONFIG_PATH, "w");

	cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static inline void listen_for_news(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = NOTIFY_PATH };

	notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unlink(NOTIFY_PATH);
	cr_assert_eq(bind(notify, (struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", NOTIFY_PATH, 1);
}

static inline void set_up(void)
{
	const char *why = find_programs();

	if (!why)
		why = enter_world();
	if (why)
		cr_skip_test("%s", why);
	hold_peer();
	make_veth();
	write_config(CONFIG);
	listen_for_news();
}

static inline void end(pid_t *pid, int signal_number)
{
	if (*pid > 0) {
		kill(*pid, signal_number);
		waitpid(*pid, NULL, 0);
	}
	*pid = -1;
}

static inline void tear_down(void)
{
	end(&guard, SIGTERM); /* a coverage run wants its end */
	end(&peer, SIGKILL);
}

/* ---- running it ---- */

static inline pid_t start_program(char *const argv[], const char *log)
{
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(log, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);

		/* Whatever becomes of the test: it is not to be left behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	cr_assert(pid > 0);
	return pid;
}

static inline int exit_code_of(pid_t pid)
{
	int status;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline const char *text_of(const char *path)
{
	static char text[65536];
	FILE *file = fopen(path, "r");
	size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (file)
		fclose(file);
	text[size] = '\0';
	return text;
}

/* Runs it to its end with these words, up to NULL; what it says is in "/run/once". */
static inline int once(const char *word, ...)
{
	char *argv[12] = { daemon_path };
	va_list words;
	int argc = 1, code;

	va_start(words, word);
	for (; word && argc < 11; word = va_arg(words, const char *))
		argv[argc++] = strdup(word);
	va_end(words);
	code = exit_code_of(start_program(argv, "/run/once"));
	for (int i = 1; i < argc; i++)
		free(argv[i]);
	return code;
}

static inline bool said(const char *path, const char *wanted)
{
	return strstr(text_of(path), wanted) != NULL;
}

static inline void expect_said(const char *path, const char *wanted)
{
	cr_assert(said(path, wanted), "\"%s\" is not in:\n%.3000s", wanted, text_of(path));
}

static inline void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
}

/* Waits until the log holds it. */
static inline void await_said(const char *wanted)
{
	for (int i = 0; i < WAIT_S * 20 && !said(LOG_PATH, wanted); i++)
		nap();
	expect_said(LOG_PATH, wanted);
}

/* The next word to the service manager that holds this. */
static inline void await_news(const char *wanted)
{
	struct pollfd ready = { .fd = notify, .events = POLLIN };
	char text[1024] = "";

	while (poll(&ready, 1, WAIT_S * 1000) == 1) {
		ssize_t length = recv(notify, text, sizeof(text) - 1, 0);

		cr_assert(length >= 0);
		text[length] = '\0';
		if (strstr(text, wanted))
			return;
	}
	cr_assert_fail("no \"%s\" to the service manager; last: \"%s\"; log:\n%.3000s", wanted,
		       text, text_of(LOG_PATH));
}

static inline void start_guard(void)
{
	char *argv[] = { daemon_path, (char[]){ "-v" }, (char[]){ "-c" }, (char[]){ CONFIG_PATH },
			 NULL };

	guard = start_program(argv, LOG_PATH);
	await_news("READY=1");
}

static inline void stop_guard(int signal_number, int code)
{
	int got;

	kill(guard, signal_number);
	got = exit_code_of(guard);
	guard = -1;
	cr_assert_eq(got, code, "exit %d instead of %d:\n%.3000s", got, code, text_of(LOG_PATH));
}

/* sipxdpctl's exit status; what it says is in "/run/ctl". */
static inline int ctl(const char *words)
{
	char line[1024];
	int status;

	snprintf(line, sizeof(line), "%s --instance progtest %s >/run/ctl 2>&1", ctl_path, words);
	status = system(line);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static json_t *document;

static inline json_t *ctl_json(const char *words)
{
	char line[256];
	json_error_t error;

	snprintf(line, sizeof(line), "--json %s", words);
	cr_assert_eq(ctl(line), 0, "%s: %s", words, text_of("/run/ctl"));
	json_decref(document);
	document = json_loads(text_of("/run/ctl"), 0, &error);
	cr_assert(document, "%s: %s", words, error.text);
	return document;
}

static inline json_int_t daemon_number(const char *key)
{
	const json_t *daemon = json_object_get(ctl_json("status"), "daemon");

	return json_integer_value(json_object_get(daemon, key));
}

static inline void await_rows(const char *words, const char *name, size_t count)
{
	for (int i = 0; i < WAIT_S * 20; i++) {
		if (json_array_size(json_object_get(ctl_json(words), name)) == count)
			return;
		nap();
	}
	cr_assert_fail("%s: not %zu rows:\n%.2000s", words, count, text_of("/run/ctl"));
}

#endif
