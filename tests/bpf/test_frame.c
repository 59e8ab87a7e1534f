// SPDX-License-Identifier: GPL-2.0-only
/* From the wire to the ports: every shape of headers that reaches a listener is counted as what it
 * is, lengths that lie are dropped as damaged, and what is not ours passes without a trace. */
#include "rig.h"

#include <netinet/in.h>

static const char yaml[] = RIG_PROXY RIG_UNLIMITED;

static void setup(void)
{
	rig_open(yaml);
}

TestSuite(frame, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

#define SIP    .text = REQUEST("OPTIONS")
#define IPV6   .to = "2001:db8::10"
#define MAPPED .from = "::ffff:198.51.100.1"
#define EXT(k, w)                                                                                  \
	{                                                                                          \
		.kind = (k), .words = (w), .there = true                                           \
	}

struct row {
	const char *name;
	struct frame_spec spec;
};

static void expect_all(const struct row *rows, size_t count, const struct rig_want *want)
{
	for (size_t i = 0; i < count; i++)
		rig_expect(rows[i].name, &rows[i].spec, want);
}

static const struct row ours[] = {
	{ "IPv4", { SIP } },
	{ "one tag", { SIP, .vlans = 1 } },
	{ "two tags", { SIP, .vlans = 2 } },
	{ "802.1ad and 802.1Q", { SIP, .vlans = 2, .vlan_type = 0x88a8 } },
	{ "one option word", { SIP, .option_words = 1 } },
	{ "ten option words", { SIP, .option_words = 10 } },
	{ "ten option words behind two tags", { SIP, .option_words = 10, .vlans = 2 } },
	{ "Ethernet padding", { SIP, .trailer = 18 } },
	{ "another source port", { SIP, .sport = 1 } },
	{ "the highest source port", { SIP, .sport = 65535 } },
	{ "IPv6", { SIP, IPV6 } },
	{ "IPv6 behind two tags", { SIP, IPV6, .vlans = 2 } },
	{ "hop-by-hop options", { SIP, IPV6, .extension = { EXT(IPPROTO_HOPOPTS, 0) } } },
	{ "long hop-by-hop options", { SIP, IPV6, .extension = { EXT(IPPROTO_HOPOPTS, 30) } } },
	{ "routing", { SIP, IPV6, .extension = { EXT(IPPROTO_ROUTING, 2) } } },
	{ "destination options", { SIP, IPV6, .extension = { EXT(IPPROTO_DSTOPTS, 1) } } },
	{ "authentication", { SIP, IPV6, .extension = { EXT(IPPROTO_AH, 4) } } },
	{ "eight of them",
	  { SIP, IPV6,
	    .extension = { EXT(IPPROTO_DSTOPTS, 0), EXT(IPPROTO_DSTOPTS, 0),
			   EXT(IPPROTO_DSTOPTS, 0), EXT(IPPROTO_DSTOPTS, 0),
			   EXT(IPPROTO_DSTOPTS, 0), EXT(IPPROTO_DSTOPTS, 0),
			   EXT(IPPROTO_DSTOPTS, 0), EXT(IPPROTO_DSTOPTS, 0) } } },
	{ "mobility", { SIP, IPV6, .extension = { EXT(135, 0) } } },
	{ "a fragment that is whole (RFC 6946)", { SIP, IPV6, .fragment = true } },
	{ "all of them",
	  { SIP, IPV6,
	    .extension = { EXT(IPPROTO_HOPOPTS, 0), EXT(IPPROTO_DSTOPTS, 1),
			   EXT(IPPROTO_ROUTING, 2), EXT(IPPROTO_AH, 4), EXT(IPPROTO_DSTOPTS, 0) },
	    .fragment = true } },
};

static void every_shape_that_reaches_a_listener(void)
{
	expect_all(ours, COUNT(ours),
		   &(struct rig_want){ .class = CLASS_OPTIONS, .reason = PASS_UNKNOWN });
}

static const struct row damaged[] = {
	{ "the IP header promises an octet too much", { SIP, .ip_length_off = 1 } },
	{ "the IP header promises 64 KB", { SIP, .ip_length_off = 65000 } },
	{ "an octet is missing", { SIP, .cut = 1 } },
	{ "the IP header ends within the UDP header",
	  { .udp_length_off = 0, .ip_length_off = -1 } },
	{ "the IP header holds no UDP header", { .ip_length_off = -8 } },
	{ "the IP header is longer than the datagram", { SIP, .ip_length_off = -2000 } },
	{ "UDP one longer than IP", { SIP, .udp_length_off = 1 } },
	{ "UDP one shorter than IP", { SIP, .udp_length_off = -1 } },
	{ "UDP longer than IP, octets behind it there",
	  { SIP, .udp_length_off = 4, .trailer = 4 } },
	{ "UDP shorter than its header", { .udp_length_off = -1 } },
	{ "UDP length 0", { .udp_length_off = -8 } },
	{ "UDP length 65535", { .text = "\r\n\r\n", .length = 4, .udp_length_off = 65535 - 12 } },
	{ "IPv6 promises an octet too much", { SIP, IPV6, .ip_length_off = 1 } },
	{ "IPv6, an octet is missing", { SIP, IPV6, .cut = 1 } },
	{ "IPv6, UDP one longer than IP", { SIP, IPV6, .udp_length_off = 1 } },
	{ "IPv6, UDP one shorter than IP", { SIP, IPV6, .udp_length_off = -1 } },
	{ "IPv6, extension headers longer than the payload",
	  { IPV6, .extension = { EXT(IPPROTO_DSTOPTS, 1) }, .ip_length_off = -20 } },
	{ "a first fragment longer than its datagram",
	  { SIP, .fragment = true, .more = true, .room = 200, .udp_length_off = -250 } },
	{ "from an IPv4-mapped address", { SIP, MAPPED } },
	{ "from an IPv4-mapped address, TCP", { MAPPED, .protocol = IPPROTO_TCP } },
	{ "from an IPv4-mapped address, behind two tags", { SIP, MAPPED, .vlans = 2 } },
};

static void lengths_that_lie_are_damaged(void)
{
	expect_all(damaged, COUNT(damaged),
		   &(struct rig_want){ .class = CLASS_DAMAGED, .reason = DROP_DAMAGED });
}

/* Linux takes such datagrams in; under the keys of IPv4 they would be somebody else's. */
static const struct row mapped[] = {
	{ "options", { SIP, MAPPED, .extension = { EXT(IPPROTO_HOPOPTS, 0) } } },
	{ "a first fragment",
	  { SIP, MAPPED, .fragment = true, .more = true, .room = 200, .id = 7 } },
	{ "a later fragment", { SIP, MAPPED, .fragment = true, .offset = 200, .id = 7 } },
	{ "a fragment that is whole", { SIP, MAPPED, .fragment = true } },
};

static void behind_a_mapped_address_nothing_is_hidden(void)
{
	expect_all(mapped, COUNT(mapped),
		   &(struct rig_want){ .service = SERVICE_HOST,
				       .class = CLASS_DAMAGED,
				       .reason = DROP_DAMAGED });
}

static const struct row foreign[] = {
	{ "another address", { SIP, .to = "192.0.2.11" } },
	{ "another port", { SIP, .dport = 5061 } },
	{ "port 0", { .text = REQUEST("OPTIONS"), .dport = 5, .sport = 5060 } },
	{ "from our port", { SIP, .dport = 40000, .sport = 5060 } },
	{ "another IPv6 address", { SIP, .to = "2001:db8::11" } },
	{ "an IPv6 address that begins alike", { SIP, .to = "2001:db8:0:0:1::10" } },
	{ "ICMP", { SIP, .protocol = IPPROTO_ICMP } },
	{ "SCTP", { SIP, .protocol = IPPROTO_SCTP } },
	{ "ARP", { SIP, .ethertype = 0x0806 } },
	{ "ARP behind a tag", { SIP, .ethertype = 0x0806, .vlans = 1 } },
	{ "three tags", { SIP, .vlans = 3 } },
	{ "version 5 in an IPv4 frame", { SIP, .version = 5 } },
	{ "version 6 in an IPv4 frame", { SIP, .version = 6 } },
	{ "version 4 in an IPv6 frame", { SIP, IPV6, .version = 4 } },
	{ "an IPv4 header of four words", { SIP, .ihl = 4 } },
	{ "an IPv4 header of no words", { SIP, .ihl = 0xf0 } },
	{ "no next header", { SIP, IPV6, .protocol = IPPROTO_NONE } },
	{ "ESP", { SIP, IPV6, .extension = { EXT(IPPROTO_ESP, 0) } } },
	{ "damaged, to another port", { SIP, .dport = 5061, .ip_length_off = 1 } },
	{ "from an IPv4-mapped address, to another port", { SIP, MAPPED, .dport = 5061 } },
	{ "ESP from an IPv4-mapped address", { SIP, MAPPED, .protocol = IPPROTO_ESP } },
	{ "ICMPv6 from an IPv4-mapped address", { SIP, MAPPED, .protocol = IPPROTO_ICMPV6 } },
	{ "to an IPv4-mapped address",
	  { SIP, .from = "2001:db8:1::1", .to = "::ffff:192.0.2.10" } },
};

static void what_is_not_ours_passes_without_a_trace(void)
{
	expect_all(foreign, COUNT(foreign), &RIG_NOT_OURS);
}

/* Every frame that ends within its headers, octet by octet: nobody's as long as it shows no ports,
 * then ours, and if it is UDP damaged. */
static void frames_that_end_within_their_headers(void)
{
	static const struct row rows[] = {
		{ "tags and options", { .vlans = 2, .option_words = 10 } },
		{ "IPv6", { IPV6 } },
		{ "TCP", { .protocol = IPPROTO_TCP } },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		bool tcp = rows[i].spec.protocol == IPPROTO_TCP;
		struct frame frame;
		size_t ports;

		frame_build(&frame, &rows[i].spec);
		ports = frame.length - (tcp ? 20 : 8) + 4;
		for (size_t length = frame.length - 1; length >= RUN_FRAME_MIN; length--) {
			__u64 counted = rig_counted_all();
			bool passed;

			frame.length = length;
			passed = rig_passes(&frame);
			counted = rig_counted_all() - counted;
			cr_expect_eq(counted, length >= ports, "%s, %zu octets: %llu counted",
				     rows[i].name, length, (unsigned long long)counted);
			if (length < ports || !tcp)
				cr_expect_eq(passed, length < ports, "%s, %zu octets: passed %d",
					     rows[i].name, length, passed);
		}
	}
}

/* An attacker who pads with extension headers does not slip past the limits: more of them than the
 * path walks, or longer than it reaches, is refused and counted, never waved through. */
static void extension_headers_are_no_way_around(void)
{
	struct frame_spec many = { SIP, IPV6 };
	struct frame_spec wide = { SIP, IPV6 };
	struct frame frame;

	for (size_t i = 0; i < FRAME_EXTENSIONS; i++)
		many.extension[i] = (struct frame_extension)EXT(IPPROTO_DSTOPTS, 0);
	for (size_t i = 0; i < 6; i++)
		wide.extension[i] = (struct frame_extension)EXT(IPPROTO_DSTOPTS, i < 4 ? 30 : 0);
	frame_build(&frame, &many);
	cr_expect_not(rig_passes(&frame) && !rig_counted_all(), "%d headers pass uncounted",
		      FRAME_EXTENSIONS);
	rig_clear();
	frame_build(&frame, &wide);
	rig_passes(&frame);
	cr_expect(rig_counted_all(), "headers of a thousand octets pass uncounted");
	cr_expect_eq(rig_counted(CLASS_GARBAGE, PASS_UNKNOWN) +
			     rig_counted(CLASS_GARBAGE, PASS_MALFORMED),
		     0, "the text was read at a wrong place");
}

/* With 1024 octets of padding in front, a program that loses count by as much reads the padding:
 * what is in there must not be taken for the message. */
static void padding_is_not_read_as_the_message(void)
{
	static const char decoy[] = REQUEST("OPTIONS");
	struct frame_spec spec = { .text = REQUEST("INVITE"),
				   IPV6,
				   .extension = { EXT(IPPROTO_DSTOPTS, 127),
						  EXT(IPPROTO_DSTOPTS, 30) } };
	const size_t behind = 14 + 40 + 1024 + 248; /* the UDP header */
	struct frame frame;

	frame_build(&frame, &spec);
	memcpy(frame.octets + behind - 1024, frame.octets + behind, 8);
	memcpy(frame.octets + behind - 1024 + 8, decoy, sizeof(decoy) - 1);
	rig_passes(&frame);
	cr_expect_eq(rig_counted(CLASS_OPTIONS, PASS_UNKNOWN), 0, "the padding was classified");
}

/* Random octets, and a good frame with random octets changed: nothing breaks, and what was dropped
 * was counted. */
static void random_octets(void)
{
	struct frame_spec specs[] = { { SIP, .vlans = 1 },
				      { SIP, IPV6, .extension = { EXT(IPPROTO_DSTOPTS, 1) } },
				      { SIP, .protocol = IPPROTO_TCP } };
	unsigned int random = 1, dropped = 0;

	for (unsigned int round = 0; round < 30000; round++) {
		struct frame frame;

		frame_build(&frame, &specs[round % COUNT(specs)]);
		for (unsigned int i = 0; i < 3; i++) {
			random = random * 1103515245 + 12345;
			frame.octets[random / 65536 % 100] = (unsigned char)(random >> 8);
		}
		dropped += !rig_passes(&frame);
	}
	cr_expect_geq(rig_counted_all(), dropped);
}

static const struct rig_case cases[] = {
	RIG_CASE(every_shape_that_reaches_a_listener),
	RIG_CASE(lengths_that_lie_are_damaged),
	RIG_CASE(behind_a_mapped_address_nothing_is_hidden),
	RIG_CASE(what_is_not_ours_passes_without_a_trace),
	RIG_CASE(frames_that_end_within_their_headers),
	RIG_CASE(extension_headers_are_no_way_around),
	RIG_CASE(padding_is_not_read_as_the_message),
	RIG_CASE(random_octets),
};

Test(frame, cases)
{
	rig_run_cases(yaml, cases, COUNT(cases));
}
