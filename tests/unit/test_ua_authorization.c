/* SPDX-License-Identifier: GPL-2.0-only */
/* Digest answers against the examples of RFC 2617, RFC 7616 and the registry's own rules, and
 * which challenges are answered at all. */
#include "test_sip_fixture.h"

#include <errno.h>

#include "ua/authorization.h"
#include "ua/hash.h"

static struct sip_message msg;
static struct ua_authorization a;
static char written[8192];

/* A response with these header lines. */
static void parse_challenge(unsigned int status, const char *lines)
{
	static char text[4096];
	struct sip_error err = { 0 };

	snprintf(text, sizeof(text),
		 "SIP/2.0 %u Who\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@h>;tag=1\r\n"
		 "To: <sip:a@h>;tag=2\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n%s"
		 "Content-Length: 0\r\n\r\n",
		 status, lines);
	cr_assert_eq(sip_message_parse(text, strlen(text), &msg, &err), 0, "%s", err.what);
}

static const char *answer(const char *user, const char *password, const char *method,
			  const char *uri, const char *cnonce)
{
	const struct ua_secret secret = { user, password };
	const struct ua_signed request = { method, uri, "", 0, cnonce };
	struct ua_text out = ua_text_in(written, sizeof(written));

	ua_authorization_write(&a, &secret, &request, &out);
	cr_assert(!out.full);
	return written;
}

static void assert_has(const char *text, const char *piece)
{
	cr_assert(strstr(text, piece), "no '%s' in: %s", piece, text);
}

/* The same user, realm and URIs as in the RFCs, so that their figures can be compared. */
Test(authorization, the_examples_of_the_rfcs_come_out_as_printed)
{
	static const struct {
		char name[32], challenge[512], user[16], password[16], method[8], uri[24];
		char cnonce[64], response[72];
	} rows[] = {
		{ "RFC 2617 3.5",
		  "WWW-Authenticate: Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
		  "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
		  "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"\r\n",
		  "Mufasa", "Circle Of Life", "GET", "/dir/index.html", "0a4f113b",
		  "6629fae49393a05397450978507c4ef1" },
		{ "RFC 7616 3.9.1, MD5",
		  "WWW-Authenticate: Digest realm=\"http-auth@example.org\", qop=\"auth, "
		  "auth-int\", "
		  "algorithm=MD5, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
		  "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"\r\n",
		  "Mufasa", "Circle of Life", "GET", "/dir/index.html",
		  "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
		  "8ca523f5e9506fed4657c9700eebdbec" },
		{ "RFC 7616 3.9.1, SHA-256",
		  "WWW-Authenticate: Digest realm=\"http-auth@example.org\", qop=\"auth, "
		  "auth-int\", "
		  "algorithm=SHA-256, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
		  "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"\r\n",
		  "Mufasa", "Circle of Life", "GET", "/dir/index.html",
		  "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
		  "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char response[96];

		a = (struct ua_authorization){ 0 };
		parse_challenge(401, rows[i].challenge);
		cr_assert_eq(ua_authorization_take(&a, &msg, false), 0, "%s", rows[i].name);
		snprintf(response, sizeof(response), "response=\"%s\"", rows[i].response);
		cr_assert(strstr(answer(rows[i].user, rows[i].password, rows[i].method, rows[i].uri,
					rows[i].cnonce),
				 response),
			  "%s: %s", rows[i].name, written);
		cr_assert(strstr(written, "qop=auth, nc=00000001"), "%s", rows[i].name);
	}
}

/* FIPS 180-4: the hash of "abc". */
Test(authorization, hashes_are_the_standard_ones)
{
	static const struct {
		enum sip_digest_algorithm algorithm;
		char hex[72];
	} rows[] = {
		{ SIP_DIGEST_MD5, "900150983cd24fb0d6963f7d28e17f72" },
		{ SIP_DIGEST_SHA256,
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ SIP_DIGEST_SHA512_256,
		  "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23" },
	};
	char hex[UA_HEX_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ua_hash_octets(rows[i].algorithm, "abc", 3, hex);
		cr_assert_str_eq(hex, rows[i].hex);
		ua_hash_texts(rows[i].algorithm, hex, 1, "abc");
		cr_assert_str_eq(hex, rows[i].hex);
	}
}

/* RFC 2069, as RFC 3261 section 22.4 keeps it: no qop, no cnonce, no nc. */
Test(authorization, without_qop_the_old_form_is_used)
{
	char a1[UA_HEX_SIZE], a2[UA_HEX_SIZE], response[UA_HEX_SIZE];

	a = (struct ua_authorization){ 0 };
	parse_challenge(401, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n");
	cr_assert_eq(ua_authorization_take(&a, &msg, false), 0);
	answer("u", "p", "REGISTER", "sip:h", "c");
	ua_hash_texts(SIP_DIGEST_MD5, a1, 3, "u", "r", "p");
	ua_hash_texts(SIP_DIGEST_MD5, a2, 2, "REGISTER", "sip:h");
	ua_hash_texts(SIP_DIGEST_MD5, response, 3, a1, "n", a2);
	assert_has(written, response);
	cr_assert_null(strstr(written, "qop"));
	cr_assert_null(strstr(written, "nonce=\"c\""));
	cr_assert_null(strstr(written, "nc="));
}

Test(authorization, of_several_challenges_the_strongest_is_answered_once_for_each_realm)
{
	a = (struct ua_authorization){ 0 };
	parse_challenge(407,
			"Proxy-Authenticate: Digest realm=\"one\", nonce=\"m\", algorithm=MD5\r\n"
			"Proxy-Authenticate: Digest realm=\"one\", nonce=\"s\", "
			"algorithm=SHA-512-256, qop=\"auth\"\r\n"
			"Proxy-Authenticate: Digest realm=\"one\", nonce=\"t\", "
			"algorithm=SHA-256, qop=\"auth\"\r\n"
			"Proxy-Authenticate: Digest realm=\"one\", nonce=\"u\", "
			"algorithm=SHA3-1024\r\n"
			"Proxy-Authenticate: Basic realm=\"one\"\r\n"
			"Proxy-Authenticate: Digest realm=\"two\", nonce=\"o\", opaque=\"q\"\r\n");
	cr_assert_eq(ua_authorization_take(&a, &msg, false), 0);
	cr_assert_eq(a.count, 2);
	answer("u", "p", "INVITE", "sip:h", "c");
	assert_has(written,
		   "Proxy-Authorization: Digest username=\"u\", realm=\"one\", nonce=\"s\"");
	assert_has(written, "algorithm=SHA-512-256");
	assert_has(written, "realm=\"two\", nonce=\"o\"");
	assert_has(written, "opaque=\"q\"");
	cr_assert_null(strstr(written, "nonce=\"m\""));
}

Test(authorization, what_is_refused_and_what_is_asked_again)
{
	static const char first[] = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\"\r\n";
	static const struct {
		char name[48], challenge[160];
		bool again;
		int result;
	} rows[] = {
		{ "a new nonce, not stale: wrong password",
		  "WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\"\r\n", true, -EACCES },
		{ "the same nonce: wrong password",
		  "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\"\r\n", true, -EACCES },
		{ "stale: once more",
		  "WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", stale=TRUE\r\n", true, 0 },
		{ "sent on the off chance: once more",
		  "WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\"\r\n", false, 0 },
		{ "another realm", "WWW-Authenticate: Digest realm=\"s\", nonce=\"n2\"\r\n", true,
		  0 },
		{ "no challenge at all", "", false, -ENOENT },
		{ "a challenge for the proxy in a 401",
		  "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n2\"\r\n", false, -ENOENT },
		{ "an algorithm that is not known",
		  "WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", algorithm=X\r\n", false,
		  -ENOENT },
		{ "no nonce", "WWW-Authenticate: Digest realm=\"r\"\r\n", false, -ENOENT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int result;

		a = (struct ua_authorization){ 0 };
		parse_challenge(401, first);
		cr_assert_eq(ua_authorization_take(&a, &msg, false), 0);
		parse_challenge(401, rows[i].challenge);
		result = ua_authorization_take(&a, &msg, rows[i].again);
		cr_assert_eq(result, rows[i].result, "%s: %d", rows[i].name, result);
	}
}

Test(authorization, uses_of_a_nonce_are_counted_and_a_new_one_starts_again)
{
	a = (struct ua_authorization){ 0 };
	parse_challenge(401,
			"WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\"\r\n");
	ua_authorization_take(&a, &msg, false);
	assert_has(answer("u", "p", "INVITE", "sip:h", "c"), "nc=00000001");
	assert_has(answer("u", "p", "BYE", "sip:h", "c"), "nc=00000002");
	ua_authorization_take(&a, &msg, false);
	assert_has(answer("u", "p", "BYE", "sip:h", "c"), "nc=00000003");
	parse_challenge(401,
			"WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", qop=\"auth\"\r\n");
	ua_authorization_take(&a, &msg, false);
	assert_has(answer("u", "p", "BYE", "sip:h", "c"), "nc=00000001");
}

Test(authorization, more_realms_than_there_is_room_for_are_refused)
{
	char lines[1024] = "", line[96];

	for (int i = 0; i < UA_REALMS_MAX + 1; i++) {
		snprintf(line, sizeof(line),
			 "WWW-Authenticate: Digest realm=\"r%d\", nonce=\"n\"\r\n", i);
		strcat(lines, line);
	}
	a = (struct ua_authorization){ 0 };
	parse_challenge(401, lines);
	cr_assert_eq(ua_authorization_take(&a, &msg, false), -ENOSPC);
}

Test(authorization, a_folded_nonce_ends_no_line_of_ours)
{
	a = (struct ua_authorization){ 0 };
	parse_challenge(401, "WWW-Authenticate: Digest realm=\"r\", nonce=\"a\r\n b\"\r\n");
	if (ua_authorization_take(&a, &msg, false))
		return; /* not answered: as good */
	answer("u", "p", "REGISTER", "sip:h", "c");
	cr_assert_eq(strchr(written, '\r'), written + strlen(written) - 2, "%s", written);
}

Test(authorization, a_user_name_that_would_break_out_of_its_quotes_is_refused)
{
	cr_assert(ua_user_is_quotable("alice"));
	cr_assert(ua_user_is_quotable("al ice@example.com"));
	cr_assert_not(ua_user_is_quotable("a\"b"));
	cr_assert_not(ua_user_is_quotable("a\\"));
	cr_assert_not(ua_user_is_quotable("a\r\nb"));
}
