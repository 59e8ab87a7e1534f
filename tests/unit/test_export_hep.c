/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages as HEP3 packets, octet by octet, and on their way to a collector. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "export/hep.h"
#include "export/hep_sender.h"

#define PASSWORD_LONGEST HEP_PASSWORD_SIZE - 1
#define WAIT_MS		 10000

static struct sipxdp_peer peer4(uint32_t address, uint16_t port)
{
	return (struct sipxdp_peer){ .addr = { { 0, 0, htonl(0xffff), htonl(address) } },
				     .port = htons(port) };
}

static struct sipxdp_peer peer6(uint32_t last, uint16_t port)
{
	return (struct sipxdp_peer){ .addr = { { htonl(0x20010db8), 0, 0, htonl(last) } },
				     .port = htons(port) };
}

static struct hep_message message4(const char *data, size_t length)
{
	return (struct hep_message){
		.time_unix_ns = UINT64_C(1700000000123456789),
		.source = peer4(0xc6336407, 5062),
		.destination = peer4(0xc000020a, 5060),
		.capture_id = 2001,
		.password = "",
		.data = data,
		.length = (uint16_t)length,
	};
}

/* ---- packets ---- */

Test(hep, a_packet_has_each_chunk_once, .description = "IPv4, with a password: every octet")
{
	static const uint8_t expected[] = {
		'H',  'E',  'P',  '3',	0x00, 0x6e,			    /* 110 in all */
		0x00, 0x00, 0x00, 0x01, 0x00, 0x07, 2,			    /* AF_INET */
		0x00, 0x00, 0x00, 0x02, 0x00, 0x07, 17,			    /* UDP */
		0x00, 0x00, 0x00, 0x03, 0x00, 0x0a, 198,  51,	100,  7,    /* from */
		0x00, 0x00, 0x00, 0x04, 0x00, 0x0a, 192,  0,	2,    10,   /* to */
		0x00, 0x00, 0x00, 0x07, 0x00, 0x08, 0x13, 0xc6,		    /* 5062 */
		0x00, 0x00, 0x00, 0x08, 0x00, 0x08, 0x13, 0xc4,		    /* 5060 */
		0x00, 0x00, 0x00, 0x09, 0x00, 0x0a, 0x65, 0x53, 0xf1, 0x00, /* seconds */
		0x00, 0x00, 0x00, 0x0a, 0x00, 0x0a, 0x00, 0x01, 0xe2, 0x40, /* 123456 */
		0x00, 0x00, 0x00, 0x0b, 0x00, 0x07, 1,			    /* SIP */
		0x00, 0x00, 0x00, 0x0c, 0x00, 0x0a, 0x00, 0x00, 0x07, 0xd1, /* 2001 */
		0x00, 0x00, 0x00, 0x0e, 0x00, 0x08, 'm',  'e',		    /* password */
		0x00, 0x00, 0x00, 0x0f, 0x00, 0x09, 'S',  'I',	'P',
	};
	struct hep_message message = message4("SIP", 3);
	uint8_t packet[HEP_HEAD_MAX + 3];

	message.password = "me";
	cr_assert_eq(hep_write(&message, packet, sizeof(packet)), sizeof(expected));
	cr_assert_arr_eq(packet, expected, sizeof(expected));
}

/* The value of a chunk; NULL: there is none. */
static const uint8_t *find_chunk(const uint8_t *packet, size_t length, uint16_t type, size_t *size)
{
	size_t at = 6;

	while (at + 6 <= length) {
		uint16_t here = (uint16_t)(packet[at + 2] << 8 | packet[at + 3]);
		uint16_t chunk = (uint16_t)(packet[at + 4] << 8 | packet[at + 5]);

		cr_assert(chunk >= 6 && at + chunk <= length, "a chunk of %u at %zu", chunk, at);
		if (here == type) {
			*size = chunk - 6u;
			return packet + at + 6;
		}
		at += chunk;
	}
	cr_assert_eq(at, length, "octets behind the last chunk");
	return NULL;
}

Test(hep, ipv6_addresses_have_chunks_of_their_own)
{
	struct hep_message message = message4("SIP", 3);
	uint8_t packet[HEP_HEAD_MAX + 3];
	size_t length, size;
	const uint8_t *value;

	message.source = peer6(1, 5062);
	message.destination = peer6(2, 5060);
	length = hep_write(&message, packet, sizeof(packet));
	cr_assert_gt(length, 0);
	value = find_chunk(packet, length, 1, &size);
	cr_assert(value && *value == 10, "AF_INET6");
	value = find_chunk(packet, length, 5, &size);
	cr_assert(value && size == 16 && !memcmp(value, &message.source.addr, 16));
	value = find_chunk(packet, length, 6, &size);
	cr_assert(value && size == 16 && !memcmp(value, &message.destination.addr, 16));
	cr_assert_null(find_chunk(packet, length, 3, &size));
	cr_assert_null(find_chunk(packet, length, 14, &size), "no password, no chunk of it");
}

Test(hep, what_does_not_fit_is_not_written)
{
	static char data[65535], packet[70000];
	static char password[HEP_PASSWORD_SIZE];
	struct hep_message message = message4(data, 8000);

	memset(password, 'p', PASSWORD_LONGEST);
	message.password = password;
	message.source = peer6(1, 5062);
	message.destination = peer6(2, 5060);
	cr_assert_eq(hep_write(&message, packet, HEP_HEAD_MAX + 8000), HEP_HEAD_MAX + 8000,
		     "the longest head there can be");
	cr_assert_eq(hep_write(&message, packet, HEP_HEAD_MAX + 7999), 0);
	cr_assert_eq(hep_write(&message, packet, 10), 0);
	message.length = 65535 - HEP_HEAD_MAX;
	cr_assert_eq(hep_write(&message, packet, sizeof(packet)), 65535);
	message.length++;
	cr_assert_eq(hep_write(&message, packet, sizeof(packet)), 0, "no 16 bits hold its length");
	message = message4(data, 3);
	message.destination = peer6(2, 5060);
	cr_assert_eq(hep_write(&message, packet, sizeof(packet)), 0, "two families");
}

/* ---- on the way ---- */

/* A collector of ours, on the port given or (0) on a free one. */
static int collector_open(uint16_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(*port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0, "%m");
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static struct config_hep config_for(uint16_t port)
{
	return (struct config_hep){
		.wanted = true,
		.address = { .address = address_from_ipv4(htonl(INADDR_LOOPBACK)), .port = port },
		.capture_id = 9,
		.password = "secret",
	};
}

/* The next packet's message, as a text. */
static void take(int fd, char *text, size_t room)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	uint8_t packet[9000];
	const uint8_t *value;
	size_t size;
	ssize_t n;

	cr_assert_eq(poll(&ready, 1, WAIT_MS), 1, "nothing came");
	n = recv(fd, packet, sizeof(packet), 0);
	cr_assert(n > 6);
	cr_assert_eq(packet[4] << 8 | packet[5], n, "the packet's length");
	value = find_chunk(packet, (size_t)n, 12, &size);
	cr_assert(value && size == 4 && value[3] == 9, "the configured capture_id");
	value = find_chunk(packet, (size_t)n, 14, &size);
	cr_assert(value && size == 6 && !memcmp(value, "secret", 6), "the configured password");
	value = find_chunk(packet, (size_t)n, 15, &size);
	cr_assert(value && size < room);
	memcpy(text, value, size);
	text[size] = '\0';
}

static bool is_empty(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, 0) == 0;
}

static void add(struct hep_sender *sender, const char *text)
{
	struct hep_message message = message4(text, strlen(text));

	hep_sender_add(sender, &message);
}

/* Sends so many messages at once, and takes them in. */
static void pass_on(struct hep_sender *sender, int fd, int count, size_t length)
{
	char sent[6001], got[6001];

	for (int i = 0; i < count; i++) {
		memset(sent, 'a' + i % 26, length);
		sent[length] = '\0';
		add(sender, sent);
	}
	hep_sender_flush(sender);
	for (int i = 0; i < count; i++) {
		take(fd, got, sizeof(got));
		cr_assert(strlen(got) == length && got[0] == 'a' + i % 26,
			  "message %d of %zu octets", i, length);
	}
	cr_assert(is_empty(fd));
}

Test(hep, messages_come_in_order_however_many_there_are,
     .description = "more than a batch holds, in number and in octets")
{
	uint16_t port = 0;
	int fd = collector_open(&port);
	struct config_hep config = config_for(port);
	struct hep_sender *sender;
	struct hep_stats stats;
	char got[64];

	cr_assert_eq(hep_sender_open(&config, &sender), 0);
	add(sender, "alone");
	cr_assert(is_empty(fd), "nothing is sent before the flush");
	hep_sender_flush(sender);
	take(fd, got, sizeof(got));
	cr_assert_str_eq(got, "alone");
	pass_on(sender, fd, 24, 6000);
	pass_on(sender, fd, 100, 100);
	hep_sender_stats(sender, &stats);
	cr_assert_eq(stats.sent, 125);
	cr_assert_eq(stats.lost, 0);
	cr_assert_eq(stats.error, 0);
	hep_sender_close(sender);
	close(fd);
}

/* The time of the next packet, in nanoseconds. */
static uint64_t take_time(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	const uint8_t *seconds, *microseconds;
	uint8_t packet[512];
	size_t size;
	ssize_t n;
	uint32_t s, us;

	cr_assert_eq(poll(&ready, 1, WAIT_MS), 1, "nothing came");
	n = recv(fd, packet, sizeof(packet), 0);
	cr_assert(n > 6);
	seconds = find_chunk(packet, (size_t)n, 9, &size);
	microseconds = find_chunk(packet, (size_t)n, 10, &size);
	cr_assert(seconds && microseconds);
	memcpy(&s, seconds, sizeof(s));
	memcpy(&us, microseconds, sizeof(us));
	return ntohl(s) * UINT64_C(1000000000) + ntohl(us) * UINT64_C(1000);
}

Test(hep, messages_of_one_tick_keep_their_order_by_time)
{
	static const struct {
		uint64_t came, said;
	} rows[] = {
		{ 1000000000000, 1000000000000 },
		{ 1000000000000, 1000000001000 },
		{ 1000000000000, 1000000002000 },
		{ 1000004000000, 1000004000000 }, /* the next tick */
		{ 1000003000000, 1000004001000 }, /* another CPU was late */
		{ 900000000000, 900000000000 },	  /* the clock was set back */
		{ 900000000999, 900000001000 },
		{ 2000000000000, 2000000000000 },
	};
	uint16_t port = 0;
	int fd = collector_open(&port);
	struct config_hep config = config_for(port);
	struct hep_sender *sender;

	cr_assert_eq(hep_sender_open(&config, &sender), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hep_message message = message4("SIP", 3);

		message.time_unix_ns = rows[i].came;
		hep_sender_add(sender, &message);
	}
	hep_sender_close(sender);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert_eq(take_time(fd), rows[i].said, "message %zu", i);
	close(fd);
}

Test(hep, a_collector_that_comes_back_is_sent_to_again)
{
	uint16_t port = 0;
	int fd = collector_open(&port);
	struct config_hep config = config_for(port);
	struct hep_sender *sender;
	struct hep_stats stats;
	char got[64];

	cr_assert_eq(hep_sender_open(&config, &sender), 0);
	close(fd);
	for (int i = 0; i < 4; i++) {
		add(sender, "nobody hears this");
		hep_sender_flush(sender);
	}
	hep_sender_stats(sender, &stats);
	cr_assert_eq(stats.error, ECONNREFUSED);
	cr_assert_gt(stats.lost, 0);
	cr_assert_eq(stats.sent + stats.lost, 4, "each is counted once");
	fd = collector_open(&port);
	hep_sender_tick(sender);
	add(sender, "back");
	hep_sender_flush(sender);
	take(fd, got, sizeof(got));
	cr_assert_str_eq(got, "back");
	hep_sender_close(sender);
	close(fd);
}

Test(hep, a_collector_without_a_way_to_it_costs_messages_and_no_more)
{
	struct config_hep config = config_for(9060);
	struct hep_sender *sender;
	struct hep_stats stats;

	/* 255.255.255.255 without SO_BROADCAST: connect() refuses, whatever routes there are. */
	config.address.address = address_from_ipv4(INADDR_BROADCAST);
	cr_assert_eq(hep_sender_open(&config, &sender), 0);
	for (int i = 0; i < 100; i++)
		add(sender, "lost");
	hep_sender_flush(sender);
	hep_sender_tick(sender);
	hep_sender_stats(sender, &stats);
	cr_assert_eq(stats.sent, 0);
	cr_assert_eq(stats.lost, 100);
	cr_assert_eq(stats.error, EACCES);
	hep_sender_close(sender);
}

Test(hep, another_collector_takes_over_and_none_ends_it)
{
	uint16_t first_port = 0, second_port = 0;
	int first = collector_open(&first_port), second = collector_open(&second_port);
	struct config_hep config = config_for(first_port);
	struct config_hep none = { 0 };
	struct hep_sender *sender;
	struct hep_stats stats;
	char got[64];

	cr_assert_eq(hep_sender_open(&none, &sender), 0);
	add(sender, "for nobody");
	hep_sender_configure(sender, &config);
	add(sender, "for the first");
	config.address.port = second_port;
	hep_sender_configure(sender, &config);
	add(sender, "for the second");
	hep_sender_configure(sender, &none);
	add(sender, "for nobody");
	hep_sender_tick(sender);
	hep_sender_stats(sender, &stats);
	cr_assert_eq(stats.sent, 2);
	cr_assert_eq(stats.lost, 0, "without a collector nothing is lost");
	hep_sender_close(sender);
	take(first, got, sizeof(got));
	cr_assert_str_eq(got, "for the first");
	take(second, got, sizeof(got));
	cr_assert_str_eq(got, "for the second");
	cr_assert(is_empty(first) && is_empty(second));
	close(first);
	close(second);
}
