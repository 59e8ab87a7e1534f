// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole calls between two network namespaces, through whatever stands between them: INVITE, 100, 180,
 * 200, ACK, BYE, 200, a fixed number of them under way at a time, one after the other on each of the
 * caller's ports. Callers and callees are both in here, so that the messages cost as little as they
 * can, and prints what came of the calls as JSON.
 *
 *	bench_balance --callers NAMESPACE ADDRESS --callees NAMESPACE ADDRESS,ADDRESS... --seconds N
 *		--target ADDRESS:PORT|callees [--ports N] [--calls N] [--rate N]
 *
 * --target: where callers send everything; "callees": each to one of them. --ports: of the caller, at
 * most 16384. --calls: under way at a time. --rate: started a second at most.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "balance_message.h"

#define SIP_PORT     5060
#define FIRST_PORT   20000
#define PORTS_MAX    16384
#define CALLS_MAX    1024
#define CALLEES_MAX  16
#define SETUPS_MAX   (1U << 20)
#define BATCH	     64
#define ANSWERS	     3 /* to an INVITE */
#define EVENTS	     64
#define SOCKET_BYTES (4 << 20)
#define ENDPOINT_MAX 32 /* "ADDRESS:PORT" */

#define NS_MS	   1000000ULL
#define NS_S	   1000000000ULL
#define AGAIN_NS   (500 * NS_MS) /* T1, RFC 3261 section 17.1.1.1; doubled each time */
#define GIVE_UP_NS (8 * NS_S)
#define SWEEP_NS   (20 * NS_MS)
#define LINGER_NS  (200 * NS_MS) /* for what is still on its way when calls are over */

enum step {
	STEP_IDLE,
	STEP_INVITE, /* sent, no 2xx yet */
	STEP_BYE,
};

/* A call under way. There are few: what each needs stays in the caches, and leaves them to others. */
struct call {
	enum step step;
	unsigned int port;
	uint64_t serial, began, again, wait;
	size_t length; /* of the request that is sent again */
	char request[BALANCE_MESSAGE_MAX];
};

/* A port of the caller: it makes one call at a time. */
struct port {
	int fd;
	unsigned int next; /* in the queue of idle ones */
	struct call *call; /* NULL: idle */
	const char *target;
};

struct callee {
	int fd;
	char own[ENDPOINT_MAX];
	unsigned long invites;
};

/* Messages to be sent together. */
struct batch {
	struct mmsghdr header[BATCH * ANSWERS];
	struct iovec part[BATCH * ANSWERS];
	char octets[BATCH * ANSWERS][BALANCE_MESSAGE_MAX];
	unsigned int count;
};

struct tally {
	unsigned long calls, completed, failed, again, odd;
	unsigned long sent, received, acks;
};

static struct {
	const char *caller_ns, *caller, *callee_ns, *target;
	unsigned int ports, calls, rate;
	double seconds;
} options = { .ports = 4096, .calls = 64, .seconds = 2 };

static struct port *ports;
static struct call calls[CALLS_MAX], *idle_calls[CALLS_MAX];
static unsigned int idle_call_count;
static struct callee callees[CALLEES_MAX];
static unsigned int callee_count;
static unsigned int idle_first, idle_last; /* the queue of idle ports */
static struct tally tally;
static uint32_t *setups; /* microseconds */
static size_t setup_count;
static struct batch out;
static char in[BATCH][BALANCE_MESSAGE_MAX];

static void die(const char *what)
{
	fprintf(stderr, "bench_balance: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_S + (uint64_t)t.tv_nsec;
}

/* ---- sending ---- */

/* The place of the next message in the batch. */
static char *batch_place(void)
{
	return out.octets[out.count];
}

static void batch_add(size_t length, struct sockaddr_in *to)
{
	struct mmsghdr *h = &out.header[out.count];

	if (!length)
		return;
	out.part[out.count] = (struct iovec){ out.octets[out.count], length };
	memset(h, 0, sizeof(*h));
	h->msg_hdr.msg_iov = &out.part[out.count];
	h->msg_hdr.msg_iovlen = 1;
	h->msg_hdr.msg_name = to;
	h->msg_hdr.msg_namelen = to ? sizeof(*to) : 0;
	out.count++;
}

/* What cannot be sent is lost, as on any network; it is sent again by who misses it. */
static void batch_send(int fd)
{
	unsigned int done = 0;

	while (done < out.count) {
		int n = sendmmsg(fd, out.header + done, out.count - done, 0);

		if (n > 0)
			tally.sent += (unsigned int)n;
		done += n > 0 ? (unsigned int)n : 1;
	}
	out.count = 0;
}

/* ---- callers ---- */

static struct balance_call call_of(const struct call *c)
{
	return (struct balance_call){ options.caller, FIRST_PORT + c->port, ports[c->port].target,
				      c->serial };
}

static void send_request(const struct call *c)
{
	if (send(ports[c->port].fd, c->request, c->length, MSG_DONTWAIT) > 0)
		tally.sent++;
}

static void expect(struct call *c, enum step step, uint64_t now)
{
	c->step = step;
	c->wait = AGAIN_NS;
	c->again = now + AGAIN_NS;
}

/* There is an idle place, and an idle port: ports are more than calls. */
static void start_call(uint64_t now)
{
	struct call *c = idle_calls[--idle_call_count];
	struct balance_call call;

	c->port = idle_first;
	idle_first = ports[c->port].next;
	ports[c->port].call = c;
	c->serial = now << 12 | (tally.calls++ & 0xfff);
	c->began = now;
	call = call_of(c);
	c->length = balance_invite(c->request, &call);
	expect(c, STEP_INVITE, now);
	send_request(c);
}

static void end_call(struct call *c, bool completed)
{
	if (completed)
		tally.completed++;
	else
		tally.failed++;
	c->step = STEP_IDLE;
	ports[c->port].call = NULL;
	ports[idle_last].next = c->port;
	idle_last = c->port;
	idle_calls[idle_call_count++] = c;
}

static void acknowledge(const struct call *c, const struct balance_view *ok)
{
	struct balance_call call = call_of(c);

	batch_add(balance_in_dialog(batch_place(), &call, BALANCE_ACK, ok), NULL);
}

static void hang_up(struct call *c, const struct balance_view *ok, uint64_t now)
{
	struct balance_call call = call_of(c);

	if (setup_count < SETUPS_MAX)
		setups[setup_count++] = (uint32_t)((now - c->began) / 1000);
	c->length = balance_in_dialog(c->request, &call, BALANCE_BYE, ok);
	memcpy(batch_place(), c->request, c->length);
	batch_add(c->length, NULL);
	expect(c, STEP_BYE, now);
}

static bool is_of_call(const struct call *c, const struct balance_view *m)
{
	struct balance_call call = call_of(c);
	char id[64];
	size_t length = balance_call_id(id, &call);

	return m->call_id.length == length && !memcmp(m->call_id.at, id, length);
}

static void take_response(struct port *p, const char *message, size_t length, uint64_t now)
{
	struct call *c = p->call;
	struct balance_view m;

	if (!balance_read(message, length, &m) || !m.status || !c || !is_of_call(c, &m)) {
		tally.odd++;
		return;
	}
	if (m.status < 200)
		return;
	if (m.status > 299) {
		end_call(c, false);
	} else if (m.method == BALANCE_INVITE) {
		acknowledge(c, &m);
		if (c->step == STEP_INVITE)
			hang_up(c, &m, now);
	} else if (m.method == BALANCE_BYE && c->step == STEP_BYE) {
		end_call(c, true);
	}
}

static void serve_caller(struct port *p)
{
	struct mmsghdr headers[8];
	struct iovec parts[8];
	uint64_t now = now_ns();
	int n;

	memset(headers, 0, sizeof(headers));
	for (size_t i = 0; i < 8; i++) {
		parts[i] = (struct iovec){ in[i], sizeof(in[i]) };
		headers[i].msg_hdr.msg_iov = &parts[i];
		headers[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(p->fd, headers, 8, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		tally.received++;
		take_response(p, in[i], headers[i].msg_len, now);
	}
	batch_send(p->fd);
}

/* What has waited too long is sent again, or has failed. */
static void sweep(uint64_t now)
{
	for (unsigned int i = 0; i < options.calls; i++) {
		struct call *c = &calls[i];

		if (c->step == STEP_IDLE || now < c->again)
			continue;
		if (now - c->began > GIVE_UP_NS) {
			end_call(c, false);
			continue;
		}
		c->wait *= 2;
		c->again = now + c->wait;
		tally.again++;
		send_request(c);
	}
}

/* ---- callees ---- */

static void answer(struct callee *c, const char *message, size_t length, struct sockaddr_in *from)
{
	struct balance_view m;

	if (!balance_read(message, length, &m) || m.status) {
		tally.odd++;
		return;
	}
	if (m.method == BALANCE_ACK) {
		tally.acks++;
		return;
	}
	if (m.method == BALANCE_INVITE) {
		c->invites++;
		batch_add(balance_response(batch_place(), &m, 100, c->own), from);
		batch_add(balance_response(batch_place(), &m, 180, c->own), from);
	}
	batch_add(balance_response(batch_place(), &m, 200, c->own), from);
}

static void serve_callee(struct callee *c)
{
	static struct mmsghdr headers[BATCH];
	static struct iovec parts[BATCH];
	static struct sockaddr_in froms[BATCH];
	int n;

	for (size_t i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ in[i], sizeof(in[i]) };
		memset(&headers[i], 0, sizeof(headers[i]));
		headers[i].msg_hdr = (struct msghdr){ .msg_name = &froms[i],
						      .msg_namelen = sizeof(froms[i]),
						      .msg_iov = &parts[i],
						      .msg_iovlen = 1 };
	}
	n = recvmmsg(c->fd, headers, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		tally.received++;
		answer(c, in[i], headers[i].msg_len, &froms[i]);
	}
	batch_send(c->fd);
}

/* ---- opening ---- */

static void enter(const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);
}

static struct sockaddr_in endpoint(const char *address, unsigned int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	errno = EINVAL;
	if (inet_pton(AF_INET, address, &a.sin_addr) != 1)
		die(address);
	return a;
}

static int open_socket(int epoll, const char *address, unsigned int port, uint32_t event)
{
	struct sockaddr_in a = endpoint(address, port);
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = event };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int bytes = SOCKET_BYTES;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e))
		die("socket");
	return fd;
}

static void open_callees(int epoll, char *addresses)
{
	char *state = NULL;

	enter(options.callee_ns);
	for (char *a = strtok_r(addresses, ",", &state); a; a = strtok_r(NULL, ",", &state)) {
		struct callee *c = &callees[callee_count];

		errno = E2BIG;
		if (callee_count == CALLEES_MAX)
			die("callees");
		snprintf(c->own, sizeof(c->own), "%s:%u", a, SIP_PORT);
		c->fd = open_socket(epoll, a, SIP_PORT, PORTS_MAX + callee_count);
		callee_count++;
	}
}

static void connect_to(int fd, const char *target)
{
	char address[ENDPOINT_MAX];
	const char *colon = strchr(target, ':');
	struct sockaddr_in a;

	errno = EINVAL;
	if (!colon || colon - target >= ENDPOINT_MAX)
		die(target);
	memcpy(address, target, (size_t)(colon - target));
	address[colon - target] = '\0';
	a = endpoint(address, (unsigned int)atoi(colon + 1));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		die(target);
}

static void open_callers(int epoll)
{
	enter(options.caller_ns);
	ports = calloc(options.ports, sizeof(*ports));
	setups = calloc(SETUPS_MAX, sizeof(*setups));
	if (!ports || !setups)
		die("memory");
	for (unsigned int i = 0; i < options.ports; i++) {
		struct port *p = &ports[i];

		p->fd = open_socket(epoll, options.caller, FIRST_PORT + i, i);
		p->target = strcmp(options.target, "callees") ? options.target
							      : callees[i % callee_count].own;
		connect_to(p->fd, p->target);
		p->next = i + 1;
	}
	idle_last = options.ports - 1;
	for (unsigned int i = 0; i < options.calls; i++)
		idle_calls[idle_call_count++] = &calls[i];
}

/* ---- the run ---- */

static void serve(int epoll, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(epoll, events, EVENTS, timeout_ms);

	for (int i = 0; i < n; i++) {
		uint32_t which = events[i].data.u32;

		if (which >= PORTS_MAX)
			serve_callee(&callees[which - PORTS_MAX]);
		else
			serve_caller(&ports[which]);
	}
}

/* How many calls may have been started by then. */
static unsigned long due(uint64_t since)
{
	return options.rate ? (unsigned long)((double)since * options.rate / 1e9) : ULONG_MAX;
}

static void run(int epoll)
{
	uint64_t began = now_ns(), now = began, swept = began;
	uint64_t end = began + (uint64_t)(options.seconds * 1e9);

	while (now < end || idle_call_count < options.calls) {
		while (now < end && idle_call_count && tally.calls < due(now - began))
			start_call(now);
		serve(epoll, 1);
		now = now_ns();
		if (now - swept > SWEEP_NS) {
			sweep(now);
			swept = now;
		}
	}
	for (end = now + LINGER_NS; now < end; now = now_ns())
		serve(epoll, 1);
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double setup_ms(double part)
{
	if (!setup_count)
		return 0;
	return setups[(size_t)(part * (double)(setup_count - 1))] / 1000.0;
}

static void print(double seconds)
{
	qsort(setups, setup_count, sizeof(*setups), ascending);
	printf("{\"calls\": %lu, \"completed\": %lu, \"failed\": %lu, \"sent_again\": %lu, ",
	       tally.calls, tally.completed, tally.failed, tally.again);
	printf("\"sent\": %lu, \"received\": %lu, \"acks\": %lu, \"odd\": %lu, ", tally.sent,
	       tally.received, tally.acks, tally.odd);
	printf("\"seconds\": %.3f, \"setup_median_ms\": %.3f, \"setup_p99_ms\": %.3f, \"invites\": "
	       "[",
	       seconds, setup_ms(0.5), setup_ms(0.99));
	for (unsigned int i = 0; i < callee_count; i++)
		printf("%s%lu", i ? ", " : "", callees[i].invites);
	printf("]}\n");
}

static int usage(void)
{
	fputs("usage: bench_balance --callers NAMESPACE ADDRESS --callees NAMESPACE ADDRESS,...\n"
	      "\t--target ADDRESS:PORT|callees [--ports N] [--calls N] [--rate N] [--seconds N]\n",
	      stderr);
	return 2;
}

static bool read_options(int argc, char **argv, char **addresses)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		const char *name = argv[i];
		char *value = argv[i + 1];

		if (!strcmp(name, "--callers") && i + 2 < argc) {
			options.caller_ns = value;
			options.caller = argv[++i + 1];
		} else if (!strcmp(name, "--callees") && i + 2 < argc) {
			options.callee_ns = value;
			*addresses = argv[++i + 1];
		} else if (!strcmp(name, "--target")) {
			options.target = value;
		} else if (!strcmp(name, "--ports")) {
			options.ports = (unsigned int)atoi(value);
		} else if (!strcmp(name, "--calls")) {
			options.calls = (unsigned int)atoi(value);
		} else if (!strcmp(name, "--rate")) {
			options.rate = (unsigned int)atoi(value);
		} else if (!strcmp(name, "--seconds")) {
			options.seconds = atof(value);
		} else {
			return false;
		}
	}
	return options.caller_ns && options.callee_ns && options.target && options.calls &&
	       options.ports > options.calls && options.ports <= PORTS_MAX &&
	       options.calls <= CALLS_MAX && options.seconds > 0;
}

int main(int argc, char **argv)
{
	struct rlimit files = { PORTS_MAX + 64, PORTS_MAX + 64 };
	char *addresses = NULL;
	uint64_t began;
	int epoll;

	if (!read_options(argc, argv, &addresses))
		return usage();
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0 || setrlimit(RLIMIT_NOFILE, &files))
		die("epoll or open files");
	open_callees(epoll, addresses);
	open_callers(epoll);
	began = now_ns();
	run(epoll);
	print((double)(now_ns() - began) / 1e9);
	return !tally.completed;
}
