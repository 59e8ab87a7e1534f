/* SPDX-License-Identifier: GPL-2.0-only */
/* Bans for refused credentials and for AoR enumeration: who earns one, when, and who never does. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#include "policy/offence.h"

#define SECOND 1000000000ull
#define MINUTE (60 * SECOND)
#define START  (1000 * SECOND)

static const uint64_t key[3] = { 0x1234567812345678, 0x9abcdef09abcdef0, 0x0f1e2d3c4b5a6978 };

static struct config_bans default_bans(void)
{
	return (struct config_bans){
		.auth_failures = { .count = 10, .within_ns = MINUTE, .ban_ns = 30 * MINUTE },
		.enumeration = { .distinct_aors = 30,
				 .success_below_percent = 5,
				 .within_ns = MINUTE,
				 .ban_ns = 60 * MINUTE },
		.unproven_ns = 10 * SECOND,
	};
}

static struct offences *fresh(uint32_t sources)
{
	struct config_bans bans = default_bans();
	struct offences *o;

	cr_assert_eq(offences_new(&bans, sources, key, &o), 0);
	return o;
}

static struct sipxdp_addr ipv4(uint32_t host_order)
{
	return (struct sipxdp_addr){ .word = { 0, 0, htonl(0xffff), htonl(host_order) } };
}

static struct sipxdp_addr ipv6(uint32_t net, uint32_t host)
{
	return (struct sipxdp_addr){
		.word = { htonl(0x20010db8), htonl(net), 0, htonl(host) },
	};
}

/* A well mixed number for each i, as the tracker's hashes are (splitmix64). */
static uint64_t aor(uint64_t i)
{
	uint64_t z = (i + 1) * 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static struct offence refusal(struct sipxdp_addr addr, uint64_t now_ns)
{
	return (struct offence){ .addr = addr,
				 .kind = OFFENCE_REFUSED,
				 .proven = true,
				 .aor_hash = aor(1),
				 .now_ns = now_ns };
}

Test(offence, tenth_refusal_within_a_minute_bans_the_host,
     .description = "the ban comes with the tenth refusal, not before, for that host alone")
{
	struct offences *o = fresh(1024);
	struct offence_verdict verdict;

	for (int i = 0; i < 9; i++) {
		struct offence f = refusal(ipv4(0xc0000201), START + i * SECOND);

		cr_assert_not(offences_note(o, &f, &verdict), "refusal %d", i + 1);
	}
	struct offence other = refusal(ipv4(0xc0000202), START + 10 * SECOND);
	struct offence tenth = refusal(ipv4(0xc0000201), START + 10 * SECOND);

	cr_assert_not(offences_note(o, &other, &verdict));
	cr_assert(offences_note(o, &tenth, &verdict));
	cr_assert_eq(verdict.origin, BAN_AUTH_FAILURES);
	cr_assert_eq(verdict.ban_ns, 30 * MINUTE);
	cr_assert_eq(verdict.prefix.prefix_len, 128);
	cr_assert_eq(verdict.prefix.addr.word[3], htonl(0xc0000201));
	cr_assert_str_eq(verdict.reason, "10 refused credentials in 60s");
	cr_assert_not(offences_note(o, &tenth, &verdict), "counts start again after a verdict");
	offences_free(o);
}

Test(offence, refusals_slower_than_the_rule_never_ban,
     .description = "nine a minute for an hour, evenly or in bursts a minute apart, are no offence")
{
	struct offences *o = fresh(1024);
	struct offence_verdict verdict;

	for (uint64_t i = 0; i < 540; i++) {
		struct offence even = refusal(ipv4(1), START + i * (MINUTE / 9 + 1));
		struct offence burst = refusal(ipv4(2),
					       START + i / 9 * (MINUTE + SECOND) + i % 9 * 1000);

		cr_assert_not(offences_note(o, &even, &verdict), "even %lu", i);
		cr_assert_not(offences_note(o, &burst, &verdict), "burst %lu", i);
	}
	offences_free(o);
}

Test(offence, sustained_guessing_is_caught_whatever_its_phase,
     .description = "12 refusals a minute lead to a ban within the second minute at any phase")
{
	for (uint64_t phase = 0; phase < 60; phase++) {
		struct offences *o = fresh(64);
		struct offence_verdict verdict;
		bool banned = false;

		for (uint64_t i = 0; i < 24 && !banned; i++) {
			struct offence f = refusal(ipv4(7),
						   START + phase * SECOND + i * 5 * SECOND);

			banned = offences_note(o, &f, &verdict);
		}
		cr_assert(banned, "phase %lu", phase);
		offences_free(o);
	}
}

Test(offence, unproven_source_is_banned_for_a_short_time_only,
     .description = "who may be the victim of a forged source is cut to unproven_ns")
{
	struct offences *o = fresh(1024);
	struct offence_verdict verdict = { 0 };
	bool banned = false;

	for (int i = 0; i < 10; i++) {
		struct offence f = refusal(ipv4(5), START);

		f.proven = false;
		banned = offences_note(o, &f, &verdict);
	}
	cr_assert(banned);
	cr_assert_eq(verdict.ban_ns, 10 * SECOND);
	offences_free(o);
}

Test(offence, exempt_source_is_never_counted,
     .description = "a carrier may be refused a thousand times, and is not counted meanwhile")
{
	struct offences *o = fresh(1024);
	struct offence_verdict verdict;

	for (int i = 0; i < 1000; i++) {
		struct offence f = refusal(ipv4(5), START);

		f.exempt = true;
		cr_assert_not(offences_note(o, &f, &verdict));
	}
	struct offence f = refusal(ipv4(5), START);

	cr_assert_not(offences_note(o, &f, &verdict), "nothing was kept of the exempt time");
	offences_free(o);
}

Test(offence, addresses_of_one_ipv6_64_are_one_source,
     .description = "ten addresses of a /64 share a ban of the /64; the next /64 has its own count")
{
	struct offences *o = fresh(1024);
	struct offence_verdict verdict;
	bool banned = false;

	for (uint32_t i = 0; i < 10; i++) {
		struct offence near = refusal(ipv6(1, i), START);
		struct offence far = refusal(ipv6(100 + i, 1), START);

		cr_assert_not(offences_note(o, &far, &verdict));
		banned = offences_note(o, &near, &verdict);
		cr_assert_eq(banned, i == 9, "address %u", i);
	}
	cr_assert_eq(verdict.prefix.prefix_len, 64);
	cr_assert_eq(verdict.prefix.addr.word[0], htonl(0x20010db8));
	cr_assert_eq(verdict.prefix.addr.word[1], htonl(1));
	cr_assert_eq(verdict.prefix.addr.word[3], 0);
	offences_free(o);
}

/* Tries `tried` AoRs, every one in `found_every` of them with success (0: none). */
static bool enumerate(struct offences *o, uint32_t tried, uint32_t found_every, uint64_t step_ns,
		      struct offence_verdict *verdict, uint32_t *banned_at)
{
	for (uint32_t i = 0; i < tried; i++) {
		bool found = found_every && i % found_every == 0;
		struct offence f = { .addr = ipv4(9),
				     .kind = found ? OFFENCE_NONE : OFFENCE_UNKNOWN,
				     .proven = true,
				     .aor_hash = aor(i),
				     .now_ns = START + i * step_ns };

		if (offences_note(o, &f, verdict)) {
			*banned_at = i + 1;
			return true;
		}
	}
	return false;
}

Test(offence, enumeration_is_banned_at_about_thirty_aors,
     .description = "29 distinct AoRs never ban; by the 33rd the ban is there")
{
	struct offences *o = fresh(1024);
	struct offence_verdict verdict;
	uint32_t at = 0;

	cr_assert(enumerate(o, 40, 0, SECOND / 10, &verdict, &at));
	cr_assert(at >= 30 && at <= 33, "banned at %u", at);
	cr_assert_eq(verdict.origin, BAN_ENUMERATION);
	cr_assert_eq(verdict.ban_ns, 60 * MINUTE);
	cr_assert_str_eq(verdict.reason, "30 AoRs tried in 60s");
	offences_free(o);
}

Test(offence, estimate_holds_up_to_the_largest_count,
     .description = "with distinct_aors from 2 to 100,000 the ban comes close to that number")
{
	static const struct {
		uint32_t aors, percent;
	} rows[] = { { 2, 8 }, { 10, 8 }, { 100, 8 }, { 1000, 8 }, { 1001, 20 }, { 100000, 20 } };

	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		struct config_bans bans = default_bans();
		struct offence_verdict verdict;
		struct offences *o;
		uint32_t at = 0;

		bans.enumeration.distinct_aors = rows[r].aors;
		cr_assert_eq(offences_new(&bans, 64, key, &o), 0);
		cr_assert(enumerate(o, 2 * rows[r].aors, 0, 1000, &verdict, &at), "row %u",
			  rows[r].aors);
		cr_assert(at * 100 >= rows[r].aors * (100 - rows[r].percent) &&
				  at * 100 <= rows[r].aors * (100 + rows[r].percent) + 100,
			  "row %u: banned at %u", rows[r].aors, at);
		offences_free(o);
	}
}

Test(offence, who_has_success_is_no_enumerator,
     .description = "one AoR in ten exists: no ban; one in forty: a ban")
{
	struct offences *o = fresh(1024);
	struct offence_verdict verdict;
	uint32_t at;

	cr_assert_not(enumerate(o, 300, 10, SECOND / 10, &verdict, &at));
	offences_free(o);
	o = fresh(1024);
	cr_assert(enumerate(o, 300, 40, SECOND / 10, &verdict, &at));
	offences_free(o);
}

Test(offence, one_aor_a_thousand_times_is_no_enumeration,
     .description = "a phone whose account is gone asks for one AoR for ever and is not banned")
{
	struct offences *o = fresh(1024);
	struct offence_verdict verdict;

	for (int i = 0; i < 1000; i++) {
		struct offence f = { .addr = ipv4(9),
				     .kind = OFFENCE_UNKNOWN,
				     .aor_hash = aor(1),
				     .now_ns = START + i * SECOND };

		cr_assert_not(offences_note(o, &f, &verdict));
	}
	offences_free(o);
}

Test(offence, aors_outside_the_window_are_forgotten,
     .description = "one AoR every three seconds is 20 a minute, and never makes 30")
{
	struct offences *o = fresh(1024);
	struct offence_verdict verdict;
	uint32_t at;

	cr_assert_not(enumerate(o, 2000, 0, 3 * SECOND, &verdict, &at));
	offences_free(o);
}

Test(offence, office_of_two_hundred_phones_is_never_banned,
     .description = "200 phones register every minute from one address, nine of them with a wrong "
		    "password, for an hour")
{
	struct offences *o = fresh(1024);
	struct offence_verdict verdict;

	for (uint32_t minute = 0; minute < 60; minute++) {
		for (uint32_t phone = 0; phone < 200; phone++) {
			bool wrong = phone < 9;
			struct offence f = { .addr = ipv4(10),
					     .kind = wrong ? OFFENCE_REFUSED : OFFENCE_NONE,
					     .aor_hash = aor(phone),
					     .now_ns = START + minute * MINUTE +
						       phone * (MINUTE / 200) };

			cr_assert_not(offences_note(o, &f, &verdict), "minute %u phone %u", minute,
				      phone);
		}
	}
	offences_free(o);
}

Test(offence, rules_can_be_off, .description = "a count or a ban time of zero turns a rule off")
{
	struct config_bans bans = default_bans();
	struct offence_verdict verdict;
	struct offences *o;
	uint32_t at;

	bans.auth_failures.count = 0;
	bans.enumeration.ban_ns = 0;
	cr_assert_eq(offences_new(&bans, 64, key, &o), 0);
	for (int i = 0; i < 100; i++) {
		struct offence f = refusal(ipv4(5), START);

		cr_assert_not(offences_note(o, &f, &verdict));
	}
	cr_assert_not(enumerate(o, 100, 0, 1000, &verdict, &at));
	offences_free(o);
}

Test(offence, full_table_forgets_the_oldest_only,
     .description = "an attacker that goes on is banned while 64 others come and go beside him")
{
	struct offences *o = fresh(64);
	struct offence_verdict verdict;
	bool banned = false;

	for (uint32_t i = 0; i < 10 && !banned; i++) {
		struct offence f = refusal(ipv4(0xc0000201), START + i * SECOND);

		banned = offences_note(o, &f, &verdict);
		/* Fewer than one set holds, so that the attacker is not the oldest of any. */
		for (uint32_t other = 0; other < 7; other++) {
			struct offence g = refusal(ipv4(0x0a000000 + i * 7 + other),
						   START + i * SECOND + 1 + other);

			cr_assert_not(offences_note(o, &g, &verdict));
		}
	}
	cr_assert(banned);
	offences_free(o);
}

Test(offence, disorder_forgives_nothing,
     .description =
	     "refusals that come milliseconds out of order around any instant are all counted")
{
	for (uint64_t instant = START; instant < START + 20 * SECOND; instant += SECOND / 2) {
		struct offences *o = fresh(64);
		struct offence_verdict verdict;
		bool banned = false;

		for (uint64_t i = 0; i < 10; i++) {
			struct offence f = refusal(ipv4(5),
						   instant + (i % 2 ? 0 : 5000000) - 2500000);

			banned = offences_note(o, &f, &verdict);
			cr_assert_eq(banned, i == 9, "refusal %lu around %lu", i, instant);
		}
		offences_free(o);
	}
}

Test(offence, clock_set_back_forgives,
     .description = "counts from a time that has not come yet are not held against anyone")
{
	struct offences *o = fresh(64);
	struct offence_verdict verdict;

	for (uint64_t i = 0; i < 100; i++) {
		struct offence f = refusal(ipv4(5), START * 10 - i * MINUTE / 5);

		cr_assert_not(offences_note(o, &f, &verdict), "%lu", i);
	}
	offences_free(o);
}

Test(offence, reload_with_another_window_starts_afresh,
     .description = "slices of a new length do not mix with old ones; equal windows keep counts")
{
	struct config_bans bans = default_bans();
	struct offences *o = fresh(64);
	struct offence_verdict verdict;
	struct offence f = refusal(ipv4(5), START);

	for (int i = 0; i < 9; i++)
		cr_assert_not(offences_note(o, &f, &verdict));
	bans.auth_failures.within_ns = 30 * SECOND;
	offences_configure(o, &bans);
	for (int i = 0; i < 9; i++)
		cr_assert_not(offences_note(o, &f, &verdict));
	bans.auth_failures.ban_ns = MINUTE;
	offences_configure(o, &bans);
	cr_assert(offences_note(o, &f, &verdict), "same windows: the tenth counts");
	cr_assert_eq(verdict.ban_ns, MINUTE);
	offences_free(o);
}
