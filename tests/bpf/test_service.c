// SPDX-License-Identifier: GPL-2.0-only
/* Whose packet it is: by address, port and transport, an address before a wildcard, each counted
 * for its own service, and a reload changes it from one packet to the next. */
#include "rig.h"

#include <netinet/in.h>

TestSuite(service, .fini = rig_close, .timeout = RIG_TIMEOUT);

#define NOBODY SERVICE_MAX

#define SIP .text = REQUEST("OPTIONS")
#define TCP .protocol = IPPROTO_TCP

struct row {
	const char *name;
	struct frame_spec spec;
	unsigned int service; /* in the order of the configuration */
};

static void expect_all(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool tcp = rows[i].spec.protocol == IPPROTO_TCP;
		struct rig_want want = { .class = tcp ? CLASS_STREAM : CLASS_OPTIONS,
					 .reason = tcp ? PASS_STREAM : PASS_UNKNOWN,
					 .service = run_service(rig_run(), rows[i].service) };

		rig_clear(); /* the limits are the usual ones */
		rig_expect(rows[i].name, &rows[i].spec,
			   rows[i].service == NOBODY ? &RIG_NOT_OURS : &want);
	}
}

static const char several[] =
	"services:\n"
	"  - {name: v4, listen: [\"udp:0.0.0.0:5060\"]}\n"
	"  - name: one\n"
	"    listen: [\"udp:192.0.2.10:5060\", \"udp:192.0.2.10:5070\",\n"
	"             \"udp:[2001:db8::10]:5060\", \"udp:192.0.2.10:65535\",\n"
	"             \"udp:192.0.2.10:1\"]\n"
	"  - {name: v6, listen: [\"udp:[::]:5060\"]}\n"
	"  - {name: two, listen: [\"udp:192.0.2.20:5060\"]}\n"
	"  - {name: any, listen: [\"udp:*:5080\"]}\n"
	"  - name: stream\n"
	"    listen: [\"tcp:192.0.2.10:5060\", \"tls:192.0.2.10:5061\",\n"
	"             \"tcp:*:5090\"]\n";

enum { V4, ONE, V6, TWO, ANY, STREAM };

static const struct row rows[] = {
	{ "an address", { SIP }, ONE },
	{ "another port of it", { SIP, .dport = 5070 }, ONE },
	{ "the highest port", { SIP, .dport = 65535 }, ONE },
	{ "the lowest port", { SIP, .dport = 1 }, ONE },
	{ "an IPv6 address", { SIP, .to = "2001:db8::10" }, ONE },
	{ "another address on the same port", { SIP, .to = "192.0.2.20" }, TWO },
	{ "any IPv4 address", { SIP, .to = "203.0.113.9" }, V4 },
	{ "any IPv6 address", { SIP, .to = "2001:db8:ffff::9" }, V6 },
	{ "broadcast is an address too", { SIP, .to = "255.255.255.255" }, V4 },
	{ "both families on a port, IPv4", { SIP, .to = "203.0.113.9", .dport = 5080 }, ANY },
	{ "both families on a port, IPv6", { SIP, .to = "2001:db8::9", .dport = 5080 }, ANY },
	{ "TCP", { TCP }, STREAM },
	{ "TLS", { TCP, .dport = 5061 }, STREAM },
	{ "TCP to any address", { TCP, .dport = 5090, .to = "203.0.113.9" }, STREAM },
	{ "TCP to any IPv6 address", { TCP, .dport = 5090, .to = "2001:db8::9" }, STREAM },
	{ "TCP where only UDP listens", { TCP, .dport = 5070 }, NOBODY },
	{ "UDP where only TCP listens", { SIP, .dport = 5061 }, NOBODY },
	{ "UDP where any TCP listens", { SIP, .dport = 5090 }, NOBODY },
	{ "TCP to another address", { TCP, .to = "192.0.2.20" }, NOBODY },
	{ "a port that nobody has", { SIP, .dport = 5071 }, NOBODY },
	{ "the port with its octets turned round", { SIP, .dport = 0xc413 }, NOBODY },
};

Test(service, address_port_and_transport)
{
	rig_open(several);
	expect_all(rows, COUNT(rows));
}

/* As many services as there can be, and as many addresses on a port. */
Test(service, as_many_as_there_can_be)
{
	static char yaml[20000];
	struct frame_spec spec = { SIP };
	char address[32];
	int n = sprintf(yaml, "services:\n");

	for (int s = 0; s < SERVICE_MAX; s++) {
		n += sprintf(yaml + n, "  - {name: s%d, listen: [", s);
		for (int i = 0; i < 2; i++)
			n += sprintf(yaml + n, "\"udp:192.0.2.%d:5060\",", 10 * s + i);
		n += sprintf(yaml + n, "\"udp:192.0.2.10:%d\"]}\n", 6000 + s);
	}
	rig_open(yaml);
	for (unsigned int s = 0; s < SERVICE_MAX; s++) {
		for (int i = 0; i < 2; i++) {
			snprintf(address, sizeof(address), "192.0.2.%u", 10 * s + (unsigned int)i);
			spec.to = address;
			spec.dport = 5060;
			expect_all(&(struct row){ address, spec, s }, 1);
		}
		spec.to = "192.0.2.10";
		spec.dport = (__u16)(6000 + s);
		expect_all(&(struct row){ "a port of its own", spec, s }, 1);
	}
	spec.to = "192.0.2.9";
	spec.dport = 5060;
	expect_all(&(struct row){ "the next address", spec, NOBODY }, 1);
}

static const char fewer[] =
	"services:\n"
	"  - {name: two, listen: [\"udp:192.0.2.20:5060\", \"udp:192.0.2.10:5070\"]}\n"
	"  - {name: stream, listen: [\"tcp:192.0.2.10:5060\"]}\n";

Test(service, a_reload_counts_for_the_new_ones_from_the_next_packet_on)
{
	unsigned int two, stream;
	static const struct row gone[] = { { "an address", { SIP }, NOBODY },
					   { "TLS", { TCP, .dport = 5061 }, NOBODY },
					   { "any address", { SIP, .dport = 5080 }, NOBODY } };
	static const struct row there[] = {
		{ "the same address", { SIP, .to = "192.0.2.20" }, 0 },
		{ "a port that was another one's", { SIP, .dport = 5070 }, 0 },
		{ "TCP", { TCP }, 1 }
	};

	rig_open(several);
	expect_all(rows, COUNT(rows));
	two = run_service(rig_run(), TWO);
	stream = run_service(rig_run(), STREAM);
	rig_reload(fewer);
	cr_expect_eq(run_service(rig_run(), 0), two, "who stays keeps the number");
	cr_expect_eq(run_service(rig_run(), 1), stream);
	expect_all(gone, COUNT(gone));
	expect_all(there, COUNT(there));
	rig_reload(several);
	expect_all(rows, COUNT(rows));
}
