// SPDX-License-Identifier: GPL-2.0-only
/* What a datagram is, by its first octets: each method and status class, keepalives, STUN, and what
 * is none of these, each in a row of counters of its own. */
#include "rig.h"

static const char yaml[] = RIG_PROXY RIG_UNLIMITED;

static void setup(void)
{
	rig_open(yaml);
}

TestSuite(classify, .init = setup, .fini = rig_close, .timeout = RIG_TIMEOUT);

struct row {
	const char *name;
	const char *text;
	size_t length; /* 0: up to the NUL */
	enum traffic_class class;
	enum reason reason;
};

static void expect_all(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct frame_spec spec = { .text = rows[i].text, .length = rows[i].length };

		rig_expect_reason(rows[i].name, &spec, rows[i].class, rows[i].reason);
		spec.to = "2001:db8::10";
		spec.vlans = 1;
		rig_expect_reason(rows[i].name, &spec, rows[i].class, rows[i].reason);
	}
}

static const struct row messages[] = {
#define X(name) { #name, REQUEST(#name), 0, CLASS_##name, PASS_UNKNOWN },
	SIP_METHODS(X)
#undef X
		{ "another method", REQUEST("NEWMETHOD"), 0, CLASS_OTHER, PASS_UNKNOWN },
	{ "a method of one octet", REQUEST("X"), 0, CLASS_OTHER, PASS_UNKNOWN },
	{ "a method of all octets of a token", REQUEST("!i-m.%*_+`'~A0"), 0, CLASS_OTHER,
	  PASS_UNKNOWN },
	{ "a method of forty octets", REQUEST("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMN"), 0,
	  CLASS_OTHER, PASS_UNKNOWN },
	{ "a method that begins like INVITE", REQUEST("INVITED"), 0, CLASS_OTHER, PASS_UNKNOWN },
	{ "a method that INVITE begins with", REQUEST("INVIT"), 0, CLASS_OTHER, PASS_UNKNOWN },
	{ "a method that begins like REGISTER", REQUEST("REGISTERX"), 0, CLASS_OTHER,
	  PASS_UNKNOWN },
	{ "a method that begins like SUBSCRIBE", REQUEST("SUBSCRIBED"), 0, CLASS_OTHER,
	  PASS_UNKNOWN },
	{ "a method that SUBSCRIBE begins with", REQUEST("SUBSCRIB"), 0, CLASS_OTHER,
	  PASS_UNKNOWN },
	/* methods are case-sensitive (RFC 3261 section 7.1) */
	{ "invite in lower case", REQUEST("invite"), 0, CLASS_OTHER, PASS_UNKNOWN },
	{ "Invite in mixed case", REQUEST("Invite"), 0, CLASS_OTHER, PASS_UNKNOWN },
	{ "100", RESPONSE("100 Trying", "INVITE"), 0, CLASS_1XX, PASS_UNKNOWN },
	{ "199", RESPONSE("199 Gone", "INVITE"), 0, CLASS_1XX, PASS_UNKNOWN },
	{ "200", RESPONSE("200 OK", "INVITE"), 0, CLASS_2XX, PASS_UNKNOWN },
	{ "302", RESPONSE("302 Moved Temporarily", "INVITE"), 0, CLASS_3XX, PASS_UNKNOWN },
	{ "404", RESPONSE("404 Not Found", "INVITE"), 0, CLASS_4XX, PASS_UNKNOWN },
	{ "503", RESPONSE("503 Service Unavailable", "INVITE"), 0, CLASS_5XX, PASS_UNKNOWN },
	{ "699", RESPONSE("699 x", "INVITE"), 0, CLASS_6XX, PASS_UNKNOWN },
	{ "no phrase", RESPONSE("200 ", "INVITE"), 0, CLASS_2XX, PASS_UNKNOWN },
	/* empty lines in front of a start line (RFC 3261 section 7.5) */
	{ "a CRLF in front", "\r\n" REQUEST("INVITE"), 0, CLASS_INVITE, PASS_UNKNOWN },
	{ "two CRLFs in front", "\r\n\r\n" REQUEST("BYE"), 0, CLASS_BYE, PASS_UNKNOWN },
	{ "eight CRLFs in front", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" REQUEST("REGISTER"), 0,
	  CLASS_REGISTER, PASS_UNKNOWN },
	{ "a CRLF in front of a response", "\r\n" RESPONSE("200 OK", "BYE"), 0, CLASS_2XX,
	  PASS_UNKNOWN },
	{ "a CRLF in front of another method", "\r\n" REQUEST("XYZ"), 0, CLASS_OTHER,
	  PASS_UNKNOWN },
};

static void every_method_and_status_class(void)
{
	expect_all(messages, COUNT(messages));
}

#define STUN(length)                                                                               \
	"\x00\x01\x00" length "\x21\x12\xa4\x42"                                                   \
	"transaction!"

static const struct row keepalives[] = {
	{ "CRLF", "\r\n", 0, CLASS_CRLF, PASS_KEEPALIVE },
	{ "CRLFCRLF", "\r\n\r\n", 0, CLASS_CRLF, PASS_KEEPALIVE },
	{ "three CRLFs", "\r\n\r\n\r\n", 0, CLASS_CRLF, PASS_KEEPALIVE },
	{ "NUL", "\0", 1, CLASS_NUL, PASS_KEEPALIVE },
	{ "four NULs", "\0\0\0", 4, CLASS_NUL, PASS_KEEPALIVE },
	{ "eight NULs", "\0\0\0\0\0\0\0", 8, CLASS_NUL, PASS_KEEPALIVE },
	{ "a blank", " ", 0, CLASS_NUL, PASS_KEEPALIVE },
	{ "a zero digit", "0", 0, CLASS_NUL, PASS_KEEPALIVE },
	{ "nothing", NULL, 0, CLASS_NUL, PASS_KEEPALIVE },
	{ "STUN", STUN("\0"), 20, CLASS_STUN, PASS_KEEPALIVE },
	{ "STUN with an attribute",
	  STUN("\x08") "\x80\x28\0\x04"
		       "abcd",
	  28, CLASS_STUN, PASS_KEEPALIVE },
	{ "STUN response",
	  "\x01\x01\0\0\x21\x12\xa4\x42"
	  "transaction!",
	  20, CLASS_STUN, PASS_KEEPALIVE },
};

static void keepalives_of_every_kind(void)
{
	expect_all(keepalives, COUNT(keepalives));
}

#define GARBAGE CLASS_GARBAGE, PASS_MALFORMED

static const struct row garbage[] = {
	{ "nine NULs", "\0\0\0\0\0\0\0\0", 9, GARBAGE },
	{ "0xff", "\xff", 1, GARBAGE },
	{ "an octet", "x", 0, GARBAGE },
	{ "CR", "\r", 0, GARBAGE },
	{ "LF", "\n", 0, GARBAGE },
	{ "CRLF and CR", "\r\n\r", 0, GARBAGE },
	{ "LFLF", "\n\n", 0, GARBAGE },
	{ "words", "hello", 0, GARBAGE },
	{ "HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0, CLASS_OTHER, PASS_MALFORMED },
	{ "a blank in front", " " REQUEST("INVITE"), 0, GARBAGE },
	{ "a NUL in front", "\0INVITE sip:a SIP/2.0\r\n", 23, GARBAGE },
	{ "nine CRLFs in front", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" REQUEST("INVITE"), 0,
	  GARBAGE },
	{ "a slash in the method", REQUEST("IN/VITE"), 0, GARBAGE },
	{ "an octet of 0x80 in the method", REQUEST("INV\x80TE"), 0, GARBAGE },
	{ "a method without end",
	  "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ"
	  "KLMNOPQRSTUVWXYZ sip:a SIP/2.0\r\n",
	  0, GARBAGE },
	{ "status 99", RESPONSE("099 x", "INVITE"), 0, GARBAGE },
	{ "status 700", RESPONSE("700 x", "INVITE"), 0, GARBAGE },
	{ "status 2000", RESPONSE("2000 x", "INVITE"), 0, GARBAGE },
	{ "status 20", RESPONSE("20 x", "INVITE"), 0, GARBAGE },
	{ "status 20x", RESPONSE("20x x", "INVITE"), 0, GARBAGE },
	{ "status without a blank", "SIP/2.0 200\r\n" HEADERS("INVITE", "1", "") LAST_HEADER, 0,
	  GARBAGE },
	{ "version 3 in a response", "SIP/3.0 200 OK\r\n" HEADERS("INVITE", "1", "") LAST_HEADER, 0,
	  GARBAGE },
	{ "STUN with a wrong length", STUN("\x04"), 20, GARBAGE },
	{ "STUN with a length of no four", STUN("\x02") "ab", 22, GARBAGE },
	{ "STUN without the cookie", "\0\1\0\0\x21\x12\xa4\x43transaction!", 20, GARBAGE },
	{ "STUN with its first bits set", "\x80\1\0\0\x21\x12\xa4\x42transaction!", 20, GARBAGE },
	{ "STUN, an octet short", STUN("\0"), 19, GARBAGE },
	{ "RTP", "\x80\x00\x12\x34\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, GARBAGE },
};

static void what_is_none_of_these_is_garbage(void)
{
	expect_all(garbage, COUNT(garbage));
}

/* A message that is cut anywhere is its class within a malformed budget, never a keepalive. */
static void truncated_messages(void)
{
	static const char text[] = REQUEST("INVITE");

	for (size_t length = 1; length < sizeof(text) - 1; length++) {
		struct frame_spec spec = { .text = text, .length = length };
		enum traffic_class class = length < 7	 ? CLASS_GARBAGE
					   : length < 12 ? CLASS_OTHER
							 : CLASS_INVITE;
		char name[32];

		snprintf(name, sizeof(name), "%zu octets", length);
		if (length < 12 || length % 16 == 0 || length + 8 > sizeof(text))
			rig_expect_reason(name, &spec, class, PASS_MALFORMED);
	}
}

static const struct rig_case cases[] = {
	RIG_CASE(every_method_and_status_class),
	RIG_CASE(keepalives_of_every_kind),
	RIG_CASE(what_is_none_of_these_is_garbage),
	RIG_CASE(truncated_messages),
};

Test(classify, cases)
{
	rig_run_cases(yaml, cases, COUNT(cases));
}
