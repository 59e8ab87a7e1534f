/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl trust: the trusted addresses and ports, and trust given or taken by hand. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/duration.h"
#include "ctl/instance.h"
#include "ctl/names.h"
#include "ctl/options.h"
#include "ctl/report.h"
#include "ctl/rows.h"
#include "plane/clock.h"
#include "plane/key.h"
#include "plane/trust.h"
#include "policy/address.h"

struct trust_row {
	struct endpoint endpoint;
	struct trusted trusted;
};

static int take_trusted(const struct sipxdp_peer *peer, const struct trusted *trusted, void *ctx)
{
	struct trust_row *row = rows_add(ctx);

	if (!row)
		return -ENOMEM;
	row->endpoint = key_to_endpoint(peer);
	row->trusted = *trusted;
	return 0;
}

static int by_address(const void *left, const void *right)
{
	const struct trust_row *a = left, *b = right;
	int order = memcmp(&a->endpoint.address, &b->endpoint.address, sizeof(struct in6_addr));

	return order ? order : (int)a->endpoint.port - (int)b->endpoint.port;
}

static const struct report_column columns[] = {
	{ .title = "ADDRESS", .key = "address" },
	{ .title = "ORIGIN", .key = "origin" },
	{ .title = "SINCE", .key = "since_unix_ns" },
	{ .title = "UNTIL", .key = "until_unix_ns" },
	{ .title = "LEFT", .key = "left_s", .align = ALIGN_RIGHT },
	{ .title = "LAST SEEN", .key = "last_seen_unix_ns" },
	{ .title = "PACKETS", .key = "packets", .align = ALIGN_RIGHT },
	{ .title = "DROPS", .key = "drops", .align = ALIGN_RIGHT },
	{ .title = "LAST REASON", .key = "last_reason" },
	{ .title = "LAST CLASS", .key = "last_class" },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void report_row(struct report *report, const struct trust_row *row, __u64 now)
{
	const struct trusted *trusted = &row->trusted;
	char text[ENDPOINT_TEXT_SIZE];

	report_string(report, endpoint_print(&row->endpoint, text));
	report_string(report, trust_origin_name(trusted->origin));
	report_moment(report, clock_monotonic_to_realtime(trusted->since_ns));
	report_moment(report, clock_monotonic_to_realtime(trusted->until_ns));
	if (trusted->until_ns > now)
		report_duration(report, trusted->until_ns - now);
	else
		report_none(report);
	report_moment(report, clock_monotonic_to_realtime(trusted->last_seen_ns));
	report_number(report, trusted->packets);
	report_number(report, trusted->drops);
	/* before its first packet there is no last one */
	report_string(report, trusted->packets ? reason_name(trusted->last_reason) : NULL);
	report_string(report, trusted->packets ? class_name(trusted->last_class) : NULL);
}

static int list(const struct maps *maps)
{
	struct rows rows = { .size = sizeof(struct trust_row) };
	__u64 now = clock_monotonic_ns();
	struct report *report;
	int err = trust_walk(maps, now, take_trusted, &rows);

	if (err) {
		rows_free(&rows);
		return instance_fail("trusted", err);
	}
	rows_sort(&rows, by_address);
	report = report_open(FORM_TABLE, "trusted", columns, COLUMNS);
	for (size_t i = 0; report && i < rows.count; i++)
		report_row(report, rows_at(&rows, i), now);
	rows_free(&rows);
	return report_close(report);
}

static int parse_endpoint(const char *text, struct endpoint *out)
{
	int err = endpoint_parse(text, strlen(text), out);

	if (err == -ERANGE)
		return ctl_fail(CTL_USAGE, "'%s': a port is 1 to 65535", text);
	if (err)
		return ctl_fail(CTL_USAGE,
				"'%s' is not an address and port: 192.0.2.1:5060 or "
				"[2001:db8::1]:5060",
				text);
	return CTL_DONE;
}

static int print_change(const char *key, const struct endpoint *endpoint, const char *words)
{
	char text[ENDPOINT_TEXT_SIZE];

	endpoint_print(endpoint, text);
	if (ctl_global.json)
		printf("{\"%s\":\"%s\"}\n", key, text);
	else
		printf("%s %s\n", text, words);
	return CTL_DONE;
}

static int add(struct maps *maps, const struct endpoint *endpoint, uint64_t duration_ns)
{
	__u64 until_ns = duration_ns ? clock_monotonic_ns() + duration_ns : 0;
	struct sipxdp_peer peer = key_from_endpoint(endpoint);
	int err = trust_add(maps, &peer, until_ns, TRUST_HAND);

	if (err)
		return instance_fail("trusted", err);
	return print_change("trusted", endpoint, "is trusted");
}

static int del(struct maps *maps, const struct endpoint *endpoint)
{
	struct sipxdp_peer peer = key_from_endpoint(endpoint);
	int err = trust_delete(maps, &peer);

	if (err == -ENOENT)
		return ctl_fail(CTL_NO, "that address and port is not trusted");
	if (err)
		return instance_fail("trusted", err);
	return print_change("untrusted", endpoint, "is no longer trusted");
}

int cmd_trust(int argc, char **argv)
{
	const char *verb, *address;
	uint64_t duration_ns = 0;
	const struct ctl_option options[] = {
		{ .name = "for",
		  .kind = OPTION_DURATION,
		  .placeholder = "TIME",
		  .help = "how long, such as 90s, 10m, 2h or 7d (default: until it is taken away)",
		  .to.duration_ns = &duration_ns },
		{ .kind = OPTION_END },
	};
	struct endpoint endpoint;
	struct maps maps;
	int code;

	if (!options_parse(&argc, argv, options, 2, &code))
		return code;
	verb = argc > 1 ? argv[1] : "list";
	address = argc > 2 ? argv[2] : NULL;
	if (strcmp(verb, "list") != 0 && strcmp(verb, "add") != 0 && strcmp(verb, "del") != 0)
		return ctl_fail_usage(argv[0], "trust what? '%s' is none of list, add, del", verb);
	if ((strcmp(verb, "list") == 0) == (address != NULL))
		return ctl_fail_usage(argv[0], address ? "list takes no address"
						       : "which address and port?");
	if (duration_ns && strcmp(verb, "add") != 0)
		return ctl_fail_usage(argv[0], "--for belongs to 'trust add'");
	if (address) {
		code = parse_endpoint(address, &endpoint);
		if (code)
			return code;
	}
	code = instance_open(&maps);
	if (code)
		return code;
	if (!address)
		code = list(&maps);
	else if (strcmp(verb, "add") == 0)
		code = add(&maps, &endpoint, duration_ns);
	else
		code = del(&maps, &endpoint);
	maps_close(&maps);
	return code;
}
