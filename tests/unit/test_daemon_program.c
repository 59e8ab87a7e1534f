/* SPDX-License-Identifier: GPL-2.0-only */
/* The built sipxdpd, as a service manager runs it: in namespaces of this test's own, guarding one
 * end of a veth, with a peer of a few lines at the other, and sipxdpctl to ask what came of it. */
#include "test_daemon_stage.h"

TestSuite(daemon_program, .init = set_up, .fini = tear_down, .timeout = 120);

/* ---- words and exit codes ---- */

Test(daemon_program, a_word_that_it_does_not_know_is_wrong_usage)
{
	cr_assert_eq(once("--frobnicate", NULL), 2);
	expect_said("/run/once", "usage: sipxdpd");
	cr_assert_eq(once("extra", NULL), 2);
	expect_said("/run/once", "unexpected argument: extra");
	cr_assert_eq(once("-c", CONFIG_PATH, "--instance", "../up", NULL), 2);
	expect_said("/run/once", "--instance: '../up' is not a name");
	cr_assert_eq(once("-t", "-c", CONFIG_PATH, "--instance", "", NULL), 2);
}

Test(daemon_program, help_and_version_are_given_without_rights_or_configuration)
{
	unlink(CONFIG_PATH);
	cr_assert_eq(once("--help", NULL), 0);
	expect_said("/run/once", "usage: sipxdpd");
	cr_assert_eq(once("--version", NULL), 0);
	expect_said("/run/once", "sipxdpd ");
}

Test(daemon_program, a_check_names_the_mistake_and_touches_nothing)
{
	cr_assert_eq(once("-t", "-c", CONFIG_PATH, NULL), 0);
	expect_said("/run/once", "good");
	write_config(CONFIG "colour: green\n");
	cr_assert_eq(once("-t", "-c", CONFIG_PATH, NULL), 1);
	expect_said("/run/once", "colour");
	cr_assert_eq(once("-t", "-c", "/run/nowhere.yaml", NULL), 1);
	expect_said("/run/once", "nowhere.yaml");
	cr_assert_neq(access(INSTANCE_AT, F_OK), 0);
}

Test(daemon_program, what_cannot_start_says_why_and_leaves_nothing)
{
	write_config(CONFIG "colour: green\n");
	cr_assert_eq(once("-c", CONFIG_PATH, NULL), 1);
	expect_said("/run/once", "colour");

	write_config("interfaces: [nowhere0]\nservices: [{name: a, listen: [\"udp:" SERVER
		     ":5060\"]}]\n");
	cr_assert_eq(once("-c", CONFIG_PATH, "--instance", "progtest", NULL), 1);
	expect_said("/run/once", "nowhere0");
	cr_assert_neq(access(INSTANCE_AT, F_OK), 0);
}

Test(daemon_program, without_rights_it_says_which_are_missing)
{
	cr_assert(chmod("/run", 0755) == 0 && chmod(CONFIG_PATH, 0644) == 0);
	cr_assert(shell("setpriv --bounding-set=-bpf,-net_admin,-perfmon --inh-caps=-all "
			"%s -c " CONFIG_PATH " 2>/run/once; test $? -eq 4",
			daemon_path),
		  "%s", text_of("/run/once"));
	expect_said("/run/once", "cap_net_admin");
}

/* ---- start, reload, stop ---- */

Test(daemon_program, start_and_stop_are_told_and_leave_nothing)
{
	json_t *interfaces;

	start_guard();
	expect_said(LOG_PATH, "instance progtest: 1 service on 1 interface, enforcing");
	cr_assert_eq(daemon_number("pid"), guard);
	interfaces = json_object_get(document, "interfaces");
	cr_assert_eq(json_array_size(interfaces), 1);
	cr_assert_str_eq(json_string_value(json_object_get(json_array_get(interfaces, 0), "name")),
			 "g0");
	stop_guard(SIGTERM, 0);
	await_news("STOPPING=1");
	cr_assert_neq(access(INSTANCE_AT, F_OK), 0, "pins are left");
	cr_assert(shell("test -z \"$(ip -d link show g0 | grep -o 'prog/xdp')\""), "XDP is left");
	expect_said(LOG_PATH, "stopping");
}

/* Its socket is there, and full. */
Test(daemon_program, a_service_manager_that_does_not_read_is_not_waited_for)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = NOTIFY_PATH };
	int writer = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char *argv[] = { daemon_path, (char[]){ "-c" }, (char[]){ CONFIG_PATH }, NULL };

	while (sendto(writer, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&address, sizeof(address)) ==
	       1)
		;
	cr_assert_eq(errno, EAGAIN);
	setenv("WATCHDOG_USEC", "300000", 1);
	guard = start_program(argv, LOG_PATH);
	await_said("1 service on 1 interface, enforcing");
	await_said("the service manager is not told \"WATCHDOG=1\"");
	cr_assert_eq(ctl("reload"), 0, "%s", text_of("/run/ctl"));
	/* It is read again. */
	await_news("WATCHDOG=1");
	await_news("WATCHDOG=1");
	stop_guard(SIGTERM, 0);
	close(writer);
}

Test(daemon_program, a_second_one_is_refused_and_the_first_goes_on)
{
	char holder[64];

	start_guard();
	cr_assert_eq(once("-c", CONFIG_PATH, NULL), 1);
	snprintf(holder, sizeof(holder), "already running (pid %d)", (int)guard);
	expect_said("/run/once", holder);
	cr_assert_eq(daemon_number("pid"), guard);
	/* Another instance cannot have the interface either, without a dispatcher. */
	stop_guard(SIGINT, 0);
}

Test(daemon_program, a_reload_is_all_or_nothing)
{
	start_guard();
	write_config(CONFIG "mode: monitor\ntap: {keep_samples: 32}\n");
	kill(guard, SIGHUP);
	await_news("RELOADING=1");
	await_news("READY=1");
	cr_assert_str_eq(json_string_value(json_object_get(ctl_json("status"), "mode")), "monitor");

	write_config(CONFIG "mode: sometimes\n");
	cr_assert_neq(ctl("reload"), 0);
	expect_said("/run/ctl", "mode");
	expect_said(LOG_PATH, "the old configuration stays in force");
	cr_assert_str_eq(json_string_value(json_object_get(ctl_json("status"), "mode")), "monitor");

	write_config(CONFIG "interfaces: [g0, nowhere0]\n");
	cr_assert_neq(ctl("reload"), 0);
	write_config("instance: progtest\ninterfaces: [nowhere0]\nservices:\n  - name: proxy\n    "
		     "listen: [\"udp:" SERVER ":5060\"]\n");
	cr_assert_neq(ctl("reload"), 0);
	cr_assert_str_eq(json_string_value(json_object_get(ctl_json("status"), "mode")), "monitor");
	cr_assert_eq(json_array_size(json_object_get(document, "interfaces")), 1);
}

Test(daemon_program, a_reload_names_what_needs_a_restart)
{
	start_guard();
	write_config("instance: other\nhash_seed: 00112233445566778899aabbccddeeff\n"
		     "interfaces: [g0]\ntables: {sources: 8192}\n"
		     "services: [{name: proxy, listen: [\"udp:" SERVER ":5060\"]}]\n");
	cr_assert_eq(ctl("reload"), 0, "%s", text_of("/run/ctl"));
	expect_said("/run/ctl", "tables.sources");
	expect_said("/run/ctl", "instance");
	expect_said("/run/ctl", "hash_seed");
	cr_assert_eq(ctl("reload"), 0);
	expect_said("/run/ctl", "tables.sources");
}

Test(daemon_program, detaching_by_command_ends_it)
{
	start_guard();
	cr_assert_eq(ctl("detach"), 0, "%s", text_of("/run/ctl"));
	cr_assert_eq(exit_code_of(guard), 0);
	guard = -1;
	cr_assert_neq(access(INSTANCE_AT, F_OK), 0, "pins are left");
	cr_assert_eq(ctl("detach"), 1);
	expect_said("/run/ctl", "no instance");
}

Test(daemon_program, an_interface_that_comes_back_is_guarded_again)
{
	start_guard();
	cr_assert(shell("ip link del g0"));
	await_said("g0 is gone");
	make_veth();
	await_said("g0 is there and not guarded: attaching");
	for (int i = 0; i < WAIT_S * 20; i++) {
		if (shell("ip -d link show g0 | grep -q 'prog/xdp'"))
			break;
		nap();
	}
	cr_assert(shell("ip -d link show g0 | grep -q 'prog/xdp'"), "g0 is not guarded");
}

/* `settings` is the last one that is pinned. */
static void await_pins_made_again(void)
{
	await_said("the pins of instance 'progtest' were removed by somebody: pinning again");
	for (int i = 0; i < WAIT_S * 20; i++) {
		if (access(INSTANCE_AT "/settings", F_OK) == 0)
			return;
		nap();
	}
	cr_assert_fail("nothing is pinned: %s", text_of(LOG_PATH));
}

/* What is attached is held by the daemon; the pins are for whoever comes after it. */
Test(daemon_program, pins_that_somebody_removed_are_made_again)
{
	write_config(CONFIG "on_exit: keep\n");
	start_guard();
	cr_assert_eq(ctl("ban add 192.0.2.66"), 0);
	cr_assert(shell("rm -r " INSTANCE_AT));
	await_pins_made_again();
	cr_assert(shell("ip -d link show g0 | grep -q 'prog/xdp'"), "g0 is not guarded");
	await_rows("ban list", "bans", 1);
	stop_guard(SIGKILL, 128 + SIGKILL);
	cr_assert(shell("ip -d link show g0 | grep -q 'prog/xdp'"),
		  "the guard went with the daemon");
	start_guard();
	expect_said(LOG_PATH, "instance 'progtest' adopted");
	await_rows("ban list", "bans", 1);
	stop_guard(SIGTERM, 0);
	cr_assert_eq(ctl("detach"), 0);
	cr_assert_not(shell("ip -d link show g0 | grep -q 'prog/xdp'"), "XDP is left");
}

/* The instance's directory is still there, and still locked by the daemon itself. */
Test(daemon_program, pins_that_were_removed_from_a_directory_that_stays_are_made_again)
{
	start_guard();
	cr_assert_eq(ctl("ban add 192.0.2.66"), 0);
	cr_assert(shell("find " INSTANCE_AT " -type f -delete"));
	await_pins_made_again();
	await_rows("ban list", "bans", 1);
	cr_assert(shell("test -n \"$(find " INSTANCE_AT "/links -type f)\""), "no link is pinned");
	cr_assert_not(shell("grep -q 'is held by another' " LOG_PATH), "%s", text_of(LOG_PATH));
	stop_guard(SIGTERM, 0);
	cr_assert_neq(access(INSTANCE_AT, F_OK), 0, "pins are left");
}

static bool warns(const char *wanted)
{
	json_t *warnings = json_object_get(ctl_json("status"), "warnings"), *text;
	size_t n;

	json_array_foreach (warnings, n, text) {
		if (strstr(json_string_value(text), wanted))
			return true;
	}
	return false;
}

static void await_warning(const char *wanted, bool there)
{
	for (int i = 0; i < WAIT_S * 20; i++) {
		if (warns(wanted) == there)
			return;
		nap();
	}
	cr_assert_fail("%s warning \"%s\": %.3000s", there ? "no" : "still the", wanted,
		       text_of("/run/ctl"));
}

Test(daemon_program, status_names_where_it_does_not_guard)
{
	start_guard();
	cr_assert(!warns("g0") && !warns("interface"), "%s", text_of("/run/ctl"));
	cr_assert(shell("ip link set g0 down"));
	await_warning("g0: is down", true);
	cr_assert(shell("ip link del g0"));
	await_warning(": is gone", true);
	make_veth();
	await_said("g0 is there and not guarded: attaching");
	await_warning(": is gone", false);
	stop_guard(SIGKILL, 128 + SIGKILL);
	await_warning("no daemon: it is dead", true);
	cr_assert_eq(ctl("status"), 0);
	expect_said("/run/ctl", "native");
}

Test(daemon_program, without_room_for_a_socket_it_guards_all_the_same)
{
	cr_assert(mkdir("/run/sipxdp", 0700) == 0 &&
		  mount("tmpfs", "/run/sipxdp", "tmpfs", MS_RDONLY, "mode=0700") == 0);
	start_guard();
	expect_said(LOG_PATH, "going on without a control socket");
	cr_assert(shell("ip -d link show g0 | grep -q 'prog/xdp'"), "g0 is not guarded");
	stop_guard(SIGTERM, 0);
}

Test(daemon_program, a_run_directory_that_others_can_write_to_is_refused)
{
	cr_assert(mkdir("/run/sipxdp", 0700) == 0 && chmod("/run/sipxdp", 0777) == 0);
	cr_assert_eq(once("-c", CONFIG_PATH, NULL), 4);
	expect_said("/run/once", "only its owner can write");
}

/* ---- traffic ---- */

static int server_socket, caller_socket;

static int udp_socket(const char *address, unsigned short port)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &name.sin_addr);
	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0, "%s: %s",
		  address, strerror(errno));
	return fd;
}

/* Sockets stay in the network namespace that they were made in. */
static void open_sockets(void)
{
	char path[64];
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)peer);
	there = open(path, O_RDONLY | O_CLOEXEC);
	server_socket = udp_socket(SERVER, 5060);
	cr_assert_eq(setns(there, CLONE_NEWNET), 0);
	caller_socket = udp_socket(CALLER, 5062);
	cr_assert_eq(setns(here, CLONE_NEWNET), 0);
	close(here);
	close(there);
}

static void send_to(int fd, const char *address, unsigned short port, const char *text)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, address, &to.sin_addr);
	cr_assert_eq(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&to, sizeof(to)),
		     (ssize_t)strlen(text));
}

struct line {
	const char *start;  /* the start line */
	const char *method; /* of CSeq */
	int cseq;
	const char *to_tag; /* "" without one */
	const char *more;   /* header lines */
};

static void compose(const struct line *line, char *out, size_t size)
{
	snprintf(out, size,
		 "%s\r\n"
		 "Via: SIP/2.0/UDP " CALLER ":5062;branch=z9hG4bK-%s-%d\r\n"
		 "Max-Forwards: 70\r\n"
		 "From: <sip:alice@example.com>;tag=a1\r\n"
		 "To: <sip:bob@example.com>%s%s\r\n"
		 "Call-ID: one@" CALLER "\r\n"
		 "CSeq: %d %s\r\n"
		 "%s"
		 "Content-Length: 0\r\n\r\n",
		 line->start, line->method, line->cseq, *line->to_tag ? ";tag=" : "", line->to_tag,
		 line->cseq, line->method, line->more);
}

static void from_caller(const struct line *line)
{
	struct pollfd ready = { .fd = server_socket, .events = POLLIN };
	char text[2048], got[2048];

	compose(line, text, sizeof(text));
	send_to(caller_socket, SERVER, 5060, text);
	cr_assert_eq(poll(&ready, 1, WAIT_S * 1000), 1, "%s does not arrive", line->start);
	cr_assert_eq(recv(server_socket, got, sizeof(got), 0), (ssize_t)strlen(text));
}

static void from_server(const struct line *line)
{
	struct pollfd ready = { .fd = caller_socket, .events = POLLIN };
	char text[2048];

	compose(line, text, sizeof(text));
	send_to(server_socket, CALLER, 5062, text);
	cr_assert_eq(poll(&ready, 1, WAIT_S * 1000), 1, "%s does not arrive", line->start);
	cr_assert_gt(recv(caller_socket, text, sizeof(text), 0), 0);
}

#define CREDENTIALS                                                                                \
	"Authorization: Digest username=\"alice\", realm=\"r\", nonce=\"n1\", "                    \
	"uri=\"sip:example.com\", response=\"00000000000000000000000000000000\"\r\n"
#define CONTACT	      "Contact: <sip:alice@" CALLER ":5062>;expires=600\r\n"
#define REGISTER_LINE "REGISTER sip:example.com SIP/2.0"

static void register_alice(void)
{
	from_caller(&(struct line){ REGISTER_LINE, "REGISTER", 1, "", CONTACT });
	from_server(&(struct line){ "SIP/2.0 401 Unauthorized", "REGISTER", 1, "s1",
				    "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\"\r\n" });
	from_caller(&(struct line){ REGISTER_LINE, "REGISTER", 2, "", CONTACT CREDENTIALS });
	from_server(&(struct line){ "SIP/2.0 200 OK", "REGISTER", 2, "s1", CONTACT });
}

static void call_bob(void)
{
	from_caller(&(struct line){ "INVITE sip:bob@example.com SIP/2.0", "INVITE", 5, "",
				    "Contact: <sip:alice@" CALLER ":5062>\r\n" });
	from_server(&(struct line){ "SIP/2.0 180 Ringing", "INVITE", 5, "b1", "" });
	from_server(&(struct line){ "SIP/2.0 200 OK", "INVITE", 5, "b1",
				    "Contact: <sip:bob@" SERVER ">\r\n" });
	from_caller(&(struct line){ "ACK sip:bob@" SERVER " SIP/2.0", "ACK", 5, "b1", "" });
}

Test(daemon_program, calls_and_registrations_are_followed_and_adopted_by_the_next_daemon)
{
	write_config(CONFIG "on_exit: keep\n");
	open_sockets();
	start_guard();
	register_alice();
	call_bob();
	await_rows("registrations", "registrations", 1);
	await_rows("calls --state confirmed", "calls", 1);
	await_rows("trust list", "trusted", 1);
	cr_assert_geq(daemon_number("messages"), 8);

	stop_guard(SIGKILL, 128 + SIGKILL);
	from_caller(&(struct line){ "BYE sip:bob@" SERVER " SIP/2.0", "BYE", 6, "b1", "" });
	start_guard();
	expect_said(LOG_PATH, "adopted 1 calls and 1 registrations; 0 had run out");
	from_server(&(struct line){ "SIP/2.0 200 OK", "BYE", 6, "b1", "" });
	await_rows("calls --state confirmed", "calls", 0);
	stop_guard(SIGTERM, 0);
	expect_said(LOG_PATH, "the programs stay attached");
	cr_assert_eq(access(INSTANCE_AT, F_OK), 0, "the pins are gone");
	cr_assert_eq(ctl("detach"), 0);
}

Test(daemon_program, a_ladder_is_drawn_of_the_messages_that_were_seen)
{
	json_t *message;

	open_sockets();
	start_guard();
	call_bob();
	await_rows("ladder one@" CALLER, "messages", 4);
	message = json_array_get(json_object_get(document, "messages"), 1);
	cr_assert_str_eq(json_string_value(json_object_get(message, "message")), "180 Ringing");
	cr_assert_str_eq(json_string_value(json_object_get(message, "source")), SERVER ":5060");
	cr_assert(json_is_true(json_object_get(message, "from_server")));
	cr_assert_eq(ctl("ladder nobody@" CALLER), 1);
	expect_said("/run/ctl", "no messages of a call");
}

/* A scanner that tries twice is banned, and what it sent is shown. */
Test(daemon_program, what_was_dropped_is_shown_with_its_start_line)
{
	json_t *sample;

	open_sockets();
	start_guard();
	for (int i = 1; i <= 2; i++) {
		char text[1024];

		compose(&(struct line){ "OPTIONS sip:x@example.com SIP/2.0", "OPTIONS", i, "",
					"User-Agent: friendly-scanner\r\n" },
			text, sizeof(text));
		send_to(caller_socket, SERVER, 5060, text);
	}
	await_rows("samples", "samples", 2);
	sample = json_array_get(json_object_get(document, "samples"), 0);
	cr_assert_str_eq(json_string_value(json_object_get(sample, "reason")), "scanner");
	cr_assert_str_eq(json_string_value(json_object_get(sample, "service")), "proxy");
	cr_assert_str_eq(json_string_value(json_object_get(sample, "verdict")), "drop");
	cr_assert_str_eq(json_string_value(json_object_get(sample, "start_line")),
			 "OPTIONS sip:x@example.com SIP/2.0");
	await_rows("ban list", "bans", 1);
	await_rows("samples --last 1", "samples", 1);
	cr_assert_eq(ctl("samples --last 0"), 2);
}

Test(daemon_program, what_it_cannot_parse_is_counted_and_tracked_as_nothing)
{
	open_sockets();
	start_guard();
	/* Whole for the kernel's scanner, and no Request-URI for the parser: read all the same. */
	from_caller(&(struct line){ "MESSAGE sip:%zz@example.com SIP/2.0", "MESSAGE", 1, "", "" });
	/* The method of CSeq is another one: passed within the limit of malformed messages. */
	from_caller(&(struct line){ "MESSAGE sip:x@example.com SIP/2.0", "INFO", 1, "", "" });
	for (int i = 0; i < WAIT_S * 20 && !daemon_number("parse_errors"); i++)
		nap();
	cr_assert_eq(daemon_number("parse_errors"), 1);
	cr_assert_eq(daemon_number("faulty_messages"), 1);
}
