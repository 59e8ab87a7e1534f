// SPDX-License-Identifier: GPL-2.0-only
/* The header scanner in user space: it finds in every valid shape of a message exactly what the
 * full parser finds, calls broken only what is broken, never guesses beyond its reach, and reads no
 * octet outside of the message. */
#include "test_sip_fixture.h"

#include "../fuzz/scan_oracle.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ROOM	 8192

/* A message by its lines; NULL is the usual one, "" leaves it out. */
struct shape {
	const char *name;
	const char *start, *via, *from, *to, *call_id, *cseq, *more, *body;
	bool beyond; /* the scanner may say so, and then need not find everything */
};

static const struct shape usual = {
	.start = "INVITE sip:bob@192.0.2.10 SIP/2.0\r\n",
	.via = "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKnashds8\r\n",
	.from = "From: Alice <sip:alice@example.org>;tag=1928301774\r\n",
	.to = "To: Bob <sip:bob@example.org>\r\n",
	.call_id = "Call-ID: a84b4c76e66710@pc33.example.org\r\n",
	.cseq = "CSeq: 314159 INVITE\r\n",
	.more = "Max-Forwards: 70\r\nUser-Agent: Test 1.0\r\nContent-Length: 0\r\n",
	.body = "",
};

static const char *line_of(const char *own, const char *other)
{
	return own ? own : other;
}

static size_t write_shape(const struct shape *shape, char out[ROOM])
{
	int length = snprintf(out, ROOM, "%s%s%s%s%s%s%s\r\n%s", line_of(shape->start, usual.start),
			      line_of(shape->via, usual.via), line_of(shape->from, usual.from),
			      line_of(shape->to, usual.to), line_of(shape->call_id, usual.call_id),
			      line_of(shape->cseq, usual.cseq), line_of(shape->more, usual.more),
			      line_of(shape->body, usual.body));

	cr_assert(length > 0 && length < ROOM);
	return (size_t)length;
}

/* The oracle over a copy that ends at a page without access. */
static struct scan_complaint ask(const char *text, size_t length, struct scan *s)
{
	char *copy = guarded(text, length);
	struct scan_complaint complaint = scan_oracle(copy, length, s);

	unguard(copy, length);
	return complaint;
}

static bool parser_accepts(const char *text, size_t length, struct sip_error *err)
{
	static struct sip_message msg;

	return !sip_message_parse(text, length, &msg, err);
}

#define SPACES_40  "                                        "
#define LETTERS_50 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx"
#define ZEROS_40   "0000000000000000000000000000000000000000"

static const struct shape valid[] = {
	{ .name = "the usual one" },
	{ .name = "a body", .more = "Content-Length: 5\r\n", .body = "v=0\r\n" },
	{ .name = "octets behind the body", .more = "Content-Length: 2\r\n", .body = "v=0\r\n" },
	{ .name = "a body of what is there", .more = "", .body = "v=0\r\n" },
	{ .name = "headers within a body",
	  .more = "Content-Length: 14\r\n",
	  .body = "Call-ID: x\r\n\r\n" },
	{ .name = "no optional header", .more = "" },
	/* names: RFC 3261 section 7.3.1 and 7.3.3 */
	{ .name = "compact forms",
	  .via = "v: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK1\r\n",
	  .from = "f: <sip:a@example.org>;tag=1\r\n",
	  .to = "t: <sip:b@example.org>\r\n",
	  .call_id = "i: 1@x\r\n",
	  .more = "l: 0\r\n" },
	{ .name = "upper case",
	  .via = "VIA: SIP/2.0/UDP 198.51.100.1;BRANCH=z9hG4bK1\r\n",
	  .from = "FROM: <sip:a@example.org>;TAG=1\r\n",
	  .to = "TO: <sip:b@example.org>;TaG=2\r\n",
	  .call_id = "CALL-ID: 1@x\r\n",
	  .cseq = "CSEQ: 1 INVITE\r\n",
	  .more = "CONTENT-LENGTH: 0\r\nMAX-FORWARDS: 1\r\nUSER-AGENT: x\r\n" },
	{ .name = "lower case",
	  .via = "via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK1\r\n",
	  .from = "from: <sip:a@example.org>;tag=1\r\n",
	  .to = "to: <sip:b@example.org>;tag=2\r\n",
	  .call_id = "call-id: 1@x\r\n",
	  .cseq = "cseq: 1 INVITE\r\n",
	  .more = "content-length: 0\r\nmax-forwards: 1\r\nuser-agent: x\r\n" },
	{ .name = "no white space behind colons",
	  .via = "Via:SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK1\r\n",
	  .from = "From:<sip:a@example.org>;tag=1\r\n",
	  .to = "To:<sip:b@example.org>;tag=2\r\n",
	  .call_id = "Call-ID:1@x\r\n",
	  .cseq = "CSeq:1 INVITE\r\n",
	  .more = "Content-Length:0\r\nMax-Forwards:1\r\nUser-Agent:x\r\n" },
	{ .name = "white space before colons",
	  .via = "Via : SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK1\r\n",
	  .from = "From\t: <sip:a@example.org>;tag=1\r\n",
	  .to = "To  \t : <sip:b@example.org>\r\n",
	  .call_id = "Call-ID       : 1@x\r\n",
	  .cseq = "CSeq : 1 INVITE\r\n",
	  .more = "Content-Length\t\t: 0\r\nMax-Forwards : 1\r\nUser-Agent : x\r\n" },
	{ .name = "white space behind compact forms",
	  .via = "v : SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK1\r\n",
	  .from = "f\t: <sip:a@example.org>;tag=1\r\n",
	  .to = "t  : <sip:b@example.org>\r\n",
	  .call_id = "i \t: 1@x\r\n",
	  .more = "l : 0\r\n" },
	{ .name = "much white space before a colon",
	  .call_id = "Call-ID" SPACES_40 ": 1@x\r\n",
	  .beyond = true },
	{ .name = "names that begin or end like those of interest",
	  .more = "Vi: 1\r\nViaa: 2\r\nFrom-To: 3\r\nTo-From: 4\r\nCall-IDs: 5\r\nCSeqs: 6\r\n"
		  "X-Call-ID: 7\r\nContent-Lengt: 8\r\nContent-Lengths: 9\r\nMax-Forward: 10\r\n"
		  "User-Agents: 11\r\nV-: 12\r\nfrob: 13\r\nToo: 14\r\nContent-Type: a/b\r\n"
		  "i2: 15\r\nT_: 16\r\n" },
	/* values */
	{ .name = "one octet of Call-ID", .call_id = "Call-ID: 1\r\n" },
	{ .name = "much white space in front of values",
	  .call_id = "Call-ID:               1@x\r\n",
	  .cseq = "CSeq:      1 INVITE\r\n" },
	{ .name = "more white space than the scanner skips",
	  .call_id = "Call-ID:" SPACES_40 "1@x\r\n",
	  .beyond = true },
	{ .name = "white space behind values",
	  .via = "Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK1  \r\n",
	  .from = "From: <sip:a@example.org>;tag=1 \t\r\n",
	  .to = "To: <sip:b@example.org>;tag=2\t\r\n",
	  .call_id = "Call-ID: 1@x   \r\n",
	  .cseq = "CSeq: 1 INVITE \r\n",
	  .more = "Content-Length: 0 \r\nUser-Agent: x  \r\n" },
	{ .name = "much white space behind values",
	  .call_id = "Call-ID: 1@x" SPACES_40 "\r\n",
	  .cseq = "CSeq: 1 INVITE         \r\n",
	  .from = "From: <sip:a@example.org>;tag=1         \r\n",
	  .more = "User-Agent: x         \r\n",
	  .beyond = true },
	{ .name = "nothing in User-Agent", .more = "User-Agent: \r\nContent-Length: 0\r\n" },
	{ .name = "nothing at all in User-Agent", .more = "User-Agent:\r\nContent-Length: 0\r\n" },
	{ .name = "UTF-8 in User-Agent", .more = "User-Agent: \xc3\xbc\xe2\x82\xac 1\r\n" },
	{ .name = "leading zeros",
	  .cseq = "CSeq: 0000000001 INVITE\r\n",
	  .more = "Content-Length: 00000000\r\n" },
	{ .name = "ten digits of Content-Length",
	  .more = "Content-Length: 0000000000\r\n",
	  .beyond = true },
	{ .name = "forty zeros before the CSeq number",
	  .cseq = "CSeq: " ZEROS_40 "1 INVITE\r\n",
	  .beyond = true },
	{ .name = "the largest CSeq", .cseq = "CSeq: 2147483647 INVITE\r\n" },
	{ .name = "a CSeq of ten digits", .cseq = "CSeq: 1999999999 INVITE\r\n" },
	{ .name = "a CSeq of nine digits", .cseq = "CSeq: 999999999 INVITE\r\n" },
	{ .name = "a CSeq of eight digits", .cseq = "CSeq: 99999999 INVITE\r\n" },
	{ .name = "a CSeq of zero", .cseq = "CSeq: 0 INVITE\r\n" },
	{ .name = "a tab in CSeq", .cseq = "CSeq: 1\tINVITE\r\n" },
	{ .name = "much white space in CSeq", .cseq = "CSeq: 1         INVITE\r\n" },
	{ .name = "Call-ID of word characters",
	  .call_id = "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\r\n" },
	{ .name = "a long Call-ID",
	  .call_id = "Call-ID: " LETTERS_50 LETTERS_50 LETTERS_50 "@x\r\n" },
	/* folding: RFC 3261 section 7.3.1 */
	{ .name = "folded in front of values",
	  .via = "Via:\r\n SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK1\r\n",
	  .from = "From:\r\n\t<sip:a@example.org>;tag=1\r\n",
	  .to = "To: \r\n <sip:b@example.org>;tag=2\r\n",
	  .call_id = "Call-ID:\r\n 1@x\r\n",
	  .cseq = "CSeq:\r\n 1 INVITE\r\n",
	  .more = "Content-Length:\r\n 0\r\nUser-Agent:\r\n x\r\nMax-Forwards:\r\n 70\r\n" },
	{ .name = "folded within values",
	  .via = "Via: SIP/2.0/UDP\r\n 198.51.100.1\r\n ;\r\n branch\r\n =\r\n z9hG4bK1\r\n",
	  .from = "From: \"A\r\n B\"\r\n <sip:a@example.org>\r\n ;tag\r\n =\r\n 1\r\n",
	  .to = "To: B <sip:b@example.org>\r\n ;tag=2\r\n ;x=y\r\n",
	  .cseq = "CSeq: 1\r\n INVITE\r\n",
	  .more = "User-Agent: x\r\n y\r\n" },
	{ .name = "folded behind values",
	  .call_id = "Call-ID: 1@x\r\n \r\n",
	  .cseq = "CSeq: 1 INVITE\r\n \r\n",
	  .more = "User-Agent: x\r\n \r\n",
	  .beyond = true },
	{ .name = "a name of interest in a folded line",
	  .more = "Subject: x\r\n Call-ID: 2\r\nContent-Length: 0\r\n" },
	/* Via */
	{ .name = "several Vias",
	  .more = "Via: SIP/2.0/TCP a.example.org;branch=z9hG4bK2\r\n"
		  "v: SIP/2.0/TLS b.example.org\r\n" },
	{ .name = "several Vias in a line",
	  .via = "Via: SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b;branch=z9hG4bK2\r\n" },
	{ .name = "no branch in the first Via",
	  .via = "Via: SIP/2.0/UDP a, SIP/2.0/UDP b;branch=z9hG4bK2\r\n" },
	{ .name = "no branch at all", .via = "Via: SIP/2.0/UDP a\r\n" },
	{ .name = "a branch in the second Via only",
	  .via = "Via: SIP/2.0/UDP a;rport\r\nVia: SIP/2.0/UDP b;branch=z9hG4bK2\r\n" },
	{ .name = "parameters around the branch",
	  .via = "Via: SIP/2.0/UDP "
		 "198.51.100.1:5060;rport;branch=z9hG4bK1;received=192.0.2.1\r\n" },
	{ .name = "parameters whose names hold branch",
	  .via = "Via: SIP/2.0/UDP a;xbranch=1;branchx=2;bran=3;branch=4;b=5\r\n" },
	{ .name = "a branch within quotes",
	  .via = "Via: SIP/2.0/UDP a;x=\";branch=1,\\\"\";branch=2\r\n" },
	{ .name = "IPv6 in Via",
	  .via = "Via: SIP/2.0/UDP "
		 "[2001:db8::9:1]:5060;branch=z9hG4bK1;received=2001:db8::9:255\r\n" },
	{ .name = "white space in Via",
	  .via = "Via: SIP / 2.0 / UDP  a : 5060 ; branch = z9hG4bK1 ; rport\r\n" },
	{ .name = "a long host in Via",
	  .via = "Via: SIP/2.0/UDP " LETTERS_50 "." LETTERS_50 ".example.org;branch=z9hG4bK1\r\n" },
	{ .name = "a long branch",
	  .via = "Via: SIP/2.0/UDP a;branch=" LETTERS_50 LETTERS_50 LETTERS_50 LETTERS_50
		 ";rport\r\n" },
	{ .name = "all octets of a token in a branch",
	  .via = "Via: SIP/2.0/UDP a;branch=-.!%*_+`'~\r\n" },
	/* From and To */
	{ .name = "no brackets",
	  .from = "From: sip:a@example.org;tag=1\r\n",
	  .to = "To: sip:b@example.org\r\n" },
	{ .name = "a tag within brackets",
	  .from = "From: <sip:a@example.org;tag=no>\r\n",
	  .to = "To: <sip:b@x;tag=no>;tag=2\r\n" },
	{ .name = "a tag within quotes",
	  .from = "From: \";tag=no\" <sip:a@example.org>;tag=1\r\n",
	  .to = "To: \"\\\";tag=no\" <sip:b@x>\r\n" },
	{ .name = "a tag behind another parameter",
	  .from = "From: <sip:a@example.org>;x=y;tag=1\r\n",
	  .to = "To: <sip:b@x>;x;tag=2\r\n" },
	{ .name = "a parameter behind the tag",
	  .from = "From: <sip:a@example.org>;tag=1;x=y\r\n",
	  .to = "To: <sip:b@x>;tag=2;x=\"y\"\r\n" },
	{ .name = "parameters whose names hold tag",
	  .from = "From: <sip:a@example.org>;ta=3;xtag=4;tagx=5;tag=1\r\n",
	  .to = "To: <sip:b@x>;tagx=2;t=3\r\n" },
	{ .name = "a tag of one octet", .to = "To: <sip:b@x>;tag=-\r\n" },
	{ .name = "a long tag",
	  .to = "To: <sip:b@x>;tag=" LETTERS_50 LETTERS_50 LETTERS_50 "\r\n" },
	{ .name = "all octets of a token in a tag", .to = "To: <sip:b@x>;tag=-.!%*_+`'~\r\n" },
	{ .name = "a long display name",
	  .from = "From: \"" LETTERS_50 LETTERS_50 LETTERS_50 LETTERS_50
		  "\" <sip:a@example.org> ; tag = 1\r\n" },
	{ .name = "UTF-8 in a display name",
	  .from = "From: \"\xe5\x90\x8d\xe5\x89\x8d\" <sip:a@example.org>;tag=1\r\n" },
	{ .name = "a comma in a display name",
	  .from = "From: \"a, b\" <sip:a@example.org>;tag=1\r\n" },
	{ .name = "commas and semicolons in a user",
	  .from = "From: <sip:a;b=c,d@example.org>;tag=1\r\n" },
	/* start lines */
	{ .name = "another method",
	  .start = "NEWMETHOD sip:b@x SIP/2.0\r\n",
	  .cseq = "CSeq: 1 NEWMETHOD\r\n" },
	{ .name = "a method of token octets",
	  .start = "!i-m.%*_+`'~ sip:b@x SIP/2.0\r\n",
	  .cseq = "CSeq: 1 !i-m.%*_+`'~\r\n" },
	{ .name = "a method that begins like another",
	  .start = "INVITED sip:b@x SIP/2.0\r\n",
	  .cseq = "CSeq: 1 INVITED\r\n" },
	{ .name = "the version in lower case", .start = "INVITE sip:b@x sip/2.0\r\n" },
	{ .name = "a response", .start = "SIP/2.0 200 OK\r\n" },
	{ .name = "a response without a phrase", .start = "SIP/2.0 200 \r\n" },
	{ .name = "a response with the version in lower case", .start = "sip/2.0 200 OK\r\n" },
	{ .name = "a phrase in UTF-8", .start = "SIP/2.0 486 \xd0\x97\xd0\xb0\xd0\xbd\r\n" },
	/* what may stand twice */
	{ .name = "headers that may be repeated",
	  .more = "Route: <sip:a;lr>\r\nRoute: <sip:b;lr>\r\nContact: <sip:a@x>\r\n"
		  "Contact: <sip:b@x>\r\nSupported: x\r\nSupported: y\r\n" },
	{ .name = "User-Agent twice", .more = "User-Agent: x\r\nUser-Agent: y\r\n" },
};

Test(scan, finds_in_valid_shapes_what_the_parser_finds)
{
	for (size_t i = 0; i < COUNT(valid); i++) {
		char text[ROOM];
		size_t length = write_shape(&valid[i], text);
		struct scan_complaint complaint;
		struct sip_error err = { .what = "" };
		struct scan s;

		cr_expect(parser_accepts(text, length, &err), "%s: the row itself: %s at %u",
			  valid[i].name, err.what, err.offset);
		complaint = ask(text, length, &s);
		cr_expect_null(complaint.what, "%s: %s: scanner %u+%u, parser %u+%u", valid[i].name,
			       complaint.what, complaint.found.offset, complaint.found.length,
			       complaint.wanted.offset, complaint.wanted.length);
		cr_expect(valid[i].beyond || !(s.flags & SCAN_BEYOND),
			  "%s: nothing here is beyond the scanner's reach", valid[i].name);
	}
}

/* The lines in reverse order, and the fields of interest behind others. */
Test(scan, order_and_place_do_not_matter)
{
	const char *lines[] = { usual.via,
				usual.from,
				usual.to,
				usual.call_id,
				usual.cseq,
				"Max-Forwards: 70\r\n",
				"User-Agent: x\r\n",
				"Content-Length: 0\r\n" };

	for (size_t shift = 0; shift < COUNT(lines); shift++) {
		for (size_t pad = 0; pad < 70; pad++) {
			char text[ROOM];
			struct scan_complaint complaint;
			struct scan s;
			int n = snprintf(text, ROOM, "%sSubject: %.*s\r\n", usual.start, (int)pad,
					 LETTERS_50 LETTERS_50);

			for (size_t i = 0; i < COUNT(lines); i++)
				n += snprintf(text + n, ROOM - (size_t)n, "%s",
					      lines[(COUNT(lines) - i + shift) % COUNT(lines)]);
			n += snprintf(text + n, ROOM - (size_t)n, "\r\n");
			complaint = ask(text, (size_t)n, &s);
			cr_expect_null(complaint.what, "shift %zu, pad %zu: %s", shift, pad,
				       complaint.what);
			cr_expect_eq(s.flags, SCAN_COMPLETE, "shift %zu, pad %zu: flags %#x", shift,
				     pad, s.flags);
		}
	}
}

/* Each header as the last one of a message without a body, at every length: what is read of it comes
 * from the last octets of the message, and from nothing else. */
Test(scan, every_last_header_at_every_length)
{
	static const struct {
		const char *name, *line;
	} last[] = {
		{ "Via", "Via: SIP/2.0/UDP %.*s;branch=z9hG4bK1\r\n" },
		{ "branch", "Via: SIP/2.0/UDP a;branch=z9hG4bK%.*s\r\n" },
		{ "From tag", "From: <sip:a@example.org>;tag=%.*s\r\n" },
		{ "From parameter", "From: <sip:a@example.org>;tag=1;x=%.*s\r\n" },
		{ "To", "To: <sip:%.*s@example.org>\r\n" },
		{ "To tag", "To: <sip:b@example.org>;tag=%.*s\r\n" },
		{ "Call-ID", "Call-ID: %.*s\r\n" },
		{ "CSeq", NULL },
		{ "User-Agent", "User-Agent: %.*s\r\n" },
		{ "User-Agent and blanks", "User-Agent: %.*s  \r\n" },
		{ "Subject", "Subject: %.*s\r\n" },
	};

	for (size_t i = 0; i < COUNT(last); i++) {
		for (int n = 1; n <= 100; n++) {
			struct shape shape = { .more = "" };
			struct scan_complaint complaint;
			char text[ROOM], line[300];
			struct scan s;
			size_t length;

			if (!last[i].line)
				snprintf(line, sizeof(line), "CSeq:%*s1 INVITE\r\n", 1 + n % 30,
					 "");
			else
				snprintf(line, sizeof(line), last[i].line, n,
					 LETTERS_50 LETTERS_50);
			shape.via = line[0] == 'V' ? "" : NULL;
			shape.from = line[0] == 'F' ? "" : NULL;
			shape.to = line[0] == 'T' ? "" : NULL;
			shape.call_id = !strncmp(line, "Call", 4) ? "" : NULL;
			shape.cseq = !strncmp(line, "CSeq", 4) ? "" : NULL;
			shape.more = line;
			length = write_shape(&shape, text);
			cr_assert(parser_accepts(text, length, NULL), "%s", last[i].name);
			complaint = ask(text, length, &s);
			cr_expect_null(complaint.what,
				       "%s, %d octets: %s: scanner %u+%u, parser %u+%u",
				       last[i].name, n, complaint.what, complaint.found.offset,
				       complaint.found.length, complaint.wanted.offset,
				       complaint.wanted.length);
		}
	}
}

struct broken {
	struct shape shape;
	__u32 flags; /* of SCAN_BROKEN and SCAN_REPEATED, what the scanner says */
};

static const struct broken broken[] = {
	{ { .name = "no Via", .via = "" }, SCAN_BROKEN },
	{ { .name = "no From", .from = "" }, SCAN_BROKEN },
	{ { .name = "no To", .to = "" }, SCAN_BROKEN },
	{ { .name = "no Call-ID", .call_id = "" }, SCAN_BROKEN },
	{ { .name = "an empty Call-ID", .call_id = "Call-ID: \r\n" }, SCAN_BROKEN },
	{ { .name = "no CSeq", .cseq = "" }, SCAN_BROKEN },
	{ { .name = "CSeq without a method", .cseq = "CSeq: 1\r\n" }, SCAN_BROKEN },
	{ { .name = "a negative CSeq", .cseq = "CSeq: -1 INVITE\r\n" }, SCAN_BROKEN },
	{ { .name = "a CSeq with a sign", .cseq = "CSeq: +1 INVITE\r\n" }, SCAN_BROKEN },
	{ { .name = "a CSeq of letters", .cseq = "CSeq: abc INVITE\r\n" }, SCAN_BROKEN },
	{ { .name = "a letter in CSeq", .cseq = "CSeq: 12345678x INVITE\r\n" }, SCAN_BROKEN },
	{ { .name = "an octet beyond ASCII in CSeq", .cseq = "CSeq: 1\xb0 INVITE\r\n" },
	  SCAN_BROKEN },
	{ { .name = "a CSeq of 2^31", .cseq = "CSeq: 2147483648 INVITE\r\n" }, SCAN_BROKEN },
	{ { .name = "a CSeq of 2^32", .cseq = "CSeq: 4294967296 INVITE\r\n" }, SCAN_BROKEN },
	{ { .name = "a CSeq of 2147483650", .cseq = "CSeq: 2147483650 INVITE\r\n" }, SCAN_BROKEN },
	{ { .name = "a CSeq of 11 digits", .cseq = "CSeq: 10000000000 INVITE\r\n" }, SCAN_BROKEN },
	{ { .name = "a CSeq of 20 digits", .cseq = "CSeq: 99999999999999999999 INVITE\r\n" },
	  SCAN_BROKEN },
	{ { .name = "CSeq of another method", .cseq = "CSeq: 1 BYE\r\n" }, SCAN_BROKEN },
	{ { .name = "CSeq of a longer method", .cseq = "CSeq: 1 INVITED\r\n" }, SCAN_BROKEN },
	{ { .name = "CSeq of a shorter method", .cseq = "CSeq: 1 INVIT\r\n" }, SCAN_BROKEN },
	{ { .name = "CSeq of a method in lower case", .cseq = "CSeq: 1 invite\r\n" }, SCAN_BROKEN },
	{ { .name = "two From", .more = "From: <sip:c@x>;tag=3\r\n" }, SCAN_REPEATED },
	{ { .name = "two To", .more = "t: <sip:c@x>\r\n" }, SCAN_REPEATED },
	{ { .name = "two Call-ID", .more = "i: 2\r\n" }, SCAN_REPEATED },
	{ { .name = "two CSeq", .more = "CSEQ: 1 INVITE\r\n" }, SCAN_REPEATED },
	{ { .name = "two Max-Forwards", .more = "Max-Forwards: 1\r\nMax-Forwards: 1\r\n" },
	  SCAN_REPEATED },
	{ { .name = "two Content-Length", .more = "l: 0\r\nContent-Length: 0\r\n" },
	  SCAN_REPEATED },
	{ { .name = "a Content-Length beyond the body", .more = "Content-Length: 1\r\n" },
	  SCAN_BROKEN },
	{ { .name = "a Content-Length of letters", .more = "Content-Length: a\r\n" }, SCAN_BROKEN },
	{ { .name = "a negative Content-Length", .more = "Content-Length: -1\r\n" }, SCAN_BROKEN },
	{ { .name = "an empty Content-Length", .more = "Content-Length:\r\n" }, SCAN_BROKEN },
	{ { .name = "a Content-Length of 2^32", .more = "Content-Length: 4294967296\r\n" },
	  SCAN_BROKEN },
	{ { .name = "a Content-Length of 2^64",
	    .more = "Content-Length: 18446744073709551616\r\n" },
	  SCAN_BROKEN },
	{ { .name = "a bare LF", .more = "X: a\nY: b\r\n" }, SCAN_BROKEN },
	{ { .name = "a bare CR", .more = "X: a\rY: b\r\n" }, SCAN_BROKEN },
	{ { .name = "two CRs", .more = "X: a\r\r\n" }, SCAN_BROKEN },
	{ { .name = "lines that end in LF", .start = "INVITE sip:b@x SIP/2.0\n" }, SCAN_BROKEN },
	{ { .name = "another version", .start = "INVITE sip:b@x SIP/3.0\r\n" }, SCAN_BROKEN },
	{ { .name = "no version", .start = "INVITE sip:b@x\r\n" }, SCAN_BROKEN },
	{ { .name = "white space behind the version", .start = "INVITE sip:b@x SIP/2.0 \r\n" },
	  SCAN_BROKEN },
	{ { .name = "no blank line",
	    .more = "Subject: the headers go on to the end of the datagram, and then it is over\r\n"
		    "Subject" },
	  SCAN_BROKEN },
};

Test(scan, calls_broken_what_is_broken)
{
	for (size_t i = 0; i < COUNT(broken); i++) {
		char text[ROOM];
		size_t length = write_shape(&broken[i].shape, text);
		struct scan s;

		if (!strcmp(broken[i].shape.name, "no blank line"))
			length -= 2;
		cr_expect_not(parser_accepts(text, length, NULL), "%s: the row itself",
			      broken[i].shape.name);
		ask(text, length, &s);
		cr_expect_eq(s.flags & (SCAN_BROKEN | SCAN_REPEATED), broken[i].flags,
			     "%s: flags %#x", broken[i].shape.name, s.flags);
	}
}

/* No message is shorter than SCAN_MIN, and what is shorter is not looked into. */
Test(scan, the_shortest_messages)
{
	static const char *const shortest[] = {
		"A sip:b SIP/2.0\r\nv:SIP/2.0/UDP a\r\nf:sip:a\r\nt:sip:b\r\ni:1\r\nCSeq:1 "
		"A\r\n\r\n",
		"A a:b SIP/2.0\r\nv:a/b/c d\r\nf:a:b\r\nt:a:b\r\ni:1\r\nCSeq:1 A\r\n\r\n",
		"SIP/2.0 100 \r\nv:a/b/c d\r\nf:a:b\r\nt:a:b\r\ni:1\r\nCSeq:1 A\r\n\r\n",
	};
	struct scan_complaint complaint;
	struct scan s;

	for (size_t i = 0; i < COUNT(shortest); i++) {
		cr_expect(parser_accepts(shortest[i], strlen(shortest[i]), NULL), "%zu", i);
		complaint = ask(shortest[i], strlen(shortest[i]), &s);
		cr_expect_null(complaint.what, "%zu: %s", i, complaint.what);
		for (size_t length = 0; length < strlen(shortest[i]); length++) {
			ask(shortest[i], length, &s);
			cr_expect(s.flags & SCAN_BROKEN, "%zu octets of %zu: flags %#x", length, i,
				  s.flags);
		}
	}
	cr_expect_eq(strlen(shortest[COUNT(shortest) - 1]), SCAN_MIN);
}

static void expect_within(const struct scan *s, size_t length, const char *name)
{
	const struct scan_field fields[] = { s->call_id,  s->branch,	   s->cseq_method,
					     s->from_tag, s->to_tag,	   s->user_agent,
					     s->via,	  s->max_forwards, s->content_length };

	for (size_t i = 0; i < COUNT(fields); i++)
		cr_expect((size_t)fields[i].offset + fields[i].length <= length,
			  "%s: field %zu of %u+%u lies outside of %zu octets", name, i,
			  fields[i].offset, fields[i].length, length);
}

/* A first fragment, or the first buffer of a frame: whatever is there is found or left open, but
 * never guessed: each field is either the whole message's or not there. */
Test(scan, a_cut_message_is_never_guessed_at)
{
	char text[ROOM];
	size_t length = write_shape(&usual, text);
	struct scan whole;

	scan_oracle_run(text, length, length, &whole);
	for (size_t kept = 0; kept < length; kept++) {
		char *copy = guarded(text, kept);
		char name[32];
		struct scan s;

		snprintf(name, sizeof(name), "cut at %zu", kept);
		scan_oracle_run(copy, kept, length, &s);
		cr_expect(s.flags & SCAN_BEYOND, "%s: flags %#x", name, s.flags);
		cr_expect_not(s.flags & SCAN_BROKEN, "%s: flags %#x", name, s.flags);
		expect_within(&s, kept, name);
		cr_expect(!s.call_id.length || s.call_id.length == whole.call_id.length,
			  "%s: Call-ID of %u octets", name, s.call_id.length);
		cr_expect(!s.cseq_method.length || s.cseq_method.length == whole.cseq_method.length,
			  "%s: CSeq method of %u octets", name, s.cseq_method.length);
		cr_expect(!s.from_tag.length || s.from_tag.length == whole.from_tag.length,
			  "%s: From tag of %u octets", name, s.from_tag.length);
		cr_expect(!s.call_id_hash || s.call_id_hash == whole.call_id_hash,
			  "%s: hash of a part of the Call-ID", name);
		unguard(copy, kept);
	}
}

/* Headers of every length around the reach: found or beyond, the same as the parser. */
Test(scan, the_reach_is_where_it_is_said_to_be)
{
	for (size_t pad = 1500; pad < 2200; pad++) {
		char text[ROOM], more[2300];
		struct shape shape = { .more = more };
		struct scan_complaint complaint;
		struct scan s;
		size_t length;

		snprintf(more, sizeof(more), "Subject: %*s\r\n", (int)pad, "x");
		length = write_shape(&shape, text);
		complaint = ask(text, length, &s);
		cr_expect_null(complaint.what, "%zu octets: %s", length, complaint.what);
		cr_expect_not(s.flags & SCAN_BROKEN, "%zu octets: flags %#x", length, s.flags);
		if (length > SCAN_REACH)
			cr_expect(s.flags & SCAN_BEYOND, "%zu octets: flags %#x", length, s.flags);
		else if (length <= 1472)
			cr_expect_not(s.flags & SCAN_BEYOND, "%zu octets: flags %#x", length,
				      s.flags);
		expect_within(&s, length, "padded");
	}
}

/* The same with a body behind, and with the last line end at each place in the scanner's steps. */
Test(scan, the_headers_end_around_the_reach)
{
	static char body[64];

	memset(body, 'x', sizeof(body) - 1);
	for (size_t end = SCAN_REACH - 8; end < SCAN_REACH + 12; end++) {
		for (size_t step = 0; step < 2 * 32; step++) {
			char text[ROOM], more[2300];
			struct shape shape = { .more = "", .body = "" };
			size_t length = write_shape(&shape, text), pad = end - length - 14;
			struct scan_complaint complaint;
			struct scan s;

			snprintf(more, sizeof(more), "XA:%0*d\r\nXB:%0*d\r\n%s", (int)step + 1, 1,
				 (int)(pad - step) + 1, 2, step % 2 ? "XC:1\r\n" : "");
			shape.more = more;
			shape.body = body;
			length = write_shape(&shape, text);
			complaint = ask(text, length, &s);
			cr_expect(parser_accepts(text, length, NULL));
			cr_expect_null(complaint.what, "end at %zu, step %zu: %s", end, step,
				       complaint.what);
			expect_within(&s, length, "a body behind");
		}
	}
}

/* Tabs and UTF-8 in the last line, where the scanner stops at each of them. */
Test(scan, stops_in_the_last_octets)
{
	static const char *const stops[] = { "\t", "\xc3\xa4", "\xf0\xa0\xa0\xa0" };

	for (size_t i = 0; i < COUNT(stops); i++) {
		for (size_t count = 0; count < 300; count++) {
			char text[ROOM], more[1400] = "Subject: a";
			struct shape shape = { .more = more };
			struct scan_complaint complaint;
			struct scan s;

			for (size_t j = 0; j < count; j++)
				strcat(more, stops[i]);
			strcat(more, "b\r\n");
			complaint = ask(text, write_shape(&shape, text), &s);
			cr_expect_null(complaint.what, "%zu of stop %zu: %s", count, i,
				       complaint.what);
			cr_expect_not(s.flags & SCAN_BROKEN, "%zu of stop %zu: flags %#x", count, i,
				      s.flags);
			if (count <= 12)
				cr_expect_eq(s.flags, SCAN_COMPLETE, "%zu of stop %zu: flags %#x",
					     count, i, s.flags);
		}
	}
}

/* A message that fills a 1500-byte frame, with many header lines, is well within the reach. */
Test(scan, many_header_lines_of_a_full_frame)
{
	char text[ROOM], more[1400];
	struct shape shape = { .more = more };
	struct scan_complaint complaint;
	struct scan s;
	size_t n = 0, lines;

	for (lines = 0; n < 1000; lines++)
		n += (size_t)snprintf(more + n, sizeof(more) - n, "X-Header-%zu: y\r\n", lines);
	complaint = ask(text, write_shape(&shape, text), &s);
	cr_expect_null(complaint.what, "%s", complaint.what);
	cr_expect_eq(s.flags, SCAN_COMPLETE, "%zu lines: flags %#x", lines, s.flags);
}

Test(scan, more_lines_than_it_walks_are_beyond)
{
	char text[ROOM], more[1400];
	struct shape shape = { .more = more };
	struct scan s;
	size_t n = 0;

	while (n < 1300)
		n += (size_t)snprintf(more + n, sizeof(more) - n, "X:y\r\n");
	ask(text, write_shape(&shape, text), &s);
	cr_expect_not(s.flags & SCAN_BROKEN);
	cr_expect(s.flags & SCAN_BEYOND, "flags %#x", s.flags);
}

/* Different Call-IDs have different hashes, and another key gives other ones. */
Test(scan, hashes_tell_call_ids_apart)
{
	static __u64 hashes[2000];
	__u64 other_key[SCAN_HASH_KEYS];
	struct scan s;

	for (size_t i = 0; i < COUNT(hashes); i++) {
		char text[ROOM], line[64];
		struct shape shape = { .call_id = line };
		size_t length;

		snprintf(line, sizeof(line), "Call-ID: %zu@%zu\r\n", i / 40, i % 40);
		length = write_shape(&shape, text);
		scan_oracle_run(text, length, length, &s);
		hashes[i] = s.call_id_hash;
		for (size_t j = 0; j < i; j++)
			cr_assert_neq(hashes[i], hashes[j], "%zu and %zu", i, j);
		for (size_t j = 0; j < SCAN_HASH_KEYS; j++)
			other_key[j] = scan_oracle_key[j] ^ (1ULL << (7 * j % 64));
		cr_assert_neq(scan_hash(&(struct scan_text){ text, text + length }, &s, s.call_id,
					other_key),
			      hashes[i]);
	}
}

/* A Call-ID longer than what is hashed is not taken for one that only begins alike. */
Test(scan, a_call_id_longer_than_is_hashed_is_beyond)
{
	for (size_t size = 380; size < 1000; size += 4) {
		char text[ROOM], line[1100];
		struct shape shape = { .call_id = line };
		struct scan s;

		snprintf(line, sizeof(line), "Call-ID: %0*d\r\n", (int)size, 1);
		ask(text, write_shape(&shape, text), &s);
		cr_expect_eq(s.call_id.length, size);
		cr_expect_eq(!!(s.flags & SCAN_BEYOND), size > SCAN_HASH_WORDS * 8, "%zu octets",
			     size);
	}
}

static void agree_over(const char *directory, size_t at_least)
{
	static struct sample samples[FILES_MAX];
	size_t count = read_samples(directory, samples);

	cr_assert_geq(count, at_least, "%s: only %zu files", directory, count);
	for (size_t i = 0; i < count; i++) {
		const char *text = samples[i].data;
		size_t length = samples[i].len;
		struct scan_complaint complaint;
		struct scan s;

		while (length > 2 && text[0] == '\r' && text[1] == '\n') {
			text += 2;
			length -= 2;
		}
		complaint = ask(text, length, &s);
		cr_expect_null(complaint.what, "%s: %s: scanner %u+%u, parser %u+%u",
			       samples[i].name, complaint.what, complaint.found.offset,
			       complaint.found.length, complaint.wanted.offset,
			       complaint.wanted.length);
	}
}

Test(scan, agrees_with_the_parser_on_messages_of_real_devices)
{
	agree_over(MESSAGES, 40);
}

Test(scan, agrees_with_the_parser_on_the_torture_messages)
{
	const char *corpus = getenv("SIPXDP_CORPUS");
	static const char *const parts[] = { "torture-valid", "torture-invalid", "ipv6" };

	if (!corpus)
		cr_skip_test("SIPXDP_CORPUS is not set");
	for (size_t i = 0; i < COUNT(parts); i++) {
		char path[1024];

		snprintf(path, sizeof(path), "%s/%s", corpus, parts[i]);
		agree_over(path, 10);
	}
}
