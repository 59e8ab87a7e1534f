/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses, prefixes and endpoints: what is written is read, what is wrong is refused with the
 * right error, and what is printed is read back as the same. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "policy/address.h"
#include "policy/decimal.h"
#include "policy/socket_address.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(address, prefixes_are_read_in_terms_of_128_bits)
{
	static const struct {
		const char *text;
		int err;
		int length;
		const char *printed;
	} rows[] = {
		{ "192.0.2.0/24", 0, 120, "192.0.2.0/24" },
		{ "192.0.2.7", 0, 128, "192.0.2.7/32" },
		{ "0.0.0.0/0", 0, 96, "0.0.0.0/0" },
		{ "10.0.0.0/8", 0, 104, "10.0.0.0/8" },
		{ "2001:DB8::/32", 0, 32, "2001:db8::/32" },
		{ "2001:db8::1", 0, 128, "2001:db8::1/128" },
		{ "::ffff:192.0.2.0/120", 0, 120, "192.0.2.0/24" },
		{ "::ffff:0:0/96", 0, 96, "0.0.0.0/0" },
		{ "8000::/1", 0, 1, "8000::/1" },
		{ "::1", 0, 128, "::1/128" },
		{ "::/0", -EXDEV, 0, NULL },
		{ "::/80", -EXDEV, 0, NULL },
		{ "::/96", 0, 96, "::/96" },
		{ "192.0.2.1/24", -EDOM, 0, NULL },
		{ "2001:db8::1/127", -EDOM, 0, NULL },
		{ "192.0.2.0/33", -ERANGE, 0, NULL },
		{ "2001:db8::/129", -ERANGE, 0, NULL },
		{ "192.0.2.0/4294967320", -ERANGE, 0, NULL },
		{ "192.0.2.0/", -EINVAL, 0, NULL },
		{ "192.0.2.0/-1", -EINVAL, 0, NULL },
		{ "192.0.2.0/024", -EINVAL, 0, NULL },
		{ "192.0.2.0/24/24", -EINVAL, 0, NULL },
		{ "/24", -EINVAL, 0, NULL },
		{ "", -EINVAL, 0, NULL },
		{ "/", -EINVAL, 0, NULL },
		{ "192.0.2", -EINVAL, 0, NULL },
		{ "192.0.2.256", -EINVAL, 0, NULL },
		{ "192.0.2.01", -EINVAL, 0, NULL },
		{ " 192.0.2.1", -EINVAL, 0, NULL },
		{ "192.0.2.1 ", -EINVAL, 0, NULL },
		{ "0x7f.1", -EINVAL, 0, NULL },
		{ "fe80::1%eth0", -EINVAL, 0, NULL },
		{ "[2001:db8::1]", -EINVAL, 0, NULL },
		{ "2001:db8::1::2", -EINVAL, 0, NULL },
		{ "1:2:3:4:5:6:7:8:9", -EINVAL, 0, NULL },
		{ "11111::", -EINVAL, 0, NULL },
		{ "1111:1111:1111:1111:1111:1111:255.255.255.2555", -EINVAL, 0, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct prefix prefix = { .length = 77 }, again;
		char text[PREFIX_TEXT_SIZE];
		int err = prefix_parse(rows[i].text, strlen(rows[i].text), &prefix);

		cr_expect_eq(err, rows[i].err, "%s: %d", rows[i].text, err);
		if (rows[i].err) {
			cr_expect_eq(prefix.length, 77, "%s: written on error", rows[i].text);
			continue;
		}
		cr_expect_eq(prefix.length, rows[i].length, "%s: %d", rows[i].text, prefix.length);
		cr_expect_str_eq(prefix_print(&prefix, text), rows[i].printed);
		cr_expect_eq(prefix_parse(text, strlen(text), &again), 0);
		cr_expect_eq(prefix_compare(&prefix, &again), 0);
	}
}

Test(address, endpoints_need_brackets_around_ipv6_and_a_port)
{
	static const struct {
		const char *text;
		int err;
		const char *printed;
	} rows[] = {
		{ "192.0.2.1:5060", 0, "192.0.2.1:5060" },
		{ "[2001:db8::1]:5061", 0, "[2001:db8::1]:5061" },
		{ "[::]:1", 0, "[::]:1" },
		{ "[::ffff:192.0.2.1]:65535", 0, "192.0.2.1:65535" },
		{ "192.0.2.1:0", -ERANGE, NULL },
		{ "192.0.2.1:65536", -ERANGE, NULL },
		{ "192.0.2.1:18446744073709551617", -ERANGE, NULL },
		{ "192.0.2.1", -EINVAL, NULL },
		{ "192.0.2.1:", -EINVAL, NULL },
		{ "192.0.2.1:05060", -EINVAL, NULL },
		{ "192.0.2.1:+5060", -EINVAL, NULL },
		{ ":5060", -EINVAL, NULL },
		{ "[]:5060", -EINVAL, NULL },
		{ "[:5060", -EINVAL, NULL },
		{ "]:5060", -EINVAL, NULL },
		{ ":", -EINVAL, NULL },
		{ "", -EINVAL, NULL },
		{ "[192.0.2.1]:5060", -EINVAL, NULL },
		{ "2001:db8::1:5060", -EINVAL, NULL },
		{ "[2001:db8::1]", -EINVAL, NULL },
		{ "[2001:db8::1%1]:5060", -EINVAL, NULL },
		{ "[[2001:db8::1]]:5060", -EINVAL, NULL },
		{ "host.example:5060", -EINVAL, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint endpoint = { .port = 7 };
		char text[ENDPOINT_TEXT_SIZE];
		int err = endpoint_parse(rows[i].text, strlen(rows[i].text), &endpoint);

		cr_expect_eq(err, rows[i].err, "%s: %d", rows[i].text, err);
		if (rows[i].err)
			cr_expect_eq(endpoint.port, 7, "%s: written on error", rows[i].text);
		else
			cr_expect_str_eq(endpoint_print(&endpoint, text), rows[i].printed);
	}
}

Test(address, a_nul_inside_is_no_end)
{
	struct in6_addr address;

	cr_expect_eq(address_parse("192.0.2.1\0", 10, &address), -EINVAL);
	cr_expect_eq(address_parse("192.0.2.123", 9, &address), 0, "reads len bytes");
	cr_expect_eq(address.s6_addr[15], 1);
}

static struct prefix prefix(const char *text)
{
	struct prefix out = { 0 };

	cr_assert_eq(prefix_parse(text, strlen(text), &out), 0, "%s", text);
	return out;
}

Test(address, covering_follows_the_bits)
{
	static const struct {
		const char *outer, *inner;
		bool covers;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.0/24", true },
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.128/25", "192.0.2.0/24", false },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "0.0.0.0/0", "255.255.255.255", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "2001:db8::/47", "2001:db8:1:ffff::/64", true },
		{ "2001:db8::/47", "2001:db8:2::/64", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct prefix outer = prefix(rows[i].outer), inner = prefix(rows[i].inner);

		cr_expect_eq(prefix_covers(&outer, &inner), rows[i].covers, "%s in %s",
			     rows[i].inner, rows[i].outer);
	}
}

Test(address, masking_keeps_the_first_bits_at_every_length)
{
	struct in6_addr ones;

	memset(&ones, 0xff, sizeof(ones));
	for (int length = 0; length <= ADDRESS_BITS; length++) {
		struct prefix masked = prefix_of(&ones, (uint8_t)length);

		for (int bit = 0; bit < ADDRESS_BITS; bit++)
			cr_assert_eq(masked.address.s6_addr[bit / 8] >> (7 - bit % 8) & 1,
				     bit < length, "length %d, bit %d", length, bit);
	}
}

Test(address, a_prefix_sorts_before_all_that_it_covers)
{
	static const char *const sorted[] = {
		"::1",		"0.0.0.0/0",	"10.0.0.0/8",	 "10.0.0.0/9", "10.0.0.0",
		"10.128.0.0/9", "192.0.2.0/24", "2001:db8::/32", "2001:db8::",
	};

	for (size_t i = 0; i < COUNT(sorted); i++)
		for (size_t j = 0; j < COUNT(sorted); j++) {
			struct prefix a = prefix(sorted[i]), b = prefix(sorted[j]);
			int order = prefix_compare(&a, &b);

			cr_expect_eq((order > 0) - (order < 0), (i > j) - (i < j), "%s, %s",
				     sorted[i], sorted[j]);
		}
}

Test(address, kinds_of_addresses_are_told_apart)
{
	static const struct {
		const char *text;
		bool ipv4, any, multicast;
	} rows[] = {
		{ "0.0.0.0", true, true, false },	{ "::", false, true, false },
		{ "224.0.1.75", true, false, true },	{ "239.255.255.255", true, false, true },
		{ "240.0.0.1", true, false, false },	{ "223.255.255.255", true, false, false },
		{ "ff02::1", false, false, true },	{ "fe80::1", false, false, false },
		{ "::192.0.2.1", false, false, false }, { "::ffff:192.0.2.1", true, false, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct in6_addr address;

		cr_assert_eq(address_parse(rows[i].text, strlen(rows[i].text), &address), 0);
		cr_expect_eq(address_is_ipv4(&address), rows[i].ipv4, "%s", rows[i].text);
		cr_expect_eq(address_is_any(&address), rows[i].any, "%s", rows[i].text);
		cr_expect_eq(address_is_multicast(&address), rows[i].multicast, "%s", rows[i].text);
	}
}

Test(address, whole_numbers_are_read_up_to_their_bound)
{
	static const struct {
		const char *text;
		uint64_t max;
		int err;
		uint64_t value;
	} rows[] = {
		{ "0", 0, 0, 0 },
		{ "1", 0, -ERANGE, 0 },
		{ "9", 5, -ERANGE, 0 },
		{ "65535", 65535, 0, 65535 },
		{ "65536", 65535, -ERANGE, 0 },
		{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999", UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999x", UINT64_MAX, -EINVAL, 0 },
		{ "", 9, -EINVAL, 0 },
		{ "00", 9, -EINVAL, 0 },
		{ "-0", 9, -EINVAL, 0 },
		{ " 1", 9, -EINVAL, 0 },
		{ "1.0", 9, -EINVAL, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t value = 77;
		int err = decimal_parse(rows[i].text, strlen(rows[i].text), rows[i].max, &value);

		cr_expect_eq(err, rows[i].err, "%s: %d", rows[i].text, err);
		cr_expect_eq(value, err ? 77 : rows[i].value, "%s", rows[i].text);
	}
}

Test(address, endpoints_become_socket_addresses_and_come_back)
{
	static const struct {
		const char *text;
		sa_family_t family;
		socklen_t length;
	} rows[] = {
		{ "192.0.2.1:5060", AF_INET, sizeof(struct sockaddr_in) },
		{ "[2001:db8::1]:5061", AF_INET6, sizeof(struct sockaddr_in6) },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		union socket_address address;
		struct endpoint endpoint, back;
		char printed[ENDPOINT_TEXT_SIZE];

		cr_assert_eq(endpoint_parse(rows[i].text, strlen(rows[i].text), &endpoint), 0);
		cr_expect_eq(socket_address_make(&endpoint, &address), rows[i].length, "%s",
			     rows[i].text);
		cr_expect_eq(address.any.sa_family, rows[i].family, "%s", rows[i].text);
		back = socket_address_read(&address);
		cr_expect_str_eq(endpoint_print(&back, printed), rows[i].text);
	}
}
