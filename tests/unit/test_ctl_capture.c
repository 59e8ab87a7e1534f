/* SPDX-License-Identifier: GPL-2.0-only */
/* Captures of every link type become Ethernet frames with their time and direction, and broken
 * files are said to be broken, with the number of the frame. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/capture.c"
#include "ctl/direction.c"

#define MAGIC_NS 0xa1b23c4d
#define MAGIC_US 0xa1b2c3d4

static char path[] = "/tmp/sipxdp-captureXXXXXX";
static FILE *file;
static char message[CAPTURE_MESSAGE_SIZE];

static void put32(uint32_t value)
{
	cr_assert_eq(fwrite(&value, sizeof(value), 1, file), 1);
}

static void begin(uint32_t magic, uint32_t link_type)
{
	int fd = mkstemp(path);

	cr_assert(fd >= 0);
	file = fdopen(fd, "w");
	put32(magic);
	put32(4 << 16 | 2); /* version 2.4 in little-endian order */
	put32(0);
	put32(0);
	put32(262144);
	put32(link_type);
}

static void put_frame(uint32_t s, uint32_t fraction, const void *data, uint32_t captured,
		      uint32_t length)
{
	put32(s);
	put32(fraction);
	put32(captured);
	put32(length);
	cr_assert_eq(fwrite(data, 1, captured, file), captured);
}

static struct capture *finish(void)
{
	struct capture *capture;

	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(capture_open(path, &capture, message), 0, "%s", message);
	unlink(path);
	return capture;
}

/* An IPv4 packet of 28 octets: header, UDP header, from 198.51.100.7:5062 to 192.0.2.10:5060. */
static const uint8_t packet[28] = { 0x45, 0, 0,	  28, 0, 0,  0,	   0,	 64,   17,   0, 0, 198, 51,
				    100,  7, 192, 0,  2, 10, 0x13, 0xc6, 0x13, 0xc4, 0, 8, 0,	0 };

static void expect_packet(const struct capture_frame *frame)
{
	cr_assert_eq(frame->skip, CAPTURE_WHOLE, "%s", capture_skip_name(frame->skip));
	cr_assert_eq(frame->length, 14 + sizeof(packet));
	cr_assert_eq(frame->data[12] << 8 | frame->data[13], 0x0800);
	cr_assert_arr_eq(frame->data + 14, packet, sizeof(packet));
}

static void expect_next(struct capture *capture, struct capture_frame *frame)
{
	cr_assert_eq(capture_next(capture, frame, message), 1, "%s", message);
}

Test(capture, ethernet_frames_come_as_they_are_with_nanoseconds)
{
	uint8_t ethernet[14 + sizeof(packet)] = { [12] = 8 };
	struct capture_frame frame;
	struct capture *capture;

	memcpy(ethernet + 14, packet, sizeof(packet));
	begin(MAGIC_NS, 1);
	put_frame(1700000000, 123456789, ethernet, sizeof(ethernet), sizeof(ethernet));
	put_frame(1700000001, 5, ethernet, 10, 10);
	put_frame(1700000001, 6, ethernet, 20, sizeof(ethernet));
	capture = finish();
	expect_next(capture, &frame);
	expect_packet(&frame);
	cr_assert_eq(frame.number, 1);
	cr_assert_eq(frame.unix_ns, 1700000000123456789);
	cr_assert_eq(frame.direction, CAPTURE_UNKNOWN);
	expect_next(capture, &frame);
	cr_assert_eq(frame.skip, CAPTURE_SHORT);
	expect_next(capture, &frame);
	cr_assert_eq(frame.skip, CAPTURE_CUT);
	cr_assert_eq(frame.number, 3);
	cr_assert_eq(capture_next(capture, &frame, message), 0);
	capture_close(capture);
}

Test(capture, microseconds_become_nanoseconds)
{
	struct capture_frame frame;
	struct capture *capture;

	begin(MAGIC_US, 101);
	put_frame(1700000000, 999999, packet, sizeof(packet), sizeof(packet));
	capture = finish();
	expect_next(capture, &frame);
	cr_assert_eq(frame.unix_ns, 1700000000999999000);
	capture_close(capture);
}

Test(capture, cooked_frames_tell_their_direction)
{
	static const struct {
		uint8_t type;
		enum capture_direction direction;
	} table[] = {
		{ 0, CAPTURE_TO_HOST }, { 1, CAPTURE_TO_HOST },	  { 2, CAPTURE_TO_HOST },
		{ 3, CAPTURE_OTHER },	{ 4, CAPTURE_FROM_HOST },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint8_t v1[16 + sizeof(packet)] = { [1] = table[i].type, [14] = 8 };
		uint8_t v2[20 + sizeof(packet)] = { [0] = 8, [10] = table[i].type };
		struct capture_frame frame;
		struct capture *capture;

		memcpy(v1 + 16, packet, sizeof(packet));
		memcpy(v2 + 20, packet, sizeof(packet));
		strcpy(path + strlen(path) - 6, "XXXXXX");
		begin(MAGIC_NS, 113);
		put_frame(1, 0, v1, sizeof(v1), sizeof(v1));
		put_frame(1, 0, v1, 15, 15);
		capture = finish();
		expect_next(capture, &frame);
		expect_packet(&frame);
		cr_assert_eq(frame.direction, table[i].direction, "v1 row %zu", i);
		expect_next(capture, &frame);
		cr_assert_eq(frame.skip, CAPTURE_SHORT);
		capture_close(capture);

		strcpy(path + strlen(path) - 6, "XXXXXX");
		begin(MAGIC_NS, 276);
		put_frame(1, 0, v2, sizeof(v2), sizeof(v2));
		capture = finish();
		expect_next(capture, &frame);
		expect_packet(&frame);
		cr_assert_eq(frame.direction, table[i].direction, "v2 row %zu", i);
		capture_close(capture);
	}
}

Test(capture, raw_ip_and_loopback_get_an_ethernet_header)
{
	static const uint8_t six[40] = { 0x60 }, neither[20] = { 0x50 };
	uint8_t loopback[4 + sizeof(packet)] = { 2 };
	struct capture_frame frame;
	struct capture *capture;

	begin(MAGIC_NS, 101);
	put_frame(1, 0, packet, sizeof(packet), sizeof(packet));
	put_frame(1, 0, six, sizeof(six), sizeof(six));
	put_frame(1, 0, neither, sizeof(neither), sizeof(neither));
	put_frame(1, 0, packet, 0, 0);
	capture = finish();
	expect_next(capture, &frame);
	expect_packet(&frame);
	expect_next(capture, &frame);
	cr_assert_eq(frame.data[12] << 8 | frame.data[13], 0x86dd);
	expect_next(capture, &frame);
	cr_assert_eq(frame.skip, CAPTURE_NO_PACKET);
	expect_next(capture, &frame);
	cr_assert_eq(frame.skip, CAPTURE_SHORT);
	capture_close(capture);

	memcpy(loopback + 4, packet, sizeof(packet));
	strcpy(path + strlen(path) - 6, "XXXXXX");
	begin(MAGIC_NS, 0);
	put_frame(1, 0, loopback, sizeof(loopback), sizeof(loopback));
	capture = finish();
	expect_next(capture, &frame);
	expect_packet(&frame);
	capture_close(capture);
}

Test(capture, frames_beyond_the_bound_are_skipped)
{
	uint8_t *large = calloc(1, CAPTURE_FRAME_MAX + 1);
	struct capture_frame frame;
	struct capture *capture;

	begin(MAGIC_NS, 1);
	put_frame(1, 0, large, CAPTURE_FRAME_MAX + 1, CAPTURE_FRAME_MAX + 1);
	put_frame(1, 0, large, CAPTURE_FRAME_MAX, CAPTURE_FRAME_MAX);
	capture = finish();
	expect_next(capture, &frame);
	cr_assert_eq(frame.skip, CAPTURE_TOO_LONG);
	expect_next(capture, &frame);
	cr_assert_eq(frame.skip, CAPTURE_WHOLE);
	capture_close(capture);
	free(large);
}

Test(capture, broken_files_are_refused_in_words)
{
	struct capture_frame frame;
	struct capture *capture;

	cr_assert_eq(capture_open("/nonexistent.pcap", &capture, message), -EINVAL);
	cr_assert_str_eq(message, "No such file or directory", "the caller names the file");

	begin(MAGIC_NS, 105); /* 802.11 */
	fclose(file);
	cr_assert_eq(capture_open(path, &capture, message), -EINVAL);
	cr_assert(strstr(message, "not supported"), "%s", message);
	unlink(path);

	strcpy(path + strlen(path) - 6, "XXXXXX");
	begin(0x12345678, 1);
	fclose(file);
	cr_assert_eq(capture_open(path, &capture, message), -EINVAL);
	unlink(path);

	/* ends in mid-frame, as when tcpdump was killed */
	strcpy(path + strlen(path) - 6, "XXXXXX");
	begin(MAGIC_NS, 101);
	put_frame(1, 0, packet, sizeof(packet), sizeof(packet));
	put_frame(1, 0, packet, 10, 10);
	fseek(file, -5, SEEK_END);
	cr_assert_eq(ftruncate(fileno(file), ftell(file)), 0);
	capture = finish();
	expect_next(capture, &frame);
	cr_assert_eq(capture_next(capture, &frame, message), -EINVAL);
	cr_assert(strstr(message, "truncated"), "%s", message);
	capture_close(capture);
}

/* ---- direction ---- */

static struct config cfg;
static struct config_listen listens[2];

static void listen_on(size_t index, const char *endpoint, enum config_transport transport)
{
	cr_assert_eq(endpoint_parse(endpoint, strlen(endpoint), &listens[index].endpoint), 0);
	listens[index].transport = transport;
	cfg.services[0].listens = listens;
	cfg.services[0].listen_count = index + 1;
	cfg.service_count = 1;
}

static size_t make_frame(uint8_t *frame, const char *source, const char *destination,
			 uint8_t protocol, unsigned int tags)
{
	struct endpoint from, to;
	size_t at = 12;

	cr_assert_eq(endpoint_parse(source, strlen(source), &from), 0);
	cr_assert_eq(endpoint_parse(destination, strlen(destination), &to), 0);
	memset(frame, 0, 128);
	for (unsigned int i = 0; i < tags; i++, at += 4)
		frame[at] = 0x81;
	if (address_is_ipv4(&from.address)) {
		frame[at] = 0x08;
		frame[at + 2] = 0x45;
		frame[at + 11] = protocol;
		memcpy(frame + at + 14, &from.address.s6_addr[12], 4);
		memcpy(frame + at + 18, &to.address.s6_addr[12], 4);
		at += 22;
	} else {
		frame[at] = 0x86;
		frame[at + 1] = 0xdd;
		frame[at + 2] = 0x60;
		frame[at + 8] = protocol;
		memcpy(frame + at + 10, &from.address, 16);
		memcpy(frame + at + 26, &to.address, 16);
		at += 42;
	}
	frame[at] = (uint8_t)(from.port >> 8);
	frame[at + 1] = (uint8_t)from.port;
	frame[at + 2] = (uint8_t)(to.port >> 8);
	frame[at + 3] = (uint8_t)to.port;
	return at + 8;
}

Test(direction, a_listener_as_source_means_that_the_service_sent_it)
{
	static const struct {
		const char *listen, *source, *destination;
		enum config_transport transport;
		uint8_t protocol;
		bool from_service;
	} table[] = {
		{ "192.0.2.10:5060", "192.0.2.10:5060", "198.51.100.7:5060", 0, 17, true },
		{ "192.0.2.10:5060", "198.51.100.7:5060", "192.0.2.10:5060", 0, 17, false },
		{ "192.0.2.10:5060", "192.0.2.10:5061", "198.51.100.7:5060", 0, 17, false },
		{ "192.0.2.10:5060", "192.0.2.10:5060", "198.51.100.7:5060", 0, 6, false },
		{ "192.0.2.10:5060", "192.0.2.10:5060", "198.51.100.7:9", 1, 6, true },
		{ "192.0.2.10:5061", "192.0.2.10:5061", "198.51.100.7:9", 2, 6, true },
		{ "[2001:db8::1]:5060", "[2001:db8::1]:5060", "[2001:db8::2]:5060", 0, 17, true },
		{ "0.0.0.0:5060", "192.0.2.10:5060", "198.51.100.7:40000", 0, 17, true },
		{ "0.0.0.0:5060", "198.51.100.7:40000", "192.0.2.10:5060", 0, 17, false },
		{ "0.0.0.0:5060", "198.51.100.7:5060", "192.0.2.10:5060", 0, 17, false },
		{ "0.0.0.0:5060", "[2001:db8::1]:5060", "[2001:db8::2]:9", 0, 17, false },
	};
	uint8_t frame[128];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (unsigned int tags = 0; tags <= 2; tags++) {
			size_t length;

			listen_on(0, table[i].listen, table[i].transport);
			length = make_frame(frame, table[i].source, table[i].destination,
					    table[i].protocol, tags);
			cr_assert_eq(direction_is_from_service(&cfg, NULL, frame, length),
				     table[i].from_service, "row %zu, %u tags", i, tags);
		}
	}
}

Test(direction, local_says_whom_a_wildcard_means)
{
	struct prefix local;
	uint8_t frame[128];
	size_t length;

	listen_on(0, "0.0.0.0:5060", CONFIG_TRANSPORT_UDP);
	cr_assert_eq(prefix_parse("192.0.2.0/24", 12, &local), 0);
	length = make_frame(frame, "192.0.2.10:5060", "198.51.100.7:5060", 17, 0);
	cr_assert_not(direction_is_from_service(&cfg, NULL, frame, length));
	cr_assert(direction_is_from_service(&cfg, &local, frame, length));
}

Test(direction, a_later_fragment_is_judged_by_address)
{
	uint8_t frame[128];
	size_t length = make_frame(frame, "192.0.2.10:5060", "198.51.100.7:5060", 17, 0);

	frame[20] = 0x00;
	frame[21] = 0xb9; /* offset 1480; the octets behind the header are no ports */
	memset(frame + 34, 0xff, 4);
	listen_on(0, "192.0.2.10:5060", CONFIG_TRANSPORT_UDP);
	cr_assert(direction_is_from_service(&cfg, NULL, frame, length));
	frame[21] = 0;
	cr_assert_not(direction_is_from_service(&cfg, NULL, frame, length));
}

Test(direction, frames_that_end_early_are_from_nobody)
{
	uint8_t frame[128];
	size_t length;

	listen_on(0, "192.0.2.10:5060", CONFIG_TRANSPORT_UDP);
	length = make_frame(frame, "192.0.2.10:5060", "198.51.100.7:5060", 17, 2);
	for (size_t cut = 0; cut < length - 28; cut++) {
		uint8_t *exact = malloc(cut + 1);

		memcpy(exact, frame, cut);
		cr_assert_not(direction_is_from_service(&cfg, NULL, exact, cut), "cut at %zu", cut);
		free(exact);
	}
}
