// SPDX-License-Identifier: GPL-2.0-only
/* Whose a backend's packet is where that can be told from the packet before it only: services that
 * share their backends, and services of several addresses. The far side gets what it spoke to. */
#include "through.h"

#include <arpa/inet.h>
#include <linux/pkt_cls.h>

#define SERVICE(name, listen, backends)                                                            \
	"  - name: " name "\n    listen: [" listen "]\n    verify_source: off\n" RIG_UNLIMITED     \
	"    balance:\n      forward: nat\n      register_key: call-id\n      "                    \
	"backends:\n" backends

#define MANY4 "\"udp:192.0.2.10:5060\", \"udp:192.0.2.11:5060\", \"udp:192.0.2.11:5080\""
#define MANY6 "\"udp:[2001:db8::10]:5060\", \"udp:[2001:db8::11]:5060\""

static const char many4[] = "services:\n" SERVICE("proxy", MANY4, THROUGH_BACKENDS4);
static const char many6[] = "services:\n" SERVICE("proxy", MANY6, THROUGH_BACKENDS6);
static const char shared4[] =
	"services:\n" SERVICE("one", "\"udp:192.0.2.10:5060\"", THROUGH_BACKENDS4)
		SERVICE("two", "\"udp:192.0.2.11:5060\"", THROUGH_BACKENDS4)
			SERVICE("three", "\"udp:192.0.2.11:5080\"", THROUGH_BACKENDS4);

static void setup(void)
{
	links_open();
}

TestSuite(balance_shared, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

/* Our own ends: where a client sends, and what its answers come from. */
struct end {
	const char *address;
	__u16 port;
};

static const struct end ends4[] = { { "192.0.2.10", 5060 },
				    { "192.0.2.11", 5060 },
				    { "192.0.2.11", 5080 } };
static const struct end ends6[] = { { "2001:db8::10", 5060 }, { "2001:db8::11", 5060 } };

static char text[1024], backend[48];
static __u16 backend_port;

static const char *message(const char *first_line, const char *method, unsigned int call)
{
	snprintf(text, sizeof(text),
		 "%s\r\nVia: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=1\r\n"
		 "To: <sip:b@x>\r\nCall-ID: call-%u@x\r\nCSeq: 1 %s\r\n\r\n",
		 first_line, call, method);
	return text;
}

static const char *request(const char *method, unsigned int call)
{
	char line[64];

	snprintf(line, sizeof(line), "%s sip:b@x SIP/2.0", method);
	return message(line, method, call);
}

/* The client at that port sends to one of our ends; its backend is remembered. */
static void ask(const struct end *to, const char *client, __u16 port, const char *sip)
{
	static struct through out;

	through(&(struct frame_spec){ .from = client,
				      .sport = port,
				      .to = to->address,
				      .dport = to->port,
				      .text = sip,
				      .sums = true },
		&out);
	cr_assert_eq(out.action, XDP_REDIRECT, "XDP action %u", out.action);
	snprintf(backend, sizeof(backend), "%s", out.seen.to);
	backend_port = out.seen.dport;
}

/* That backend sends to the client: it comes from `from`, by XDP and by the stack. */
static void answered(const char *name, const struct end *from, const char *client, __u16 port,
		     const char *sip)
{
	const struct frame_spec spec = { .from = backend,
					 .sport = backend_port,
					 .to = client,
					 .dport = port,
					 .text = sip,
					 .sums = true };
	static struct through out;

	through(&spec, &out);
	through_expect_sent(name, &out, XDP_REDIRECT);
	cr_expect_str_eq(out.seen.from, from->address, "%s: from %s", name, out.seen.from);
	cr_expect_eq(out.seen.sport, from->port, "%s: from port %u", name, out.seen.sport);
	through_egress(&spec, &out);
	cr_expect_eq((__s32)out.action, TC_ACT_UNSPEC);
	cr_expect_str_eq(out.seen.from, from->address, "%s: from %s, by the stack", name,
			 out.seen.from);
	cr_expect_eq(out.seen.sport, from->port, "%s: from port %u, by the stack", name,
		     out.seen.sport);
	cr_expect(out.seen.header_sum_ok && out.seen.sum_ok, "%s: checksums, by the stack", name);
}

/* Calls of one client to each of our ends at once, and their answers in any order. */
static void show_calls(const struct end *ends, unsigned int count, const char *client)
{
	char at[SERVICE_MAX][48];
	__u16 port[SERVICE_MAX];

	for (unsigned int i = 0; i < count; i++) {
		ask(&ends[i], client, 5060, request("INVITE", 100 + i));
		memcpy(at[i], backend, sizeof(backend));
		port[i] = backend_port;
	}
	for (unsigned int round = 0; round < 3; round++) {
		static const char *const status[] = { "SIP/2.0 100 Trying", "SIP/2.0 180 Ringing",
						      "SIP/2.0 200 OK" };

		for (unsigned int i = 0; i < count; i++) {
			memcpy(backend, at[i], sizeof(backend));
			backend_port = port[i];
			answered(status[round], &ends[i], client, 5060,
				 message(status[round], "INVITE", 100 + i));
		}
	}
	/* and what the backend sends in the call, long after anything but calls is forgotten */
	cr_assert_eq(maps_clear(rig_maps(), MAP_PLACEMENTS), 0);
	for (unsigned int i = 0; i < count; i++) {
		memcpy(backend, at[i], sizeof(backend));
		backend_port = port[i];
		answered("BYE of the backend", &ends[i], client, 5060, request("BYE", 100 + i));
	}
}

/* The phone at that port takes a call of its backend, which it answers to where it came from. */
static void takes_a_call(const struct end *end, unsigned int call, const char *client, __u16 port)
{
	answered("a call to the phone", end, client, port, request("INVITE", call));
	ask(end, client, port, message("SIP/2.0 200 OK", "INVITE", call));
}

/* Phones that register, each at another one of our ends, and are called there, by whichever backend. */
static void show_phones(const struct end *ends, unsigned int count, const char *client)
{
	for (unsigned int i = 0; i < count; i++) {
		ask(&ends[i], client, 7000 + i, request("REGISTER", 200 + i));
		answered("401", &ends[i], client, 7000 + i,
			 message("SIP/2.0 401 Unauthorized", "REGISTER", 200 + i));
		answered("200", &ends[i], client, 7000 + i,
			 message("SIP/2.0 200 OK", "REGISTER", 200 + i));
	}
	for (unsigned int i = 0; i < count; i++) {
		takes_a_call(&ends[i], 300 + i, client, 7000 + i);
		answered("OPTIONS to the phone", &ends[i], client, 7000 + i,
			 request("OPTIONS", 400 + i));
	}
}

Test(balance_shared, several_addresses)
{
	rig_open(many4);
	show_calls(ends4, COUNT(ends4), "198.51.100.1");
	show_phones(ends4, COUNT(ends4), "198.51.100.2");
	/* a registration outlives what was placed */
	cr_assert_eq(maps_clear(rig_maps(), MAP_PLACEMENTS), 0);
	for (unsigned int i = 0; i < COUNT(ends4); i++)
		answered("a phone that was silent", &ends4[i], "198.51.100.2", 7000 + i,
			 request("INVITE", 500 + i));
	answered("who was never heard of", &ends4[0], "198.51.100.3", 5060, request("INVITE", 600));
}

/* Its address translator has given it another port in the midst of a call: what is answered comes from where
 * it was sent to. */
Test(balance_shared, a_client_whose_port_changes)
{
	static const char client[] = "198.51.100.1";

	rig_open(many4);
	for (unsigned int i = 0; i < COUNT(ends4); i++) {
		unsigned int call = 900 + i;

		ask(&ends4[i], client, 5060, request("INVITE", call));
		answered("200", &ends4[i], client, 5060, message("SIP/2.0 200 OK", "INVITE", call));
		ask(&ends4[i], client, 5060, request("ACK", call));
		ask(&ends4[i], client, 6000 + i, request("UPDATE", call));
		answered("200 to another port", &ends4[i], client, 6000 + i,
			 message("SIP/2.0 200 OK", "UPDATE", call));
		answered("BYE to another port", &ends4[i], client, 6000 + i, request("BYE", call));
	}
}

Test(balance_shared, several_addresses_ipv6)
{
	rig_open(many6);
	show_calls(ends6, COUNT(ends6), "2001:db8:1::1");
	show_phones(ends6, COUNT(ends6), "2001:db8:1::2");
}

Test(balance_shared, services_with_the_same_backends)
{
	rig_open(shared4);
	show_calls(ends4, COUNT(ends4), "198.51.100.1");
	show_phones(ends4, COUNT(ends4), "198.51.100.2");
	cr_assert_eq(maps_clear(rig_maps(), MAP_PLACEMENTS), 0);
	for (unsigned int i = 0; i < COUNT(ends4); i++)
		answered("a phone that was silent", &ends4[i], "198.51.100.2", 7000 + i,
			 request("INVITE", 500 + i));
}

/* As many services as there may be, all of them before the same backends. */
Test(balance_shared, every_service_with_the_same_backends)
{
	static const char service[] = SERVICE("p%u", "\"udp:192.0.2.10:%u\"", THROUGH_BACKENDS4);
	static char config[SERVICE_MAX * (sizeof(service) + 16) + 16] = "services:\n";
	struct end ends[SERVICE_MAX];
	size_t used = strlen(config);

	for (unsigned int i = 0; i < SERVICE_MAX; i++) {
		ends[i] = (struct end){ "192.0.2.10", (__u16)(6000 + i) };
		used += (size_t)snprintf(config + used, sizeof(config) - used, service, i,
					 ends[i].port);
	}
	rig_open(config);
	show_calls(ends, SERVICE_MAX, "198.51.100.1");
	show_phones(ends, SERVICE_MAX, "198.51.100.2");
}

/* A phone of one service calls a phone of another, whose server is the same: each has its own service for
 * the whole call. */
Test(balance_shared, from_a_phone_of_one_to_a_phone_of_another)
{
	static const char caller[] = "198.51.100.1", callee[] = "198.51.100.2";
	char host[48];
	__u16 port;

	rig_open(shared4);
	for (unsigned int call = 800; call < 808; call++) {
		ask(&ends4[1], callee, 5060, request("REGISTER", call + 100));
		ask(&ends4[0], caller, 5060, request("INVITE", call));
		memcpy(host, backend, sizeof(host));
		port = backend_port;
		answered("INVITE to the callee", &ends4[1], callee, 5060, request("INVITE", call));
		ask(&ends4[1], callee, 5060, message("SIP/2.0 200 OK", "INVITE", call));
		cr_expect_str_eq(backend, host, "200: to %s", backend);
		cr_expect_eq(backend_port, port);
		answered("200 to the caller", &ends4[0], caller, 5060,
			 message("SIP/2.0 200 OK", "INVITE", call));
		answered("ACK to the callee", &ends4[1], callee, 5060, request("ACK", call));
		/* long after */
		cr_assert_eq(maps_clear(rig_maps(), MAP_PLACEMENTS), 0);
		answered("BYE to the callee", &ends4[1], callee, 5060, request("BYE", call));
		answered("BYE to the caller", &ends4[0], caller, 5060, request("BYE", call));
	}
}

/* ---- a call that comes in by one service and goes out by another ---- */

#define LEGS_BACKENDS(port)                                                                        \
	"        - {name: a, address: \"10.0.0.11:" port "\"}\n"                                   \
	"        - {name: b, address: \"10.0.0.12:" port "\"}\n"                                   \
	"        - {name: c, address: \"10.0.0.13:" port "\"}\n"

static const char legs4[] =
	"services:\n" SERVICE("outside", "\"udp:192.0.2.10:5060\"", LEGS_BACKENDS("5060"))
		SERVICE("inside", "\"udp:192.0.2.11:5080\"", LEGS_BACKENDS("5080"));

#define LEGS_CALLER "198.51.100.1"
#define LEGS_CALLEE "198.51.100.9"

/* What the far side of a leg sends meets the backend that has the call, `host`. */
static void leg_comes_in(const char *name, unsigned int leg, const char *host, const char *sip)
{
	static const struct end outside = { "192.0.2.10", 5060 }, inside = { "192.0.2.11", 5080 };
	const struct end *end = leg ? &inside : &outside;

	ask(end, leg ? LEGS_CALLEE : LEGS_CALLER, 5060, sip);
	cr_expect_str_eq(backend, host, "%s: to %s", name, backend);
	cr_expect_eq(backend_port, end->port, "%s: to port %u", name, backend_port);
}

static void leg_goes_out(const char *name, unsigned int leg, const char *host, const char *sip)
{
	static const struct end outside = { "192.0.2.10", 5060 }, inside = { "192.0.2.11", 5080 };
	const struct end *end = leg ? &inside : &outside;

	snprintf(backend, sizeof(backend), "%s", host);
	backend_port = end->port;
	answered(name, end, leg ? LEGS_CALLEE : LEGS_CALLER, 5060, sip);
}

/* A proxy keeps the Call-ID: each leg is a call of its own service, with the same server. */
Test(balance_shared, both_legs_have_one_call_id)
{
	char host[48];

	rig_open(legs4);
	for (unsigned int call = 700; call < 708; call++) {
		ask(&ends4[0], LEGS_CALLER, 5060, request("INVITE", call));
		memcpy(host, backend, sizeof(host));
		leg_goes_out("INVITE", 1, host, request("INVITE", call));
		leg_comes_in("180 of the callee", 1, host,
			     message("SIP/2.0 180 Ringing", "INVITE", call));
		leg_goes_out("180", 0, host, message("SIP/2.0 180 Ringing", "INVITE", call));
		leg_comes_in("200 of the callee", 1, host,
			     message("SIP/2.0 200 OK", "INVITE", call));
		leg_goes_out("200", 0, host, message("SIP/2.0 200 OK", "INVITE", call));
		/* the calls stay, whatever else is forgotten */
		cr_assert_eq(maps_clear(rig_maps(), MAP_PLACEMENTS), 0);
		leg_comes_in("ACK", 0, host, request("ACK", call));
		leg_comes_in("BYE of the callee", 1, host, request("BYE", call));
		leg_comes_in("200 to BYE", 0, host, message("SIP/2.0 200 OK", "BYE", call));
	}
}

/* ---- a call between the families ---- */

static const char dual[] = "services:\n" SERVICE(
	"proxy", "\"udp:192.0.2.10:5060\", \"udp:[2001:db8::10]:5060\"",
	LEGS_BACKENDS("5060") "        - {name: a6, address: \"[fd00::11]:5060\"}\n"
			      "        - {name: b6, address: \"[fd00::12]:5060\"}\n"
			      "        - {name: c6, address: \"[fd00::13]:5060\"}\n");

static const struct end dual_ends[] = { { "192.0.2.10", 5060 }, { "2001:db8::10", 5060 } };
static const char *const dual_peers[] = { "198.51.100.1", "2001:db8:1::9" };
static char dual_hosts[2][48];

static void dual_in(const char *name, unsigned int leg, const char *sip)
{
	ask(&dual_ends[leg], dual_peers[leg], 5060, sip);
	cr_expect_str_eq(backend, dual_hosts[leg], "%s: to %s", name, backend);
}

static void dual_out(const char *name, unsigned int leg, const char *sip)
{
	snprintf(backend, sizeof(backend), "%s", dual_hosts[leg]);
	backend_port = 5060;
	answered(name, &dual_ends[leg], dual_peers[leg], 5060, sip);
}

static void dual_pool(enum backend_state others, char but)
{
	for (char host = '1'; host <= '3'; host++) {
		char four[16] = "10.0.0.1", six[16] = "fd00::1";

		strncat(four, &host, 1);
		strncat(six, &host, 1);
		through_backend(four)->state = host == but ? BACKEND_DRAIN : others;
		through_backend(six)->state = host == but ? BACKEND_DRAIN : others;
	}
}

/* A server that speaks both families is two backends: each has its side of a call, though the pool
 * changes. */
static void between_the_families(unsigned int from, unsigned int call)
{
	unsigned int to = !from;

	ask(&dual_ends[from], dual_peers[from], 5060, request("INVITE", call));
	memcpy(dual_hosts[from], backend, sizeof(backend));
	snprintf(dual_hosts[to], sizeof(dual_hosts[to]), "%s%c", to ? "fd00::1" : "10.0.0.1",
		 backend[strlen(backend) - 1]);
	dual_out("INVITE", to, request("INVITE", call));
	dual_pool(BACKEND_UP, backend[strlen(backend) - 1]);
	dual_in("180 of the callee", to, message("SIP/2.0 180 Ringing", "INVITE", call));
	dual_out("180", from, message("SIP/2.0 180 Ringing", "INVITE", call));
	dual_in("200 of the callee", to, message("SIP/2.0 200 OK", "INVITE", call));
	dual_out("200", from, message("SIP/2.0 200 OK", "INVITE", call));
	cr_assert_eq(maps_clear(rig_maps(), MAP_PLACEMENTS), 0);
	dual_in("ACK", from, request("ACK", call));
	dual_in("BYE of the callee", to, request("BYE", call));
	dual_in("200 to BYE", from, message("SIP/2.0 200 OK", "BYE", call));
	dual_pool(BACKEND_UP, 0);
}

/* What is no call, and is answered from the other family. */
static void asked_between_the_families(unsigned int from, unsigned int call)
{
	unsigned int to = !from;

	ask(&dual_ends[from], dual_peers[from], 5060, request("MESSAGE", call));
	memcpy(dual_hosts[from], backend, sizeof(backend));
	snprintf(dual_hosts[to], sizeof(dual_hosts[to]), "%s%c", to ? "fd00::1" : "10.0.0.1",
		 backend[strlen(backend) - 1]);
	dual_out("MESSAGE", to, request("MESSAGE", call));
	dual_in("200 of the callee", to, message("SIP/2.0 200 OK", "MESSAGE", call));
	dual_out("200", from, message("SIP/2.0 200 OK", "MESSAGE", call));
}

Test(balance_shared, calls_between_the_families)
{
	rig_open(dual);
	for (unsigned int call = 1000; call < 1008; call++) {
		between_the_families(call & 1, call);
		asked_between_the_families(call & 1, call + 100);
	}
}
