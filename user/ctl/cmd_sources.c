/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl sources: who talks to the services, and how they fare. Three tables make one list:
 * unknown, banned and network sources by address, trusted and provisional ones by address and
 * port. */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/names.h"
#include "ctl/options.h"
#include "ctl/report.h"
#include "ctl/rows.h"
#include "plane/clock.h"
#include "plane/key.h"
#include "policy/address.h"

#define TOP_DEFAULT 20
#define TOP_MAX	    100000000

struct talker {
	struct prefix net;
	__u16 port;   /* 0: the whole address */
	__u8 service; /* SERVICE_HOST: of no one service */
	__u8 last_reason;
	__u8 last_class;
	bool has_last; /* else drops and last_* are not known, or there was no packet yet */
	const char *tier;
	__u64 packets;
	__u64 bytes; /* 0: not counted for this tier */
	__u64 drops;
	__u64 first_seen_ns;
	__u64 last_seen_ns; /* 0: not known for this tier */
};

static int take_source(const void *key, const void *value, void *ctx)
{
	const struct source_key *source_key = key;
	const struct source *source = value;
	struct talker *talker = rows_add(ctx);

	if (!talker)
		return -ENOMEM;
	*talker = (struct talker){
		.net = key_source_prefix(source_key),
		.service = source_key->service,
		.last_reason = source->last_reason,
		.last_class = source->last_class,
		.has_last = true,
		.packets = source->packets,
		.bytes = source->bytes,
		.drops = source->drops,
		.first_seen_ns = source->first_seen_ns,
		.last_seen_ns = source->last_seen_ns,
	};
	return 0;
}

static struct prefix host_of(const struct sipxdp_peer *peer)
{
	struct endpoint endpoint = key_to_endpoint(peer);

	return (struct prefix){ .address = endpoint.address, .length = ADDRESS_BITS };
}

static int take_trusted(const void *key, const void *value, void *ctx)
{
	const struct sipxdp_peer *peer = key;
	const struct trusted *trusted = value;
	struct talker *talker = rows_add(ctx);

	if (!talker)
		return -ENOMEM;
	*talker = (struct talker){
		.net = host_of(peer),
		.port = ntohs(peer->port),
		.service = SERVICE_HOST,
		.last_reason = trusted->last_reason,
		.last_class = trusted->last_class,
		.has_last = trusted->packets != 0,
		.tier = "trusted",
		.packets = trusted->packets,
		.drops = trusted->drops,
		.first_seen_ns = trusted->since_ns,
		.last_seen_ns = trusted->last_seen_ns,
	};
	return 0;
}

static int take_provisional(const void *key, const void *value, void *ctx)
{
	const struct provisional *provisional = value;
	const struct sipxdp_peer *peer = key;
	struct talker *talker = rows_add(ctx);

	if (!talker)
		return -ENOMEM;
	*talker = (struct talker){
		.net = host_of(peer),
		.port = ntohs(peer->port),
		.service = SERVICE_HOST,
		.tier = "provisional",
		.packets = provisional->packets,
		.first_seen_ns = provisional->since_ns,
	};
	return 0;
}

/*
 * The tier of an address as bans and networks have it now, in the order in which the packet path
 * asks: what the row remembers may be older.
 */
static const char *tier_of(const struct maps *maps, const struct prefix *net, __u64 now)
{
	struct prefix host = { .address = net->address, .length = ADDRESS_BITS };
	struct sipxdp_prefix key = key_from_prefix(&host);
	enum source_policy policy = POLICY_NONE;
	struct network network;
	struct ban ban;

	if (maps_get(maps, MAP_NETWORKS, &key, &network) == 0)
		policy = network.policy;
	if (policy == POLICY_EXEMPT || policy == POLICY_DENY)
		return policy_name(policy);
	if (maps_get(maps, MAP_BANS, &key, &ban) == 0 && (!ban.until_ns || ban.until_ns > now))
		return policy_name(POLICY_BANNED);
	return policy_name(policy);
}

static int by_latest(const struct talker *a, const struct talker *b)
{
	if (a->last_seen_ns != b->last_seen_ns)
		return a->last_seen_ns > b->last_seen_ns ? -1 : 1;
	return prefix_compare(&a->net, &b->net);
}

static int by_packets(const void *left, const void *right)
{
	const struct talker *a = left, *b = right;

	if (a->packets != b->packets)
		return a->packets > b->packets ? -1 : 1;
	return by_latest(a, b);
}

static int by_drops(const void *left, const void *right)
{
	const struct talker *a = left, *b = right;

	if (a->drops != b->drops)
		return a->drops > b->drops ? -1 : 1;
	return by_packets(left, right);
}

static const struct report_column columns[] = {
	{ .title = "SOURCE", .key = "source" },
	{ .title = "TIER", .key = "tier" },
	{ .title = "SERVICE", .key = "service" },
	{ .title = "PACKETS", .key = "packets", .align = ALIGN_RIGHT },
	{ .title = "BYTES", .key = "bytes", .align = ALIGN_RIGHT },
	{ .title = "DROPS", .key = "drops", .align = ALIGN_RIGHT },
	{ .title = "LAST REASON", .key = "last_reason" },
	{ .title = "LAST CLASS", .key = "last_class" },
	{ .title = "FIRST SEEN", .key = "first_seen_unix_ns" },
	{ .title = "LAST SEEN", .key = "last_seen_unix_ns" },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void report_source(struct report *report, const struct talker *talker)
{
	char text[ENDPOINT_TEXT_SIZE];
	struct endpoint endpoint = { .address = talker->net.address, .port = talker->port };
	_Static_assert((int)ENDPOINT_TEXT_SIZE >= (int)PREFIX_TEXT_SIZE, "one buffer for both");

	if (talker->port)
		report_string(report, endpoint_print(&endpoint, text));
	else if (talker->net.length == ADDRESS_BITS)
		report_string(report, address_print(&talker->net.address, text));
	else
		report_string(report, prefix_print(&talker->net, text));
}

static void report_talker(struct report *report, const struct maps *maps,
			  const struct service_names *names, const struct talker *talker, __u64 now)
{
	report_source(report, talker);
	report_string(report, talker->tier ? talker->tier : tier_of(maps, &talker->net, now));
	report_string(report, talker->service == SERVICE_HOST
				      ? NULL
				      : service_name(names, talker->service));
	report_number(report, talker->packets);
	report_number_if(report, talker->bytes != 0, talker->bytes);
	report_number_if(report, talker->has_last, talker->drops);
	report_string(report, talker->has_last ? reason_name(talker->last_reason) : NULL);
	report_string(report, talker->has_last ? class_name(talker->last_class) : NULL);
	report_moment(report, clock_monotonic_to_realtime(talker->first_seen_ns));
	report_moment(report, clock_monotonic_to_realtime(talker->last_seen_ns));
}

static int collect(const struct maps *maps, struct rows *talkers)
{
	int err = maps_walk(maps, MAP_SOURCES, take_source, talkers);

	if (!err)
		err = maps_walk(maps, MAP_TRUSTED, take_trusted, talkers);
	if (!err)
		err = maps_walk(maps, MAP_PROVISIONAL, take_provisional, talkers);
	return err ? instance_fail("sources", err) : CTL_DONE;
}

static int report_top(const struct maps *maps, const struct rows *talkers, uint64_t top)
{
	__u64 now = clock_monotonic_ns();
	struct service_names names;
	struct report *report;

	service_names_read(maps, &names);
	report = report_open(FORM_TABLE, "sources", columns, COLUMNS);
	for (size_t i = 0; report && i < talkers->count && i < top; i++)
		report_talker(report, maps, &names, rows_at(talkers, i), now);
	return report_close(report);
}

int cmd_sources(int argc, char **argv)
{
	static const char *const orders[] = { "packets", "drops", NULL };
	static int (*const compare[])(const void *, const void *) = { by_packets, by_drops };
	struct rows talkers = { .size = sizeof(struct talker) };
	uint64_t top = TOP_DEFAULT;
	unsigned int order = 0;
	const struct ctl_option options[] = {
		{ .name = "top",
		  .letter = 'n',
		  .kind = OPTION_NUMBER,
		  .placeholder = "N",
		  .help = "how many (default: 20)",
		  .limit = TOP_MAX,
		  .to.number = &top },
		{ .name = "by",
		  .kind = OPTION_CHOICE,
		  .placeholder = "packets|drops",
		  .help = "what counts (default: packets)",
		  .choices = orders,
		  .to.choice = &order },
		{ .kind = OPTION_END },
	};
	struct maps maps;
	int code;

	if (!options_parse(&argc, argv, options, 0, &code))
		return code;
	code = instance_open(&maps);
	if (code)
		return code;
	code = collect(&maps, &talkers);
	rows_sort(&talkers, compare[order]);
	if (!code)
		code = report_top(&maps, &talkers, top);
	rows_free(&talkers);
	maps_close(&maps);
	return code;
}
