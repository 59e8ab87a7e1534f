/* SPDX-License-Identifier: GPL-2.0-only */
/* What `parse` is made of: the UDP payload of a captured frame, and a message as JSON. */
#include "test_sip_fixture.h"

#include "ctl/message_json.c"
#include "ctl/payload.c"
#include "ctl/text.c"

/* Ethernet, IPv4 with total length 32, UDP 5060 to 5061 with length 12, "abcd", two octets padding.
 */
static const uint8_t ipv4_frame[] = {
	2,    0,    0,	  0,	0, 1,  2, 0, 0,	  0,   0,   2,	 0x08, 0x00, /* Ethernet */
	0x45, 0,    0,	  32,	0, 0,  0, 0, 64,  17,  0,   0,	 192,  0,
	2,    1,    192,  0,	2, 2,					  /* IPv4 */
	0x13, 0xc4, 0x13, 0xc5, 0, 12, 0, 0, 'a', 'b', 'c', 'd', 0,    0, /* UDP */
};

#define IP  14
#define UDP (IP + 20)

static bool find(const uint8_t *frame, size_t length, struct payload *p)
{
	char *copy = guarded(frame, length);
	bool found = payload_find((const uint8_t *)copy, length, p);

	if (found)
		cr_assert_eq(memcmp(p->data, "abcd", p->length), 0);
	unguard(copy, length);
	return found;
}

/* Ports and payload of a frame are found, padding behind the packet is not taken for payload, and
 * no cut frame is read behind its end. */
Test(ctl_parse, finds_the_payload)
{
	struct payload p;

	cr_assert(find(ipv4_frame, sizeof(ipv4_frame), &p));
	cr_assert_eq(p.length, 4u);
	cr_assert_eq(p.source_port, 5060);
	cr_assert_eq(p.destination_port, 5061);
	for (size_t length = 0; length < sizeof(ipv4_frame) - 2; length++)
		cr_assert(!find(ipv4_frame, length, &p), "%zu", length);
}

/* One octet changed makes it no UDP datagram that can be read: each is refused. */
Test(ctl_parse, refuses_what_is_no_datagram)
{
	static const struct {
		const char *name;
		size_t at;
		uint8_t octet;
	} rows[] = {
		{ "another ethertype", 13, 6 },
		{ "IP version 5", IP, 0x55 },
		{ "header of 16 octets", IP, 0x44 },
		{ "header beyond the packet", IP, 0x4f },
		{ "packet beyond the frame", IP + 3, 200 },
		{ "packet within its header", IP + 3, 19 },
		{ "more fragments", IP + 6, 0x20 },
		{ "a later fragment", IP + 7, 1 },
		{ "TCP", IP + 9, 6 },
		{ "UDP shorter than its header", UDP + 5, 7 },
		{ "UDP beyond the packet", UDP + 5, 13 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t frame[sizeof(ipv4_frame)];
		struct payload p;

		memcpy(frame, ipv4_frame, sizeof(frame));
		frame[rows[i].at] = rows[i].octet;
		cr_assert(!find(frame, sizeof(frame), &p), "%s", rows[i].name);
	}
}

/* Behind two VLAN tags, and in IPv6 behind extension headers, it is found as well. */
Test(ctl_parse, finds_it_behind_tags_and_extensions)
{
	static const uint8_t tags[] = { 0x88, 0xa8, 0, 1, 0x81, 0x00, 0, 2 };
	uint8_t frame[256] = { 0 }, *ip = frame + IP;
	struct payload p;

	memcpy(frame, ipv4_frame, 12);
	memcpy(frame + 12, tags, sizeof(tags));
	memcpy(frame + 12 + sizeof(tags), ipv4_frame + 12, sizeof(ipv4_frame) - 12);
	cr_assert(find(frame, sizeof(ipv4_frame) + sizeof(tags), &p));

	memset(frame, 0, sizeof(frame));
	frame[12] = 0x86;
	frame[13] = 0xdd;
	ip[0] = 0x60;
	ip[5] = 8 + 16 + 12;
	ip[6] = 0; /* hop-by-hop options of 8 octets, then destination options of 16 */
	ip[40] = 60;
	ip[48] = 17;
	ip[49] = 1;
	memcpy(ip + 64, ipv4_frame + UDP, 12);
	cr_assert(find(frame, IP + 40 + 36, &p));
	cr_assert_eq(p.length, 4u);
	ip[40] = 44; /* a fragment header */
	cr_assert(!find(frame, IP + 40 + 36, &p));
}

static json_t *json_of(const char *name, bool *valid)
{
	struct sample s;

	cr_assert(read_sample(MESSAGES, name, &s));
	return message_json(s.data, s.len, valid);
}

static const char *string_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* The document has the keys and values that are promised. */
Test(ctl_parse, tells_a_message)
{
	bool valid;
	json_t *m = json_of("volte-invite.sip", &valid), *contact, *media;

	cr_assert(valid);
	cr_assert(json_is_true(json_object_get(m, "valid")));
	cr_assert_str_eq(string_at(m, "kind"), "request");
	cr_assert_str_eq(string_at(m, "method"), "INVITE");
	cr_assert_str_eq(string_at(json_object_get(m, "to"), "uri"), "tel:+14085551212");
	cr_assert_str_eq(string_at(json_array_get(json_object_get(m, "via"), 0), "host"),
			 "2001:db8:aaaa:1::100");
	contact = json_array_get(json_object_get(m, "contact"), 0);
	cr_assert_str_eq(string_at(contact, "instance"), "urn:gsma:imei:90420156-025763-0");
	cr_assert_eq(json_array_size(json_object_get(m, "route")), 2u);
	cr_assert_eq(json_array_size(json_object_get(m, "errors")), 0u);
	media = json_array_get(json_object_get(json_object_get(m, "sdp"), "media"), 0);
	cr_assert_eq(json_integer_value(json_object_get(media, "port")), 49152);
	cr_assert_str_eq(
		string_at(json_array_get(json_object_get(media, "formats"), 0), "encoding"),
		"AMR-WB");
	json_decref(m);
}

/* A description within a multipart body is told too, and names in UTF-8 stay what they are. */
Test(ctl_parse, tells_bodies_and_names)
{
	bool valid;
	json_t *m = json_of("carrier-sip-i-multipart.sip", &valid);

	cr_assert(valid);
	cr_assert_not_null(json_object_get(m, "sdp"));
	json_decref(m);
	m = json_of("baresip-message.sip", &valid);
	cr_assert_str_eq(string_at(json_object_get(m, "from"), "display"),
			 "J\xc3\xbcrgen M\xc3\xbcller");
	json_decref(m);
}

/* What is no message is told with section, offset and line, and with nothing else of it. */
Test(ctl_parse, tells_what_is_wrong)
{
	static const char bad[] = "SIP/2.0 2000 OK\r\n\r\n";
	bool valid;
	json_t *m = message_json(bad, sizeof(bad) - 1, &valid), *error;

	cr_assert(!valid);
	error = json_array_get(json_object_get(m, "errors"), 0);
	cr_assert_str_eq(string_at(error, "rfc"), "RFC 3261 7.2");
	cr_assert_eq(json_integer_value(json_object_get(error, "offset")), 8);
	cr_assert_eq(json_integer_value(json_object_get(error, "line")), 1);
	cr_assert_null(json_object_get(m, "kind"));
	json_decref(m);
}
