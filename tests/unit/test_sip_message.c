/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole messages: what is accepted and with which fields, what is refused, where and why. */
#include <errno.h>

#include "test_sip_fixture.h"

static struct sip_message msg;

#define VIA	"Via: SIP/2.0/UDP a.example.com;branch=z9hG4bKx\r\n"
#define FROM	"From: <sip:a@example.com>;tag=1\r\n"
#define TO	"To: <sip:b@example.com>\r\n"
#define CALL_ID "Call-ID: c@example.com\r\n"
#define CSEQ	"CSeq: 1 OPTIONS\r\n"
#define REST	VIA FROM TO CALL_ID CSEQ
#define OPTIONS "OPTIONS sip:b@example.com SIP/2.0\r\n"
#define END	"Content-Length: 0\r\n\r\n"

static int parse_octets(const char *octets, size_t len, struct sip_error *err)
{
	char *copy = guarded(octets, len);
	int result;

	memset(err, 0, sizeof(*err));
	result = sip_message_parse(copy, len, &msg, err);
	unguard(copy, len);
	return result;
}

/* Every message of our own, written after those of common user agents, is accepted, and all of its
 * headers fit their grammar. */
Test(sip_message, accepts_what_user_agents_send)
{
	static struct sample samples[FILES_MAX];
	size_t count = read_samples(MESSAGES, samples);

	cr_assert_geq(count, 50u);
	for (size_t i = 0; i < count; i++) {
		struct sip_error err = { 0 };

		cr_assert_eq(sip_message_parse(samples[i].data, samples[i].len, &msg, &err), 0,
			     "%s: line %u, offset %u: %s (%s)", samples[i].name, err.line,
			     err.offset, err.what, err.rfc);
		cr_assert_eq(sip_message_check(&msg, &err), 0, "%s: line %u, offset %u: %s (%s)",
			     samples[i].name, err.line, err.offset, err.what, err.rfc);
	}
}

/* The torture messages of RFC 4475 and RFC 5118 are each accepted or refused as its verdict says.
 */
Test(sip_message, judges_torture_messages)
{
	const char *corpus = getenv("SIPXDP_CORPUS");
	char path[1024], line[2048];
	unsigned int accepted = 0, refused = 0;
	FILE *index;

	if (!corpus)
		cr_skip_test("SIPXDP_CORPUS is not set");
	snprintf(path, sizeof(path), "%s/INDEX.tsv", corpus);
	index = fopen(path, "r");
	cr_assert_not_null(index, "cannot open %s", path);
	while (fgets(line, sizeof(line), index)) {
		struct sip_error err = { 0 };
		char name[256], verdict[32];
		struct sample s;
		bool valid;

		if (sscanf(line, "%255[^\t]\t%*[^\t]\t%*[^\t]\t%*[^\t]\t%*[^\t]\t%31[^\t]", name,
			   verdict) != 2 ||
		    !read_sample(corpus, name, &s))
			continue;
		valid = sip_message_parse(s.data, s.len, &msg, &err) == 0;
		if (strcmp(verdict, "reject") == 0) {
			cr_assert(!valid, "%s is accepted", name);
			cr_assert_not_null(err.rfc);
			refused++;
		} else {
			cr_assert(valid, "%s is refused: offset %u, %s", name, err.offset,
				  err.what);
			cr_assert_eq(sip_message_check(&msg, &err), 0, "%s: offset %u, %s", name,
				     err.offset, err.what);
			accepted++;
		}
	}
	fclose(index);
	cr_assert_eq(accepted, 38u, "%u accepted", accepted);
	cr_assert_eq(refused, 23u, "%u refused", refused);
}

/* The fields of a request stand in the message with the octets that were sent. */
Test(sip_message, reads_a_request)
{
	parse_sample("kamailio-relayed-invite.sip", &msg);
	cr_assert_eq(msg.kind, SIP_REQUEST);
	cr_assert_eq(msg.start.method, SIP_INVITE);
	assert_slice(msg.text, msg.start.method_name, "INVITE");
	assert_slice(msg.text, msg.start.request_uri.text,
		     "sip:bob@198.51.100.30:5080;transport=udp;ob");
	assert_slice(msg.text, msg.start.request_uri.user, "bob");
	assert_slice(msg.text, msg.start.request_uri.host.name, "198.51.100.30");
	cr_assert_eq(msg.start.request_uri.host.port, 5080);
	cr_assert_eq(msg.via_count, 2u);
	assert_slice(msg.text, msg.via[0].transport, "UDP");
	assert_slice(msg.text, msg.via[0].branch, "z9hG4bK21cf.0b4d39d5fd0b1e5b6ad6d2a7f2e9a0c7.0");
	assert_slice(msg.text, msg.via[1].received, "198.51.100.21");
	cr_assert_eq(msg.via[1].rport, 40022);
	cr_assert_eq(msg.record_route_count, 1u);
	cr_assert_eq(msg.record_route[0].uri.lr, 1);
	assert_slice(msg.text, msg.from.display, "Alice Liddell");
	assert_slice(msg.text, msg.from.tag, "a73kszlfl");
	assert_slice(msg.text, msg.to.uri.text, "sip:bob@example.com");
	cr_assert_eq(msg.to.tag.length, 0);
	assert_slice(msg.text, msg.call_id, "1j9FpLxk3uxtm8tn@10.20.30.40");
	cr_assert_eq(msg.cseq.number, 1u);
	cr_assert_eq(msg.cseq.method, SIP_INVITE);
	cr_assert_eq(msg.contact_count, 1u);
	assert_slice(msg.text, msg.contact[0].uri.text,
		     "sip:alice@198.51.100.21:40022;alias=198.51.100.21~40022~1");
	cr_assert(msg.has_max_forwards);
	cr_assert_eq(msg.max_forwards, 69);
	assert_slice(msg.text, msg.user_agent, "baresip v1.0.0 (x86_64/linux)");
	assert_slice(msg.text, msg.content_type, "application/sdp");
	cr_assert_eq(msg.body.length, msg.content_length);
	cr_assert_eq(memcmp(sip_message_text(&msg, msg.body), "v=0\r\n", 5), 0);
	cr_assert_eq(msg.warnings, 0u);
}

/* The fields of a response, a Contact list with its parameters among them. */
Test(sip_message, reads_a_response)
{
	parse_sample("kamailio-200-register.sip", &msg);
	cr_assert_eq(msg.kind, SIP_RESPONSE);
	cr_assert_eq(msg.start.status, 200);
	assert_slice(msg.text, msg.start.reason, "OK");
	cr_assert_eq(msg.cseq.method, SIP_REGISTER);
	cr_assert_eq(msg.contact_count, 2u);
	cr_assert_eq(msg.contact[0].expires, 297u);
	cr_assert_eq(msg.contact[0].q, SIP_Q_NONE);
	cr_assert_eq(msg.contact[1].expires, 1720u);
	cr_assert_eq(msg.contact[1].q, 500);
	cr_assert_eq(msg.contact[1].reg_id, 1u);
	assert_slice(msg.text, msg.contact[1].instance,
		     "urn:uuid:8f0a1b2c-3d4e-5f60-7182-93a4b5c6d7e8");
}

/* Compact forms are the same headers as the long ones. */
Test(sip_message, knows_compact_forms)
{
	parse_sample("compact-forms.sip", &msg);
	cr_assert_eq(msg.via_count, 1u);
	assert_slice(msg.text, msg.call_id, "a84b4c76e66710@pc33.atlanta.example.com");
	assert_slice(msg.text, msg.from.display, "Alice");
	for (enum sip_header_id id = SIP_HEADER_OTHER; id < SIP_HEADER_COUNT; id++)
		cr_assert(id != SIP_HEADER_OTHER || !sip_message_has(&msg, id));
	cr_assert(sip_message_has(&msg, SIP_HEADER_SESSION_EXPIRES));
	cr_assert(sip_message_has(&msg, SIP_HEADER_REFER_TO));
	cr_assert(sip_message_has(&msg, SIP_HEADER_REFERRED_BY));
}

/* Folded lines and white space wherever the grammar allows it change nothing in what is read. */
Test(sip_message, unfolds)
{
	parse_sample("folded.sip", &msg);
	cr_assert_eq(msg.via_count, 2u);
	assert_slice(msg.text, msg.via[0].sent_by.name, "pc33.atlanta.example.com");
	assert_slice(msg.text, msg.via[1].transport, "TCP");
	assert_slice(msg.text, msg.via[1].received, "192.0.2.207");
	cr_assert_eq(msg.max_forwards, 70);
	assert_slice(msg.text, msg.to.display, "Bob\\\" the\r\n builder");
	assert_slice(msg.text, msg.from.display, "Alice\r\n Wonderland");
	assert_slice(msg.text, msg.from.tag, "1928301774");
	assert_slice(msg.text, msg.call_id, "a84b4c76e66710@pc33.atlanta.example.com");
	cr_assert_eq(msg.contact[0].expires, 60u);
	cr_assert_eq(msg.contact[0].q, 700);
	cr_assert_eq(msg.route_count, 2u);
}

/* CRLFs before the start line are passed over, and places in errors still count from the first
 * octet. */
Test(sip_message, skips_leading_crlf)
{
	static const char bad[] = "\r\n\r\n" OPTIONS VIA FROM TO CALL_ID "CSeq: x OPTIONS\r\n" END;
	struct sip_error err;

	parse_sample("crlf-before.sip", &msg);
	cr_assert_eq(msg.lead, 4u);
	cr_assert_eq(msg.start.method, SIP_ACK);
	cr_assert_eq(parse_octets(bad, sizeof(bad) - 1, &err), -EINVAL);
	cr_assert_eq(err.offset, (uint32_t)(strstr(bad, "x OPTIONS") - bad));
	cr_assert_eq(err.line, 8u);
}

struct refused {
	const char *name;
	const char *octets;
	size_t len;
	const char *rfc; /* what the error must name */
	const char *at;	 /* where it must point; NULL: anywhere */
	uint16_t response;
};

#define REFUSED(name, octets, rfc, at, response)                                                   \
	{                                                                                          \
		name, octets, sizeof(octets) - 1, rfc, at, response                                \
	}

/* Shapes that a lax parser takes, and that proxies have disagreed about: each is refused, at the
 * right place and for the right reason. */
Test(sip_message, refuses_hostile_framing)
{
	static const struct refused rows[] = {
		REFUSED("empty", "", "RFC 3261 7", NULL, 0),
		REFUSED("only CRLF", "\r\n\r\n", "RFC 3261 7", NULL, 0),
		REFUSED("bare LF ends a line",
			OPTIONS "Via: SIP/2.0/UDP a;branch=z9hG4bKx\n" FROM TO CALL_ID CSEQ END,
			"RFC 3261 7", "\nFrom", 400),
		REFUSED("bare LF in a value",
			OPTIONS VIA "From: <sip:a@example.com>;\ntag=1\r\n" TO CALL_ID CSEQ END,
			"RFC 3261 7", "\ntag", 400),
		REFUSED("bare CR in a value", OPTIONS REST "Subject: a\rb\r\n" END, "RFC 3261 7",
			"\rb", 400),
		REFUSED("only LFs", "OPTIONS sip:b@example.com SIP/2.0\nCall-ID: x\n\n",
			"RFC 3261 7", "\nCall", 400),
		REFUSED("NUL in a value", OPTIONS REST "Subject: a\0b\r\n" END, "RFC 3261 25.1",
			NULL, 400),
		REFUSED("NUL in a Call-ID", OPTIONS VIA FROM TO "Call-ID: a\0b\r\n" CSEQ END,
			"RFC 3261 20.8", NULL, 400),
		REFUSED("control in an unknown header", OPTIONS REST "X-A: a\1b\r\n" END,
			"RFC 3261 25.1", "\1b", 400),
		REFUSED("escaped control outside of quotes",
			OPTIONS REST "Subject: \"a\\\1b\"\r\n" END, "RFC 3261 25.1", "\1b", 400),
		REFUSED("DEL", OPTIONS REST "X-A: \177\r\n" END, "RFC 3261 25.1", "\177", 400),
		REFUSED("broken UTF-8", OPTIONS REST "Subject: \xc3(\r\n" END, "RFC 3261 25.1",
			"\xc3", 400),
		REFUSED("overlong UTF-8", OPTIONS REST "Subject: \xc0\xaf\r\n" END, "RFC 3261 25.1",
			"\xc0", 400),
		REFUSED("space in a header name", OPTIONS REST "X A: b\r\n" END, "RFC 3261 7.3.1",
			"A: b", 400),
		REFUSED("no header name", OPTIONS REST ": b\r\n" END, "RFC 3261 7.3.1", ": b", 400),
		REFUSED("no colon", OPTIONS REST "nothing\r\n" END, "RFC 3261 7.3.1", NULL, 400),
		REFUSED("start line folded", OPTIONS " x: y\r\n" REST END, "RFC 3261 7.3.1",
			" x: y", 400),
		REFUSED("second To", OPTIONS REST TO END, "RFC 3261 7.3.1", NULL, 400),
		REFUSED("second To, compact", OPTIONS REST "t: <sip:c@example.com>\r\n" END,
			"RFC 3261 7.3.1", NULL, 400),
		REFUSED("second From", OPTIONS REST FROM END, "RFC 3261 7.3.1", NULL, 400),
		REFUSED("second Call-ID", OPTIONS REST "i: other\r\n" END, "RFC 3261 7.3.1",
			"other", 400),
		REFUSED("second CSeq", OPTIONS REST CSEQ END, "RFC 3261 7.3.1", NULL, 400),
		REFUSED("two equal Content-Length", OPTIONS REST "l: 0\r\n" END, "RFC 3261 7.3.1",
			NULL, 400),
		REFUSED("no blank line", OPTIONS REST "Content-Length: 0\r\n", "RFC 3261 7", NULL,
			400),
		REFUSED("cut within the blank line", OPTIONS REST "Content-Length: 0\r\n\r",
			"RFC 3261 7", NULL, 400),
		REFUSED("Content-Length over the end", OPTIONS REST "Content-Length: 5\r\n\r\nabcd",
			"RFC 3261 18.3", "abcd", 400),
		REFUSED("Content-Length negative", OPTIONS REST "Content-Length: -1\r\n\r\n",
			"RFC 3261 20.14", "-1", 400),
		REFUSED("Content-Length 2^64",
			OPTIONS REST "Content-Length: 18446744073709551616\r\n\r\n",
			"RFC 3261 20.14", "1844", 400),
		REFUSED("Content-Length a list", OPTIONS REST "Content-Length: 0, 0\r\n\r\n",
			"RFC 3261 20.14", "0, 0", 400),
		REFUSED("Content-Length empty", OPTIONS REST "Content-Length:\r\n\r\n",
			"RFC 3261 20.14", NULL, 400),
		REFUSED("CSeq 2^31", OPTIONS VIA FROM TO CALL_ID "CSeq: 2147483648 OPTIONS\r\n" END,
			"RFC 3261 8.1.1.5", "2147", 400),
		REFUSED("CSeq negative", OPTIONS VIA FROM TO CALL_ID "CSeq: -1 OPTIONS\r\n" END,
			"RFC 3261 20.16", "-1", 400),
		REFUSED("CSeq of another method",
			OPTIONS VIA FROM TO CALL_ID "CSeq: 1 INVITE\r\n" END, "RFC 3261 8.1.1.5",
			"INVITE", 400),
		REFUSED("CSeq of another case",
			OPTIONS VIA FROM TO CALL_ID "CSeq: 1 options\r\n" END, "RFC 3261 8.1.1.5",
			"options", 400),
		REFUSED("no Via", OPTIONS FROM TO CALL_ID CSEQ END, "RFC 3261 20.42", NULL, 400),
		REFUSED("no From", OPTIONS VIA TO CALL_ID CSEQ END, "RFC 3261 20.20", NULL, 400),
		REFUSED("no To", OPTIONS VIA FROM CALL_ID CSEQ END, "RFC 3261 20.39", NULL, 400),
		REFUSED("no Call-ID", OPTIONS VIA FROM TO CSEQ END, "RFC 3261 20.8", NULL, 400),
		REFUSED("no CSeq", OPTIONS VIA FROM TO CALL_ID END, "RFC 3261 20.16", NULL, 400),
		REFUSED("empty Call-ID", OPTIONS VIA FROM TO "Call-ID: \r\n" CSEQ END,
			"RFC 3261 20.8", NULL, 400),
		REFUSED("SIP/3.0", "OPTIONS sip:b@example.com SIP/3.0\r\n" REST END, "RFC 3261 7.1",
			"SIP/3.0", 505),
		REFUSED("no version", "OPTIONS sip:b@example.com\r\n" REST END, "RFC 3261 7.1",
			NULL, 400),
		REFUSED("two spaces", "OPTIONS  sip:b@example.com SIP/2.0\r\n" REST END,
			"RFC 3261 25.1", NULL, 400),
		REFUSED("space at the end", "OPTIONS sip:b@example.com SIP/2.0 \r\n" REST END,
			"RFC 3261 7.1", NULL, 400),
		REFUSED("tab for a space", "OPTIONS\tsip:b@example.com SIP/2.0\r\n" REST END,
			"RFC 3261 7.1", "\tsip", 400),
		REFUSED("status of two digits", "SIP/2.0 99 X\r\n" REST END, "RFC 3261 7.2", "99 X",
			0),
		REFUSED("status 700", "SIP/2.0 700 X\r\n" REST END, "RFC 3261 7.2", "700", 0),
		REFUSED("status without a space behind", "SIP/2.0 200\r\n" REST END, "RFC 3261 7.2",
			"200", 0),
		REFUSED("Contact * and another",
			OPTIONS REST "Contact: *\r\nContact: <sip:a@example.com>\r\n" END,
			"RFC 3261 10.2.2", NULL, 400),
		REFUSED("Max-Forwards 256", OPTIONS REST "Max-Forwards: 256\r\n" END,
			"RFC 3261 20.22", "256", 400),
		REFUSED("Expires no number", OPTIONS REST "Expires: soon\r\n" END, "RFC 3261 20.19",
			"soon", 400),
		REFUSED("two tags",
			OPTIONS VIA "From: <sip:a@example.com>;tag=1;tag=2\r\n" TO CALL_ID CSEQ END,
			"RFC 3261 7.3.1", "tag=2", 400),
		REFUSED("junk behind From",
			OPTIONS VIA "From: <sip:a@example.com>;tag=1, x\r\n" TO CALL_ID CSEQ END,
			"RFC 3261 20.20", ", x", 400),
		REFUSED("empty element of a list",
			OPTIONS REST "Contact: <sip:a@b.c>,,<sip:d@e.f>\r\n" END, "RFC 3261 25.1",
			NULL, 400),
		REFUSED("Date not GMT", OPTIONS REST "Date: Sat, 13 Nov 2010 23:29:00 CET\r\n" END,
			"RFC 3261 20.17", "Sat", 400),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_error err;
		int result = parse_octets(rows[i].octets, rows[i].len, &err);

		cr_assert_eq(result, -EINVAL, "%s: accepted", rows[i].name);
		cr_assert_str_eq(err.rfc, rows[i].rfc, "%s: %s, %s", rows[i].name, err.rfc,
				 err.what);
		cr_assert_leq(err.offset, rows[i].len, "%s", rows[i].name);
		cr_assert_eq(err.response, rows[i].response, "%s: %u", rows[i].name, err.response);
		if (rows[i].at) {
			size_t n = strlen(rows[i].at);

			cr_assert(err.offset + n <= rows[i].len &&
					  !memcmp(rows[i].octets + err.offset, rows[i].at, n),
				  "%s: points to offset %u, \"%.10s\": %s", rows[i].name,
				  err.offset, rows[i].octets + err.offset, err.what);
		}
	}
}

/* What is odd and still to be accepted is, with the warning that says so. */
Test(sip_message, warns)
{
	static const struct {
		const char *name;
		const char *octets;
		uint32_t warnings;
	} rows[] = {
		{ "nothing", OPTIONS REST "Max-Forwards: 70\r\n" END, 0 },
		{ "no Max-Forwards", OPTIONS REST END, SIP_WARN_NO_MAX_FORWARDS },
		{ "a response needs none", "SIP/2.0 200 OK\r\n" REST END, 0 },
		{ "octets behind the body", "SIP/2.0 200 \r\n" REST "Content-Length: 0\r\n\r\nabc",
		  SIP_WARN_OCTETS_AFTER_BODY },
		{ "old branch", "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a\r\n" FROM TO CALL_ID CSEQ END,
		  SIP_WARN_NO_BRANCH },
		{ "empty branch",
		  "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK\r\n" FROM TO CALL_ID CSEQ
			  END,
		  SIP_WARN_EMPTY_BRANCH },
		{ "no tag", "SIP/2.0 200 OK\r\n" VIA "From: sip:a@b.c\r\n" TO CALL_ID CSEQ END,
		  SIP_WARN_NO_FROM_TAG },
		{ "body without type", "SIP/2.0 200 OK\r\n" REST "Content-Length: 1\r\n\r\nx",
		  SIP_WARN_NO_CONTENT_TYPE },
		{ "huge Expires", "SIP/2.0 200 OK\r\n" REST "Expires: 4294967296\r\n" END,
		  SIP_WARN_EXPIRES_RANGE },
		{ "second Server", "SIP/2.0 200 OK\r\n" REST "Server: a\r\nServer: b\r\n" END,
		  SIP_WARN_REPEATED },
		{ "port 0", "SIP/2.0 200 OK\r\n" REST "Contact: <sip:a@b.c:0>\r\n" END,
		  SIP_WARN_PORT_ZERO },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_error err;

		cr_assert_eq(parse_octets(rows[i].octets, strlen(rows[i].octets), &err), 0,
			     "%s: %s", rows[i].name, err.what);
		cr_assert_eq(msg.warnings, rows[i].warnings, "%s: %#x", rows[i].name, msg.warnings);
	}
}

/* A second text header does not replace the first, and Expires out of range counts as an hour. */
Test(sip_message, keeps_the_first)
{
	static const char text[] = OPTIONS REST
		"Server: a\r\nServer: b\r\nExpires: 99999999999\r\n" END;
	struct sip_error err;
	char *copy = guarded(text, sizeof(text) - 1);

	cr_assert_eq(sip_message_parse(copy, sizeof(text) - 1, &msg, &err), 0);
	assert_slice(msg.text, msg.user_agent, "a");
	cr_assert_eq(msg.expires, (uint32_t)SIP_EXPIRES_DEFAULT);
}

/* A message holds as much as the limits say; one more of anything is refused, not dropped. */
Test(sip_message, limits)
{
	static const struct {
		const char *line;
		unsigned int max;
		unsigned int own; /* headers of that kind that REST has */
	} rows[] = {
		{ "Z: y\r\n", SIP_HEADERS_MAX, 5 + 1 },
		{ "v: SIP/2.0/UDP a\r\n", SIP_VIAS_MAX, 1 },
		{ "m: <sip:a@b.c>\r\n", SIP_CONTACTS_MAX, 0 },
		{ "Route: <sip:a;lr>\r\n", SIP_ROUTES_MAX, 0 },
		{ "Record-Route: <sip:a;lr>\r\n", SIP_ROUTES_MAX, 0 },
	};
	static char text[SIP_MESSAGE_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned int extra = 0; extra < 2; extra++) {
			unsigned int count = rows[i].max - rows[i].own + extra;
			struct sip_error err;
			char *p = stpcpy(text, OPTIONS REST);

			while (count--)
				p = stpcpy(p, rows[i].line);
			p = stpcpy(p, END);
			cr_assert_eq(parse_octets(text, (size_t)(p - text), &err),
				     extra ? -EINVAL : 0, "%s %u: %s", rows[i].line, extra,
				     err.what);
		}
	}
}

/* The largest datagram there can be is parsed, a larger text refused, and a million lines too. */
Test(sip_message, sizes)
{
	static char text[3000000];
	struct sip_error err;
	char *p = stpcpy(text, OPTIONS REST "Subject: ");
	size_t head;

	memset(p, 'a', sizeof(text) - (size_t)(p - text));
	head = (size_t)(p - text);
	memcpy(text + SIP_MESSAGE_MAX - 4, "\r\n\r\n", 4);
	cr_assert_eq(parse_octets(text, SIP_MESSAGE_MAX, &err), 0, "%s", err.what);
	cr_assert_eq(msg.headers[5].value.length, SIP_MESSAGE_MAX - 4 - head);
	cr_assert_eq(parse_octets(text, SIP_MESSAGE_MAX + 1, &err), -EINVAL);
	cr_assert_eq(err.response, 513);
	p = stpcpy(text, OPTIONS);
	for (size_t i = 0; i < 10000; i++)
		p = stpcpy(p, "Z:y\r\n");
	cr_assert_eq(parse_octets(text, (size_t)(p - text), &err), -EINVAL);
	cr_assert_str_eq(err.what, "more than 512 lines of headers");
}

/* Escaped control octets and UTF-8 are checked in time that grows with the message, not with its
 * square: the largest datagram full of them takes no longer than a few milliseconds. */
Test(sip_message, checks_octets_in_linear_time, .timeout = 5)
{
	static char text[SIP_MESSAGE_MAX];
	struct sip_error err;
	size_t len;
	char *p = stpcpy(text, OPTIONS VIA TO CALL_ID CSEQ "From: \"");

	while (p < text + sizeof(text) - 64)
		p = stpcpy(p, "\\\1\xc3\xa9");
	p = stpcpy(p, "\" <sip:a@b.c>;tag=1\r\n" END);
	len = (size_t)(p - text);
	for (unsigned int i = 0; i < 100; i++)
		cr_assert_eq(parse_octets(text, len, &err), 0, "%u: %s", err.offset, err.what);
}

static void assert_within(struct sip_slice s, size_t size, const char *what)
{
	cr_assert_leq(sip_slice_end(s), size, "%s ends at %u of %zu", what, sip_slice_end(s), size);
}

/* Whatever a message that was accepted names lies within it. */
static void assert_sound(size_t len)
{
	size_t size = len - msg.lead;

	cr_assert_eq(msg.size, size);
	assert_within(msg.body, size, "body");
	assert_within(msg.call_id, size, "Call-ID");
	assert_within(msg.from.tag, size, "From tag");
	assert_within(msg.to.tag, size, "To tag");
	cr_assert_gt(msg.via_count, 0u);
	for (uint32_t i = 0; i < msg.via_count; i++)
		assert_within(msg.via[i].branch, size, "branch");
	for (uint32_t i = 0; i < msg.header_count; i++)
		assert_within(msg.headers[i].value, size, "header");
}

/* A message with a Content-Length that is cut anywhere is refused, and nothing behind the cut is
 * read: it lies in a page without access. */
Test(sip_message, refuses_every_truncation, .timeout = 60)
{
	static struct sample samples[FILES_MAX];
	size_t count = read_samples(MESSAGES, samples);

	for (size_t i = 0; i < count; i++) {
		struct sample *s = &samples[i];
		char *end = guarded(s->data, s->len) + s->len;
		struct sip_error err;
		bool counted;

		cr_assert_eq(sip_message_parse(s->data, s->len, &msg, &err), 0);
		counted = msg.has_content_length;
		for (size_t len = 0; counted && len < s->len; len++) {
			memcpy(end - len, s->data, len);
			cr_assert_eq(sip_message_parse(end - len, len, &msg, &err), -EINVAL,
				     "%s is accepted with %zu of %zu octets", s->name, len, s->len);
			cr_assert_leq(err.offset, len);
		}
	}
}

/* Any one octet changed in any bit, or made a CR, LF, NUL or quote, makes a message that is refused
 * or sound, never a read outside of it. */
Test(sip_message, survives_every_flip, .timeout = 120)
{
	static const uint8_t replaced[] = { '\r', '\n', 0, '"', ';', ',', '<', ' ', 0xff };
	static struct sample samples[FILES_MAX];
	size_t count = read_samples(MESSAGES, samples);

	for (size_t i = 0; i < count; i += 3) {
		struct sample *s = &samples[i];

		for (size_t at = 0; at < s->len; at++) {
			char original = s->data[at];
			struct sip_error err;

			for (unsigned int k = 0; k < 8 + sizeof(replaced); k++) {
				s->data[at] = (char)(k < 8 ? original ^ 1 << k : replaced[k - 8]);
				if (sip_message_parse(s->data, s->len, &msg, &err) == 0) {
					assert_sound(s->len);
					sip_message_check(&msg, &err);
				}
			}
			s->data[at] = original;
		}
	}
}

/* Headers are found by number and by name, in their order. */
Test(sip_message, finds_headers)
{
	static const char text[] = OPTIONS REST
		"X-One: 1\r\nSupported: a\r\nx-one: 2\r\nk: b\r\n" END;
	char *copy = guarded(text, sizeof(text) - 1);
	const struct sip_header *h;

	cr_assert_eq(sip_message_parse(copy, sizeof(text) - 1, &msg, NULL), 0);
	h = sip_message_header(&msg, SIP_HEADER_SUPPORTED, NULL);
	assert_slice(msg.text, h->value, "a");
	h = sip_message_header(&msg, SIP_HEADER_SUPPORTED, h);
	assert_slice(msg.text, h->value, "b");
	cr_assert_null(sip_message_header(&msg, SIP_HEADER_SUPPORTED, h));
	cr_assert_null(sip_message_header(&msg, SIP_HEADER_ROUTE, NULL));
	h = sip_message_header_named(&msg, "X-ONE", NULL);
	assert_slice(msg.text, h->value, "1");
	h = sip_message_header_named(&msg, "X-ONE", h);
	assert_slice(msg.text, h->value, "2");
	cr_assert_null(sip_message_header_named(&msg, "X-ONE", h));
}
