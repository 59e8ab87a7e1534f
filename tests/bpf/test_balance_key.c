// SPDX-License-Identifier: GPL-2.0-only
/* What decides where a new request goes: with each key, requests that have it in common go to one
 * backend, and those that have not are spread. */
#include "through.h"

#include <stdlib.h>

#define BALANCE(more)                                                                              \
	THROUGH_PROXY4 RIG_UNLIMITED "    balance:\n      forward: nat\n" more                     \
				     "      backends:\n" THROUGH_BACKENDS4

static void setup(void)
{
	links_open();
}

TestSuite(balance_key, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

static unsigned int place(const struct frame_spec *spec)
{
	static struct through out;

	through(spec, &out);
	cr_assert_eq(out.action, XDP_REDIRECT, "XDP action %u", out.action);
	return (unsigned int)atoi(out.seen.to + strlen("10.0.0.")) - 11;
}

static char text[2000];
static unsigned int calls; /* each request has a Call-ID of its own */

static const char *request(const char *method, const char *uri, const char *from, const char *to)
{
	snprintf(text, sizeof(text),
		 "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK1\r\n"
		 "From: %s\r\nTo: %s\r\nCall-ID: key-%u@x\r\nCSeq: 1 %s\r\n\r\n",
		 method, uri, from, to, calls++, method);
	return text;
}

#define USERS 24

/* Ways to write the same user; %s is the name. */
static const char *const same_user[] = {
	"<sip:%s@example.org>",
	"<sip:%s@example.org>;tag=1",
	"sip:%s@example.org;tag=2",
	"<sips:%s@192.0.2.1:5061;transport=tcp?subject=a>;tag=3",
	"\"A \\\" <sip:x@y> quoted\" <sip:%s@example.org>",
	"Display Name <sip:%s:secret@example.org>;tag=4",
	"<sip:%s@[2001:db8::1]:5060>",
	"  <sip:%s@example.org>  ",
	"\r\n <sip:%s@example.org>",
};

static void name_user(char out[200], const char *form, unsigned int user)
{
	char name[32];

	snprintf(name, sizeof(name), "user-%u", user);
	/* the form is one of the table above */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(out, 200, form, name);
#pragma GCC diagnostic pop
}

/* Which header a key looks at. */
enum at { AT_FROM, AT_TO, AT_URI };

static unsigned int place_of(enum at at, const char *method, const char *value)
{
	char other[64];

	snprintf(other, sizeof(other), "<sip:other-%u@x>", calls);
	return place(&(struct frame_spec){
		.text = request(method, at == AT_URI ? value : "sip:somebody@x",
				at == AT_FROM ? value : other, at == AT_TO ? value : other) });
}

static void expect_same(const char *name, enum at at, const char *method)
{
	unsigned int share[3] = { 0 };
	char value[200];

	for (unsigned int user = 0; user < USERS; user++) {
		unsigned int first;

		name_user(value, same_user[0], user);
		first = place_of(at, method, value);
		share[first]++;
		for (size_t i = 1; i < COUNT(same_user); i++) {
			name_user(value, same_user[i], user);
			cr_expect_eq(place_of(at, method, value), first, "%s: user %u as %s", name,
				     user, value);
		}
	}
	for (unsigned int i = 0; i < 3; i++)
		cr_expect_lt(share[i], USERS, "%s: all on one", name);
}

Test(balance_key, from_user)
{
	rig_open(BALANCE("      key: from-user\n"));
	expect_same("from-user", AT_FROM, "INVITE");
}

Test(balance_key, to_user)
{
	rig_open(BALANCE("      key: to-user\n"));
	expect_same("to-user", AT_TO, "INVITE");
}

/* By default a registration goes by its address of record, and a call to it by its Call-ID. */
Test(balance_key, register)
{
	rig_open(BALANCE(""));
	expect_same("REGISTER", AT_TO, "REGISTER");
}

static const struct {
	const char *name;
	const char *one;
	const char *other;
	bool same;
} uris[] = {
	{ "host and port", "sip:u%u@a.example", "sip:u%u@b.example:5070;lr", true },
	{ "tel", "tel:+1%u", "tel:+1%u;phone-context=x", true },
	{ "no user", "sip:host%u", "sip:host%u:5060;transport=udp", true },
	{ "parameters of the user", "sip:u%u;day=1@a", "sip:u%u;day=2@a", false },
	{ "case", "sip:u%u@a", "sip:U%u@a", false },
	{ "an escape", "sip:u%u@a", "sip:%%75%u@a", false },
};

Test(balance_key, request_uri)
{
	char one[200], other[200];

	rig_open(BALANCE("      key: ruri-user\n"));
	for (size_t i = 0; i < COUNT(uris); i++) {
		unsigned int differ = 0;

		for (unsigned int user = 0; user < USERS; user++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(one, sizeof(one), uris[i].one, user);
			snprintf(other, sizeof(other), uris[i].other, user);
#pragma GCC diagnostic pop
			differ += place_of(AT_URI, "INVITE", one) !=
				  place_of(AT_URI, "INVITE", other);
		}
		cr_expect_eq(differ == 0, uris[i].same, "%s: %u of %u differ", uris[i].name, differ,
			     USERS);
	}
}

/* All of a source on one, whatever it sends, from any of its ports. */
Test(balance_key, source)
{
	unsigned int share[3] = { 0 };

	rig_open(BALANCE("      key: source\n      register_key: source\n"));
	for (unsigned int n = 0; n < 60; n++) {
		char from[32];
		unsigned int first;
		struct frame_spec spec = { .from = from };

		snprintf(from, sizeof(from), "198.51.100.%u", n);
		spec.text = "\r\n\r\n";
		first = place(&spec);
		share[first]++;
		for (unsigned int i = 0; i < 4; i++) {
			spec.sport = (__u16)(2000 + i);
			spec.text = request(i % 2 ? "INVITE" : "REGISTER", "sip:x", "<sip:a@x>",
					    "<sip:b@x>");
			cr_expect_eq(place(&spec), first, "%s, message %u", from, i);
		}
	}
	for (unsigned int i = 0; i < 3; i++)
		cr_expect(share[i] > 5 && share[i] < 40, "backend %u: %u of 60", i, share[i]);
}

/* Whatever the key: what belongs to a request goes where it went. */
Test(balance_key, the_call_stays)
{
	rig_open(BALANCE("      key: from-user\n"));
	for (unsigned int n = 0; n < 30; n++) {
		struct frame_spec spec = { .text = NULL };
		char cancel[500];
		unsigned int first;

		snprintf(cancel, sizeof(cancel), "<sip:caller-%u@x>", n);
		spec.text = request("INVITE", "sip:b@x", cancel, "<sip:b@x>");
		first = place(&spec);
		calls--; /* the same Call-ID again */
		spec.text = request("CANCEL", "sip:b@x", "<sip:another@x>", "<sip:b@x>");
		cr_expect_eq(place(&spec), first, "CANCEL %u", n);
	}
}
