/* SPDX-License-Identifier: GPL-2.0-only */
/* The sockets of a user agent, on loopback: two of them talk, and a port where nobody is. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "ua/peer.h"
#include "ua/transport.h"

#define WAIT_MS 5000
#define MESSAGE "OPTIONS sip:a SIP/2.0\r\nContent-Length: 4\r\n\r\nbody"

static const char *const addresses[] = { "127.0.0.1", "::1" };

static struct ua_peer peer_at(const char *address, uint16_t port, enum ua_transport transport)
{
	struct ua_peer peer = { .transport = transport };

	cr_assert_eq(address_parse(address, strlen(address), &peer.at.address), 0);
	peer.at.port = port;
	return peer;
}

static struct ua_sockets *open_at(const char *address)
{
	struct ua_peer first = peer_at(address, 9, UA_UDP);
	struct ua_sockets *sockets = NULL;

	cr_assert_eq(ua_sockets_open(&first, 0, &sockets), 0);
	return sockets;
}

static struct ua_peer reach(const struct ua_sockets *sockets, enum ua_transport transport)
{
	return (struct ua_peer){ .at = ua_sockets_local(sockets), .transport = transport };
}

/* Waits until something has arrived: accepting a connection is nothing yet. */
static struct ua_arrival await(struct ua_sockets *sockets)
{
	struct ua_arrival arrival = { 0 };

	for (int i = 0; i < 10 && arrival.kind == UA_ARRIVED_NOTHING; i++)
		ua_sockets_wait(sockets, WAIT_MS, -1, &arrival);
	return arrival;
}

static void assert_message(const struct ua_arrival *arrival, const char *address)
{
	cr_assert_eq(arrival->kind, UA_ARRIVED_MESSAGE, "%s: %d", address, arrival->kind);
	cr_assert_eq(arrival->length, strlen(MESSAGE), "%s", address);
	cr_assert(memcmp(arrival->data, MESSAGE, strlen(MESSAGE)) == 0, "%s", address);
}

Test(transport, datagrams_and_streams_go_there_and_back)
{
	for (size_t i = 0; i < 2; i++) {
		for (enum ua_transport transport = UA_UDP; transport <= UA_TCP; transport++) {
			struct ua_sockets *a = open_at(addresses[i]), *b = open_at(addresses[i]);
			struct ua_peer to = reach(b, transport);
			struct ua_arrival arrival;

			cr_assert_eq(ua_sockets_send(a, &to, MESSAGE, strlen(MESSAGE)), 0);
			arrival = await(b);
			assert_message(&arrival, addresses[i]);
			cr_assert_eq(arrival.peer.transport, transport);
			cr_assert_eq(arrival.peer.at.port, ua_sockets_local(a).port,
				     "one port for both");
			to = arrival.peer;
			cr_assert_eq(ua_sockets_send(b, &to, MESSAGE, strlen(MESSAGE)), 0);
			arrival = await(a);
			assert_message(&arrival, addresses[i]);
			ua_sockets_close(a);
			ua_sockets_close(b);
		}
	}
}

Test(transport, two_messages_in_one_segment_are_two)
{
	struct ua_sockets *a = open_at("127.0.0.1"), *b = open_at("127.0.0.1");
	struct ua_peer to = reach(b, UA_TCP);
	struct ua_arrival arrival;

	ua_sockets_send(a, &to, "\r\n\r\n" MESSAGE MESSAGE, 4 + 2 * strlen(MESSAGE));
	arrival = await(b);
	assert_message(&arrival, "first");
	arrival = await(b);
	assert_message(&arrival, "second");
	ua_sockets_close(a);
	ua_sockets_close(b);
}

Test(transport, a_stream_of_garbage_is_closed_and_told)
{
	struct ua_sockets *a = open_at("127.0.0.1"), *b = open_at("127.0.0.1");
	struct ua_peer to = reach(b, UA_TCP);
	struct ua_arrival arrival;

	ua_sockets_send(a, &to, "GET / HTTP/1.0\r\n\r\n", 18);
	arrival = await(b);
	cr_assert_eq(arrival.kind, UA_ARRIVED_GARBLE);
	cr_assert_not_null(arrival.fault.what);
	arrival = await(a);
	cr_assert_eq(arrival.kind, UA_ARRIVED_LOSS, "the other end sees it closed");
	ua_sockets_close(a);
	ua_sockets_close(b);
}

Test(transport, where_nobody_is_an_error_says_so)
{
	for (size_t i = 0; i < 2; i++) {
		struct ua_sockets *a = open_at(addresses[i]), *gone = open_at(addresses[i]);
		struct ua_peer udp = reach(gone, UA_UDP), tcp = reach(gone, UA_TCP);
		struct ua_arrival arrival;

		ua_sockets_close(gone);
		cr_assert_eq(ua_sockets_send(a, &udp, MESSAGE, strlen(MESSAGE)), 0);
		arrival = await(a);
		cr_assert_eq(arrival.kind, UA_ARRIVED_LOSS, "%s", addresses[i]);
		cr_assert_eq(arrival.error, ECONNREFUSED, "%s", addresses[i]);
		cr_assert_eq(arrival.peer.at.port, udp.at.port, "%s", addresses[i]);
		cr_assert_eq(ua_sockets_send(a, &tcp, MESSAGE, strlen(MESSAGE)), -ECONNREFUSED,
			     "%s", addresses[i]);
		/* What came of it spoils nothing that follows. */
		ua_sockets_wait(a, 0, -1, &arrival);
		cr_assert_eq(arrival.kind, UA_ARRIVED_NOTHING, "%s", addresses[i]);
		ua_sockets_close(a);
	}
}

Test(transport, keepalives_are_nothing_and_media_has_an_even_port)
{
	struct ua_sockets *a = open_at("127.0.0.1"), *b = open_at("127.0.0.1");
	struct ua_peer to = reach(b, UA_UDP);
	struct ua_arrival arrival;

	ua_sockets_send(a, &to, "\r\n\r\n", 4);
	ua_sockets_wait(b, WAIT_MS, -1, &arrival);
	cr_assert_eq(arrival.kind, UA_ARRIVED_NOTHING);
	cr_assert_neq(ua_sockets_media_port(a), 0);
	cr_assert_neq(ua_sockets_media_port(a), ua_sockets_local(a).port);
	ua_sockets_close(a);
	ua_sockets_close(b);
}

Test(transport, a_port_of_its_own_is_taken_or_refused)
{
	struct ua_peer first = peer_at("127.0.0.1", 9, UA_UDP);
	struct ua_sockets *a = open_at("127.0.0.1"), *b = NULL;
	uint16_t port = ua_sockets_local(a).port;

	cr_assert_eq(ua_sockets_open(&first, port, &b), -EADDRINUSE);
	ua_sockets_close(a);
	cr_assert_eq(ua_sockets_open(&first, port, &b), 0);
	cr_assert_eq(ua_sockets_local(b).port, port);
	ua_sockets_close(b);
}

Test(transport, uris_lead_to_hops)
{
	static const struct {
		char uri[64], host[16];
		int err;
		uint16_t port;
		enum ua_transport transport;
	} rows[] = {
		{ "sip:h", "h", 0, 5060, UA_UDP },
		{ "sip:a@h:5070;transport=TCP", "h", 0, 5070, UA_TCP },
		{ "sip:a@[::1]:5070", "::1", 0, 5070, UA_UDP },
		{ "sip:a@h;maddr=m", "m", 0, 5060, UA_UDP },
		{ "sip:a@h;transport=sctp", "", -EPROTONOSUPPORT, 0, 0 },
		{ "sips:a@h", "", -EPROTONOSUPPORT, 0, 0 },
		{ "tel:+4930", "", -EPROTONOSUPPORT, 0, 0 },
		{ "h", "", -EINVAL, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ua_hop hop;

		cr_assert_eq(ua_hop_of_uri(rows[i].uri, UA_UDP, &hop), rows[i].err, "%s",
			     rows[i].uri);
		if (rows[i].err)
			continue;
		cr_assert_str_eq(hop.host, rows[i].host, "%s", rows[i].uri);
		cr_assert_eq(hop.port, rows[i].port, "%s", rows[i].uri);
		cr_assert_eq(hop.transport, rows[i].transport, "%s", rows[i].uri);
	}
}
