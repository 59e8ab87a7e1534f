/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl send: a small SIP client. Reads the order off the command line, gives the user agent
 * (user/ua) its sockets, clock and signals, and shows what goes and comes. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <sipxdp/time.h>

#include "ctl/ctl.h"
#include "ctl/options.h"
#include "ctl/send_log.h"
#include "plane/clock.h"
#include "sip/uri.h"
#include "ua/transport.h"
#include "ua/ua.h"

#define HOLD_DEFAULT (1 * NSEC_PER_SEC)
#define PASSWORD_MAX 255
#define WAIT_MAX_MS  60000

enum { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_ANY };
static const char *const transports[] = { "udp", "tcp", NULL };

/* The words of the command line, before they are an order. */
struct words {
	const char *to, *expires, *password, *password_file, *body_file;
	unsigned int transport;
	uint64_t port;
	struct ctl_texts headers;
};

struct client {
	struct send_log log;
	struct ua_sockets *sockets;
	int signals;
};

/* ---- the user agent's world ---- */

static int world_send(void *context, const struct ua_peer *to, const char *data, size_t length)
{
	struct client *client = context;

	return ua_sockets_send(client->sockets, to, data, length);
}

static int world_resolve(void *context, const char *host, uint16_t port, struct endpoint *out)
{
	(void)context;
	return ua_look_up(host, port, out);
}

/* The pool is ready long before anybody can log in; should it not be, nothing may go out that can
 * be guessed. */
static void world_random(void *context, void *octets, size_t count)
{
	(void)context;
	if (getrandom(octets, count, 0) != (ssize_t)count)
		abort();
}

static void world_tell(void *context, const struct ua_event *event)
{
	struct client *client = context;

	send_log_event(&client->log, event);
}

/* ---- from words to an order ---- */

static int read_expires(const char *text, struct ua_order *order)
{
	uint64_t seconds = 0;
	const char *p = text;

	if (!text)
		return CTL_DONE;
	for (; *p >= '0' && *p <= '9' && seconds <= UINT32_MAX; p++)
		seconds = seconds * 10 + (uint64_t)(*p - '0');
	if (p == text || *p || seconds > UINT32_MAX)
		return ctl_fail(CTL_USAGE, "--expires: '%s' is not a number of seconds", text);
	order->has_expires = true;
	order->expires = (uint32_t)seconds;
	return CTL_DONE;
}

/* At most size octets of a file. How many; -1 after a complaint. */
static ssize_t read_file(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "rbe");
	size_t length;

	if (!f) {
		ctl_fail(CTL_USAGE, "%s: %s", path, strerror(errno));
		return -1;
	}
	length = fread(out, 1, size, f);
	if (ferror(f)) {
		ctl_fail(CTL_USAGE, "%s: %s", path, strerror(errno));
		fclose(f);
		return -1;
	}
	fclose(f);
	return (ssize_t)length;
}

static int read_password(const struct words *words, struct ua_order *order)
{
	static char password[PASSWORD_MAX + 2]; /* its line's end, and NUL */
	size_t length;

	order->secret.password = words->password ? words->password : "";
	if (!words->password_file)
		return CTL_DONE;
	if (words->password)
		return ctl_fail(CTL_USAGE, "--password or --password-file, not both");
	if (read_file(words->password_file, password, sizeof(password) - 1) < 0)
		return CTL_USAGE;
	length = strcspn(password, "\r\n");
	if (length > PASSWORD_MAX)
		return ctl_fail(CTL_USAGE, "%s: the password is longer than %d octets",
				words->password_file, PASSWORD_MAX);
	password[length] = 0;
	order->secret.password = password;
	return CTL_DONE;
}

static int read_body(const struct words *words, struct ua_order *order)
{
	static char body[UA_BODY_MAX + 1];
	ssize_t length;

	if (!words->body_file)
		return order->content_type ? ctl_fail(CTL_USAGE, "--content-type belongs to --body")
					   : CTL_DONE;
	if (!order->content_type)
		return ctl_fail(CTL_USAGE, "--body needs its --content-type");
	length = read_file(words->body_file, body, sizeof(body));
	if (length < 0)
		return CTL_USAGE;
	order->body = body;
	order->body_length = (size_t)length;
	return CTL_DONE;
}

/* What has no response, or cancels what this run did not send. */
static int check_order(const struct ua_order *order)
{
	bool invite = strcmp(order->method, "INVITE") == 0;

	if (strcmp(order->method, "ACK") == 0 || strcmp(order->method, "CANCEL") == 0)
		return ctl_fail(CTL_USAGE,
				"%s belongs to an INVITE: 'send INVITE' sends it when it is due",
				order->method);
	if (!invite && (order->reinvite || order->cancel_after != UA_NEVER))
		return ctl_fail(CTL_USAGE, "--reinvite and --cancel-after belong to INVITE");
	if (order->reinvite && order->body)
		return ctl_fail(CTL_USAGE, "--reinvite changes the offer that send itself makes: "
					   "leave --body out");
	if (order->contact && strcmp(order->contact, "*") == 0 &&
	    (strcmp(order->method, "REGISTER") != 0 || !order->has_expires || order->expires))
		return ctl_fail(CTL_USAGE, "--contact '*' needs REGISTER and --expires 0");
	return CTL_DONE;
}

static int fail_hop(const struct words *words, const struct ua_order *order, int err)
{
	if (words->to)
		return ctl_fail(CTL_USAGE, "--to: '%s' is not HOST or HOST:PORT, IPv6 in brackets",
				words->to);
	if (err == -EPROTONOSUPPORT)
		return ctl_fail(CTL_USAGE,
				"%s: send speaks sip: over UDP and TCP; give --to for other URIs",
				order->uri);
	return ctl_fail(CTL_USAGE, "'%s' is not a SIP URI such as sip:alice@example.com",
			order->uri);
}

/* Where the request goes: --to, or what the URI names. */
static int find_hop(const struct words *words, struct ua_order *order)
{
	enum ua_transport usual = words->transport == TRANSPORT_TCP ? UA_TCP : UA_UDP;
	char uri[UA_HOST_MAX + 16];
	struct ua_hop hop;
	int err;

	snprintf(uri, sizeof(uri), "sip:%s", words->to ? words->to : "");
	err = ua_hop_of_uri(words->to ? uri : order->uri, usual, &hop);
	if (err)
		return fail_hop(words, order, err);
	order->hop.transport = words->transport == TRANSPORT_ANY ? hop.transport : usual;
	order->hop.at.port = hop.port;
	if (address_parse(hop.host, strlen(hop.host), &order->hop.at.address) == 0)
		return CTL_DONE;
	err = ua_look_up(hop.host, hop.port, &order->hop.at);
	if (err)
		return ctl_fail(CTL_UNREACHABLE, "%s: %s", hop.host,
				err == -ENOENT	 ? "no such host"
				: err == -EAGAIN ? "no name server answered"
						 : strerror(-err));
	return CTL_DONE;
}

/* ---- the run ---- */

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool was_interrupted(const struct client *client)
{
	struct signalfd_siginfo info;

	return read(client->signals, &info, sizeof(info)) == (ssize_t)sizeof(info);
}

/* Milliseconds until then, rounded up: a timer that is asked too early is asked again. */
static int wait_ms(uint64_t next, uint64_t now)
{
	uint64_t ms;

	if (next <= now)
		return 0;
	ms = (next - now - 1) / NSEC_PER_MSEC + 1;
	return ms < WAIT_MAX_MS ? (int)ms : WAIT_MAX_MS;
}

static void take_arrival(struct client *client, struct ua *ua, const struct ua_arrival *a,
			 uint64_t now)
{
	switch (a->kind) {
	case UA_ARRIVED_NOTHING: break;
	case UA_ARRIVED_MESSAGE: ua_receive(ua, &a->peer, a->data, a->length, now); break;
	case UA_ARRIVED_LOSS: ua_lost(ua, &a->peer, a->error, now); break;
	case UA_ARRIVED_GARBLE:
		send_log_garble(&client->log, &a->peer, a->data, a->length, &a->fault);
		ua_lost(ua, &a->peer, EPROTO, now);
		break;
	}
}

static void run(struct client *client, struct ua *ua)
{
	struct ua_arrival arrival;
	uint64_t now = clock_monotonic_ns();

	while (!ua_is_done(ua, now)) {
		ua_sockets_wait(client->sockets, wait_ms(ua_next(ua), now), client->signals,
				&arrival);
		now = clock_monotonic_ns();
		take_arrival(client, ua, &arrival, now);
		if (was_interrupted(client))
			ua_interrupt(ua, now);
		ua_run(ua, now); /* whatever keeps arriving, timers fire */
	}
}

static int exit_code(const struct ua_order *order, const struct ua_result *result)
{
	if (result->outcome == UA_SUCCEEDED && result->spoilt)
		return ctl_fail(CTL_NO, "%s %s: answered %u, but the call did not go as it should",
				order->method, order->uri, result->status);
	if (result->outcome == UA_SUCCEEDED)
		return CTL_DONE;
	return ctl_fail(result->outcome == UA_UNREACHABLE ? CTL_UNREACHABLE : CTL_NO, "%s %s: %s",
			order->method, order->uri, result->why);
}

static int carry_out(struct client *client, const struct ua_order *order)
{
	const struct ua_world world = {
		.context = client,
		.send = world_send,
		.resolve = world_resolve,
		.random = world_random,
		.tell = world_tell,
	};
	struct sip_error error;
	struct ua *ua;
	int err, code;

	send_log_open(&client->log);
	err = ua_new(order, &world, clock_monotonic_ns(), &ua, &error);
	if (err == -EINVAL)
		return ctl_fail(CTL_USAGE, "this makes no valid request: %s: %s", error.rfc,
				error.what);
	if (err)
		return ctl_fail(CTL_NO, "%s", strerror(-err));
	run(client, ua);
	code = send_log_close(&client->log, order, ua_result(ua));
	if (!code)
		code = exit_code(order, ua_result(ua));
	ua_free(ua);
	return code;
}

static int open_and_carry_out(struct ua_order *order, uint16_t port)
{
	struct client client = { .signals = -1 };
	int code, err = ua_sockets_open(&order->hop, port, &client.sockets);

	if (err == -EADDRINUSE)
		return ctl_fail(CTL_UNREACHABLE, "port %u is taken", port);
	if (err)
		return ctl_fail(CTL_UNREACHABLE, "cannot reach it from here: %s", strerror(-err));
	client.signals = open_signals();
	order->local = ua_sockets_local(client.sockets);
	order->media_port = ua_sockets_media_port(client.sockets);
	code = carry_out(&client, order);
	ua_sockets_close(client.sockets);
	if (client.signals >= 0)
		close(client.signals);
	return code;
}

int cmd_send(int argc, char **argv)
{
	struct ua_order order = { .hold = HOLD_DEFAULT, .cancel_after = UA_NEVER };
	struct words words = { .transport = TRANSPORT_ANY };
	const struct ctl_option options[] = {
		{ .name = "to",
		  .kind = OPTION_TEXT,
		  .placeholder = "HOST[:PORT]",
		  .help = "where to send it (default: what the URI names)",
		  .to.text = &words.to },
		{ .name = "transport",
		  .kind = OPTION_CHOICE,
		  .placeholder = "udp|tcp",
		  .help = "default: what the URI says, or udp",
		  .choices = transports,
		  .to.choice = &words.transport },
		{ .name = "user",
		  .kind = OPTION_TEXT,
		  .placeholder = "NAME",
		  .help = "answers digest challenges, and names the caller",
		  .to.text = &order.secret.user },
		{ .name = "password",
		  .kind = OPTION_TEXT,
		  .placeholder = "TEXT",
		  .help = "other users of this host can see it",
		  .to.text = &words.password },
		{ .name = "password-file",
		  .kind = OPTION_TEXT,
		  .placeholder = "FILE",
		  .help = "the first line of a file instead",
		  .to.text = &words.password_file },
		{ .name = "from",
		  .kind = OPTION_TEXT,
		  .placeholder = "URI",
		  .help = "who calls (default: --user at the URI's host)",
		  .to.text = &order.from },
		{ .name = "contact",
		  .kind = OPTION_TEXT,
		  .placeholder = "URI",
		  .help = "where answers come to (default: here)",
		  .to.text = &order.contact },
		{ .name = "port",
		  .kind = OPTION_NUMBER,
		  .placeholder = "PORT",
		  .help = "of this host, to send from (default: a free one)",
		  .limit = 65535,
		  .to.number = &words.port },
		{ .name = "expires",
		  .kind = OPTION_TEXT,
		  .placeholder = "SECONDS",
		  .help = "of a registration; 0 ends it",
		  .to.text = &words.expires },
		{ .name = "hold",
		  .kind = OPTION_SECONDS,
		  .placeholder = "TIME",
		  .help = "how long a call lasts: 5, 500ms, 2m (default: 1)",
		  .to.duration_ns = &order.hold },
		{ .name = "reinvite",
		  .kind = OPTION_FLAG,
		  .help = "puts the call on hold and takes it back",
		  .to.flag = &order.reinvite },
		{ .name = "cancel-after",
		  .kind = OPTION_SECONDS,
		  .placeholder = "TIME",
		  .help = "cancels an INVITE that is not answered",
		  .to.duration_ns = &order.cancel_after },
		{ .name = "timeout",
		  .kind = OPTION_SECONDS,
		  .placeholder = "TIME",
		  .help = "for an answer (default: 32; ringing: 180)",
		  .to.duration_ns = &order.patience },
		{ .name = "body",
		  .kind = OPTION_TEXT,
		  .placeholder = "FILE",
		  .help = "body (default: an offer in an INVITE)",
		  .to.text = &words.body_file },
		{ .name = "content-type",
		  .kind = OPTION_TEXT,
		  .placeholder = "TYPE",
		  .help = "of the body",
		  .to.text = &order.content_type },
		{ .name = "header",
		  .kind = OPTION_TEXTS,
		  .placeholder = "'NAME: VALUE'",
		  .help = "another header; may be given again",
		  .to.texts = &words.headers },
		{ .kind = OPTION_END },
	};
	int code;

	if (!options_parse(&argc, argv, options, 2, &code))
		return code;
	if (argc < 3)
		return ctl_fail_usage(argv[0], argc < 2 ? "which method?" : "to which URI?");
	order.method = argv[1];
	order.uri = argv[2];
	order.headers = words.headers.items;
	order.header_count = words.headers.count;
	code = read_expires(words.expires, &order);
	if (!code)
		code = read_password(&words, &order);
	if (!code)
		code = read_body(&words, &order);
	if (!code)
		code = check_order(&order);
	if (!code)
		code = find_hop(&words, &order);
	return code ? code : open_and_carry_out(&order, (uint16_t)words.port);
}
