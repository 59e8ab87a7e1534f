/* SPDX-License-Identifier: GPL-2.0-only */
/* Talkers out of the tables of sources, trusted and provisional ports. */
#include "ctl/talkers.h"

#include <arpa/inet.h>
#include <errno.h>

#include "ctl/names.h"
#include "plane/key.h"

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
static const char *policy_of(const struct maps *maps, const struct prefix *net, __u64 now)
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

int talkers_by_packets(const void *left, const void *right)
{
	const struct talker *a = left, *b = right;

	if (a->packets != b->packets)
		return a->packets > b->packets ? -1 : 1;
	return by_latest(a, b);
}

int talkers_by_drops(const void *left, const void *right)
{
	const struct talker *a = left, *b = right;

	if (a->drops != b->drops)
		return a->drops > b->drops ? -1 : 1;
	return talkers_by_packets(left, right);
}

int talkers_read(const struct maps *maps, struct rows *talkers)
{
	int err = maps_walk(maps, MAP_SOURCES, take_source, talkers);

	if (!err)
		err = maps_walk(maps, MAP_TRUSTED, take_trusted, talkers);
	if (!err)
		err = maps_walk(maps, MAP_PROVISIONAL, take_provisional, talkers);
	return err;
}

const char *talker_tier(const struct maps *maps, const struct talker *talker, __u64 now)
{
	return talker->tier ? talker->tier : policy_of(maps, &talker->net, now);
}

const char *talker_print(const struct talker *talker, char out[TALKER_TEXT_SIZE])
{
	struct endpoint endpoint = { .address = talker->net.address, .port = talker->port };
	_Static_assert((int)TALKER_TEXT_SIZE >= (int)PREFIX_TEXT_SIZE, "one buffer for both");

	if (talker->port)
		return endpoint_print(&endpoint, out);
	if (talker->net.length == ADDRESS_BITS)
		return address_print(&talker->net.address, out);
	return prefix_print(&talker->net, out);
}
