/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration: every key is taken, every mistake has its place, defaults are what the
 * documentation says, and the documentation is what the schema prints. Files are in
 * tests/data/config: bad-*.yaml end with the errors that they must give, "# expect: " before each.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <glob.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/config.h"
#include "policy/config_scalar.h"
#include "policy/config_schema.h"

#define DATA	   "tests/data/config"
#define EXPECT	   "# expect: "
#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define MINUTE_NS  (60 * 1000000000ULL)
#define HOUR_NS	   (60 * MINUTE_NS)
#define HEAD	   "interfaces: [lo]\nservices:\n  - name: a\n    listen: [\"udp:192.0.2.1:5060\"]\n"
#define HEAD_LINES 4

static struct config_errors errs;

static char *errors_text(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert(out);
	config_errors_print(&errs, out);
	cr_assert_eq(fclose(out), 0);
	return text;
}

static struct config *must_parse(const char *text)
{
	struct config *cfg = NULL;
	int err = config_parse(text, strlen(text), "test.yaml", &cfg, &errs);

	cr_assert_eq(err, 0, "%s", errors_text());
	cr_assert(cfg);
	return cfg;
}

static void must_fail(const char *text, size_t len, const char *wanted)
{
	struct config *cfg = NULL;
	char *got;

	cr_assert_eq(config_parse(text, len, "test.yaml", &cfg, &errs), -EINVAL, "taken: %s", text);
	cr_assert_null(cfg);
	got = errors_text();
	cr_assert(strncmp(got, wanted, strlen(wanted)) == 0, "wanted %s\ngot %s", wanted, got);
	free(got);
}

static char *read_file(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;
	ssize_t got;

	cr_assert(in, "%s: %s", path, strerror(errno));
	got = getdelim(&text, &size, '\0', in);
	cr_assert(got >= 0, "%s is empty", path);
	fclose(in);
	return text;
}

/* The lines behind "# expect: ", as one text. */
static char *expected_errors(const char *file)
{
	char *text = read_file(file), *expected = NULL, *rest = text, *line;
	size_t size;
	FILE *out = open_memstream(&expected, &size);

	while ((line = strsep(&rest, "\n")))
		if (strncmp(line, EXPECT, strlen(EXPECT)) == 0)
			fprintf(out, "%s\n", line + strlen(EXPECT));
	fclose(out);
	free(text);
	return expected;
}

Test(config, each_bad_file_gives_exactly_the_errors_it_names)
{
	glob_t files;

	cr_assert_eq(chdir(DATA), 0);
	cr_assert_eq(glob("bad-*.yaml", 0, NULL, &files), 0);
	cr_assert_geq(files.gl_pathc, 30);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		char *expected = expected_errors(files.gl_pathv[i]), *got;
		struct config *cfg = NULL;

		cr_expect_eq(config_load(files.gl_pathv[i], &cfg, &errs), -EINVAL, "%s is taken",
			     files.gl_pathv[i]);
		cr_expect_null(cfg);
		got = errors_text();
		cr_expect_str_eq(got, expected, "%s\nwanted %s\ngot    %s", files.gl_pathv[i],
				 expected, got);
		free(expected);
		free(got);
	}
	globfree(&files);
}

Test(config, each_good_file_and_the_installed_one_is_taken)
{
	glob_t files;

	cr_assert_eq(glob(DATA "/good-*.yaml", 0, NULL, &files), 0);
	cr_assert_eq(glob("docs/sipxdp.yaml", GLOB_APPEND, NULL, &files), 0);
	cr_assert_geq(files.gl_pathc, 4);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct config *cfg = NULL;

		cr_expect_eq(config_load(files.gl_pathv[i], &cfg, &errs), 0, "%s: %s",
			     files.gl_pathv[i], errors_text());
		cr_expect_eq(errs.count, 0);
		config_free(cfg);
	}
	globfree(&files);
}

static void expect_rate(const struct config_rate *rate, const char *text, uint32_t burst,
			const char *name)
{
	struct config_rate wanted;

	cr_assert_eq(config_rate_parse(text, strlen(text), &wanted), 0);
	cr_expect_eq(rate->count, wanted.count, "%s: count %u", name, rate->count);
	cr_expect_eq(rate->period_s, wanted.period_s, "%s: period %u", name, rate->period_s);
	cr_expect_eq(rate->burst, burst, "%s: burst %u", name, rate->burst);
}

Test(config, defaults_are_the_documented_ones)
{
	struct config *cfg = must_parse(HEAD);
	const struct config_service *s = &cfg->services[0];
	const struct config_limits *l = &s->limits;

	cr_expect_str_eq(cfg->instance, "default");
	cr_expect_eq(cfg->mode, CONFIG_MODE_ENFORCE);
	cr_expect_eq(cfg->on_exit, CONFIG_ON_EXIT_DETACH);
	cr_expect(!cfg->hash_seed_set);
	cr_expect_eq(s->mode, CONFIG_MODE_ENFORCE);
	cr_expect_eq(s->verify_source, VERIFY_UNDER_ATTACK);
	cr_expect(!s->balanced);

	expect_rate(&l->per_source.rate[LIMIT_INVITE], "20/s", 20, "per_source.invite");
	expect_rate(&l->per_source.rate[LIMIT_REGISTER], "10/s", 200, "per_source.register");
	expect_rate(&l->per_source.rate[LIMIT_MALFORMED], "2/s", 2, "per_source.malformed");
	expect_rate(&l->per_prefix.rate[LIMIT_OTHER], "400/s", 400, "per_prefix.other");
	expect_rate(&l->unknown.rate[LIMIT_REGISTER], "1000/s", 1000, "unknown.register");
	expect_rate(&l->emergency, "50/s", 50, "unknown.emergency");
	expect_rate(&l->total_all, "20000/s", 20000, "total.all");
	expect_rate(&l->total.rate[LIMIT_OTHER], "off", 0, "total.other");
	expect_rate(&l->trusted.rate[LIMIT_INVITE], "400/s", 400, "trusted.invite");
	expect_rate(&l->trusted.rate[LIMIT_REGISTER], "200/s", 200, "trusted.register");
	expect_rate(&l->trusted.rate[LIMIT_MALFORMED], "40/s", 40, "trusted.malformed");

	cr_expect_eq(cfg->emergency_count, 3);
	cr_expect_str_eq(cfg->emergency[0], "urn:service:sos");
	cr_expect_str_eq(cfg->emergency[2], "911");
	cr_expect_eq(cfg->scanners.user_agent_count, 15);
	cr_expect_str_eq(cfg->scanners.user_agents[0], "friendly-scanner");
	cr_expect_str_eq(cfg->scanners.user_agents[13], "test agent");
	for (size_t i = 0; i < cfg->scanners.user_agent_count; i++)
		cr_expect(strcmp(cfg->scanners.user_agents[i], "sipsak") != 0);
	cr_expect_eq(cfg->scanners.ban_ns, HOUR_NS);
	cr_expect_eq(cfg->bans.auth_failures.count, 10);
	cr_expect_eq(cfg->bans.auth_failures.within_ns, MINUTE_NS);
	cr_expect_eq(cfg->bans.auth_failures.ban_ns, 30 * MINUTE_NS);
	cr_expect_eq(cfg->bans.enumeration.distinct_aors, 30);
	cr_expect_eq(cfg->bans.enumeration.success_below_percent, 5);
	cr_expect_eq(cfg->bans.enumeration.ban_ns, HOUR_NS);
	cr_expect_eq(cfg->tables.sources, 262144);
	cr_expect_eq(cfg->tables.dialogs, 1048576);
	cr_expect_eq(cfg->tables.bans, 65536);
	cr_expect_eq(cfg->tables.fragments, 16384);
	cr_expect(!cfg->hep.wanted);
	config_free(cfg);
}

Test(config, a_default_burst_gives_way_to_what_the_file_says)
{
	static const struct {
		const char *line;
		const char *rate;
		uint32_t burst, trusted_burst;
	} rows[] = {
		{ "per_source: {invite: 5/s}", "10/s", 200, 200 },
		{ "per_source: {register: 10/s}", "10/s", 10, 200 },
		{ "per_source: {register: {rate: 10/s, burst: 30}}", "10/s", 30, 600 },
		{ "per_source: {burst: 30}", "10/s", 30, 600 },
		{ "per_source: {register: 20/s, burst: 30}", "20/s", 30, 600 },
		{ "per_source: {register: off}", "off", 0, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config *cfg;
		const struct config_limits *l;
		char text[512];

		snprintf(text, sizeof(text), HEAD "    limits:\n      %s\n", rows[i].line);
		cfg = must_parse(text);
		l = &cfg->services[0].limits;
		expect_rate(&l->per_source.rate[LIMIT_REGISTER], rows[i].rate, rows[i].burst,
			    rows[i].line);
		cr_expect_eq(l->trusted.rate[LIMIT_REGISTER].burst, rows[i].trusted_burst, "%s: %u",
			     rows[i].line, l->trusted.rate[LIMIT_REGISTER].burst);
		config_free(cfg);
	}
}

Test(config, every_key_of_the_full_example_lands_in_its_place)
{
	const struct config_service *s;
	struct config *cfg = NULL;
	char text[PREFIX_TEXT_SIZE];

	cr_assert_eq(config_load(DATA "/good-every-key.yaml", &cfg, &errs), 0, "%s", errors_text());
	cr_expect_str_eq(cfg->instance, "edge-1");
	cr_expect_eq(cfg->interface_count, 2);
	cr_expect_str_eq(cfg->interfaces[1].name, "ens3f0np0.42");
	cr_expect_eq(cfg->interfaces[1].place.line, 3);
	cr_expect_eq(cfg->monitor, MONITOR_BIT(DROP_SCANNER) | MONITOR_BIT(DROP_UNKNOWN_LIMIT));
	cr_expect_eq(cfg->interfaces[1].place.column, 20);
	cr_expect_eq(cfg->mode, CONFIG_MODE_MONITOR);
	cr_expect_eq(cfg->on_exit, CONFIG_ON_EXIT_KEEP);
	cr_expect(cfg->hash_seed_set && cfg->hash_seed[1] == 1 && cfg->hash_seed[15] == 0xff);
	cr_expect_eq(cfg->emergency_count, 4);
	cr_expect_str_eq(cfg->emergency[3], "*999");

	cr_assert_eq(cfg->service_count, 2);
	s = &cfg->services[0];
	cr_expect_eq(s->mode, CONFIG_MODE_ENFORCE);
	cr_expect_eq(s->monitor, MONITOR_BIT(DROP_DAMAGED));
	cr_expect_eq(s->verify_source, VERIFY_ALWAYS);
	cr_expect_eq(s->listen_count, 4);
	cr_expect_eq(s->listens[3].transport, CONFIG_TRANSPORT_TLS);
	cr_expect_eq(s->listens[3].endpoint.port, 5061);
	expect_rate(&s->limits.per_source.rate[LIMIT_REGISTER], "600/m", 10, "per_source.register");
	expect_rate(&s->limits.per_source.rate[LIMIT_OPTIONS], "3600/h", 1, "per_source.options");
	expect_rate(&s->limits.per_source.rate[LIMIT_OTHER], "off", 0, "per_source.other");
	expect_rate(&s->limits.per_prefix.rate[LIMIT_INVITE], "200/s", 7, "map burst");
	expect_rate(&s->limits.per_prefix.rate[LIMIT_OTHER], "400/s", 7, "map burst of a default");
	expect_rate(&s->limits.unknown.rate[LIMIT_INVITE], "500/s", 40, "own burst");
	expect_rate(&s->limits.unknown.rate[LIMIT_REGISTER], "1000/s", 5, "map burst");
	expect_rate(&s->limits.emergency, "9/s", 5, "map burst of emergency");
	expect_rate(&s->limits.trusted.rate[LIMIT_INVITE], "1000/s", 1000, "trusted.invite");
	expect_rate(&s->limits.trusted.rate[LIMIT_REGISTER], "12000/m", 200, "20 times 600/m");
	expect_rate(&s->limits.trusted.rate[LIMIT_OTHER], "off", 0, "20 times no limit");
	expect_rate(&s->limits.provisional, "6/m", 1, "provisional");
	expect_rate(&s->limits.syn, "1/h", 2, "syn");

	cr_assert(s->balanced);
	cr_expect_eq(s->balance.method, CONFIG_METHOD_LEAST_CALLS);
	cr_expect_eq(s->balance.register_key, CONFIG_KEY_FROM_USER);
	cr_expect_eq(s->balance.on_no_backend, CONFIG_NO_BACKEND_REPLY_503);
	cr_expect_eq(s->balance.probe.transport, CONFIG_PROBE_TCP);
	cr_expect_eq(s->balance.probe.timeout_ns, 1500000000ULL);
	cr_expect_eq(s->balance.probe.accept_count, 3);
	cr_expect_eq(s->balance.probe.accept[2].first, 600);
	cr_expect_eq(s->balance.probe.accept[2].last, 699);
	cr_expect_eq(s->balance.backend_count, 3);
	cr_expect_eq(s->balance.backends[1].weight, 3);
	cr_expect_str_eq(
		endpoint_print(&s->balance.backends[2].endpoint, (char[ENDPOINT_TEXT_SIZE]){ 0 }),
		"[2001:db8:1::1]:5060");

	s = &cfg->services[1];
	cr_expect_eq(s->mode, CONFIG_MODE_MONITOR, "the global mode is inherited");
	cr_expect_eq(s->listen_count, 3, "* is two listens");
	cr_expect(address_is_any(&s->listens[0].endpoint.address) &&
		  address_is_ipv4(&s->listens[0].endpoint.address));
	cr_expect(address_is_any(&s->listens[1].endpoint.address) &&
		  !address_is_ipv4(&s->listens[1].endpoint.address));

	cr_expect_eq(cfg->scanners.user_agent_count, 2, "a list replaces its default");
	cr_expect_eq(cfg->scanners.ban_ns, 0);
	cr_expect_eq(cfg->bans.enumeration.ban_ns, 0);
	cr_expect_eq(cfg->tables.trusted, 16777216);
	cr_expect_eq(cfg->tap.message_bytes, 4096);
	cr_expect(cfg->hep.wanted);
	cr_expect_str_eq(endpoint_print(&cfg->hep.address, (char[ENDPOINT_TEXT_SIZE]){ 0 }),
			 "[2001:db8::9]:9060");
	cr_expect_eq(cfg->hep.capture_id, 2001);
	cr_expect_str_eq(cfg->hep.password, "be: secret");
	expect_rate(&cfg->host_limits.proofs, "off", 0, "proofs");
	expect_rate(&cfg->tap.samples, "10/s", 10, "samples");

	cr_assert_eq(cfg->network_count, 7);
	cr_expect_str_eq(prefix_print(&cfg->networks[3].prefix, text), "203.0.0.0/16");
	cr_expect_eq(cfg->networks[3].kind, CONFIG_NETWORK_FEED);
	cr_expect_str_eq(prefix_print(&cfg->networks[4].prefix, text), "203.0.113.0/24");
	cr_expect_eq(cfg->networks[4].kind, CONFIG_NETWORK_EXEMPT);
	config_free(cfg);
}

Test(config, a_feed_never_reaches_into_an_exempt_network_but_the_operators_deny_does)
{
	static const struct config_network wanted[] = {
		{ .kind = CONFIG_NETWORK_FEED },   /* 10.0.0.0/8 */
		{ .kind = CONFIG_NETWORK_EXEMPT }, /* 10.1.0.0/16 */
		{ .kind = CONFIG_NETWORK_DENY },   /* 10.1.2.0/24 */
		{ .kind = CONFIG_NETWORK_EXEMPT }, /* 10.1.2.128/25 */
		{ .kind = CONFIG_NETWORK_FEED },   /* 10.2.0.0/16 */
	};
	struct config *cfg = must_parse(
		HEAD "networks:\n"
		     "  exempt: [10.1.0.0/16, 10.1.2.128/25]\n"
		     "  deny: [10.1.2.0/24]\n"
		     "  feed: [10.2.0.0/16, 10.1.2.200, 10.1.2.1, 10.1.0.0/16, 10.0.0.0/8]\n");

	cr_assert_eq(cfg->network_count, COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++)
		cr_expect_eq(cfg->networks[i].kind, wanted[i].kind, "network %zu", i);
	config_free(cfg);
}

Test(config, bytes_that_are_no_configuration_are_refused_with_a_place)
{
	static const struct {
		const char *text;
		size_t len;
		const char *wanted;
	} rows[] = {
		{ "", 0, "test.yaml:1:1: the file says nothing" },
		{ "\n\n", 2, "test.yaml:1:1: the file says nothing" },
		{ "\0", 1, "test.yaml:1:1: not valid YAML: control characters are not allowed" },
		{ "a: b\n\xff", 6, "test.yaml:2:1: not valid YAML: invalid leading UTF-8 octet" },
		{ "a: \xc3", 4, "test.yaml:1:4: not valid YAML: incomplete UTF-8 octet sequence" },
		{ "a: \x1b[1m", 7, "test.yaml:1:4: not valid YAML: control characters" },
		{ "\xff\xfe", 2, "test.yaml:1:1: the file says nothing" },
		{ "%YAML 9.9\n---\na: b\n", 19, "test.yaml:1:1: not valid YAML: found incompat" },
		{ "{a: b", 5, "test.yaml:2:1: not valid YAML: did not find expected ',' or '}'" },
		{ "a: 'b", 5, "test.yaml:1:6: not valid YAML: found unexpected end" },
		{ "}", 1, "test.yaml:1:1: not valid YAML: did not find expected node content" },
		{ "'': b", 5, "test.yaml:1:1: a member without a key" },
		{ "~", 1, "test.yaml:1:1: the file says nothing" },
		{ "\"a\\0b\": c", 9, "test.yaml:1:1: a line break or another control character" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		must_fail(rows[i].text, rows[i].len, rows[i].wanted);
}

static char *repeated(const char *before, const char *piece, size_t times, const char *after)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs(before, out);
	while (times--)
		fputs(piece, out);
	fputs(after, out);
	fclose(out);
	return text;
}

Test(config, what_is_too_much_is_refused, .timeout = 10)
{
	static const struct {
		const char *before, *piece, *after;
		size_t times;
		const char *wanted;
	} rows[] = {
		{ "#", "x", "\n", CONFIG_FILE_BYTES_MAX, "test.yaml: the file is too large" },
		{ "a: [", "a,", "]\n", 70000, "test.yaml:1:131073: too many values in one file" },
		{ "", "[", "", 500000, "test.yaml:1:17: maps and lists are nested too deeply" },
		{ "", "- ", "", 500000, "test.yaml:1:33: maps and lists are nested too deeply" },
		{ "", "a: {", "", 200000, "test.yaml:1:64: maps and lists are nested too deeply" },
		{ "a: \"", "x", "\"\n", 1000000, "test.yaml:1:1: a: unknown key \"a\"" },
		{ "", "x", ": 1\n", 1000, "test.yaml:1:1: unknown key \"xxxxxxxxxxxxxxxx" },
		{ "? ", "x", "\n: 1\n", 1000000, "test.yaml:1:1: interfaces: this key is missing" },
		{ HEAD, "#\n", "mode: bad\n", 500000, "test.yaml:500005:7: mode: \"bad\" is not" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text = repeated(rows[i].before, rows[i].piece, rows[i].times, rows[i].after);

		must_fail(text, strlen(text), rows[i].wanted);
		free(text);
	}
}

Test(config, a_map_of_very_many_keys_is_refused)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (int i = 0; i < 1000; i++)
		fprintf(out, "key%d: 1\n", i);
	fclose(out);
	must_fail(text, size, "test.yaml:257:1: too many keys in one map");
	free(text);
}

Test(config, errors_beyond_the_twentieth_are_counted)
{
	char *text = repeated(HEAD "networks: {deny: [", "x, ", 50, "]}\n"), *more;

	must_fail(text, strlen(text), "test.yaml:5:19: networks.deny[0]: \"x\" is not an address");
	cr_expect_eq(errs.count, CONFIG_ERRORS_MAX);
	cr_expect_eq(errs.more, 30);
	more = errors_text();
	cr_expect(strstr(more, "\ntest.yaml: and 30 more\n"));
	free(more);
	free(text);
}

Test(config, each_type_of_value_is_read_and_refused_at_its_bounds)
{
	static const struct {
		const char *key, *good, *wrong, *far;
	} rows[] = {
		{ "dialogs: {idle: %s}", "1m", "1", "59s" },
		{ "dialogs: {idle: %s}", "7d", "d", "8d" },
		{ "dialogs: {idle: %s}", "60000ms", "1 m", "18446744073709551616ms" },
		{ "dialogs: {idle: %s}", "1h", "1h30m", "213504d" },
		{ "trust: {provisional: %s}", "1s", "1S", "999ms" },
		{ "tables: {calls: %s}", "1024", "1k", "1023" },
		{ "tables: {calls: %s}", "16777216", "+1024", "16777217" },
		{ "tables: {calls: %s}", "2048", "01024", "18446744073709552640" },
		{ "bans: {enumeration: {success_below: %s}}", "0%", "-1%", "101%" },
		{ "bans: {enumeration: {success_below: %s}}", "100%", "5.5%", "1000%" },
		{ "host_limits: {proofs: %s}", "10000000/s", "1/ s", "10000001/s" },
		{ "host_limits: {proofs: %s}", "600000000/m", "1/sec", "600000001/m" },
		{ "host_limits: {proofs: %s}", "4294967295/h", "/h", "4294967296/h" },
		{ "host_limits: {proofs: %s}", "1/h", "1/", "0/h" },
		{ "instance: %s", "ab-c_D9", "a.b", "a1234567890123456789012345678901" },
		{ "hash_seed: %s", "0123456789abcdef0123456789ABCDEF", "0123", NULL },
		{ "emergency: [%s]", "urn:service:sos", "urn:a b", "urn:service:sos.x" },
		{ "emergency: [%s]", "+1-800-999", "a:b", "12345678901234567" },
		{ "scanners: {user_agents: [%s]}", "abcd", "'abcd '", "abc" },
		{ "scanners: {user_agents: [%s]}", "abcdefghijklmnop", "'\xc3\xa4' ",
		  "abcdefghijklmnopq" },
		{ "tap: {buffer_bytes: %s}", "1073741824", "1GiB", "32768" },
		{ "tap: {message_bytes: %s}", "off", "8k", "8001" },
		{ "hep: {address: '192.0.2.9:9060', capture_id: %s}", "4294967295", "-1",
		  "4294967296" },
		{ "hep: {address: '192.0.2.9:9060', password: %s}", "x", "'\xc3\xa4'",
		  "0123456789012345678901234567890123456789012345678901234567890123" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *values[] = { rows[i].good, rows[i].wrong, rows[i].far };

		for (size_t j = 0; j < COUNT(values); j++) {
			char text[512], line[256];
			struct config *cfg = NULL;
			int err;

			if (!values[j])
				continue;
			snprintf(line, sizeof(line), "%s", rows[i].key);
			*strstr(line, "%s") = '\0';
			snprintf(text, sizeof(text), HEAD "%s%s%s\n", line, values[j],
				 strstr(rows[i].key, "%s") + 2);
			err = config_parse(text, strlen(text), "t", &cfg, &errs);
			cr_expect_eq(err, j ? -EINVAL : 0, "%s%s: %s", line, values[j],
				     errs.list[0].what);
			if (j)
				cr_expect_eq(errs.list[0].place.line, HEAD_LINES + 1);
			if (j == 2)
				cr_expect(!strstr(errs.list[0].what, "is not"), "%s",
					  errs.list[0].what);
			config_free(cfg);
		}
	}
}

Test(config, every_row_of_the_schema_has_a_help_and_a_default_that_is_taken)
{
	size_t count;
	const struct config_key *schema = config_schema(&count);

	config_free(must_parse(HEAD)); /* defaults that are wrong would be errors */
	for (size_t i = 0; i < count; i++) {
		char expected[CONFIG_EXPECTED_SIZE];
		const char *last = strrchr(schema[i].path, '.');

		cr_expect(schema[i].help && schema[i].help[0], "%s", schema[i].path);
		config_key_expected(&schema[i], expected);
		cr_expect(expected[0] && strlen(expected) < CONFIG_EXPECTED_SIZE - 1);
		for (size_t j = 0; j < i; j++)
			cr_expect(strcmp(schema[j].path, schema[i].path) != 0, "%s is there twice",
				  schema[i].path);
		/* A key whose parent is no row could never be reached. */
		if (last) {
			char parent[CONFIG_EXPECTED_SIZE];
			bool found = false;

			snprintf(parent, sizeof(parent), "%.*s", (int)(last - schema[i].path),
				 schema[i].path);
			if (strlen(parent) > 2 && strcmp(parent + strlen(parent) - 2, "[]") == 0)
				parent[strlen(parent) - 2] = '\0';
			for (size_t j = 0; j < count; j++)
				found |= strcmp(schema[j].path, parent) == 0;
			cr_expect(found, "%s has no parent", schema[i].path);
		}
	}
}

Test(config, the_reference_in_docs_is_what_the_schema_prints)
{
	char *file = read_file("docs/configuration.md"), *printed = NULL;
	size_t size;
	FILE *out = open_memstream(&printed, &size);

	config_reference(out);
	fclose(out);
	cr_expect(strcmp(file, printed) == 0,
		  "docs/configuration.md is old: sipxdpctl check --reference prints the new one");
	free(file);
	free(printed);
}

Test(config, an_error_names_file_line_column_key_what_and_expectation)
{
	const char *text = HEAD "    limits:\n      per_source: {invite: 20x/s}\n";

	must_fail(text, strlen(text),
		  "test.yaml:6:28: services[0].limits.per_source.invite: \"20x/s\" is not a rate; "
		  "expected N/s, N/m, N/h or off\n");
	cr_expect_eq(errs.count, 1);
	cr_expect_str_eq(errs.list[0].file, "test.yaml");
	cr_expect_str_eq(errs.list[0].key, "services[0].limits.per_source.invite");
	cr_expect_str_eq(errs.list[0].what, "\"20x/s\" is not a rate");
}

Test(config, a_file_that_cannot_be_read_says_why)
{
	struct config *cfg = NULL;
	char *text;

	cr_expect_eq(config_load(DATA "/no-such-file.yaml", &cfg, &errs), -ENOENT);
	text = errors_text();
	cr_expect_str_eq(text,
			 DATA "/no-such-file.yaml: cannot be read: No such file or directory\n");
	free(text);
	cr_expect_eq(config_load(DATA, &cfg, &errs), -EISDIR);
	cr_expect_eq(errs.count, 1);
	cr_expect_eq(config_load("/dev/zero", &cfg, &errs), -EFBIG);
	cr_expect_eq(errs.count, 1);
	cr_expect_null(cfg);
}

Test(config, an_import_is_found_beside_the_configuration)
{
	struct config *cfg = NULL;

	cr_assert_eq(config_load(DATA "/good-import.yaml", &cfg, &errs), 0);
	cr_expect_str_eq(cfg->services[0].balance.import_path, DATA "/dispatcher.list");
	cr_expect_eq(cfg->services[0].balance.import_set, 7);
	cr_assert_eq(cfg->services[0].balance.imported_count, 2, "the other set is left out");
	cr_expect_str_eq(cfg->services[0].balance.imported[0].name, "first");
	cr_expect_eq(cfg->services[0].balance.imported[0].weight, 50);
	cr_expect_str_eq(cfg->services[0].balance.imported[1].name, "10.0.0.22:5060");
	cr_expect_eq(cfg->services[0].balance.imported[1].weight, 25);
	config_free(cfg);
}

Test(config, an_interface_that_is_not_there_is_an_error_at_its_place)
{
	struct config *cfg = must_parse("interfaces:\n  - lo\n  - nosuchif0\nservices: [{name: a, "
					"listen: [\"udp:*:1\"]}]\n");
	char *text;

	if (!if_nametoindex("lo"))
		cr_skip_test("no loopback interface here");
	cr_expect_eq(config_check_host(cfg, &errs), -ENODEV);
	text = errors_text();
	cr_expect_str_eq(text, "test.yaml:3:5: interfaces[1]: \"nosuchif0\" does not exist here; "
			       "expected a network interface of this host\n");
	free(text);
	config_free(cfg);

	cfg = must_parse(HEAD);
	cr_expect_eq(config_check_host(cfg, &errs), 0);
	cr_expect_eq(errs.count, 0);
	config_free(cfg);
}

Test(config, a_thousand_backends_are_taken_and_one_too_many_is_not)
{
	for (unsigned int n = CONFIG_BACKENDS_MAX; n <= CONFIG_BACKENDS_MAX + 1; n++) {
		struct config *cfg = NULL;
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		int err;

		fputs(HEAD "    balance:\n      backends:\n", out);
		for (unsigned int i = 0; i < n; i++)
			fprintf(out, "      - {name: b%u, address: \"10.0.%u.%u:5060\"}\n", i,
				i / 256, i % 256);
		fclose(out);
		err = config_parse(text, size, "t", &cfg, &errs);
		cr_expect_eq(err, n > CONFIG_BACKENDS_MAX ? -EINVAL : 0, "%u: %s", n,
			     errs.list[0].what);
		config_free(cfg);
		free(text);
	}
}

Test(config, rates_cost_what_they_say)
{
	static const struct {
		const char *text;
		uint64_t cost_ns;
	} rows[] = {
		{ "1/s", 1000000000 }, { "20/s", 50000000 },	    { "600/m", 100000000 },
		{ "10000000/s", 100 }, { "1/h", 3600000000000ULL }, { "off", 0 },
		{ "unlimited", 0 },    { "600000000/m", 100 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config_rate rate;

		cr_assert_eq(config_rate_parse(rows[i].text, strlen(rows[i].text), &rate), 0);
		cr_expect_eq(config_rate_cost_ns(&rate), rows[i].cost_ns, "%s", rows[i].text);
	}
}
