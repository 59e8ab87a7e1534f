/* SPDX-License-Identifier: GPL-2.0-only */
/* What sipxdpctl reads from and writes to people: escapes, durations, users in URIs, names. */
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/duration.c"
#include "ctl/names.c"
#include "ctl/text.c"
#include "ctl/uri.c"

#define S  UINT64_C(1000000000)
#define MS UINT64_C(1000000)

/* ---- text ---- */

Test(text, terminals_get_printable_ascii_only)
{
	static const struct {
		const char *in, *out;
	} table[] = {
		{ "plain \\ text~", "plain \\ text~" },
		{ "\033]0;x\a", "\\x1b]0;x\\x07" },
		{ "a\xc3\xa9", "a\\xc3\\xa9" }, /* UTF-8 too: it can turn text around */
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" },
		{ "\x7f\x80\xff", "\\x7f\\x80\\xff" },
		{ "", "" },
	};
	char out[64];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		cr_assert_str_eq(text_escape(table[i].in, 32, out, sizeof(out)), table[i].out,
				 "row %zu: %s", i, out);
}

Test(text, json_gets_valid_utf8_and_nothing_is_lost)
{
	static const struct {
		const char *in, *out;
	} table[] = {
		{ "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\x9e",
		  "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\x9e" },
		{ "\xc0\x80", "\\xc0\\x80" },	       /* overlong NUL */
		{ "\xe0\x80\x80", "\\xe0\\x80\\x80" }, /* overlong */
		{ "\xf0\x80\x80\x80", "\\xf0\\x80\\x80\\x80" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },		/* surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* beyond U+10FFFF */
		{ "\xe2\x82", "\\xe2\\x82" },			/* ends in mid-character */
		{ "\xe2\x82x", "\\xe2\\x82x" },
		{ "\x80\xfe\xff", "\\x80\\xfe\\xff" },
		{ "a\033b", "a\033b" }, /* JSON escapes this by itself */
	};
	char out[64];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		cr_assert_str_eq(text_utf8(table[i].in, 32, out, sizeof(out)), table[i].out,
				 "row %zu: %s", i, out);
}

Test(text, no_escape_and_no_character_is_cut_in_two_and_no_octet_is_read_past_the_end)
{
	char in[3] = { 'a', '\x01', (char)0xc3 }; /* no NUL, half a character at the end */
	char out[16];

	cr_assert_str_eq(text_escape(in, sizeof(in), out, sizeof(out)), "a\\x01\\xc3");
	cr_assert_str_eq(text_utf8(in, sizeof(in), out, sizeof(out)), "a\x01\\xc3");
	cr_assert_str_eq(text_escape(in, sizeof(in), out, 6), "a\\x01");
	cr_assert_str_eq(text_escape(in, sizeof(in), out, 5), "a");
	cr_assert_str_eq(text_escape(in, sizeof(in), out, 1), "");
	cr_assert_str_eq(text_utf8("\xc3\xa9\xc3\xa9", 4, out, 4), "\xc3\xa9");
	cr_assert_str_eq(text_utf8("\xc3\xa9", 2, out, 1), "");
}

/* ---- durations ---- */

Test(duration, every_unit_and_their_sums_are_read)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} table[] = {
		{ "500ms", 500 * MS },
		{ "90s", 90 * S },
		{ "10m", 600 * S },
		{ "2h", 7200 * S },
		{ "7d", 7 * 86400 * S },
		{ "1w", 7 * 86400 * S },
		{ "1h30m", 5400 * S },
		{ "1m500ms", 60 * S + 500 * MS },
		{ "0s", 0 },
		{ "36500d", 36500ull * 86400 * S },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint64_t ns = 1;

		cr_assert_eq(duration_parse(table[i].text, &ns), 0, "%s", table[i].text);
		cr_assert_eq(ns, table[i].ns, "%s is %" PRIu64, table[i].text, ns);
	}
}

Test(duration, what_is_no_duration_is_refused_and_changes_nothing)
{
	static const struct {
		const char *text;
		int err;
	} table[] = {
		{ "", -EINVAL },	 { "10", -EINVAL },
		{ "m", -EINVAL },	 { "-5m", -EINVAL },
		{ "5 m", -EINVAL },	 { "5m ", -EINVAL },
		{ "5M", -EINVAL },	 { "30m1h", -EINVAL },
		{ "1m1m", -EINVAL },	 { "0x10s", -EINVAL },
		{ "1.5h", -EINVAL },	 { "36501d", -ERANGE },
		{ "36500d1s", -ERANGE }, { "99999999999999999999d", -ERANGE },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint64_t ns = 42;

		cr_assert_eq(duration_parse(table[i].text, &ns), table[i].err, "%s", table[i].text);
		cr_assert_eq(ns, 42, "%s", table[i].text);
	}
}

Test(duration, ages_have_two_units_at_most)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} table[] = {
		{ 0, "0ms" },
		{ 850 * MS, "850ms" },
		{ 999 * MS + 999999, "999ms" },
		{ 4250 * MS, "4.2s" },
		{ 59 * S, "59s" },
		{ 60 * S, "1m00s" },
		{ 123 * S, "2m03s" },
		{ 3600 * S, "1h00m" },
		{ (5 * 3600 + 7 * 60 + 9) * S, "5h07m" },
		{ (3 * 24 + 4) * 3600 * S, "3d04h" },
		{ UINT64_MAX, "213503d23h" },
	};
	char text[DURATION_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		cr_assert_str_eq(duration_print(table[i].ns, text), table[i].text, "row %zu", i);
}

Test(moment, is_rfc_3339_with_the_offset_of_where_one_is)
{
	char text[MOMENT_TEXT_SIZE];

	setenv("TZ", "UTC", 1);
	tzset();
	cr_assert_str_eq(moment_print(1700000000 * S, text), "2023-11-14T22:13:20+00:00");
	setenv("TZ", "XYZ-5:45", 1);
	tzset();
	cr_assert_str_eq(moment_print_ms(1700000000 * S + 7 * MS, text),
			 "2023-11-15T03:58:20.007+05:45");
	cr_assert_neq(moment_print(UINT64_MAX, text)[0], '\0');
}

/* ---- URIs ---- */

Test(uri, a_user_is_found_whatever_stands_around_it)
{
	static const struct {
		const char *uri, *user;
		bool has;
	} table[] = {
		{ "sip:alice@example.com", "alice", true },
		{ "SIPS:alice@example.com", "alice", true },
		{ "sip:alice:secret@example.com", "alice", true },
		{ "sip:alice;ext=1@example.com", "alice", true },
		{ "alice@example.com", "alice", true },
		{ "tel:+1555", "+1555", true },
		{ "tel:+1555;phone-context=x", "+1555", true },
		{ "sip:alice@example.com", "Alice", false },
		{ "sip:alice@example.com", "alic", false },
		{ "sip:alice@example.com", "alicee", false },
		{ "sip:example.com", "example.com", false },
		{ "sip:@example.com", "alice", false },
		{ "", "", false },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		cr_assert_eq(uri_has_user(table[i].uri, 64, table[i].user), table[i].has,
			     "row %zu: %s", i, table[i].uri);
}

Test(uri, an_address_of_record_is_found_with_or_without_its_scheme)
{
	static const struct {
		const char *uri, *wanted;
		bool is;
	} table[] = {
		{ "sip:alice@example.com", "sip:alice@example.com", true },
		{ "sip:alice@example.com", "alice@EXAMPLE.com", true },
		{ "sip:alice@example.com", "sips:alice@example.com", false },
		{ "sip:alice@example.com", "ALICE@example.com", false },
		{ "sip:alice@example.com", "alice@example.co", false },
		{ "sip:alice@example.com", "alice@example.commm", false },
		{ "sip:alice@example.com", "", false },
		{ "tel:+1555", "+1555", true },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		cr_assert_eq(uri_is_aor(table[i].uri, 64, table[i].wanted), table[i].is,
			     "row %zu: %s", i, table[i].uri);
}

Test(uri, an_address_of_record_that_was_cut_is_found_by_what_is_left)
{
	static const char cut[16] = "sip:alice@examp"; /* its room is 16 */

	cr_assert(uri_is_aor(cut, sizeof(cut), "sip:alice@example.com"));
	cr_assert(uri_is_aor(cut, sizeof(cut), "alice@example.com"));
	cr_assert_not(uri_is_aor(cut, sizeof(cut), "alice@exam"));
	cr_assert_not(uri_is_aor(cut, sizeof(cut), "alice@elsewhere.com"));
}

/* ---- names ---- */

Test(names, every_class_and_reason_has_one_of_its_own)
{
	for (unsigned int a = 0; a < REASON_END; a++) {
		bool used = a < PASS_REASON_COUNT || a >= REASON_DROP_BASE;

		cr_assert_eq(strcmp(reason_name(a), NAME_UNKNOWN) != 0, used, "reason %u", a);
		cr_assert_null(strchr(reason_name(a), '_'));
	}
	for (unsigned int a = 0; a < CLASS_COUNT; a++)
		for (unsigned int b = 0; b < a; b++)
			cr_assert_str_neq(class_name(a), class_name(b));
	cr_assert_str_eq(reason_name(DROP_GARBAGE_LIMIT), "garbage-limit");
	cr_assert_str_eq(reason_name(PASS_UNKNOWN), "unknown");
	cr_assert_str_eq(class_name(CLASS_OTHER), "other-method");
}

Test(names, numbers_of_another_version_are_no_crash)
{
	cr_assert_str_eq(reason_name(9999), NAME_UNKNOWN);
	cr_assert_str_eq(reason_name(REASON_DROP_BASE - 1), NAME_UNKNOWN);
	cr_assert_str_eq(class_name(CLASS_COUNT), NAME_UNKNOWN);
	cr_assert_str_eq(verdict_name(VERDICT_COUNT), NAME_UNKNOWN);
	cr_assert_str_eq(call_state_name(CALL_FAILED + 1), NAME_UNKNOWN);
	cr_assert_str_eq(ban_origin_name(77), NAME_UNKNOWN);
	cr_assert_str_eq(trust_origin_name(77), NAME_UNKNOWN);
	cr_assert_str_eq(policy_name(77), NAME_UNKNOWN);
}

Test(names, row_and_column_of_counters_tell_the_verdict)
{
	cr_assert_eq(counter_verdict(false, PASS_MALFORMED), VERDICT_PASS);
	cr_assert_eq(counter_verdict(false, DROP_DAMAGED), VERDICT_DROP);
	cr_assert_eq(counter_verdict(false, DROP_UNPROVEN), VERDICT_TX);
	cr_assert_eq(counter_verdict(true, DROP_UNPROVEN), VERDICT_WOULD_DROP);
	cr_assert_eq(counter_verdict(true, DROP_BANNED), VERDICT_WOULD_DROP);
}
