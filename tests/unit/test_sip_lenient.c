/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages that break the grammar and that servers take all the same: whose they are is read. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "sip/message.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define VIA	"Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKb1\r\n"
#define FROM	"From: <sip:a@x>;tag=f1\r\n"
#define TO	"To: <sip:b@x>;tag=t1\r\n"
#define CALL_ID "Call-ID: c1\r\n"
#define CSEQ	"CSeq: 7 REGISTER\r\n"
#define START	"REGISTER sip:x SIP/2.0\r\n"
#define END	"Content-Length: 0\r\n\r\n"

static struct sip_message msg;

static int read_text(const char *text,
		     int (*reader)(const char *, size_t, struct sip_message *, struct sip_error *))
{
	struct sip_error err;

	return reader(text, strlen(text), &msg, &err);
}

static bool is(struct sip_slice s, const char *text)
{
	return s.length == strlen(text) && !memcmp(sip_message_text(&msg, s), text, s.length);
}

static const struct {
	const char *name, *text;
	const char *branch, *from, *from_tag, *to, *call_id, *request_uri;
} taken[] = {
#define USUAL(name, text)                                                                          \
	{                                                                                          \
		name, text, "z9hG4bKb1", "sip:a@x", "f1", "sip:b@x", "c1", "sip:x"                 \
	}
	USUAL("a date of another zone",
	      START VIA FROM TO CALL_ID CSEQ "Date: Sun, 22 Nov 2026 19:00:00 CET\r\n" END),
	USUAL("a contact with a # in its user",
	      START VIA FROM TO CALL_ID CSEQ "Contact: <sip:*98#1@x>\r\n" END),
	USUAL("a Content-Type with an empty parameter",
	      START VIA FROM TO CALL_ID CSEQ "Content-Type: application/sdp;\r\n" END),
	USUAL("Expires with a parameter", START VIA FROM TO CALL_ID CSEQ "Expires: 5;x\r\n" END),
	USUAL("two Expires", START VIA FROM TO CALL_ID CSEQ "Expires: 5\r\nExpires: 6\r\n" END),
	USUAL("Latin-1 in a Subject", START VIA FROM TO CALL_ID CSEQ "Subject: \xfc\r\n" END),
	USUAL("more body announced than there is",
	      START VIA FROM TO CALL_ID CSEQ "Content-Length: 9\r\n\r\nxy"),
	USUAL("a CSeq that is too large",
	      START VIA FROM TO CALL_ID "CSeq: 4294967295 REGISTER\r\n" END),
	USUAL("a second Via that is none", START VIA "Via: x\r\n" FROM TO CALL_ID CSEQ END),
	{ "an underscore in sent-by",
	  START "Via: SIP/2.0/UDP my_pbx:5060 ;Branch=z9hG4bKb2, x\r\n" FROM TO CALL_ID CSEQ END,
	  "z9hG4bKb2", "sip:a@x", "f1", "sip:b@x", "c1", "sip:x" },
	{ "a Via without a branch", START "Via: SIP/2.0/UDP my_pbx\r\n" FROM TO CALL_ID CSEQ END,
	  "", "sip:a@x", "f1", "sip:b@x", "c1", "sip:x" },
	{ "a display-name that wants quotes",
	  START VIA "From: O. Brien (Sales) <sip:a@x>;tag=f2\r\nTo: Gr\xc3\xbc\xc3\x9f "
		    "<sip:b@x>\r\n" CALL_ID CSEQ END,
	  "z9hG4bKb1", "sip:a@x", "f2", "sip:b@x", "c1", "sip:x" },
	{ "hosts with underscores",
	  START VIA "From: <sip:a@my_pbx>;x;tag=f2\r\nTo: sip:b@my_pbx;tag=t\r\n" CALL_ID CSEQ END,
	  "z9hG4bKb1", "sip:a@my_pbx", "f2", "sip:b@my_pbx", "c1", "sip:x" },
	{ "a < in a quoted name",
	  START VIA "From: \"a<b\" <sip:a#@x>;tag=f2\r\n" TO CALL_ID CSEQ END, "z9hG4bKb1",
	  "sip:a#@x", "f2", "sip:b@x", "c1", "sip:x" },
	{ "a Call-ID with two @", START VIA FROM TO "Call-ID: a@b@c\r\n" CSEQ END, "z9hG4bKb1",
	  "sip:a@x", "f1", "sip:b@x", "a@b@c", "sip:x" },
	{ "a blank in the Request-URI",
	  "REGISTER sip:0 30@x SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ END, "z9hG4bKb1", "sip:a@x",
	  "f1", "sip:b@x", "c1", "sip:0 30@x" },
};

Test(lenient, what_a_server_may_take_is_read)
{
	for (size_t i = 0; i < COUNT(taken); i++) {
		cr_expect_neq(read_text(taken[i].text, sip_message_parse), 0, "%s: parsed",
			      taken[i].name);
		cr_assert_eq(read_text(taken[i].text, sip_message_read), 0, "%s: not read",
			     taken[i].name);
		cr_expect(msg.faulty, "%s", taken[i].name);
		cr_expect(is(msg.via[0].branch, taken[i].branch), "%s: branch", taken[i].name);
		cr_expect_eq(msg.via[0].has_cookie, *taken[i].branch != 0, "%s", taken[i].name);
		cr_expect(is(msg.from.uri.text, taken[i].from), "%s: From", taken[i].name);
		cr_expect(is(msg.from.tag, taken[i].from_tag), "%s: tag of From", taken[i].name);
		cr_expect(is(msg.to.uri.text, taken[i].to), "%s: To", taken[i].name);
		cr_expect(is(msg.call_id, taken[i].call_id), "%s: Call-ID", taken[i].name);
		cr_expect(is(msg.start.request_uri.text, taken[i].request_uri), "%s: Request-URI",
			  taken[i].name);
		cr_expect_eq(msg.cseq.method, SIP_REGISTER, "%s", taken[i].name);
	}
}

Test(lenient, contacts_are_read_one_by_one)
{
	static const struct {
		const char *uri;
		uint32_t expires;
	} rows[] = {
		{ "sip:a@x", 60 },
		{ "sip:*98#1@x", 30 },
		{ "sip:c@my_pbx", SIP_EXPIRES_NONE },
		{ "sip:d@x,y", SIP_EXPIRES_DEFAULT },
		{ "sip:e@my_pbx", 5 },
	};
	const char *text = START VIA FROM TO CALL_ID CSEQ
		"Contact: <sip:a@x>;expires=60, \"B, C\" <sip:*98#1@x>;q=x;expires=30 , ,\r\n"
		" sip:c@my_pbx, <sip:d@x,y>;expires=soon\r\n"
		"m: <sip:e@my_pbx>;Expires=5\r\n" END;

	cr_assert_eq(read_text(text, sip_message_read), 0);
	cr_assert_eq(msg.contact_count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		cr_expect(is(msg.contact[i].uri.text, rows[i].uri), "%s", rows[i].uri);
		cr_expect_eq(msg.contact[i].expires, rows[i].expires, "%s: %u", rows[i].uri,
			     msg.contact[i].expires);
	}
}

static const struct {
	const char *name, *text;
} refused[] = {
	{ "no message", "" },
	{ "no blank line", START VIA FROM TO CALL_ID CSEQ },
	{ "a bare LF", START VIA FROM TO CALL_ID CSEQ "X: a\nb\r\n" END },
	{ "no From", START VIA TO CALL_ID CSEQ END },
	{ "two From", START VIA FROM FROM TO CALL_ID CSEQ END },
	{ "two Call-ID", START VIA FROM TO CALL_ID CALL_ID CSEQ END },
	{ "the CSeq of another method", START VIA FROM TO CALL_ID "CSeq: 1 INVITE\r\n" END },
	{ "a CSeq without a number", START VIA FROM TO CALL_ID "CSeq: REGISTER\r\n" END },
	{ "an empty Call-ID", START VIA FROM TO "Call-ID:\r\n" CSEQ END },
	{ "an empty From", START VIA "From: <>\r\n" TO CALL_ID CSEQ END },
	{ "a Via without a host", START "Via: SIP/2.0/UDP\r\n" FROM TO CALL_ID CSEQ END },
	{ "another version", "REGISTER sip:x SIP/3.0\r\n" VIA FROM TO CALL_ID CSEQ END },
	{ "no version", "REGISTER sip:x\r\n" VIA FROM TO CALL_ID CSEQ END },
	{ "no Request-URI", "REGISTER  SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ END },
	{ "a Content-Length that is none",
	  START VIA FROM TO CALL_ID CSEQ "Content-Length: x\r\n\r\n" },
};

Test(lenient, what_is_of_no_use_is_refused)
{
	for (size_t i = 0; i < COUNT(refused); i++) {
		cr_expect_neq(read_text(refused[i].text, sip_message_parse), 0, "%s",
			      refused[i].name);
		cr_expect_neq(read_text(refused[i].text, sip_message_read), 0, "%s",
			      refused[i].name);
	}
}

Test(lenient, a_good_message_is_read_as_it_is_parsed)
{
	const char *text = START VIA FROM TO CALL_ID CSEQ
		"Contact: <sip:a@192.0.2.1>;q=0.5\r\n" END;

	cr_assert_eq(read_text(text, sip_message_read), 0);
	cr_expect_not(msg.faulty);
	cr_expect_eq(msg.contact_count, 1);
	cr_expect_eq(msg.contact[0].q, 500);
	cr_expect_eq(msg.from.uri.scheme, SIP_SCHEME_SIP);
}

Test(lenient, what_is_no_uri_equals_itself_alone)
{
	const char *text = "REGISTER nothing SIP/2.0\r\n" VIA FROM
			   "To: <other>\r\n" CALL_ID CSEQ END;

	cr_assert_eq(read_text(text, sip_message_read), 0);
	cr_expect(sip_uri_equal(msg.text, &msg.to.uri, msg.text, &msg.to.uri));
	cr_expect_not(sip_uri_equal(msg.text, &msg.to.uri, msg.text, &msg.start.request_uri));
}

Test(lenient, a_message_without_its_end_is_read_to_its_last_whole_line)
{
	static const char text[] = START VIA FROM TO CALL_ID CSEQ
		"Contact: <sip:a@192.0.2.1>\r\n" END;
	const size_t contact = sizeof(START VIA FROM TO CALL_ID CSEQ) - 1;
	const size_t end = sizeof(text) - 1 - sizeof(END) + 1;
	static char room[sizeof(text) + 2];
	struct sip_error err;

	for (size_t length = 0; length < sizeof(text) - 1; length++) {
		int result = sip_message_read_start(text, length, room, &msg, &err);

		cr_expect_eq(result, length < contact ? -EINVAL : 0, "%zu octets", length);
		if (result)
			continue;
		cr_expect(is(msg.call_id, "c1"), "%zu octets", length);
		cr_expect_eq(msg.contact_count, length >= end, "%zu octets", length);
	}
}
