/* SPDX-License-Identifier: GPL-2.0-only */
/* Client transactions: when requests go again, when they are given up, what their responses are. */
#include <criterion/criterion.h>

#include "ua/transaction.h"

#define MS    UINT64_C(1000000)
#define START (1000 * MS)
#define UDP   false
#define TCP   true

/* Milliseconds since the start at which a timer fires next, which it also does; -1: none. */
static long fire(struct ua_transaction *t, enum ua_timer expected)
{
	uint64_t at = ua_transaction_next(t);
	enum ua_timer timer;

	if (at == UA_NEVER)
		return -1;
	cr_assert_eq(ua_transaction_timer(t, at - 1), UA_NO_TIMER, "a timer fires too early");
	timer = ua_transaction_timer(t, at);
	cr_assert_eq(timer, expected, "timer %s instead of %s", ua_timer_name(timer),
		     ua_timer_name(expected));
	return (long)((at - START) / MS);
}

/* RFC 3261 section 17.1.1.2: 0, 500 ms, 1500 ms, 3500 ms, 7500 ms, 15500 ms, 31500 ms, then B. */
Test(transaction, an_invite_goes_seven_times_and_is_given_up_by_timer_b)
{
	static const long at[] = { 500, 1500, 3500, 7500, 15500, 31500 };
	struct ua_transaction t;

	ua_transaction_start(&t, true, UDP, UA_TIMEOUT_NS, START);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		cr_assert_eq(fire(&t, UA_TIMER_A), at[i], "copy %zu", i);
	cr_assert_eq(fire(&t, UA_TIMER_B), 32000);
	cr_assert_eq(fire(&t, UA_NO_TIMER), -1);
}

/* RFC 3261 section 17.1.2.2: 500 ms, 1 s, 2 s, 4 s, 4 s … */
Test(transaction, other_requests_go_eleven_times_and_are_given_up_by_timer_f)
{
	static const long at[] = {
		500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500
	};
	struct ua_transaction t;

	ua_transaction_start(&t, false, UDP, UA_TIMEOUT_NS, START);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		cr_assert_eq(fire(&t, UA_TIMER_E), at[i], "copy %zu", i);
	cr_assert_eq(fire(&t, UA_TIMER_F), 32000);
}

Test(transaction, over_tcp_nothing_goes_again)
{
	struct ua_transaction t;

	ua_transaction_start(&t, true, TCP, UA_TIMEOUT_NS, START);
	cr_assert_eq(fire(&t, UA_TIMER_B), 32000);
	ua_transaction_start(&t, false, TCP, UA_TIMEOUT_NS, START);
	cr_assert_eq(fire(&t, UA_TIMER_F), 32000);
}

Test(transaction, patience_takes_the_place_of_64_t1)
{
	struct ua_transaction t;

	ua_transaction_start(&t, false, TCP, 3000 * MS, START);
	cr_assert_eq(fire(&t, UA_TIMER_F), 3000);
}

Test(transaction, a_provisional_response_stops_a_and_b_but_slows_e_and_keeps_f)
{
	struct ua_transaction t;

	ua_transaction_start(&t, true, UDP, UA_TIMEOUT_NS, START);
	cr_assert_eq(ua_transaction_response(&t, 180, START + 100 * MS), UA_RESPONSE_PROVISIONAL);
	cr_assert_eq(ua_transaction_next(&t), UA_NEVER);

	ua_transaction_start(&t, false, UDP, UA_TIMEOUT_NS, START);
	cr_assert_eq(ua_transaction_response(&t, 100, START + 100 * MS), UA_RESPONSE_PROVISIONAL);
	cr_assert_eq(fire(&t, UA_TIMER_E), 500);
	for (long at = 4500; at < 32000; at += 4000)
		cr_assert_eq(fire(&t, UA_TIMER_E), at);
	cr_assert_eq(fire(&t, UA_TIMER_F), 32000);
}

/* What ends a transaction, and what the same response is when it comes again. */
Test(transaction, final_responses_are_taken_once_and_their_copies_known)
{
	static const struct {
		const char *name;
		bool invite, reliable;
		unsigned int status, later;
		enum ua_response again;
		enum ua_timer timer;
		long over; /* ms after the response */
	} rows[] = {
		{ "INVITE 486, UDP", true, UDP, 486, 486, UA_RESPONSE_AGAIN, UA_TIMER_D, 32000 },
		{ "INVITE 486, TCP", true, TCP, 486, 486, UA_RESPONSE_AGAIN, UA_TIMER_D, 0 },
		{ "INVITE 486, then 180", true, UDP, 486, 180, UA_RESPONSE_STRAY, UA_TIMER_D,
		  32000 },
		{ "INVITE 486, then 200", true, UDP, 486, 200, UA_RESPONSE_STRAY, UA_TIMER_D,
		  32000 },
		{ "INVITE 200, UDP", true, UDP, 200, 200, UA_RESPONSE_AGAIN, UA_TIMER_M, 32000 },
		{ "INVITE 200, TCP", true, TCP, 200, 200, UA_RESPONSE_AGAIN, UA_TIMER_M, 32000 },
		{ "INVITE 200, then 486", true, UDP, 200, 486, UA_RESPONSE_STRAY, UA_TIMER_M,
		  32000 },
		{ "BYE 200, UDP", false, UDP, 200, 200, UA_RESPONSE_AGAIN, UA_TIMER_K, 5000 },
		{ "BYE 481, TCP", false, TCP, 481, 481, UA_RESPONSE_AGAIN, UA_TIMER_K, 0 },
		{ "BYE 200, then 100", false, UDP, 200, 100, UA_RESPONSE_STRAY, UA_TIMER_K, 5000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ua_transaction t;

		ua_transaction_start(&t, rows[i].invite, rows[i].reliable, UA_TIMEOUT_NS, START);
		cr_assert_eq(ua_transaction_response(&t, rows[i].status, START), UA_RESPONSE_FINAL,
			     "%s", rows[i].name);
		cr_assert_eq(ua_transaction_response(&t, rows[i].later, START), rows[i].again, "%s",
			     rows[i].name);
		cr_assert_eq(fire(&t, rows[i].timer), rows[i].over, "%s", rows[i].name);
		cr_assert_eq(t.state, UA_TERMINATED, "%s", rows[i].name);
		cr_assert_eq(ua_transaction_response(&t, rows[i].status, START), UA_RESPONSE_STRAY,
			     "%s: after the end", rows[i].name);
	}
}

Test(transaction, a_program_that_was_stopped_sends_one_copy_and_not_all_it_missed)
{
	struct ua_transaction t;
	uint64_t late = START + 20000 * MS;

	ua_transaction_start(&t, false, UDP, UA_TIMEOUT_NS, START);
	cr_assert_eq(ua_transaction_timer(&t, late), UA_TIMER_E);
	cr_assert_eq(ua_transaction_timer(&t, late), UA_NO_TIMER);
}
