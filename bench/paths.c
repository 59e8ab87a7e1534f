// SPDX-License-Identifier: GPL-2.0-only
/* The measured paths: a table, and the frames and maps behind each row. */
#include "paths.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sipxdp/class.h>

#include "datagram.h"
#include "message.h"
#include "plane/ban.h"
#include "plane/key.h"
#include "plane/trust.h"
#include "random.h"

/* clang-format off */
#define R "10000000/s"
#define EVERY(rate)                                                                                \
	"{invite: " rate ", register: " rate ", options: " rate ", other: " rate                   \
	", malformed: " rate "}"
#define SERVICE(name, port, more, per_source, unknown)                                             \
	"  - name: " name "\n"                                                                     \
	"    listen: [\"udp:192.0.2.10:" port "\", \"udp:[2001:db8::10]:" port "\"]\n"              \
	more                                                                                       \
	"    limits:\n"                                                                            \
	"      dialog: " R "\n"                                                                    \
	"      undecided: " R "\n"                                                                 \
	"      per_source: " per_source "\n"                                                       \
	"      per_prefix: " EVERY(R) "\n"                                                         \
	"      unknown: " unknown "\n"                                                             \
	"      total: {all: " R ", invite: " R ", register: " R ", options: " R                    \
	", malformed: " R "}\n"                                                                    \
	"      trusted: " EVERY(R) "\n"

#define BALANCED(name, port, forward, net)                                                              \
	"  - name: " name "\n"                                                                     \
	"    listen: [\"udp:192.0.2.10:" port "\"]\n"                                             \
	"    limits:\n"                                                                            \
	"      dialog: " R "\n"                                                                    \
	"      per_source: " EVERY(R) "\n"                                                         \
	"      per_prefix: " EVERY(R) "\n"                                                         \
	"      unknown: " EVERY(R) "\n"                                                            \
	"      total: {all: " R ", invite: " R ", register: " R ", options: " R "}\n"              \
	"      trusted: " EVERY(R) "\n"                                                            \
	"    balance:\n"                                                                           \
	"      forward: " forward "\n"                                                             \
	"      backends: [{name: a, address: \"10.0." net ".11:" port "\"}, {name: b, address: "             \
	"\"10.0." net ".12:" port "\"},\n"                                                                  \
	"        {name: c, address: \"10.0." net ".13:" port "\"}, {name: d, address: "                      \
	"\"10.0." net ".14:" port "\"}]\n"

const char path_config[] =
	"interfaces: [lo]\n"
	"services:\n"
	SERVICE("open", "5060", "", EVERY(R), EVERY(R))
	SERVICE("tight", "5061", "", EVERY("1/h"), EVERY(R))
	SERVICE("full", "5062", "", EVERY(R), EVERY("1/h"))
	SERVICE("monitor", "5063", "    mode: monitor\n", EVERY("1/h"), EVERY(R))
	SERVICE("trusting", "5064", "    verify_source: \"off\"\n", EVERY(R), EVERY("1/h"))
	BALANCED("nat", "5065", "nat", "0")
	BALANCED("ipip", "5066", "ipip", "1")
	"host_limits: {unordered: \"off\"}\n"
	"networks: {exempt: [203.0.113.0/24]}\n";
/* clang-format on */

#define FIRST_PORT 5060 /* of path_service 0; the others follow */
#define OTHER_PORT 40000

const struct path paths[] = {
	{ .name = "not ours, passed",
	  .goal = 1.3,
	  .payload = PAYLOAD_RTP,
	  .sources = FROM_256,
	  .service = SERVICE_NONE,
	  .verdict = VERDICT_COUNT },
	{ .name = "banned source, dropped",
	  .goal = 3,
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_BANNED,
	  .service = SERVICE_OPEN,
	  .verdict = VERDICT_DROP,
	  .reason = DROP_BANNED },
	{ .name = "source over its limit, dropped",
	  .goal = 3.5,
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_ONE,
	  .service = SERVICE_TIGHT,
	  .verdict = VERDICT_DROP,
	  .reason = DROP_SOURCE_LIMIT },
	{ .name = "256 sources over their limit, dropped",
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_256,
	  .service = SERVICE_TIGHT,
	  .verdict = VERDICT_DROP,
	  .reason = DROP_SOURCE_LIMIT },
	{ .name = "unknown INVITE, passed",
	  .goal = 9,
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_ONE,
	  .service = SERVICE_OPEN,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_UNKNOWN },
	{ .name = "the same, always the same message",
	  .payload = PAYLOAD_SAME_INVITE,
	  .sources = FROM_ONE,
	  .service = SERVICE_OPEN,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_UNKNOWN },
	{ .name = "the same from 256 sources",
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_256,
	  .service = SERVICE_OPEN,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_UNKNOWN },
	{ .name = "the same from 65,536 sources",
	  .goal = 14,
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_65536,
	  .service = SERVICE_OPEN,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_UNKNOWN },
	{ .name = "unknown INVITE, passed, ring full",
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_ONE,
	  .service = SERVICE_OPEN,
	  .tap = TAP_FULL,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_UNKNOWN },
	{ .name = "unknown INVITE, passed, ring drained",
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_ONE,
	  .service = SERVICE_OPEN,
	  .tap = TAP_DRAINED,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_UNKNOWN },
	{ .name = "new sources over the budget, dropped",
	  .goal = 5,
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_ANYWHERE,
	  .service = SERVICE_FULL,
	  .verdict = VERDICT_DROP,
	  .reason = DROP_UNKNOWN_LIMIT },
	{ .name = "the same without proof of source",
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_ANYWHERE,
	  .service = SERVICE_TRUSTING,
	  .verdict = VERDICT_DROP,
	  .reason = DROP_UNKNOWN_LIMIT },
	{ .name = "the same with networks configured",
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_ANYWHERE,
	  .service = SERVICE_FULL,
	  .networks = true,
	  .verdict = VERDICT_DROP,
	  .reason = DROP_UNKNOWN_LIMIT },
	{ .name = "new sources within the budget, passed",
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_ANYWHERE,
	  .service = SERVICE_OPEN,
	  .inserts = true,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_UNKNOWN },
	{ .name = "trusted INVITE, passed",
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_TRUSTED,
	  .service = SERVICE_OPEN,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_TRUSTED },
	{ .name = "BYE of a known dialog, passed",
	  .payload = PAYLOAD_BYE,
	  .sources = FROM_CALLERS,
	  .service = SERVICE_OPEN,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_DIALOG },
	{ .name = "OPTIONS of an unknown source, passed",
	  .payload = PAYLOAD_OPTIONS,
	  .sources = FROM_ONE,
	  .service = SERVICE_OPEN,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_UNKNOWN },
	{ .name = "CRLF keepalive, passed",
	  .payload = PAYLOAD_CRLF,
	  .sources = FROM_256,
	  .service = SERVICE_OPEN,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_KEEPALIVE },
	{ .name = "garbage over the limit, dropped",
	  .payload = PAYLOAD_GARBAGE,
	  .sources = FROM_ONE,
	  .service = SERVICE_TIGHT,
	  .verdict = VERDICT_DROP,
	  .reason = DROP_GARBAGE_LIMIT },
	{ .name = "over its limit in monitor mode, passed",
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_ONE,
	  .service = SERVICE_MONITOR,
	  .verdict = VERDICT_WOULD_DROP,
	  .reason = DROP_SOURCE_LIMIT },
	{ .name = "later fragment, passed",
	  .payload = PAYLOAD_TAIL,
	  .sources = FROM_256,
	  .service = SERVICE_OPEN,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_FRAGMENT },
	{ .name = "balanced: nat, one call",
	  .goal = 7,
	  .payload = PAYLOAD_SAME_BYE,
	  .sources = FROM_CALLERS,
	  .service = SERVICE_NAT,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_DIALOG },
	{ .name = "balanced: nat, 256 calls",
	  .payload = PAYLOAD_BYE,
	  .sources = FROM_CALLERS,
	  .service = SERVICE_NAT,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_DIALOG },
	{ .name = "balanced: nat, 65,536 calls",
	  .goal = 12,
	  .payload = PAYLOAD_BYE,
	  .sources = FROM_CALLERS,
	  .service = SERVICE_NAT,
	  .calls = true,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_DIALOG },
	{ .name = "balanced: nat, unknown INVITE, placed before",
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_ONE,
	  .service = SERVICE_NAT,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_UNKNOWN },
	{ .name = "balanced: nat, unknown INVITE, 65,536 calls",
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_ONE,
	  .service = SERVICE_NAT,
	  .calls = true,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_UNKNOWN },
	{ .name = "balanced: nat, an answer",
	  .payload = PAYLOAD_OK_INVITE,
	  .sources = FROM_BACKENDS,
	  .service = SERVICE_NAT,
	  .verdict = VERDICT_COUNT },
	{ .name = "balanced: ipip, 256 calls",
	  .payload = PAYLOAD_BYE,
	  .sources = FROM_CALLERS,
	  .service = SERVICE_IPIP,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_DIALOG },
	{ .name = "balanced: ipip, 65,536 calls",
	  .payload = PAYLOAD_BYE,
	  .sources = FROM_CALLERS,
	  .service = SERVICE_IPIP,
	  .calls = true,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_DIALOG },
	{ .name = "IPv6: not ours, passed",
	  .payload = PAYLOAD_RTP,
	  .sources = FROM_256,
	  .service = SERVICE_NONE,
	  .ipv6 = true,
	  .verdict = VERDICT_COUNT },
	{ .name = "IPv6: banned source, dropped",
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_BANNED,
	  .service = SERVICE_OPEN,
	  .ipv6 = true,
	  .verdict = VERDICT_DROP,
	  .reason = DROP_BANNED },
	{ .name = "IPv6: source over its limit, dropped",
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_ONE,
	  .service = SERVICE_TIGHT,
	  .ipv6 = true,
	  .verdict = VERDICT_DROP,
	  .reason = DROP_SOURCE_LIMIT },
	{ .name = "IPv6: unknown INVITE, passed",
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_ONE,
	  .service = SERVICE_OPEN,
	  .ipv6 = true,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_UNKNOWN },
	{ .name = "IPv6: the same from 65,536 sources",
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_65536,
	  .service = SERVICE_OPEN,
	  .ipv6 = true,
	  .verdict = VERDICT_PASS,
	  .reason = PASS_UNKNOWN },
	{ .name = "IPv6: new sources over the budget, dropped",
	  .payload = PAYLOAD_INVITE,
	  .sources = FROM_ANYWHERE,
	  .service = SERVICE_FULL,
	  .ipv6 = true,
	  .verdict = VERDICT_DROP,
	  .reason = DROP_UNKNOWN_LIMIT },
	{ .name = "tc egress: 200 to INVITE, tap off",
	  .payload = PAYLOAD_OK_INVITE,
	  .sources = FROM_SERVER,
	  .service = SERVICE_OPEN,
	  .verdict = VERDICT_COUNT },
	{ .name = "tc egress: 200 to INVITE, ring drained",
	  .payload = PAYLOAD_OK_INVITE,
	  .sources = FROM_SERVER,
	  .service = SERVICE_OPEN,
	  .tap = TAP_DRAINED,
	  .verdict = VERDICT_COUNT },
};

const size_t path_count = sizeof(paths) / sizeof(paths[0]);
_Static_assert(sizeof(paths) / sizeof(paths[0]) <= FEED_PATHS, "more paths than room for frames");

size_t path_of_stages(void)
{
	size_t i = 0;

	while (paths[i].payload != PAYLOAD_INVITE || paths[i].sources != FROM_256 ||
	       paths[i].service != SERVICE_OPEN)
		i++;
	return i;
}

/* ---- addresses ---- */

static struct in6_addr address(const char *text)
{
	struct in6_addr out = { 0 };

	address_parse(text, strlen(text), &out);
	return out;
}

static const char *source_text(const struct path *p)
{
	switch (p->sources) {
	case FROM_ONE: return p->ipv6 ? "2001:db8:0:1::5" : "198.18.0.1";
	case FROM_256: return p->ipv6 ? "2001:db8:1::5" : "198.18.1.0";
	case FROM_65536: return p->ipv6 ? "2001:db8:2::5" : "100.64.0.0";
	case FROM_ANYWHERE: return p->ipv6 ? "2001:db8::5" : "16.0.0.0";
	case FROM_BANNED: return p->ipv6 ? "2001:db8:0:9::5" : "198.18.0.9";
	case FROM_TRUSTED: return "198.19.0.0";
	case FROM_CALLERS: return "198.19.1.0";
	case FROM_BACKENDS: return "10.0.0.11";
	case FROM_SERVER: break;
	}
	return p->ipv6 ? "2001:db8::10" : "192.0.2.10";
}

/* Bits of the four octets at FEED_SOURCE that change from packet to packet. */
static uint32_t source_vary(const struct path *p)
{
	switch (p->sources) {
	case FROM_65536: return htonl(0x0000ffff);
	case FROM_ANYWHERE: return htonl(p->ipv6 ? 0xffffffff : 0x0fffffff);
	default: return 0;
	}
}

static bool source_each(enum path_sources sources)
{
	return sources == FROM_256 || sources == FROM_TRUSTED || sources == FROM_CALLERS;
}

#define BACKENDS 4

/* From one of the backends to a caller. */
static struct datagram_way way_back(const struct path *p, unsigned int number)
{
	static const struct path callers = { .sources = FROM_CALLERS };
	struct datagram_way way = { .from = address(source_text(p)),
				    .to = address(source_text(&callers)),
				    .from_port = (uint16_t)(FIRST_PORT + p->service),
				    .to_port = (uint16_t)(1024 + number) };

	way.from.s6_addr[14] = p->service == SERVICE_IPIP;
	way.from.s6_addr[15] = (uint8_t)(way.from.s6_addr[15] + number % BACKENDS);
	way.to.s6_addr[15] = (uint8_t)number;
	return way;
}

static struct datagram_way way_of(const struct path *p, unsigned int number)
{
	static const struct path server = { .sources = FROM_SERVER };
	static const struct path callers = { .sources = FROM_CALLERS };
	struct datagram_way way = {
		.from = address(source_text(p)),
		.to = address(source_text(p->sources == FROM_SERVER ? &callers : &server)),
		.from_port = (uint16_t)(1024 + number),
		.to_port = (uint16_t)(FIRST_PORT + p->service),
		.ipv6 = p->ipv6,
	};

	if (p->sources == FROM_BACKENDS)
		return way_back(p, number);
	if (p->ipv6)
		way.to = address("2001:db8::10");
	if (p->service == SERVICE_NONE)
		way.to_port = (uint16_t)(OTHER_PORT + 2 * number);
	if (source_each(p->sources))
		way.from.s6_addr[p->ipv6 ? 7 : 15] = (uint8_t)number; /* IPv6: another /64 */
	if (p->sources == FROM_SERVER) {
		way.to.s6_addr[15] = (uint8_t)number;
		way.to_port = way.from_port;
		way.from_port = (uint16_t)(FIRST_PORT + p->service);
	}
	return way;
}

/* ---- frames ---- */

#define RTP_LENGTH 172 /* 20 ms of G.711 */

static int random_octets(char out[MESSAGE_MAX], unsigned int number, size_t length)
{
	struct bench_random r = { number };

	for (size_t i = 0; i < length; i++)
		out[i] = (char)bench_random_next(&r);
	return (int)length;
}

/* A Call-ID is of one service: each balanced one has messages of its own. */
static unsigned int message_of(const struct path *p, unsigned int number)
{
	return p->service == SERVICE_NAT || p->service == SERVICE_IPIP
		       ? number + FEED_FRAMES * p->service
		       : number;
}

static int make_payload(const struct path *p, unsigned int frame, char out[MESSAGE_MAX])
{
	const unsigned int number = message_of(p, frame);

	switch (p->payload) {
	case PAYLOAD_INVITE:
	case PAYLOAD_TAIL: return message_make(out, MESSAGE_INVITE, number);
	case PAYLOAD_SAME_INVITE: return message_make(out, MESSAGE_INVITE, message_of(p, 0));
	case PAYLOAD_OPTIONS: return message_make(out, MESSAGE_OPTIONS, number);
	case PAYLOAD_BYE: return message_make(out, MESSAGE_BYE, number);
	case PAYLOAD_SAME_BYE: return message_make(out, MESSAGE_BYE, message_of(p, 0));
	case PAYLOAD_OK_INVITE: return message_make(out, MESSAGE_OK_INVITE, number);
	case PAYLOAD_RTP: return random_octets(out, frame, RTP_LENGTH);
	case PAYLOAD_GARBAGE: return random_octets(out, frame, 100 + 2 * frame);
	case PAYLOAD_CRLF: memcpy(out, "\r\n\r\n", 4); return number & 1 ? 2 : 4;
	}
	return -EINVAL;
}

/* Where two octets of the Call-ID can be changed. 0 or -EINVAL. */
static int find_call(struct feed_frame *frame)
{
	static const char name[] = "\r\nCall-ID: ";
	const unsigned char *at = memmem(frame->data, frame->length, name, sizeof(name) - 1);

	if (!at)
		return -EINVAL;
	frame->call = (uint32_t)(at - frame->data) + sizeof(name) - 1;
	return 0;
}

static int make_frame(const struct path *p, unsigned int number, struct feed_frame *frame)
{
	struct datagram_way way = way_of(p, number);
	char payload[MESSAGE_MAX];
	int length = make_payload(p, number, payload);

	if (length < 0)
		return length;
	if (p->payload == PAYLOAD_TAIL)
		return datagram_fragment(frame, &way, payload, (size_t)length, (uint16_t)number,
					 true);
	frame->call = 0;
	length = datagram_frame(frame, &way, payload, (size_t)length);
	return !length && p->calls ? find_call(frame) : length;
}

/* ---- what the maps must know ---- */

static int ban_source(struct harness *h, const struct path *p)
{
	const struct in6_addr source = address(source_text(p));
	const struct prefix prefix = prefix_of(&source, p->ipv6 ? 64 : ADDRESS_BITS);
	struct sipxdp_prefix key = key_from_prefix(&prefix);
	struct ban ban = { .origin = BAN_HAND, .reason = "benchmark" };

	return ban_add(run_maps(harness_run(h)), &key, &ban, NULL);
}

static int trust_source(struct harness *h, const struct path *p, unsigned int number)
{
	const struct datagram_way way = way_of(p, number);
	struct sipxdp_peer peer = { .addr = key_from_address(&way.from),
				    .port = htons(way.from_port) };

	return trust_add(run_maps(harness_run(h)), &peer, 0, TRUST_HAND);
}

/* The server, or a backend, has answered the caller's INVITE: its dialog is known, and pinned. */
static int answer_call(struct harness *h, const struct path *p, unsigned int number)
{
	const bool balanced = p->service == SERVICE_NAT || p->service == SERVICE_IPIP;
	const struct path answer = { .payload = PAYLOAD_OK_INVITE,
				     .sources = balanced ? FROM_BACKENDS : FROM_SERVER,
				     .service = p->service,
				     .calls = p->calls };
	struct feed_frame frame;
	struct run_result result;
	int err = make_frame(&answer, number, &frame);

	for (unsigned int call = 0; call < (p->calls ? FEED_FRAMES : 1) && !err; call++) {
		const __u16 octets = feed_call((__u8)call);

		if (p->calls)
			memcpy(frame.data + frame.call, &octets, sizeof(octets));
		err = run_frame(harness_run(h), RUN_EGRESS, frame.data, frame.length, NULL, 0,
				&result);
	}
	return err;
}

static int first_fragment(struct harness *h, const struct path *p, unsigned int number)
{
	const struct datagram_way way = way_of(p, number);
	char payload[MESSAGE_MAX];
	struct feed_frame frame;
	struct run_result result;
	int err = make_payload(p, number, payload);

	if (err >= 0)
		err = datagram_fragment(&frame, &way, payload, (size_t)err, (uint16_t)number,
					false);
	return err ? err
		   : run_frame(harness_run(h), RUN_INGRESS, frame.data, frame.length, NULL, 0,
			       &result);
}

int path_make(struct harness *h, size_t index, struct harness_feed *feed)
{
	const struct path *p = &paths[index];
	struct feed_frame frame;
	uint32_t longest = 0;
	int err = p->sources == FROM_BANNED ? ban_source(h, p) : 0;

	for (unsigned int i = 0; i < FEED_FRAMES && !err; i++) {
		err = make_frame(p, i, &frame);
		if (!err)
			err = harness_put_frame(h, (uint32_t)index, i, &frame);
		if (!err && p->sources == FROM_TRUSTED)
			err = trust_source(h, p, i);
		if (!err && p->sources == FROM_CALLERS)
			err = answer_call(h, p, i);
		if (frame.length > longest)
			longest = frame.length;
	}
	*feed = (struct harness_feed){ .path = (uint32_t)index,
				       .length = longest,
				       .source_vary = source_vary(p),
				       .call_vary = p->calls };
	if (!err)
		memcpy(&feed->source, frame.data + FEED_SOURCE, sizeof(feed->source));
	return err;
}

int path_prepare(struct harness *h, size_t index)
{
	struct settings *settings = run_maps(harness_run(h))->settings;
	const struct path *p = &paths[index];
	int err = 0;

	settings->has_networks = p->networks;
	settings->tap_bytes = p->tap == TAP_OFF ? 0 : MESSAGE_MAX;
	for (unsigned int i = 0; p->payload == PAYLOAD_TAIL && i < FEED_FRAMES && !err; i++)
		err = first_fragment(h, p, i);
	return err;
}

int path_counted(struct harness *h, size_t index, uint64_t *packets)
{
	const struct path *p = &paths[index];
	union counter_row sum;
	uint64_t total = 0;
	int err = 0;

	for (__u32 class = 0; class < CLASS_COUNT && !err; class ++) {
		err = maps_counters(run_maps(harness_run(h)),
				    COUNTER_ROW(run_service(harness_run(h), p->service),
						p->verdict == VERDICT_WOULD_DROP, class),
				    &sum);
		if (!err)
			total += sum.by_reason[p->reason].packets;
	}
	if (!err)
		*packets = total;
	return err;
}
