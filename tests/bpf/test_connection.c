// SPDX-License-Identifier: GPL-2.0-only
/* TCP and TLS of balanced services: each connection on one backend, ports and checksums both ways,
 * what makes a connection known, and that the guard stands in front. */
#include "through.h"

#include <arpa/inet.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "plane/backend.h"
#include "plane/ban.h"

#define LISTEN4 "\"udp:192.0.2.10:5060\", \"tcp:192.0.2.10:5060\", \"tls:192.0.2.10:5061\""
#define LISTEN6 "\"udp:[2001:db8::10]:5060\", \"tcp:[2001:db8::10]:5060\""
#define BALANCE(listen, forward, backends)                                                         \
	THROUGH_PROXY(listen)                                                                      \
	RIG_UNLIMITED "    balance:\n      forward: " forward "\n      backends:\n" backends

static const char nat4[] = BALANCE(LISTEN4, "nat", THROUGH_BACKENDS4);
static const char nat6[] = BALANCE(LISTEN6, "nat", THROUGH_BACKENDS6);
static const char ipip4[] = BALANCE(LISTEN4, "ipip",
				    "        - {name: a, address: \"10.0.0.11:5060\"}\n");

static void setup(void)
{
	links_open();
}

TestSuite(connection, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

static struct through out;

static struct frame_spec segment(const char *from, __u16 sport, __u16 dport, __u8 flags)
{
	return (struct frame_spec){ .from = from,
				    .sport = sport,
				    .dport = dport,
				    .protocol = IPPROTO_TCP,
				    .tcp_flags = flags,
				    .text = "OPTIONS sip:x SIP/2.0\r\n",
				    .sums = true };
}

/* The backend a segment of a client goes to: 0 to 2. */
static unsigned int place(const char *from, __u16 sport, __u16 dport, __u8 flags)
{
	struct frame_spec spec = segment(from, sport, dport, flags);

	through(&spec, &out);
	cr_assert_eq(out.action, XDP_REDIRECT, "XDP action %u", out.action);
	cr_expect(out.seen.header_sum_ok && out.seen.sum_ok, "checksums");
	cr_expect_eq(out.seen.hops, 63);
	cr_expect_str_eq(out.seen.from, from);
	cr_expect_eq(out.seen.sport, sport);
	return (unsigned int)atoi(strrchr(out.seen.to, strchr(from, ':') ? ':' : '.') + 1) - 11;
}

static const __u16 tcp_ports[] = { 5060, 5060, 5062 };

static void expect_back(const char *name, const char *backend, __u16 port, const char *client,
			__u16 client_port, __u8 flags, const char *vip, __u16 vip_port)
{
	struct frame_spec spec = segment(backend, port, client_port, flags);

	spec.to = client;
	through(&spec, &out);
	through_expect_sent(name, &out, XDP_REDIRECT);
	cr_expect(out.seen.sum_ok, "%s: TCP checksum", name);
	cr_expect_str_eq(out.seen.from, vip, "%s: from %s", name, out.seen.from);
	cr_expect_eq(out.seen.sport, vip_port, "%s: port %u", name, out.seen.sport);
	cr_expect_str_eq(out.seen.to, client);
	through_egress(&spec, &out);
	cr_expect_eq((__s32)out.action, TC_ACT_UNSPEC);
	cr_expect(out.seen.header_sum_ok && out.seen.sum_ok, "%s: checksums, by the stack", name);
	cr_expect_str_eq(out.seen.from, vip);
	cr_expect_eq(out.seen.sport, vip_port);
}

Test(connection, both_ways)
{
	char backend[16];

	rig_open(nat4);
	for (__u16 n = 0; n < 40; n++) {
		unsigned int which = place("198.51.100.1", 10000 + n, 5060, SYN);

		cr_expect_eq(out.seen.dport, tcp_ports[which], "port %u", out.seen.dport);
		snprintf(backend, sizeof(backend), "10.0.0.%u", 11 + which);
		expect_back("SYN ACK", backend, tcp_ports[which], "198.51.100.1", 10000 + n,
			    SYN | ACK, "192.0.2.10", 5060);
		cr_expect_eq(place("198.51.100.1", 10000 + n, 5060, ACK), which);
		expect_back("data", backend, tcp_ports[which], "198.51.100.1", 10000 + n, PSH | ACK,
			    "192.0.2.10", 5060);
		cr_expect_eq(place("198.51.100.1", 10000 + n, 5060, FIN | ACK), which);
		/* TLS: one port further */
		which = place("198.51.100.1", 10000 + n, 5061, SYN);
		cr_expect_eq(out.seen.dport, tcp_ports[which] + 1, "port %u", out.seen.dport);
		snprintf(backend, sizeof(backend), "10.0.0.%u", 11 + which);
		expect_back("TLS", backend, tcp_ports[which] + 1, "198.51.100.1", 10000 + n,
			    SYN | ACK, "192.0.2.10", 5061);
	}
}

Test(connection, ipv6)
{
	char backend[16];

	rig_open(nat6);
	for (__u16 n = 0; n < 10; n++) {
		unsigned int which = place("2001:db8:1::1", 10000 + n, 5060, SYN);

		cr_expect_eq(out.seen.dport, tcp_ports[which]);
		snprintf(backend, sizeof(backend), "fd00::%u", 11 + which);
		expect_back("data", backend, tcp_ports[which], "2001:db8:1::1", 10000 + n, ACK,
			    "2001:db8::10", 5060);
	}
}

Test(connection, spread)
{
	unsigned int share[3] = { 0 };

	rig_open(nat4);
	for (__u16 n = 0; n < 3000; n++)
		share[place("198.51.100.1", 1024 + n, 5060, SYN)]++;
	for (unsigned int i = 0; i < 3; i++)
		cr_expect(share[i] > 900 && share[i] < 1100, "backend %u: %u", i, share[i]);
	cr_expect_eq(rig_counted(CLASS_STREAM, PASS_STREAM), 3000);
}

static __u64 rows(void)
{
	__u64 count = 0;

	cr_assert_eq(maps_count(rig_maps(), MAP_CONNECTIONS, &count), 0);
	return count;
}

/* A connection that is known stays, whatever the table says; one that is not goes by the table. */
Test(connection, known_ones_stay)
{
	unsigned int which;
	char backend[16];

	rig_open(nat4);
	which = place("198.51.100.1", 10000, 5060, SYN);
	snprintf(backend, sizeof(backend), "10.0.0.%u", 11 + which);
	expect_back("SYN ACK", backend, tcp_ports[which], "198.51.100.1", 10000, SYN | ACK,
		    "192.0.2.10", 5060);
	place("198.51.100.1", 10000, 5060, ACK);
	cr_expect_eq(rows(), 0, "not yet known");
	expect_back("RST", backend, tcp_ports[which], "198.51.100.1", 10000, RST | ACK,
		    "192.0.2.10", 5060);
	cr_expect_eq(rows(), 0, "a refusal is no connection");
	expect_back("data", backend, tcp_ports[which], "198.51.100.1", 10000, ACK, "192.0.2.10",
		    5060);
	cr_expect_eq(rows(), 1);
	cr_assert_eq(maps_clear(rig_maps(), MAP_MAGLEV), 0);
	through_backend(backend)->state = BACKEND_DRAIN;
	rig_wait(HOUR);
	cr_expect_eq(place("198.51.100.1", 10000, 5060, ACK), which);
	rig_reload(nat4);
	through_backend(backend)->state = BACKEND_DOWN;
	cr_expect_neq(place("198.51.100.1", 10000, 5060, ACK), which, "its backend is dead");
}

/* Of a handshake: SYN ACK of a backend, and what acknowledges it. */
static void opens(const char *backend, __u16 port, __u16 client_port, __u32 sequence)
{
	struct frame_spec spec = segment(backend, port, client_port, SYN | ACK);

	spec.to = "198.51.100.1";
	spec.tcp_sequence = sequence;
	through(&spec, &out);
	through_expect_sent("SYN ACK", &out, XDP_REDIRECT);
}

static unsigned int acknowledges(__u16 client_port, __u8 flags, __u32 number)
{
	struct frame_spec spec = segment("198.51.100.1", client_port, 5060, flags);

	spec.tcp_acknowledged = number;
	through(&spec, &out);
	return out.action == XDP_REDIRECT ? (unsigned int)atoi(strrchr(out.seen.to, '.') + 1) - 11
					  : 99;
}

/* A connection over which nothing was sent yet stays as well, once its client is known to be there. */
Test(connection, opened_and_silent)
{
	unsigned int which;
	char backend[16];

	rig_open(nat4);
	which = place("198.51.100.1", 10000, 5060, SYN);
	snprintf(backend, sizeof(backend), "10.0.0.%u", 11 + which);
	opens(backend, tcp_ports[which], 10000, 0xffffffff);
	cr_expect_eq(rows(), 0, "nobody has answered");
	acknowledges(10000, ACK, 7);
	acknowledges(10000, RST | ACK, 0);
	cr_expect_eq(rows(), 0, "not what the backend sent");
	/* the table changes before it is acknowledged: the backend drains, say */
	cr_assert_eq(maps_clear(rig_maps(), MAP_MAGLEV), 0);
	through_backend(backend)->state = BACKEND_DRAIN;
	cr_expect_eq(acknowledges(10000, ACK, 0), 99, "another number");
	opens(backend, tcp_ports[which], 10000, 41);
	cr_expect_eq(acknowledges(10000, SYN | ACK, 42), 99, "no answer is opened by a SYN");
	cr_expect_eq(acknowledges(10000, ACK, 42), which);
	cr_expect_eq(rows(), 1);
	rig_wait(HOUR);
	cr_expect_eq(acknowledges(10000, ACK, 42), which);
	through_backend(backend)->state = BACKEND_DOWN;
	cr_expect_eq(acknowledges(10000, ACK, 42), 99, "its backend is dead");
	cr_expect_eq(acknowledges(10001, ACK, 42), 99, "somebody else's");
	cr_expect_eq(rows(), 1);
}

/* Behind the end of a connection the next one between the same ports is a new one. */
Test(connection, ended_and_opened_again)
{
	static const __u8 ends[] = { FIN | ACK, RST | ACK };
	unsigned int which;
	char backend[16];

	for (size_t i = 0; i < COUNT(ends); i++) {
		rig_open(nat4);
		which = place("198.51.100.1", 10000, 5060, SYN);
		snprintf(backend, sizeof(backend), "10.0.0.%u", 11 + which);
		expect_back("data", backend, tcp_ports[which], "198.51.100.1", 10000, ACK,
			    "192.0.2.10", 5060);
		through_backend(backend)->state = BACKEND_DRAIN;
		cr_expect_eq(place("198.51.100.1", 10000, 5060, FIN | ACK), which);
		cr_expect_eq(place("198.51.100.1", 10000, 5060, SYN), which,
			     "who may have made it up");
		expect_back("end", backend, tcp_ports[which], "198.51.100.1", 10000, ends[i],
			    "192.0.2.10", 5060);
		cr_expect_eq(place("198.51.100.1", 10000, 5060, ACK), which, "the last ACK");
		cr_expect_eq(rows(), 1);
		cr_expect_neq(place("198.51.100.1", 10000, 5060, SYN), which);
		cr_expect_eq(rows(), 0);
		cr_expect_neq(place("198.51.100.1", 10000, 5060, ACK), which);
		rig_close();
	}
}

/* A backend that opens a connection to the service does not get it itself. */
Test(connection, from_a_backend)
{
	rig_open(nat4);
	for (__u16 n = 0; n < 50; n++)
		cr_expect_neq(place("10.0.0.12", 10000 + n, 5060, SYN), 1);
}

/* A backend that is taken out stays as long as its connections speak. */
Test(connection, segments_keep_a_backend)
{
	struct backend_load load;
	unsigned int which;

	rig_open(nat4);
	rig_wait(MINUTE);
	which = place("198.51.100.1", 10000, 5060, PSH | ACK);
	cr_assert_eq(backend_load_sum(rig_maps(), which + 1, &load), 0);
	cr_expect_eq(load.packets, 1);
	cr_expect_eq(load.requests, 0, "nothing is read in it");
	cr_expect_eq(load.last_request_ns, rig_now());
}

/* A flood of SYNs leaves nothing behind. */
Test(connection, syns_make_no_rows)
{
	char from[32];

	rig_open(nat4);
	for (unsigned int n = 0; n < 500; n++) {
		snprintf(from, sizeof(from), "198.51.100.%u", n % 250);
		place(from, (__u16)(1000 + n), 5060, SYN);
	}
	cr_expect_eq(rows(), 0);
}

/* In a tunnel the segments are as they were; there the client's own ones make it known. */
Test(connection, tunnel)
{
	struct frame_spec spec = segment("198.51.100.1", 10000, 5061, SYN);
	struct seen inner;

	rig_open(ipip4);
	for (int i = 0; i < 2; i++) {
		through(&spec, &out);
		through_expect_sent("tunnel", &out, XDP_REDIRECT);
		seen_packet(&inner, out.seen.payload, out.seen.payload_length);
		cr_expect_eq(inner.protocol, IPPROTO_TCP);
		cr_expect_eq(inner.dport, 5061);
		cr_expect(inner.sum_ok && inner.header_sum_ok);
		cr_expect_eq(rows(), (__u64)i);
		spec.tcp_flags = ACK;
	}
}

static void ban_by_hand(const char *ipv4)
{
	struct sipxdp_prefix key = { .prefix_len = 128,
				     .addr = { .word = { [2] = htonl(0xffff) } } };
	struct ban ban = { .origin = BAN_HAND };

	cr_assert_eq(inet_pton(AF_INET, ipv4, &key.addr.word[3]), 1);
	cr_assert_eq(ban_add(rig_maps(), &key, &ban, NULL), 0);
}

/* A service that joined later shares the backends, and has no TCP: theirs is still the first one's. */
Test(connection, shared_backends)
{
	rig_open(BALANCE(
		LISTEN4, "nat",
		THROUGH_BACKENDS4) "  - name: datagrams\n    listen: [\"udp:192.0.2.11:5060\"]\n"
				   "    balance:\n      forward: nat\n      "
				   "backends:\n" THROUGH_BACKENDS4);
	expect_back("TCP", "10.0.0.11", 5060, "198.51.100.1", 10000, ACK, "192.0.2.10", 5060);
	expect_back("TLS", "10.0.0.13", 5063, "198.51.100.1", 10000, ACK, "192.0.2.10", 5061);
}

/* Denied sources, and too many SYNs of one, do not get as far as that. */
Test(connection, behind_the_guard)
{
	struct frame_spec spec = segment("203.0.113.1", 10000, 5060, SYN);

	rig_open(THROUGH_PROXY(
		LISTEN4) "    limits: {syn: 1/s}\n"
			 "    balance:\n      forward: nat\n      backends:\n" THROUGH_BACKENDS4
			 "networks: {deny: [203.0.113.0/24]}\n");
	through_expect_dropped("denied", &spec, CLASS_STREAM, DROP_DENIED);
	spec.from = "198.51.100.66";
	ban_by_hand(spec.from);
	through_expect_dropped("banned", &spec, CLASS_STREAM, DROP_BANNED);
	spec.tcp_flags = ACK;
	through_expect_dropped("banned, in a connection", &spec, CLASS_STREAM, DROP_BANNED);
	spec.tcp_flags = SYN;
	spec.from = "198.51.100.1";
	through(&spec, &out);
	cr_expect_eq(out.action, XDP_REDIRECT);
	through_expect_dropped("too many", &spec, CLASS_STREAM, DROP_SYN_LIMIT);
	spec.tcp_flags = ACK;
	through(&spec, &out);
	cr_expect_eq(out.action, XDP_REDIRECT);
	for (unsigned int n = 11; n < 14; n++) {
		char backend[16];

		snprintf(backend, sizeof(backend), "10.0.0.%u", n);
		through_backend(backend)->state = BACKEND_DOWN;
	}
	through_expect_dropped("none is up", &spec, CLASS_STREAM, DROP_NO_BACKEND);
}
