/* SPDX-License-Identifier: GPL-2.0-only */
/* Probes: the request and its answers, over sockets of a peer of the test; signs of silence. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "balance/probe.h"
#include "balance/silence.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SECOND	 UINT64_C(1000000000)
#define START	 (1000 * SECOND)

static struct sip_message scratch;

static struct options_message message_of(const char *to, bool tcp)
{
	struct options_message message = { .tcp = tcp, .id = 0x1234567890abcdef };

	cr_assert_eq(endpoint_parse(to, strlen(to), &message.to), 0);
	cr_assert_eq(endpoint_parse("192.0.2.1:40000", 15, &message.from), 0);
	return message;
}

/* ---- the request ---- */

Test(options, the_request_is_sip_by_the_strict_grammar)
{
	static const char *const targets[] = { "10.0.0.1:5060",
					       "[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535" };

	for (size_t i = 0; i < COUNT(targets); i++) {
		for (int tcp = 0; tcp < 2; tcp++) {
			struct options_message message = message_of(targets[i], tcp);
			char text[OPTIONS_SIZE];
			struct sip_error error = { .what = "" };
			size_t length;

			message.from = message.to;
			length = options_write(&message, text);
			cr_assert_lt(length, sizeof(text), "it is whole");
			cr_assert_eq(sip_message_parse(text, length, &scratch, &error), 0, "%s: %s",
				     error.what, text);
			cr_expect_eq(sip_message_check(&scratch, &error), 0, "%s", error.what);
			cr_expect_eq(scratch.start.method, SIP_OPTIONS);
			cr_expect_eq(scratch.warnings, 0, "%x", scratch.warnings);
			cr_expect(scratch.via[0].has_rport && scratch.via[0].has_cookie);
			cr_expect(sip_slice_is(scratch.text, scratch.via[0].transport,
					       tcp ? "TCP" : "UDP"));
		}
	}
}

/* ---- the answer ---- */

/* The response of a server to the request in `text`: its headers, with another start line. */
static size_t respond(const char *text, size_t length, const char *start, char *out, size_t size)
{
	const char *headers = memmem(text, length, "\r\n", 2);

	cr_assert(headers);
	return (size_t)snprintf(out, size, "%s%.*s", start,
				(int)(length - (size_t)(headers - text)), headers);
}

static const struct {
	const char *name;
	const char *start;
	const char *from; /* what is replaced in the response ... */
	const char *to;	  /* ... by what is as long */
	enum options_answer answer;
	uint16_t status;
} answers[] = {
	{ "200", "SIP/2.0 200 OK", NULL, NULL, OPTIONS_FINAL, 200 },
	{ "404", "SIP/2.0 404 Not Found", NULL, NULL, OPTIONS_FINAL, 404 },
	{ "100", "SIP/2.0 100 Trying", NULL, NULL, OPTIONS_PROVISIONAL, 100 },
	{ "a request", "OPTIONS sip:10.0.0.1 SIP/2.0", NULL, NULL, OPTIONS_NONE, 0 },
	{ "another Call-ID", "SIP/2.0 200 OK", "probe-1", "probe-2", OPTIONS_NONE, 0 },
	{ "another branch", "SIP/2.0 200 OK", "-sipxdp-", "-sipxdP-", OPTIONS_NONE, 0 },
	{ "another number", "SIP/2.0 200 OK", "CSeq: 1", "CSeq: 2", OPTIONS_NONE, 0 },
	{ "another method", "SIP/2.0 200 OK", "1 OPTIONS", "1 OPTIONZ", OPTIONS_NONE, 0 },
	{ "not SIP", "HTTP/1.0 200 OK", NULL, NULL, OPTIONS_NONE, 0 },
};

Test(options, only_an_answer_to_this_request_counts)
{
	struct options_message message = message_of("10.0.0.1:5060", false);
	char request[OPTIONS_SIZE], response[2 * OPTIONS_SIZE];
	size_t length = options_write(&message, request);

	for (size_t i = 0; i < COUNT(answers); i++) {
		size_t size = respond(request, length, answers[i].start, response,
				      sizeof(response));
		uint16_t status = 0;

		if (answers[i].from) {
			char *at = memmem(response, size, answers[i].from, strlen(answers[i].from));

			cr_assert(at, "%s", answers[i].name);
			memcpy(at, answers[i].to, strlen(answers[i].to));
		}
		cr_expect_eq(options_read(&message, response, size, &scratch, &status),
			     answers[i].answer, "%s", answers[i].name);
		cr_expect_eq(status, answers[i].status, "%s", answers[i].name);
	}
}

static const struct {
	const char *text;
	int err;
	size_t length;
} streams[] = {
	{ "", -EAGAIN, 0 },
	{ "\r\n\r\n", -EAGAIN, 0 },
	{ "SIP/2.0 200 OK\r\n", -EAGAIN, 0 },
	{ "SIP/2.0 200 OK\r\n\r\n", 0, 18 },
	{ "\r\n\r\nSIP/2.0 200 OK\r\n\r\nSIP/2.0", 0, 22 },
	{ "SIP/2.0 200 OK\r\nContent-Length: 3\r\n\r\nab", -EAGAIN, 0 },
	{ "SIP/2.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", 0, 40 },
	{ "SIP/2.0 200 OK\r\nl :  3\r\n\r\nabcd", 0, 29 },
	{ "SIP/2.0 200 OK\r\ncontent-length:x\r\n\r\n", -EINVAL, 0 },
	{ "SIP/2.0 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", -EINVAL, 0 },
	{ "SIP/2.0 200 OK\r\nContent-Length: 65536\r\n\r\n", -EINVAL, 0 },
};

Test(options, messages_of_a_stream)
{
	for (size_t i = 0; i < COUNT(streams); i++) {
		size_t length = 0;

		cr_expect_eq(
			options_stream_message(streams[i].text, strlen(streams[i].text), &length),
			streams[i].err, "row %zu", i);
		cr_expect_eq(length, streams[i].length, "row %zu: %zu", i, length);
	}
}

/* ---- over sockets ---- */

static int peer_socket(bool tcp, struct endpoint *where)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert(!tcp || !listen(fd, 1));
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*where = (struct endpoint){ address_from_ipv4(address.sin_addr.s_addr),
				    ntohs(address.sin_port) };
	return fd;
}

static enum probe_outcome ready(struct probe *probe, short events, uint64_t now)
{
	struct pollfd poll_fd = { .fd = probe->fd, .events = events };

	cr_assert_eq(poll(&poll_fd, 1, 5000), 1, "something happens");
	return probe_ready(probe, &scratch, now);
}

Test(probe, over_udp)
{
	char request[4096], response[4096];
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	struct endpoint where;
	struct probe probe;
	int fd = peer_socket(false, &where);
	ssize_t length;
	size_t answer;

	cr_assert_eq(probe_begin(&probe, &where, false, SECOND, 7, START), PROBE_PENDING);
	length = recvfrom(fd, request, sizeof(request), 0, (struct sockaddr *)&from, &size);
	cr_assert_gt(length, 0);
	sendto(fd, "nonsense", 8, 0, (struct sockaddr *)&from, size);
	answer = respond(request, (size_t)length, "SIP/2.0 100 Trying", response, sizeof(response));
	sendto(fd, response, answer, 0, (struct sockaddr *)&from, size);
	cr_assert_eq(ready(&probe, POLLIN, START + 1000), PROBE_PENDING, "that is no answer yet");
	answer = respond(request, (size_t)length, "SIP/2.0 200 OK", response, sizeof(response));
	sendto(fd, response, answer, 0, (struct sockaddr *)&from, size);
	cr_assert_eq(ready(&probe, POLLIN, START + 5000000), PROBE_ANSWERED);
	cr_expect_eq(probe.status, 200);
	cr_expect_eq(probe.round_trip_us, 5000);
	cr_expect_eq(probe.fd, -1, "the socket is closed");
	cr_expect_eq(probe.message.from.address.s6_addr[12], 127, "where it was sent from");
	close(fd);
}

Test(probe, is_sent_again_and_given_up)
{
	char request[4096];
	struct endpoint where;
	struct probe probe;
	int fd = peer_socket(false, &where), copies = 0;
	uint64_t now = START;
	enum probe_outcome outcome = probe_begin(&probe, &where, false, 2 * SECOND, 7, now);

	while (outcome == PROBE_PENDING) {
		now = probe_next_ns(&probe);
		outcome = probe_elapsed(&probe, &scratch, now);
	}
	cr_expect_eq(outcome, PROBE_SILENT);
	cr_expect_eq(now, START + 2 * SECOND);
	while (recv(fd, request, sizeof(request), MSG_DONTWAIT) > 0)
		copies++;
	cr_expect_eq(copies, 3, "at 0, 0.5 and 1.5 s: %d", copies);
	close(fd);
}

/* This host was too busy to look in time; the answer was there. */
Test(probe, an_answer_that_waited_counts_after_the_deadline)
{
	char request[4096], response[4096];
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	struct endpoint where;
	struct probe probe;
	int fd = peer_socket(false, &where);
	ssize_t length;
	size_t answer;

	cr_assert_eq(probe_begin(&probe, &where, false, SECOND, 7, START), PROBE_PENDING);
	length = recvfrom(fd, request, sizeof(request), 0, (struct sockaddr *)&from, &size);
	cr_assert_gt(length, 0);
	answer = respond(request, (size_t)length, "SIP/2.0 200 OK", response, sizeof(response));
	sendto(fd, response, answer, 0, (struct sockaddr *)&from, size);
	cr_expect_eq(probe_elapsed(&probe, &scratch, START + 5 * SECOND), PROBE_ANSWERED);
	close(fd);
}

Test(probe, a_port_where_nobody_listens)
{
	struct endpoint where;
	struct probe probe;

	close(peer_socket(false, &where));
	cr_assert_eq(probe_begin(&probe, &where, false, SECOND, 7, START), PROBE_PENDING);
	cr_expect_eq(ready(&probe, POLLIN, START), PROBE_REFUSED, "an ICMP error");
	close(peer_socket(true, &where));
	if (probe_begin(&probe, &where, true, SECOND, 7, START) == PROBE_PENDING)
		cr_expect_eq(ready(&probe, POLLOUT, START), PROBE_REFUSED, "a reset");
}

Test(probe, over_tcp_in_pieces)
{
	char request[4096], response[4096];
	struct endpoint where;
	struct probe probe;
	int fd = peer_socket(true, &where), client;
	ssize_t length;
	size_t answer, first;

	cr_assert_eq(probe_begin(&probe, &where, true, SECOND, 7, START), PROBE_PENDING);
	client = accept(fd, NULL, NULL);
	cr_assert_geq(client, 0);
	cr_assert_eq(ready(&probe, POLLOUT, START), PROBE_PENDING, "connected, and sent");
	length = recv(client, request, sizeof(request), 0);
	cr_assert_gt(length, 0);
	first = respond(request, (size_t)length, "SIP/2.0 100 Trying", response, sizeof(response));
	answer = respond(request, (size_t)length, "SIP/2.0 200 OK", response + first,
			 sizeof(response) - first);
	cr_assert_eq(send(client, response, first + 10, 0), (ssize_t)first + 10);
	cr_assert_eq(ready(&probe, POLLIN, START), PROBE_PENDING);
	cr_assert_eq(send(client, response + first + 10, answer - 10, 0), (ssize_t)answer - 10);
	cr_expect_eq(ready(&probe, POLLIN, START + 1000), PROBE_ANSWERED);
	cr_expect_eq(probe.status, 200);
	close(client);
	close(fd);
}

Test(probe, a_stream_that_is_no_sip)
{
	static const char flood[PROBE_INPUT_MAX + 1] = { [0 ... PROBE_INPUT_MAX] = 'x' };
	struct endpoint where;
	struct probe probe;
	enum probe_outcome outcome;
	int fd = peer_socket(true, &where), client;

	cr_assert_eq(probe_begin(&probe, &where, true, SECOND, 7, START), PROBE_PENDING);
	client = accept(fd, NULL, NULL);
	cr_assert_eq(ready(&probe, POLLOUT, START), PROBE_PENDING);
	cr_assert_gt(send(client, flood, sizeof(flood), 0), 0);
	do
		outcome = ready(&probe, POLLIN, START);
	while (outcome == PROBE_PENDING);
	cr_expect_eq(outcome, PROBE_REFUSED);
	close(client);
	close(fd);
}

Test(probe, no_route_is_a_refusal)
{
	struct endpoint where;
	struct probe probe;

	if (unshare(CLONE_NEWNET))
		cr_skip("needs the right to make a network namespace");
	cr_assert_eq(endpoint_parse("192.0.2.1:5060", 14, &where), 0);
	cr_expect_eq(probe_begin(&probe, &where, false, SECOND, 7, START), PROBE_REFUSED);
}

/* ---- silence ---- */

static const struct {
	const char *name;
	struct backend_load load; /* at the second look; at the first: 100 requests, 100 answers */
	bool silent;
} looks[] = {
	{ "nothing happened", { .requests = 100, .answers = 100 }, false },
	{ "requests and answers", { .requests = 200, .answers = 200 }, false },
	{ "many requests, one answer", { .requests = 900, .answers = 101 }, false },
	{ "requests, nothing back", { .requests = 110, .answers = 100 }, true },
	{ "too few to tell", { .requests = 109, .answers = 100 }, false },
	{ "ICMP errors only", { .requests = 101, .answers = 100, .icmp_errors = 1 }, true },
	{ "an ICMP error, and answers",
	  { .requests = 101, .answers = 101, .icmp_errors = 1 },
	  false },
};

Test(silence, requests_without_answers)
{
	const struct backend_load before = { .requests = 100, .answers = 100 };

	for (size_t i = 0; i < COUNT(looks); i++) {
		struct silence silence;

		silence_begin(&silence, &before);
		cr_expect_eq(silence_look(&silence, &looks[i].load), looks[i].silent, "%s",
			     looks[i].name);
	}
}

Test(silence, where_answers_go_another_way_nothing_is_told)
{
	struct backend_load load = { .requests = 0 };
	struct silence silence;

	silence_begin(&silence, &load);
	load.requests = 1000;
	cr_expect_not(silence_look(&silence, &load));
}

Test(silence, requests_are_summed_up_until_they_tell)
{
	struct backend_load load = { .requests = 100, .answers = 1 };
	struct silence silence;

	silence_begin(&silence, &load);
	load.requests += SILENCE_REQUESTS / 2;
	cr_expect_not(silence_look(&silence, &load));
	load.requests += SILENCE_REQUESTS / 2;
	cr_expect(silence_look(&silence, &load));
	cr_expect_not(silence_look(&silence, &load), "counted once");
}
