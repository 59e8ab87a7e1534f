/* SPDX-License-Identifier: GPL-2.0-only */
/* URIs: what they are made of, which are none, and which two are the same. */
#include <errno.h>

#include "test_sip_fixture.h"

static struct sip_uri uri_of(const char *text)
{
	struct sip_error err = { 0 };
	struct sip_uri uri;

	cr_assert_eq(sip_uri_parse(text, strlen(text), &uri, &err), 0, "%s: offset %u: %s", text,
		     err.offset, err.what);
	return uri;
}

/* Every part of a SIP URI is where it is, and absent parts are empty. */
Test(sip_uri, takes_apart)
{
	static const char text[] =
		"sips:al%69ce:pa$s@atlanta.example.com:5071;transport=tcp;lr;x=%41?Subject=a&b=";
	struct sip_uri uri = uri_of(text);
	struct sip_slice value;

	cr_assert_eq(uri.scheme, SIP_SCHEME_SIPS);
	assert_slice(text, uri.text, text);
	assert_slice(text, uri.user, "al%69ce");
	assert_slice(text, uri.password, "pa$s");
	assert_slice(text, uri.host.name, "atlanta.example.com");
	cr_assert_eq(uri.host.kind, SIP_HOST_NAME);
	cr_assert_eq(uri.host.port, 5071);
	assert_slice(text, uri.params, ";transport=tcp;lr;x=%41");
	assert_slice(text, uri.headers, "Subject=a&b=");
	cr_assert_eq(uri.lr, 1);
	cr_assert(sip_uri_param(text, &uri, "Transport", &value));
	assert_slice(text, value, "tcp");
	cr_assert(sip_uri_param(text, &uri, "lr", &value));
	cr_assert_eq(value.length, 0);
	cr_assert(!sip_uri_param(text, &uri, "l", &value));
	uri = uri_of("sip:example.com");
	cr_assert_eq(uri.user.length + uri.password.length + uri.params.length + uri.headers.length,
		     0);
	cr_assert_eq(uri.host.has_port, 0);
}

Test(sip_uri, accepts)
{
	static const struct {
		const char *text;
		enum sip_scheme scheme;
		enum sip_host_kind kind;
		const char *user;
		const char *host;
	} rows[] = {
		{ "sip:192.0.2.1", SIP_SCHEME_SIP, SIP_HOST_IPV4, "", "192.0.2.1" },
		{ "SIP:a@0.0.0.0:1", SIP_SCHEME_SIP, SIP_HOST_IPV4, "a", "0.0.0.0" },
		{ "sip:255.255.255.255", SIP_SCHEME_SIP, SIP_HOST_IPV4, "", "255.255.255.255" },
		{ "sip:1.2.3.4;lr", SIP_SCHEME_SIP, SIP_HOST_IPV4, "", "1.2.3.4" },
		{ "sip:[::]", SIP_SCHEME_SIP, SIP_HOST_IPV6, "", "::" },
		{ "sip:[::1]:5060", SIP_SCHEME_SIP, SIP_HOST_IPV6, "", "::1" },
		{ "sip:[1:2:3:4:5:6:7:8]", SIP_SCHEME_SIP, SIP_HOST_IPV6, "", "1:2:3:4:5:6:7:8" },
		{ "sip:[1:2:3:4:5:6:7::]", SIP_SCHEME_SIP, SIP_HOST_IPV6, "", "1:2:3:4:5:6:7::" },
		{ "sip:[::ffff:192.0.2.1]", SIP_SCHEME_SIP, SIP_HOST_IPV6, "", "::ffff:192.0.2.1" },
		{ "sip:[64:ff9b:::192.0.2.1]", SIP_SCHEME_SIP, SIP_HOST_IPV6, "",
		  "64:ff9b:::192.0.2.1" },
		{ "sip:[1:2:3:4:5:6:1.2.3.4]", SIP_SCHEME_SIP, SIP_HOST_IPV6, "",
		  "1:2:3:4:5:6:1.2.3.4" },
		{ "sip:a-b.c-d.example.com.", SIP_SCHEME_SIP, SIP_HOST_NAME, "",
		  "a-b.c-d.example.com." },
		{ "sip:xn--bcher-kva.example", SIP_SCHEME_SIP, SIP_HOST_NAME, "",
		  "xn--bcher-kva.example" },
		{ "sip:h", SIP_SCHEME_SIP, SIP_HOST_NAME, "", "h" },
		{ "sip:1host.a9", SIP_SCHEME_SIP, SIP_HOST_NAME, "", "1host.a9" },
		{ "sip:a;b?c/d&e=f,g@h", SIP_SCHEME_SIP, SIP_HOST_NAME, "a;b?c/d&e=f,g", "h" },
		{ "sip:+1-(212).555@h;user=phone", SIP_SCHEME_SIP, SIP_HOST_NAME, "+1-(212).555",
		  "h" },
		{ "sip:%00%ff@h", SIP_SCHEME_SIP, SIP_HOST_NAME, "%00%ff", "h" },
		{ "sip:u:@h", SIP_SCHEME_SIP, SIP_HOST_NAME, "u", "h" },
		{ "tel:+1-212-555-0100", SIP_SCHEME_TEL, SIP_HOST_NONE, "+1-212-555-0100", "" },
		{ "tel:*21#;phone-context=+49", SIP_SCHEME_TEL, SIP_HOST_NONE, "*21#", "" },
		{ "urn:service:sos", SIP_SCHEME_OTHER, SIP_HOST_NONE, "", "" },
		{ "http://www.example.com/?a=b;c", SIP_SCHEME_OTHER, SIP_HOST_NONE, "", "" },
		{ "sip2:x", SIP_SCHEME_OTHER, SIP_HOST_NONE, "", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_uri uri = uri_of(rows[i].text);

		cr_assert_eq(uri.scheme, rows[i].scheme, "%s", rows[i].text);
		cr_assert_eq(uri.host.kind, rows[i].kind, "%s: %u", rows[i].text, uri.host.kind);
		assert_slice(rows[i].text, uri.user, rows[i].user);
		assert_slice(rows[i].text, uri.host.name, rows[i].host);
	}
}

Test(sip_uri, refuses)
{
	static const char *const rows[] = {
		"",
		"sip",
		"sip:",
		":a",
		"1a:b",
		"a b:c",
		"sip:@h",
		"sip:a@",
		"sip:a@b@c",
		"sip:a b@h",
		" sip:h",
		"sip:h ",
		"sip:h:",
		"sip:h:a",
		"sip:h:65536",
		"sip:h:99999999999",
		"sip:h;",
		"sip:h;=a",
		"sip:h;a=",
		"sip:h;a;;b",
		"sip:h?",
		"sip:h?a",
		"sip:h?=b",
		"sip:h?a=b&",
		"sip:a%4@h",
		"sip:a%4g@h",
		"sip:a%@h",
		"sip:-a.com",
		"sip:a-.com",
		"sip:a..com",
		"sip:.com",
		"sip:a.com..",
		"sip:a.1",
		"sip:1.2.3",
		"sip:1.2.3.4.5",
		"sip:256.1.1.1",
		"sip:1.1.1.256",
		"sip:1.2.3.4.",
		"sip:1.2.3.1234",
		"sip:1.2.3.a.4",
		"sip:2001:db8::1",
		"sip:[]",
		"sip:[1]",
		"sip:[1::2::3]",
		"sip:[:1]",
		"sip:[1:]",
		"sip:[1:2:3:4:5:6:7:8:9]",
		"sip:[1:2:3:4:5:6:7]",
		"sip:[12345::]",
		"sip:[::g]",
		"sip:[::1",
		"sip:::1]",
		"sip:[:::]",
		"sip:[:::1]",
		"sip:[::1%25eth0]",
		"sip:[1:2:3:4:5:6:7:1.2.3.4]",
		"sip:[::1.2.3]",
		"sip:[::1.2.3.256]",
		"sip:a_b.com",
		"sip:<a@h>",
		"sip:\"a\"@h",
		"sip:a@h>",
		"tel:",
		"tel:+",
		"tel:-",
		"tel:+49a",
		"tel:+49 1",
		"tel:1;",
		"urn:",
		"http:",
		"sip:a@h\x80",
		"sip:h;a=\"b\"",
		"sip:a#b@h",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_error err = { 0 };
		struct sip_uri uri;

		cr_assert_eq(sip_uri_parse(rows[i], strlen(rows[i]), &uri, &err), -EINVAL,
			     "%s is accepted", rows[i]);
		cr_assert_not_null(err.rfc, "%s", rows[i]);
		cr_assert_leq(err.offset, strlen(rows[i]), "%s", rows[i]);
	}
}

/* A text too long or of two lines is no URI; nor is anything read behind one that is not ended. */
Test(sip_uri, refuses_texts_that_are_none)
{
	char text[SIP_TEXT_MAX + 1];
	struct sip_uri uri;

	memset(text, 'a', sizeof(text));
	memcpy(text, "sip:", 4);
	cr_assert_eq(sip_uri_parse(text, sizeof(text), &uri, NULL), -EINVAL);
	cr_assert_eq(sip_uri_parse(text, SIP_TEXT_MAX, &uri, NULL), 0);
	cr_assert_eq(sip_uri_parse("sip:a\r\n b", 9, &uri, NULL), -EINVAL);
	cr_assert_eq(sip_uri_parse(guarded("sip:h", 5), 5, &uri, NULL), 0);
}

struct pair {
	const char *a, *b;
};

/* RFC 3261 section 19.1.4 with all its examples, RFC 3966 section 4, and the rest literally. */
Test(sip_uri, equal)
{
	static const struct pair rows[] = {
		{ "sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp" },
		{ "sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5" },
		{ "sip:carol@chicago.com", "sip:carol@chicago.com;security=on" },
		{ "sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on" },
		{ "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
		  "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com" },
		{ "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
		  "sip:alice@atlanta.com?priority=urgent&subject=project%20x" },
		{ "sip:a@h;x=A", "sip:a@h;X=a" },
		{ "sip:h;lr", "sip:h;lr" },
		{ "tel:+1-201-555-0123", "tel:+12015550123" },
		{ "tel:7042;phone-context=Example.com", "TEL:70-42;phone-context=example.com" },
		{ "urn:service:sos", "URN:service:sos" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_uri a = uri_of(rows[i].a), b = uri_of(rows[i].b);

		cr_assert(sip_uri_equal(rows[i].a, &a, rows[i].b, &b), "%s, %s", rows[i].a,
			  rows[i].b);
		cr_assert(sip_uri_equal(rows[i].b, &b, rows[i].a, &a), "%s, %s", rows[i].b,
			  rows[i].a);
	}
}

Test(sip_uri, not_equal)
{
	static const struct pair rows[] = {
		{ "SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP" },
		{ "sip:bob@biloxi.com", "sip:bob@biloxi.com:5060" },
		{ "sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp" },
		{ "sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp" },
		{ "sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting" },
		{ "sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4" },
		{ "sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off" },
		{ "sip:a@h", "sips:a@h" },
		{ "sip:h", "sip:a@h" },
		{ "sip:a@h", "sip:a:p@h" },
		{ "sip:a:P@h", "sip:a:p@h" },
		{ "sip:h;lr", "sip:h;lr=1" },
		{ "sip:h;maddr=1.2.3.4", "sip:h" },
		{ "sip:h;ttl=1", "sip:h" },
		{ "sip:h;user=phone", "sip:h" },
		{ "sip:h?a=b", "sip:h?a=B" },
		{ "tel:+12015550123", "tel:12015550123;phone-context=+1" },
		{ "tel:+12015550123", "tel:+12015550124" },
		{ "tel:+12015550123;ext=1", "tel:+12015550123" },
		{ "urn:service:sos", "urn:service:SOS" },
		{ "sip:%41@h", "sip:a@h" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_uri a = uri_of(rows[i].a), b = uri_of(rows[i].b);

		cr_assert(!sip_uri_equal(rows[i].a, &a, rows[i].b, &b), "%s, %s", rows[i].a,
			  rows[i].b);
		cr_assert(!sip_uri_equal(rows[i].b, &b, rows[i].a, &a), "%s, %s", rows[i].b,
			  rows[i].a);
	}
}
