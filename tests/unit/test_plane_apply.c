/* SPDX-License-Identifier: GPL-2.0-only */
/* Configuration to maps: rates become GCRA parameters, names keep their numbers, listeners are
 * found by port with wildcards last. No BPF is needed. */
#include "test_plane_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include <sipxdp/hash.h>

#include "plane/hash_key.h"
#include "plane/key.h"
#include "policy/apply.h"

#define TICK		    4000000ULL
#define SERVICE(name, port) "  - name: " name "\n    listen: [\"udp:192.0.2.1:" port "\"]\n"

TestSuite(plane_apply, .timeout = 10);

Test(plane_apply, rates_become_costs_and_tolerances)
{
	static const struct {
		const char *name;
		struct config_rate rate;
		__u64 cost_ns, tolerance_ns;
	} rows[] = {
		{ "no limit", { 0, 1, 0, 0 }, 0, 0 },
		{ "20/s, burst 20", { 20, 1, 20, 0 }, 50000000, 19 * 50000000ULL },
		{ "burst 1 is still a tick", { 10, 1, 1, 0 }, 100000000, TICK },
		{ "cost below a tick", { 100000, 1, 2, 0 }, 10000, TICK },
		{ "a third is rounded down", { 3, 1, 4, 0 }, 333333333, 3 * 333333333ULL },
		{ "two thirds are rounded up", { 6, 4, 1, 0 }, 666666667, TICK },
		{ "per minute", { 2, 60, 3, 0 }, 30000000000ULL, 60000000000ULL },
		{ "fastest", { SIPXDP_RATE_MAX, 1, 1, 0 }, 100, TICK },
		{ "largest burst", { 1, 3600, 720, 0 }, 3600000000000ULL, 719 * 3600000000000ULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sipxdp_rate out = apply_rate(&rows[i].rate, TICK);

		cr_expect_eq(out.cost_ns, rows[i].cost_ns, "%s: cost %llu", rows[i].name,
			     out.cost_ns);
		cr_expect_eq(out.tolerance_ns, rows[i].tolerance_ns, "%s: tolerance %llu",
			     rows[i].name, out.tolerance_ns);
	}
}

/* One reload after the other: what numbers do the services have? */
Test(plane_apply, a_service_keeps_its_number_as_long_as_its_name_lives)
{
	static const struct {
		const char *step, *services;
		unsigned char number[3];
		bool fresh[3];
	} steps[] = {
		{ "first", SERVICE("a", "1") SERVICE("b", "2"), { 0, 1 }, { false, false } },
		{ "other order", SERVICE("b", "2") SERVICE("a", "1"), { 1, 0 }, { false, false } },
		{ "a leaves, c comes", SERVICE("c", "3") SERVICE("b", "2"), { 2, 1 }, { 0 } },
		{ "a returns", SERVICE("a", "1") SERVICE("c", "3"), { 0, 2 }, { 0 } },
	};
	struct service bank[SERVICE_MAX], next[SERVICE_MAX];

	memset(bank, 0, sizeof(bank));
	for (size_t s = 0; s < COUNT(steps); s++) {
		struct config *cfg = config_of("interfaces: [lo]\nservices:\n%s",
					       steps[s].services);
		unsigned char number[CONFIG_SERVICES_MAX];
		bool fresh[CONFIG_SERVICES_MAX];

		apply_numbers(cfg, bank, number, fresh);
		for (size_t i = 0; i < cfg->service_count; i++) {
			cr_expect_eq(number[i], steps[s].number[i], "%s: service %zu has %u",
				     steps[s].step, i, number[i]);
			cr_expect_eq(fresh[i], steps[s].fresh[i], "%s: service %zu", steps[s].step,
				     i);
		}
		apply_services(cfg, number, bank, TICK, next);
		memcpy(bank, next, sizeof(bank));
		config_free(cfg);
	}
	cr_expect_str_eq(bank[1].name, "b");
	cr_expect_eq(bank[1].in_use, 0, "b is out of use, and its counters can still be named");
	cr_expect_eq(bank[2].in_use, 1);
}

Test(plane_apply, with_all_numbers_used_the_one_of_a_former_service_is_given_anew)
{
	struct service bank[SERVICE_MAX];
	unsigned char number[CONFIG_SERVICES_MAX];
	bool fresh[CONFIG_SERVICES_MAX];
	struct config *cfg;

	memset(bank, 0, sizeof(bank));
	for (int n = 0; n < SERVICE_MAX; n++)
		snprintf(bank[n].name, NAME_SIZE, "old-%d", n);
	cfg = config_of("interfaces: [lo]\nservices:\n" SERVICE("old-0", "1") SERVICE("new", "2"));
	apply_numbers(cfg, bank, number, fresh);
	cr_expect_eq(number[0], 0);
	cr_expect_not(fresh[0]);
	cr_expect_eq(number[1], 1);
	cr_expect(fresh[1], "old-1's counters are not new's");
	config_free(cfg);
}

/* As the kernel looks: through the chain of the port, the first that fits. */
static const struct listener *look_up(const struct listener_table *table,
				      enum listener_transport transport, unsigned int port,
				      const char *text)
{
	struct in6_addr address;
	struct sipxdp_addr key;
	int family;

	cr_assert_eq(address_parse(text, strlen(text), &address), 0);
	key = key_from_address(&address);
	family = address_is_ipv4(&address) ? 4 : 6;
	for (unsigned int i = table->head[transport][port]; i; i = table->entry[i].next) {
		const struct listener *entry = &table->entry[i];

		if (entry->wildcard ? entry->wildcard == family
				    : !memcmp(&entry->addr, &key, sizeof(key)))
			return entry;
	}
	return NULL;
}

Test(plane_apply, listeners_are_found_by_transport_port_and_address_wildcards_last)
{
	struct listener_table *table = malloc(sizeof(*table));
	const unsigned char number[CONFIG_SERVICES_MAX] = { 3, 7, 9 };
	struct config *cfg = config_of("interfaces: [lo]\n"
				       "services:\n"
				       "  - name: any\n"
				       "    listen: [\"udp:*:5060\", \"tcp:0.0.0.0:5060\"]\n"
				       "  - name: one\n"
				       "    listen: [\"udp:192.0.2.1:5060\", "
				       "\"udp:[2001:db8::1]:5060\"]\n"
				       "  - name: secure\n"
				       "    listen: [\"tls:192.0.2.1:5061\"]\n");
	static const struct {
		const char *name;
		enum listener_transport transport;
		unsigned int port;
		const char *address;
		int service; /* -1: not ours */
		int tls;
	} rows[] = {
		{ "address before wildcard", LISTENER_UDP, 5060, "192.0.2.1", 7, 0 },
		{ "wildcard", LISTENER_UDP, 5060, "192.0.2.2", 3, 0 },
		{ "IPv6 address", LISTENER_UDP, 5060, "2001:db8::1", 7, 0 },
		{ "IPv6 wildcard", LISTENER_UDP, 5060, "2001:db8::2", 3, 0 },
		{ "TCP", LISTENER_STREAM, 5060, "192.0.2.1", 3, 0 },
		{ "TCP over IPv6 was not asked for", LISTENER_STREAM, 5060, "2001:db8::1", -1, 0 },
		{ "TLS", LISTENER_STREAM, 5061, "192.0.2.1", 9, 1 },
		{ "TLS port over UDP", LISTENER_UDP, 5061, "192.0.2.1", -1, 0 },
		{ "other port", LISTENER_UDP, 5062, "192.0.2.1", -1, 0 },
	};

	cr_assert(table);
	cr_assert_eq(apply_listeners(cfg, number, table), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct listener *found = look_up(table, rows[i].transport, rows[i].port,
						       rows[i].address);

		cr_expect_eq(found ? found->service : -1, rows[i].service, "%s", rows[i].name);
		cr_expect_eq(found ? found->tls : 0, rows[i].tls, "%s", rows[i].name);
	}
	config_free(cfg);
	free(table);
}

/* More on one port than the kernel goes over is refused, not cut. */
Test(plane_apply, a_chain_too_long_is_refused)
{
	struct listener_table *table = malloc(sizeof(*table));
	const unsigned char number[CONFIG_SERVICES_MAX] = { 0 };
	struct config_listen listens[LISTENER_CHAIN + 1];
	struct config *cfg = calloc(1, sizeof(*cfg));

	cr_assert(table && cfg);
	for (size_t i = 0; i < COUNT(listens); i++)
		listens[i] = (struct config_listen){
			.transport = CONFIG_TRANSPORT_UDP,
			.endpoint = { address_from_ipv4(htonl(0x0a000001 + (__u32)i)), 5060 },
		};
	cfg->service_count = 1;
	cfg->services[0].listens = listens;
	cfg->services[0].listen_count = LISTENER_CHAIN;
	cr_expect_eq(apply_listeners(cfg, number, table), 0);
	cfg->services[0].listen_count = LISTENER_CHAIN + 1;
	cr_expect_eq(apply_listeners(cfg, number, table), -E2BIG);
	free(cfg);
	free(table);
}

Test(plane_apply, settings_take_what_is_configured_and_leave_the_rest)
{
	struct settings settings, before;
	struct config *cfg = config_of(
		"interfaces: [lo]\n"
		"mode: monitor\n"
		"services:\n" SERVICE("a",
				      "5060") "emergency: [\"112\", \"urn:service:sos\"]\n"
					      "scanners: {user_agents: [SipVicious], ban: 1h}\n"
					      "trust: {trusted: 300s, provisional: 32s}\n"
					      "tap: {samples: 20/s}\n");
	__u32 word, bit;

	memset(&settings, 0, sizeof(settings));
	settings.tick_ns = TICK;
	settings.generation = 41;
	settings.bank = 1;
	settings.has_bans = 1;
	settings.hash_key[5] = 0x1234;
	before = settings;
	apply_settings(cfg, &settings);
	cr_expect_eq(settings.monitor, MONITOR_ALL);
	cr_expect_eq(settings.generation, before.generation);
	cr_expect_eq(settings.bank, before.bank);
	cr_expect_eq(settings.has_bans, before.has_bans);
	cr_expect_eq(settings.hash_key[5], before.hash_key[5]);
	cr_expect_eq(settings.scanner_ban_ns, 3600 * 1000000000ULL);
	cr_expect_eq(settings.trust_ns, 300 * 1000000000ULL);
	cr_expect_eq(settings.provisional_ns, 32 * 1000000000ULL);
	cr_expect_eq(settings.samples.cost_ns, 50000000);
	cr_expect_eq(settings.emergency[0].length, 3);
	cr_expect_eq(settings.emergency[0].urn, 0);
	cr_expect_eq(memcmp(settings.emergency[0].text, "112", 3), 0);
	cr_expect_eq(settings.emergency[1].length, 15);
	cr_expect_eq(settings.emergency[1].urn, 1);
	cr_expect_eq(settings.emergency[2].length, 0, "unused ones are marked so");
	memcpy(&word, "sipv", sizeof(word));
	bit = agent_filter_bit(word);
	cr_expect(settings.agent_filter[bit / 64] & 1ULL << bit % 64, "in lower case");
	config_free(cfg);
}

/* As `openssl mac -macopt hexkey:000102…0f -macopt size:8 SIPHASH` has it. */
Test(plane_apply, a_seed_gives_the_same_key_on_every_host)
{
	unsigned char seed[HASH_SEED_SIZE];
	__u64 key[HASH_KEY_WORDS];

	for (size_t i = 0; i < sizeof(seed); i++)
		seed[i] = (unsigned char)i;
	hash_key_derive(seed, key);
	cr_expect_eq(key[0], 0x39d3851ca07681a7ULL, "%#llx", key[0]);
	cr_expect_eq(key[1], 0x2b91b2b085e6d1f6ULL, "%#llx", key[1]);
	cr_expect_eq(key[17], 0xbc698525e63ca262ULL, "%#llx", key[17]);
}

Test(plane_apply, addresses_become_keys_and_come_back)
{
	static const struct {
		const char *address;
		__u8 family;
		const char *prefix; /* what a row of sources stands for */
	} rows[] = {
		{ "192.0.2.7", 4, "192.0.2.7/32" },
		{ "2001:db8:1:2:3:4:5:6", 6, "2001:db8:1:2::/64" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint endpoint = { .port = 5060 };
		struct prefix expected, prefix;
		struct source_key key;
		struct sipxdp_peer peer;

		cr_assert_eq(
			address_parse(rows[i].address, strlen(rows[i].address), &endpoint.address),
			0);
		cr_assert_eq(prefix_parse(rows[i].prefix, strlen(rows[i].prefix), &expected), 0);
		key = key_of_source(&endpoint.address, 2);
		cr_expect_eq(key.family, rows[i].family, "%s", rows[i].address);
		cr_expect_eq(key.service, 2);
		prefix = key_source_prefix(&key);
		cr_expect_eq(prefix_compare(&prefix, &expected), 0, "%s", rows[i].address);
		peer = key_from_endpoint(&endpoint);
		cr_expect_eq(peer.port, htons(5060));
		endpoint = key_to_endpoint(&peer);
		cr_expect_eq(endpoint.port, 5060);
		prefix = prefix_of(&endpoint.address, 128);
		cr_expect(prefix_covers(&expected, &prefix), "%s", rows[i].address);
	}
}
