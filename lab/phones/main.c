// SPDX-License-Identifier: GPL-2.0-only
/* phones: many SIP phones in one process, each with a socket of its own. They register with digest
 * authentication, call at a given rate with the retransmissions of RFC 3261, or answer calls; what
 * happened is printed as JSON. Exit status 0: all registered and every call completed. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>
#include "callee.h"
#include "caller.h"
#include "registration.h"

#define PHONES_MAX 4096
#define EVENTS	   64
#define TICK_NS	   (5 * NSEC_PER_MSEC)
#define WAIT_MS	   2

struct options {
	const char *user;	       /* phones are USER1, USER2 … */
	const char *callee;	       /* they call CALLEE1, CALLEE2 … in turn */
	struct sockaddr_storage first; /* address of the first phone */
	long long phones, addresses, port, server_port;
	long long register_rate;
	long long calls_rate, callees, padding;
	long long hold_ms, give_up_ms, keepalive_ms;
	double seconds;
	bool answer, progress, have_server, have_address;
};

struct exchange {
	const struct options *options;
	struct site site;
	struct phone *phones;
	struct registration *registrations;
	struct registration_tally registered;
	struct caller caller;
	struct callee callee;
	unsigned long keepalives;
	int epoll;
};

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
	(void)number;
	stopping = 1;
}

/* ---- options ---- */

static void usage(void)
{
	fputs("usage: phones --server ADDRESS --address ADDRESS [OPTION...]\n"
	      "  --server-port N    (5060)\n"
	      "  --address ADDRESS  of the first phone\n"
	      "  --addresses N      the phones have so many addresses, one after the other (1)\n"
	      "  --port N           of the first phone at each address (5060)\n"
	      "  --phones N         (1)\n"
	      "  --user NAME        users NAME1, NAME2 ... (phone)\n"
	      "  --domain NAME      (lab.test)\n"
	      "  --password TEXT    (secret)\n"
	      "  --register N       register, N phones a second\n"
	      "  --calls N          then call, N times a second\n"
	      "  --seconds S        for so long (5)\n"
	      "  --callee NAME      users NAME1 ... NAMEn (callee)\n"
	      "  --callees N        (1)\n"
	      "  --hold MS          from 200 to BYE (1000)\n"
	      "  --padding N        octets that make INVITEs longer, at most 6000\n"
	      "  --give-up MS       a request without final response fails (32000)\n"
	      "  --keepalive MS     CRLFCRLF from each phone\n"
	      "  --answer           answer calls until SIGTERM comes\n"
	      "  --progress         a line a second on standard error\n",
	      stderr);
}

enum option_key {
	KEY_SERVER = 1,
	KEY_SERVER_PORT,
	KEY_ADDRESS,
	KEY_ADDRESSES,
	KEY_PORT,
	KEY_PHONES,
	KEY_USER,
	KEY_DOMAIN,
	KEY_PASSWORD,
	KEY_REGISTER,
	KEY_CALLS,
	KEY_SECONDS,
	KEY_CALLEE,
	KEY_CALLEES,
	KEY_HOLD,
	KEY_PADDING,
	KEY_GIVE_UP,
	KEY_KEEPALIVE,
	KEY_ANSWER,
	KEY_PROGRESS,
};

static const struct option long_options[] = {
	{ "server", required_argument, NULL, KEY_SERVER },
	{ "server-port", required_argument, NULL, KEY_SERVER_PORT },
	{ "address", required_argument, NULL, KEY_ADDRESS },
	{ "addresses", required_argument, NULL, KEY_ADDRESSES },
	{ "port", required_argument, NULL, KEY_PORT },
	{ "phones", required_argument, NULL, KEY_PHONES },
	{ "user", required_argument, NULL, KEY_USER },
	{ "domain", required_argument, NULL, KEY_DOMAIN },
	{ "password", required_argument, NULL, KEY_PASSWORD },
	{ "register", required_argument, NULL, KEY_REGISTER },
	{ "calls", required_argument, NULL, KEY_CALLS },
	{ "seconds", required_argument, NULL, KEY_SECONDS },
	{ "callee", required_argument, NULL, KEY_CALLEE },
	{ "callees", required_argument, NULL, KEY_CALLEES },
	{ "hold", required_argument, NULL, KEY_HOLD },
	{ "padding", required_argument, NULL, KEY_PADDING },
	{ "give-up", required_argument, NULL, KEY_GIVE_UP },
	{ "keepalive", required_argument, NULL, KEY_KEEPALIVE },
	{ "answer", no_argument, NULL, KEY_ANSWER },
	{ "progress", no_argument, NULL, KEY_PROGRESS },
	{ 0 },
};

static int parse_number(const char *text, long long low, long long high, long long *value)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno || end == text || *end || v < low || v > high)
		return -EINVAL;
	*value = v;
	return 0;
}

static int parse_address(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		memcpy(address, &v4, sizeof(v4));
	else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
		memcpy(address, &v6, sizeof(v6));
	else
		return -EINVAL;
	return 0;
}

static int take_option(struct options *o, struct site *site, int key, const char *arg)
{
	char *end;

	switch (key) {
	case KEY_SERVER: o->have_server = true; return parse_address(arg, &site->server);
	case KEY_SERVER_PORT: return parse_number(arg, 1, 65535, &o->server_port);
	case KEY_ADDRESS: o->have_address = true; return parse_address(arg, &o->first);
	case KEY_ADDRESSES: return parse_number(arg, 1, PHONES_MAX, &o->addresses);
	case KEY_PORT: return parse_number(arg, 1, 65535, &o->port);
	case KEY_PHONES: return parse_number(arg, 1, PHONES_MAX, &o->phones);
	case KEY_USER: o->user = arg; return 0;
	case KEY_DOMAIN: site->domain = arg; return 0;
	case KEY_PASSWORD: site->password = arg; return 0;
	case KEY_REGISTER: return parse_number(arg, 1, 100000, &o->register_rate);
	case KEY_CALLS: return parse_number(arg, 1, 100000, &o->calls_rate);
	case KEY_CALLEE: o->callee = arg; return 0;
	case KEY_CALLEES: return parse_number(arg, 1, 1000000, &o->callees);
	case KEY_HOLD: return parse_number(arg, 0, INT_MAX, &o->hold_ms);
	case KEY_PADDING: return parse_number(arg, 0, 6000, &o->padding);
	case KEY_GIVE_UP: return parse_number(arg, 1, INT_MAX, &o->give_up_ms);
	case KEY_KEEPALIVE: return parse_number(arg, 1, INT_MAX, &o->keepalive_ms);
	case KEY_ANSWER: o->answer = true; return 0;
	case KEY_PROGRESS: o->progress = true; return 0;
	case KEY_SECONDS:
		o->seconds = strtod(arg, &end);
		return end == arg || *end || !(o->seconds > 0 && o->seconds <= 86400) ? -EINVAL : 0;
	default: return -EINVAL;
	}
}

static int parse_options(int argc, char **argv, struct options *o, struct site *site)
{
	int key, index = 0;

	while ((key = getopt_long(argc, argv, "", long_options, &index)) != -1) {
		if (take_option(o, site, key, optarg)) {
			if (key != '?')
				fprintf(stderr, "phones: --%s: \"%s\" is not right\n",
					long_options[index].name, optarg);
			return -EINVAL;
		}
	}
	if (optind != argc || !o->have_server || !o->have_address ||
	    site->server.ss_family != o->first.ss_family ||
	    o->port + o->phones / o->addresses > 65535) {
		fputs("phones: --server and --address (of the same family) are needed, and ports "
		      "enough\n",
		      stderr);
		return -EINVAL;
	}
	site->server = address_step(&site->server, 0, (uint16_t)o->server_port);
	site->give_up = o->give_up_ms * NSEC_PER_MSEC;
	site->padding = (unsigned int)o->padding;
	site->run = (uint64_t)now_ns() << 8 ^ (uint64_t)getpid();
	return 0;
}

/* ---- start ---- */

static int open_phone(struct exchange *x, unsigned int n)
{
	const struct options *o = x->options;
	struct sockaddr_storage address;
	struct phone *p = &x->phones[n];
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = n };
	int err;

	address = address_step(&o->first, n % (unsigned int)o->addresses,
			       (uint16_t)(o->port + n / o->addresses));
	snprintf(p->user, sizeof(p->user), "%s%u", o->user, n + 1);
	p->credentials = (struct credentials){ p->user, x->site.password };
	err = phone_open(p, &x->site, &address);
	if (!err && epoll_ctl(x->epoll, EPOLL_CTL_ADD, p->fd, &event))
		err = -errno;
	if (err)
		fprintf(stderr, "phones: phone %u: %s\n", n + 1, strerror(-err));
	return err;
}

static int open_phones(struct exchange *x)
{
	size_t count = (size_t)x->options->phones;
	struct rlimit files = { PHONES_MAX + 64, PHONES_MAX + 64 };
	int err = 0;

	setrlimit(RLIMIT_NOFILE, &files);
	x->epoll = epoll_create1(EPOLL_CLOEXEC);
	x->phones = calloc(count, sizeof(*x->phones));
	x->registrations = calloc(count, sizeof(*x->registrations));
	if (x->epoll < 0 || !x->phones || !x->registrations)
		return -ENOMEM;
	for (unsigned int n = 0; n < count && !err; n++)
		err = open_phone(x, n);
	return err;
}

/* ---- traffic ---- */

static void take_datagram(struct exchange *x, unsigned int n, struct text message, int64_t now)
{
	struct text method;
	uint32_t cseq;

	if (!message_status(message)) {
		callee_request(&x->callee, &x->phones[n], message, now);
		return;
	}
	if (!message_cseq(message, &cseq, &method))
		return;
	if (text_equals(method, "REGISTER"))
		registration_response(&x->registrations[n], &x->phones[n], &x->site, &x->registered,
				      message, now);
	else
		caller_response(&x->caller, &x->phones[n], message, now);
}

static void receive(struct exchange *x, int wait_ms)
{
	struct epoll_event events[EVENTS];
	char datagram[MESSAGE_MAX];
	ssize_t length;
	int count = epoll_wait(x->epoll, events, EVENTS, wait_ms);

	for (int i = 0; i < count; i++) {
		unsigned int n = events[i].data.u32;

		while ((length = recv(x->phones[n].fd, datagram, sizeof(datagram), 0)) >= 0)
			take_datagram(x, n, (struct text){ datagram, (size_t)length }, now_ns());
	}
}

static void tick(struct exchange *x, int64_t now)
{
	for (unsigned int n = 0; n < x->options->phones; n++)
		registration_tick(&x->registrations[n], &x->phones[n], &x->registered, now);
	caller_tick(&x->caller, now);
	callee_tick(&x->callee, now);
}

/* How many of something that goes at a rate are due after a time. */
static long long due(int64_t since, int64_t now, long long rate)
{
	return (long long)((double)(now - since) * (double)rate / NSEC_PER_SEC) + 1;
}

/* Starts the registrations that are due. Whether all are over. */
static bool register_phones(struct exchange *x, int64_t started, int64_t now)
{
	const struct options *o = x->options;
	unsigned long end = (unsigned long)due(started, now, o->register_rate);

	if (end > (unsigned long)o->phones)
		end = (unsigned long)o->phones;
	for (unsigned long n = x->registered.tried; n < end; n++)
		registration_start(&x->registrations[n], &x->phones[n], &x->site, &x->registered,
				   now);
	return x->registered.registered + failures_total(&x->registered.failures) ==
	       (unsigned long)o->phones;
}

/* Starts the calls that are due. Whether the time for that is over. */
static bool start_calls(struct exchange *x, int64_t started, int64_t now)
{
	const struct options *o = x->options;
	int64_t end = started + (int64_t)(o->seconds * NSEC_PER_SEC);
	char callee[USER_MAX + 16];

	while (now < end && (long long)x->caller.tally.tried < due(started, now, o->calls_rate)) {
		unsigned long n = x->caller.tally.tried;

		snprintf(callee, sizeof(callee), "%s%lld", o->callee,
			 (long long)n % o->callees + 1);
		caller_call(&x->caller, &x->phones[n % (unsigned long)o->phones], callee, now);
	}
	return now >= end;
}

static void send_keepalives(struct exchange *x)
{
	for (unsigned int n = 0; n < x->options->phones; n++) {
		phone_send(&x->phones[n], "\r\n\r\n", 4); /* RFC 5626 section 3.5.1 */
		x->keepalives++;
	}
}

static void show_progress(const struct exchange *x, int64_t seconds)
{
	const struct call_tally *calls = &x->caller.tally;

	fprintf(stderr,
		"phones: %3" PRId64 " s: %lu registered, %lu calls tried, %lu set up, "
		"%lu completed, %lu failed, %lu requests sent again\n",
		seconds, x->registered.registered, calls->tried, calls->set_up, calls->completed,
		failures_total(&calls->failures) + calls->refused_start,
		x->registered.sent_again + calls->sent_again);
}

static void run(struct exchange *x)
{
	const struct options *o = x->options;
	enum { REGISTERING, CALLING, ENDING, ANSWERING, OVER } phase = REGISTERING;
	int64_t start = now_ns(), now = start, phase_start = start, ticked = start;
	int64_t progressed = start, kept_alive = 0;
	bool phase_over;

	while (phase != OVER) {
		if (o->keepalive_ms && now - kept_alive >= o->keepalive_ms * NSEC_PER_MSEC) {
			send_keepalives(x);
			kept_alive = now;
		}
		switch (phase) {
		case REGISTERING:
			phase_over = !o->register_rate || register_phones(x, phase_start, now);
			break;
		case CALLING:
			phase_over = !o->calls_rate || start_calls(x, phase_start, now);
			break;
		case ENDING: phase_over = !x->caller.in_progress; break;
		default: phase_over = !o->answer; break;
		}
		if (phase_over) {
			if (phase == REGISTERING && o->register_rate)
				fprintf(stderr, "phones: %lu of %lld registered\n",
					x->registered.registered, o->phones);
			phase++;
			phase_start = now;
			continue;
		}
		if (stopping)
			break;
		receive(x, WAIT_MS);
		now = now_ns();
		if (now - ticked >= TICK_NS) {
			tick(x, now);
			ticked = now;
		}
		if (o->progress && now - progressed >= NSEC_PER_SEC) {
			show_progress(x, (now - start) / NSEC_PER_SEC);
			progressed = now;
		}
	}
}

/* ---- report ---- */

static void report(struct exchange *x)
{
	struct registration_tally *r = &x->registered;
	struct call_tally *c = &x->caller.tally;
	const struct callee_tally *a = &x->callee.tally;

	printf("{\"phones\":%lld,\"register\":{\"tried\":%lu,\"registered\":%lu,\"sent_again\":%lu,"
	       "\"failures\":",
	       x->options->phones, r->tried, r->registered, r->sent_again);
	failures_print(&r->failures, stdout);
	printf(",\"took\":");
	durations_print(&r->took, stdout);
	printf("},\"calls\":{\"tried\":%lu,\"set_up\":%lu,\"completed\":%lu,\"in_progress\":%zu,"
	       "\"not_started\":%lu,\"sent_again\":%lu,\"answers_again\":%lu,\"failures\":",
	       c->tried, c->set_up, c->completed, x->caller.in_progress, c->refused_start,
	       c->sent_again, c->answers_again);
	failures_print(&c->failures, stdout);
	printf(",\"setup\":");
	durations_print(&c->setup, stdout);
	printf("},\"answers\":{\"invites\":%lu,\"invites_again\":%lu,\"acknowledged\":%lu,"
	       "\"ended\":%lu,\"sent_again\":%lu,\"never_acknowledged\":%lu,\"refused\":%lu},",
	       a->invites, a->invites_again, a->acknowledged, a->ended, a->sent_again,
	       a->never_acknowledged, a->refused);
	printf("\"keepalives\":{\"sent\":%lu,\"received\":%lu}}\n", x->keepalives, a->keepalives);
}

static void close_all(struct exchange *x)
{
	for (long long n = 0; x->phones && n < x->options->phones; n++)
		if (x->phones[n].fd > 0)
			close(x->phones[n].fd);
	if (x->epoll >= 0)
		close(x->epoll);
	caller_free(&x->caller);
	callee_free(&x->callee);
	free(x->registered.took.ns);
	free(x->registrations);
	free(x->phones);
}

int main(int argc, char **argv)
{
	static struct exchange x;
	struct sigaction action = { .sa_handler = on_signal };
	struct options options = {
		.user = "phone",
		.callee = "callee",
		.phones = 1,
		.addresses = 1,
		.port = 5060,
		.server_port = 5060,
		.callees = 1,
		.hold_ms = 1000,
		.give_up_ms = 32000,
		.seconds = 5,
	};
	bool ok = false;

	x = (struct exchange){ .options = &options, .epoll = -1 };
	x.site = (struct site){ .domain = "lab.test", .password = "secret" };
	if (parse_options(argc, argv, &options, &x.site)) {
		usage();
		return 2;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	callee_init(&x.callee, &x.site);
	if (!caller_init(&x.caller, &x.site, options.hold_ms * NSEC_PER_MSEC) && !open_phones(&x)) {
		run(&x);
		report(&x);
		ok = x.registered.registered == x.registered.tried &&
		     x.caller.tally.completed == x.caller.tally.tried;
	}
	close_all(&x);
	return ok ? 0 : 1;
}
