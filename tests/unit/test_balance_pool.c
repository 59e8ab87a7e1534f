/* SPDX-License-Identifier: GPL-2.0-only */
/* Pools in their maps: places, states, orders, tables, and what a configuration makes of them. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "balance/pool.h"
#include "plane/backend.h"
#include "plane/expire.h"
#include "plane/key.h"
#include "plane/pins.h"
#include "plane/run.h"
#include "policy/apply.h"
#include "policy/apply_pool.h"
#include "test_plane_fixture.h"

#define SECOND 1000000000ULL

static struct run *run;
static struct maps *maps;

#define GUARD_ONLY                                                                                 \
	"interfaces: [eth0]\nhash_seed: 000102030405060708090a0b0c0d0e0f\n"                        \
	"services:\n  - name: proxy\n    listen: [\"udp:192.0.2.10:5060\"]\n"
#define BALANCED GUARD_ONLY "    balance:\n      backends:\n"
#define A	 "        - {name: a, address: \"10.0.0.11:5060\"}\n"
#define B	 "        - {name: b, address: \"10.0.0.12:5060\", weight: 2}\n"
#define TWO_FAMILIES(forward)                                                                      \
	"interfaces: [eth0]\nservices:\n  - name: proxy\n"                                         \
	"    listen: [\"udp:192.0.2.10:5060\", \"udp:[2001:db8::10]:5060\"]\n"                     \
	"    balance:\n      forward: " forward "\n      backends:\n" A B                          \
	"        - {name: six, address: \"[2001:db8::11]:5060\"}\n"
#define C "        - {name: c, address: \"10.0.0.13:5060\"}\n"

static void begin(const char *text)
{
	struct config *cfg;
	int err;

	need_bpf();
	cfg = config_of("%s", text);
	err = run_open(cfg, NULL, &run);
	cr_assert_eq(err, 0, "%s", strerror(-err));
	maps = run_maps(run);
	config_free(cfg);
}

static void end(void)
{
	run_close(run);
}

static void change_to(const char *text)
{
	struct config *cfg = config_of("%s", text);

	cr_assert_eq(run_apply(run, cfg), 0);
	config_free(cfg);
}

static __u32 place_of(const char *name)
{
	return pool_find_name(maps, 0, name);
}

static struct backend *row_of(const char *name)
{
	__u32 place = place_of(name);

	cr_assert_neq(place, 0, "%s is in the pool", name);
	return &maps->backends[place];
}

static unsigned int slots_of(__u32 place)
{
	static struct maglev_table table;
	unsigned int slots = 0;

	cr_assert_eq(backend_table(maps, 0, false, &table), 0);
	for (size_t i = 0; i < MAGLEV_SLOTS; i++)
		slots += table.backend[i] == place;
	return slots;
}

static struct pool_member member(const char *name, const char *endpoint, __u32 weight)
{
	struct pool_member out = { .weight = weight };
	struct endpoint parsed;

	cr_assert_eq(endpoint_parse(endpoint, strlen(endpoint), &parsed), 0);
	out.peer = key_from_endpoint(&parsed);
	snprintf(out.name, sizeof(out.name), "%s", name);
	return out;
}

/* ---- from the configuration ---- */

Test(pool, a_configuration_makes_a_pool_and_its_table)
{
	struct service service;

	begin(BALANCED A B C);
	cr_expect_eq(place_of("a"), 1, "in order of address");
	cr_expect_eq(place_of("b"), 2);
	cr_expect_eq(place_of("c"), 3);
	cr_expect_eq(row_of("b")->state, BACKEND_UP);
	cr_expect_eq(row_of("b")->weight, 2);
	cr_expect_eq(maps->service_state[0].backends_up, 3);
	cr_expect_eq(maps->settings->balanced, 1);
	cr_expect_eq(slots_of(0), 0);
	cr_expect_eq(slots_of(2), row_of("b")->share, "shares are shown");
	cr_expect(row_of("b")->share > MAGLEV_SLOTS * 48 / 100 &&
		  row_of("b")->share < MAGLEV_SLOTS * 52 / 100);
	cr_assert_eq(maps_service(maps, 0, &service), 0);
	cr_expect_eq(service.balance.forward, FORWARD_NAT);
	cr_expect_eq(service.balance.key, KEY_CALL_ID);
	cr_expect_eq(service.balance.register_key, KEY_TO_USER);
	cr_expect_eq(ntohs(service.balance.vip[0].port), 5060);
	cr_expect_eq(service.balance.vip[1].port, 0, "it has no IPv6");
	end();
}

Test(pool, without_balance_nothing_is_balanced)
{
	struct service service;

	begin(GUARD_ONLY);
	cr_assert_eq(maps_service(maps, 0, &service), 0);
	cr_expect_eq(service.balance.forward, FORWARD_NONE);
	cr_expect_eq(maps->settings->balanced, 0);
	cr_expect_eq(pool_free_places(maps), BACKEND_MAX - 1);
	end();
}

Test(pool, the_order_in_the_file_does_not_matter)
{
	static struct maglev_table one, other;

	begin(BALANCED A B C);
	cr_assert_eq(backend_table(maps, 0, false, &one), 0);
	end();
	begin(BALANCED C A B);
	cr_assert_eq(backend_table(maps, 0, false, &other), 0);
	cr_expect_arr_eq(one.backend, other.backend, sizeof(one.backend));
	end();
}

Test(pool, who_stays_keeps_its_place_over_a_reload)
{
	begin(BALANCED A B C);
	row_of("c")->calls = 7;
	change_to(BALANCED C "        - {name: d, address: \"10.0.0.10:5060\"}\n");
	cr_expect_eq(place_of("c"), 3);
	cr_expect_eq(row_of("c")->calls, 7);
	cr_expect_eq(place_of("d"), 4, "a place that nobody had goes first");
	cr_expect_eq(place_of("a"), 0);
	cr_expect_eq(maps->service_state[0].backends_up, 2);
	cr_expect_eq(slots_of(1) + slots_of(2), 0);
	end();
}

Test(pool, a_backend_with_calls_leaves_when_they_are_over)
{
	struct backend *row;

	begin(BALANCED A B);
	row = row_of("a");
	row->calls = 2;
	change_to(BALANCED B);
	cr_expect_eq(place_of("a"), 0, "not in the pool");
	cr_expect_eq(row->state, BACKEND_DRAIN, "its calls go on");
	cr_expect_eq(slots_of(1), 0);
	backend_unpin(maps, 1);
	cr_expect_not(pool_release(maps, 1, SECOND, SECOND), "one call is left");
	backend_unpin(maps, 1);
	cr_expect(pool_release(maps, 1, SECOND, SECOND));
	cr_expect_eq(row->state, BACKEND_FREE);
	backend_unpin(maps, 1);
	cr_expect_eq(row->calls, 0, "never below none");
	end();
}

static void load(__u32 place, __u64 last_request_ns)
{
	static struct backend_load cpus[1024];

	cpus[0] = (struct backend_load){ .packets = 1, .last_request_ns = last_request_ns };
	cr_assert_eq(bpf_map_update_elem(maps->fd[MAP_BACKEND_LOAD], &place, cpus, BPF_ANY), 0);
}

/* An INVITE that nobody has answered yet is no call, and is sent again; in dsr and ipip no call is
 * seen to be one. */
Test(pool, who_was_asked_lately_leaves_later)
{
	begin(BALANCED A B);
	load(1, 100 * SECOND);
	change_to(BALANCED B);
	cr_expect_eq(maps->backends[1].state, BACKEND_DRAIN);
	cr_expect_not(pool_release(maps, 1, 100 * SECOND + PLACEMENT_HOLD_NS - 1, SECOND));
	cr_expect(pool_release(maps, 1, 100 * SECOND + PLACEMENT_HOLD_NS, SECOND));
	cr_expect_eq(maps->backends[1].state, BACKEND_FREE);
	end();
}

Test(pool, the_dead_leave_at_once)
{
	begin(BALANCED A B);
	load(1, 100 * SECOND);
	pool_set_state(maps, 1, false, SECOND);
	change_to(BALANCED B);
	cr_expect_eq(maps->backends[1].state, BACKEND_FREE);
	end();
}

Test(pool, a_backend_that_was_leaving_comes_back_with_its_calls)
{
	struct backend *row;

	begin(BALANCED A B);
	row = row_of("a");
	row->calls = 2;
	change_to(BALANCED B);
	change_to(BALANCED A B);
	cr_expect_eq(place_of("a"), 1);
	cr_expect_eq(row->state, BACKEND_UP);
	cr_expect_eq(row->calls, 2);
	end();
}

Test(pool, balance_taken_out_of_the_configuration)
{
	struct service service;

	begin(BALANCED A B);
	row_of("a")->calls = 1;
	change_to(GUARD_ONLY);
	cr_assert_eq(maps_service(maps, 0, &service), 0);
	cr_expect_eq(service.balance.forward, FORWARD_NONE);
	cr_expect_eq(pool_free_places(maps), BACKEND_MAX - 1);
	cr_expect_eq(maps->service_state[0].backends_up, 0);
	cr_expect_eq(slots_of(0), MAGLEV_SLOTS);
	end();
}

Test(pool, each_family_has_a_table_of_its_own)
{
	static struct maglev_table ipv4, ipv6;

	begin(TWO_FAMILIES("nat"));
	cr_assert_eq(backend_table(maps, 0, false, &ipv4), 0);
	cr_assert_eq(backend_table(maps, 0, true, &ipv6), 0);
	cr_expect_eq(row_of("six")->share, MAGLEV_SLOTS, "the only IPv6 one has all of it");
	for (size_t i = 0; i < MAGLEV_SLOTS; i++) {
		cr_assert_eq(ipv6.backend[i], place_of("six"));
		cr_assert(ipv4.backend[i] == place_of("a") || ipv4.backend[i] == place_of("b"));
	}
	end();
}

Test(pool, a_tunnel_carries_either_family)
{
	static struct maglev_table ipv4, ipv6;

	begin(TWO_FAMILIES("ipip"));
	cr_assert_eq(backend_table(maps, 0, false, &ipv4), 0);
	cr_assert_eq(backend_table(maps, 0, true, &ipv6), 0);
	cr_expect_arr_eq(ipv4.backend, ipv6.backend, sizeof(ipv4.backend));
	cr_expect_eq(slots_of(place_of("six")), row_of("six")->share);
	cr_expect(row_of("six")->share > 0 && row_of("a")->share > 0);
	end();
}

/* ---- at run time ---- */

Test(pool, the_table_is_switched_never_rewritten_in_place)
{
	static struct maglev_table before, after;
	__u32 bank, index;

	begin(BALANCED A B C);
	bank = maps->service_state[0].maglev_bank;
	index = maglev_index(0, 0, bank);
	cr_assert_eq(maps_get(maps, MAP_MAGLEV, &index, &before), 0);
	cr_expect(pool_set_state(maps, 2, false, SECOND));
	cr_assert_eq(pool_rebuild(maps, 0, false), 0);
	cr_expect_neq(maps->service_state[0].maglev_bank, bank);
	cr_assert_eq(maps_get(maps, MAP_MAGLEV, &index, &after), 0);
	cr_expect_arr_eq(before.backend, after.backend, sizeof(before.backend),
			 "who still reads it reads the old one");
	cr_expect_eq(maps->service_state[0].backends_up, 2);
	end();
}

static const struct {
	const char *name;
	enum backend_order order;
	bool healthy;
	enum backend_state state;
	bool has_slots;
} orders[] = {
	{ "healthy", ORDER_NONE, true, BACKEND_UP, true },
	{ "ill", ORDER_NONE, false, BACKEND_DOWN, false },
	{ "drained by hand", ORDER_DRAIN, true, BACKEND_DRAIN, false },
	{ "drained by hand, and ill", ORDER_DRAIN, false, BACKEND_DOWN, false },
	{ "down by hand", ORDER_DOWN, true, BACKEND_DOWN, false },
	{ "leaving", ORDER_LEAVE, true, BACKEND_DRAIN, false },
};

Test(pool, health_and_orders_make_the_state)
{
	begin(BALANCED A B);
	for (size_t i = 0; i < COUNT(orders); i++) {
		struct backend *row = &maps->backends[1];

		row->order = orders[i].order;
		pool_set_state(maps, 1, orders[i].healthy, SECOND);
		cr_assert_eq(pool_rebuild(maps, 0, false), 0);
		cr_expect_eq(row->state, orders[i].state, "%s", orders[i].name);
		cr_expect_eq(slots_of(1) > 0, orders[i].has_slots, "%s", orders[i].name);
	}
	cr_expect_not(pool_set_state(maps, 1, true, SECOND), "no change is none");
	end();
}

Test(pool, nobody_is_up)
{
	begin(BALANCED A B);
	pool_set_state(maps, 1, false, SECOND);
	pool_set_state(maps, 2, false, SECOND);
	cr_assert_eq(pool_rebuild(maps, 0, false), 0);
	cr_expect_eq(slots_of(0), MAGLEV_SLOTS);
	cr_expect_eq(maps->service_state[0].backends_up, 0);
	end();
}

Test(pool, added_and_removed_by_hand)
{
	struct pool_member d = member("d", "10.0.0.14:5060", 1),
			   a = member("a2", "10.0.0.11:5060", 1);
	__u32 place = 0;

	begin(BALANCED A B);
	cr_assert_eq(pool_add(maps, 0, &d, true, SECOND, &place), 0);
	cr_expect_eq(place, 3);
	cr_expect_eq(maps->backends[place].state, BACKEND_DOWN, "until a probe is answered");
	cr_expect_eq(pool_add(maps, 0, &a, true, SECOND, &place), -EEXIST, "by address");
	cr_assert_eq(pool_remove(maps, 3, SECOND), 0);
	cr_expect_eq(maps->backends[3].state, BACKEND_FREE);
	cr_expect_eq(pool_remove(maps, 3, SECOND), -ENOENT);
	cr_expect_eq(pool_remove(maps, 0, SECOND), -EINVAL);
	cr_expect_eq(pool_remove(maps, BACKEND_MAX, SECOND), -EINVAL);
	end();
}

Test(pool, the_first_backend_of_a_pool_is_believed_to_be_up)
{
	struct pool_member d = member("d", "10.0.0.14:5060", 1);
	__u32 place = 0;

	begin(BALANCED A);
	cr_assert_eq(pool_remove(maps, 1, SECOND), 0);
	cr_assert_eq(pool_add(maps, 0, &d, true, SECOND, &place), 0);
	cr_expect_eq(maps->backends[place].state, BACKEND_UP);
	end();
}

/* What the packet path remembers of a place is forgotten before it has another owner. */
Test(pool, places_are_used_in_turn)
{
	struct pool_member d = member("d", "10.0.0.14:5060", 1);
	__u32 last = 0;

	begin(BALANCED A);
	for (__u64 i = 0; i < 2 * BACKEND_MAX; i++) {
		__u32 place = 0;

		cr_assert_eq(pool_add(maps, 0, &d, true, i, &place), 0);
		cr_assert_neq(place, last, "turn %llu", (unsigned long long)i);
		cr_assert_eq(pool_remove(maps, place, i + 1), 0);
		last = place;
	}
	end();
}

Test(pool, a_thousand_and_too_many)
{
	struct pool_member *many = calloc(BACKEND_MAX, sizeof(*many));

	cr_assert(many);
	begin(BALANCED A);
	for (size_t i = 0; i < BACKEND_MAX; i++) {
		many[i].weight = 1;
		many[i].peer.port = htons(5060);
		many[i].peer.addr.word[2] = htonl(0xffff);
		many[i].peer.addr.word[3] = htonl(0x0a010000 + (unsigned int)i);
		snprintf(many[i].name, sizeof(many[i].name), "m%zu", i);
	}
	cr_assert_eq(pool_set(maps, 0, many, 1000, false, SECOND, NULL), 0);
	cr_assert_eq(pool_rebuild(maps, 0, false), 0);
	cr_expect_eq(maps->service_state[0].backends_up, 1000);
	cr_expect_eq(pool_set(maps, 0, many, BACKEND_MAX, false, SECOND, NULL), -ENOSPC);
	cr_expect_eq(place_of("m999") != 0, true, "and nothing has changed");
	many[1].peer = many[0].peer;
	cr_expect_eq(pool_set(maps, 0, many, 2, false, SECOND, NULL), -EINVAL, "twice the same");
	end();
	free(many);
}

/* ---- who is a backend ---- */

static __u32 first_of(const char *endpoint)
{
	struct pool_member m = member("", endpoint, 1);
	__u32 place = 0;

	maps_get(maps, MAP_BACKEND_PEERS, &m.peer, &place);
	return place;
}

/* Its TLS port has the first of those that share it, and goes with the last. */
static void expect_tls(const char *endpoint)
{
	struct pool_member m = member("", endpoint, 1);
	__u32 first = first_of(endpoint), tls = 0;

	m.peer.port = htons((__u16)(ntohs(m.peer.port) + 1));
	m.peer.zero = BACKEND_PEER_TLS;
	cr_expect_eq(maps_get(maps, MAP_BACKEND_PEERS, &m.peer, &tls), first ? 0 : -ENOENT);
	cr_expect_eq(tls, first);
}

Test(pool, a_backend_of_two_services_is_found_for_both)
{
	struct pool_member a = member("a", "10.0.0.11:5060", 1);
	__u32 place[4] = { 0 };

	begin(GUARD_ONLY);
	for (unsigned int service = 0; service < 4; service++)
		cr_assert_eq(pool_add(maps, service, &a, false, 1, &place[service]), 0);
	for (__u32 at = first_of("10.0.0.11:5060"), seen = 0; at; at = maps->backends[at].next)
		cr_assert_leq(++seen, 4);
	cr_assert_eq(pool_remove(maps, place[1], 2), 0);
	expect_tls("10.0.0.11:5060");
	cr_assert_eq(pool_remove(maps, place[3], 2), 0, "the first of the chain");
	expect_tls("10.0.0.11:5060");
	for (unsigned int service = 0; service < 4; service += 2) {
		bool found = false;

		for (__u32 at = first_of("10.0.0.11:5060"); at; at = maps->backends[at].next)
			found |= at == place[service];
		cr_expect(found, "service %u", service);
	}
	cr_assert_eq(pool_remove(maps, place[0], 2), 0);
	cr_assert_eq(pool_remove(maps, place[2], 2), 0);
	cr_expect_eq(first_of("10.0.0.11:5060"), 0);
	expect_tls("10.0.0.11:5060");
	cr_expect(maps->backend_ports->word[0][5060 / 64] >> 5060 % 64 & 1);
	cr_expect(maps->backend_ports->word[1][5060 / 64] >> 5060 % 64 & 1);
	end();
}

/* ---- pins ---- */

static void pin_as(__u64 call, __u32 place, enum dialog_state state)
{
	struct dialog_key key = { .call_id_hash = call };
	struct dialog dialog = { .backend = place, .packets = call, .state = state };

	cr_assert_eq(maps_put(maps, MAP_DIALOGS, &key, &dialog, BPF_ANY), 0);
	maps->backends[place].calls += state != DIALOG_TERMINATED;
}

static void pin(__u64 call, __u32 place)
{
	pin_as(call, place, DIALOG_CONFIRMED);
}

static __u32 pinned_to(__u64 call)
{
	struct dialog_key key = { .call_id_hash = call };
	struct dialog dialog;

	cr_assert_eq(maps_get(maps, MAP_DIALOGS, &key, &dialog), 0, "the dialog itself stays");
	cr_assert_eq(dialog.packets, call, "with all that is known of it");
	return dialog.backend;
}

Test(pool, pins_of_the_dead_are_taken_out_and_no_others)
{
	enum { CALLS = 3 * PINS_PIECE };
	struct pins pins = { .running = false };
	unsigned int steps = 0;
	int more;

	begin(BALANCED A B C);
	for (__u64 call = 1; call <= CALLS; call++)
		pin(call, 1 + call % 3);
	pins_drop(&pins, maps, 1);
	cr_expect_eq(maps->backends[1].calls, 0, "at once");
	do {
		more = pins_step(&pins, maps);
		cr_assert_geq(more, 0);
		cr_assert_lt(++steps, 100);
		if (steps == 1) {
			cr_expect(more, "it goes on piece by piece");
			pins_drop(&pins, maps, 2); /* dies in mid-round */
		}
		cr_expect_eq(pins_dropping(&pins, 2), more != 0);
	} while (more);
	for (__u64 call = 1; call <= CALLS; call++)
		cr_assert_eq(pinned_to(call), call % 3 == 2 ? 3 : 0);
	cr_expect_eq(maps->backends[3].calls, CALLS / 3);
	cr_expect_eq(pins.dropped, CALLS / 3 * 2);
	cr_expect_eq(pins_step(&pins, maps), 0, "nothing is left to do");
	end();
}

Test(pool, counts_are_set_right)
{
	begin(BALANCED A B C);
	pin(1, 1);
	pin(2, 1);
	pin_as(3, 2, DIALOG_EARLY);
	pin_as(4, 2, DIALOG_TERMINATED);
	pin_as(5, 3, DIALOG_TERMINATED);
	maps->backends[1].calls = 100;
	maps->backends[2].calls = -3;
	maps->backends[3].calls = 5;
	cr_assert_eq(pins_count(maps), 0);
	cr_expect_eq(maps->backends[1].calls, 2);
	cr_expect_eq(maps->backends[2].calls, 1);
	cr_expect_eq(maps->backends[3].calls, 0);
	end();
}

/* A call that ended was not counted any more; one that is merely forgotten was. */
Test(pool, pins_that_run_out_are_calls_less)
{
	static struct expiry expiry;
	const struct {
		enum dialog_state state;
		__s64 calls; /* of two, when it has gone */
	} rows[] = { { DIALOG_EARLY, 1 }, { DIALOG_CONFIRMED, 1 }, { DIALOG_TERMINATED, 2 } };

	begin(BALANCED A B C);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dialog_key key = { .call_id_hash = 9 };
		struct dialog dialog;

		pin_as(9, 1, rows[i].state);
		maps->backends[1].calls = 2;
		cr_assert_eq(expire_step(&expiry, maps, 2 * PIN_IDLE_NS), 0);
		cr_expect_eq(maps_get(maps, MAP_DIALOGS, &key, &dialog), -ENOENT, "state %d",
			     rows[i].state);
		cr_expect_eq(maps->backends[1].calls, rows[i].calls, "state %d: %lld",
			     rows[i].state, (long long)maps->backends[1].calls);
	}
	end();
}
