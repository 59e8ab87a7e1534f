/* SPDX-License-Identifier: GPL-2.0-only */
/* From what the server answered to trust and bans, on real maps that no program sees. */
#include <stdlib.h>

#include "daemon/facts.c"
#include "daemon/log.c"
#include "daemon/losses.c"
#include "daemon/sink.c"
#include "test_plane_fixture.h"

#define SECOND NSEC_PER_SEC

static const uint64_t key[4] = { 11, 22, 33, 44 };

static struct maps maps;
static struct config *config;
static struct facts *facts;
static uint64_t now;

static int make_map(enum bpf_map_type type, __u32 key_size, __u32 value_size, __u32 flags)
{
	union bpf_attr attr = {
		.map_type = type,
		.key_size = key_size,
		.value_size = value_size,
		.max_entries = 256,
		.map_flags = flags,
	};
	long fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));

	cr_assert_geq(fd, 0);
	return (int)fd;
}

static void set_up(void)
{
	need_bpf();
	config = config_of("interfaces: [lo]\n"
			   "services: [{name: s, listen: [\"udp:192.0.2.1:5060\"]}]\n"
			   "trust: {trusted: 1h, longest: 2h}\n"
			   "bans:\n"
			   "  unproven: 60s\n"
			   "  auth_failures: {count: 5, within: 60s, ban: 30m}\n"
			   "  enumeration: {distinct_aors: 10, success_below: 5%%, within: 60s, "
			   "ban: 1h}\n");
#define X(ID, name, type, key_size, value_size, flags, entries)                                    \
	maps.fd[MAP_##ID] = -1;                                                                    \
	if (MAP_##ID == MAP_TRUSTED || MAP_##ID == MAP_PROVISIONAL || MAP_##ID == MAP_BANS ||      \
	    MAP_##ID == MAP_NETWORKS || MAP_##ID == MAP_SOURCES || MAP_##ID == MAP_CALLS ||        \
	    MAP_##ID == MAP_REGISTRATIONS || MAP_##ID == MAP_DIALOGS)                              \
		maps.fd[MAP_##ID] = make_map(BPF_MAP_TYPE_##type, key_size, value_size, flags);
	MAPS(X)
#undef X
	maps.settings = calloc(1, sizeof(*maps.settings));
	maps.trust_filter = calloc(2, sizeof(*maps.trust_filter));
	maps.host_state = calloc(1, sizeof(*maps.host_state));
	cr_assert(maps.settings && maps.trust_filter && maps.host_state);
	cr_assert_eq(facts_open(config, &maps, key, &facts), 0);
	now = clock_monotonic_ns();
}

static void tear_down(void)
{
	facts_close(facts);
	for (int id = 0; id < MAP_COUNT; id++)
		if (maps.fd[id] >= 0)
			close(maps.fd[id]);
	free(maps.settings);
	free(maps.trust_filter);
	free(maps.host_state);
	config_free(config);
}

TestSuite(facts, .init = set_up, .fini = tear_down);

static struct sipxdp_peer peer_of(const char *text)
{
	struct endpoint endpoint;

	cr_assert_eq(endpoint_parse(text, strlen(text), &endpoint), 0, "%s", text);
	return key_from_endpoint(&endpoint);
}

static void tell(const char *peer, enum track_fact_kind kind, uint32_t seconds, uint64_t aor)
{
	struct track_fact fact = {
		.kind = kind, .peer = peer_of(peer), .seconds = seconds, .aor_hash = aor
	};

	facts_take(facts, &fact, now);
}

/* Seconds that the peer is still trusted, to the nearest; 0: it is not. */
static uint64_t trusted_for(const char *peer)
{
	struct sipxdp_peer at = peer_of(peer);
	struct trusted trusted;

	if (maps_get(&maps, MAP_TRUSTED, &at, &trusted))
		return 0;
	return (trusted.until_ns - now + SECOND / 2) / SECOND;
}

/* As the packet path does when the server has said 2xx to its REGISTER, or one of the two to an INVITE. */
static void kernel_grants(const char *peer, enum trust_origin origin)
{
	struct sipxdp_peer at = peer_of(peer);
	struct trusted row = { .since_ns = now, .origin = origin };

	maps_get(&maps, MAP_TRUSTED, &at, &row);
	if (row.until_ns < now + 3600 * SECOND)
		row.until_ns = now + 3600 * SECOND;
	if (origin != TRUST_REGISTER)
		row.called_s = (__u32)(now / TRUST_CALLED_NS);
	cr_assert_eq(maps_put(&maps, MAP_TRUSTED, &at, &row, BPF_ANY), 0);
}

static enum trust_origin origin_of(const char *peer)
{
	struct sipxdp_peer at = peer_of(peer);
	struct trusted trusted;

	cr_assert_eq(maps_get(&maps, MAP_TRUSTED, &at, &trusted), 0);
	return trusted.origin;
}

/* Seconds that the peer has nothing to spend of what a challenge gives. */
static uint64_t withheld_for(const char *peer)
{
	struct sipxdp_peer at = peer_of(peer);
	struct provisional row;

	if (maps_get(&maps, MAP_PROVISIONAL, &at, &row) || row.until_ns <= now || row.tat <= now)
		return 0;
	return (row.tat - now) / SECOND;
}

static bool banned(const char *peer, struct ban *ban)
{
	struct sipxdp_peer at = peer_of(peer);
	struct sipxdp_prefix host = { .prefix_len = 128, .addr = at.addr };

	return !maps_get(&maps, MAP_BANS, &host, ban);
}

static void make_exempt(const char *text)
{
	struct network network = { .policy = POLICY_EXEMPT };
	struct sipxdp_prefix at;
	struct prefix prefix;

	cr_assert_eq(prefix_parse(text, strlen(text), &prefix), 0);
	at = key_from_prefix(&prefix);
	cr_assert_eq(maps_put(&maps, MAP_NETWORKS, &at, &network, BPF_ANY), 0);
	maps.settings->has_networks = 1;
}

Test(facts, a_registration_is_trusted_for_the_granted_time_and_a_late_refresh)
{
	static const struct {
		const char *name, *peer;
		uint32_t granted;
		uint64_t trusted;
	} rows[] = {
		{ "granted", "192.0.2.7:5060", 600, 632 },
		{ "shorter the next time", "192.0.2.7:5060", 60, 92 },
		{ "taken back", "192.0.2.7:5060", 0, 32 },
		{ "taken back by who had none", "192.0.2.9:5060", 0, 0 },
		{ "too long", "192.0.2.8:5060", 4000000000u, 7200 + 32 },
		{ "IPv6", "[2001:db8::1]:5060", 60, 92 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		tell(rows[i].peer, TRACK_REGISTERED, rows[i].granted, 0);
		cr_expect_eq(trusted_for(rows[i].peer), rows[i].trusted, "%s: %lu", rows[i].name,
			     trusted_for(rows[i].peer));
	}
	cr_expect_eq(trusted_for("192.0.2.7:5061"), 0, "the port beside it");
}

#define PHONE "192.0.2.7:5060"

/* The phone registers, and its registration is taken back later, with the kernel's part in it. */
static void register_for(uint32_t seconds)
{
	kernel_grants(PHONE, TRUST_REGISTER);
	tell(PHONE, TRACK_REGISTERED, seconds, 0);
}

Test(facts, taking_a_registration_back_gives_nothing)
{
	register_for(60);
	cr_expect_eq(trusted_for(PHONE), 92);
	now += 10 * SECOND;
	register_for(0);
	cr_expect_eq(trusted_for(PHONE), 32, "what is under way may come to its end");
	cr_expect_eq(origin_of(PHONE), TRUST_REGISTER);
	now += 10 * SECOND;
	register_for(600);
	cr_expect_eq(trusted_for(PHONE), 632, "registered again");
	tell(PHONE, TRACK_REGISTERED, 0, 0);
	tell(PHONE, TRACK_REGISTERED, 0, 0);
	cr_expect_eq(trusted_for(PHONE), 32);
}

Test(facts, what_a_call_gave_no_registration_takes)
{
	register_for(60);
	now += 5 * SECOND;
	kernel_grants(PHONE, TRUST_INVITE);
	tell(PHONE, TRACK_ANSWERED, 0, 0);
	now += 1000 * SECOND;
	register_for(60);
	cr_expect_geq(trusted_for(PHONE), 2600, "granted less: %lu", trusted_for(PHONE));
	cr_expect_leq(trusted_for(PHONE), 2601);
	register_for(0);
	cr_expect_geq(trusted_for(PHONE), 2600, "taken back: %lu", trusted_for(PHONE));
	cr_expect_leq(trusted_for(PHONE), 2601);
	register_for(7000);
	cr_expect_eq(trusted_for(PHONE), 7032, "granted more");
	now += 2590 * SECOND;
	register_for(0);
	cr_expect_eq(trusted_for(PHONE), 32, "the call's time is nearly over: %lu",
		     trusted_for(PHONE));
}

Test(facts, an_answered_call_of_who_never_registered_is_not_cut_short)
{
	/* one that only the daemon knows of */
	tell("192.0.2.8:5060", TRACK_ANSWERED, 0, 0);
	tell("192.0.2.8:5060", TRACK_REGISTERED, 0, 0);
	cr_expect_eq(trusted_for("192.0.2.8:5060"), 3600);
	cr_expect_eq(origin_of("192.0.2.8:5060"), TRUST_INVITE);
	kernel_grants(PHONE, TRUST_ANSWER);
	now += 600 * SECOND;
	register_for(0);
	cr_expect_geq(trusted_for(PHONE), 3000);
	cr_expect_leq(trusted_for(PHONE), 3001);
	cr_expect_eq(origin_of(PHONE), TRUST_ANSWER);
}

Test(facts, trust_given_by_hand_outlasts_registrations)
{
	struct sipxdp_peer peer = peer_of(PHONE);

	cr_assert_eq(trust_add(&maps, &peer, now + 999 * SECOND, TRUST_HAND), 0);
	tell(PHONE, TRACK_REGISTERED, 60, 0);
	tell(PHONE, TRACK_REGISTERED, 0, 0);
	cr_expect_eq(trusted_for(PHONE), 999);
	cr_expect_eq(origin_of(PHONE), TRUST_HAND);
	cr_assert_eq(trust_add(&maps, &peer, 0, TRUST_HAND), 0);
	tell(PHONE, TRACK_REGISTERED, 0, 0);
	cr_expect_eq(origin_of(PHONE), TRUST_HAND);
	cr_expect(trust_lookup(facts, &peer, now + 100000 * SECOND,
			       &(struct trusted){ .until_ns = 1 }),
		  "for ever");
}

/* What else it may have is not known: a REGISTER of it may have been missed, found no room, or be one of
 * many. */
Test(facts, trust_is_not_cut_while_there_may_be_more_than_is_known)
{
	struct track_fact fact = { .kind = TRACK_REGISTERED, .peer = peer_of(PHONE) };
	const char *other = "192.0.2.8:5060", *late = "192.0.2.9:5060";

	kernel_grants(PHONE, TRUST_REGISTER);
	kernel_grants(other, TRUST_REGISTER);
	fact.more = true;
	facts_take(facts, &fact, now);
	cr_expect_eq(trusted_for(PHONE), 3600, "more");
	fact.seconds = 7000;
	facts_take(facts, &fact, now);
	cr_expect_eq(trusted_for(PHONE), 7032, "more, and longer");
	tell(other, TRACK_REGISTERED, 60, 0);
	cr_expect_eq(trusted_for(other), 92, "others are known");
	facts_messages_lost(facts, now);
	now = clock_monotonic_ns();
	kernel_grants(other, TRUST_REGISTER);
	kernel_grants(late, TRUST_REGISTER);
	tell(other, TRACK_REGISTERED, 60, 0);
	cr_expect_eq(trusted_for(other), 3600, "messages were lost");
	tell(late, TRACK_REGISTERED, 60, 0);
	cr_expect_eq(trusted_for(late), 92, "and none of this one, who came later");
	now += 3601 * SECOND;
	kernel_grants(other, TRUST_REGISTER);
	tell(other, TRACK_REGISTERED, 60, 0);
	cr_expect_eq(trusted_for(other), 92, "what was lost is over");
	fact = (struct track_fact){
		.kind = TRACK_REGISTERED, .peer = peer_of(late), .seconds = 7000, .untracked = true
	};
	facts_take(facts, &fact, now);
	now += 5000 * SECOND;
	kernel_grants(late, TRUST_REGISTER);
	tell(late, TRACK_REGISTERED, 60, 0);
	cr_expect_eq(trusted_for(late), 3600, "of its other line is left what it was granted");
	now += 2100 * SECOND;
	kernel_grants(late, TRUST_REGISTER);
	tell(late, TRACK_REGISTERED, 60, 0);
	cr_expect_eq(trusted_for(late), 92);
}

Test(facts, an_answered_call_renews_trust_and_never_shortens_it)
{
	tell("192.0.2.7:5060", TRACK_ANSWERED, 0, 0);
	cr_expect_eq(trusted_for("192.0.2.7:5060"), 3600);
	tell("192.0.2.8:5060", TRACK_REGISTERED, 7000, 0);
	tell("192.0.2.8:5060", TRACK_ANSWERED, 0, 0);
	cr_expect_eq(trusted_for("192.0.2.8:5060"), 7032);
	now += 3000 * SECOND;
	tell("192.0.2.7:5060", TRACK_ANSWERED, 0, 0);
	cr_expect_eq(trusted_for("192.0.2.7:5060"), 3600);
}

/* Calls of one peer in quick succession ask once; what is remembered lasts a second, and not beyond what
 * the daemon changes itself. */
Test(facts, trust_of_a_peer_is_remembered_for_a_second)
{
	struct sipxdp_peer peer = peer_of("192.0.2.7:5060");

	tell("192.0.2.7:5060", TRACK_ANSWERED, 0, 0);
	cr_expect_eq(facts->stats.trusted, 1);
	cr_expect_eq(trusted_for("192.0.2.7:5060"), 3600);
	tell("192.0.2.7:5060", TRACK_ANSWERED, 0, 0); /* asked for, remembered */
	cr_assert_eq(maps_delete(&maps, MAP_TRUSTED, &peer), 0);
	now += SECOND / 2;
	tell("192.0.2.7:5060", TRACK_ANSWERED, 0, 0);
	cr_expect_eq(trusted_for("192.0.2.7:5060"), 0, "not asked for");
	now += SECOND / 2;
	tell("192.0.2.7:5060", TRACK_ANSWERED, 0, 0);
	cr_expect_eq(trusted_for("192.0.2.7:5060"), 3600, "asked for again");
	cr_expect_eq(facts->stats.trusted, 2);
	/* a registration takes its place at once */
	tell("192.0.2.8:5060", TRACK_REGISTERED, 7000, 0);
	tell("192.0.2.8:5060", TRACK_ANSWERED, 0, 0);
	tell("192.0.2.8:5060", TRACK_REGISTERED, 60, 0);
	tell("192.0.2.8:5060", TRACK_ANSWERED, 0, 0);
	cr_expect_eq(trusted_for("192.0.2.8:5060"), 3600, "not what was remembered before");
	/* offences are told by what is so now */
	cr_assert_eq(maps_delete(&maps, MAP_TRUSTED, &peer), 0);
	for (int i = 0; i < 5; i++)
		tell("192.0.2.7:5060", TRACK_REFUSED, 0, 1);
	cr_expect_eq(facts->stats.revoked, 0);
}

Test(facts, refused_credentials_ban_an_unproven_address_for_a_short_time_only)
{
	struct ban ban;

	for (int i = 0; i < 4; i++)
		tell("198.51.100.9:1024", TRACK_REFUSED, 0, 1);
	cr_expect_not(banned("198.51.100.9:1024", &ban));
	tell("198.51.100.9:2048", TRACK_REFUSED, 0, 1);
	cr_assert(banned("198.51.100.9:1024", &ban));
	cr_expect_eq(ban.origin, BAN_AUTH_FAILURES);
	cr_expect_eq(ban.proven, 0);
	cr_expect_eq((ban.until_ns - now) / SECOND, 60);
	cr_expect_not(banned("198.51.100.8:1024", &ban), "the address beside it");
}

Test(facts, a_proven_address_is_banned_for_the_whole_time)
{
	struct sipxdp_peer peer = peer_of("198.51.100.9:1024");
	struct provisional proof = { .until_ns = now + 60 * SECOND, .proven = 1 };
	struct ban ban;

	cr_assert_eq(maps_put(&maps, MAP_PROVISIONAL, &peer, &proof, BPF_ANY), 0);
	for (int i = 0; i < 5; i++)
		tell("198.51.100.9:1024", TRACK_REFUSED, 0, 1);
	cr_assert(banned("198.51.100.9:1024", &ban));
	cr_expect_eq(ban.proven, 1);
	cr_expect_eq((ban.until_ns - now) / SECOND, 30 * 60);
}

Test(facts, who_asks_for_many_unknown_aors_is_banned_and_who_finds_them_is_not)
{
	struct ban ban;

	for (uint64_t i = 1; i <= 40; i++) {
		tell("198.51.100.9:1024", TRACK_UNKNOWN, 0, i * 0x9e3779b97f4a7c15u);
		tell("198.51.100.7:1024", TRACK_FOUND, 0, i * 0x9e3779b97f4a7c15u);
	}
	cr_assert(banned("198.51.100.9:1024", &ban));
	cr_expect_eq(ban.origin, BAN_ENUMERATION);
	cr_expect_not(banned("198.51.100.7:1024", &ban));
}

Test(facts, an_exempt_network_is_never_banned)
{
	struct ban ban;

	make_exempt("198.51.100.0/24");
	for (uint64_t i = 1; i <= 100; i++) {
		tell("198.51.100.9:1024", TRACK_REFUSED, 0, i);
		tell("198.51.100.9:1024", TRACK_UNKNOWN, 0, i * 0x9e3779b97f4a7c15u);
	}
	cr_expect_not(banned("198.51.100.9:1024", &ban));
}

Test(facts, a_trusted_phone_answers_for_itself_and_not_for_its_neighbours)
{
	struct ban ban;

	tell("198.51.100.9:1024", TRACK_REGISTERED, 600, 0);
	tell("198.51.100.9:2048", TRACK_REGISTERED, 600, 0);
	/* Four offences of a stranger, four of one phone: neither has earned anything yet. */
	for (int i = 0; i < 4; i++) {
		tell("198.51.100.9:6666", TRACK_REFUSED, 0, 1);
		tell("198.51.100.9:1024", TRACK_REFUSED, 0, 1);
	}
	cr_expect_not(banned("198.51.100.9:1024", &ban));
	cr_expect_eq(trusted_for("198.51.100.9:1024"), 632);
	/* The phone's fifth costs it its trust: no ban of the office. */
	tell("198.51.100.9:1024", TRACK_REFUSED, 0, 1);
	cr_expect_eq(trusted_for("198.51.100.9:1024"), 0);
	cr_expect_eq(trusted_for("198.51.100.9:2048"), 632);
	cr_expect_not(banned("198.51.100.9:1024", &ban));
	/* The stranger's fifth costs it the budget of its port, not the office's. */
	tell("198.51.100.9:6666", TRACK_REFUSED, 0, 1);
	cr_expect_not(banned("198.51.100.9:1024", &ban));
	cr_expect_eq(withheld_for("198.51.100.9:6666"), 60);
	cr_expect_eq(withheld_for("198.51.100.9:1024"), 0);
	/* One other is trusted there, so that happens once; then the address is banned, and that
	 * phone's trust stays. */
	for (int i = 0; i < 5; i++)
		tell("198.51.100.9:7777", TRACK_REFUSED, 0, 1);
	cr_expect(banned("198.51.100.9:1024", &ban));
	cr_expect_eq(trusted_for("198.51.100.9:2048"), 632);
}

Test(facts, one_wrong_password_does_not_ban_an_office)
{
	struct ban ban;
	char peer[32];

	for (int phone = 0; phone < 10; phone++) {
		snprintf(peer, sizeof(peer), "198.51.100.9:%d", 20000 + phone);
		tell(peer, TRACK_REGISTERED, 7000, 0);
	}
	/* every 5 s, for as long as it is let */
	for (int second = 0; second < 3600; second += 5) {
		now += 5 * SECOND;
		facts->count_again_ns = 0; /* there was time to count */
		if (!withheld_for("198.51.100.9:6666"))
			tell("198.51.100.9:6666", TRACK_REFUSED, 0, 1);
	}
	cr_expect_not(banned("198.51.100.9:6666", &ban));
	/* a scan from there likewise, and one from port after port is banned all the same */
	facts->count_again_ns = 0;
	for (uint64_t i = 1; i <= 12; i++)
		tell("198.51.100.9:7777", TRACK_UNKNOWN, 0, i * 0x9e3779b97f4a7c15u);
	cr_expect_geq(withheld_for("198.51.100.9:7777"), 59);
	cr_expect_not(banned("198.51.100.9:7777", &ban));
	for (int port = 0; port < 12; port++) {
		snprintf(peer, sizeof(peer), "198.51.100.9:%d", 30000 + port);
		facts->count_again_ns = 0;
		for (int i = 0; i < 5; i++)
			tell(peer, TRACK_REFUSED, 0, 1);
	}
	cr_expect(banned("198.51.100.9:7777", &ban));
}

Test(facts, neighbours_in_an_ipv6_64_are_those_of_its_hosts)
{
	struct ban ban;

	tell("[2001:db8::1]:5060", TRACK_REGISTERED, 600, 0);
	for (int i = 0; i < 5; i++) {
		facts->count_again_ns = 0;
		tell("[2001:db8::2]:5060", TRACK_REFUSED, 0, 1);
		tell("[2001:db8:0:1::2]:5060", TRACK_REFUSED, 0, 1);
	}
	cr_expect_not(banned("[2001:db8::2]:5060", &ban));
	cr_expect_eq(withheld_for("[2001:db8::2]:5060"), 60);
	cr_expect(banned("[2001:db8:0:1::2]:5060", &ban), "nobody is trusted in this /64");
}

Test(facts, two_hundred_phones_behind_one_address_may_each_err_now_and_then)
{
	struct ban ban;
	char peer[32];

	for (int phone = 0; phone < 200; phone++) {
		snprintf(peer, sizeof(peer), "198.51.100.9:%d", 20000 + phone);
		tell(peer, TRACK_REGISTERED, 600, 0);
	}
	for (int error = 0; error < 4; error++) {
		for (int phone = 0; phone < 200; phone++) {
			snprintf(peer, sizeof(peer), "198.51.100.9:%d", 20000 + phone);
			tell(peer, TRACK_REFUSED, 0, 1);
		}
	}
	cr_expect_not(banned("198.51.100.9:20000", &ban));
	for (int phone = 0; phone < 200; phone++) {
		snprintf(peer, sizeof(peer), "198.51.100.9:%d", 20000 + phone);
		cr_expect_eq(trusted_for(peer), 632, "%s", peer);
	}
}

Test(facts, trust_given_by_hand_is_not_taken_back_by_offences)
{
	struct sipxdp_peer peer = peer_of("198.51.100.9:1024");
	struct ban ban;

	cr_assert_eq(trust_add(&maps, &peer, now + 999 * SECOND, TRUST_HAND), 0);
	for (int i = 0; i < 50; i++)
		tell("198.51.100.9:1024", TRACK_REFUSED, 0, 1);
	cr_expect_eq(trusted_for("198.51.100.9:1024"), 999);
	cr_expect_not(banned("198.51.100.9:1024", &ban));
}

/* ---- losses ---- */

Test(losses, only_what_was_lost_since_the_start_is_told)
{
	struct host_state state = { .tap_lost = 1000, .bans_full = 3 };
	struct losses losses;

	losses_begin(&losses, &state);
	losses_report(&losses, &state);
	cr_expect_eq(losses_of_tap(&losses), 0);
	state.tap_lost += 7;
	losses_report(&losses, &state);
	losses_report(&losses, &state);
	cr_expect_eq(losses_of_tap(&losses), 7);
	cr_expect_eq(losses.told.bans_full, 3);
}

/* ---- sink ---- */

static uint64_t facts_told;

static void count_fact(void *context, const struct track_fact *fact)
{
	(void)fact;
	cr_expect_eq(context, &facts_told);
	facts_told++;
}

Test(facts, records_go_to_the_maps_and_come_back)
{
	struct sink sink = { .maps = &maps, .fact = count_fact, .fact_context = &facts_told };
	struct track_sink callbacks = sink_callbacks(&sink);
	struct call_key call = { .call_id_hash = 5 };
	struct call_record record = { .state = CALL_RINGING, .messages = 2 }, back;
	struct track_fact fact = { .kind = TRACK_FOUND };

	cr_assert_eq(sink_open(&sink), 0);
	cr_expect_eq(callbacks.call_get(callbacks.context, &call, &back), -ENOENT);
	cr_expect_eq(callbacks.call_put(callbacks.context, &call, &record), 0);
	cr_expect_eq(callbacks.call_get(callbacks.context, &call, &back), 0);
	cr_expect_eq(memcmp(&record, &back, sizeof(record)), 0);
	cr_expect_eq(sink_flush(&sink), 0);
	cr_expect_eq(maps_get(&maps, MAP_CALLS, &call, &back), 0);
	cr_expect_eq(memcmp(&record, &back, sizeof(record)), 0);
	callbacks.call_delete(callbacks.context, &call);
	callbacks.call_delete(callbacks.context, &call);
	cr_expect_eq(sink_flush(&sink), 0);
	cr_expect_eq(maps_get(&maps, MAP_CALLS, &call, &back), -ENOENT);
	callbacks.fact(callbacks.context, &fact);
	cr_expect_eq(facts_told, 1);
	sink_close(&sink);
}

static void put_dialog(uint64_t hash, uint32_t side, enum dialog_state state, uint64_t age_ns)
{
	const struct dialog_key place = dialog_key_of(hash, side);
	const struct dialog dialog = { .state = state,
				       .last_seen_ns = clock_monotonic_ns() - age_ns };

	cr_assert_eq(maps_put(&maps, MAP_DIALOGS, &place, &dialog, BPF_ANY), 0);
}

Test(facts, the_kernels_dialogs_tell_of_calls)
{
	struct sink sink = { .maps = &maps };
	struct track_sink callbacks = sink_callbacks(&sink);
	static const struct {
		uint64_t hash;
		enum dialog_state state;
		uint64_t age_ns;
		enum track_dialog told;
	} rows[] = {
		{ 1, DIALOG_EARLY, SECOND, TRACK_DIALOG_EARLY },
		{ 2, DIALOG_CONFIRMED, 5 * SECOND, TRACK_DIALOG_CONFIRMED },
		{ 3, DIALOG_TERMINATED, SECOND, TRACK_DIALOG_OVER },
		{ 4, DIALOG_CONFIRMED, 100 * SECOND, TRACK_DIALOG_OVER },
	};
	uint64_t seen_ns, now_ns, missing = 5;

	maps.settings->dialog_idle_ns = 60 * SECOND;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call_key call = { .call_id_hash = rows[i].hash };

		put_dialog(rows[i].hash, 0, rows[i].state, rows[i].age_ns);
		cr_expect_eq(callbacks.call_dialog(callbacks.context, &call, &seen_ns),
			     rows[i].told, "row %zu", i);
		now_ns = clock_realtime_ns();
		cr_expect_geq(now_ns, seen_ns + rows[i].age_ns, "row %zu", i);
		cr_expect_leq(now_ns, seen_ns + rows[i].age_ns + 10 * SECOND, "row %zu", i);
	}
	/* it goes on, on another side */
	put_dialog(rows[2].hash, DIALOG_SIDES - 1, DIALOG_CONFIRMED, SECOND);
	cr_expect_eq(callbacks.call_dialog(callbacks.context,
					   &(struct call_key){ .call_id_hash = rows[2].hash },
					   &seen_ns),
		     TRACK_DIALOG_CONFIRMED);
	maps.host_state->dialogs_full = 0;
	cr_expect_eq(callbacks.call_dialog(callbacks.context, (void *)&missing, &seen_ns),
		     TRACK_DIALOG_OVER);
	maps.host_state->dialogs_full = 1;
	cr_expect_eq(callbacks.call_dialog(callbacks.context, (void *)&missing, &seen_ns),
		     TRACK_DIALOG_UNKNOWN, "it may have been refused");
}

Test(facts, calls_that_nobody_agreed_to_end_leave_the_kernels_dialogs)
{
	struct sink sink = { .maps = &maps };
	struct track_sink callbacks = sink_callbacks(&sink);
	static const struct {
		uint64_t hash;
		uint32_t side;
		enum dialog_state state;
		uint64_t age_ns;
		bool stays;
	} rows[] = {
		{ 11, 0, DIALOG_CONFIRMED, 20 * SECOND, false },
		{ 12, 0, DIALOG_CONFIRMED, 5 * SECOND, true }, /* somebody still speaks */
		{ 13, 0, DIALOG_TERMINATED, 20 * SECOND, true },
		{ 14, 0, DIALOG_EARLY, 20 * SECOND, true }, /* begun anew */
		{ 12, 1, DIALOG_CONFIRMED, 20 * SECOND, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call_key call = { .call_id_hash = rows[i].hash };
		struct dialog_key place = dialog_key_of(rows[i].hash, rows[i].side);
		struct dialog dialog;

		put_dialog(rows[i].hash, rows[i].side, rows[i].state, rows[i].age_ns);
		callbacks.call_abandoned(callbacks.context, &call);
		cr_expect_eq(!maps_get(&maps, MAP_DIALOGS, &place, &dialog), rows[i].stays,
			     "row %zu", i);
	}
}
