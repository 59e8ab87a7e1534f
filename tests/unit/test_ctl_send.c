/* SPDX-License-Identifier: GPL-2.0-only */
/* The built sipxdpctl as a SIP client: `send` against a server of a few lines on loopback. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT	  "5070"
#define AT	  "127.0.0.1:" PORT
#define MESSAGE	  4096
#define LINES_MAX 16

/* ---- a world of its own, with a server in it ---- */

static char program[512];
static pid_t server = -1;
static json_t *document;

static const char *enter_world(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 32);
	int fd, err;

	if (length < 0)
		return "no /proc";
	program[length] = '\0';
	for (int up = 0; up < 3; up++) /* build/tests/unit/test_ctl_send */
		*strrchr(program, '/') = '\0';
	strcat(program, "/sipxdpctl");
	if (access(program, X_OK))
		return "sipxdpctl is not built";
	if (geteuid() != 0)
		return "not root";
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=0755"))
		return "no namespaces";
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	err = ioctl(fd, SIOCSIFFLAGS, &loopback);
	close(fd);
	return err ? "no loopback" : NULL;
}

static void set_up(void)
{
	const char *why = enter_world();

	if (why)
		cr_skip_test("%s", why);
}

static void tear_down(void)
{
	json_decref(document);
	if (server > 0) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
	}
}

TestSuite(ctl_send, .init = set_up, .fini = tear_down, .timeout = 60);

/* What it says to a request that begins so, and to which of them: the first, the second … */
struct line {
	const char *method;
	unsigned int turn; /* 0: every one */
	const char *says;  /* status, reason and header lines; NULL: nothing */
};

/* An answer to an offer of one audio stream (RFC 3264). */
static const char sdp[] = "v=0\r\no=server 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
			  "t=0 0\r\nm=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

/* With the request's own headers, and a body where it says of which type. */
static int reply(const char *request, const char *says, char *out)
{
	static const char *const kept[] = { "\r\nVia:", "\r\nFrom:", "\r\nTo:", "\r\nCall-ID:",
					    "\r\nCSeq:" };
	const char *body = strstr(says, "application/sdp") ? sdp : "";
	int length = snprintf(out, MESSAGE, "SIP/2.0 %.*s", (int)strcspn(says, "\n"), says);

	for (int i = 0; i < 5; i++) {
		const char *header = strstr(request, kept[i]);
		bool untagged = i == 2 && header && !strstr(header, ";tag=server");

		if (header)
			length += snprintf(out + length, (size_t)(MESSAGE - length), "%.*s%s",
					   (int)strcspn(header + 2, "\r") + 2, header,
					   untagged ? ";tag=server" : "");
	}
	for (says += strcspn(says, "\n"); *says; says += strcspn(says, "\n")) {
		says++;
		length += snprintf(out + length, (size_t)(MESSAGE - length), "\r\n%.*s",
				   (int)strcspn(says, "\n"), says);
	}
	return length + snprintf(out + length, (size_t)(MESSAGE - length),
				 "\r\nContact: <sip:server@" AT
				 ">\r\nContent-Length: %zu\r\n\r\n%s",
				 strlen(body), body);
}

static void answer(int fd, const char *request, const struct sockaddr_in *from,
		   const struct line *lines, unsigned int *turns)
{
	char out[MESSAGE];

	for (unsigned int i = 0; lines[i].method; i++) {
		if (strncmp(request, lines[i].method, strlen(lines[i].method)) != 0)
			continue;
		turns[i]++;
		if (lines[i].turn && turns[i] != lines[i].turn)
			continue;
		if (lines[i].says) {
			int length = reply(request, lines[i].says, out);

			sendto(fd, out, (size_t)length, 0, (const struct sockaddr *)from,
			       sizeof(*from));
		}
	}
}

/* Plays the lines to whoever asks, until the test is over. */
static void start_server(const struct line *lines)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
				    .sin_port = htons(5070),
				    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0, "%s", strerror(errno));
	server = fork();
	if (server == 0) {
		unsigned int turns[LINES_MAX] = { 0 };
		char got[MESSAGE];
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		ssize_t length;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while ((length = recvfrom(fd, got, sizeof(got) - 1, 0, (struct sockaddr *)&from,
					  &size)) >= 0) {
			got[length] = '\0';
			answer(fd, got, &from, lines, turns);
			size = sizeof(from);
		}
		_exit(0);
	}
	close(fd);
}

/* ---- running it ---- */

static const char *text_of(const char *path)
{
	static char text[65536];
	FILE *file = fopen(path, "r");
	size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (file)
		fclose(file);
	text[size] = '\0';
	return text;
}

/* Its exit code; what it prints is in /run/out and /run/err. */
static int send_request(const char *words)
{
	char line[1024];
	int status;

	snprintf(line, sizeof(line), "timeout 40 %s send %s >/run/out 2>/run/err", program, words);
	status = system(line);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void expect_said(const char *path, const char *wanted)
{
	cr_assert(strstr(text_of(path), wanted), "\"%s\" is not in:\n%.3000s", wanted,
		  text_of(path));
}

static void expect_json(const char *key, const char *wanted)
{
	json_error_t error;
	const char *text;

	json_decref(document);
	document = json_loads(text_of("/run/out"), JSON_REJECT_DUPLICATES, &error);
	cr_assert(document, "%s: %.2000s", error.text, text_of("/run/out"));
	text = json_string_value(json_object_get(document, key));
	cr_assert(text && !strcmp(text, wanted), "%s is %s instead of %s", key, text ? text : "-",
		  wanted);
}

/* The start lines' first words of what was sent, one after the other. */
static const char *requests(void)
{
	static char text[512];
	json_t *row;
	size_t i;

	*text = '\0';
	json_array_foreach (json_object_get(document, "messages"), i, row) {
		const char *line = json_string_value(json_object_get(row, "text"));

		if (strcmp(json_string_value(json_object_get(row, "direction")), "sent") != 0 ||
		    json_is_true(json_object_get(row, "again")))
			continue;
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%.*s",
			 *text ? " " : "", (int)strcspn(line, " "), line);
	}
	return text;
}

/* ---- tests ---- */

Test(ctl_send, what_goes_and_comes_is_shown_and_200_is_0)
{
	static const struct line lines[] = { { "OPTIONS", 0, "200 OK\nAllow: INVITE" }, { 0 } };

	start_server(lines);
	cr_assert_eq(send_request("OPTIONS sip:" AT), 0, "%s", text_of("/run/err"));
	expect_said("/run/out", " -> udp:" AT);
	expect_said("/run/out", "    OPTIONS sip:" AT " SIP/2.0\n");
	expect_said("/run/out", " <- udp:" AT);
	expect_said("/run/out", "    SIP/2.0 200 OK\n");
	expect_said("/run/out", "    Allow: INVITE\n");
}

Test(ctl_send, a_refusal_is_1_and_quoted)
{
	static const struct line lines[] = { { "MESSAGE", 0, "404 No Such User" }, { 0 } };

	start_server(lines);
	cr_assert_eq(send_request("MESSAGE sip:nobody@" AT), 1);
	expect_said("/run/err", "404");
	cr_assert_eq(send_request("--json MESSAGE sip:nobody@" AT), 1);
	expect_json("outcome", "refused");
	cr_assert_eq(json_integer_value(json_object_get(document, "status")), 404);
}

Test(ctl_send, a_challenge_is_answered_with_a_password_from_a_file)
{
	static const struct line lines[] = {
		{ "REGISTER", 1,
		  "401 Unauthorized\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", "
		  "algorithm=MD5, qop=\"auth\"" },
		{ "REGISTER", 2, "200 OK\nExpires: 60" },
		{ 0 }
	};
	FILE *file = fopen("/run/password", "w");

	cr_assert(file && fputs("secret\nmore\n", file) >= 0 && fclose(file) == 0);
	start_server(lines);
	cr_assert_eq(send_request("--json REGISTER sip:alice@" AT " --user alice --password-file "
				  "/run/password --expires 60"),
		     0, "%s", text_of("/run/err"));
	expect_json("outcome", "succeeded");
	cr_assert_str_eq(requests(), "REGISTER REGISTER");
	expect_said("/run/out", "username=\\\"alice\\\"");
	cr_assert_null(strstr(text_of("/run/out"), "secret"), "the password is in it");
}

Test(ctl_send, a_call_is_set_up_held_taken_back_and_hung_up)
{
	static const struct line lines[] = { { "INVITE", 0,
					       "200 OK\nContent-Type: application/sdp" },
					     { "BYE", 0, "200 OK" },
					     { 0 } };

	start_server(lines);
	cr_assert_eq(send_request("--json INVITE sip:bob@" AT " --hold 300ms --reinvite"), 0, "%s",
		     text_of("/run/err"));
	expect_json("outcome", "succeeded");
	cr_assert_str_eq(requests(), "INVITE ACK INVITE ACK INVITE ACK BYE");
	expect_said("/run/out", "a=inactive");
	cr_assert(json_is_false(json_object_get(document, "hung_up")));
}

/* Offered a stream, and answered as if none had been. */
Test(ctl_send, a_call_that_did_not_go_as_it_should_is_1)
{
	static const struct line lines[] = { { "INVITE", 0, "200 OK" },
					     { "BYE", 0, "481 No Such Call" },
					     { 0 } };

	start_server(lines);
	cr_assert_eq(send_request("--json INVITE sip:bob@" AT " --hold 100ms"), 1);
	expect_json("outcome", "spoilt");
	expect_said("/run/err", "the call did not go as it should");
}

Test(ctl_send, an_unanswered_call_is_cancelled)
{
	static const struct line lines[] = { { "INVITE", 1, "180 Ringing" },
					     { "CANCEL", 0, "200 OK" },
					     { 0 } };

	start_server(lines);
	cr_assert_eq(send_request("--json INVITE sip:bob@" AT " --cancel-after 300ms --timeout 3"),
		     1);
	document = json_loads(text_of("/run/out"), 0, NULL);
	cr_assert_str_eq(requests(), "INVITE CANCEL");
	expect_said("/run/out", "180 Ringing");
}

Test(ctl_send, silence_and_an_empty_port_are_told_apart)
{
	static const struct line lines[] = { { "OPTIONS", 0, NULL }, { 0 } };

	cr_assert_eq(send_request("OPTIONS sip:" AT), 3, "%s", text_of("/run/err"));
	cr_assert_eq(send_request("OPTIONS sip:" AT " --transport tcp"), 3);
	start_server(lines);
	cr_assert_eq(send_request("OPTIONS sip:" AT " --timeout 2"), 1);
	expect_said("/run/err", "no answer");
	expect_said("/run/out", " again, timer E: OPTIONS sip:" AT " SIP/2.0\n");
	cr_assert_eq(send_request("--json OPTIONS sip:" AT " --timeout 1"), 1);
	expect_json("outcome", "no-answer");
}

Test(ctl_send, a_body_and_headers_of_ones_own_are_sent)
{
	static const struct line lines[] = { { "MESSAGE", 0, "202 Accepted" }, { 0 } };
	FILE *file = fopen("/run/body", "w");

	cr_assert(file && fputs("hello\n", file) >= 0 && fclose(file) == 0);
	start_server(lines);
	cr_assert_eq(send_request("MESSAGE sip:bob@example.com --to " AT
				  " --body /run/body --content-type text/plain --header 'Subject: "
				  "a word' --from sip:me@example.com"),
		     0, "%s", text_of("/run/err"));
	expect_said("/run/out", "    MESSAGE sip:bob@example.com SIP/2.0\n");
	expect_said("/run/out", "    Subject: a word\n");
	expect_said("/run/out", "    Content-Length: 6\n");
	expect_said("/run/out", "    hello\n");
	expect_said("/run/out", "From: <sip:me@example.com>");
}

Test(ctl_send, what_makes_no_request_is_wrong_usage)
{
	static const struct {
		const char *words;
		const char *said;
	} rows[] = {
		{ "", "which method?" },
		{ "OPTIONS", "to which URI?" },
		{ "OPTIONS tel:+123", "send speaks sip:" },
		{ "OPTIONS example.com", "not a SIP URI" },
		{ "OPTIONS sips:a@" AT, "send speaks sip:" },
		{ "ACK sip:" AT, "belongs to an INVITE" },
		{ "OPTIONS sip:" AT " --reinvite", "belong to INVITE" },
		{ "MESSAGE sip:" AT " --body /run/body", "needs its --content-type" },
		{ "MESSAGE sip:" AT " --content-type text/plain", "belongs to --body" },
		{ "MESSAGE sip:" AT " --content-type text/plain --body /run/none", "No such file" },
		{ "REGISTER sip:" AT " --password-file /run/none", "No such file" },
		{ "REGISTER sip:" AT " --password a --password-file /run/none", "not both" },
		{ "REGISTER sip:" AT " --password-file /run/long", "longer than 255 octets" },
		{ "OPTIONS sip:a@example.com --to a:b:c", "is not HOST" },
		{ "OPTIONS sip:" AT " --header 'no colon'", "" },
	};
	FILE *file = fopen("/run/long", "w");

	cr_assert(file && fprintf(file, "%0256d\n", 0) == 257 && fclose(file) == 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(send_request(rows[i].words), 2, "%s: %s", rows[i].words,
			     text_of("/run/err"));
		expect_said("/run/err", rows[i].said);
	}
}

Test(ctl_send, what_is_no_SIP_is_told_and_not_taken_for_an_answer)
{
	static const struct line lines[] = { { "OPTIONS", 1, "200 \x1b[2J" },
					     { "OPTIONS", 2, "200 OK" },
					     { 0 } };

	start_server(lines);
	cr_assert_eq(send_request("OPTIONS sip:" AT), 0, "%s", text_of("/run/err"));
	expect_said("/run/out", "no valid message: RFC 3261");
	expect_said("/run/out", "SIP/2.0 200 \\x1b[2J\n");
}
