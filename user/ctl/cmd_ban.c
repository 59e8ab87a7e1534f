/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl ban: lists, sets and lifts bans. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/duration.h"
#include "ctl/instance.h"
#include "ctl/names.h"
#include "ctl/options.h"
#include "ctl/report.h"
#include "ctl/text.h"
#include "plane/ban.h"
#include "plane/clock.h"
#include "plane/key.h"
#include "plane/trust.h"
#include "policy/address.h"

/* IPv6 sources are known by /64, so that is what is banned of them. */
#define IPV6_BAN_LENGTH 64

static const struct report_column columns[] = {
	{ .title = "ADDRESS", .key = "address" },
	{ .title = "ORIGIN", .key = "origin" },
	{ .title = "PROVEN", .key = "proven" },
	{ .title = "SINCE", .key = "since_unix_ns" },
	{ .title = "UNTIL", .key = "until_unix_ns" },
	{ .title = "LEFT", .key = "left_s", .align = ALIGN_RIGHT },
	{ .title = "HITS", .key = "hits", .align = ALIGN_RIGHT },
	{ .title = "REASON", .key = "reason", .shrinks = true },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

struct ban_listing {
	struct report *report;
	__u64 now_ns;
};

static int report_ban(const struct sipxdp_prefix *key, const struct ban *ban, void *ctx)
{
	struct prefix prefix = key_to_prefix(key);
	struct ban_listing *listing = ctx;
	struct report *report = listing->report;
	char text[PREFIX_TEXT_SIZE];

	report_string(report, prefix_print(&prefix, text));
	report_string(report, ban_origin_name(ban->origin));
	report_flag(report, ban->proven);
	report_moment(report, clock_monotonic_to_realtime(ban->since_ns));
	report_moment(report, clock_monotonic_to_realtime(ban->until_ns));
	if (ban->until_ns > listing->now_ns)
		report_duration(report, ban->until_ns - listing->now_ns);
	else
		report_none(report);
	report_number(report, ban->hits);
	report_text(report, ban->reason, sizeof(ban->reason));
	return 0;
}

static int list(const struct maps *maps)
{
	struct ban_listing listing = { .now_ns = clock_monotonic_ns() };
	int code, err = 0;

	listing.report = report_open(FORM_TABLE, "bans", columns, COLUMNS);
	if (listing.report)
		err = ban_walk(maps, listing.now_ns, report_ban, &listing);
	code = report_close(listing.report);
	return err ? instance_fail("bans", err) : code;
}

/* One host of IPv6 stands for its /64: a longer prefix could not be enforced. */
static int parse_prefix(const char *text, struct prefix *out)
{
	struct prefix prefix;
	int err = prefix_parse(text, strlen(text), &prefix);

	if (err)
		return ctl_fail(CTL_USAGE, "'%s': %s", text, prefix_strerror(err));
	if (!address_is_ipv4(&prefix.address) && prefix.length > IPV6_BAN_LENGTH) {
		if (strchr(text, '/'))
			return ctl_fail(CTL_USAGE,
					"'%s': IPv6 sources are known by /64, ban that or more",
					text);
		prefix = prefix_of(&prefix.address, IPV6_BAN_LENGTH);
	}
	*out = prefix;
	return CTL_DONE;
}

static int print_change(const char *key, const struct prefix *prefix, const char *words)
{
	char text[PREFIX_TEXT_SIZE];

	prefix_print(prefix, text);
	if (ctl_global.json)
		printf("{\"%s\":\"%s\"}\n", key, text);
	else
		printf("%s %s\n", text, words);
	return CTL_DONE;
}

static int say_conflict(const struct prefix *prefix, const struct ban_conflict *conflict)
{
	struct prefix exempt = key_to_prefix(&conflict->network);
	char text[PREFIX_TEXT_SIZE], exempt_text[PREFIX_TEXT_SIZE];

	prefix_print(prefix, text);
	prefix_print(&exempt, exempt_text);
	if (conflict->kind == BAN_COVERS_EXEMPT)
		return ctl_fail(CTL_DONE,
				"note: %s covers the exempt network %s, which stays exempt", text,
				exempt_text);
	return ctl_fail(CTL_NO,
			"%s is in the exempt network %s, and exempt networks are not banned", text,
			exempt_text);
}

struct spared {
	const struct prefix *prefix;
	unsigned int ports;
};

static int count_spared(const struct sipxdp_peer *peer, const struct trusted *trusted, void *ctx)
{
	struct endpoint endpoint = key_to_endpoint(peer);
	struct spared *spared = ctx;

	(void)trusted;
	spared->ports += prefix_contains(spared->prefix, &endpoint.address);
	return 0;
}

/* A ban that seems not to work is worse than one that says what it leaves alone. */
static void say_spared(const struct maps *maps, const struct prefix *prefix)
{
	struct spared spared = { .prefix = prefix };

	if (trust_walk(maps, clock_monotonic_ns(), count_spared, &spared) || !spared.ports)
		return;
	ctl_fail(CTL_DONE,
		 "note: %u trusted port%s behind it %s spared; 'trust list' shows, and 'trust del' "
		 "ends that",
		 spared.ports, spared.ports == 1 ? "" : "s", spared.ports == 1 ? "is" : "are");
}

static int add(struct maps *maps, const char *address, uint64_t duration_ns, const char *reason)
{
	struct ban ban = { .origin = BAN_HAND, .proven = 1 };
	struct ban_conflict conflict = { .kind = BAN_NO_CONFLICT };
	struct sipxdp_prefix key;
	struct prefix prefix;
	int err, code = parse_prefix(address, &prefix);

	if (code)
		return code;
	if (duration_ns)
		ban.until_ns = clock_monotonic_ns() + duration_ns;
	text_utf8(reason, strlen(reason), ban.reason, sizeof(ban.reason));
	key = key_from_prefix(&prefix);
	err = ban_add(maps, &key, &ban, &conflict);
	if (err == -ENOSPC || err == -E2BIG)
		return ctl_fail(CTL_NO, "the table of bans is full");
	if (err == -EACCES && conflict.kind != BAN_NO_CONFLICT)
		return say_conflict(&prefix, &conflict);
	if (err)
		return instance_fail(address, err);
	if (conflict.kind != BAN_NO_CONFLICT)
		say_conflict(&prefix, &conflict);
	say_spared(maps, &prefix);
	return print_change("banned", &prefix, "is banned");
}

static int del(struct maps *maps, const char *address)
{
	struct sipxdp_prefix key;
	struct prefix prefix;
	int err, code = parse_prefix(address, &prefix);

	if (code)
		return code;
	key = key_from_prefix(&prefix);
	err = ban_delete(maps, &key);
	if (err == -ENOENT)
		return ctl_fail(CTL_NO,
				"%s is not banned (a ban is lifted by the very prefix that "
				"'ban list' shows)",
				address);
	if (err)
		return instance_fail(address, err);
	return print_change("unbanned", &prefix, "is no longer banned");
}

int cmd_ban(int argc, char **argv)
{
	const char *verb, *address, *reason = NULL;
	uint64_t duration_ns = 0;
	const struct ctl_option options[] = {
		{ .name = "for",
		  .kind = OPTION_DURATION,
		  .placeholder = "TIME",
		  .help = "how long, such as 90s, 10m, 2h or 7d (default: until it is lifted)",
		  .to.duration_ns = &duration_ns },
		{ .name = "reason",
		  .kind = OPTION_TEXT,
		  .placeholder = "TEXT",
		  .help = "to be shown in 'ban list'; cut after 39 octets",
		  .to.text = &reason },
		{ .kind = OPTION_END },
	};
	struct maps maps;
	int code;
	_Static_assert(BAN_TEXT == 40, "the help says how long a reason may be");

	if (!options_parse(&argc, argv, options, 2, &code))
		return code;
	verb = argc > 1 ? argv[1] : "list";
	address = argc > 2 ? argv[2] : NULL;
	if (strcmp(verb, "list") != 0 && strcmp(verb, "add") != 0 && strcmp(verb, "del") != 0)
		return ctl_fail_usage(argv[0], "ban what? '%s' is none of list, add, del", verb);
	if ((strcmp(verb, "list") == 0) == (address != NULL))
		return ctl_fail_usage(argv[0],
				      address ? "list takes no address" : "which address?");
	if ((duration_ns || reason) && strcmp(verb, "add") != 0)
		return ctl_fail_usage(argv[0], "--for and --reason belong to 'ban add'");
	code = instance_open(&maps);
	if (code)
		return code;
	if (strcmp(verb, "list") == 0)
		code = list(&maps);
	else if (strcmp(verb, "add") == 0)
		code = add(&maps, address, duration_ns, reason ? reason : "by hand");
	else
		code = del(&maps, address);
	maps_close(&maps);
	return code;
}
